"""Power formulas: the figures of the planning note, statsmodels, and trials drawn and tested."""

import numpy as np
import pytest
from statsmodels.stats.power import NormalIndPower

from analysis.design.power import (
    Question,
    citizens,
    cluster_factor,
    detectable,
    detectable_hazard_ratio,
    dilution_factor,
    exits_needed,
    loss_factor,
    needed,
    needed_for_shares,
    planning,
    power_for,
    share_variance,
    standard_error,
    strata_factor,
)
from analysis.estimate.cells import tabulate
from analysis.estimate.noninferiority import non_inferiority
from analysis.estimate.regression import strata_regression
from analysis.estimate.result import Estimate
from trial.errors import PlanError

USUAL = Question(0.95, "two-sided", 0.80)
NO_WORSE = Question(0.95, "one-sided", 0.80)


@pytest.mark.parametrize(("points", "per_arm"), [(1, 35_700), (2, 8_930), (3, 3_970), (5, 1_430)])
def test_planning_figures_of_two_shares(points: int, per_arm: int) -> None:
    """35 % in employment at 13 weeks, variance 2p(1-p), 80 % power, two-sided 5 %."""
    assert planning(needed(points / 100, share_variance(0.35), USUAL)) == per_arm


def test_planning_figure_of_non_inferiority() -> None:
    assert planning(needed(0.02, share_variance(0.35), NO_WORSE)) == 7_030


@pytest.mark.parametrize(("hazard_ratio", "exits"), [(1.10, 3_460), (1.20, 944), (1.30, 456)])
def test_planning_figures_of_hazard_ratios(hazard_ratio: float, exits: int) -> None:
    assert planning(exits_needed(hazard_ratio, USUAL)) == exits
    assert exits_needed(1 / hazard_ratio, USUAL) == pytest.approx(exits_needed(hazard_ratio, USUAL))


@pytest.mark.parametrize("ratio", [0.5, 1.0, 3.0])
def test_statsmodels_gives_the_same_citizens(ratio: float) -> None:
    theirs = NormalIndPower().solve_power(effect_size=0.1, alpha=0.05, power=0.9, ratio=ratio)
    assert needed(0.3, 9.0, Question(0.95, "two-sided", 0.9), ratio=ratio) == pytest.approx(theirs, rel=1e-5)
    one = NormalIndPower().solve_power(effect_size=0.1, alpha=0.05, power=0.9, ratio=ratio, alternative="larger")
    assert needed(0.3, 9.0, Question(0.95, "one-sided", 0.9), ratio=ratio) == pytest.approx(one, rel=1e-5)


def test_needed_detectable_and_power_are_one_equation() -> None:
    n = needed(0.7, 16.0, USUAL, ratio=2)
    assert detectable(16.0, USUAL, against=n, of=2 * n) == pytest.approx(0.7)
    assert power_for(0.7, standard_error(16.0, against=n, of=2 * n), NO_WORSE) > 0.8
    assert power_for(0.7, standard_error(16.0, against=n, of=2 * n), USUAL) == pytest.approx(0.8, abs=1e-5)
    assert power_for(0.0, 1.0, USUAL) == pytest.approx(0.05)
    assert detectable_hazard_ratio(exits_needed(1.2, USUAL, ratio=2), USUAL, ratio=2) == pytest.approx(1.2)


def test_factors_by_hand() -> None:
    assert cluster_factor(20, 0.05) == pytest.approx(1.95)
    assert cluster_factor(20, 0.05, variation=0.5) == pytest.approx(1 + 24 * 0.05)
    assert dilution_factor(0.5) == 4
    assert loss_factor(0.2) == pytest.approx(1.25)
    assert strata_factor(0.1) == pytest.approx(0.9)
    assert (citizens(8928.1), citizens(7.0), planning(35_714.2), planning(456.1)) == (8929, 7, 35_700, 456)


