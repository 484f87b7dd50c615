"""Log-rank tests from counts: plain and stratified.

1. In each week the exits of the second arm are compared with what the hypergeometric distribution expects; the
   statistic is (observed - expected)² over the variance, summed over weeks, or over weeks and strata.
2. The stratified test compares citizens only within their stratum: the test that belongs to stratified randomisation.
"""

import numpy as np

from analysis.estimate.cells import Floats
from analysis.estimate.counts import Counts
from analysis.estimate.result import DegenerateError, HypothesisTest, NotEstimable, estimator, upper_tail

LOG_RANK = "log-rank"
STRATIFIED = "stratified-log-rank"


@estimator(LOG_RANK)
def log_rank(counts: Counts, *, cause: int | None = None) -> HypothesisTest | NotEstimable:
    """Test equal hazards of the two arms, strata added up."""
    return _test(counts, cause, LOG_RANK, stratified=False)


@estimator(STRATIFIED)
def stratified_log_rank(counts: Counts, *, cause: int | None = None) -> HypothesisTest | NotEstimable:
    """Test equal hazards of the two arms within every stratum."""
    return _test(counts, cause, STRATIFIED, stratified=True)


def _test(counts: Counts, cause: int | None, name: str, *, stratified: bool) -> HypothesisTest:
    at_risk, exits = counts.at_risk().astype(np.float64), counts.exits(cause).astype(np.float64)
    if not stratified:
        at_risk, exits = at_risk.sum(axis=1), exits.sum(axis=1)
    risk, out = at_risk.sum(axis=0), exits.sum(axis=0)
    seen = (risk > 1) & (out > 0)
    expected, variance = hypergeometric(at_risk[1][seen], risk[seen], out[seen])
    difference = float(exits[1][seen].sum() - expected.sum())
    if variance <= 0:
        raise DegenerateError("no week has exits while both arms are at risk")
    statistic = difference**2 / variance
    extra = {"observed_minus_expected": difference, "variance": variance}
    p = min(1.0, 2 * upper_tail(statistic**0.5, None))
    return HypothesisTest(statistic, p, name, counts.per_arm(), df=1, extra=extra)


def hypergeometric(own: Floats, risk: Floats, out: Floats) -> tuple[Floats, float]:
    """Give the exits expected in the own arm in each week, and the variance of their sum."""
    share = own / risk
    return out * share, float((out * share * (1 - share) * (risk - out) / (risk - 1)).sum())
