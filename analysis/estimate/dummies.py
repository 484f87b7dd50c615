"""Columns of a model: covariates as they are, sets of dummies as codes. The dummies are never made.

1. Products with a vector and the weighted Gram matrix are sums by code: a million rows and hundreds of dummies cost
   passes, not a matrix.
2. The first set is whole and serves as the constant; a later set, or a covariate, keeps only the columns that those
   before do not explain. What is left out changes no fit; a covariate left out is named.
3. `project` takes every set out of a column (weighted): one small pseudo-inverse, applied twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy import linalg

from analysis.estimate.cells import Floats, Ints, codes
from analysis.estimate.linear import finite
from analysis.estimate.result import DegenerateError

MAX_COLUMNS = 4000


@dataclass(frozen=True)
class Columns:
    """Sets of codes (the dummies, first) and dense covariates (last)."""

    sets: tuple[Ints, ...]
    sizes: tuple[int, ...]
    dense: Floats  # rows x covariates
    names: tuple[str, ...]

    def __len__(self) -> int:
        """Count rows."""
        return len(self.dense)

    @property
    def dummies(self) -> int:
        """Count the dummies."""
        return sum(self.sizes)

    @property
    def width(self) -> int:
        """Count all columns."""
        return self.dummies + len(self.names)

    @cached_property
    def _starts(self) -> list[int]:
        return [sum(self.sizes[:index]) for index in range(len(self.sizes))]

    def times(self, vector: Floats) -> Floats:
        """Multiply the columns by a vector: one number a row."""
        product: Floats = self.dense @ vector[self.dummies :]
        for start, code in zip(self._starts, self.sets, strict=True):
            product = product + vector[start:][code]
        return product

    def sums(self, weight: Floats) -> Floats:
        """Multiply the transposed columns by a weight: one number a column."""
        parts = [
            np.bincount(code, weights=weight, minlength=size)
            for code, size in zip(self.sets, self.sizes, strict=True)
        ]
        return np.concatenate([*parts, self.dense.T @ weight])

    def gram(self, weight: Floats) -> Floats:
        """Give the weighted Gram matrix of all columns."""
        matrix = np.zeros((self.width, self.width))
        matrix[self.dummies :, self.dummies :] = self.dense.T @ (weight[:, None] * self.dense)
        for index, (start, code, size) in enumerate(zip(self._starts, self.sets, self.sizes, strict=True)):
            own = slice(start, start + size)
            matrix[own, own] = np.diag(np.bincount(code, weights=weight, minlength=size))
            for place, column in enumerate(self.dense.T, start=self.dummies):
                matrix[own, place] = matrix[place, own] = np.bincount(code, weights=weight * column, minlength=size)
            for other in range(index + 1, len(self.sets)):
                begin, wide = self._starts[other], self.sizes[other]
                both = np.bincount(code * wide + self.sets[other], weights=weight, minlength=size * wide)
                matrix[own, begin : begin + wide] = both.reshape(size, wide)
                matrix[begin : begin + wide, own] = both.reshape(size, wide).T
        return matrix

    def part(self, rows: npt.NDArray[np.bool_]) -> "Columns":
        """Keep some rows, the columns as they are."""
        return Columns(tuple(code[rows] for code in self.sets), self.sizes, self.dense[rows], self.names)


def columns_of(sets: Sequence[npt.ArrayLike], covariates: npt.ArrayLike, names: Sequence[str], size: int) -> Columns:
    """Make columns from labels of each set (a constant where there is none) and covariates (rows x covariates)."""
    dense = finite(covariates, "covariate").reshape(size, -1)
    coded = [codes(labels) for labels in sets] or [(("all",), np.zeros(size, dtype=np.int64))]
    found = Columns(tuple(code for _, code in coded), tuple(len(labels) for labels, _ in coded), dense, tuple(names))
    if found.width > MAX_COLUMNS:
        raise DegenerateError(f"strata, periods and covariates make more than {MAX_COLUMNS} columns")
    return found


def independent(gram: Floats) -> Ints:
    """Give the columns, in order, that those before do not explain (Cholesky of the Gram matrix, scaled)."""
    scale = np.sqrt(np.maximum(np.diag(gram), 1e-300))
    unit = gram / np.outer(scale, scale)
    factor = np.zeros_like(unit)
    kept: list[int] = []
    for column in np.flatnonzero(np.diag(gram) > 0):
        held = len(kept)
        row = linalg.solve_triangular(factor[:held, :held], unit[kept, column], lower=True) if kept else np.zeros(0)
        left = 1.0 - float(row @ row)
        if left > 1e-10:
            factor[held, :held], factor[held, held] = row, np.sqrt(left)
            kept.append(int(column))
    return np.array(kept, dtype=np.int64)


def note_left_out(columns: Columns, kept: Ints) -> tuple[str, ...]:
    """Say which covariates are not among the kept columns: one note, or none."""
    used = set(kept.tolist())
    missing = [name for place, name in enumerate(columns.names, start=columns.dummies) if place not in used]
    explained = "explained by strata, periods or other covariates and left out"
    return (f"{explained}: {', '.join(missing)}",) if missing else ()


@dataclass(frozen=True)
class Projection:
    """The dummies, ready to be taken out of any column: their pseudo-inverse, rank and each row's leverage."""

    columns: Columns
    weight: Floats
    inverse: Floats
    rank: int

    def take_out(self, values: Floats) -> Floats:
        """Subtract what the dummies explain; twice, so that rounding is taken out as well."""
        moved = values
        for _ in range(2):
            moved = moved - self.columns.times(self.inverse @ self.columns.sums(self.weight * moved))
        return moved

    def leverage(self) -> Floats:
        """Give the leverage of each row in the dummies."""
        starts = np.cumsum([0, *self.columns.sizes[:-1]])
        places = [code + start for code, start in zip(self.columns.sets, starts, strict=True)]
        total = np.zeros(len(self.columns))
        for first in places:
            for second in places:
                total += self.inverse[first, second]
        return self.weight * total


def project(sets: Sequence[npt.ArrayLike], weight: Floats) -> Projection:
    """Prepare to take the dummies of every set out of columns."""
    columns = columns_of(sets, np.zeros((len(weight), 0)), (), len(weight))
    gram = columns.gram(weight)
    inverse = np.linalg.pinv(gram, rcond=1e-12, hermitian=True).astype(np.float64)
    return Projection(columns, weight, inverse, len(independent(gram)))
