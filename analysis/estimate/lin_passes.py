"""Lin's regression in two passes over the rows: moments by stratum and arm, then the meat. No design matrix is made.

The design has the arm, the centred covariates and their products with the arm. Its sums and cross products follow
from those of the covariates within each arm; residual, regressor and leverage of a citizen are polynomials of the
covariates with constants by stratum and arm.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.estimate.cells import Bools, Floats, narrow_codes
from analysis.estimate.linear import UNVARIED, finite, invert
from analysis.estimate.passes import arm_meat, arm_moments
from analysis.estimate.result import ROUNDING, DegenerateError
from analysis.estimate.threads import PARTS, over_parts

SPREAD_FROM = 50_000  # rows from which threads pay


@dataclass(frozen=True)
class LinFit:
    """The effect, its variance without small-sample factor, and the parameters."""

    effect: float
    variance: float
    parameters: int


def lin_in_passes(
    y: npt.ArrayLike,
    taken: Bools,
    stratum: npt.ArrayLike,
    covariates: npt.ArrayLike,
    *,
    names: Sequence[str],
    power: int,
) -> LinFit:
    """Fit Lin's regression; `power` of one minus leverage: 0 for HC0, 1 for HC2, 2 for HC3."""
    outcome, values = _kept(y, "outcome"), _kept(covariates, "covariate")
    values = values.reshape(len(outcome), -1)
    strata, places = narrow_codes(stratum)
    rows, shifts = (outcome, taken, strata, values), _shifts(outcome, values)
    pieces = PARTS if len(outcome) >= SPREAD_FROM else 1
    parts = over_parts(lambda *span: arm_moments(rows, shifts, places, span), len(outcome), parts=pieces)
    sums, gram = (np.sum([part[side] for part in parts], axis=0) for side in (0, 1))
    by_stratum, products = _design(sums.reshape(places, 2, -1), gram)
    counts = by_stratum[:, -1]
    centres = by_stratum[:, :-1] / np.maximum(counts, 1)[:, None]
    full = products - by_stratum[:, :-1].T @ centres
    listed = ["the arm", *names, *(f"arm x {name}" for name in names)]
    bread = invert(full[:-1, :-1], listed, np.diag(products)[:-1])
    slopes = bread @ full[:-1, -1]
    # The effect is that at the covariates' means, wherever the shifts put the origin.
    k = len(names)
    at_means = np.concatenate([[1.0], np.zeros(k), by_stratum[:, 1 : 1 + k].sum(axis=0) / len(outcome)])
    lines = _lines(centres, np.maximum(counts, 1), slopes, bread, bread @ at_means)
    found = over_parts(lambda *span: arm_meat(rows, shifts, lines, power, span), len(outcome), parts=pieces)
    total = products[-1, -1] - by_stratum[:, -2].sum() ** 2 / len(outcome)
    if sum(part[1] for part in found) <= ROUNDING * total:
        raise DegenerateError(UNVARIED)
    if min(part[2] for part in found) <= 1e-10:
        raise DegenerateError("a citizen alone decides the fit (leverage 1): no robust standard error exists")
    meat = float(sum(part[0] for part in found))
    return LinFit(float(slopes @ at_means), meat, int((counts > 0).sum()) + len(listed))


def _kept(values: npt.ArrayLike, what: str) -> npt.NDArray[Any]:
    """Keep whole numbers in their own narrow type, uncopied; others become floats and must be finite."""
    numbers = np.asarray(values)
    if numbers.dtype == np.bool_:
        numbers = numbers.view(np.uint8)
    if not np.issubdtype(numbers.dtype, np.integer):
        numbers = finite(values, what)
    kept = numbers.view()
    kept.flags.writeable = False
    return kept


def _shifts(outcome: npt.NDArray[Any], values: npt.NDArray[Any]) -> Floats:
    """Shift by whole numbers near the means of the first rows, so that large means cost no digits."""
    columns = [*values[:1000].T, outcome[:1000]]
    return np.array([np.round(column.astype(np.float64).mean()) for column in columns])


def _design(sums: Floats, gram: Floats) -> tuple[Floats, Floats]:
    """Give the design's sums by stratum (n last) and its cross products (arm, covariates, products, outcome)."""
    k = sums.shape[2] - 2
    n, x, y = sums[:, :, 0], sums[:, :, 1 : 1 + k], sums[:, :, 1 + k]
    by_stratum = np.column_stack([n[:, 1], x.sum(axis=1), x[:, 1], y.sum(axis=1), n.sum(axis=1)])
    whole = gram + np.tril(gram, -1).transpose(0, 2, 1)
    both, second = whole.sum(axis=0), whole[1]
    arm = np.concatenate([[n[:, 1].sum()], x[:, 1].sum(axis=0), x[:, 1].sum(axis=0), [y[:, 1].sum()]])
    products = np.zeros((2 * k + 2, 2 * k + 2))
    products[0], products[:, 0] = arm, arm
    one, two, last = slice(1, 1 + k), slice(1 + k, 1 + 2 * k), 1 + 2 * k
    products[one, one], products[last, last] = both[:k, :k], both[k, k]
    products[one, two] = products[two, one] = products[two, two] = second[:k, :k]
    products[one, last] = products[last, one] = both[:k, k]
    products[two, last] = products[last, two] = second[:k, k]
    return by_stratum, products


def _lines(centres: Floats, counts: Floats, slopes: Floats, bread: Floats, direction: Floats) -> tuple[Floats, ...]:
    """Give, by cell and arm, the polynomials of residual, regressor and leverage in the covariates."""
    width, strata = len(slopes), len(centres)
    k = (width - 1) // 2
    constants, leverage_slopes = np.zeros((strata, 2, 4)), np.zeros((strata, 2, k))
    by_arm = np.zeros((2, 2, k))
    squares = np.zeros((2, k, k))
    for arm in (0, 1):
        start = -centres[:, :width].copy()
        start[:, 0] += arm
        moves = np.zeros((width, k))
        moves[1 : 1 + k] = np.eye(k)
        moves[1 + k :] = arm * np.eye(k)
        constants[:, arm, 0] = -centres[:, width] - start @ slopes
        constants[:, arm, 1] = start @ direction
        constants[:, arm, 2] = 1 / counts + np.einsum("si,ij,sj->s", start, bread, start)
        constants[:, arm, 3] = np.abs(start * direction).sum(axis=1)
        leverage_slopes[:, arm] = 2 * start @ bread @ moves
        by_arm[0, arm], by_arm[1, arm] = -slopes @ moves, direction @ moves
        squares[arm] = moves.T @ bread @ moves
    return constants.reshape(strata * 2, 4), by_arm[0], by_arm[1], leverage_slopes.reshape(strata * 2, k), squares
