"""Kaplan-Meier by arm with log-log bands, and the restricted mean with its difference, from counts.

1. S(t) is the product over weeks of one minus exits over at risk; Greenwood's variance.
2. The band is that of log(-log S) (Kalbfleisch & Prentice 2002; R `survfit(conf.type = "log-log")`): it stays within
   0 and 1. Where S is 0 or 1 no band exists and none is given.
3. The restricted mean to week tau is the area under S: weeks spent before exit, at most tau. Its variance follows
   Irwin (1949) as in survRM2. It needs somebody observed in week tau in each arm, or an arm where everybody has left.
4. The arms are compared as randomised, strata not used: valid under stratified randomisation and never too short.
"""

import math
from dataclasses import dataclass

import numpy as np

from analysis.estimate.cells import Floats, Ints
from analysis.estimate.counts import Counts
from analysis.estimate.result import DegenerateError, Result, estimated, estimator, quantile

NAME = "kaplan-meier"


@dataclass(frozen=True)
class Point:
    """One week of a curve; se, low and high are None where no uncertainty can be stated."""

    week: int
    at_risk: int
    exits: int
    censored: int
    survival: float
    se: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Curve:
    """The survival curve of one arm, a point a week from week 0 as long as somebody is at risk."""

    arm: str
    level: float
    points: tuple[Point, ...]

    def survival_at(self, week: int) -> float:
        """Give the share that has not exited by the end of a week."""
        return next(point.survival for point in reversed(self.points) if point.week <= week)


def kaplan_meier(counts: Counts, *, level: float) -> tuple[Curve, Curve]:
    """Give the curve of each arm (strata added up)."""
    first, second = (_curve(counts, index, level) for index in (0, 1))
    return first, second


@estimator(NAME)
def restricted_mean_difference(counts: Counts, *, week: int, level: float) -> Result:
    """Estimate the difference in restricted mean weeks before exit, second arm minus first, up to a week."""
    (mean_against, var_against), (mean_of, var_of) = (_restricted(counts, index, week) for index in (0, 1))
    _check_exits(var_against + var_of, week)
    still = [arm for arm, part in zip(counts.arms, (var_against, var_of), strict=True) if part == 0]
    against, of = counts.arms
    return estimated(
        mean_of - mean_against, var_of + var_against, level=level, n=counts.per_arm(), se_type="Greenwood",
        estimator=NAME, extra={f"restricted_mean_{against}": mean_against, f"restricted_mean_{of}": mean_of},
        notes=tuple(f"arm {arm} has no variance: all or none of it exits before week {week}" for arm in still),
    )  # fmt: skip


@estimator(NAME)
def restricted_mean(counts: Counts, arm: str, *, week: int, level: float) -> Result:
    """Estimate the restricted mean of one arm."""
    mean, variance = _restricted(counts, counts.arms.index(arm), week)
    _check_exits(variance, week)
    return estimated(mean, variance, level=level, n={arm: counts.per_arm()[arm]}, se_type="Greenwood", estimator=NAME)


def _check_exits(variance: float, week: int) -> None:
    if variance <= 0:
        raise DegenerateError(f"nobody exits before week {week}, or all in one week: no standard error exists")


def survival(at_risk: Ints, exits: Ints) -> tuple[Floats, Floats]:
    """Give S by week and Greenwood's sum; the sum is infinite from the week in which everybody left."""
    hazard = exits / np.maximum(at_risk, 1)
    left = at_risk - exits
    terms = np.divide(exits, at_risk * left, out=np.where(exits > 0, np.inf, 0.0), where=left > 0)
    return np.cumprod(1.0 - hazard, dtype=np.float64), np.cumsum(terms)


def _marginal(counts: Counts, index: int) -> tuple[Ints, Ints]:
    return counts.at_risk()[index].sum(axis=0), counts.exits()[index].sum(axis=0)


def _curve(counts: Counts, index: int, level: float) -> Curve:
    at_risk, exits = _marginal(counts, index)
    censored = counts.table[index, :, 0].sum(axis=0)
    curve, greenwood = survival(at_risk, exits)
    last = int(np.flatnonzero(at_risk)[-1])
    points = tuple(
        Point(week, int(at_risk[week]), int(exits[week]), int(censored[week]), float(curve[week]),
              *_band(float(curve[week]), float(greenwood[week]), level))
        for week in range(last + 1)
    )  # fmt: skip
    return Curve(counts.arms[index], level, points)


def _band(value: float, greenwood: float, level: float) -> tuple[float | None, float | None, float | None]:
    if not 0 < value < 1 or not math.isfinite(greenwood):
        return None, None, None
    root = math.sqrt(greenwood)
    reach = quantile(0.5 + level / 2, None) * root / -math.log(value)
    return value * root, value ** math.exp(reach), value ** math.exp(-reach)


def _restricted(counts: Counts, index: int, week: int) -> tuple[float, float]:
    at_risk, exits = _marginal(counts, index)
    arm = counts.arms[index]
    last = int(np.flatnonzero(at_risk)[-1])
    if week < 1:
        raise DegenerateError("a restricted mean needs a week of at least 1")
    if last < week and at_risk[last] > exits[last]:
        raise DegenerateError(f"nobody in arm {arm} is observed after week {last}, before week {week}")
    reach = min(week, counts.weeks + 1)
    curve, _ = survival(at_risk, exits)
    steps = np.zeros(week)
    steps[:reach] = curve[:reach]  # beyond the table everybody has left: S is 0
    area_after = steps[::-1].cumsum()[::-1]  # weeks from the end of week k to tau
    risk, out = at_risk[:reach], exits[:reach]
    stay = risk - out
    terms = np.divide(out, risk * stay, out=np.zeros(reach), where=stay > 0)
    return float(steps.sum()), float((area_after[:reach] ** 2 * terms).sum())
