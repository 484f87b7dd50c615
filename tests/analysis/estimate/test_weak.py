"""Anderson-Rubin sets by testing every effect; several doses against linearmodels; size with a weak instrument."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linearmodels.iv import IV2SLS
from scipy import stats

from analysis.estimate.cells import Cells, tabulate
from analysis.estimate.doses import dose_effects
from analysis.estimate.instrument import two_stage
from analysis.estimate.regression import strata_regression
from analysis.estimate.result import Estimate, NotEstimable
from analysis.estimate.weak import ConfidenceSet, anderson_rubin, subtract

Make = Callable[..., pd.DataFrame]
Dummies = Callable[[pd.DataFrame], pd.DataFrame]


def weak_trial(seed: int, moved: float, size: int = 200, own: float = 1.0) -> Cells:
    """The arm moves the dose by `moved`; dose and outcome share a cause and have `own` noise."""
    rng = np.random.default_rng(seed)
    z, s, cause = rng.permutation(size) < size // 2, rng.integers(0, 3, size), rng.normal(size=size)
    dose = moved * z + cause + own * rng.normal(size=size)
    return tabulate(2 * cause + own * rng.normal(size=size), z, s, dose=dose)


@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.1, 0.3, 1.0]), st.sampled_from(["HC0", "HC2", "classical"]))
@settings(max_examples=60, deadline=None)
def test_an_effect_is_in_the_set_when_its_test_does_not_reject(seed: int, moved: float, se_type: str) -> None:
    cells = weak_trial(seed, moved)
    region = anderson_rubin(cells, se_type=se_type, level=0.9)
    assert isinstance(region, ConfidenceSet)
    for effect in [*np.linspace(-20, 20, 41), *np.linspace(-2, 2, 41)]:
        test = strata_regression(subtract(cells, float(effect)), se_type=se_type, level=0.9)
        assert isinstance(test, Estimate)
        if abs(test.p - 0.1) > 1e-6:
            assert (effect in region) == (test.p > 0.1)


def test_all_three_kinds_of_set_occur() -> None:
    kinds = {anderson_rubin(weak_trial(seed, moved), se_type="HC2", level=0.95).kind  # type: ignore[union-attr]
             for seed in range(30) for moved in (0.0, 0.2, 1.0)}  # fmt: skip
    assert kinds == {"interval", "rays", "line"}


def test_with_a_strong_instrument_the_set_is_the_wald_interval(golden: pd.DataFrame) -> None:
    cells = tabulate(golden["y"], golden["z"] == 1, golden["strata"], dose=golden["d"])
    wald, region = two_stage(cells, se_type="HC1", level=0.95), anderson_rubin(cells, se_type="HC1", level=0.95)
    assert isinstance(wald, Estimate)
    assert isinstance(region, ConfidenceSet)
    assert region.kind == "interval"
    assert (region.low, region.high) == (pytest.approx(wald.ci_low, abs=2e-4), pytest.approx(wald.ci_high, abs=2e-4))


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_the_set_scales_with_the_dose(scale: float) -> None:
    cells = weak_trial(5, 1.0)
    from dataclasses import replace

    scaled = replace(cells, d=cells.d * scale, dd=cells.dd * scale**2, dy=cells.dy * scale)
    one, other = (anderson_rubin(own, se_type="HC2", level=0.95) for own in (cells, scaled))
    assert isinstance(one, ConfidenceSet)
    assert isinstance(other, ConfidenceSet)
    assert (one.low or 0) / scale == pytest.approx(other.low)


def test_size_is_kept_where_wald_loses_it() -> None:
    """F about 1: the set holds the true effect (0) in 95 %, the Wald interval in far fewer."""
    inside, wald_inside, runs = 0, 0, 1000
    for seed in range(runs):
        cells = weak_trial(seed, 0.1, own=0.1)
        region = anderson_rubin(cells, se_type="HC2", level=0.95)
        assert isinstance(region, ConfidenceSet)
        inside += 0.0 in region
        wald = two_stage(cells, se_type="HC2", level=0.95)
        wald_inside += isinstance(wald, Estimate) and wald.ci_low <= 0 <= wald.ci_high
    assert abs(inside / runs - 0.95) < 4 * (0.95 * 0.05 / runs) ** 0.5
    assert wald_inside / runs < 0.92


@pytest.mark.parametrize("se_type", ["HC1", "classical"])
def test_two_doses_with_two_arms_are_linearmodels(se_type: str, dummies: Dummies, make_trial: Make) -> None:
    """Three arms: physical, telephone, video. Two doses, two instruments, a covariate, strata."""
    rng = np.random.default_rng(6)
    arm, s, age = rng.integers(0, 3, 900), rng.integers(0, 6, 900), rng.normal(40, 10, 900)
    took = rng.random(900) < 0.8
    telephone, video = (arm == 1) * took * rng.random(900), (arm == 2) * took * rng.random(900)
    y = 3 - telephone + 2 * video + 0.05 * age + s + rng.normal(size=900)
    results = dose_effects(
        y, {"telephone": telephone, "video": video}, {"arm telephone": arm == 1, "arm video": arm == 2}, s,
        se_type=se_type, level=0.95, n={}, covariates={"age": age},
    )  # fmt: skip
    exogenous = pd.get_dummies(pd.Series(s)).astype(float).assign(age=age)
    endogenous = pd.DataFrame({"telephone": telephone, "video": video})
    instruments = pd.DataFrame({"a": arm == 1, "b": arm == 2}).astype(float)
    fit = IV2SLS(y, exogenous, endogenous, instruments).fit(
        cov_type={"HC1": "robust", "classical": "unadjusted"}[se_type], debiased=True
    )
    for name in ("telephone", "video"):
        result = results[name]
        assert isinstance(result, Estimate)
        assert result.value == pytest.approx(fit.params[name], rel=1e-8)
        assert result.se == pytest.approx(fit.std_errors[name], rel=1e-8)


@pytest.mark.parametrize("se_type", ["HC0", "HC1", "HC2", "HC3", "CR1", "CR0"])
def test_one_dose_of_rows_is_that_of_cells(se_type: str, make_trial: Make) -> None:
    frame = make_trial(12)
    cells = tabulate(frame["y"], frame["z"], frame["s"], dose=frame["d"], cluster=frame["c"])
    expected = two_stage(cells, se_type=se_type, level=0.95)
    rows = dose_effects(frame["y"], {"d": frame["d"]}, {"z": frame["z"]}, frame["s"], se_type=se_type, level=0.95,
                        n={}, cluster=frame["c"])["d"]  # fmt: skip
    assert isinstance(expected, Estimate)
    assert isinstance(rows, Estimate)
    assert (rows.value, rows.se, rows.df) == (
        pytest.approx(expected.value), pytest.approx(expected.se), pytest.approx(expected.df))  # fmt: skip


def test_one_arm_cannot_tell_two_doses_apart(make_trial: Make) -> None:
    frame = make_trial(13)
    doses = {"telephone": frame["d"], "video": 1 - frame["d"]}
    results = dose_effects(frame["y"], doses, {"z": frame["z"]}, frame["s"], se_type="HC2", level=0.95, n={})
    for result in results.values():
        assert isinstance(result, NotEstimable)
        assert result.reason == "1 instruments cannot tell the effects of 2 doses apart"


def test_doses_without_variation_have_their_reason(make_trial: Make) -> None:
    frame = make_trial(14)
    nobody = tabulate(frame["y"], frame["z"], frame["s"], dose=np.zeros(len(frame)))
    constant = tabulate(np.ones(len(frame)), frame["z"], frame["s"], dose=frame["d"])
    for cells in (nobody, constant):
        assert isinstance(anderson_rubin(cells, se_type="HC2", level=0.95), NotEstimable)
    results = dose_effects(frame["y"], {"d": np.ones(len(frame))}, {"z": frame["z"]}, frame["s"], se_type="HC2",
                           level=0.95, n={})  # fmt: skip
    assert isinstance(results["d"], NotEstimable)


def test_the_critical_value_is_that_of_the_t() -> None:
    cells = weak_trial(3, 1.5)
    region = anderson_rubin(cells, se_type="HC2", level=0.95)
    assert isinstance(region, ConfidenceSet)
    assert region.low is not None
    edge = strata_regression(subtract(cells, region.low), se_type="HC2", level=0.95)
    assert isinstance(edge, Estimate)
    assert abs(edge.value / edge.se) == pytest.approx(stats.t.ppf(0.975, 196))
