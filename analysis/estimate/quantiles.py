"""Effects on quantiles: quantile regression as an exact linear program, and the difference of arm quantiles.

1. The regression quantile solves a linear program (Koenker & Bassett 1978); HiGHS solves it on the distinct
   rows with their counts: exact, not the limit of reweighted least squares.
2. Its standard error is Powell's (1991) sandwich with a Gaussian kernel and the Hall & Sheather bandwidth.
3. The difference of quantiles uses each arm's distribution with strata weighted by size; its standard error is
   Woodruff's (1952) interval of the distribution function read backwards. Where a quantile lies inside one tied
   value the interval has no width, and nothing is estimated.
"""

import math

import numpy as np
import numpy.typing as npt
from scipy import optimize, sparse

from analysis.estimate.cells import Bools, Floats, Ints, codes
from analysis.estimate.linear import finite
from analysis.estimate.result import DegenerateError, Result, estimated, estimator, quantile

REGRESSION = "quantile-regression"
DIFFERENCE = "quantile-difference"


@estimator(REGRESSION)
def quantile_regression(
    y: npt.ArrayLike,
    treated: npt.ArrayLike,
    stratum: npt.ArrayLike,
    *,
    probability: float,
    level: float,
    arms: tuple[str, str] = ("control", "treated"),
) -> Result:
    """Estimate the effect of the second arm on a conditional quantile, with an intercept for each stratum."""
    outcome, taken = finite(y, "outcome"), np.asarray(treated, dtype=bool)
    _check(outcome, taken, probability, arms)
    labels, strata = codes(stratum)
    distinct, count = np.unique(np.column_stack([outcome, taken, strata]), axis=0, return_counts=True)
    design = _design(distinct[:, 1], distinct[:, 2].astype(np.int64), len(labels))
    coefficients = regression_quantile(distinct[:, 0], design, count.astype(np.float64), probability)
    residual = distinct[:, 0] - design @ coefficients
    variance = _powell(design, residual, count.astype(np.float64), probability)
    sizes = {arms[0]: int((~taken).sum()), arms[1]: int(taken.sum())}
    df = float(len(outcome) - len(labels) - 1)
    return estimated(
        float(coefficients[0]), variance, level=level, n=sizes, se_type="Powell", estimator=REGRESSION, df=df
    )


@estimator(DIFFERENCE)
def quantile_difference(
    y: npt.ArrayLike,
    treated: npt.ArrayLike,
    stratum: npt.ArrayLike,
    *,
    probability: float,
    level: float,
    arms: tuple[str, str] = ("control", "treated"),
) -> Result:
    """Estimate the difference of the arms' quantiles, strata weighted by size."""
    outcome, taken = finite(y, "outcome"), np.asarray(treated, dtype=bool)
    _check(outcome, taken, probability, arms)
    _, strata = codes(stratum)
    share = np.bincount(strata) / len(strata)
    parts = [_arm_quantile(outcome, own, strata, share, probability) for own in (~taken, taken)]
    sizes = {arms[0]: int((~taken).sum()), arms[1]: int(taken.sum())}
    return estimated(
        parts[1][0] - parts[0][0], parts[0][1] ** 2 + parts[1][1] ** 2, level=level, n=sizes, se_type="Woodruff",
        estimator=DIFFERENCE,
    )  # fmt: skip


def _check(outcome: Floats, taken: Bools, probability: float, arms: tuple[str, str]) -> None:
    if not 0 < probability < 1:
        raise DegenerateError("a quantile lies between 0 and 1")
    for arm, own in zip(arms, (~taken, taken), strict=True):
        if not own.any():
            raise DegenerateError(f"arm {arm} has no citizen with an observed outcome")
    if len(np.unique(outcome)) == 1:
        raise DegenerateError("every citizen has the same outcome")


def _design(taken: Floats, strata: Ints, size: int) -> sparse.csr_array:
    rows = np.arange(len(taken))
    dummies = sparse.csr_array((np.ones(len(taken)), (rows, strata)), shape=(len(taken), size))
    return sparse.csr_array(sparse.hstack([sparse.csr_array(taken[:, None]), dummies]))


def regression_quantile(y: Floats, design: sparse.csr_array, count: Floats, probability: float) -> Floats:
    """Solve the dual: maximise y'a over 0 <= a <= count with X'a fixed; its multipliers are the coefficients."""
    right = (1 - probability) * (design.T @ count)
    solution = optimize.linprog(
        -y, A_eq=design.T.tocsr(), b_eq=right, bounds=np.column_stack([np.zeros(len(y)), count]), method="highs"
    )
    if not solution.success:
        raise DegenerateError("the linear program has no solution: an arm or stratum says nothing of the quantile")
    coefficients: Floats = -solution.eqlin.marginals
    return coefficients


def _powell(design: sparse.csr_array, residual: Floats, count: Floats, probability: float) -> float:
    size = float(count.sum())
    spread = _spread(residual, count)
    if spread <= 0:
        raise DegenerateError("most citizens have one value: the density at the quantile cannot be seen")
    width = spread * _hall_sheather(size, probability)
    density = count * np.exp(-0.5 * (residual / width) ** 2) / math.sqrt(2 * math.pi) / width
    bread = (design.T @ (design * density[:, None])).toarray()
    meat = (design.T @ (design * count[:, None])).toarray()
    try:
        root = np.linalg.solve(bread, np.eye(len(bread))[0])
    except np.linalg.LinAlgError as error:
        raise DegenerateError("no density is seen at the quantile of a stratum") from error
    return float(probability * (1 - probability) * root @ meat @ root)


def _spread(residual: Floats, count: Floats) -> float:
    order = np.argsort(residual)
    reached = np.cumsum(count[order]) / count.sum()
    low, high = (float(residual[order][np.searchsorted(reached, share)]) for share in (0.25, 0.75))
    mean = float((count * residual).sum() / count.sum())
    deviation = math.sqrt(float((count * (residual - mean) ** 2).sum() / count.sum()))
    return min(deviation, (high - low) / 1.34)


def _hall_sheather(size: float, probability: float) -> float:
    point = quantile(probability, None)
    density = math.exp(-0.5 * point**2) / math.sqrt(2 * math.pi)
    width = size ** (-1 / 3) * quantile(0.975, None) ** (2 / 3) * (1.5 * density**2 / (2 * point**2 + 1)) ** (1 / 3)
    width = min(width, 0.99 * probability, 0.99 * (1 - probability))
    return quantile(probability + width, None) - quantile(probability - width, None)


def _arm_quantile(
    outcome: Floats, own: Bools, strata: Ints, share: Floats, probability: float
) -> tuple[float, float]:
    values, members = outcome[own], strata[own]
    counts = np.bincount(members, minlength=len(share))
    if (counts < 2).any():
        raise DegenerateError("a stratum has fewer than 2 citizens in an arm")
    weight = (share / counts)[members]
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weight[order])

    def at(probability_there: float) -> float:
        position = np.searchsorted(reached, probability_there - 1e-12)
        return float(values[order][min(int(position), len(values) - 1)])

    point = at(probability)
    below = np.bincount(members, weights=values <= point, minlength=len(share)) / counts
    error = math.sqrt(float((share**2 * below * (1 - below) / (counts - 1)).sum()))
    low, high = probability - error, probability + error
    if not (low > 0 and high < 1) or at(high) <= at(low):
        raise DegenerateError("the quantile lies inside one tied value or at the edge: no standard error exists")
    return point, (at(high) - at(low)) / 2
