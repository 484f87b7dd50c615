"""Overlap: whether treated and untreated are alike enough that one can stand for the other.

1. The propensity is a logit on covariates, strata and calendar weeks. Where everybody or nobody of a stratum or week
   is treated, the propensity is 0 or 1: those units lie outside whatever the covariates say.
2. The figure is the share of units outside the declared bounds of the propensity.
3. The optimal trimming bound is that of Crump, Hotz, Imbens & Mitnik (2009): keep the units with the smallest
   1/(e(1-e)) such that the asymptotic variance of the trimmed average effect is least; found exactly, by sorting.
4. After weighting by the inverse propensity the effective sample of each arm and the standardised differences of
   covariates are compared with their thresholds. A weight that rests on a handful of units compares nothing.
"""

from dataclasses import dataclass

import numpy as np

from analysis.estimate.dummies import columns_of
from analysis.estimate.propensity import fit_propensity, one_sided_rows
from analysis.estimate.result import DegenerateError
from analysis.identify.comparison import Comparison
from analysis.identify.evidence import Evidence
from analysis.identify.finding import Detail, Finding, found, not_assessed
from analysis.identify.partial import Bools, Floats, compress
from analysis.identify.plan import IdentificationPlan
from analysis.identify.words import number, share

GATE = "overlap"
BINS = 20


@dataclass(frozen=True)
class Weighting:
    """What weights make: effective share of each arm, standardised differences before and after."""

    effective: tuple[float, float]
    before: Floats
    after: Floats


def assess(evidence: Evidence, plan: IdentificationPlan) -> Finding:
    """Judge the share of units outside the bounds, the weights' effective sample and the balance they reach."""
    declared, units = plan.thresholds.overlap, evidence.comparison
    if declared is None or units is None or not len(units):
        return not_assessed(GATE, da="Overlap er ikke undersøgt.", en="Overlap was not looked at.")
    chance = propensity(units)
    outside = float(((chance < declared.lower) | (chance > declared.upper)).mean())
    alpha, kept = optimal_trimming(chance)
    made = weighting(units, chance)
    least, most = min(made.effective), float(np.abs(made.after).max(initial=0.0))
    apart = outside > declared.most_outside
    unlike = most > declared.most_difference or least < declared.least_effective
    tail = (
        ("De er for forskellige til, at den ene gruppe kan stå for den anden.", "They are too unlike to compare.")
        if apart or unlike
        else ("De ligner hinanden nok.", "They are alike enough.")
    )
    edges = np.linspace(0, 1, BINS + 1)
    details: dict[str, Detail] = {
        "n": float(len(units)), "treated": float(units.treatment.mean()), "lower": declared.lower,
        "upper": declared.upper, "trimming_bound": alpha, "share_kept": kept, "covariates": list(units.names),
        "difference_before": made.before.tolist(), "difference_after": made.after.tolist(),
        "largest_difference_after": most, "most_difference": declared.most_difference,
        "effective_untreated": made.effective[0], "effective_treated": made.effective[1],
        "least_effective": declared.least_effective, "bins": edges.tolist(),
        "untreated_by_bin": _histogram(chance[units.treatment == 0], edges),
        "treated_by_bin": _histogram(chance[units.treatment == 1], edges),
    }  # fmt: skip
    low, high = number(declared.lower, "da", 1), number(declared.upper, "da", 1)
    da = f"{share(outside, 'da')} har en sandsynlighed for behandling under {low} eller over {high}"
    en = f"{share(outside, 'en')} have a chance of treatment below {declared.lower:g} or above {declared.upper:g}"
    return found(
        GATE, "fails" if apart or unlike else "passes", outside, declared.most_outside, details=details,
        da=f"{da}, og efter vægtning skiller {number(most, 'da')} standardafvigelser dem stadig. {tail[0]}",
        en=f"{en}, and after weighting {number(most, 'en')} standard deviations still set them apart. {tail[1]}",
    )  # fmt: skip


def propensity(units: Comparison) -> Floats:
    """Give each unit's chance of treatment: exactly 0 or 1 where nobody or everybody like it is treated."""
    treated = units.treatment.astype(np.float64)
    chance: Floats = treated.copy()
    sets = [compress(code)[0] for code in (units.stratum, units.period) if code is not None]
    sets = [code for code in sets if code.max(initial=0) > 0]
    try:
        keep = one_sided_rows(treated, sets, "leave-out") if sets else np.ones(len(treated), dtype=np.bool_)
        columns = columns_of([code[keep] for code in sets], units.covariates[keep], units.names, int(keep.sum()))
        chance[keep] = fit_propensity(columns, treated[keep]).chance
    except DegenerateError:  # separated: whoever is treated could be told from the start
        return treated
    return chance


def optimal_trimming(chance: Floats) -> tuple[float, float]:
    """Give the bound below which, and above 1 minus which, a propensity is trimmed; and the share kept."""
    variance = chance * (1 - chance)
    cost = np.sort(np.where(variance > 0, 1 / np.where(variance > 0, variance, 1.0), np.inf))
    finite = cost[np.isfinite(cost)]
    if not len(finite):
        return 0.5, 0.0
    total = np.cumsum(finite)
    size = np.arange(1, len(finite) + 1)
    ends = np.flatnonzero(np.append(finite[1:] > finite[:-1], True))  # units alike are kept or trimmed together
    variances = total[ends] / size[ends] ** 2
    last = int(ends[len(ends) - 1 - int(np.argmin(variances[::-1]))])
    if last == len(cost) - 1:
        return 0.0, 1.0
    gamma = 2 * float(total[last]) / (last + 1)
    return 0.5 - float(np.sqrt(max(0.25 - 1 / gamma, 0.0))), (last + 1) / len(cost)


def weighting(units: Comparison, chance: Floats) -> Weighting:
    """Weight by the inverse propensity: effective share of each arm, standardised differences before and after."""
    taken = units.treatment == 1
    own = np.where(taken, chance, 1 - chance)
    weight = np.where((chance > 0) & (chance < 1), 1 / np.where(own > 0, own, 1.0), 0.0)
    effective = tuple(_effective(weight[arm]) for arm in (~taken, taken))
    before, after = [], []
    for column in units.covariates.T:
        scale = float(np.sqrt((_variance(column[taken]) + _variance(column[~taken])) / 2))
        ones = np.ones(len(column))
        before.append(_difference(column, taken, ones, scale))
        after.append(_difference(column, taken, weight, scale))
    return Weighting((effective[0], effective[1]), np.array(before), np.array(after))


def _effective(weight: Floats) -> float:
    squares = float(weight @ weight)
    return float(weight.sum()) ** 2 / squares / len(weight) if squares > 0 else 0.0


def _variance(values: Floats) -> float:
    return float(values.var(ddof=1)) if len(values) > 1 else 0.0


def _difference(column: Floats, taken: Bools, weight: Floats, scale: float) -> float:
    """Give the standardised difference; an arm without weight leaves a full one."""
    if scale == 0:
        return 0.0
    if weight[taken].sum() <= 0 or weight[~taken].sum() <= 0:
        return 1.0
    means = [float(np.average(column[arm], weights=weight[arm])) for arm in (taken, ~taken)]
    return (means[0] - means[1]) / scale


def _histogram(chance: Floats, edges: Floats) -> list[Detail]:
    return [float(n) for n in np.histogram(chance, bins=edges)[0]]
