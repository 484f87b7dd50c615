"""Cox regression on the arm, stratified, from counts: Breslow and Efron ties, exact and at no cost in citizens.

1. For Efron's ties the sums over the m exits of a week have a closed form in digamma and trigamma functions: a week
   costs the same whether 2 or 20,000 leave in it. The result is that of the unaggregated fit, which case weights in
   other programs are not.
2. Newton's method from zero; convergence is quadratic. An arm without exits, or whose every exit comes before the
   other arm's, has no finite hazard ratio: NotEstimable.
3. `robust` adds up score residuals over clusters (unions of strata) or over citizens (Lin & Wei 1989), as R's coxph
   does, with no small-sample factor.

The value is the log hazard ratio of the second arm against the first; `extra` holds the ratio and its interval.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from analysis.estimate.cells import Floats, codes, sums
from analysis.estimate.counts import Counts
from analysis.estimate.result import DegenerateError, Result, estimated, estimator

NAME = "cox"
LIMIT = 30.0


@dataclass(frozen=True)
class _Weeks:
    """The weeks with exits, all strata: citizens at risk and exits by arm, and where each stands in the table."""

    risk: Floats
    risk_other: Floats
    out: Floats
    out_other: Floats
    where: tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]

    @property
    def ties(self) -> Floats:
        """The exits of the week."""
        return self.out + self.out_other


@estimator(NAME)
def cox(
    counts: Counts,
    *,
    level: float,
    ties: str = "efron",
    robust: bool = False,
    cluster: npt.ArrayLike | None = None,
    cause: int | None = None,
) -> Result:
    """Estimate the log hazard ratio. `cluster` gives each stratum's cluster (a label a stratum) for robust errors."""
    if ties not in ("efron", "breslow"):
        raise DegenerateError(f"ties are efron or breslow, not {ties}")
    if (robust or cluster is not None) and ties == "breslow":
        raise DegenerateError("robust errors are computed with Efron's ties")
    weeks = _weeks(counts, cause)
    value, information = _newton(weeks, ties)
    variance, se_type = 1 / information, ties
    if robust or cluster is not None:
        variance, se_type = _robust(counts, weeks, value, cluster, cause) / information**2, "efron, robust"
    result = estimated(value, variance, level=level, n=counts.per_arm(), se_type=se_type, estimator=NAME)
    ratios = {"hazard_ratio": value, "hazard_ratio_low": result.ci_low, "hazard_ratio_high": result.ci_high}
    extra = {name: math.exp(min(logged, 700.0)) for name, logged in ratios.items()}
    return estimated(value, variance, level=level, n=counts.per_arm(), se_type=se_type, estimator=NAME, extra=extra)


def _weeks(counts: Counts, cause: int | None) -> _Weeks:
    at_risk, exits = counts.at_risk(), counts.exits(cause)
    where = np.nonzero((exits.sum(axis=0) > 0) & (at_risk[0] > 0) & (at_risk[1] > 0))
    risk_other, risk, out_other, out = (
        table[arm][where].astype(np.float64) for table in (at_risk, exits) for arm in (0, 1)
    )
    return _Weeks(risk, risk_other, out, out_other, (where[0], where[1]))


def _newton(weeks: _Weeks, ties: str) -> tuple[float, float]:
    if not weeks.out.sum() or not weeks.out_other.sum():
        raise DegenerateError("one arm has no exit while the other is at risk: no finite hazard ratio")
    value = 0.0
    for _ in range(50):
        score, information = _score(weeks, value, ties)
        if information <= 1e-12:
            raise DegenerateError("the arms' exits do not overlap in time: no finite hazard ratio")
        step = max(-2.0, min(2.0, score / information))
        value += step
        if abs(value) > LIMIT:
            raise DegenerateError("the hazard ratio grows without bound: one arm's exits all come first")
        if abs(step) < 1e-12 * max(1.0, abs(value)):
            return value, _score(weeks, value, ties)[1]
    raise DegenerateError("the hazard ratio was not found in 50 steps")


def _score(weeks: _Weeks, value: float, ties: str) -> tuple[float, float]:
    if ties == "breslow":
        share = weeks.risk * math.exp(value) / (weeks.risk * math.exp(value) + weeks.risk_other)
        return float((weeks.out - weeks.ties * share).sum()), float((weeks.ties * share * (1 - share)).sum())
    first, second, slope, rest = _sums(weeks, value)
    once = weeks.ties * slope + rest * first
    twice = weeks.ties * slope**2 + 2 * slope * rest * first + rest**2 * second
    return float((weeks.out - once).sum()), float((once - twice).sum())


def _sums(weeks: _Weeks, value: float) -> tuple[Floats, Floats, Floats, Floats]:
    """Give the sums of 1/D_l and 1/D_l² over l = 0..m-1, where D_l = A - l B/m, and p_l = slope + rest/D_l."""
    ratio, m = math.exp(value), weeks.ties
    a, b = weeks.risk * ratio + weeks.risk_other, weeks.out * ratio + weeks.out_other
    q = m / b
    c = q * a
    first = q * (special.digamma(c + 1) - special.digamma(c - m + 1))
    second = q**2 * (special.polygamma(1, c - m + 1) - special.polygamma(1, c + 1))
    slope = weeks.out * ratio / b
    return first, second, slope, weeks.risk * ratio - slope * a


def _robust(counts: Counts, weeks: _Weeks, value: float, cluster: npt.ArrayLike | None, cause: int | None) -> float:
    """Give the sum of squared score residuals, added up within clusters where there are any."""
    table = counts.table
    leaving, out = table.sum(axis=2), counts.exits(cause)
    squares, totals = 0.0, np.zeros(len(counts.strata))
    for arm in (0, 1):
        stayed, left = _residuals(counts, weeks, value, arm)
        ended, staying = out[arm], leaving[arm] - out[arm]
        squares += float((staying * stayed**2 + ended * left**2).sum())
        totals += (staying * stayed + ended * left).sum(axis=1)
    if cluster is None:
        return squares
    labels, groups = codes(cluster)
    if len(groups) != len(counts.strata) or len(labels) < 2:
        raise DegenerateError("clusters are given as one label a stratum, at least two different")
    return float((sums(groups, totals, len(labels)) ** 2).sum())


def _residuals(counts: Counts, weeks: _Weeks, value: float, arm: int) -> tuple[Floats, Floats]:
    """Give the score residual of one citizen by stratum and week: without exit in that week, and with one."""
    first, second, slope, rest = _sums(weeks, value)
    ratio, m = math.exp(value * arm), weeks.ties
    a = weeks.risk * math.exp(value) + weeks.risk_other
    b = weeks.out * math.exp(value) + weeks.out_other
    through = slope * first + rest * second
    full = ratio * (arm * first - through)
    part = (a * first - m) / b, (a * slope * first + a * rest * second - slope * m - rest * first) / b
    shape = (len(counts.strata), counts.weeks + 1)
    hazard, own = np.zeros(shape), np.zeros(shape)
    hazard[weeks.where] = full
    own[weeks.where] = arm - (slope + rest * first / m) + ratio * (arm * part[0] - part[1])
    stayed: Floats = -hazard.cumsum(axis=1)
    return stayed, stayed + own
