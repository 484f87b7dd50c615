"""Covariates and covariate-adaptive inference against R's golden values, statsmodels, and the definitions in full."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from analysis.estimate.adaptive import anhecova, bugni_canay_shaikh, car_difference
from analysis.estimate.cells import tabulate
from analysis.estimate.covariates import adjusted_regression, lin
from analysis.estimate.doses import dose_effects
from analysis.estimate.instrument import two_stage
from analysis.estimate.linear import fit_rows
from analysis.estimate.regression import strata_regression
from analysis.estimate.result import DegenerateError, Estimate, NotEstimable
from analysis.estimate.robust import CR, HC
from analysis.estimate.sandwich import combination_variance
from analysis.estimate.weighting import weighted_difference

Make = Callable[..., pd.DataFrame]
Dummies = Callable[[pd.DataFrame], pd.DataFrame]


def covariates(frame: pd.DataFrame, seed: int = 5) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.normal(40, 10, len(frame)), frame["y"] * 0.3 + rng.normal(0, 2, len(frame))])


def test_golden_values_of_lin(golden: pd.DataFrame) -> None:
    result = lin(golden["y"], golden["z"], golden["strata"], golden[["age", "prior"]], names=["age", "prior"],
                 se_type="HC1", level=0.95)  # fmt: skip
    assert isinstance(result, Estimate)
    assert (result.value, result.se) == (pytest.approx(1.29411417, abs=5e-9), pytest.approx(0.16762004, abs=5e-9))


def test_golden_values_under_covariate_adaptive_randomisation(golden: pd.DataFrame) -> None:
    """RobinCar2 `pb(strata)`, sreg, and the moments divided by n."""
    cells = tabulate(golden["y"], golden["z"] == 1, golden["strata"])
    expected = [
        (bugni_canay_shaikh(cells, level=0.95), 1.28773231, 0.16754692, 5e-9),
        (bugni_canay_shaikh(cells, level=0.95, adjusted=True), 1.28773231, 0.16821689, 5e-9),
        (car_difference(cells, level=0.95), 1.2881686, 0.16755047, 5e-8),
    ]
    for result, value, se, digits in expected:
        assert isinstance(result, Estimate)
        assert result.value == pytest.approx(value, abs=digits)
        assert result.se == pytest.approx(se, abs=5e-9)


@pytest.mark.parametrize("se_type", ["HC0", "HC1", "HC2", "HC3", "classical", "CR1"])
@pytest.mark.parametrize("interacted", [True, False])
def test_statsmodels_with_dummies_gives_the_same(
    se_type: str, interacted: bool, make_trial: Make, dummies: Dummies
) -> None:
    frame = make_trial(3)
    extra = covariates(frame)
    centred = extra - extra.mean(axis=0)
    design = dummies(frame).assign(a=centred[:, 0], b=centred[:, 1])
    if interacted:
        design = design.assign(za=design["z"] * design["a"], zb=design["z"] * design["b"])
    kinds = {"classical": ("nonrobust", {}), "CR1": ("cluster", {"groups": frame["c"]})}
    kind, options = kinds.get(se_type, (se_type, {}))
    fit = sm.OLS(frame["y"], design).fit(cov_type=kind, cov_kwds=options or None)
    estimate = lin if interacted else adjusted_regression
    result = estimate(frame["y"], frame["z"], frame["s"], extra, names=["a", "b"], se_type=se_type, level=0.95,
                      cluster=frame["c"])  # fmt: skip
    assert isinstance(result, Estimate)
    assert result.value == pytest.approx(fit.params["z"], rel=1e-9)
    assert result.se == pytest.approx(fit.bse["z"], rel=1e-9)


@pytest.mark.parametrize("se_type", [*HC, *CR])
def test_rows_and_cells_agree(se_type: str, make_trial: Make) -> None:
    frame = make_trial(7)
    fit = fit_rows(frame["y"], frame["z"], frame["s"], names=["z"], cluster=frame["c"])
    squared, df = combination_variance(fit, np.ones(1), se_type)
    cells = strata_regression(
        tabulate(frame["y"], frame["z"], frame["s"], cluster=frame["c"]), se_type=se_type, level=0.95
    )
    assert isinstance(cells, Estimate)
    assert cells.value == pytest.approx(fit.coefficients[0])
    assert cells.se == pytest.approx(squared**0.5)
    assert cells.df == pytest.approx(df)


def cr2_in_full(y: np.ndarray, design: np.ndarray, cluster: np.ndarray, column: int) -> tuple[float, float]:
    """CR2 and its degrees of freedom straight from the definition: every matrix written out."""
    bread = np.linalg.pinv(design.T @ design)
    hat = design @ bread @ design.T
    residual = y - hat @ y
    keep = np.eye(len(y)) - hat
    combination = np.zeros(design.shape[1])
    combination[column] = 1
    total, rows = 0.0, []
    for group in np.unique(cluster):
        own = cluster == group
        values, vectors = np.linalg.eigh(keep[np.ix_(own, own)])
        roots = np.array([1 / np.sqrt(value) if value > 1e-9 else 0.0 for value in values])
        adjusted = vectors @ np.diag(roots) @ vectors.T @ design[own] @ bread @ combination
        total += float(adjusted @ residual[own]) ** 2
        rows.append(keep[:, own] @ adjusted)
    matrix = np.array(rows) @ np.array(rows).T
    return total, float(np.trace(matrix) ** 2 / (matrix**2).sum())


@pytest.mark.parametrize("crossing", [False, True])
@pytest.mark.parametrize("with_covariates", [False, True])
def test_cr2_is_its_definition(crossing: bool, with_covariates: bool, make_trial: Make, dummies: Dummies) -> None:
    frame = make_trial(2, size=90, strata=8)
    cluster = np.random.default_rng(1).integers(0, 11, 90) if crossing else frame["c"].to_numpy()
    extra = covariates(frame) if with_covariates else np.empty((90, 0))
    columns = np.column_stack([frame["z"].astype(float), extra])
    fit = fit_rows(frame["y"], columns, frame["s"], names=list("zab")[: columns.shape[1]], cluster=cluster)
    combination = np.zeros(columns.shape[1])
    combination[0] = 1
    squared, df = combination_variance(fit, combination, "CR2")
    design = np.column_stack([dummies(frame).to_numpy(), extra])
    expected = cr2_in_full(frame["y"].to_numpy(), design, cluster, 0)
    assert (squared, df) == (pytest.approx(expected[0], rel=1e-7), pytest.approx(expected[1], rel=1e-7))


@pytest.mark.parametrize("whole", [False, True])
def test_cr2_from_cells_is_its_definition_where_strata_cut_across_clusters(
    whole: bool, make_trial: Make, dummies: Dummies
) -> None:
    frame = make_trial(5, size=120, strata=4).assign(c=np.random.default_rng(3).integers(0, 12, 120))
    if whole:  # clusters drawn as one: within a cluster there is one arm
        frame["z"] = frame["c"] % 2 == 0
    cells = tabulate(frame["y"], frame["z"], frame["s"], cluster=frame["c"])
    found = strata_regression(cells, se_type="CR2", level=0.95)
    squared, df = cr2_in_full(frame["y"].to_numpy(), dummies(frame).to_numpy(), frame["c"].to_numpy(), 0)
    assert isinstance(found, Estimate)
    assert (found.se, found.df) == (pytest.approx(squared**0.5, rel=1e-7), pytest.approx(df, rel=1e-7))


def test_two_stage_cr2_from_cells_is_that_of_rows(make_trial: Make) -> None:
    frame = make_trial(6, size=200, strata=4).assign(c=np.random.default_rng(4).integers(0, 14, 200))
    frame["z"] = frame["c"] % 2 == 0
    dose = np.where(frame["z"], 0.2, 0.8) + np.random.default_rng(5).normal(0, 0.2, 200)
    cells = tabulate(frame["y"], frame["z"], frame["s"], cluster=frame["c"], dose=dose)
    found = two_stage(cells, se_type="CR2", level=0.95)
    rows = dose_effects(
        frame["y"], {"d": dose}, {"z": frame["z"].astype(float)}, frame["s"], se_type="CR2", level=0.95, n={},
        cluster=frame["c"],
    )["d"]  # fmt: skip
    assert isinstance(found, Estimate)
    assert isinstance(rows, Estimate)
    assert (found.value, found.se, found.df) == pytest.approx((rows.value, rows.se, rows.df))


def test_equal_chances_weigh_nobody_and_have_the_cr2_of_the_plain_difference(make_trial: Make) -> None:
    frame = make_trial(7, size=120, strata=4).assign(c=np.random.default_rng(6).integers(0, 12, 120))
    frame["z"] = frame["c"] % 3 == 0
    found = weighted_difference(
        frame["y"], frame["z"], np.full(120, 0.25), se_type="CR2", level=0.95, cluster=frame["c"]
    )
    design = np.column_stack([frame["z"].astype(float), np.ones(120)])
    squared, df = cr2_in_full(frame["y"].to_numpy(), design, frame["c"].to_numpy(), 0)
    assert isinstance(found, Estimate)
    assert found.value == pytest.approx(frame["y"][frame["z"]].mean() - frame["y"][~frame["z"]].mean())
    assert (found.se, found.df) == (pytest.approx(squared**0.5, rel=1e-7), pytest.approx(df, rel=1e-7))


def test_weights_are_those_of_weighted_least_squares(make_trial: Make, dummies: Dummies) -> None:
    frame = make_trial(4)
    extra = covariates(frame)
    design = dummies(frame).assign(a=extra[:, 0], b=extra[:, 1])
    for se_type in ("HC0", "HC1", "HC2", "HC3"):
        fit = sm.WLS(frame["y"], design, weights=frame["w"]).fit(cov_type=se_type)
        result = adjusted_regression(frame["y"], frame["z"], frame["s"], extra, names=["a", "b"], se_type=se_type,
                                     level=0.95, weight=frame["w"])  # fmt: skip
        assert isinstance(result, Estimate)
        assert (result.value, result.se) == (pytest.approx(fit.params["z"]), pytest.approx(fit.bse["z"]))


def test_a_column_that_others_explain_is_refused_by_name(make_trial: Make) -> None:
    frame = make_trial(5)
    twice = np.column_stack([frame["d"], 2 * frame["d"] + 1])
    result = lin(frame["y"], frame["z"], frame["s"], twice, names=["dose", "twice"], se_type="HC2", level=0.95)
    assert result == NotEstimable("twice does not vary within strata beyond the other columns", "lin")
    with pytest.raises(DegenerateError, match="level does not vary within strata"):
        fit_rows(frame["y"], frame["s"], frame["s"], names=["level"])


def test_anhecova_without_covariates_is_the_saturated_estimator(golden: pd.DataFrame) -> None:
    rng = np.random.default_rng(1)
    noise = rng.normal(size=len(golden))
    adjusted = anhecova(golden["y"], golden["z"], golden["strata"], noise, names=["noise"], level=0.95)
    saturated = bugni_canay_shaikh(tabulate(golden["y"], golden["z"] == 1, golden["strata"]), level=0.95)
    assert isinstance(adjusted, Estimate)
    assert isinstance(saturated, Estimate)
    assert adjusted.value == pytest.approx(saturated.value, abs=0.01)
    assert adjusted.se == pytest.approx(saturated.se, rel=0.005)


def test_anhecova_is_the_difference_of_mean_predictions(make_trial: Make, dummies: Dummies) -> None:
    frame = make_trial(6, size=600)
    extra = covariates(frame)
    design = dummies(frame).drop(columns="z").assign(a=extra[:, 0], b=extra[:, 1])
    arms = [sm.OLS(frame["y"][frame["z"] == arm], design[frame["z"] == arm]).fit() for arm in (False, True)]
    each = arms[1].predict(design) - arms[0].predict(design)
    size, taken = len(frame), frame["z"].mean()
    variance = (arms[1].mse_resid / taken + arms[0].mse_resid / (1 - taken) + each.var()) / size
    result = anhecova(frame["y"], frame["z"], frame["s"], extra, names=["a", "b"], level=0.95)
    assert isinstance(result, Estimate)
    assert (result.value, result.se) == (pytest.approx(each.mean()), pytest.approx(variance**0.5))


@pytest.mark.parametrize("estimate", [bugni_canay_shaikh, car_difference])
def test_an_arm_missing_in_a_stratum_gives_a_reason(estimate: Callable[..., object]) -> None:
    cells = tabulate([1, 2, 3, 4, 5], [True, False, True, False, True], [0, 0, 0, 0, 1])
    result = estimate(cells, level=0.95)
    assert isinstance(result, NotEstimable)
    assert "stratum 1 has no citizen in one of the arms" in result.reason
