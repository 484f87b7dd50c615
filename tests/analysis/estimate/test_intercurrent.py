"""Attrition, pauses and subgroups: bounds by arithmetic and bootstrap, weights against a planted hazard."""

import numpy as np
import pytest
from scipy import stats

from analysis.estimate.bounds import Bounds, lee, manski
from analysis.estimate.cells import tabulate
from analysis.estimate.counts import count
from analysis.estimate.difference import stratified_difference
from analysis.estimate.kaplan_meier import restricted_mean_difference
from analysis.estimate.pauses import restricted_mean_without_pauses
from analysis.estimate.result import Estimate, HypothesisTest, NotEstimable
from analysis.estimate.subgroups import difference_of_effects, subgroup_effects

NAN = float("nan")


def test_manski_by_hand() -> None:
    """Second arm 1 3 ?, first arm 2 ? 4, range 0 to 10: (4+0)/3 - (6+10)/3 to (4+10)/3 - (6+0)/3."""
    result = manski([1, 3, NAN, 2, NAN, 4], [True] * 3 + [False] * 3, [0] * 6, lowest=0, highest=10, level=0.95)
    assert isinstance(result, Bounds)
    assert (result.low, result.high) == (pytest.approx(-4), pytest.approx(8 / 3))
    assert result.ci_low < result.low < result.high < result.ci_high


def test_without_missing_outcomes_the_bounds_are_the_estimate() -> None:
    rng = np.random.default_rng(1)
    y, z, s = rng.integers(0, 53, 200).astype(float), rng.random(200) < 0.5, rng.integers(0, 3, 200)
    truth = stratified_difference(tabulate(y, z, s), level=0.95)
    result = manski(y, z, s, lowest=0, highest=52, level=0.95)
    assert isinstance(truth, Estimate)
    assert isinstance(result, Bounds)
    assert result.low == result.high == pytest.approx(truth.value)
    assert result.ci_low == pytest.approx(truth.value - 1.959964 * truth.se, abs=1e-4)
    plain = lee(y, z, level=0.95)
    assert isinstance(plain, Bounds)
    assert plain.low == pytest.approx(plain.high) == pytest.approx(y[z].mean() - y[~z].mean())


def test_lee_trims_exactly_the_excess_share() -> None:
    """Second arm: 10 of 10 seen; first arm: 8 of 10. A fifth of the second arm goes, from the top or the bottom."""
    y = [*range(10), *[5.0] * 8, NAN, NAN]
    result = lee([*y[:10], *np.linspace(4, 6, 8), NAN, NAN], [True] * 10 + [False] * 10, level=0.95)
    assert isinstance(result, Bounds)
    assert (result.low, result.high) == (pytest.approx(3.5 - 5), pytest.approx(5.5 - 5))
    turned = lee([*np.linspace(4, 6, 8), NAN, NAN, *y[:10]], [True] * 10 + [False] * 10, level=0.95)
    assert isinstance(turned, Bounds)
    assert (turned.low, turned.high) == (pytest.approx(5 - 5.5), pytest.approx(5 - 3.5))


def test_ties_and_weights_are_trimmed_by_fractions() -> None:
    """Three citizens of weight 2 are six citizens: tied values at the edge go in part."""
    y = [1, 2, 2, 1.5, NAN, 2.5]
    z = [True] * 3 + [False] * 3
    once = lee(y, z, level=0.95, weight=[2.0] * 6, draws=50, seed=1)
    twice = lee(np.repeat(y, 2), np.repeat(z, 2), level=0.95)
    assert isinstance(twice, Bounds)
    assert twice.low == pytest.approx((1 * 2 + 2 * 2) / 4 - 2)
    assert twice.high == pytest.approx(2 - 2)
    if isinstance(once, Bounds):
        assert (once.low, once.high) == (pytest.approx(twice.low), pytest.approx(twice.high))


