"""Timing of events where its assumptions hold, and where they do not: what it says, and how sure it is of it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.estimate.result import NotEstimable
from analysis.estimate.timing import NEVER, Spells, Timing, timing_of_events

OPTIONS: dict[str, Any] = {
    "pieces": (1, 5, 9, 14), "talk_pieces": (1, 7), "works": "next-week", "criterion": "bic", "level": 0.95,
}  # fmt: skip
Draw = Callable[..., Spells]


def fitted(spells: Spells, max_points: int) -> Timing:
    found = timing_of_events(spells, max_points=max_points, **OPTIONS)
    assert isinstance(found, Timing)
    return found


def in_order(found: Timing) -> NDArray[np.float64]:
    """Two points, told in the order of their exit hazards: the quicker is the reference."""
    value = np.array(list(found.parameters.values()))
    exit_place, talk_place, logit = value[-3:]
    if exit_place > 0:
        value[:4] += exit_place
        value[7:9] += talk_place
        value[-3:] = -exit_place, -talk_place, -logit
    return value


def test_one_large_register_gives_the_truth_back(draw_spells: Draw, world: Any, truth: NDArray[np.float64]) -> None:
    found = fitted(draw_spells(1, world(), n=40_000), 3)
    assert len(found.points) == 2
    errors = np.array(list(found.standard_errors.values()))
    slopes = [4, 5, 6, 9, 10]  # whichever point is the reference
    assert (np.abs(in_order(found) - truth)[slopes] < 4 * errors[slopes]).all()
    ordinary = fitted(draw_spells(1, world(), n=40_000), 1).effects["digital"]
    assert ordinary.value > 0.6  # without points the quick, who are talked to early, pass for an effect
    assert abs(found.effects["digital"].value - 0.3) < 4 * found.effects["digital"].se


@pytest.mark.slow
def test_parameters_are_recovered_where_the_assumptions_hold(
    draw_spells: Draw, world: Any, truth: NDArray[np.float64]
) -> None:
    """200 registers of 5,000 spells. Every mean lies within four Monte-Carlo errors of the truth.

    The effect of 0.300: mean 0.302, Monte-Carlo error 0.004; 94.5 % of the 95 % intervals cover it.
    """
    found = [fitted(draw_spells(seed, world()), 2) for seed in range(200)]
    two = np.array([in_order(one) for one in found if len(one.points) == 2])
    assert len(two) == 200
    error = two.std(axis=0, ddof=1) / 200**0.5
    assert (np.abs(two.mean(axis=0) - truth) < 4 * error).all()
    effects = [one.effects["digital"] for one in found]
    spread = float(np.std([one.value for one in effects], ddof=1))
    assert spread / 200**0.5 < 0.005
    covered = float(np.mean([one.ci_low < 0.3 < one.ci_high for one in effects]))
    assert abs(covered - 0.95) < 3.5 * (0.95 * 0.05 / 200) ** 0.5
    assert abs(float(np.mean([one.se for one in effects])) / spread - 1) < 4 / (2 * 199) ** 0.5


@pytest.mark.slow
def test_the_criterion_finds_how_many_points_there_are(draw_spells: Draw, world: Any) -> None:
    assert [len(fitted(draw_spells(seed, world()), 4).points) for seed in range(12)] == [2] * 12


FAILURES = [  # what is wrong, the mean estimate of an effect of 0.30, the share of 95 % intervals that hold it
    ({"foreseen": 0.8}, -0.11, 0.00),
    ({"turned": 1.0}, 0.59, 0.00),
    ({"shutdown": 1.5}, 0.14, 0.22),
]


@pytest.mark.slow
@pytest.mark.parametrize(("wrong", "mean", "covered"), FAILURES)
def test_it_fails_surely_where_they_do_not(
    draw_spells: Draw, world: Any, wrong: dict[str, float], mean: float, covered: float
) -> None:
    """A talk foreseen, heterogeneity that turns, a calendar that sets talks and exits: precise, and wrong."""
    effects = [fitted(draw_spells(seed, world(**wrong)), 2).effects["digital"] for seed in range(40)]
    values = np.array([one.value for one in effects])
    error = float(values.std(ddof=1)) / 40**0.5
    assert abs(values.mean() - mean) < 0.01 + 4 * error
    assert abs(values.mean() - 0.3) > 8 * error
    assert float(np.mean([one.se for one in effects])) < 0.065  # as precise as where all is well (0.058)
    assert abs(float(np.mean([one.ci_low < 0.3 < one.ci_high for one in effects])) - covered) < 0.2


def test_two_kinds_of_talk_and_their_contrast(draw_spells: Draw, world: Any) -> None:
    """Beside the digital talks physical ones come at random and do nothing: the contrast is the digital effect."""
    one = draw_spells(5, world(), n=8_000)
    week = np.random.default_rng(5).geometric(0.1, len(one))
    first = {"digital": one.first["digital"], "physical": np.where(week <= one.last_week, week, NEVER)}
    found = fitted(Spells(one.last_week, one.exited, first, one.covariates, one.names), 2)
    contrast = found.contrast("digital", "physical")
    digital, physical = found.effects["digital"], found.effects["physical"]
    assert abs(physical.value) < 4 * physical.se
    assert abs(contrast.value - 0.3) < 4 * contrast.se
    assert contrast.value == pytest.approx(digital.value - physical.value)


def test_spells_to_which_no_talk_ever_comes_have_no_finite_place() -> None:
    """A third of the spells are never called and exit at a pace of their own: one of two points runs away."""
    rng = np.random.default_rng(6)
    n, never = 6000, np.arange(6000) % 3 == 0
    talk = np.where(never, 999, rng.geometric(0.3, n))
    rate = np.where(never, 0.02, 0.25)
    leave = rng.geometric(rate)
    last = np.minimum(leave, 26)
    spells = Spells(last, leave <= 26, {"digital": np.where(talk <= last, talk, NEVER)}, np.zeros((n, 0)), ())
    found = timing_of_events(spells, max_points=2, **OPTIONS)
    assert isinstance(found, NotEstimable)
    assert found.reason.startswith(
        "2 points fit best (bic), but a point has no finite place in the hazard of digital"
    )
