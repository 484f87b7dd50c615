"""Scores of citizens against the estimators they stand for: the standard error, leaving one out, the log-rank sum."""

import numpy as np
import pytest

from analysis.estimate.counts import count
from analysis.estimate.kaplan_meier import restricted_mean
from analysis.estimate.logrank import log_rank
from analysis.estimate.result import DegenerateError, Estimate, HypothesisTest
from analysis.estimate.scores import log_rank_scores, restricted_mean_scores

BY = 30


def people(seed: int, size: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    week = np.minimum(rng.geometric(0.05, size), 40)
    return week, ((week < 40) & (rng.random(size) < 0.8)).astype(int), rng.random(size) < 0.5


def mean_of(week: np.ndarray, event: np.ndarray) -> Estimate:
    """The restricted mean of everybody, beside an arm of one that is not asked."""
    both = count([*week, BY], [*event, 0], [*np.ones(len(week), dtype=bool), False], arms=("other", "all"))
    found = restricted_mean(both, "all", week=BY, level=0.95)
    assert isinstance(found, Estimate)
    return found


@pytest.mark.parametrize("seed", [1, 2])
def test_the_restricted_mean_score_is_the_influence_of_a_citizen(seed: int) -> None:
    week, event, _ = people(seed)
    scores = restricted_mean_scores(week, event, by_week=BY)
    whole = mean_of(week, event)
    assert scores.sum() == pytest.approx(0, abs=1e-9)
    assert scores.std() / len(week) ** 0.5 == pytest.approx(whole.se)
    for row in range(0, 400, 40):
        left_out = mean_of(np.delete(week, row), np.delete(event, row)).value
        assert (len(week) - 1) * (whole.value - left_out) == pytest.approx(scores[row], abs=0.03)


def test_everybody_leaving_before_the_week_is_no_trouble() -> None:
    scores = restricted_mean_scores([1, 2, 3, 3], [1, 1, 1, 1], by_week=10)
    assert scores == pytest.approx(np.array([1, 2, 3, 3]) - 2.25)


@pytest.mark.parametrize("seed", [1, 2])
def test_log_rank_scores_add_up_to_observed_minus_expected(seed: int) -> None:
    week, event, taken = people(seed)
    test = log_rank(count(week, event, taken))
    assert isinstance(test, HypothesisTest)
    assert log_rank_scores(week, event)[taken].sum() == pytest.approx(test.extra["observed_minus_expected"])


def test_nobody_has_no_score() -> None:
    with pytest.raises(DegenerateError):
        log_rank_scores([], [])
