"""Stratified difference in means: each stratum's difference weighted by its citizens, variance after Neyman.

1. Within a stratum the difference is that of the two arm means; its variance is s1²/n1 + s0²/n0, which never
   understates the design variance (Neyman 1923; Imbens & Rubin 2015, chapter 9).
2. Strata are weighted by their share of citizens: the effect is that of the citizens randomised.
3. Every stratum needs two citizens in each arm; small strata are joined before (`strata.pool_small`).
4. Degrees of freedom: citizens minus two for each stratum, as estimatr's `difference_in_means` counts them.
"""

import numpy as np

from analysis.estimate.cells import Cells, Floats
from analysis.estimate.result import ROUNDING, DegenerateError, Result, estimated, estimator

NAME = "stratified-difference"


@estimator(NAME)
def stratified_difference(cells: Cells, *, level: float) -> Result:
    """Estimate the mean of the second arm minus the first, strata weighted by size."""
    check_arms(cells)
    if (cells.weight != 1).any() or cells.clustered:
        raise DegenerateError("weights and clusters need the regression: this estimator takes neither")
    counts, means, variances = arm_moments(cells)
    if (counts < 2).any():
        short = [cells.strata[index] for index in np.flatnonzero((counts < 2).any(axis=0))]
        raise DegenerateError(f"{len(short)} strata have fewer than 2 citizens in an arm, the first {short[0]}")
    share = counts.sum(axis=0) / counts.sum()
    value = float((share * (means[1] - means[0])).sum())
    variance = float((share**2 * (variances[1] / counts[1] + variances[0] / counts[0])).sum())
    check_varies(float((variances * (counts - 1)).sum()), cells)
    df = float(counts.sum() - 2 * counts.shape[1])
    return estimated(value, variance, level=level, n=cells.per_arm(), se_type="Neyman", estimator=NAME, df=df)


def check_arms(cells: Cells) -> None:
    """Raise DegenerateError when an arm has no citizen with an observed outcome."""
    for arm, number in cells.per_arm().items():
        if not number:
            raise DegenerateError(f"arm {arm} has no citizen with an observed outcome")


def check_varies(residual_squares: float, cells: Cells) -> None:
    """Raise DegenerateError when what is left after the fit is rounding only."""
    total = cells.total_squares()
    if total <= 0:
        raise DegenerateError("every citizen has the same outcome")
    if residual_squares <= ROUNDING * total:
        raise DegenerateError("the outcome does not vary within the arms: no standard error exists")


def arm_moments(cells: Cells) -> tuple[Floats, Floats, Floats]:
    """Give counts, means and sample variances as arrays arm x stratum; a variance of one citizen is given as 0."""
    counts, sums, squares = (
        np.stack([_by(cells, values, taken) for taken in (False, True)])
        for values in (cells.n.astype(np.float64), cells.y, cells.yy)
    )
    means = sums / np.maximum(counts, 1)
    within = np.maximum(squares - sums * means, 0)
    return counts, means, within / np.maximum(counts - 1, 1)


def _by(cells: Cells, values: Floats, taken: bool) -> Floats:
    return cells.by_stratum(np.where(cells.treated == taken, values, 0.0))
