"""Strata-adjusted regression of the outcome on the arm, strata absorbed, in closed form from cells.

1. The arm is residualised within strata; the slope is the ratio of two sums over cells. No dummy is ever built.
2. The slope weights strata by n p (1-p), with p the share of the second arm: with equal allocation by their size.
3. Inference by the declared convention (`robust`); degrees of freedom are citizens minus strata minus one.
"""

import numpy as np

from analysis.estimate.cells import Cells, Floats
from analysis.estimate.difference import check_arms, check_varies
from analysis.estimate.result import DegenerateError, Result, estimated, estimator
from analysis.estimate.robust import Fit, variance

NAME = "strata-regression"


@estimator(NAME)
def strata_regression(cells: Cells, *, se_type: str, level: float) -> Result:
    """Estimate the effect of the second arm against the first with strata fixed effects."""
    value, fit = fit_arm(cells)
    squared, df = variance(fit, se_type)
    return estimated(value, squared, level=level, n=cells.per_arm(), se_type=se_type, estimator=NAME, df=df)


def fit_arm(cells: Cells) -> tuple[float, Fit]:
    """Fit y on the arm and the strata; give the slope and what its variance needs."""
    check_arms(cells)
    mass, arm = residualised_arm(cells)
    means = strata_means(cells, cells.y, mass)
    scale = float((cells.weight * cells.n * arm**2).sum())
    slope = float((cells.weight * arm * (cells.y - cells.n * means[cells.stratum])).sum()) / scale
    fitted = means[cells.stratum] + slope * arm
    squares = np.maximum(cells.yy - 2 * fitted * cells.y + cells.n * fitted**2, 0)
    check_varies(float((cells.weight * squares).sum()), cells)
    return slope, Fit(cells, arm, cells.y - cells.n * fitted, squares, scale, mass, parameters(cells))


def residualised_arm(cells: Cells) -> tuple[Floats, Floats]:
    """Give the mass of each stratum and, by cell, the arm minus its stratum mean."""
    mass = cells.by_stratum(cells.weight * cells.n)
    share = cells.by_stratum(cells.weight * cells.n * cells.treated) / mass
    arm = cells.treated - share[cells.stratum]
    if not (cells.n * arm**2).sum() > 1e-12 * cells.size:
        raise DegenerateError("no stratum has citizens in both arms")
    return mass, arm


def strata_means(cells: Cells, sums: Floats, mass: Floats) -> Floats:
    """Give the weighted mean of a summed column in each stratum."""
    return cells.by_stratum(cells.weight * sums) / mass


def parameters(cells: Cells) -> int:
    """Count the parameters: one for each stratum and one for the arm."""
    return len(cells.strata) + 1
