"""Randomisation tests against exact enumeration of the designs, and against themselves turned round."""

import itertools
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from analysis.estimate.randomisation import Randomisation, randomisation_test
from analysis.estimate.replay import Fresh, Replay, assign_again, replay_complete, replay_procedure
from analysis.estimate.result import NotEstimable
from trial.procedures import Arms, Procedure, Subject, Unit, build

ARMS = Arms.of([SimpleNamespace(name="physical", ratio=1), SimpleNamespace(name="digital", ratio=1)])
CODES = np.array([[1.0, 2.0, 4.0, 8.0, 16.0, 32.0]])


def procedure(name: str, **parameters: Any) -> Procedure:
    return build(name, parameters, ARMS)


def units(strata: Sequence[str]) -> list[Unit]:
    return [Subject(f"p{row}", {}, stratum) for row, stratum in enumerate(strata)]


def exact(rule: Procedure, size: int) -> dict[int, Fraction]:
    """The probability of every assignment of `size` citizens of one stratum, path by path, blocks averaged over."""
    found: dict[int, Fraction] = {}
    sizes = getattr(rule, "sizes", (0,))
    for blocks in itertools.product(range(len(sizes)), repeat=size if len(sizes) > 1 else 1):
        draw = SimpleNamespace(memo={}, below=lambda n, step, purpose, blocks=blocks: blocks[step])
        for path in itertools.product(("physical", "digital"), repeat=size):
            chance, state = Fraction(1, len(sizes) ** len(blocks)), rule.begin()
            for arm in path:
                chance *= rule.probabilities(state, units(["s"])[0], draw)[arm]
                if not chance:
                    break
                state = rule.advance(state, units(["s"])[0], arm, draw)
            if chance:
                code = sum(2**place for place, arm in enumerate(path) if arm == "digital")
                found[code] = found.get(code, Fraction(0)) + chance
    assert sum(found.values()) == 1
    return found


RULES: dict[str, dict[str, Any]] = {
    "simple@1": {}, "big-stick@1": {"tolerance": 2}, "permuted-block@1": {"sizes": [2, 4]}
}  # fmt: skip


@pytest.mark.parametrize("name", ["simple@1", "big-stick@1", "permuted-block@1"])
def test_kernels_draw_every_assignment_with_its_exact_probability(name: str) -> None:
    rule = procedure(name, **RULES[name])
    draws = 60_000
    for strata in (["s"] * 6, ["s"] * 6 + ["t"] * 3):
        replay = replay_procedure(rule, units(strata), "digital")
        columns = np.concatenate([CODES, np.zeros((1, len(strata) - 6))], axis=1)
        drawn = Counter(replay.sums(columns, draws=draws, seed=4)[:, 0, 0].astype(int).tolist())
        expected = exact(rule, 6)
        assert set(drawn) == set(expected)
        observed = [drawn[code] for code in expected]
        assert stats.chisquare(observed, [float(chance) * draws for chance in expected.values()]).pvalue > 1e-4


def test_the_procedure_itself_is_asked_where_there_is_no_kernel() -> None:
    rule = procedure("wei-urn@1", alpha=1, beta=1)
    replay = replay_procedure(rule, units(["s"] * 5), "digital")
    drawn = Counter(replay.sums(CODES[:, :5], draws=4000, seed=4)[:, 0, 0].astype(int).tolist())
    expected = exact(rule, 5)
    observed = [drawn[code] for code in expected]
    assert stats.chisquare(observed, [float(chance) * 4000 for chance in expected.values()]).pvalue > 1e-4


def test_asked_and_compiled_agree_in_distribution() -> None:
    rule = procedure("permuted-block@1", sizes=[2, 4])
    people = units(["s", "t", "s", "s", "t", "s", "s", "t"])
    again = [assign_again(rule, people, "digital", None, np.random.default_rng([1, draw])) for draw in range(6000)]
    own = [int((taken * 2 ** np.arange(8)).sum()) for taken in again]
    replay = replay_procedure(rule, people, "digital")
    compiled = replay.sums(2.0 ** np.arange(8)[None], draws=6000, seed=3).sum(axis=1)[:, 0].astype(int)
    first, second = Counter(own), Counter(compiled.tolist())
    codes = sorted(set(first) | set(second))
    assert stats.chi2_contingency([[first[code] for code in codes], [second[code] for code in codes]]).pvalue > 1e-4


