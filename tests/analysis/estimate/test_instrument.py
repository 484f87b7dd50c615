"""Two-stage least squares against R's golden values and linearmodels with dummies."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from linearmodels.iv import IV2SLS

from analysis.estimate.cells import tabulate
from analysis.estimate.instrument import FirstStage, first_stage, two_stage
from analysis.estimate.regression import strata_regression
from analysis.estimate.result import Estimate, NotEstimable


@pytest.mark.parametrize(("se_type", "se"), [("HC1", 0.28028316), ("HC2", 0.28028338)])
def test_golden_values_of_r_and_python(golden: pd.DataFrame, se_type: str, se: float) -> None:
    cells = tabulate(golden["y"], golden["z"] == 1, golden["strata"], dose=golden["d"])
    result = two_stage(cells, se_type=se_type, level=0.95)
    assert isinstance(result, Estimate)
    assert result.value == pytest.approx(2.15077862, abs=5e-9)
    assert result.se == pytest.approx(se, abs=5e-9)


Make = Callable[..., pd.DataFrame]
Dummies = Callable[[pd.DataFrame], pd.DataFrame]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_linearmodels_with_dummies_gives_the_same(seed: int, make_trial: Make, dummies: Dummies) -> None:
    frame = make_trial(seed)
    design = dummies(frame)
    oracle = IV2SLS(frame["y"], design.drop(columns="z"), frame["d"], design["z"])
    cells = tabulate(frame["y"], frame["z"], frame["s"], dose=frame["d"], cluster=frame["c"])
    hc1 = two_stage(cells, se_type="HC1", level=0.95)
    fit = oracle.fit(cov_type="robust", debiased=True)
    assert isinstance(hc1, Estimate)
    assert hc1.value == pytest.approx(fit.params["d"], rel=1e-9)
    assert hc1.se == pytest.approx(fit.std_errors["d"], rel=1e-9)
    assert hc1.p == pytest.approx(fit.pvalues["d"], rel=1e-6)
    classical = two_stage(cells, se_type="classical", level=0.95)
    fit = oracle.fit(cov_type="unadjusted", debiased=True)
    assert isinstance(classical, Estimate)
    assert classical.se == pytest.approx(fit.std_errors["d"], rel=1e-9)
    clustered = two_stage(cells, se_type="CR0", level=0.95)
    fit = oracle.fit(cov_type="clustered", clusters=frame["c"])
    assert isinstance(clustered, Estimate)
    assert clustered.se == pytest.approx(fit.std_errors["d"], rel=1e-9)


def test_the_first_stage_is_a_regression_of_the_dose(make_trial: Make, dummies: Dummies) -> None:
    frame = make_trial(8)
    cells = tabulate(frame["y"], frame["z"], frame["s"], dose=frame["d"])
    stage = first_stage(cells, se_type="HC2", level=0.95)
    fit = sm.OLS(frame["d"], dummies(frame)).fit(cov_type="HC2")
    assert isinstance(stage, FirstStage)
    assert stage.effect.value == pytest.approx(fit.params["z"])
    assert stage.effect.se == pytest.approx(fit.bse["z"])
    assert stage.f == pytest.approx(fit.tvalues["z"] ** 2)
    assert not stage.weak
    result = two_stage(cells, se_type="HC2", level=0.95)
    assert isinstance(result, Estimate)
    assert result.extra["first_stage_f"] == pytest.approx(stage.f)


def test_with_full_compliance_the_dose_effect_is_the_assignment_effect(make_trial: Make) -> None:
    frame = make_trial(9)
    cells = tabulate(frame["y"], frame["z"], frame["s"], dose=frame["z"].astype(float))
    dose = two_stage(cells, se_type="HC2", level=0.95)
    itt = strata_regression(cells, se_type="HC2", level=0.95)
    assert isinstance(dose, Estimate)
    assert isinstance(itt, Estimate)
    assert (dose.value, dose.se) == (pytest.approx(itt.value), pytest.approx(itt.se))
    assert isinstance(first_stage(cells, se_type="HC2", level=0.95), NotEstimable)


def test_a_dose_that_falls_with_the_arm_turns_the_sign(make_trial: Make) -> None:
    """Digital lowers the share held physically: what helps digital speaks against physical."""
    frame = make_trial(10)
    rising = two_stage(tabulate(frame["y"], frame["z"], frame["s"], dose=frame["d"]), se_type="HC2", level=0.95)
    falling = two_stage(tabulate(frame["y"], frame["z"], frame["s"], dose=1 - frame["d"]), se_type="HC2", level=0.95)
    assert isinstance(rising, Estimate)
    assert isinstance(falling, Estimate)
    assert falling.value == pytest.approx(-rising.value)
    assert falling.se == pytest.approx(rising.se)


@pytest.mark.parametrize("dose", [0.0, 0.5])
def test_an_arm_that_moves_no_dose_gives_no_effect(dose: float, make_trial: Make) -> None:
    frame = make_trial(11)
    cells = tabulate(frame["y"], frame["z"], frame["s"], dose=[dose] * len(frame))
    for result in (two_stage(cells, se_type="HC2", level=0.95), first_stage(cells, se_type="HC2", level=0.95)):
        assert isinstance(result, NotEstimable)
        assert "does not move the dose" in result.reason


def test_a_weak_instrument_is_said_so() -> None:
    rng = np.random.default_rng(3)
    z = rng.random(400) < 0.5
    dose = rng.random(400) + 0.02 * z
    result = two_stage(tabulate(rng.normal(size=400), z, np.zeros(400, int), dose=dose), se_type="HC2", level=0.95)
    assert isinstance(result, Estimate)
    assert result.notes[0].startswith("weak instrument: F ")