def attrition(seed: int, size: int = 600) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Everybody seen in the first arm is seen in the second; the effect on them is 1."""
    rng = np.random.default_rng(seed)
    z, group = rng.permutation(size) < size // 2, rng.integers(0, 2, size)
    ability = rng.normal(size=size) + 2 * group
    y = np.where(ability + rng.normal(size=size) > np.where(z, -1.0, 0.2), ability * 3 + z, NAN)
    return y, z, group, ability


def test_groups_tighten_the_bounds_and_the_truth_stays_inside() -> None:
    wider, inside = 0, 0
    for seed in range(40):
        y, z, group, _ = attrition(seed)
        plain = lee(y, z, level=0.95)
        grouped = lee(y, z, level=0.95, group=group, draws=30, seed=1)
        assert isinstance(plain, Bounds)
        assert isinstance(grouped, Bounds)
        wider += plain.high - plain.low > grouped.high - grouped.low
        inside += grouped.ci_low <= 1 <= grouped.ci_high
    assert wider == 40
    assert inside >= 36


def test_lees_standard_errors_are_those_of_repeated_trials() -> None:
    found = []
    for seed in range(400):
        y, z, _, _ = attrition(seed)
        result = lee(y, z, level=0.95)
        assert isinstance(result, Bounds)
        found.append((result.low, result.high, result.low_se, result.high_se))
    low, high, low_se, high_se = np.array(found).T
    assert low_se.mean() == pytest.approx(low.std(), rel=0.12)
    assert high_se.mean() == pytest.approx(high.std(), rel=0.12)


@pytest.mark.parametrize(
    ("y", "lowest", "reason"),
    [([NAN] * 4, 0, ""), ([1, 2, NAN, NAN], 0, ""), ([1, 2, 3, 99], 0, "outside"), ([1, 2, 3, 4], 10, "below")],
)
def test_what_cannot_be_bounded_has_its_reason(y: list[float], lowest: float, reason: str) -> None:
    z = [True, True, False, False]
    result = manski(y, z, [0] * 4, lowest=lowest, highest=10, level=0.95)
    if reason:
        assert isinstance(result, NotEstimable)
        assert reason in result.reason
    if np.isnan(y[2]):
        assert isinstance(lee(y, z, level=0.95), NotEstimable)


def paused_trial(seed: int, size: int = 4000) -> dict[str, np.ndarray]:
    """Group 1 exits and is paused sooner; without pauses the hazards are .04 and .05, twice that in group 1."""
    rng = np.random.default_rng(seed)
    z, group = rng.random(size) < 0.5, rng.integers(0, 2, size)
    exits = rng.geometric(np.where(z, 0.05, 0.04) * (1 + group))
    pause = rng.geometric(np.where(group == 1, 0.06, 0.01)).astype(float)
    pause[rng.random(size) < 0.5] = NAN
    # After a pause exits of the second arm come late: what is seen then says nothing of the world without.
    seen = np.where(z & (exits >= np.nan_to_num(pause, nan=np.inf)), exits + 15, exits)
    return {"week": np.minimum(seen, 30), "event": (seen <= 30).astype(int), "paused_week": pause, "treated": z,
            "group": group}  # fmt: skip


def truth(week: int = 26) -> float:
    def mean(hazard: float) -> float:
        return float(((1 - hazard) ** np.arange(week)).sum())

    return (mean(0.05) + mean(0.10)) / 2 - (mean(0.04) + mean(0.08)) / 2


def test_weights_recover_the_world_without_pauses() -> None:
    weighted, naive = [], []
    for seed in range(60):
        trial = paused_trial(seed)
        result = restricted_mean_without_pauses(**trial, by_week=26, level=0.95, seed=1, draws=20)
        assert isinstance(result, Estimate)
        weighted.append(result.value)
        counts = count(trial["week"], trial["event"], trial["treated"])
        plain = restricted_mean_difference(counts, week=26, level=0.95)
        assert isinstance(plain, Estimate)
        naive.append(plain.value)
    error = np.std(weighted) / 60**0.5
    assert abs(np.mean(weighted) - truth()) < 3.5 * error
    assert abs(np.mean(naive) - truth()) > 5 * error


def test_the_bootstrap_error_is_the_spread_of_repeated_trials() -> None:
    values, errors = [], []
    for seed in range(80):
        result = restricted_mean_without_pauses(**paused_trial(seed, 1500), by_week=26, level=0.95, seed=2, draws=60)
        assert isinstance(result, Estimate)
        values.append(result.value)
        errors.append(result.se)
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.25)


def test_without_pauses_it_is_kaplan_meier() -> None:
    trial = paused_trial(3)
    trial["paused_week"] = np.full(4000, NAN)
    result = restricted_mean_without_pauses(**trial, by_week=26, level=0.95, seed=1, draws=300)
    plain = restricted_mean_difference(count(trial["week"], trial["event"], trial["treated"]), week=26, level=0.95)
    assert isinstance(result, Estimate)
    assert isinstance(plain, Estimate)
    assert result.value == pytest.approx(plain.value)
    assert result.se == pytest.approx(plain.se, rel=0.15)


def test_a_group_paused_altogether_has_nobody_to_stand_for_it() -> None:
    trial = paused_trial(4, 300)
    trial["paused_week"] = np.where(trial["group"] == 1, 2.0, NAN)
    result = restricted_mean_without_pauses(**trial, by_week=26, level=0.95, seed=1)
    assert isinstance(result, NotEstimable)
    assert "group 1 was paused" in result.reason


def test_subgroups_and_their_interaction() -> None:
    rng = np.random.default_rng(5)
    group, z, s = rng.integers(0, 3, 900), rng.random(900) < 0.5, rng.integers(0, 2, 900)
    y = rng.normal(size=900) + z * np.array([0.0, 0.0, 1.0])[group]
    found = subgroup_effects(y, z, s, np.array(["a", "b", "c"])[group], level=0.95)
    for code, name in enumerate("abc"):
        own = group == code
        alone = stratified_difference(tabulate(y[own], z[own], s[own]), level=0.95)
        assert found.effects[name] == alone
    assert isinstance(found.equality, HypothesisTest)
    assert found.equality.p < 1e-6
    difference = difference_of_effects(found.effects, "a", "c", level=0.95)
    assert isinstance(difference, Estimate)
    assert difference.ci_low < 1 < difference.ci_high
    two = {name: found.effects[name] for name in "ac"}
    pair = subgroup_effects(y[group != 1], z[group != 1], s[group != 1], np.array(["a", "b", "c"])[group][group != 1],
                            level=0.95)  # fmt: skip
    assert pair.effects == two
    assert isinstance(pair.equality, HypothesisTest)
    assert pair.equality.statistic == pytest.approx((difference.value / difference.se) ** 2)
    assert pair.equality.p == pytest.approx(2 * stats.norm.sf(abs(difference.value / difference.se)))


def test_a_subgroup_without_estimate_is_named() -> None:
    y, z, g = [1, 2, 3, 4, 5], [True, False, True, False, True], ["a", "a", "a", "a", "b"]
    found = subgroup_effects(y, z, [0] * 5, g, level=0.95)
    assert isinstance(found.equality, NotEstimable)
    assert found.equality.reason.startswith("subgroup b has no estimate: arm control has no citizen")
    alone = subgroup_effects(y[:4], z[:4], [0] * 4, g[:4], level=0.95)
    assert isinstance(alone.equality, NotEstimable)
