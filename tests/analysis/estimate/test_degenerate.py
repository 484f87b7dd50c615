"""Degenerate data give the right number or a reason; never NaN, never a zero standard error."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.estimate.cells import Cells, tabulate
from analysis.estimate.counts import count
from analysis.estimate.difference import stratified_difference
from analysis.estimate.instrument import two_stage
from analysis.estimate.kaplan_meier import restricted_mean_difference
from analysis.estimate.regression import strata_regression
from analysis.estimate.result import DegenerateError, Estimate, NotEstimable, Result

LINEAR: list[Callable[[Cells], Result]] = [
    lambda cells: stratified_difference(cells, level=0.95),
    *(lambda cells, se=se: strata_regression(cells, se_type=se, level=0.95) for se in ("HC0", "HC1", "HC2", "HC3")),
]

CASES = {
    "one arm empty": ([1, 2, 3], [False] * 3, [0, 0, 0], "arm treated has no citizen"),
    "constant outcome": ([5] * 6, [True, False] * 3, [0] * 6, "same outcome"),
    "perfect separation": ([1, 0] * 4, [True, False] * 4, [0] * 8, "does not vary within the arms"),
    "constant within cells": ([7, 3, 9, 5] * 2, [True, False] * 4, [0, 0, 1, 1] * 2, "does not vary within"),
    "arms never meet": ([1, 2, 3, 4], [True, True, False, False], [0, 0, 1, 1], ""),
    "one citizen an arm": ([1, 2], [True, False], [0, 0], ""),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("estimate", LINEAR)
def test_linear_estimators_give_a_reason(case: str, estimate: Callable[[Cells], Result]) -> None:
    y, z, s, reason = CASES[case]
    result = estimate(tabulate(y, z, s))
    assert isinstance(result, NotEstimable)
    assert reason in result.reason


def test_a_stratum_with_one_person_counts_for_nothing_in_the_regression() -> None:
    y, z, s = [1, 4, 2, 8, 5, 7], [True, False] * 3, [0] * 6
    alone = strata_regression(tabulate([*y, 99], [*z, True], [*s, 1]), se_type="HC2", level=0.95)
    without = strata_regression(tabulate(y, z, s), se_type="HC2", level=0.95)
    assert isinstance(alone, Estimate)
    assert isinstance(without, Estimate)
    assert (alone.value, alone.se) == (pytest.approx(without.value), pytest.approx(without.se))


@pytest.mark.parametrize(("offset", "scale"), [(0, 1e-9), (0, 1), (1e6, 1), (1e6, 1e6), (1e12, 1e9)])
def test_perfect_separation_is_seen_at_every_scale(offset: float, scale: float) -> None:
    """Rounding of sums must never pass for a standard error."""
    z, s = np.tile([True, False], 500), np.arange(1000) % 7
    y = offset + scale * (0.1 * z + 0.3 * (s % 3))
    for estimate in LINEAR:
        assert isinstance(estimate(tabulate(y, z, s)), NotEstimable)


ROWS = st.lists(
    st.tuples(st.integers(0, 3), st.booleans(), st.integers(0, 3), st.integers(0, 2)), min_size=1, max_size=25
)


@given(ROWS)
def test_small_data_give_a_finite_number_or_a_reason(rows: list[tuple[int, bool, int, int]]) -> None:
    y, z, s, d = (list(column) for column in zip(*rows, strict=True))
    cells = tabulate(y, z, s, dose=d, cluster=s)
    results = [estimate(cells) for estimate in LINEAR]
    results += [strata_regression(cells, se_type=kind, level=0.95) for kind in ("CR0", "CR1", "CR1-nested", "CR2")]
    results += [two_stage(cells, se_type=kind, level=0.95) for kind in ("HC0", "HC1", "HC2", "HC3", "CR1")]
    assert all(isinstance(result, (Estimate, NotEstimable)) for result in results)


@given(st.lists(st.tuples(st.integers(1, 6), st.integers(0, 1), st.booleans()), min_size=1, max_size=20))
def test_few_durations_give_a_finite_number_or_a_reason(rows: list[tuple[int, int, bool]]) -> None:
    week, event, z = (list(column) for column in zip(*rows, strict=True))
    try:
        counts = count(week, event, z)
    except DegenerateError as degenerate:
        assert "arm" in degenerate.reason
        return
    for tau in (1, 4, 9):
        assert isinstance(restricted_mean_difference(counts, week=tau, level=0.95), (Estimate, NotEstimable))
