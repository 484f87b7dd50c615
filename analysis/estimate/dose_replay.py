"""Randomisation inference for the effect of a dose: Anderson-Rubin's test inverted under replays of the design.

1. An effect b of one unit of dose is tested as y - b d, which no arm moves if b is right: its difference between arms
   among those the design could have given. The arm need not move the dose much, and nothing is normal or large.
2. In a draw with slopes A of y and B of d the statistic is A - b B; beside the observed a - b c it is as far from
   zero between two roots (or outside them, where the draw moves the dose more than the trial did). The p-value is a
   step function of b with steps at roots: the set of effects not rejected is exact, no search.
3. The set may be an interval, several, or unbounded on either side; it is given as it is.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.estimate.cells import Floats
from analysis.estimate.randomisation import TIE, replayed_slopes
from analysis.estimate.replay import Replay
from analysis.estimate.result import DegenerateError, NotEstimable, estimator

NAME = "anderson-rubin-replay"


@dataclass(frozen=True)
class ReplayedSet:
    """The effects of one unit of dose not rejected: intervals in order, None where one has no end."""

    intervals: tuple[tuple[float | None, float | None], ...]
    p: float  # of no effect
    level: float
    draws: int
    seed: int
    procedure: str

    def __contains__(self, effect: float) -> bool:
        """Tell whether an effect is in the set."""
        return any(
            (low is None or low <= effect) and (high is None or effect <= high) for low, high in self.intervals
        )


@estimator(NAME)
def replayed_anderson_rubin(
    y: npt.ArrayLike,
    dose: npt.ArrayLike,
    treated: npt.ArrayLike,
    replay: Replay,
    *,
    draws: int,
    seed: int,
    level: float,
    stratum: npt.ArrayLike | None = None,
) -> ReplayedSet | NotEstimable:
    """Invert the test of every effect of the dose; who has no outcome or no dose is drawn but not compared.

    stratum: as in `randomisation_test`.
    """
    outcome, amount = (np.asarray(values, dtype=np.float64) for values in (y, dose))
    missing = np.isnan(outcome) | np.isnan(amount)
    pair = [np.where(missing, np.nan, values) for values in (outcome, amount)]
    (own_y, own_d), (drawn_y, drawn_d) = replayed_slopes(
        pair, treated, replay, draws=draws, seed=seed, stratum=stratum
    )
    if own_d == 0:
        raise DegenerateError("the arm does not move the dose: nothing can be said of the dose's effect")
    beyond = int((~(np.abs(drawn_y) < abs(own_y) * (1 - TIE))).sum())
    needed = int(np.floor((1 - level) * (draws + 1)))  # rejected when 1 + draws counted is at most this
    found = _accepted(own_y, own_d, drawn_y, drawn_d, needed)
    return ReplayedSet(found, (1 + beyond) / (1 + draws), level, draws, seed, replay.name)


def _accepted(
    own_y: float, own_d: float, drawn_y: Floats, drawn_d: Floats, needed: int
) -> tuple[tuple[float | None, float | None], ...]:
    """Give the intervals of b in which more than `needed` draws, the observed one included, are as far from zero."""
    roots = np.stack(
        [_root(drawn_y - own_y, drawn_d - own_d, -own_d), _root(drawn_y + own_y, drawn_d + own_d, own_d)]
    )
    always = np.isnan(roots).any(axis=0)  # as far as the observed draw whatever the effect
    roots, beyond = roots[:, ~always], np.abs(drawn_d[~always]) > abs(own_d) * (1 + TIE)
    low, high = roots.min(axis=0), roots.max(axis=0)
    steps = np.concatenate([np.where(beyond, -1, 1), np.where(beyond, 1, -1)])
    edges = np.concatenate([low, high])
    start = 1 + int(always.sum()) + int(beyond.sum()) + int(np.isneginf(low).sum())
    order = np.argsort(edges, kind="stable")
    order = order[np.isfinite(edges[order])]
    edges, counted = edges[order], start + np.cumsum(steps[order])
    inside = np.concatenate([[start], counted]) > needed  # of the pieces between edges
    found: list[tuple[float | None, float | None]] = []
    opened: float | None = None
    for place, is_in in enumerate(inside):
        left = None if place == 0 else float(edges[place - 1])
        if is_in and (place == 0 or not inside[place - 1]):
            opened = left
        if not is_in and place and inside[place - 1]:
            found.append((opened, left))
    if inside[-1]:
        found.append((opened, None))
    return _joined(found)


def _root(top: Floats, bottom: Floats, side: float) -> Floats:
    """Divide; where the draw moves the dose as the trial did, infinite on the side it comes from, or no number."""
    level = np.abs(bottom) <= TIE * abs(side)
    with np.errstate(divide="ignore", invalid="ignore"):
        at_infinity = np.where(np.abs(top) <= TIE * np.abs(top).max(), np.nan, np.sign(top) * np.sign(side) * np.inf)
        return np.where(level, at_infinity, top / np.where(level, 1.0, bottom))


def _joined(found: list[tuple[float | None, float | None]]) -> tuple[tuple[float | None, float | None], ...]:
    """Join pieces that meet in an edge, where a draw and its end fall on the same effect."""
    joined: list[tuple[float | None, float | None]] = []
    for low, high in found:
        if joined and joined[-1][1] is not None and low is not None and low <= joined[-1][1]:
            joined[-1] = (joined[-1][0], high)
        else:
            joined.append((low, high))
    return tuple(joined)
