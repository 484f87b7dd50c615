"""Non-inferiority and equivalence against a declared margin: the statement follows from the numbers.

1. The bound is the one-sided confidence bound on the side where the second arm would be worse. Non-inferior when the
   bound is better than the margin.
2. Conclusions, from best to worst (after CONSORT for non-inferiority trials, 2012):
   `superior`               non-inferior, and the interval lies on the better side of no effect
   `non-inferior`           the bound is better than the margin
   `non-inferior-but-worse` non-inferior, yet the interval lies on the worse side of no effect
   `inconclusive`           the bound is not better than the margin, nor is inferiority shown
   `inferior`               the opposite bound is worse than the margin
3. Equivalence is two one-sided tests at level a: the interval at level 2a-1 lies within both margins.
"""

from dataclasses import dataclass

from analysis.estimate.result import Estimate, quantile, upper_tail
from trial.errors import PlanError

CONCLUSIONS = ("superior", "non-inferior", "non-inferior-but-worse", "inconclusive", "inferior")


@dataclass(frozen=True)
class NonInferiority:
    """The numbers behind the statement: `bound` and `margin` are on the scale of the effect (margin signed)."""

    conclusion: str
    margin: float
    limit: float  # the worst acceptable effect: -margin when higher is better, +margin otherwise
    bound: float
    level: float
    p: float
    higher_is_better: bool


@dataclass(frozen=True)
class Equivalence:
    """The interval of two one-sided tests, and whether it lies within the margins."""

    equivalent: bool
    margin: float
    low: float
    high: float
    level: float
    p: float


def non_inferiority(estimate: Estimate, *, margin: float, higher_is_better: bool, level: float) -> NonInferiority:
    """Judge an estimate against a margin above zero, at a one-sided level."""
    _check(margin, level)
    sign = 1.0 if higher_is_better else -1.0
    value, reach = sign * estimate.value, quantile(level, estimate.df) * estimate.se
    low, high = (sign * side for side in (estimate.ci_low, estimate.ci_high))
    better, worse = min(low, high) > 0, max(low, high) < 0
    p = upper_tail((value + margin) / estimate.se, estimate.df)
    if value - reach > -margin:
        conclusion = "superior" if better else "non-inferior-but-worse" if worse else "non-inferior"
    else:
        conclusion = "inferior" if value + reach < -margin else "inconclusive"
    return NonInferiority(conclusion, margin, -sign * margin, sign * (value - reach), level, p, higher_is_better)


def equivalence(estimate: Estimate, *, margin: float, level: float) -> Equivalence:
    """Judge whether an effect lies within plus or minus the margin, by two one-sided tests at a level."""
    _check(margin, level)
    reach = quantile(level, estimate.df) * estimate.se
    low, high = estimate.value - reach, estimate.value + reach
    p = max(upper_tail((side * estimate.value + margin) / estimate.se, estimate.df) for side in (1.0, -1.0))
    return Equivalence(-margin < low and high < margin, margin, low, high, level, p)


def _check(margin: float, level: float) -> None:
    if not margin > 0:
        raise PlanError("a margin must be above zero", found=margin, mend="margin = 1.5")
    if not 0.5 < level < 1:
        raise PlanError("a one-sided level must lie between 0.5 and 1", found=level, mend="level = 0.95")
