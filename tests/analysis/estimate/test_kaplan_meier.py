"""Curves and restricted means against R's golden values, statsmodels, Stata's printed table and plain summation."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.duration.survfunc import SurvfuncRight

from analysis.estimate.counts import count
from analysis.estimate.kaplan_meier import kaplan_meier, restricted_mean, restricted_mean_difference
from analysis.estimate.result import DegenerateError, Estimate, NotEstimable

# Freireich et al. (1963), weeks of remission: 6-mercaptopurine, then placebo (nobody censored).
DRUG_WEEKS = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
DRUG_EVENT = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]

# Stata `sts list` (its default band is log-log): week, S, se, low, high.
STATA = """
 6  0.8571 0.0764 0.6197 0.9516
 7  0.8067 0.0869 0.5631 0.9228
10  0.7529 0.0963 0.5032 0.8894
13  0.6902 0.1068 0.4316 0.8491
16  0.6275 0.1141 0.3675 0.8049
22  0.5378 0.1282 0.2678 0.7468
23  0.4482 0.1346 0.1881 0.6801
"""

CITIZENS = st.lists(st.tuples(st.integers(1, 8), st.integers(0, 1), st.booleans()), min_size=1, max_size=40)


def remission() -> tuple[list[int], list[int], list[bool]]:
    weeks, events = DRUG_WEEKS + PLACEBO, DRUG_EVENT + [1] * len(PLACEBO)
    return weeks, events, [False] * 21 + [True] * 21


def test_the_printed_table_of_the_remission_trial() -> None:
    drug, placebo = kaplan_meier(count(*remission()), level=0.95)
    for line in STATA.strip().splitlines():
        week, *numbers = line.split()
        point = drug.points[int(week)]
        found = [point.survival, point.se, point.low, point.high]
        assert [f"{number:.4f}" for number in found if number is not None] == numbers
    assert placebo.points[23].survival == 0
    assert placebo.points[23].low is None
    assert drug.points[0].low is None


def test_golden_values_of_r(golden: pd.DataFrame) -> None:
    counts = count(golden["t"], golden["e"], golden["z"] == 1, golden["strata"])
    against, of = kaplan_meier(counts, level=0.95)
    assert against.survival_at(52) == pytest.approx(0.27853106, abs=5e-9)
    assert of.survival_at(52) == pytest.approx(0.25462413, abs=5e-9)


def test_statsmodels_gives_the_same_curve_and_standard_error(golden: pd.DataFrame) -> None:
    sample = golden.iloc[:3000]
    curves = kaplan_meier(count(sample["t"], sample["e"], sample["z"] == 1), level=0.95)
    for arm, curve in enumerate(curves):
        own = sample[sample["z"] == arm]
        oracle = SurvfuncRight(own["t"], own["e"])
        for week, value, se in zip(oracle.surv_times, oracle.surv_prob, oracle.surv_prob_se, strict=True):
            point = curve.points[int(week)]
            assert point.survival == pytest.approx(value)
            assert point.se is None or point.se == pytest.approx(se)


@given(CITIZENS, st.integers(1, 8))
def test_the_restricted_mean_is_the_area_added_up_week_by_week(
    citizens: list[tuple[int, int, bool]], tau: int
) -> None:
    weeks, events, _ = (list(column) for column in zip(*citizens, strict=True))
    own = [*zip(weeks, events, strict=True), (tau, 0)]
    value, variance = 0.0, 0.0
    curve = [1.0]
    for week in range(1, tau + 1):
        at_risk, exits = sum(w >= week for w, _ in own), sum((w, e) == (week, 1) for w, e in own)
        curve.append(curve[-1] * (1 - exits / at_risk))
    value = sum(curve[:tau])
    for week in range(1, tau + 1):
        at_risk, exits = sum(w >= week for w, _ in own), sum((w, e) == (week, 1) for w, e in own)
        if at_risk > exits:
            variance += sum(curve[week:tau]) ** 2 * exits / (at_risk * (at_risk - exits))
    counts = count([w for w, _ in own] + [tau], [e for _, e in own] + [0], [False] * len(own) + [True])
    result = restricted_mean(counts, "control", week=tau, level=0.95)
    if variance == 0:
        assert isinstance(result, NotEstimable)
    else:
        assert isinstance(result, Estimate)
        assert result.value == pytest.approx(value)
        assert result.se == pytest.approx(variance**0.5)


def test_without_censoring_the_restricted_mean_is_a_mean() -> None:
    rng = np.random.default_rng(2)
    weeks, z = rng.integers(1, 60, 800), rng.random(800) < 0.4
    result = restricted_mean_difference(count(weeks, np.ones(800, int), z), week=52, level=0.95)
    capped = np.minimum(weeks, 52)
    assert isinstance(result, Estimate)
    assert result.value == pytest.approx(capped[z].mean() - capped[~z].mean())
    variance = capped[z].var() / z.sum() + capped[~z].var() / (~z).sum()
    assert result.se == pytest.approx(variance**0.5)
    assert result.extra["restricted_mean_treated"] == pytest.approx(capped[z].mean())


def test_the_variance_is_that_of_repeated_trials() -> None:
    """Not the spread of one person's time: with 300 citizens the standard error is the spread over 1,500 trials."""
    rng = np.random.default_rng(11)
    means, errors = [], []
    for _ in range(1500):
        exit_at, leave_at = rng.geometric(0.08, 300), rng.integers(10, 40, 300)
        weeks, events = np.minimum(exit_at, leave_at), (exit_at <= leave_at).astype(int)
        padded = count(np.append(weeks, 20), np.append(events, 0), np.append(np.zeros(300, bool), True))
        result = restricted_mean(padded, "control", week=20, level=0.95)
        assert isinstance(result, Estimate)
        means.append(result.value)
        errors.append(result.se)
    assert np.mean(errors) == pytest.approx(np.std(means), rel=0.06)


@pytest.mark.parametrize(
    ("weeks", "events", "reason"),
    [([5, 5, 5, 5], [0, 0, 0, 0], "nobody exits"), ([3, 5, 5, 5], [0, 0, 1, 1], "after week 3, before week 5"),
     ([5, 5, 6, 6], [0, 1, 0, 0], None)],
)  # fmt: skip
def test_what_cannot_be_said_has_its_reason(weeks: list[int], events: list[int], reason: str | None) -> None:
    z = [False, True, True, True] if weeks[0] == 3 else [False, False, True, True]
    result = restricted_mean_difference(count(weeks, events, z), week=5, level=0.95)
    assert isinstance(result, NotEstimable)
    assert reason is None or reason in result.reason


@pytest.mark.parametrize(
    ("weeks", "events", "words"),
    [([], [], "no citizen"), ([1, float("nan")], [1, 1], "1 citizens have no week"),
     ([1.5, 2], [1, 1], "whole number"),
     ([-1, 2], [1, 1], "below 0"), ([1, 99999], [1, 1], "not a duration")],
)  # fmt: skip
def test_what_is_no_duration_is_refused(weeks: list[float], events: list[int], words: str) -> None:
    with pytest.raises(DegenerateError, match=words):
        count(weeks, events, [True, False][: len(weeks)])


def test_an_empty_arm_is_refused_by_name() -> None:
    with pytest.raises(DegenerateError, match="arm treated has no citizen"):
        count([1, 2], [1, 1], [False, False])
