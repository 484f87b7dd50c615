"""Randomisation inference: the observed difference among those the design could have given.

1. The statistic is the strata-regression slope (each stratum compared with itself), or the slope over its robust
   standard error: the studentised test keeps its size when effects differ between citizens (Wu & Ding 2021).
2. The p-value is (1 + draws at least as far from zero) / (1 + draws): never 0, valid at every number of draws. A draw
   that leaves an arm empty, as few clusters may be drawn, compares nothing and counts as as far.
3. The interval inverts the test of a constant effect. For an effect t the slope of a draw is A - tB, with B the
   slope of the observed arm itself; the draw counts between two roots, so the ends are order statistics of roots:
   exact, no search.
4. Replays come from `replay`: the procedure actually run, not a permutation that merely resembles it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.estimate.cells import Floats, Ints, codes, sums
from analysis.estimate.linear import finite
from analysis.estimate.replay import Replay
from analysis.estimate.result import DegenerateError, HypothesisTest, NotEstimable, estimator

NAME = "randomisation-test"
STUDENTISED = "studentised-randomisation-test"
CHUNK = 4_000_000  # numbers held at a time
TIE = 1e-9


@dataclass(frozen=True)
class Randomisation:
    """The test, the constant-effect interval (None at an end the draws do not bound), and how it was drawn."""

    test: HypothesisTest
    low: float | None
    high: float | None
    level: float
    draws: int
    seed: int
    procedure: str


@dataclass(frozen=True)
class _Data:
    """Columns to be summed (observed, y, y², arm) and the analysis stratum of each stratum of the design."""

    columns: Floats
    coarse: Ints
    strata: int
    totals: Floats


@estimator(NAME)
def randomisation_test(
    y: npt.ArrayLike,
    treated: npt.ArrayLike,
    replay: Replay,
    *,
    draws: int,
    seed: int,
    level: float,
    studentised: bool = False,
    interval: bool = True,
    stratum: npt.ArrayLike | None = None,
) -> Randomisation | NotEstimable:
    """Test no effect by replay. y may be missing (NaN): who has no outcome is drawn but not compared.

    stratum: the strata compared within, unions of the design's strata; the design's own when not given.
    """
    data, arm = _prepare(y, treated, replay, stratum)
    observed = _observed(data, arm, replay)
    wanted = [0, 1, *([2] if studentised else []), *([3] if interval else [])]
    slope, within, error = _drawn(data, replay, wanted, draws, seed)
    own_slope, _, own_error = (float(column[0]) for column in observed)
    with np.errstate(divide="ignore", invalid="ignore"):
        chosen, own = (slope / error, own_slope / own_error) if studentised else (slope, own_slope)
    beyond = int((~(np.abs(chosen) < abs(own) * (1 - TIE))).sum())
    name = STUDENTISED if studentised else NAME
    sizes = {"control": int((data.columns[0] * ~arm).sum()), "treated": int((data.columns[0] * arm).sum())}
    test = HypothesisTest(own, (1 + beyond) / (1 + draws), name, sizes, notes=(f"{draws} replays of {replay.name}",))
    low, high = _interval(slope, within, own_slope, level) if interval else (None, None)
    return Randomisation(test, low, high, level, draws, seed, replay.name)


def replayed_statistics(
    outcomes: Sequence[npt.ArrayLike],
    treated: npt.ArrayLike,
    replay: Replay,
    *,
    draws: int,
    seed: int,
    stratum: npt.ArrayLike | None = None,
) -> tuple[Floats, Floats]:
    """Give the studentised statistic of each outcome and its replays, draws x outcomes: the same draws for all."""
    own, drawn = [], []
    for slope, slopes, error, errors in _together(outcomes, treated, replay, stratum, (draws, seed)):
        own.append(slope / error)
        # A draw in which an outcome does not vary within the arms is counted as far as the observed one.
        with np.errstate(divide="ignore", invalid="ignore"):
            drawn.append(np.where(errors > 0, slopes / errors, abs(own[-1])))
    return np.array(own), np.column_stack(drawn)


def replayed_slopes(
    outcomes: Sequence[npt.ArrayLike],
    treated: npt.ArrayLike,
    replay: Replay,
    *,
    draws: int,
    seed: int,
    stratum: npt.ArrayLike | None = None,
) -> tuple[list[float], list[Floats]]:
    """Give the strata-regression slope of each outcome and its replays: the same draws for all."""
    found = _together(outcomes, treated, replay, stratum, (draws, seed))
    return [slope for slope, _, _, _ in found], [slopes for _, slopes, _, _ in found]


def _together(
    outcomes: Sequence[npt.ArrayLike],
    treated: npt.ArrayLike,
    replay: Replay,
    stratum: npt.ArrayLike | None,
    drawn: tuple[int, int],
) -> list[tuple[float, Floats, float, Floats]]:
    found = []
    for outcome in outcomes:
        data, arm = _prepare(outcome, treated, replay, stratum)
        own, _, error = _observed(data, arm, replay)
        slopes, _, errors = _drawn(data, replay, [0, 1, 2], *drawn)
        found.append((float(own[0]), slopes, float(error[0]), errors))
    return found


def _drawn(data: _Data, replay: Replay, wanted: list[int], draws: int, seed: int) -> tuple[Floats, Floats, Floats]:
    """Draw in parts that fit in memory, and only the columns that are needed."""
    if draws < 1:
        raise DegenerateError("a randomisation test needs at least one draw")
    whole = replay.fixed is not None and bool((data.columns[0] == 1).all())
    asked = [column for column in wanted if column or not whole]
    held = max(1, CHUNK // (len(replay.strata) * 4))
    parts = []
    for first in range(0, draws, held):
        size, stream = min(held, draws - first), _stream(seed, first // held)
        drawn = np.zeros((size, len(replay.strata), 4))
        two = np.unique(data.columns[1]) if whole and asked == [1] else np.empty(0)
        if len(two) == 2:
            drawn[:, :, 1] = _binary(data.columns[1], replay, two, size, stream)
        else:
            drawn[:, :, asked] = replay.sums(data.columns[asked], draws=size, seed=stream)
        if whole:
            drawn[:, :, 0] = replay.fixed
        parts.append(_slopes(data, drawn))
    slope, within, error = (np.concatenate(column) for column in zip(*parts, strict=True))
    return slope, within, error


def _binary(values: Floats, replay: Replay, two: Floats, draws: int, seed: int) -> Floats:
    """Sums of a two-valued outcome need only how many of the larger value a draw takes: hypergeometric."""
    size = np.bincount(replay.codes, minlength=len(replay.strata))
    larger = np.bincount(replay.codes, weights=values == two[1], minlength=len(replay.strata)).astype(np.int64)
    taken = np.asarray(replay.fixed)
    drawn = np.random.default_rng(seed).hypergeometric(larger, size - larger, taken, size=(draws, len(size)))
    return np.asarray(two[0] * taken + (two[1] - two[0]) * drawn, dtype=np.float64)


def _stream(seed: int, part: int) -> int:
    return int(np.random.SeedSequence([seed, part]).generate_state(1, np.uint32)[0])


def _prepare(
    y: npt.ArrayLike, treated: npt.ArrayLike, replay: Replay, stratum: npt.ArrayLike | None
) -> tuple[_Data, npt.NDArray[np.bool_]]:
    outcome = np.asarray(y, dtype=np.float64)
    arm = np.asarray(treated, dtype=bool)
    if len(outcome) != len(replay.codes) or len(arm) != len(outcome):
        raise DegenerateError("every citizen of the replay needs an outcome or a missing value, and an arm")
    seen = ~np.isnan(outcome)
    if not seen.any():
        raise DegenerateError("no citizen has an observed outcome")
    finite(outcome[seen], "outcome")
    centred = np.where(seen, outcome - np.round(outcome[seen].mean()), 0.0)
    columns = np.stack([seen.astype(np.float64), centred, centred**2, (seen & arm).astype(np.float64)])
    names, coarse = codes(np.asarray(replay.strata, dtype=object) if stratum is None else _unions(stratum, replay))
    fine = np.stack([np.bincount(replay.codes, weights=column, minlength=len(replay.strata)) for column in columns])
    totals = np.stack([sums(coarse, column, len(names)) for column in fine])
    return _Data(columns, coarse, len(names), totals), arm


def _unions(stratum: npt.ArrayLike, replay: Replay) -> npt.NDArray[np.object_]:
    labels = np.asarray(stratum, dtype=object)
    found = np.full(len(replay.strata), None, dtype=object)
    found[replay.codes] = labels
    if (found[replay.codes] != labels).any():
        raise DegenerateError("the strata compared within must be unions of the design's strata")
    return found


def _observed(data: _Data, arm: npt.NDArray[np.bool_], replay: Replay) -> tuple[Floats, Floats, Floats]:
    own = np.stack([sums(replay.codes[arm], column[arm], len(replay.strata)) for column in data.columns])
    slopes = _slopes(data, own.T[None])
    if not np.isfinite(slopes[0][0]) or slopes[2][0] <= 0:
        raise DegenerateError("no stratum has citizens in both arms, or the outcome does not vary")
    return slopes


def _slopes(data: _Data, taken: Floats) -> tuple[Floats, Floats, Floats]:
    """Give, for each draw, the slope of y, the slope of the observed arm, and the robust standard error (HC0)."""
    if data.strata < taken.shape[1]:
        order = np.argsort(data.coarse, kind="stable")
        starts = np.searchsorted(data.coarse[order], np.arange(data.strata))
        taken = np.add.reduceat(taken[:, order], starts, axis=1)
    n1, y1, yy1, z1 = (taken[:, :, column] for column in range(4))
    n, y, yy, z = data.totals
    n = np.maximum(n, 1.0)
    share = n1 / n
    spread = (n1 * (1 - share)).sum(axis=1)
    spread = np.where(spread > 0, spread, np.nan)
    slope = (y1 - share * y).sum(axis=1) / spread
    within = (z1 - share * z).sum(axis=1) / spread
    # Fitted in a stratum: mean + slope (arm - share), so the residual squares of an arm follow from its own sums.
    mean = y / n
    error = np.zeros(len(taken))
    for count, total, squares, regressor in ((n1, y1, yy1, 1 - share), (n - n1, y - y1, yy - yy1, -share)):
        fitted = mean + slope[:, None] * regressor
        residual = np.maximum(squares - 2 * fitted * total + count * fitted**2, 0)
        error += (regressor**2 * residual).sum(axis=1)
    return slope, within, np.sqrt(error) / spread


def _interval(slope: Floats, within: Floats, own: float, level: float) -> tuple[float | None, float | None]:
    """Give the effects whose p-value exceeds 1 - level: a draw counts for t between the roots of (A-tB)² = (b-t)²."""
    draws = len(slope)
    needed = int(np.floor((1 - level) * (draws + 1)))  # the test rejects when 1 + draws counted is at most this
    with np.errstate(divide="ignore", invalid="ignore"):
        roots = np.stack([(slope - own) / (within - 1), (slope + own) / (within + 1)])
    same = (np.abs(within) >= 1 - TIE) | ~np.isfinite(roots).all(axis=0)
    low = np.where(same, -np.inf, roots.min(axis=0))
    high = np.where(same, np.inf, roots.max(axis=0))
    if needed < 1:
        return None, None
    below, above = np.sort(low)[needed - 1], -np.sort(-high)[needed - 1]
    return (float(below) if np.isfinite(below) else None), (float(above) if np.isfinite(above) else None)
