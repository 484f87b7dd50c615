"""Weights from an estimated propensity, and the doubly robust estimator, against statsmodels and planted truth."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.treatment
from statsmodels.treatment.treatment_effects import TreatmentEffect

from analysis.estimate.dummies import columns_of
from analysis.estimate.propensity import SEPARATED, fit_propensity
from analysis.estimate.result import Estimate, NotEstimable
from analysis.estimate.reweighting import doubly_robust, propensity_weighted
from tests.analysis.estimate.samples import Sample

PLAIN: dict[str, Any] = {"absorb": (), "one_sided": "refuse", "se_type": "influence-function", "level": 0.95}


@pytest.fixture(scope="module", name="births")
def _births() -> Sample:
    """Cattaneo's births, as statsmodels carries them: smoking of the mother and weight of the child."""
    frame = pd.read_csv(Path(statsmodels.treatment.__file__).parent / "tests" / "results" / "cataneo2.csv")
    names = ("mmarried_", "mage", "mage2", "fbaby_", "medu")
    return Sample(
        frame["mbsmoke_"].to_numpy().astype(np.int8), frame["bweight"].to_numpy(float),
        frame[list(names)].to_numpy(float), names, np.zeros(len(frame), dtype=np.int32),
    )  # fmt: skip


@pytest.fixture(scope="module", name="peer")
def _peer(births: Sample) -> TreatmentEffect:
    design = sm.add_constant(births.covariates)
    logit = sm.Logit(births.treatment, design).fit(disp=0)
    return TreatmentEffect(sm.OLS(births.outcome, design), births.treatment, results_select=logit)


@pytest.mark.parametrize(("target", "group"), [("ATE", "all"), ("ATT", 1)])
def test_weights_equal_those_of_statsmodels(births: Sample, peer: TreatmentEffect, target: Any, group: Any) -> None:
    theirs = peer.ipw(effect_group=group)
    found = propensity_weighted(births, target=target, **PLAIN)
    assert isinstance(found, Estimate)
    assert found.value == pytest.approx(theirs.effect[0], rel=1e-9)
    assert found.se == pytest.approx(theirs.results_gmm.bse[0], rel=1e-4)  # theirs is differentiated numerically


def test_the_doubly_robust_estimator_equals_that_of_statsmodels(births: Sample, peer: TreatmentEffect) -> None:
    theirs = peer.aipw()
    found = doubly_robust(births, target="ATE", **PLAIN)
    assert isinstance(found, Estimate)
    assert found.value == pytest.approx(theirs.effect[0], rel=1e-9)
    assert found.se == pytest.approx(theirs.results_gmm.bse[0], rel=1e-5)


def planted(seed: int, size: int = 2000, *, strata: int = 4, periods: int = 3, effect: float = 2.0) -> Sample:
    rng = np.random.default_rng(seed)
    stratum, period = rng.integers(0, strata, size), rng.integers(0, periods, size)
    x = rng.normal(size=size) + 0.2 * stratum
    chance = 1 / (1 + np.exp(-(0.8 * x + 0.3 * (period - 1))))
    treatment = (rng.random(size) < chance).astype(np.int8)
    outcome = x + 0.3 * stratum + 0.5 * period + effect * treatment * (1 + 0.5 * x) + rng.normal(size=size)
    return Sample(
        treatment, outcome, x[:, None], ("x",), stratum.astype(np.int32), period.astype(np.int32),
        rng.integers(0, 40, size).astype(np.int32),
    )  # fmt: skip


@pytest.mark.parametrize("target", ["ATE", "ATT"])
def test_codes_are_dummies_that_nobody_made(target: Any) -> None:
    sample = planted(1)
    made = np.column_stack([
        sample.covariates, *(np.asarray(sample.stratum) == code for code in (1, 2, 3)),
        *(np.asarray(sample.period) == code for code in (1, 2)),
    ]).astype(float)  # fmt: skip
    dense = replace(sample, covariates=made, names=("x", "s1", "s2", "s3", "p1", "p2"))
    for tool in (propensity_weighted, doubly_robust):
        coded = tool(sample, target=target, **(PLAIN | {"absorb": ("stratum", "period")}))
        whole = tool(dense, target=target, **PLAIN)
        assert isinstance(coded, Estimate)
        assert isinstance(whole, Estimate)
        assert (coded.value, coded.se) == (pytest.approx(whole.value, rel=1e-9), pytest.approx(whole.se, rel=1e-9))


def test_the_logit_is_that_of_statsmodels() -> None:
    sample = planted(2)
    theirs = sm.Logit(sample.treatment, sm.add_constant(sample.covariates)).fit(disp=0, tol=1e-12)
    columns = columns_of((), sample.covariates, sample.names, len(sample.outcome))
    ours = fit_propensity(columns, sample.treatment.astype(float))
    np.testing.assert_allclose(ours.chance, theirs.predict(), rtol=1e-8)
    np.testing.assert_allclose(ours.inverse, theirs.cov_params(), rtol=1e-7)


