"""Differences and regressions against R's golden values, statsmodels with dummies, and paper arithmetic."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from analysis.estimate.cells import tabulate
from analysis.estimate.difference import stratified_difference
from analysis.estimate.regression import strata_regression
from analysis.estimate.result import Estimate

Make = Callable[..., pd.DataFrame]
Dummies = Callable[[pd.DataFrame], pd.DataFrame]

GOLDEN_SE = {"HC1": 0.16788311, "HC2": 0.16788321, "CR1": 0.14706669, "CR1-nested": 0.14677373,
             "CR1-groups": 0.14677300, "CR2": 0.14684114}  # fmt: skip


@pytest.mark.parametrize("se_type", GOLDEN_SE)
def test_golden_values_of_r_and_python(golden: pd.DataFrame, se_type: str) -> None:
    cells = tabulate(golden["y"], golden["z"] == 1, golden["strata"], cluster=golden["cl"])
    result = strata_regression(cells, se_type=se_type, level=0.95)
    assert isinstance(result, Estimate)
    assert result.value == pytest.approx(1.28772293, abs=5e-9)
    assert result.se == pytest.approx(GOLDEN_SE[se_type], abs=5e-9)


def test_golden_value_of_the_saturated_difference(golden: pd.DataFrame) -> None:
    result = stratified_difference(tabulate(golden["y"], golden["z"] == 1, golden["strata"]), level=0.95)
    assert isinstance(result, Estimate)
    assert result.value == pytest.approx(1.28773231, abs=5e-9)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("se_type", ["HC0", "HC1", "HC2", "HC3"])
def test_statsmodels_with_dummies_gives_the_same(seed: int, se_type: str, make_trial: Make, dummies: Dummies) -> None:
    frame = make_trial(seed)
    fit = sm.OLS(frame["y"], dummies(frame)).fit(cov_type=se_type)
    result = strata_regression(tabulate(frame["y"], frame["z"], frame["s"]), se_type=se_type, level=0.9)
    assert isinstance(result, Estimate)
    assert result.value == pytest.approx(fit.params["z"], rel=1e-10)
    assert result.se == pytest.approx(fit.bse["z"], rel=1e-10)
    assert result.df == fit.df_resid


@pytest.mark.parametrize("seed", [1, 2])
def test_statsmodels_classical_clustered_and_weighted(seed: int, make_trial: Make, dummies: Dummies) -> None:
    frame = make_trial(seed)
    design = dummies(frame)
    plain = strata_regression(tabulate(frame["y"], frame["z"], frame["s"]), se_type="classical", level=0.95)
    fit = sm.OLS(frame["y"], design).fit()
    assert isinstance(plain, Estimate)
    assert (plain.se, plain.p) == (pytest.approx(fit.bse["z"]), pytest.approx(fit.pvalues["z"]))
    cells = tabulate(frame["y"], frame["z"], frame["s"], cluster=frame["c"])
    clustered = strata_regression(cells, se_type="CR1", level=0.95)
    fit = sm.OLS(frame["y"], design).fit(cov_type="cluster", cov_kwds={"groups": frame["c"]}, use_t=True)
    assert isinstance(clustered, Estimate)
    assert (clustered.se, clustered.p) == (pytest.approx(fit.bse["z"]), pytest.approx(fit.pvalues["z"]))
    for se_type in ("HC0", "HC1", "HC2", "HC3"):
        cells = tabulate(frame["y"], frame["z"], frame["s"], weight=frame["w"])
        weighted = strata_regression(cells, se_type=se_type, level=0.95)
        fit = sm.WLS(frame["y"], design, weights=frame["w"]).fit(cov_type=se_type)
        assert isinstance(weighted, Estimate)
        assert (weighted.value, weighted.se) == (pytest.approx(fit.params["z"]), pytest.approx(fit.bse["z"]))


def test_hc2_in_equal_shares_is_neyman() -> None:
    rng = np.random.default_rng(5)
    stratum = np.repeat(np.arange(10), 8)
    z = np.tile([True, False], 40)
    cells = tabulate(rng.integers(0, 50, 80), z, stratum)
    neyman, hc2 = stratified_difference(cells, level=0.95), strata_regression(cells, se_type="HC2", level=0.95)
    assert isinstance(neyman, Estimate)
    assert isinstance(hc2, Estimate)
    assert neyman.value == pytest.approx(hc2.value)
    one = tabulate(rng.integers(0, 50, 80), z, np.zeros(80, dtype=int))
    neyman, hc2 = (
        stratified_difference(one, level=0.95),
        strata_regression(one, se_type="HC2", level=0.95),
    )
    assert isinstance(neyman, Estimate)
    assert isinstance(hc2, Estimate)
    assert neyman.se == pytest.approx(hc2.se, rel=1e-12)


def test_neyman_by_hand() -> None:
    """Stratum a: 1 3 against 2 4 6; stratum b: 0 10 against 5 5."""
    y = [1, 3, 2, 4, 6, 0, 10, 5, 5]
    z = [True, True, False, False, False, True, True, False, False]
    result = stratified_difference(tabulate(y, z, list("aaaaabbbb")), level=0.95)
    assert isinstance(result, Estimate)
    assert result.value == pytest.approx((5 * (2 - 4) + 4 * (5 - 5)) / 9)
    variance = (5 / 9) ** 2 * (2 / 2 + 4 / 3) + (4 / 9) ** 2 * (50 / 2 + 0)
    assert result.se == pytest.approx(variance**0.5)
    assert result.df == 5


def test_demeaned_data_have_another_hc1(make_trial: Make) -> None:
    """Demeaning by hand forgets the strata in n/(n-k): the estimator must not."""
    frame = make_trial(4)
    within = frame[["y", "z"]].astype(float) - frame.groupby("s")[["y", "z"]].transform("mean")
    naive = sm.OLS(within["y"], within["z"]).fit(cov_type="HC1")
    result = strata_regression(tabulate(frame["y"], frame["z"], frame["s"]), se_type="HC1", level=0.95)
    assert isinstance(result, Estimate)
    assert result.value == pytest.approx(naive.params["z"])
    assert result.se > naive.bse["z"] * 1.02


def test_large_means_cost_no_digits(make_trial: Make) -> None:
    frame = make_trial(6)
    near = strata_regression(tabulate(frame["y"], frame["z"], frame["s"]), se_type="HC2", level=0.95)
    far = strata_regression(tabulate(frame["y"] + 10**9, frame["z"], frame["s"]), se_type="HC2", level=0.95)
    assert isinstance(near, Estimate)
    assert isinstance(far, Estimate)
    assert far.value == pytest.approx(near.value, rel=1e-11)
    assert far.se == pytest.approx(near.se, rel=1e-11)
