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

UNVARIED = "the outcome does not vary beyond what the columns explain: no standard error exists"


@dataclass(frozen=True)
class Fit:
    """A fit: coefficients, inverse Gram matrix, residualised columns, residuals, weights, clusters.

    absorbed: dummies absorbed (their rank). base: each row's leverage in them, None where it is not known.
    strata: the codes of the one set of strata absorbed, None when there were several sets.
    """

    names: tuple[str, ...]
    coefficients: Floats
    bread: Floats  # inverse of X'WX, X residualised
    columns: Floats  # X residualised, rows x columns
    residual: Floats
    weight: Floats
    absorbed: int
    base: Floats | None
    strata: Ints | None
    cluster: Ints | None

    @property
    def size(self) -> int:
        """The number of rows."""
        return len(self.residual)

    @property
    def parameters(self) -> int:
        """Every absorbed dummy and every column."""
        return self.absorbed + len(self.names)

    def leverage(self) -> Floats:
        """The leverage of each row in the whole design, absorbed dummies included."""
        if self.base is None:
            raise DegenerateError("the leverage of so many fixed effects is not computed; HC1 and CR1 need none")
        own: Floats = np.einsum("ij,jk,ik->i", self.columns, self.bread, self.columns)
        return self.base + self.weight * own


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
    groups = None if cluster is None else codes(cluster)[1]
    rows = Rows(outcome, design, masses, groups, tuple(names))
    return solve(rows, within, moved, absorbed=len(labels), base=masses / mass[strata], strata=strata)


@dataclass(frozen=True)
class Rows:
    """The rows of a fit before anything is absorbed."""

    outcome: Floats
    design: Floats
    weight: Floats
    cluster: Ints | None
    names: tuple[str, ...]


def solve(
    rows: Rows, within: Floats, moved: Floats, *, absorbed: int, base: Floats | None, strata: Ints | None
) -> Fit:
    """Fit the residualised outcome on the residualised columns."""
    masses, outcome = rows.weight, rows.outcome
    gram = moved.T @ (masses[:, None] * moved)
    bread = invert(gram, rows.names, (masses[:, None] * rows.design**2).sum(axis=0))
    coefficients = bread @ (moved.T @ (masses * within))
    residual = within - moved @ coefficients
    if (masses * residual**2).sum() <= ROUNDING * (masses * (outcome - outcome.mean()) ** 2).sum():
        raise DegenerateError(UNVARIED)
    return Fit(rows.names, coefficients, bread, moved, residual, masses, absorbed, base, strata, rows.cluster)


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


def invert(gram: Floats, names: Sequence[str], scale: Floats) -> Floats:
    """Invert the Gram matrix; the pivots of its Cholesky factor show a column that others explain."""
    for index, name in enumerate(names):
        others = gram[:index, :index]
        explained = gram[:index, index] @ np.linalg.solve(others, gram[:index, index]) if index else 0.0
        left = float(gram[index, index] - explained)
        if left <= 1e-10 * max(float(gram[index, index]), 1e-4 * float(scale[index]), 1e-300):
            raise DegenerateError(f"{name} does not vary within strata beyond the other columns")
    return np.linalg.inv(gram).astype(np.float64)