def test_complete_randomisation_keeps_its_numbers_and_all_subsets_are_alike() -> None:
    replay = replay_complete(["s"] * 6 + ["t"] * 4, [True, True, False, False, False, False, True, True, True, False])
    columns = np.stack([np.ones(10), np.concatenate([CODES[0], np.zeros(4)])])
    drawn = replay.sums(columns, draws=30_000, seed=2)
    assert (drawn[:, 0, 0] == 2).all()
    assert (drawn[:, 1, 0] == 3).all()
    found = Counter(drawn[:, 0, 1].astype(int).tolist())
    assert len(found) == 15
    assert stats.chisquare(list(found.values())).pvalue > 1e-4
    alone = replay.sums(columns[1:], draws=30_000, seed=2)[:, 0, 0]
    assert stats.chisquare(list(Counter(alone.tolist()).values())).pvalue > 1e-4


@pytest.mark.parametrize("kind", ["complete", "big-stick@1", "permuted-block@1"])
def test_the_same_bits_on_one_thread_or_two(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    strata = [f"s{code}" for code in rng.integers(0, 7, 200)]
    replay = (
        replay_complete(strata, rng.random(200) < 0.5)
        if kind == "complete"
        else replay_procedure(procedure(kind, **RULES[kind]), units(strata), "digital")
    )
    columns = rng.normal(size=(2, 200))
    many = replay.sums(columns, draws=50, seed=9)
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    assert replay.sums(columns, draws=50, seed=9).tobytes() == many.tobytes()
    assert replay.sums(columns, draws=50, seed=10).tobytes() != many.tobytes()


def exact_p(y: np.ndarray, z: np.ndarray, s: np.ndarray) -> float:
    """Fisher's p by every assignment that keeps the strata's numbers."""

    def slope(arm: np.ndarray) -> float:
        top = sum((arm[s == k] * (y[s == k] - y[s == k].mean())).sum() for k in np.unique(s))
        return top / sum(arm[s == k].sum() * (1 - arm[s == k].mean()) for k in np.unique(s))

    parts = []
    for k in np.unique(s):
        rows = np.flatnonzero(s == k)
        parts.append([set(chosen) for chosen in itertools.combinations(rows.tolist(), int(z[rows].sum()))])
    values = [slope(np.isin(np.arange(len(y)), list(set().union(*chosen))).astype(float))
              for chosen in itertools.product(*parts)]  # fmt: skip
    return float(np.mean(np.abs(values) >= abs(slope(z.astype(float))) - 1e-12))


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("interval", [False, True])
def test_the_p_value_is_fishers(binary: bool, interval: bool) -> None:
    rng = np.random.default_rng(8)
    s = np.array([0] * 7 + [1] * 5)
    z = np.array([1, 1, 1, 0, 0, 0, 0, 1, 1, 0, 0, 0], dtype=bool)
    y = rng.integers(0, 2, 12).astype(float) if binary else np.round(rng.normal(size=12) + z, 1)
    result = randomisation_test(y, z, replay_complete(s, z), draws=40_000, seed=1, level=0.9, interval=interval)
    assert isinstance(result, Randomisation)
    truth = exact_p(y, z, s)
    assert abs(result.test.p - truth) < 4 * (truth * (1 - truth) / 40_000) ** 0.5 + 1e-4


def test_p_is_never_zero_and_valid_at_any_number_of_draws() -> None:
    z = np.tile([True, False], 30)
    for draws in (1, 9, 99):
        result = randomisation_test(100.0 * z + np.arange(60) % 3, z, replay_complete(np.zeros(60, int), z),
                                    draws=draws, seed=1, level=0.9)  # fmt: skip
        assert isinstance(result, Randomisation)
        assert result.test.p == 1 / (1 + draws)


@pytest.mark.parametrize("design", ["complete", "big-stick@1"])
def test_the_interval_holds_the_effects_the_test_does_not_reject(design: str) -> None:
    rng = np.random.default_rng(3)
    s = np.array([f"s{code}" for code in rng.integers(0, 3, 60)])
    rule = procedure("big-stick@1", tolerance=2)
    z = assign_again(rule, units(s), "digital", None, np.random.default_rng(0))
    y = rng.normal(size=60) + 0.7 * z
    replay = replay_complete(s, z) if design == "complete" else replay_procedure(rule, units(s), "digital")
    result = randomisation_test(y, z, replay, draws=199, seed=5, level=0.9)
    assert isinstance(result, Randomisation)
    assert result.low is not None
    assert result.high is not None
    for effect in np.linspace(result.low - 0.5, result.high + 0.5, 60):
        test = randomisation_test(y - effect * z, z, replay, draws=199, seed=5, level=0.9)
        assert isinstance(test, Randomisation)
        assert (test.test.p > 0.1) == (result.low <= effect <= result.high)


def test_too_few_draws_bound_nothing() -> None:
    z = np.tile([True, False], 20)
    result = randomisation_test(
        np.arange(40.0), z, replay_complete(np.zeros(40, int), z), draws=9, seed=1, level=0.95
    )
    assert isinstance(result, Randomisation)
    assert (result.low, result.high) == (None, None)


def test_missing_outcomes_are_drawn_but_not_compared() -> None:
    """With half of them missing at random the p-value is that of those observed."""
    rng = np.random.default_rng(2)
    z, y = np.tile([True, False], 50), rng.normal(size=100)
    y[rng.permutation(100)[:50]] = np.nan
    replay = replay_procedure(procedure("simple@1"), units(["s"] * 100), "digital")
    result = randomisation_test(y, z, replay, draws=20_000, seed=1, level=0.9)
    seen = ~np.isnan(y)
    small = replay_procedure(procedure("simple@1"), units(["s"] * 50), "digital")
    again = randomisation_test(y[seen], z[seen], small, draws=20_000, seed=2, level=0.9)
    assert isinstance(result, Randomisation)
    assert isinstance(again, Randomisation)
    assert result.test.p == pytest.approx(again.test.p, abs=0.02)
    assert result.test.n == {"control": int((seen & ~z).sum()), "treated": int((seen & z).sum())}


def test_strata_compared_within_may_be_joined() -> None:
    rng = np.random.default_rng(4)
    s, y = np.array([0, 0, 0, 0, 1, 1, 2, 2] * 5), rng.normal(size=40)
    z = np.tile([True, False], 20)
    replay = replay_complete(s, z)
    joined = randomisation_test(y, z, replay, draws=500, seed=1, level=0.9, stratum=np.where(s > 0, 1, 0))
    assert isinstance(joined, Randomisation)
    coarse = np.where(s > 0, 1, 0)
    top = sum((z[coarse == k] * (y[coarse == k] - y[coarse == k].mean())).sum() for k in (0, 1))
    assert joined.test.statistic == pytest.approx(top / 10)
    refused = randomisation_test(y, z, replay, draws=500, seed=1, level=0.9, stratum=np.arange(40) % 2)
    assert isinstance(refused, NotEstimable)


@pytest.mark.parametrize("y", [np.ones(20), np.full(20, np.nan), np.full(20, np.inf)])
def test_what_cannot_be_tested_has_its_reason(y: np.ndarray) -> None:
    z = np.tile([True, False], 10)
    assert isinstance(
        randomisation_test(y, z, replay_complete(np.zeros(20, int), z), draws=9, seed=1, level=0.9), NotEstimable
    )


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.1, 0.2, 0.5])
@pytest.mark.parametrize("studentised", [False, True])
def test_size_at_every_share_of_treated(share: float, studentised: bool) -> None:
    """2,000 trials without effect, unequal strata, skewed outcome: 3.5 to 6.5 % rejected (Monte-Carlo se .5)."""
    rng = np.random.default_rng(7)
    s = np.repeat([0, 1, 2, 3], [20, 60, 120, 300])
    rejected = 0
    for trial in range(2000):
        z = np.concatenate([rng.permutation(size) < round(size * share) for size in (20, 60, 120, 300)])
        y = rng.lognormal(size=500) + s
        result = randomisation_test(y, z, replay_complete(s, z), draws=199, seed=trial, level=0.95,
                                    studentised=studentised, interval=False)  # fmt: skip
        assert isinstance(result, Randomisation)
        rejected += result.test.p <= 0.05
    assert 0.035 <= rejected / 2000 <= 0.065


def test_fresh_draws_are_the_same_when_asked_again() -> None:
    fresh = Fresh(np.random.default_rng(1))
    assert fresh.below(10, 3, "arm") == fresh.below(10, 3, "arm")
    assert 0 <= fresh.below(2**300, 0, "arm") < 2**300
    assert fresh.below(1, 0, "arm") == 0
    assert [len(one) for one in fresh.marks("batch-order", ["p1"])] == [32]


def test_a_replay_needs_a_draw() -> None:
    z = np.tile([True, False], 10)
    replay: Replay = replay_complete(np.zeros(20, int), z)
    assert isinstance(randomisation_test(np.arange(20), z, replay, draws=0, seed=1, level=0.9), NotEstimable)