@pytest.mark.parametrize("gap", [0.0, 1e-9, 5.0])
def test_separation_is_refused(gap: float) -> None:
    """Complete and quasi-complete separation alike: with gap 0 one treated and one untreated share a value."""
    x = np.concatenate([np.linspace(-2, 0, 50), gap + np.linspace(0, 2, 50)])
    treated = np.repeat([0, 1], 50).astype(np.int8)
    sample = Sample(treated, np.arange(100) % 7 * 1.0, x[:, None], ("x",), np.zeros(100, dtype=np.int32))
    assert propensity_weighted(sample, target="ATE", **PLAIN) == NotEstimable(
        SEPARATED, "estimated-propensity-weights"
    )


def test_a_far_but_overlapping_covariate_is_not_taken_for_separation() -> None:
    x = np.concatenate([np.linspace(-4, 0.1, 500), np.linspace(-0.1, 4, 500)])
    treated = np.repeat([0, 1], 500).astype(np.int8)
    found = fit_propensity(columns_of((), x[:, None], ("x",), 1000), treated.astype(float))
    assert found.chance.max() > 1 - 1e-6


def test_one_sided_periods_are_refused_or_left_out_and_counted() -> None:
    """A shutdown in which everybody is digital: no untreated citizen has that period's propensity."""
    sample = planted(3)
    closed = np.asarray(sample.period) == 2
    shut = replace(sample, treatment=np.where(closed, 1, sample.treatment).astype(np.int8))
    options = PLAIN | {"absorb": ("stratum", "period")}
    refused = doubly_robust(shut, target="ATT", **options)
    assert isinstance(refused, NotEstimable)
    assert refused.reason.startswith("in 1 strata or periods everybody or nobody is treated: ")
    left = doubly_robust(shut, target="ATT", **(options | {"one_sided": "leave-out"}))
    kept = replace(
        shut, treatment=shut.treatment[~closed], outcome=shut.outcome[~closed], covariates=shut.covariates[~closed],
        stratum=shut.stratum[~closed], period=np.asarray(shut.period)[~closed],
    )  # fmt: skip
    alone = doubly_robust(kept, target="ATT", **options)
    assert isinstance(left, Estimate)
    assert isinstance(alone, Estimate)
    assert (left.value, left.se) == (pytest.approx(alone.value, rel=1e-12), pytest.approx(alone.se, rel=1e-12))
    assert f"{int(closed.sum())} citizens left out" in left.notes[1]


def test_a_cluster_of_one_citizen_each_is_no_cluster() -> None:
    sample = planted(4, 500)
    own = replace(sample, cluster=np.arange(500, dtype=np.int32))
    plain = propensity_weighted(own, target="ATE", **PLAIN)
    clustered = propensity_weighted(own, target="ATE", **(PLAIN | {"se_type": "influence-function-clustered"}))
    assert isinstance(plain, Estimate)
    assert isinstance(clustered, Estimate)
    assert clustered.se == pytest.approx(plain.se * np.sqrt(500 / 499))
    lone = replace(sample, cluster=None)
    assert isinstance(
        propensity_weighted(lone, target="ATE", **(PLAIN | {"se_type": "influence-function-clustered"})), NotEstimable
    )


@pytest.mark.parametrize("target", ["ATE", "ATT"])
def test_the_standard_error_is_the_spread_of_the_estimates(target: Any) -> None:
    """120 samples of one population: the mean standard error lies within four Monte-Carlo errors of the spread."""
    for tool in (propensity_weighted, doubly_robust):
        found = [tool(planted(1000 + seed, 400), target=target, **PLAIN) for seed in range(120)]
        results = [one for one in found if isinstance(one, Estimate)]
        assert len(results) == 120
        spread = float(np.std([one.value for one in results], ddof=1))
        mean = float(np.mean([one.se for one in results]))
        assert abs(mean / spread - 1) < 4 / np.sqrt(2 * 119)


def test_right_outcome_model_mends_a_wrong_propensity() -> None:
    """The outcome is linear in x and the propensity is not: weights are biased, the doubly robust is not."""
    rng = np.random.default_rng(8)
    size = 200_000
    x = rng.exponential(size=size)
    treated = (rng.random(size) < np.where(x > 1.2, 0.9, 0.15)).astype(np.int8)
    outcome = 3 * x + 2 * treated + rng.normal(size=size)
    sample = Sample(treated, outcome, x[:, None], ("x",), np.zeros(size, dtype=np.int32))
    weighted = propensity_weighted(sample, target="ATE", **PLAIN)
    doubly = doubly_robust(sample, target="ATE", **PLAIN)
    assert isinstance(weighted, Estimate)
    assert isinstance(doubly, Estimate)
    assert abs(weighted.value - 2) > 10 * weighted.se
    assert abs(doubly.value - 2) < 4 * doubly.se


def test_names_that_do_not_exist_are_refused() -> None:
    sample = planted(5, 200)
    for changes in ({"se_type": "HC2"}, {"target": "LATE"}):
        assert isinstance(propensity_weighted(sample, **({"target": "ATE"} | PLAIN | changes)), NotEstimable)
