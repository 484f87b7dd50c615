"""The shape of every result: a number with its uncertainty, or the reason why there is none.

1. An Estimate holds finite numbers and a standard error above zero; its constructor refuses anything else.
2. A step that meets data which carry no estimate raises DegenerateError with the reason; the estimator gives
   NotEstimable with that reason. There is no third case.
3. Every Estimate names its estimator, its small-sample convention (`se_type`) and the citizens in each arm.
"""

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar

from scipy import special

from trial.errors import PlanError

# A residual sum of squares below this share of the total is rounding: the outcome does not vary.
ROUNDING = 1e-12


class DegenerateError(PlanError):
    """The data carry no such estimate; the message is the reason."""

    code = "not-estimable"

    def __init__(self, reason: str) -> None:
        super().__init__(reason, mend="report it as not estimable, with this reason")
        self.reason = reason


@dataclass(frozen=True)
class Estimate:
    """A number with its uncertainty.

    value, se, ci_low, ci_high: the estimate, its standard error and its interval at `level`. p: two-sided, of no
    effect. n: citizens by arm. se_type: the convention, by name. df: degrees of freedom of the t distribution,
    None for the normal. notes: what a reader must know beside the number.
    """

    value: float
    se: float
    ci_low: float
    ci_high: float
    p: float
    level: float
    n: Mapping[str, int]
    se_type: str
    estimator: str
    df: float | None = None
    notes: tuple[str, ...] = ()
    extra: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse whatever is not a number with an uncertainty."""
        numbers = (self.value, self.se, self.ci_low, self.ci_high, self.p, *self.extra.values())
        if not all(math.isfinite(number) for number in numbers):
            raise _refused("only finite numbers", numbers)
        if self.se <= 0:
            raise _refused("a standard error above zero", self.se)
        if not 0 <= self.p <= 1 or not 0 < self.level < 1:
            raise _refused("a p-value from 0 to 1 and a level between them", (self.p, self.level))
        if not self.ci_low <= self.value <= self.ci_high:
            raise _refused("an interval around its value", (self.ci_low, self.value, self.ci_high))


def _refused(must: str, found: object) -> PlanError:
    return PlanError(
        f"an estimate must hold {must}", found=found, mend="give NotEstimable with its reason", code="estimate-number"
    )


@dataclass(frozen=True)
class NotEstimable:
    """No number, and the reason for a reader of the report."""

    reason: str
    estimator: str


Result = Estimate | NotEstimable


@dataclass(frozen=True)
class HypothesisTest:
    """A test of no effect: its statistic, its p-value, and how it was computed."""

    statistic: float
    p: float
    test: str
    n: Mapping[str, int]
    df: float | None = None
    notes: tuple[str, ...] = ()
    extra: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a statistic that is no number."""
        if not all(math.isfinite(number) for number in (self.statistic, self.p, *self.extra.values())):
            raise _refused("only finite numbers", (self.statistic, self.p))
        if not 0 <= self.p <= 1:
            raise _refused("a p-value from 0 to 1", self.p)


def quantile(probability: float, df: float | None) -> float:
    """Give the quantile of the normal (df None) or t distribution."""
    return float(special.ndtri(probability) if df is None else special.stdtrit(df, probability))


def upper_tail(statistic: float, df: float | None) -> float:
    """Give the probability above a statistic under the normal (df None) or t distribution."""
    return float(special.ndtr(-statistic) if df is None else special.stdtr(df, -statistic))


def estimated(
    value: float,
    variance: float,
    *,
    level: float,
    n: Mapping[str, int],
    se_type: str,
    estimator: str,
    df: float | None = None,
    notes: tuple[str, ...] = (),
    extra: Mapping[str, float] | None = None,
) -> Estimate:
    """Make an Estimate with its symmetric interval and two-sided p; raises DegenerateError without a variance."""
    if df is not None and df <= 0:
        raise DegenerateError("no degrees of freedom are left: there are as many parameters as citizens")
    if not (math.isfinite(value) and math.isfinite(variance)):
        raise DegenerateError("the numbers are too large to be computed with")
    if variance <= 0:
        raise DegenerateError("the outcome does not vary within the arms: no standard error exists")
    se = math.sqrt(variance)
    half = quantile(0.5 + level / 2, df) * se
    p = min(1.0, 2 * upper_tail(abs(value) / se, df))
    return Estimate(
        value, se, value - half, value + half, p, level, dict(n), se_type, estimator, df, notes, dict(extra or {})
    )


P = ParamSpec("P")
R = TypeVar("R")


def estimator(name: str) -> Callable[[Callable[P, R]], Callable[P, R | NotEstimable]]:
    """Mark an estimator: Degenerate data become NotEstimable under the estimator's name."""

    def mark(function: Callable[P, R]) -> Callable[P, R | NotEstimable]:
        @functools.wraps(function)
        def run(*args: P.args, **kwargs: P.kwargs) -> R | NotEstimable:
            try:
                return function(*args, **kwargs)
            except DegenerateError as degenerate:
                return NotEstimable(degenerate.reason, name)

        return run

    return mark
