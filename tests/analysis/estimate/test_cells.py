"""Cells hold every citizen once, in exact sums, whatever the order and the width of the columns."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.estimate.cells import codes, tabulate, unique
from analysis.estimate.result import DegenerateError

ROWS = st.lists(
    st.tuples(st.integers(-100, 100), st.booleans(), st.integers(0, 4), st.integers(0, 3), st.floats(0, 1)),
    min_size=1, max_size=60,
)  # fmt: skip


@given(ROWS)
def test_cells_are_the_moments_counted_one_by_one(rows: list[tuple[int, bool, int, int, float]]) -> None:
    y, z, s, g, d = (list(column) for column in zip(*rows, strict=True))
    cells = tabulate(y, z, s, cluster=g, dose=d)
    keys = sorted(set(zip(s, z, g, strict=True)))
    assert len(cells.n) == len(keys)
    labels = sorted(set(s))
    groups = sorted(set(g))
    for row in range(len(cells.n)):
        key = (labels[cells.stratum[row]], bool(cells.treated[row]), groups[cells.cluster[row]])
        members = [(a - cells.centre, e) for a, b, c, h, e in rows if (c, b, h) == key]
        assert cells.n[row] == len(members)
        assert cells.y[row] == pytest.approx(sum(a for a, _ in members))
        assert cells.yy[row] == pytest.approx(sum(a * a for a, _ in members))
        assert cells.d[row] == pytest.approx(sum(e for _, e in members))
        assert cells.dd[row] == pytest.approx(sum(e * e for _, e in members))
        assert cells.dy[row] == pytest.approx(sum(a * e for a, e in members), abs=1e-9)


@pytest.mark.parametrize("integers", [True, False])
def test_the_same_bits_in_any_order(integers: bool) -> None:
    rng = np.random.default_rng(7)
    y = rng.integers(0, 52, 5000) if integers else rng.lognormal(3, 2, 5000)
    z, s, d = rng.random(5000) < 0.5, rng.integers(0, 20, 5000), rng.random(5000)
    reference = tabulate(y, z, s, dose=d)
    for _ in range(5):
        order = rng.permutation(5000)
        shuffled = tabulate(y[order], z[order], s[order], dose=d[order])
        for column in ("n", "y", "yy", "d", "dd", "dy"):
            assert getattr(reference, column).tobytes() == getattr(shuffled, column).tobytes()


def test_narrow_integers_are_widened_before_they_are_squared() -> None:
    """int8: 120² wraps to 64; int16: 300² wraps to 24464."""
    for kind, value in ((np.int8, 120), (np.int16, 300)):
        y = np.array([value, -value, value, -value], dtype=kind)
        cells = tabulate(y, [True, True, False, False], [0, 0, 0, 0])
        assert cells.yy.tolist() == [2 * value**2, 2 * value**2]


@pytest.mark.parametrize(
    ("y", "words"), [([], "no citizen"), ([1, float("nan")], "1 citizens have no outcome"),
                     ([1, float("inf")], "infinite outcome"), ([1e200, -1e200], "too large")],
)  # fmt: skip
def test_what_is_no_outcome_is_refused_by_name(y: list[float], words: str) -> None:
    with pytest.raises(DegenerateError, match=words):
        tabulate(y, [True, False][: len(y)], [0, 0][: len(y)])


def test_weights_below_zero_and_missing_strata_are_refused() -> None:
    with pytest.raises(DegenerateError, match="weight that is not above zero"):
        tabulate([1, 2], [True, False], [0, 0], weight=[1, 0])
    with pytest.raises(DegenerateError, match="no stratum"):
        tabulate([1, 2], [True, False], ["a", None])


def test_codes_keep_leading_zeros() -> None:
    names, positions = codes(["0461", "0101", "0461"])
    assert names == ("0101", "0461")
    assert positions.tolist() == [1, 0, 1]


@given(st.lists(st.integers(-(2**40), 2**40), min_size=1), st.booleans())
def test_distinct_values_by_counting_as_by_sorting(values: list[int], narrow: bool) -> None:
    column = np.array([value % 1000 if narrow else value for value in values])
    found, positions = unique(column)
    expected, inverse = np.unique(column, return_inverse=True)
    assert found.tolist() == expected.tolist()
    assert positions.tolist() == inverse.tolist()
