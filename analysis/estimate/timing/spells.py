"""Spells in weeks, and the cells in which each was at risk: what the likelihood of timing of events needs.

1. Weeks are 1..last_week; a spell that exits does so in its last week. A kind of talk has a first week: NEVER when
   none was seen, BEFORE when it came before week 1 (it works from the start and says nothing of its own timing).
2. A week's talk comes before that week's exit. It works from the same week, or from the next: declared.
3. A cell is a piece of weeks by which talks have been had. A spell is its weeks survived in each cell, the cell of
   its event if it had one, and its covariates: nothing else enters. Equal spells are counted together.
4. A piece of weeks without an event, and a talk after which nobody exits, have no finite hazard: refused by name.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from analysis.estimate.cells import Bools, Floats, Ints
from analysis.estimate.linear import finite
from analysis.estimate.result import DegenerateError

NEVER, BEFORE = -1, 0
Works = Literal["same-week", "next-week"]


@dataclass(frozen=True)
class Spells:
    """Spells with the week of their first talk of each kind.

    last_week: (n,) from 1. exited: (n,) whether the spell ended in an exit in that week, else censored after it.
    first: kind to (n,) week of the first talk, NEVER or BEFORE. covariates: (n, k), constant over the spell.
    """

    last_week: Ints
    exited: Bools
    first: Mapping[str, Ints]
    covariates: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    names: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Count spells."""
        return len(self.last_week)


def spells_of_panel(
    talk: npt.NDArray[np.integer],
    last_week: npt.ArrayLike,
    exited: npt.ArrayLike,
    *,
    kinds: Mapping[str, Sequence[int]],
    covariates: npt.ArrayLike | None = None,
    names: Sequence[str] = (),
) -> Spells:
    """Make spells of a panel: `talk` is spells x weeks of codes; `kinds` names the codes that count, such as
    {"digital": (2, 3)}. Weeks after `last_week` are not looked at.
    """
    last = np.asarray(last_week, dtype=np.int64)
    inside = np.arange(1, talk.shape[1] + 1)[None, :] <= last[:, None]
    first: dict[str, Ints] = {}
    for kind, coded in kinds.items():
        had = np.isin(talk, list(coded)) & inside
        first[kind] = np.where(had.any(axis=1), had.argmax(axis=1) + 1, NEVER).astype(np.int64)
    values = np.zeros((len(last), 0)) if covariates is None else np.asarray(covariates, dtype=np.float64)
    return Spells(last, np.asarray(exited, dtype=np.bool_), first, values.reshape(len(last), -1), tuple(names))


@dataclass(frozen=True)
class Process:
    """One hazard. Rows are distinct spells, cells the pieces of weeks (by talks had, for the exit).

    design: cells x coefficients (a dummy a piece, then one a talk had). survived: rows x cells, in weeks. event: the
    cell of the event, -1 without one. labels: the coefficients' names.
    """

    name: str
    design: Floats
    survived: Floats
    event: Ints
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Prepared:
    """Distinct spells with their counts: the processes (the exit first) and the covariates."""

    processes: tuple[Process, ...]
    covariates: Floats
    names: tuple[str, ...]
    count: Floats
    spells: int


def prepare(spells: Spells, *, pieces: Sequence[int], talk_pieces: Sequence[int], works: Works) -> Prepared:
    """Cut spells into cells. `pieces` and `talk_pieces` are the first weeks of the pieces, the first being 1."""
    spells = _checked(spells)
    distinct, count = _distinct(spells)
    weeks = int(spells.last_week.max())
    exit_ = _exit(distinct, count, _piece(pieces, weeks), _names("exit", pieces, weeks), works)
    talks = [
        _talk(distinct, count, kind, _piece(talk_pieces, weeks), _names(f"{kind} talk", talk_pieces, weeks))
        for kind in distinct.first
    ]
    return Prepared((exit_, *talks), distinct.covariates, distinct.names, count, len(spells))


def _checked(spells: Spells) -> Spells:
    n = len(spells)
    values = finite(spells.covariates, "covariate").reshape(n, -1)
    if not n:
        raise DegenerateError("there are no spells")
    if spells.last_week.min() < 1:
        raise DegenerateError("a spell ends before its first week")
    for kind, first in spells.first.items():
        if (first < NEVER).any() or (first > spells.last_week).any():
            raise DegenerateError(f"a {kind} talk lies outside its spell")
    if values.shape[1] != len(spells.names):
        raise DegenerateError("every covariate needs a name")
    steady = [name for name, column in zip(spells.names, values.T, strict=True) if np.ptp(column) == 0]
    if steady:
        raise DegenerateError(f"covariates that do not vary: {', '.join(steady)}")
    return Spells(spells.last_week, spells.exited, spells.first, values, spells.names)


