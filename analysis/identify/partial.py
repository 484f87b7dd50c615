"""Partialling out: what is left of a column once strata, calendar time and covariates have explained what they can.

1. Cells are combinations of codes. Taking out the cells saturates: every stratum has its own calendar.
2. Covariates are taken out after the cells; those the cells or earlier covariates explain take nothing more out.
3. Degrees of freedom are counted exactly: rows, less cells, less covariates that explain something.
4. A slope has the robust (HC1) standard error, or the clustered one (CR1) where clusters are given.

Sums by code in one pass a column: nothing here sorts rows or makes a dummy.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.typing import NDArray
from scipy import special

from analysis.estimate.result import quantile

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
_NOTHING = 1e-10


def compress(codes: npt.ArrayLike) -> tuple[Ints, int]:
    """Give codes from 0 without gaps, and how many there are; order of codes is kept."""
    code = np.asarray(codes)
    if not len(code):
        return np.zeros(0, dtype=np.int64), 0
    low, high = int(code.min()), int(code.max())
    if high - low > 4 * len(code) + 1_000_000:
        labels, position = np.unique(code, return_inverse=True)
        return position.astype(np.int64), len(labels)
    shifted = code.astype(np.int64) - low
    used = np.bincount(shifted, minlength=high - low + 1) > 0
    return (np.cumsum(used) - 1)[shifted], int(used.sum())


def crossed(*codes: npt.ArrayLike | None) -> tuple[Ints, int]:
    """Cross codes into cells; what is None is not crossed with."""
    given = [compress(code) for code in codes if code is not None]
    cell, size = given[0]
    for code, n in given[1:]:
        cell, size = compress(cell * n + code)
    return cell, size


def demeaned(values: Floats, cell: Ints, size: int) -> Floats:
    """Take the mean of its cell out of every value."""
    count = np.maximum(np.bincount(cell, minlength=size), 1)
    moved: Floats = values - (np.bincount(cell, weights=values, minlength=size) / count)[cell]
    return moved


@dataclass(frozen=True)
class Partial:
    """Cells and covariates to take out of columns; `free` are the degrees of freedom left."""

    cell: Ints
    size: int
    basis: Floats  # orthonormal, rows x covariates that explain something
    free: int

    def __call__(self, values: Floats) -> Floats:
        """Give what is left of a column."""
        left = demeaned(values, self.cell, self.size)
        if self.basis.shape[1]:
            left = left - self.basis @ (self.basis.T @ left)
        return left


def partial(cells: Sequence[npt.ArrayLike | None], covariates: Floats) -> Partial:
    """Prepare to take cells and covariates out."""
    cell, size = crossed(*cells)
    n = len(cell)
    columns: list[Floats] = []
    for column in covariates.T:
        left = demeaned(column.astype(np.float64), cell, size)
        before = float(np.sqrt(((column - column.mean()) ** 2).sum())) if n else 0.0
        for _ in range(2):
            for other in columns:
                left = left - other * float(other @ left)
        length = math.sqrt(float(left @ left))
        if length > _NOTHING * max(before, 1e-300):
            columns.append(left / length)
    basis = np.column_stack(columns) if columns else np.zeros((n, 0))
    return Partial(cell, size, basis, n - size - len(columns))


@dataclass(frozen=True)
class Slope:
    """The slope of what is left of an outcome on what is left of a treatment; df None for the normal."""

    value: float
    se: float
    df: float | None

    def interval(self, level: float) -> tuple[float, float]:
        """Give the interval."""
        half = quantile(0.5 + level / 2, self.df) * self.se
        return self.value - half, self.value + half

    @property
    def p(self) -> float:
        """Give the two-sided p-value of no slope."""
        if self.se == 0:
            return 1.0 if self.value == 0 else 0.0
        t = abs(self.value) / self.se
        return float(2 * (special.ndtr(-t) if self.df is None else special.stdtr(self.df, -t)))


def slope(outcome: Floats, treatment: Floats, free: int, cluster: npt.ArrayLike | None = None) -> Slope | None:
    """Give the slope between two columns already partialled out; None where the treatment has nothing left."""
    mass = float(treatment @ treatment)
    if mass <= _NOTHING * max(len(treatment), 1) or free < 2:
        return None
    value = float(treatment @ outcome) / mass
    score = treatment * (outcome - value * treatment)
    n = len(treatment)
    if cluster is None:
        meat, factor, df = float(score @ score), n / (free - 1), float(free - 1)
    else:
        code, groups = compress(cluster)
        if groups < 2:
            return None
        own = np.bincount(code, weights=score, minlength=groups)
        meat, factor, df = float(own @ own), groups / (groups - 1) * (n - 1) / (free - 1), float(groups - 1)
    return Slope(value, math.sqrt(meat * factor) / mass, df)


def two_way_residual(values: Floats, first: npt.ArrayLike, second: npt.ArrayLike) -> tuple[Floats, int]:
    """Take two sets of codes out additively, exactly; give what is left and the rank of both sets."""
    (row, rows), (column, columns) = compress(first), compress(second)
    table = np.bincount(row * columns + column, minlength=rows * columns).reshape(rows, columns).astype(np.float64)
    mass, weight = table.sum(axis=1), table.sum(axis=0)
    gram = np.diag(weight) - table.T @ (table / mass[:, None])
    left = demeaned(values, row, rows)
    right = np.bincount(column, weights=left, minlength=columns)
    effect, _, rank, _ = np.linalg.lstsq(gram, right, rcond=1e-11)
    return demeaned(left - effect[column], row, rows), rows + int(rank)


def standardise(values: NDArray[Any]) -> float:
    """Give the standard deviation of a column, as a float."""
    return float(np.asarray(values, dtype=np.float64).std(ddof=1)) if len(values) > 1 else 0.0
