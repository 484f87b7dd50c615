"""Cells: the moments of the outcome by stratum, arm, cluster and weight, from which linear estimators follow exactly.

1. A cell holds n, the sums of y and y², and with a dose d those of d, d² and dy. Nothing else of a person is kept.
2. The outcome is centred at a whole number first, so that large means cost no digits.
3. Whole-number outcomes are summed exactly in any order; others are sorted first. The same citizens give the same
   bits whatever the order of the rows.
4. Missing and infinite values are refused by name; small integer columns are widened before they are squared.

Wong, Lewis & Wardrop (2021), Journal of Statistical Software: fits from sufficient statistics.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.estimate.result import DegenerateError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
_EXACT = 2.0**53


@dataclass(frozen=True)
class Cells:
    """The cell table. Arrays run over cells; `stratum` and `cluster` are codes from 0; y is centred at `centre`."""

    arms: tuple[str, str]  # (against, of)
    stratum: Ints
    treated: Bools
    cluster: Ints
    weight: Floats
    n: Ints
    y: Floats
    yy: Floats
    d: Floats
    dd: Floats
    dy: Floats
    centre: float
    strata: tuple[str, ...]
    clustered: bool

    def per_arm(self) -> dict[str, int]:
        """Count the citizens in each arm."""
        against, of = self.arms
        return {against: int(self.n[~self.treated].sum()), of: int(self.n[self.treated].sum())}

    @property
    def size(self) -> int:
        """The number of citizens."""
        return int(self.n.sum())

    def by_stratum(self, values: Floats) -> Floats:
        """Sum a cell column within each stratum."""
        return sums(self.stratum, values, len(self.strata))

    def total_squares(self) -> float:
        """The weighted sum of squares of y about its mean: the yardstick for rounding."""
        mass = self.weight * self.n
        mean = float((self.weight * self.y).sum() / mass.sum())
        return float((self.weight * (self.yy - 2 * mean * self.y + self.n * mean**2)).sum())


def tabulate(
    y: npt.ArrayLike,
    treated: npt.ArrayLike,
    stratum: npt.ArrayLike,
    *,
    arms: tuple[str, str] = ("control", "treated"),
    dose: npt.ArrayLike | None = None,
    cluster: npt.ArrayLike | None = None,
    weight: npt.ArrayLike | None = None,
) -> Cells:
    """Count citizens into cells; `treated` is true for arms[1]. Raises DegenerateError on data that cannot be."""
    outcome, taken = _numbers(y, "outcome"), np.asarray(treated, dtype=bool)
    if not len(outcome):
        raise DegenerateError("no citizen has an observed outcome")
    amount = None if dose is None else _numbers(dose, "dose")
    masses = None if weight is None else _positive(_numbers(weight, "weight"))
    names, strata = codes(stratum)
    groups = np.zeros(len(outcome), dtype=np.int64) if cluster is None else codes(cluster)[1]
    levels, weights = _levels(masses, len(outcome))
    key, first = _key(strata, taken, groups, weights)
    order = None if whole(outcome) and (amount is None or whole(amount)) else _order(key, outcome, amount)
    if order is not None:
        key, outcome, amount = key[order], outcome[order], None if amount is None else amount[order]
    centre = float(np.round(outcome.mean())) if order is not None else float(np.round(outcome.sum() / len(outcome)))
    shifted = outcome - centre
    _check_size(shifted)
    size = len(first[0])
    none = np.zeros(size)
    return Cells(
        arms=arms, stratum=first[0], treated=first[1] == 1, cluster=first[2], weight=levels[first[3]],
        n=np.bincount(key, minlength=size), y=sums(key, shifted, size), yy=sums(key, shifted * shifted, size),
        d=none if amount is None else sums(key, amount, size),
        dd=none if amount is None else sums(key, amount * amount, size),
        dy=none if amount is None else sums(key, amount * shifted, size),
        centre=centre, strata=names, clustered=cluster is not None,
    )  # fmt: skip


def codes(labels: npt.ArrayLike) -> tuple[tuple[str, ...], Ints]:
    """Give the sorted names and, for each row, the code of its name."""
    values = np.asarray(labels)
    if np.issubdtype(values.dtype, np.integer):
        names, positions = unique(values)
        return tuple(str(name) for name in names), positions
    import pandas as pd  # noqa: PLC0415 - hashing is ten times faster than sorting text

    positions, names = pd.factorize(np.asarray(labels, dtype=object), sort=True)
    if (positions < 0).any():
        raise DegenerateError(f"{int((positions < 0).sum())} citizens have no stratum or cluster")
    return tuple(str(name) for name in names), positions.astype(np.int64)


def narrow_codes(labels: npt.ArrayLike) -> tuple[npt.NDArray[np.integer[Any]], int]:
    """Give each row's code and how many codes there may be; small whole numbers from 0 are their own codes."""
    values = np.asarray(labels)
    if np.issubdtype(values.dtype, np.integer) and len(values) and values.min() >= 0 and values.max() < 2**16:
        return values, int(values.max()) + 1
    names, positions = codes(values)
    return positions, len(names)