def trials(seed: int, shares: tuple[float, float], n: int, draws: int) -> list[Estimate]:
    """Draw trials of two arms in four strata and estimate them as the plan would."""
    rng = np.random.default_rng(seed)
    found = []
    stratum, arm = np.repeat(np.arange(4), n // 2), np.tile([False, True], n)
    for _ in range(draws):
        y = (rng.random(2 * n) < np.where(arm, shares[1], shares[0])).astype(np.int64)
        result = strata_regression(tabulate(y, arm, stratum), se_type="HC2", level=0.95)
        assert isinstance(result, Estimate)
        found.append(result)
    return found


def within_error(shown: float, expected: float, draws: int) -> bool:
    return abs(shown - expected) < 3.5 * (expected * (1 - expected) / draws) ** 0.5


def test_simulated_trials_find_the_effect_as_often_as_the_formula_says() -> None:
    n, draws = 2 * citizens(needed_for_shares(0.35, 0.06, USUAL) / 2), 1500
    found = trials(1, (0.35, 0.41), n, draws)
    assert within_error(float(np.mean([one.p < 0.05 for one in found])), 0.80, draws)


def test_simulated_trials_clear_the_margin_as_often_as_the_formula_says() -> None:
    n, draws = 2 * citizens(needed(0.06, share_variance(0.35), NO_WORSE) / 2), 1500
    judged = [
        non_inferiority(one, margin=0.06, higher_is_better=True, level=0.95).conclusion
        for one in trials(2, (0.35, 0.35), n, draws)
    ]
    clear = float(np.mean([one in ("superior", "non-inferior", "non-inferior-but-worse") for one in judged]))
    assert within_error(clear, 0.80, draws)


def test_simulated_hazards_find_the_ratio_as_often_as_schoenfeld_says() -> None:
    """Exponential times followed until the needed exits have happened, compared by the log-rank score."""
    exits, draws, rng = citizens(exits_needed(1.3, USUAL)), 1500, np.random.default_rng(3)
    n = 2 * exits
    found = 0
    for _ in range(draws):
        arm = np.tile([0, 1], n // 2)
        order = np.argsort(rng.exponential(size=n) / np.where(arm == 1, 1.3, 1.0))[:exits]
        at_risk = n - np.arange(exits)
        ahead = np.concatenate([[0], np.cumsum(arm[order])[:-1]])
        share = (n // 2 - ahead) / at_risk
        score = float((arm[order] - share).sum()) / float((share * (1 - share)).sum()) ** 0.5
        found += abs(score) > USUAL.critical
    assert within_error(found / draws, 0.80, draws)


def test_whole_clusters_need_their_factor() -> None:
    """Clusters of 25 with ICC 0.08: as many citizens as the factor says give the power wanted."""
    size, icc, draws, rng = 25, 0.08, 1500, np.random.default_rng(4)
    groups = citizens(needed(0.4, 1.0, USUAL) * cluster_factor(size, icc) / size)
    level = rng.normal(0, icc**0.5, (draws, 2, groups))
    means = level + rng.normal(0, ((1 - icc) / size) ** 0.5, (draws, 2, groups)) + np.array([0, 0.4])[None, :, None]
    gap = means[:, 1].mean(axis=1) - means[:, 0].mean(axis=1)
    se = ((icc + (1 - icc) / size) * 2 / groups) ** 0.5
    assert within_error(float((np.abs(gap) / se > USUAL.critical).mean()), power_for(0.4, se, USUAL), draws)
    assert power_for(0.4, se, USUAL) == pytest.approx(0.80, abs=0.04)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Question(0.4, "two-sided", 0.8),
        lambda: Question(0.95, "two-sided", 0.01),
        lambda: needed(0.0, 1.0, USUAL),
        lambda: needed(0.1, -1.0, USUAL),
        lambda: share_variance(1.0),
        lambda: exits_needed(1.0, USUAL),
        lambda: dilution_factor(0.0),
        lambda: loss_factor(1.0),
        lambda: cluster_factor(20, 1.2),
        lambda: strata_factor(1.0),
    ],
)
def test_what_no_design_can_have_is_refused(wrong: object) -> None:
    with pytest.raises(PlanError):
        wrong()  # type: ignore[operator]
