"""Competing exits: the share that has left by each week for each cause (Aalen-Johansen), and its difference.

1. The share leaving by cause k in a week is the share still there before it times the cause's hazard. The shares of
   all causes and the share still there add up to one; one minus Kaplan-Meier of a single cause does not.
2. The variance is the delta-method one of Marubini & Valsecchi (1995): without censoring exactly p(1-p)/n.
3. Bands are on the log(-log) scale, so they stay within 0 and 1; the difference has a symmetric interval.
"""

import math
from dataclasses import dataclass

import numpy as np

from analysis.estimate.cells import Floats
from analysis.estimate.counts import Counts
from analysis.estimate.result import DegenerateError, Result, estimated, estimator, quantile

NAME = "aalen-johansen"


@dataclass(frozen=True)
class IncidencePoint:
    """The share left for one cause by a week; se, low and high are None where no uncertainty can be stated."""

    week: int
    at_risk: int
    exits: int
    share: float
    se: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Incidence:
    """The cumulative incidence of one cause in one arm."""

    arm: str
    cause: int
    level: float
    points: tuple[IncidencePoint, ...]


def aalen_johansen(counts: Counts, *, level: float) -> tuple[Incidence, ...]:
    """Give the cumulative incidence of each cause in each arm (strata added up)."""
    causes = range(1, counts.table.shape[2])
    return tuple(_curve(counts, arm, cause, level) for cause in causes for arm in (0, 1))


@estimator(NAME)
def incidence_difference(counts: Counts, *, cause: int, week: int, level: float) -> Result:
    """Estimate the difference in the share left for a cause by a week, second arm minus first."""
    if not 1 <= cause < counts.table.shape[2]:
        raise DegenerateError(f"nobody exits for cause {cause}")
    parts = []
    for arm, name in enumerate(counts.arms):
        at_risk, _, share, variance = _incidence(counts, arm, cause)
        last = int(np.flatnonzero(at_risk)[-1])
        everybody_left = at_risk[last] == counts.table[arm, :, 1:, last].sum()
        if last < week and not everybody_left:
            raise DegenerateError(f"nobody in arm {name} is observed after week {last}, before week {week}")
        at = min(week, counts.weeks)
        parts.append((float(share[at]), float(variance[at])))
    if sum(variance for _, variance in parts) <= 0:
        raise DegenerateError(f"nobody exits for cause {cause} by week {week}, or all do: no standard error exists")
    (first, var_first), (second, var_second) = parts
    extra = {f"share_{name}": share for name, (share, _) in zip(counts.arms, parts, strict=True)}
    return estimated(
        second - first, var_first + var_second, level=level, n=counts.per_arm(), se_type="delta", estimator=NAME,
        extra=extra,
    )  # fmt: skip


def _curve(counts: Counts, arm: int, cause: int, level: float) -> Incidence:
    at_risk, own, share, variance = _incidence(counts, arm, cause)
    last = int(np.flatnonzero(at_risk)[-1])
    points = tuple(
        IncidencePoint(week, int(at_risk[week]), int(own[week]), float(share[week]),
                       *_band(float(share[week]), float(variance[week]), level))
        for week in range(last + 1)
    )  # fmt: skip
    return Incidence(counts.arms[arm], cause, level, points)


def _incidence(counts: Counts, arm: int, cause: int) -> tuple[Floats, Floats, Floats, Floats]:
    at_risk = counts.at_risk()[arm].sum(axis=0).astype(np.float64)
    own = counts.exits(cause)[arm].sum(axis=0).astype(np.float64)
    any_cause = counts.exits()[arm].sum(axis=0).astype(np.float64)
    risk = np.maximum(at_risk, 1)
    still = np.concatenate([[1.0], np.cumprod(1 - any_cause / risk)[:-1]])
    share = np.cumsum(still * own / risk)
    return at_risk, own, share, _variance(risk, own, any_cause, still, share)


def _variance(risk: Floats, own: Floats, any_cause: Floats, still: Floats, share: Floats) -> Floats:
    """Expand the sum over earlier weeks of (F(t)-F(u))² g(u) - 2 (F(t)-F(u)) h(u) + k(u) into running sums."""
    stay = risk - any_cause
    g = np.divide(any_cause, risk * stay, out=np.zeros_like(risk), where=stay > 0)
    h = still * own / risk**2
    k = still**2 * (risk - own) / risk**3 * own
    running = [np.cumsum(part) for part in (g, share * g, share**2 * g, h, share * h, k)]
    sum_g, sum_fg, sum_ffg, sum_h, sum_fh, sum_k = running
    variance = share**2 * sum_g - 2 * share * sum_fg + sum_ffg - 2 * (share * sum_h - sum_fh) + sum_k
    never_below: Floats = np.maximum(variance, 0.0)
    return never_below


def _band(share: float, variance: float, level: float) -> tuple[float | None, float | None, float | None]:
    if not 0 < share < 1 or variance <= 1e-18:
        return None, None, None
    root = math.sqrt(variance)
    reach = quantile(0.5 + level / 2, None) * root / (share * -math.log(share))
    return root, share ** math.exp(reach), share ** math.exp(-reach)
