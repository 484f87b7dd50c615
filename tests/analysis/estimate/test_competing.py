"""Competing exits and whole paths: against statsmodels, binomial arithmetic, the bootstrap and repeated trials."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.duration.survfunc import CumIncidenceRight

from analysis.estimate.aalen_johansen import aalen_johansen, incidence_difference
from analysis.estimate.counts import count
from analysis.estimate.kaplan_meier import kaplan_meier
from analysis.estimate.paths import Path, employment_path, sup_t, survival_path
from analysis.estimate.result import Estimate, NotEstimable


def competing(seed: int, size: int = 400) -> pd.DataFrame:
    """Exits to work (1), education (2) or censored (0), in weeks with ties."""
    rng = np.random.default_rng(seed)
    z = rng.random(size) < 0.5
    times = np.stack([rng.integers(5, 30, size), rng.geometric(np.where(z, 0.06, 0.04)), rng.geometric(0.02, size)])
    cause = times.argmin(axis=0)
    return pd.DataFrame({"t": times.min(axis=0), "e": cause, "z": z})


def test_shares_of_all_causes_and_who_is_left_add_up_to_one() -> None:
    frame = competing(1)
    counts = count(frame["t"], frame["e"], frame["z"])
    curves = {(item.arm, item.cause): item for item in aalen_johansen(counts, level=0.95)}
    for curve in kaplan_meier(counts, level=0.95):
        for point in curve.points:
            left = sum(curves[(curve.arm, cause)].points[point.week].share for cause in (1, 2))
            assert left + point.survival == pytest.approx(1)


def test_statsmodels_gives_the_same_shares() -> None:
    frame = competing(2)
    for arm, name in ((False, "control"), (True, "treated")):
        own = frame[frame["z"] == arm]
        oracle = CumIncidenceRight(own["t"], own["e"])
        for item in aalen_johansen(count(frame["t"], frame["e"], frame["z"]), level=0.95):
            if item.arm == name:
                for week, share in zip(oracle.times, oracle.cinc[item.cause - 1], strict=True):
                    assert item.points[int(week)].share == pytest.approx(share)


def test_without_censoring_the_variance_is_binomial() -> None:
    frame = competing(3).query("e > 0")
    item = aalen_johansen(count(frame["t"], frame["e"], frame["z"]), level=0.95)[0]
    own = frame[~frame["z"]]
    for point in item.points:
        share = ((own["t"] <= point.week) & (own["e"] == 1)).mean()
        assert point.share == pytest.approx(share)
        if point.se is not None:
            assert point.se == pytest.approx((share * (1 - share) / len(own)) ** 0.5)


def test_the_variance_under_censoring_is_that_of_repeated_trials() -> None:
    values, errors = [], []
    for seed in range(600):
        frame = competing(seed, size=300)
        result = incidence_difference(count(frame["t"], frame["e"], frame["z"]), cause=1, week=20, level=0.95)
        assert isinstance(result, Estimate)
        values.append(result.value)
        errors.append(result.se)
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.08)


def test_a_cause_nobody_had_and_a_week_nobody_reached_have_their_reasons() -> None:
    counts = count([3, 4, 5, 6], [1, 0, 1, 0], [True, False, False, True])
    for cause, week in ((2, 3), (1, 20)):
        assert isinstance(incidence_difference(counts, cause=cause, week=week, level=0.95), NotEstimable)


def test_the_employment_path_is_the_difference_of_cumulated_means() -> None:
    rng = np.random.default_rng(4)
    employed = (rng.random((300, 12)) < 0.3).astype(np.int8)
    z, s = rng.random(300) < 0.5, np.zeros(300, dtype=int)
    path = employment_path(employed, z, s, level=0.95, seed=1)
    assert isinstance(path, Path)
    so_far = employed.astype(int).cumsum(axis=1)
    for point in path.points:
        column = so_far[:, point.week - 1]
        assert point.value == pytest.approx(column[z].mean() - column[~z].mean())
        variance = column[z].var(ddof=1) / z.sum() + column[~z].var(ddof=1) / (~z).sum()
        assert point.se == pytest.approx(variance**0.5)
        assert point.band_low < point.low < point.value < point.high < point.band_high
    again = employment_path(employed, z, s, level=0.95, seed=1)
    assert path == again


def test_the_critical_value_lies_between_pointwise_and_bonferroni() -> None:
    independent = sup_t(np.eye(10), level=0.95, seed=3, draws=200_000)
    assert independent == pytest.approx(2.7996, abs=0.02)  # Sidak: Phi^-1((1 + 0.95^(1/10)) / 2)
    assert sup_t(np.ones((10, 10)), level=0.95, seed=3, draws=200_000) == pytest.approx(1.96, abs=0.02)


@pytest.mark.slow
def test_the_band_covers_whole_paths() -> None:
    """Survival and employment paths without effect: 2,000 trials, whole path inside in 94 to 96.5 %."""
    rng = np.random.default_rng(12)
    inside = {"employment": 0, "survival": 0}
    for trial in range(2000):
        z, s = rng.permutation(400) < 200, rng.integers(0, 2, 400)
        states = (rng.random((400, 26)) < np.linspace(0.05, 0.6, 26)).astype(int)
        path = employment_path(states, z, s, level=0.95, seed=trial, draws=4000)
        assert isinstance(path, Path)
        inside["employment"] += all(point.band_low <= 0 <= point.band_high for point in path.points)
        week = np.minimum(rng.geometric(0.06, 400), 26)
        curve = survival_path(count(week, (week < 26).astype(int), z), level=0.95, seed=trial, draws=4000)
        assert isinstance(curve, Path)
        inside["survival"] += all(point.band_low <= 0 <= point.band_high for point in curve.points)
    for share in inside.values():
        assert 0.935 <= share / 2000 <= 0.965


def test_the_survival_path_is_the_difference_of_curves() -> None:
    frame = competing(5)
    counts = count(frame["t"], (frame["e"] > 0).astype(int), frame["z"])
    against, of = kaplan_meier(counts, level=0.95)
    path = survival_path(counts, level=0.95, seed=2)
    assert isinstance(path, Path)
    for point in path.points:
        first, second = against.points[point.week], of.points[point.week]
        assert point.value == pytest.approx(second.survival - first.survival)
        assert point.se == pytest.approx(((first.se or 0) ** 2 + (second.se or 0) ** 2) ** 0.5)


def test_paths_without_variation_have_their_reason() -> None:
    z = [True, False] * 4
    assert isinstance(employment_path(np.zeros((8, 5)), z, [0] * 8, level=0.95, seed=1), NotEstimable)
    assert isinstance(employment_path(np.eye(8), z, list(range(8)), level=0.95, seed=1), NotEstimable)
    assert isinstance(survival_path(count([5] * 8, [0] * 8, z), level=0.95, seed=1), NotEstimable)
