"""Quantiles against R's `rq` on Engel's data, every basic solution, and repeated trials."""

import itertools
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import sparse

from analysis.estimate.quantiles import quantile_difference, quantile_regression, regression_quantile
from analysis.estimate.result import Estimate, NotEstimable

# R quantreg: rq(foodexp ~ income, tau, engel)
ENGEL = {0.25: (95.48354, 0.47410), 0.5: (81.48225, 0.56018), 0.75: (62.39659, 0.64401)}


def loss(y: np.ndarray, fitted: np.ndarray, probability: float) -> float:
    residual = y - fitted
    return float((residual * (probability - (residual < 0))).sum())


@pytest.mark.parametrize("probability", ENGEL)
def test_engel_as_r_prints_it(probability: float) -> None:
    engel = sm.datasets.engel.load_pandas().data
    design = sparse.csr_array(sm.add_constant(engel["income"]).to_numpy())
    found = regression_quantile(engel["foodexp"].to_numpy(), design, np.ones(len(engel)), probability)
    assert found == pytest.approx(ENGEL[probability], abs=6e-6)


@pytest.mark.parametrize("probability", [0.25, 0.5, 0.8])
def test_no_basic_solution_is_better(probability: float) -> None:
    """A linear program has its optimum at a basis: with 9 rows and 2 columns all 36 can be tried."""
    rng = np.random.default_rng(3)
    design, y = np.column_stack([np.ones(9), rng.normal(size=9)]), rng.normal(size=9)
    tried = [
        loss(y, design @ np.linalg.solve(design[list(rows)], y[list(rows)]), probability)
        for rows in itertools.combinations(range(9), 2)
    ]
    found = regression_quantile(y, sparse.csr_array(design), np.ones(9), probability)
    assert loss(y, design @ found, probability) == pytest.approx(min(tried))


def test_counts_stand_for_repeated_rows() -> None:
    rng = np.random.default_rng(4)
    y, z, s = rng.integers(0, 52, 400), rng.random(400) < 0.5, rng.integers(0, 3, 400)
    design = np.column_stack([z, *(s == level for level in range(3))]).astype(float)
    direct = regression_quantile(y.astype(float), sparse.csr_array(design), np.ones(400), 0.4)
    result = quantile_regression(y, z, s, probability=0.4, level=0.95)
    assert isinstance(result, Estimate)
    own = loss(y, design @ direct, 0.4)
    levels = [result.value, *direct[1:]]
    assert loss(y, design @ np.array(levels), 0.4) == pytest.approx(own, rel=1e-6)


def test_without_strata_the_difference_is_that_of_the_order_statistics() -> None:
    rng = np.random.default_rng(5)
    y, z = rng.normal(size=501), np.arange(501) % 2 == 0
    for probability in (0.1, 0.5, 0.9):
        result = quantile_difference(y, z, np.zeros(501, int), probability=probability, level=0.95)
        assert isinstance(result, Estimate)
        expected = [np.quantile(y[own], probability, method="inverted_cdf") for own in (z, ~z)]
        assert result.value == pytest.approx(expected[0] - expected[1])


@pytest.mark.parametrize("estimate", [quantile_regression, quantile_difference])
def test_the_standard_error_is_the_spread_of_repeated_trials(estimate: Callable[..., object]) -> None:
    rng = np.random.default_rng(6)
    values, errors = [], []
    for _ in range(150):
        z, s = np.arange(400) % 2 == 0, np.arange(400) // 2 % 2
        y = rng.normal(size=400) + 0.5 * z + s
        result = estimate(y, z, s, probability=0.5, level=0.95)
        assert isinstance(result, Estimate)
        values.append(result.value)
        errors.append(result.se)
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.2)
    assert np.mean(values) == pytest.approx(0.5, abs=0.05)


def test_what_has_no_quantile_effect_has_its_reason() -> None:
    z, s = [True, False] * 20, [0] * 40
    for y in ([3] * 40, [0] * 38 + [1, 2]):
        for estimate in (quantile_regression, quantile_difference):
            result = estimate(y, z, s, probability=0.5, level=0.95)
            assert isinstance(result, NotEstimable)
    empty = quantile_difference(range(40), [False] * 40, s, probability=0.5, level=0.95)
    assert empty == NotEstimable("arm treated has no citizen with an observed outcome", "quantile-difference")


def test_golden_medians_are_those_of_pandas(golden: pd.DataFrame) -> None:
    frame = golden.iloc[:20000]
    result = quantile_difference(frame["y"], frame["z"], np.zeros(20000, int), probability=0.5, level=0.95)
    medians = frame.groupby("z")["y"].quantile(0.5, interpolation="lower")
    assert not isinstance(result, Estimate) or result.value == medians[1] - medians[0]
