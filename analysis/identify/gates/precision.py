"""Precision: the smallest effect that the variation left could show, against the margin the question cares about.

1. The standard error is that of the slope of what is left of the outcome on what is left of the treatment, within
   strata and calendar weeks and given covariates: robust, or clustered where arms were not drawn one by one.
2. The smallest effect detectable has the declared power at the declared level and sidedness.
3. Where it exceeds the margin, whatever is printed could be noise of the size that matters.
"""

from analysis.estimate.result import quantile
from analysis.identify.comparison import Comparison
from analysis.identify.evidence import Evidence
from analysis.identify.finding import Detail, Finding, found, not_assessed
from analysis.identify.partial import Slope, partial, slope
from analysis.identify.plan import IdentificationPlan, InferencePart
from analysis.identify.words import figure

GATE = "precision"


def assess(evidence: Evidence, plan: IdentificationPlan) -> Finding:
    """Judge the smallest effect detectable against the margin."""
    units, asked = evidence.comparison, plan.inference
    if units is None or not len(units):
        return not_assessed(GATE, da="Præcisionen er ikke undersøgt.", en="Precision was not looked at.")
    left = slope_left(units)
    if left is None or left.se == 0:
        return found(
            GATE, "fails", None, asked.margin, details={"n": float(len(units)), "dropped": float(units.dropped)},
            da="Der er ingen variation tilbage at måle en effekt med.",
            en="No variation is left to measure an effect with.",
        )  # fmt: skip
    detectable = multiplier(asked, left.df) * left.se
    details: dict[str, Detail] = {
        "n": float(len(units)), "dropped": float(units.dropped), "se": left.se, "df": left.df or 0.0,
        "power": asked.power, "level": asked.level, "sidedness": asked.sidedness,
        "margins": detectable / asked.margin,
    }  # fmt: skip
    enough = detectable <= asked.margin
    return found(
        GATE, "passes" if enough else "fails", detectable, asked.margin, details=details,
        da=f"Mindste effekt, data kan vise, er {figure(detectable, 'da')}; marginen er {figure(asked.margin, 'da')}.",
        en=f"The smallest effect the data can show is {figure(detectable, 'en')}; the margin is "
        f"{figure(asked.margin, 'en')}.",
    )  # fmt: skip


def slope_left(units: Comparison) -> Slope | None:
    """Give the slope of outcome on treatment with the variation that is left, and its standard error."""
    part = partial((units.stratum, units.period), units.covariates)
    treatment = part(units.treatment.astype(float))
    return slope(part(units.outcome), treatment, part.free, units.counted_together)


def multiplier(asked: InferencePart, df: float | None) -> float:
    """Give how many standard errors the smallest detectable effect is."""
    alpha = 1 - asked.level
    tail = alpha / 2 if asked.sidedness == "two-sided" else alpha
    return quantile(1 - tail, df) + quantile(asked.power, df)
