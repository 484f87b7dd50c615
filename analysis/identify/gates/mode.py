"""Variation of mode within strata and calendar time: what is left when jobcentre, target group and week are known.

1. The variance of mode is taken apart: what strata explain alone, what calendar time explains alone, both added,
   and both crossed. Shares are adjusted for degrees of freedom: many small cells explain nothing by chance.
2. What is left within cells carries any comparison. Each unit weighs by its squared residual (Aronow & Samii 2016):
   a regression speaks of those, not of everybody. The effective sample, (sum of weights)^2 / sum of squared weights,
   is judged against what a lottery with the same share of digital talks would leave.
3. The details say who they are: how many strata and weeks hold half of the weight, and the means of covariates among
   all and among those who weigh.
"""

import numpy as np

from analysis.identify.comparison import Comparison
from analysis.identify.evidence import Evidence
from analysis.identify.finding import Detail, Finding, found, not_assessed
from analysis.identify.partial import Floats, compress, crossed, demeaned, partial, two_way_residual
from analysis.identify.plan import IdentificationPlan
from analysis.identify.words import number, share

GATE = "mode"


def assess(evidence: Evidence, plan: IdentificationPlan) -> Finding:
    """Judge the share of the variance of mode left, and the effective sample that carries it."""
    declared, units = plan.thresholds.mode, evidence.comparison
    if declared is None or units is None or not len(units):
        return not_assessed(
            GATE, da="Variationen i form er ikke undersøgt.", en="Variation of mode was not looked at.",
        )  # fmt: skip
    treated = float(units.treatment.mean())
    if treated in {0.0, 1.0}:
        only = ("digitale", "digital") if treated else ("fysiske", "physical")
        return found(
            GATE, "fails", 0.0, declared.least_residual, details={"n": float(len(units)), "treated": treated},
            da=f"Alle samtaler er {only[0]}: der er intet at sammenligne med.",
            en=f"Every talk is {only[1]}: there is nothing to compare with.",
        )  # fmt: skip
    shares = decomposition(units)
    weights = partialled_weights(units)
    effective, relative = effective_sample(weights, treated)
    left = shares["residual"]
    enough = left >= declared.least_residual and relative >= declared.least_effective
    details: dict[str, Detail] = {
        "n": float(len(units)), "treated": treated, **{f"share_{name}": value for name, value in shares.items()},
        "effective_n": effective, "effective_relative": relative, "least_effective": declared.least_effective,
        **_who(units, weights), **_by_period(units, weights),
    }  # fmt: skip
    lottery = float(weights.sum()) / (treated * (1 - treated))  # a draw among so many would carry as much
    details["lottery_n"] = lottery
    calendar = max(0.0, shares["calendar"])
    da = (
        f"Jobcenter, målgruppe og uge forklarer {share(1 - left, 'da')} af formen, ugen alene {share(calendar, 'da')}"
    )
    en = (
        f"Jobcentre, target group and week explain {share(1 - left, 'en')} of the mode, "
        f"the week alone {share(calendar, 'en')}"
    )
    if units.period is None:
        da = f"Strata forklarer {share(1 - left, 'da')} af, hvem der er behandlet"
        en = f"Strata explain {share(1 - left, 'en')} of who is treated"
    return found(
        GATE, "passes" if enough else "fails", left, declared.least_residual, details=details,
        da=f"{da}. Resten bærer så meget som en lodtrækning blandt {number(lottery, 'da', 0)} af de "
        f"{number(len(units), 'da', 0)}.",
        en=f"{en}. What is left carries as much as a lottery among {number(lottery, 'en', 0)} of the "
        f"{number(len(units), 'en', 0)}.",
    )  # fmt: skip


def decomposition(units: Comparison) -> dict[str, float]:
    """Give the shares of the variance of treatment: explained by strata, calendar, both added; left within cells."""
    treatment = units.treatment.astype(np.float64)
    n = len(treatment)
    total = float(((treatment - treatment.mean()) ** 2).sum()) / (n - 1)

    def left(residual: Floats, rank: int) -> float:
        return float(residual @ residual) / (n - rank) / total if n > rank else 0.0

    stratum, strata = compress(units.stratum)
    cell, cells = crossed(units.stratum, units.period)
    shares = {"stratum": 1 - left(demeaned(treatment, stratum, strata), strata), "calendar": 0.0}
    if units.period is not None:
        period, periods = compress(units.period)
        shares["calendar"] = 1 - left(demeaned(treatment, period, periods), periods)
        shares["additive"] = 1 - left(*two_way_residual(treatment, stratum, period))
    shares["residual"] = min(1.0, left(demeaned(treatment, cell, cells), cells))
    return shares


def partialled_weights(units: Comparison) -> Floats:
    """Give each unit's weight: its squared residual of treatment within cells and given covariates."""
    residual = partial((units.stratum, units.period), units.covariates)(units.treatment.astype(np.float64))
    weights: Floats = residual * residual
    return weights


def effective_sample(weights: Floats, treated: float) -> tuple[float, float]:
    """Give the effective sample of the weights, and relative to that of a lottery with the same share treated."""
    total = float(weights.sum())
    if total <= 1e-12 * len(weights):
        return 0.0, 0.0
    spread = treated * (1 - treated)
    lottery = spread / (1 - 3 * spread)  # of a draw: E[w]^2 / E[w^2]
    effective = total**2 / float((weights * weights).sum())
    return effective, min(1.0, effective / len(weights) / lottery)


def _who(units: Comparison, weights: Floats) -> dict[str, Detail]:
    """Say who carries the comparison: strata and weeks with half the weight, covariates by weight."""
    who: dict[str, Detail] = {"strata": float(compress(units.stratum)[1])}
    who["strata_with_half"] = float(_holding_half(units.stratum, weights))
    if units.period is not None:
        who["periods"] = float(compress(units.period)[1])
        who["periods_with_half"] = float(_holding_half(units.period, weights))
    if weights.sum() > 0:
        means = [(float(column.mean()), float(np.average(column, weights=weights))) for column in units.covariates.T]
        who["covariates"] = list(units.names)
        who["mean_of_all"] = [one for one, _ in means]
        who["mean_of_effective"] = [other for _, other in means]
    return who


def _holding_half(codes: np.ndarray[tuple[int], np.dtype[np.int32]], weights: Floats) -> int:
    code, size = compress(codes)
    mass = np.sort(np.bincount(code, weights=weights, minlength=size))[::-1]
    return int(np.searchsorted(np.cumsum(mass), mass.sum() / 2) + 1) if mass.sum() > 0 else 0


def _by_period(units: Comparison, weights: Floats) -> dict[str, Detail]:
    """Give by calendar week: units, share digital, share of all weight; the plot of the calendar."""
    if units.period is None:
        return {}
    period, size = compress(units.period)
    count = np.bincount(period, minlength=size)
    digital = np.bincount(period, weights=units.treatment.astype(np.float64), minlength=size) / count
    mass = np.bincount(period, weights=weights, minlength=size) / max(float(weights.sum()), 1e-300)
    return {
        "period": [float(week) for week in np.unique(units.period)], "period_n": count.astype(float).tolist(),
        "period_digital": digital.tolist(), "period_weight": mass.tolist(),
    }  # fmt: skip
