"""Many questions: p-values adjusted for the family they belong to.

1. `holm` bounds the chance of any false claim in the family, whatever the dependence (Holm 1979).
2. `benjamini_hochberg` bounds the expected share of false claims among the claims (1995); `benjamini_yekutieli`
   under any dependence (2001); `sharpened` are the q-values of Benjamini, Krieger & Yekutieli (2006) as in Anderson
   (2008).
3. `westfall_young` (p-values) and `romano_wolf` (statistics) step down using the joint distribution of the tests
   from replays of the design: sharper than Holm where outcomes hang together, and valid under the design that was
   run.
4. A family is declared before it is looked at; its size is part of the result.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from analysis.estimate.cells import Floats
from analysis.estimate.result import DegenerateError

TIE = 1e-9


def holm(p: Sequence[float]) -> Floats:
    """Adjust p-values for the family-wise error, step down."""
    values, order = _checked(p)
    left = len(values) - np.arange(len(values))
    return _back(np.minimum(np.maximum.accumulate(values[order] * left), 1.0), order)


def benjamini_hochberg(p: Sequence[float]) -> Floats:
    """Adjust p-values for the false discovery rate, independent or positively dependent tests."""
    values, order = _checked(p)
    scaled = values[order] * len(values) / np.arange(1, len(values) + 1)
    return _back(np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0), order)


def benjamini_yekutieli(p: Sequence[float]) -> Floats:
    """Adjust p-values for the false discovery rate under any dependence."""
    harmonic = float((1 / np.arange(1, len(p) + 1)).sum())
    values, order = _checked(p)
    scaled = values[order] * len(values) * harmonic / np.arange(1, len(values) + 1)
    return _back(np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0), order)


def sharpened(p: Sequence[float], *, step: float = 0.001) -> Floats:
    """Give two-stage q-values: the smallest level, in whole steps, at which each test is claimed."""
    values, order = _checked(p)
    ranked, size = values[order], len(values)
    found = np.ones(size)
    for level in np.arange(1.0, 0.0, -step):
        first = _claims(ranked, level / (1 + level), size)
        left = size - first
        found[: _claims(ranked, level / (1 + level) * size / left, size) if left else size] = level
    return _back(found, order)


def _claims(ranked: Floats, level: float, size: int) -> int:
    below = np.flatnonzero(ranked <= level * np.arange(1, size + 1) / size)
    return int(below[-1]) + 1 if len(below) else 0


def romano_wolf(statistics: Sequence[float], replays: npt.ArrayLike) -> Floats:
    """Adjust by step-down over the largest |statistic|. `replays`: draws x tests, statistics under no effect."""
    own, drawn = np.abs(np.asarray(statistics, dtype=np.float64)), np.abs(np.asarray(replays, dtype=np.float64))
    _check_replays(own, drawn)
    order = np.argsort(-own, kind="stable")
    largest = np.maximum.accumulate(drawn[:, order][:, ::-1], axis=1)[:, ::-1]
    beyond = (largest >= own[order] * (1 - TIE)).sum(axis=0)
    return _back(np.maximum.accumulate((1 + beyond) / (1 + len(drawn))), order)


def westfall_young(p: Sequence[float], replays: npt.ArrayLike) -> Floats:
    """Adjust by step-down over the smallest p. `replays`: draws x tests, each test's p-value in each draw."""
    own, drawn = np.asarray(p, dtype=np.float64), np.asarray(replays, dtype=np.float64)
    _check_replays(own, drawn)
    order = np.argsort(own, kind="stable")
    smallest = np.minimum.accumulate(drawn[:, order][:, ::-1], axis=1)[:, ::-1]
    beyond = (smallest <= own[order] * (1 + TIE)).sum(axis=0)
    return _back(np.maximum.accumulate((1 + beyond) / (1 + len(drawn))), order)


def replay_p_values(replays: npt.ArrayLike) -> Floats:
    """Turn replayed statistics into each draw's own p-value among the draws: what `westfall_young` takes."""
    drawn = np.abs(np.asarray(replays, dtype=np.float64))
    ranked = np.sort(drawn, axis=0)
    places = [np.searchsorted(ranked[:, test], drawn[:, test] * (1 - TIE)) for test in range(drawn.shape[1])]
    return np.asarray((len(drawn) - np.column_stack(places)) / len(drawn), dtype=np.float64)


def _checked(p: Sequence[float]) -> tuple[Floats, npt.NDArray[np.intp]]:
    values = np.asarray(p, dtype=np.float64)
    if not len(values) or not ((values >= 0) & (values <= 1)).all():
        raise DegenerateError("a family needs at least one p-value, each from 0 to 1")
    return values, np.argsort(values, kind="stable")


def _check_replays(own: Floats, drawn: Floats) -> None:
    if drawn.ndim != 2 or not len(drawn) or drawn.shape[1] != len(own):
        raise DegenerateError("replays need at least one draw and a column for every test")
    if not (np.isfinite(own).all() and np.isfinite(drawn).all()):
        raise DegenerateError("a statistic or one of its replays is not a number")


def _back(adjusted: Floats, order: npt.NDArray[np.intp]) -> Floats:
    placed = np.empty(len(adjusted))
    placed[order] = adjusted
    return placed
