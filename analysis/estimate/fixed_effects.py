"""Several sets of fixed effects at once (jobcentre, calendar month, caseworker): absorbed without a dense dummy.

1. Outcome and columns are projected off all sets together by LSMR on the sparse dummies, to 1e-12.
2. The rank of the dummies is exact: with two sets from the connected components of their graph, with more from the
   dummies' cross product; above MAX_DENSE levels in three or more sets it is the levels minus (sets - 1).
3. HC2 and HC3 need leverages, computed up to MAX_DENSE levels; beyond, HC1 and CR1 are given and the others refused.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse import csgraph, linalg

from analysis.estimate.cells import Floats, Ints, codes
from analysis.estimate.linear import Fit, Rows, finite, solve
from analysis.estimate.result import DegenerateError

MAX_DENSE = 2000


def fit_fixed_effects(
    y: npt.ArrayLike,
    columns: npt.ArrayLike,
    sets: Sequence[npt.ArrayLike],
    *,
    names: Sequence[str],
    cluster: npt.ArrayLike | None = None,
) -> Fit:
    """Fit y on the columns with every set of labels absorbed."""
    outcome, design = finite(y, "outcome"), finite(columns, "covariate")
    if not len(outcome) or not sets:
        raise DegenerateError("a fit with fixed effects needs citizens and at least one set of labels")
    design = design.reshape(len(outcome), -1)
    coded = [codes(labels) for labels in sets]
    positions, sizes = [position for _, position in coded], [len(labels) for labels, _ in coded]
    dummies = _dummies(positions, sizes)
    moved = np.column_stack([_project(dummies, column) for column in design.T])
    groups = None if cluster is None else codes(cluster)[1]
    rows = Rows(outcome, design, np.ones(len(outcome)), groups, tuple(names))
    base, rank = _leverage_and_rank(dummies, positions, sizes)
    strata = positions[0] if len(sets) == 1 else None
    return solve(rows, _project(dummies, outcome), moved, absorbed=rank, base=base, strata=strata)


def _dummies(positions: Sequence[Ints], sizes: Sequence[int]) -> sparse.csr_array:
    size, shift = len(positions[0]), np.cumsum([0, *sizes[:-1]])
    columns = np.concatenate([position + offset for position, offset in zip(positions, shift, strict=True)])
    rows = np.tile(np.arange(size), len(sizes))
    return sparse.csr_array((np.ones(len(columns)), (rows, columns)), shape=(size, int(sum(sizes))))


def _project(dummies: sparse.csr_array, values: Floats) -> Floats:
    scale = float(np.abs(values).max())
    if scale == 0:
        return values
    found = linalg.lsmr(dummies, values / scale, atol=1e-14, btol=1e-14, conlim=0, maxiter=10_000)
    residual: Floats = values - scale * (dummies @ found[0])
    return residual


def _leverage_and_rank(
    dummies: sparse.csr_array, positions: Sequence[Ints], sizes: Sequence[int]
) -> tuple[Floats | None, int]:
    levels = int(sum(sizes))
    if levels > MAX_DENSE:
        return None, levels - (_components(positions, sizes) if len(sizes) == 2 else len(sizes) - 1)
    gram = (dummies.T @ dummies).toarray()
    inverse = np.linalg.pinv(gram, rcond=1e-12, hermitian=True)
    distinct, back = np.unique(np.column_stack(positions), axis=0, return_inverse=True)
    places = distinct + np.cumsum([0, *sizes[:-1]])
    leverage = inverse[places[:, :, None], places[:, None, :]].sum(axis=(1, 2))
    return leverage[back.reshape(-1)], int(np.linalg.matrix_rank(gram, tol=1e-9 * gram.max(), hermitian=True))


def _components(positions: Sequence[Ints], sizes: Sequence[int]) -> int:
    first, second = positions
    links = sparse.coo_array((np.ones(len(first)), (first, second + sizes[0])), shape=(sum(sizes),) * 2)
    return int(csgraph.connected_components(links, directed=False)[0])
