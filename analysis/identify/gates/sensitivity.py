"""Sensitivity: what somebody unseen would have to be like to overturn the sign of what would have been printed.

1. E-value (VanderWeele & Ding 2017): the least risk ratio that an unobserved confounder must have with treatment and
   with outcome, both, to explain the estimate away; and to move the nearer end of its interval to no effect. A
   difference of means d in standard deviations counts as the risk ratio exp(0.91 d).
2. Delta (Oster 2019): how strongly what is unobserved must select, relative to what is observed, for the effect to be
   0, were R squared the declared multiple of what it is.
3. Gamma (Rosenbaum 2002): the largest ratio of odds of treatment between two units alike in all that was measured at
   which the difference stays significant: Mantel-Haenszel within strata and weeks for a yes/no outcome, signed ranks
   of pairs with neighbouring propensities for any other.
4. Nothing here closes a route: a verdict that let only large effects through would choose among the truths. It warns.
5. What an analyst would have printed, the plain difference of means, stands in the details under that name.
"""

import math

import numpy as np

from analysis.identify.comparison import Comparison
from analysis.identify.confounding import e_value, mantel_haenszel_gamma, oster_delta, signed_rank_gamma
from analysis.identify.evidence import Evidence
from analysis.identify.finding import Detail, Finding, Status, found, not_assessed
from analysis.identify.gates.overlap import propensity
from analysis.identify.partial import Floats, Ints, Slope, crossed, partial, slope
from analysis.identify.plan import IdentificationPlan
from analysis.identify.words import figure, number

GATE = "sensitivity"
MAX_PAIRS = 200_000


def assess(evidence: Evidence, plan: IdentificationPlan) -> Finding:
    """Tell how strong a hidden confounder must be; judge by warning alone."""
    declared, units = plan.thresholds.sensitivity, evidence.comparison
    if plan.claims_randomised:
        return not_assessed(
            GATE, da="Armene er trukket: en skjult forskel er tilfældig, og dens størrelse er i standardfejlen.",
            en="Arms were drawn: a hidden difference is chance, and its size is in the standard error.",
        )  # fmt: skip
    adjusted = None if units is None or not len(units) else adjusted_slope(units)
    if declared is None or units is None or adjusted is None:
        return not_assessed(
            GATE, da="Hvor lidt der skal til at vende fortegnet, er ikke undersøgt.",
            en="How little would overturn the sign was not looked at.",
        )  # fmt: skip
    low, high = adjusted.interval(plan.inference.level)
    ratios = [risk_ratio(units, value) for value in (adjusted.value, low, high)]
    value, limit = e_value(ratios[0]), _limit(ratios[1], ratios[2])
    gamma = rosenbaum_gamma(units, 1 - plan.inference.level)
    delta = oster_delta(units, declared.r_max_times)
    details: dict[str, Detail] = {
        "adjusted_difference": adjusted.value, "adjusted_low": low, "adjusted_high": high, "risk_ratio": ratios[0],
        "e_value": value, "e_value_of_interval": limit, "least_gamma": declared.least_gamma,
        "least_delta": declared.least_delta, "r_max_times": declared.r_max_times,
    }  # fmt: skip
    details |= {} if gamma is None else {"gamma": gamma}
    details |= {} if delta is None else {"delta": delta}
    details |= would_have_been_printed(units)
    weak = limit < declared.least_e_value or (gamma is not None and gamma < declared.least_gamma)
    weak = weak or (delta is not None and abs(delta) < declared.least_delta)
    status: Status = "warns" if weak else "passes"
    da, en = _sentence(limit, gamma, details)
    return found(GATE, status, limit, declared.least_e_value, details=details, da=da, en=en)


def adjusted_slope(units: Comparison) -> Slope | None:
    """Give the adjusted difference within cells and given covariates."""
    part = partial((units.stratum, units.period), units.covariates)
    made = slope(
        part(units.outcome), part(units.treatment.astype(np.float64)), part.free,
        units.counted_together,
    )  # fmt: skip
    return made if made is not None and made.se > 0 else None


