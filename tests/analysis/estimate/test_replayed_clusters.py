"""Replays of drawn clusters against every allocation there is, and the statistic against least squares."""

import itertools
from collections import Counter
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm

from analysis.estimate.dose_replay import ReplayedSet, replayed_anderson_rubin
from analysis.estimate.randomisation import Randomisation, randomisation_test
from analysis.estimate.replay import Replay, assign_again, replay_procedure
from analysis.estimate.result import NotEstimable
from trial.procedures import Arms, Factor, Procedure, Subject, build

ARMS = Arms.of([SimpleNamespace(name="physical", ratio=1), SimpleNamespace(name="digital", ratio=1)])
FACTORS = (Factor("caseworker", tuple("abcdef")),)
DRAWS = 4000
AMONG: dict[str, dict[str, Any]] = {
    "complete": {"procedure": "complete@1", "total": 6}, "simple": {"procedure": "simple@1"},
    "efron": {"procedure": "efron@1", "probability": 0.75},
}  # fmt: skip


def procedure(among: str) -> Procedure:
    return build("cluster@1", {"factor": "caseworker", "among": AMONG[among]}, ARMS, factors=FACTORS)


def people(seed: int) -> tuple[list[Subject], np.ndarray, np.ndarray]:
    """Sixty citizens of six caseworkers of unlike size, two groups, in the order they came; their outcomes differ."""
    rng = np.random.default_rng(seed)
    worker = rng.choice(list("abcdef"), 60, p=[0.3, 0.2, 0.2, 0.1, 0.1, 0.1])
    group = rng.choice(["dagpenge", "jobparat"], 60)
    y = np.round(rng.normal(0, 2, 60) + np.array([ord(one) % 3 for one in worker]) + (group == "dagpenge"))
    units = [Subject(f"p{row}", {"caseworker": worker[row]}, f"{worker[row]}/{group[row]}") for row in range(60)]
    return units, group, y


def slope(y: np.ndarray, treated: np.ndarray, group: np.ndarray) -> float:
    """The coefficient of the arm beside a dummy of each group, by least squares; no number where an arm is empty."""
    if treated.all() or not treated.any():
        return np.nan
    design = np.column_stack([treated, group == "dagpenge", np.ones(len(y))]).astype(float)
    return float(sm.OLS(y, design).fit().params[0])


def replay(among: str, units: list[Subject]) -> Replay:
    return replay_procedure(procedure(among), units, "digital")


@pytest.mark.parametrize("among", ["complete", "simple"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_p_is_that_of_all_allocations(among: str, seed: int) -> None:
    """20 allocations of three of six, or all 64; within 4 Monte-Carlo errors of 4000 draws."""
    units, group, y = people(seed)
    worker = np.array([unit.levels["caseworker"] for unit in units])
    three = [set(chosen) for chosen in itertools.combinations("abcdef", 3)]
    every = [{"abcdef"[place] for place in range(6) if code >> place & 1} for code in range(64)]
    ways = [np.isin(worker, list(chosen)) for chosen in (three if among == "complete" else every)]
    observed = np.isin(worker, ["a", "c", "f"])
    own = abs(slope(y, observed, group))
    exact = np.mean([not abs(slope(y, way, group)) < own * (1 - 1e-9) for way in ways])
    found = randomisation_test(
        y, observed, replay(among, units), draws=DRAWS, seed=seed, level=0.95, stratum=group, interval=False
    )
    assert isinstance(found, Randomisation)
    assert found.test.statistic == pytest.approx(slope(y, observed, group))
    error = (exact * (1 - exact) / DRAWS) ** 0.5
    assert found.test.p == pytest.approx(exact, abs=4 * error + 1 / DRAWS)
    assert exact >= 1 / len(ways)


def test_every_allocation_is_drawn_as_often_as_the_others_and_clusters_stay_whole() -> None:
    units, _, _ = people(1)
    worker = np.array([unit.levels["caseworker"] for unit in units])
    found = replay("complete", units).sums(np.eye(60), draws=DRAWS, seed=5).sum(axis=1)
    for name in "abcdef":
        assert (found[:, worker == name].std(axis=1) == 0).all()
    seen = Counter(tuple(row) for row in found[:, [int(np.argmax(worker == name)) for name in "abcdef"]])
    assert len(seen) == 20
    error = (DRAWS * 0.05 * 0.95) ** 0.5
    assert max(abs(count - DRAWS / 20) for count in seen.values()) < 4 * error


@pytest.mark.parametrize("among", list(AMONG))
def test_asking_the_first_of_each_cluster_is_asking_everybody(among: str) -> None:
    units, _, _ = people(2)
    found = replay(among, units).sums(np.eye(60), draws=50, seed=7).sum(axis=1)
    for draw in range(50):
        asked = assign_again(procedure(among), units, "digital", None, np.random.default_rng([7, draw]))
        assert (found[draw] == asked).all()


def test_strata_within_a_cluster_compare_nothing() -> None:
    units, _, y = people(3)
    observed = np.array([unit.levels["caseworker"] in "acf" for unit in units])
    found = randomisation_test(y, observed, replay("complete", units), draws=99, seed=1, level=0.95)
    assert found == NotEstimable(
        "no stratum has citizens in both arms, or the outcome does not vary", "randomisation-test"
    )


def test_the_set_of_doses_is_that_of_all_allocations() -> None:
    """An effect of the dose is in the set where the share of allocations as far from it exceeds 0.2."""
    units, group, y = people(4)
    worker = np.array([unit.levels["caseworker"] for unit in units])
    observed = np.isin(worker, ["a", "c", "f"])
    dose = np.where(observed, 0.1, 0.9) + np.random.default_rng(8).normal(0, 0.1, 60)
    found = replayed_anderson_rubin(
        y, dose, observed, replay("complete", units), draws=DRAWS, seed=2, level=0.8, stratum=group
    )
    assert isinstance(found, ReplayedSet)
    ways = [np.isin(worker, chosen) for chosen in itertools.combinations("abcdef", 3)]
    error = (0.2 * 0.8 / DRAWS) ** 0.5
    asked = []
    for effect in np.linspace(-12, 12, 49):
        left = y - effect * dose
        own = abs(slope(left, observed, group))
        p = np.mean([abs(slope(left, way, group)) >= own * (1 - 1e-9) for way in ways])
        if abs(p - 0.2) > 4 * error:
            assert (effect in found) == (p > 0.2), (effect, p)
            asked.append(p > 0.2)
    assert min(asked.count(True), asked.count(False)) >= 5