def unique(values: npt.NDArray[np.generic]) -> tuple[npt.NDArray[np.generic], Ints]:
    """Give the sorted distinct values and each row's position among them; small integers are counted, not sorted."""
    if np.issubdtype(values.dtype, np.integer) and len(values):
        low, high = int(values.min()), int(values.max())
        if high - low < 2**20:
            shifted = values.astype(np.int64) - low
            present = np.flatnonzero(np.bincount(shifted, minlength=high - low + 1))
            places = np.zeros(high - low + 1, dtype=np.int64)
            places[present] = np.arange(len(present))
            return present + low, places[shifted]
    found, positions = np.unique(values, return_inverse=True)
    return found, positions.astype(np.int64)


def whole(values: Floats) -> bool:
    """Tell whether the sums of these values and of their squares are exact in any order."""
    if not len(values):
        return True
    largest = float(np.abs(values).max())
    return largest * largest * len(values) < _EXACT and bool((values == np.rint(values)).all())


def _numbers(values: npt.ArrayLike, what: str) -> Floats:
    numbers = np.asarray(values, dtype=np.float64)
    if np.isnan(numbers).any():
        raise DegenerateError(f"{int(np.isnan(numbers).sum())} citizens have no {what}")
    if not np.isfinite(numbers).all():
        raise DegenerateError(f"{int((~np.isfinite(numbers)).sum())} citizens have an infinite {what}")
    return numbers


def _positive(weights: Floats) -> Floats:
    if not (weights > 0).all():
        raise DegenerateError(f"{int((weights <= 0).sum())} citizens have a weight that is not above zero")
    return weights


def _check_size(shifted: Floats) -> None:
    largest = float(np.abs(shifted).max())
    if largest > 1e150:
        raise DegenerateError("the outcome is too large to be squared")


def _key(strata: Ints, taken: Bools, groups: Ints, weights: Ints) -> tuple[Ints, tuple[Ints, ...]]:
    shape = (int(strata.max()) + 1, 2, int(groups.max()) + 1, int(weights.max()) + 1)
    joint = np.ravel_multi_index((strata, taken.astype(np.int64), groups, weights), shape)
    present, key = unique(joint)
    return key, tuple(part.astype(np.int64) for part in np.unravel_index(present.astype(np.int64), shape))


def _order(key: Ints, outcome: Floats, amount: Floats | None) -> Ints:
    keys = (outcome, key) if amount is None else (amount, outcome, key)
    return np.lexsort(keys)


def _levels(masses: Floats | None, size: int) -> tuple[Floats, Ints]:
    if masses is None:
        return np.ones(1), np.zeros(size, dtype=np.int64)
    levels, positions = np.unique(masses, return_inverse=True)
    return levels, positions.astype(np.int64)


def sums(key: Ints, values: Floats, size: int) -> Floats:
    """Add up values by code, as floats."""
    return np.bincount(key, weights=values, minlength=size).astype(np.float64, copy=False)