def would_have_been_printed(units: Comparison) -> dict[str, Detail]:
    """Give the plain difference of means and its standard error (HC2): what an analyst would have printed."""
    arms = [units.outcome[units.treatment == arm] for arm in (1, 0)]
    if min(len(one) for one in arms) < 2:
        return {}
    error = math.sqrt(sum(float(one.var(ddof=1)) / len(one) for one in arms))
    return {
        "would_have_been_printed": float(arms[0].mean() - arms[1].mean()), "would_have_been_printed_se": error,
    }  # fmt: skip


def risk_ratio(units: Comparison, difference: float) -> float:
    """Give the risk ratio a difference amounts to: outcomes of 0 and 1 by the untreated risk, others by 0.91 d."""
    if is_binary(units.outcome):
        base = float(units.outcome[units.treatment == 0].mean())
        floor = 0.5 / len(units)
        return max(base + difference, floor) / max(base, floor)
    spread = float(units.outcome.std(ddof=1))
    return math.exp(max(min(0.91 * difference / spread, 50.0), -50.0))


def is_binary(outcome: Floats) -> bool:
    """Tell whether every outcome is 0 or 1."""
    return bool(((outcome == 0) | (outcome == 1)).all())


def rosenbaum_gamma(units: Comparison, alpha: float) -> float | None:
    """Give the gamma at which the difference is no longer significant; None where none can be told."""
    if is_binary(units.outcome):
        cell, size = crossed(units.stratum, units.period)
        return mantel_haenszel_gamma(units.outcome, units.treatment, cell, size, alpha)
    pairs = paired_differences(units)
    return None if pairs is None else signed_rank_gamma(pairs, alpha)


def paired_differences(units: Comparison) -> Floats | None:
    """Pair each unit of the smaller arm with its neighbour by propensity in the other, without replacement."""
    treated = np.flatnonzero(units.treatment == 1)
    others = np.flatnonzero(units.treatment == 0)
    fewer, more = (treated, others) if len(treated) <= len(others) else (others, treated)
    if not 2 <= len(fewer) <= MAX_PAIRS:
        return None
    chance = propensity(units)
    own, order = (_by_propensity(arm, chance, units.outcome) for arm in (fewer, more))
    near = np.searchsorted(chance[order], chance[own])
    rank = np.arange(len(own))
    match = order[np.minimum(np.maximum.accumulate(near - rank), len(order) - len(own)) + rank]
    differences: Floats = units.outcome[own] - units.outcome[match]
    return differences if len(treated) <= len(others) else -differences


def _by_propensity(rows: Ints, chance: Floats, outcome: Floats) -> Ints:
    """Sort rows by propensity; units alike stand in an order drawn from the data themselves, not from the file."""
    sorted_rows = rows[np.lexsort((outcome[rows], chance[rows]))]
    lot = np.random.default_rng(len(rows)).random(len(rows))
    drawn: Ints = sorted_rows[np.lexsort((lot, chance[sorted_rows]))]
    return drawn


def _limit(low: float, high: float) -> float:
    """Give the E-value of the interval's nearer end; 1 where the interval holds no effect."""
    return 1.0 if low <= 1 <= high else min(e_value(low), e_value(high))


def _sentence(limit: float, gamma: float | None, details: dict[str, Detail]) -> tuple[str, str]:
    if limit <= 1:
        da, en = "Intet skjult skal til: fortegnet er ikke sikkert", "Nothing hidden is needed: the sign is not sure"
    else:
        da = f"En skjult forskel med risikoforhold {number(limit, 'da')} ville vende fortegnet"
        en = f"A hidden difference with risk ratio {number(limit, 'en')} would overturn the sign"
    if gamma is not None and limit > 1:
        da, en = f"{da}, gamma {number(gamma, 'da')}", f"{en}, gamma {number(gamma, 'en')}"
    printed = details.get("would_have_been_printed")
    if isinstance(printed, float):
        da = f"{da}. Der ville have stået {figure(printed, 'da')} på tryk"
        en = f"{en}. {figure(printed, 'en')} would have been printed"
    return f"{da}.", f"{en}."
