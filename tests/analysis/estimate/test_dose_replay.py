"""Replayed Anderson-Rubin against every assignment written out, a grid of tests, and repeated trials."""

import itertools

import numpy as np
import pytest

from analysis.estimate.cells import tabulate
from analysis.estimate.dose_replay import ReplayedSet, replayed_anderson_rubin
from analysis.estimate.randomisation import Randomisation, randomisation_test, replayed_statistics
from analysis.estimate.replay import replay_complete
from analysis.estimate.result import NotEstimable
from analysis.estimate.weak import ConfidenceSet, anderson_rubin


def trial(seed: int, size: int = 80, moved: float = 0.6) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    s = rng.integers(0, 3, size)
    z = np.zeros(size, dtype=bool)
    for stratum in range(3):
        own = np.flatnonzero(s == stratum)
        z[rng.permutation(own)[: len(own) // 2]] = True
    taker = rng.random(size)
    d = np.where(z, taker < 0.2 + moved, taker < 0.2).astype(float)
    return np.round(10 + s + 2 * d + rng.normal(0, 4, size)), d, z, s


def p_value(effect: float, data: tuple[np.ndarray, ...], draws: int, seed: int) -> float:
    y, d, z, s = data
    found = randomisation_test(
        y - effect * d, z, replay_complete(s, z), draws=draws, seed=seed, level=0.95, interval=False
    )
    assert isinstance(found, Randomisation)
    return found.test.p


@pytest.mark.parametrize(("seed", "moved"), [(1, 0.6), (2, 0.6), (7, 0.1), (4, 0.05)])
def test_the_set_is_where_the_test_of_each_effect_does_not_reject(seed: int, moved: float) -> None:
    """Also where the instrument is weak and the set is not an interval."""
    y, d, z, s = data = trial(seed, moved=moved)
    found = replayed_anderson_rubin(y, d, z, replay_complete(s, z), draws=399, seed=9, level=0.9)
    assert isinstance(found, ReplayedSet)
    assert found.p == p_value(0.0, data, 399, 9)
    grid = np.concatenate([np.linspace(-30, 30, 61), [-1e4, 1e4]]) + 0.0123
    assert [effect in found for effect in grid] == [p_value(effect, data, 399, 9) > 0.1 for effect in grid]


def test_every_assignment_written_out_gives_the_same_p() -> None:
    """Eight citizens, four treated: 70 assignments, replayed often enough to see their shares."""
    y, d = np.array([3, 8, 4, 9, 1, 7, 2, 5.0]), np.array([0, 1, 0, 1, 1, 1, 0, 0.0])
    z = np.array([0, 1, 0, 1, 0, 1, 0, 1], dtype=bool)
    s, effect = np.zeros(8, dtype=int), 1.5
    adjusted = y - effect * d
    statistic = abs(adjusted[z].mean() - adjusted[~z].mean())
    others = [np.isin(np.arange(8), chosen) for chosen in itertools.combinations(range(8), 4)]
    exact = np.mean([abs(adjusted[o].mean() - adjusted[~o].mean()) >= statistic - 1e-9 for o in others])
    assert p_value(effect, (y, d, z, s), 40_000, 3) == pytest.approx(exact, abs=4 * 0.0025)
    found = replayed_anderson_rubin(y, d, z, replay_complete(s, z), draws=40_000, seed=3, level=0.9)
    assert isinstance(found, ReplayedSet)
    assert (effect in found) == (exact > 0.1)


def test_it_agrees_with_the_large_sample_set() -> None:
    y, d, z, s = trial(11, size=3000)
    found = replayed_anderson_rubin(y, d, z, replay_complete(s, z), draws=2000, seed=1, level=0.95)
    large = anderson_rubin(tabulate(y, z, s, dose=d), se_type="HC0", level=0.95)
    assert isinstance(found, ReplayedSet)
    assert isinstance(large, ConfidenceSet)
    ((low, high),) = found.intervals
    assert low == pytest.approx(large.low, abs=0.08)
    assert high == pytest.approx(large.high, abs=0.08)


def test_a_dose_the_arm_does_not_move_gives_a_reason() -> None:
    y, _, z, s = trial(5)
    found = replayed_anderson_rubin(y, s.astype(float), z, replay_complete(s, z), draws=99, seed=1, level=0.95)
    assert isinstance(found, NotEstimable)


def test_it_holds_the_effect_as_often_as_it_says() -> None:
    """500 trials of 60 with a weak instrument and a constant effect: inside in 90 % (+- 2.7 points)."""
    inside = 0
    for seed in range(500):
        y, d, z, s = trial(seed, size=60, moved=0.15)
        found = replayed_anderson_rubin(y, d, z, replay_complete(s, z), draws=199, seed=seed, level=0.9)
        inside += isinstance(found, ReplayedSet) and 2.0 in found
    assert 0.87 <= inside / 500 <= 0.93


def test_statistics_of_several_outcomes_come_from_the_same_draws() -> None:
    y, d, z, s = trial(6)
    own, drawn = replayed_statistics([y, d, y], z, replay_complete(s, z), draws=50, seed=2)
    assert (drawn[:, 0] == drawn[:, 2]).all()
    assert np.corrcoef(drawn[:, 0], drawn[:, 1])[0, 1] > 0.2
    assert own[0] == own[2]
