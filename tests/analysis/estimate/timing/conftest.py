"""Spells drawn week by week from a known model, and from worlds in which its assumptions fail."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.estimate.timing import NEVER, Spells

WEEKS, EFFECT = 26, 0.3
PIECES, TALK_PIECES = (1, 5, 9, 14), (1, 7)
EXIT, TALK = np.log([0.10, 0.08, 0.06, 0.05]), np.log([0.15, 0.10])
EXIT_SLOPES, TALK_SLOPES = np.array([0.4, -0.3]), np.array([-0.2, 0.3])
PLACES, SHARES = np.array([[0.0, 0.0], [-1.5, -1.2]]), np.array([0.6, 0.4])

# The truth in the order of the model's parameters; the last is the logit of the second point.
TRUTH = np.concatenate([EXIT, [EFFECT], EXIT_SLOPES, TALK, TALK_SLOPES, PLACES[1], [np.log(SHARES[1] / SHARES[0])]])


@dataclass(frozen=True)
class World:
    """What is wrong with the world, in log hazards; all zero where the assumptions hold.

    foreseen: exit hazard in the three weeks before a talk. turned: from a week of its own on, which nobody records, a
    spell's talks and exits come faster by this (a citizen takes heart and asks for both). shutdown: for the six weeks
    from calendar week 14 on, talks come faster by this and exits slower, wherever in the spell they fall.
    """

    foreseen: float = 0.0
    turned: float = 0.0
    shutdown: float = 0.0


def draw(seed: int, world: World, n: int = 5000) -> Spells:
    """Draw spells; the week of a talk is drawn first, so that it can be foreseen."""
    rng = np.random.default_rng(seed)
    x = np.column_stack([rng.integers(0, 2, n), rng.integers(-1, 2, n)]).astype(np.float64)
    place = PLACES[rng.choice(len(SHARES), p=SHARES, size=n)]
    turn, begun = rng.integers(2, 30, n), rng.integers(0, 30, n)
    chance = rng.random((2, WEEKS, n))
    piece, talk_piece = (np.searchsorted(cut, np.arange(1, WEEKS + 1), "right") - 1 for cut in (PIECES, TALK_PIECES))

    def shocks(week: int, shut: float) -> NDArray[np.float64]:
        calendar = begun + week
        return world.turned * (week >= turn) + shut * ((calendar >= 14) & (calendar < 20))

    planned = np.full(n, NEVER)
    for week in range(1, WEEKS + 1):
        rate = np.exp(TALK[talk_piece[week - 1]] + x @ TALK_SLOPES + place[:, 1] + shocks(week, world.shutdown))
        planned[(planned == NEVER) & (chance[0, week - 1] < -np.expm1(-rate))] = week
    last, out = np.full(n, WEEKS), np.zeros(n, dtype=np.bool_)
    for week in range(1, WEEKS + 1):
        had = (planned != NEVER) & (week > planned)
        soon = (planned != NEVER) & (week <= planned) & (week > planned - 3)
        index = EXIT[piece[week - 1]] + x @ EXIT_SLOPES + place[:, 0] + shocks(week, -world.shutdown)
        rate = np.exp(index + EFFECT * had + world.foreseen * soon)
        leaves = ~out & (chance[1, week - 1] < -np.expm1(-rate))
        last[leaves], out[leaves] = week, True
    first = np.where(planned <= last, planned, NEVER)
    return Spells(last, out, {"digital": first}, x, ("a", "b"))


@pytest.fixture(name="draw_spells")
def _draw_spells() -> Callable[..., Spells]:
    return draw


@pytest.fixture(name="world")
def _world() -> type[World]:
    return World


@pytest.fixture(name="truth")
def _truth() -> NDArray[np.float64]:
    return TRUTH
