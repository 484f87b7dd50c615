"""Power by formula: citizens needed for an effect, the smallest effect the citizens there are can show, its power.

1. Every formula is reach = z(level) + z(power) against effect over standard error. A `Question` holds level, power
   and side, all declared: nothing here has a default. A one-sided question at level 0.95 has the z of 95 %, a
   two-sided one that of 97.5 %.
2. Two shares: variance p(1-p) in both arms, as `share_variance` gives it, or each arm its own (`shares_variance`).
3. Non-inferiority: the distance from the true effect (none, unless said) to the margin takes the effect's place.
4. Hazard ratios: exits, not citizens, carry the information: reach² / (share (1 - share) log² ratio) exits in both
   arms together (Schoenfeld 1981).
5. Factors multiply the citizens: clusters drawn whole 1 + (m - 1) ICC, with unequal sizes m(1 + cv²) for m (Eldridge,
   Ashby & Kerry 2006); non-compliance 1 / (difference in uptake)²; loss 1 / (1 - share lost); strata that explain a
   share of the variance 1 - share.
6. Numbers are not rounded here: who prints a needed number rounds it up (`citizens`), or as a planning figure to
   three digits (`planning`).
"""

import math
from dataclasses import dataclass
from typing import Literal

from analysis.estimate.result import quantile, upper_tail
from trial.errors import PlanError

Side = Literal["two-sided", "one-sided"]


def refused(must: str, found: object, mend: str) -> PlanError:
    """Give the error of a number that no design can have."""
    return PlanError(must, found=found, mend=mend, code="power-value")


@dataclass(frozen=True)
class Question:
    """What is asked of the test: its level (0.95 for 5 %), its side, the power wanted; df None for the normal."""

    level: float
    sided: Side
    power: float
    df: float | None = None

    def __post_init__(self) -> None:
        """Refuse what is no level, power or side."""
        if not 0.5 < self.level < 1:
            raise refused("a level must lie between 0.5 and 1", self.level, "level = 0.95")
        if not self.critical_share < self.power < 1:
            raise refused("power must lie between the size of the test and 1", self.power, "0.80")

    @property
    def critical_share(self) -> float:
        """The share of the null distribution beyond the critical value, on one side."""
        return (1 - self.level) / (2 if self.sided == "two-sided" else 1)

    @property
    def critical(self) -> float:
        """The critical value."""
        return quantile(1 - self.critical_share, self.df)

    @property
    def reach(self) -> float:
        """The effect, in standard errors, found with the power wanted."""
        return self.critical + quantile(self.power, self.df)


def share_variance(share: float) -> float:
    """Give the variance of a citizen's 0/1 outcome: p(1-p)."""
    _check_share(share)
    return share * (1 - share)


def needed(effect: float, variance: float, question: Question, *, ratio: float = 1.0) -> float:
    """Give the citizens of the comparison arm needed; the other arm has `ratio` times as many.

    effect: true difference, or for non-inferiority the distance to the margin. variance: of one citizen's outcome.
    """
    _check_positive(variance, "a variance")
    if effect == 0:
        raise refused("an effect must differ from zero", effect, "0.02")
    return question.reach**2 * variance * (1 + 1 / _ratio(ratio)) / effect**2


def needed_for_shares(share: float, effect: float, question: Question, *, ratio: float = 1.0) -> float:
    """Give the citizens of the comparison arm with each arm's own variance, p(1-p) + (p+effect)(1-p-effect)."""
    treated = share_variance(share + effect)
    return question.reach**2 * (share_variance(share) + treated / _ratio(ratio)) / effect**2


def detectable(variance: float, question: Question, *, against: float, of: float) -> float:
    """Give the smallest effect (or margin) found with the power wanted by these citizens of each arm."""
    return question.reach * standard_error(variance, against=against, of=of)


def standard_error(variance: float, *, against: float, of: float) -> float:
    """Give the standard error of a difference between arms of these sizes."""
    _check_positive(variance, "a variance")
    _check_positive(min(against, of), "the number of citizens of an arm")
    return math.sqrt(variance * (1 / against + 1 / of))


def power_for(effect: float, se: float, question: Question) -> float:
    """Give the power to find an effect, or to clear a margin at this distance; a two-sided test has two tails."""
    _check_positive(se, "a standard error")
    found = upper_tail(question.critical - abs(effect) / se, question.df)
    return found + (
        upper_tail(question.critical + abs(effect) / se, question.df) if question.sided == "two-sided" else 0.0
    )


def exits_needed(hazard_ratio: float, question: Question, *, ratio: float = 1.0) -> float:
    """Give the exits needed in both arms together to find a hazard ratio, or to exclude it as a margin."""
    _check_positive(hazard_ratio, "a hazard ratio")
    if hazard_ratio == 1:
        raise refused("a hazard ratio must differ from one", hazard_ratio, "1.20")
    share = _ratio(ratio) / (1 + ratio)
    return question.reach**2 / (share * (1 - share) * math.log(hazard_ratio) ** 2)


def detectable_hazard_ratio(exits: float, question: Question, *, ratio: float = 1.0) -> float:
    """Give the smallest hazard ratio above one found with the power wanted by this number of exits."""
    _check_positive(exits, "a number of exits")
    share = _ratio(ratio) / (1 + ratio)
    return math.exp(question.reach / math.sqrt(exits * share * (1 - share)))


def cluster_factor(size: float, icc: float, *, variation: float = 0.0) -> float:
    """Give what drawing whole clusters multiplies the citizens by; variation: the coefficient of their sizes."""
    _check_positive(size, "the size of a cluster")
    if not 0 <= icc <= 1:
        raise refused("an intra-cluster correlation must lie from 0 to 1", icc, "0.02")
    return 1 + (size * (1 + variation**2) - 1) * icc


def dilution_factor(uptake: float) -> float:
    """Give what non-compliance multiplies the citizens by; uptake: difference of the arms in what is held."""
    if not 0 < uptake <= 1:
        raise refused("a difference in uptake must lie above 0 and up to 1", uptake, "0.85")
    return 1 / uptake**2


def loss_factor(share: float) -> float:
    """Give what a lost share multiplies the citizens by."""
    _check_lost(share)
    return 1 / (1 - share)


def strata_factor(explained: float) -> float:
    """Give what strata (or covariates) that explain this share of the variance multiply the citizens by."""
    if not 0 <= explained < 1:
        raise refused("an explained share must lie from 0 to below 1", explained, "0.05")
    return 1 - explained


def citizens(number: float) -> int:
    """Round a needed number up to whole citizens."""
    return math.ceil(number - 1e-9)


def planning(number: float) -> int:
    """Round a number of citizens to three digits, as plans are written."""
    if number < 1000:
        return round(number)
    return int(round(number, 2 - math.floor(math.log10(number))))


def _ratio(ratio: float) -> float:
    _check_positive(ratio, "a ratio")
    return ratio


def _check_share(share: float) -> None:
    if not 0 < share < 1:
        raise refused("a share must lie between 0 and 1", share, "0.35")


def _check_lost(share: float) -> None:
    if not 0 <= share < 1:
        raise refused("a lost share must lie from 0 to below 1", share, "0.10")


def _check_positive(value: float, what: str) -> None:
    if not (value > 0 and math.isfinite(value)):
        raise refused(f"{what} must be above zero", value, "correct it")
