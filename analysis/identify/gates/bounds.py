"""Bounds: what the data say of the effect on exit by week 13 and 26 when nothing is assumed that is not declared.

1. Worst case (Manski 1990): whoever had a physical talk might have done anything with a digital one. The bounds are
   always as wide as the outcome's range; they show how much of any single number would come from assumptions.
2. Monotone response: digital does not harm anybody, so the effect is not below 0. Monotone selection: those with a
   digital talk would on average have done at least as well either way, so the plain difference is an upper bound
   (Manski & Pepper 2000). Each is used only where the plan declares it.
3. Spells censored before the horizon may hold anything too: they widen every bound by their share.
4. Where arms were drawn only outcomes are missing, and the bounds are those of `analysis.estimate.bounds`.
5. The figure is the width of the narrowest declared bounds, as a share of the outcome's range.
"""

from dataclasses import dataclass

import numpy as np

from analysis.estimate.bounds import Bounds, manski
from analysis.identify.comparison import Comparison
from analysis.identify.evidence import Evidence
from analysis.identify.finding import Detail, Finding, found, not_assessed
from analysis.identify.plan import IdentificationPlan, OutcomeRange
from analysis.identify.words import number, points

GATE = "bounds"
WORST, RESPONSE, SELECTION = "worst-case", "monotone-response", "monotone-selection"


@dataclass(frozen=True)
class Interval:
    """An interval that holds the effect, and the assumptions it needs."""

    name: str
    low: float
    high: float


def assess(evidence: Evidence, plan: IdentificationPlan) -> Finding:
    """Judge the width of the narrowest declared bounds."""
    declared, units, limits = plan.thresholds.bounds, evidence.comparison, plan.outcome
    if declared is None or limits is None or units is None or not len(units):
        return not_assessed(
            GATE, da="Udfaldet har ingen kendt mindste og største værdi: der er ingen grænser at give.",
            en="The outcome has no known least and largest value: there are no bounds to give.",
        )  # fmt: skip
    by_week = {plan.landmark.horizons[0] if plan.landmark else 0: units, **evidence.later}
    details: dict[str, Detail] = {"lowest": limits.lowest, "highest": limits.highest}
    first: list[Interval] = []
    for week, one in by_week.items():
        intervals = drawn_bounds(evidence, limits, plan) if week in {0, *list(by_week)[:1]} else []
        intervals = intervals or bounds_of(one, limits, plan)
        first = first or intervals
        details[f"week_{week}" if week else "bounds"] = [
            {"assumptions": item.name, "low": item.low, "high": item.high} for item in intervals
        ]
    narrow = min(first, key=lambda item: item.high - item.low)
    width = (narrow.high - narrow.low) / (limits.highest - limits.lowest)
    details |= {"narrowest": narrow.name, "low": narrow.low, "high": narrow.high, "n": float(len(units))}
    assumed = narrow.name if narrow.name != WORST else None
    is_share = (limits.lowest, limits.highest) == (0.0, 1.0)
    low, high = (
        [points(end, lang) if is_share else number(end, lang) for lang in ("da", "en")]
        for end in (narrow.low, narrow.high)
    )
    da = "Uden antagelser" if assumed is None else "Med de nævnte antagelser"
    en = "Without assumptions" if assumed is None else "Under the stated assumptions"
    return found(
        GATE, "passes" if width <= declared.most_width else "fails", width, declared.most_width, details=details,
        da=f"{da} ligger effekten mellem {low[0]} og {high[0]}.",
        en=f"{en} the effect lies between {low[1]} and {high[1]}.",
        assumption=assumed if assumed in {RESPONSE, SELECTION} else (SELECTION if assumed else None),
    )  # fmt: skip


def bounds_of(units: Comparison, limits: OutcomeRange, plan: IdentificationPlan) -> list[Interval]:
    """Give the worst case and whatever declared monotonicity makes of it."""
    low, high = worst_case(units, limits)
    lost = units.dropped / (units.dropped + len(units))
    reach = limits.highest - limits.lowest
    intervals = [Interval(WORST, low, high)]
    response, selection = plan.assumes(RESPONSE), plan.assumes(SELECTION)
    upper = plain_difference(units)
    if response:
        intervals.append(Interval(RESPONSE, 0.0, max(high, 0.0)))
    if selection and upper is not None:
        intervals.append(Interval(SELECTION, min(low, upper), upper))
    if response and selection and upper is not None:
        intervals.append(Interval(f"{RESPONSE}, {SELECTION}", 0.0, max(upper, 0.0)))
    widened = [
        Interval(item.name, (1 - lost) * item.low - lost * reach, (1 - lost) * item.high + lost * reach)
        for item in intervals
    ]
    return widened if lost else intervals


def worst_case(units: Comparison, limits: OutcomeRange) -> tuple[float, float]:
    """Give the worst-case bounds of the average effect: outcomes not seen lie anywhere in the range."""
    treated = units.treatment == 1
    n = len(units)
    seen = [float(units.outcome[taken].sum()) / n for taken in (treated, ~treated)]
    share = float(treated.sum()) / n
    ends = []
    for unseen_if_treated, unseen_if_not in ((limits.lowest, limits.highest), (limits.highest, limits.lowest)):
        ends.append(seen[0] + (1 - share) * unseen_if_treated - (seen[1] + share * unseen_if_not))
    return ends[0], ends[1]


def plain_difference(units: Comparison) -> float | None:
    """Give the difference of means; None where an arm is empty."""
    treated = units.treatment == 1
    if not treated.any() or treated.all():
        return None
    return float(units.outcome[treated].mean() - units.outcome[~treated].mean())


def drawn_bounds(evidence: Evidence, limits: OutcomeRange, plan: IdentificationPlan) -> list[Interval]:
    """Give the bounds where arms were drawn and hold: only outcomes are missing. Empty where they were not."""
    drawn = evidence.drawn
    if drawn is None or evidence.ledger is None or not evidence.ledger.holds:
        return []
    for stratum in (np.asarray(drawn.stratum), np.zeros(len(drawn), dtype=np.int64)):  # strata too small to divide by
        made = manski(
            drawn.outcome, drawn.treatment == 1, stratum, lowest=limits.lowest, highest=limits.highest,
            level=plan.inference.level,
        )  # fmt: skip
        if isinstance(made, Bounds):
            return [Interval(WORST, made.low, made.high)]
    return []
