"""Least squares of rows on columns with strata absorbed: for covariates, where cells would be as many as citizens.

1. Outcome and columns are residualised within strata (weighted means); coefficients are those of the regression with
   a dummy for every stratum (Frisch, Waugh & Lovell).
2. A column that strata or earlier columns explain is refused by name, never dropped silently.
3. Parameters count every stratum: the convention of `robust` holds here too.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.estimate.cells import Floats, Ints, codes, sums
from analysis.estimate.result import ROUNDING, DegenerateError


@dataclass(frozen=True)
class Fit:
    """A fit: coefficients, inverse Gram matrix, residualised columns, residuals, weights, strata and clusters."""

    names: tuple[str, ...]
    coefficients: Floats
    bread: Floats  # inverse of X'WX, X residualised
    columns: Floats  # X residualised, rows x columns
    residual: Floats
    weight: Floats
    strata: Ints
    strata_mass: Floats
    cluster: Ints | None

    @property
    def size(self) -> int:
        """The number of rows."""
        return len(self.residual)

    @property
    def parameters(self) -> int:
        """Every stratum and every column."""
        return len(self.strata_mass) + len(self.names)

    def leverage(self) -> Floats:
        """The leverage of each row in the design of strata and columns."""
        own: Floats = np.einsum("ij,jk,ik->i", self.columns, self.bread, self.columns)
        return self.weight * (1.0 / self.strata_mass[self.strata] + own)


def fit_rows(
    y: npt.ArrayLike,
    columns: npt.ArrayLike,
    stratum: npt.ArrayLike,
    *,
    names: Sequence[str],
    weight: npt.ArrayLike | None = None,
    cluster: npt.ArrayLike | None = None,
) -> Fit:
    """Fit y on the columns (rows x columns) with strata absorbed."""
    outcome, design = finite(y, "outcome"), finite(columns, "covariate")
    design = design.reshape(len(outcome), -1)
    if not len(outcome):
        raise DegenerateError("no citizen has an observed outcome")
    masses = np.ones(len(outcome)) if weight is None else finite(weight, "weight")
    if (masses <= 0).any():
        raise DegenerateError("a weight is not above zero")
    labels, strata = codes(stratum)
    mass = sums(strata, masses, len(labels))
    within = within_strata(outcome, strata, masses, mass)
    moved = np.column_stack([within_strata(column, strata, masses, mass) for column in design.T])
    bread = _inverse(moved, masses, names, (masses[:, None] * design**2).sum(axis=0))
    coefficients = bread @ (moved.T @ (masses * within))
    residual = within - moved @ coefficients
    if (masses * residual**2).sum() <= ROUNDING * (masses * (outcome - outcome.mean()) ** 2).sum():
        raise DegenerateError("the columns explain the outcome fully: no standard error exists")
    groups = None if cluster is None else codes(cluster)[1]
    return Fit(tuple(names), coefficients, bread, moved, residual, masses, strata, mass, groups)


def within_strata(values: Floats, strata: Ints, weight: Floats, mass: Floats) -> Floats:
    """Subtract the weighted mean of the stratum."""
    means = sums(strata, weight * values, len(mass)) / mass
    moved: Floats = values - means[strata]
    return moved


def finite(values: npt.ArrayLike, what: str) -> Floats:
    """Give the values as floats; raises DegenerateError when one is missing or infinite."""
    numbers = np.asarray(values, dtype=np.float64)
    bad = int((~np.isfinite(numbers)).sum())
    if bad:
        raise DegenerateError(f"{bad} values of a {what} are missing or infinite")
    return numbers


def _inverse(moved: Floats, weight: Floats, names: Sequence[str], scale: Floats) -> Floats:
    """Invert the Gram matrix; the pivots of its Cholesky factor show a column that others explain."""
    gram = moved.T @ (weight[:, None] * moved)
    for index, name in enumerate(names):
        others = gram[:index, :index]
        explained = gram[:index, index] @ np.linalg.solve(others, gram[:index, index]) if index else 0.0
        left = float(gram[index, index] - explained)
        if left <= 1e-10 * max(float(gram[index, index]), 1e-4 * float(scale[index]), 1e-300):
            raise DegenerateError(f"{name} does not vary within strata beyond the other columns")
    return np.linalg.inv(gram).astype(np.float64)