def _distinct(spells: Spells) -> tuple[Spells, Floats]:
    """Count equal spells together."""
    key = np.column_stack([spells.last_week, spells.exited, *spells.first.values(), spells.covariates]) + 0.0
    whole = np.ascontiguousarray(key).view(np.dtype((np.void, key.dtype.itemsize * key.shape[1]))).reshape(-1)
    _, at, count = np.unique(whole, return_index=True, return_counts=True)
    first = {kind: values[at] for kind, values in spells.first.items()}
    kept = Spells(spells.last_week[at], spells.exited[at], first, spells.covariates[at], spells.names)
    return kept, count.astype(np.float64)


def _piece(starts: Sequence[int], weeks: int) -> Ints:
    """Give the piece of each week 1..weeks."""
    if not starts or starts[0] != 1 or list(starts) != sorted(set(starts)) or starts[-1] > weeks:
        raise DegenerateError(f"pieces must start at 1, rise, and lie within {weeks} weeks; got {list(starts)}")
    return np.searchsorted(np.asarray(starts), np.arange(1, weeks + 1), side="right") - 1


def _names(what: str, starts: Sequence[int], weeks: int) -> tuple[str, ...]:
    ends = [*(start - 1 for start in starts[1:]), weeks]
    return tuple(f"{what}, weeks {first}-{last}" for first, last in zip(starts, ends, strict=True))


def _exit(spells: Spells, count: Floats, piece: Ints, names: tuple[str, ...], works: Works) -> Process:
    kinds, parts = list(spells.first), len(names)
    had = list(itertools.product((0, 1), repeat=len(kinds)))
    design = np.array([[*np.eye(parts)[part], *status] for status in had for part in range(parts)], dtype=np.float64)
    survived, event = np.zeros((len(spells), len(design))), np.full(len(spells), -1, dtype=np.int64)
    rows = np.arange(len(spells))
    lag = 1 if works == "next-week" else 0
    for week in range(1, len(piece) + 1):
        status = np.zeros(len(spells), dtype=np.int64)
        for first in spells.first.values():
            works_now = (first == BEFORE) | ((first > 0) & (week >= first + lag))
            status = 2 * status + works_now
        cell = status * parts + piece[week - 1]
        out = spells.exited & (spells.last_week == week)
        through = (spells.last_week >= week) & ~out
        survived[rows[through], cell[through]] += 1
        event[out] = cell[out]
    process = Process("exit", design, survived, event, (*names, *(f"effect of a {kind} talk" for kind in kinds)))
    _check_events(process, count)
    return process


def _talk(spells: Spells, count: Floats, kind: str, piece: Ints, names: tuple[str, ...]) -> Process:
    first, parts = spells.first[kind], len(names)
    survived, event = np.zeros((len(spells), parts)), np.full(len(spells), -1, dtype=np.int64)
    until = np.where(first == NEVER, spells.last_week, first - 1)
    for week in range(1, len(piece) + 1):
        survived[:, piece[week - 1]] += until >= week
    came = first > 0
    event[came] = piece[first[came] - 1]
    process = Process(kind, np.eye(parts), survived, event, names)
    _check_events(process, count)
    return process


def _check_events(process: Process, count: Floats) -> None:
    """Refuse coefficients that no event can place."""
    seen = process.event >= 0
    events = np.bincount(process.event[seen], weights=count[seen], minlength=len(process.design)) @ process.design
    for label, number in zip(process.labels, events, strict=True):
        if not number:
            raise DegenerateError(f"no event for: {label}; no finite hazard exists (join pieces, or follow longer)")
    risk = (count @ process.survived) + np.bincount(
        process.event[seen], weights=count[seen], minlength=len(process.design)
    )
    at_risk = process.design[risk > 0]
    if np.linalg.matrix_rank(at_risk) < at_risk.shape[1]:
        raise DegenerateError(
            "the effect of a talk cannot be told from the weeks: all at risk have had it, or nobody"
        )
