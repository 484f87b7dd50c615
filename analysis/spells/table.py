"""Spells of a whole register: columns in, one row a spell out.

Columns are taken one after the other, so a register of any width needs the memory of two columns and of the changes
found. Nothing here knows where the columns come from.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from analysis.registers.codes import CODES, State
from analysis.spells import kernel
from analysis.spells.changes import Runs, runs_of
from analysis.spells.kernel import PayOfMonths

_WEEK, _BYTE = np.int16, np.uint8
FIELDS = {"row": np.int32, "start": _WEEK, "end": _WEEK, "exit": _WEEK, "cause": _BYTE, "truncated": _BYTE}


@dataclass(frozen=True)
class Spells:
    """Spells in the order of rows, then time; weeks are columns of the register, counted from 0.

    start, end: first and last week of unemployment; exit: first counted week of the gap that ended it (-1: censored);
    cause: a `Cause`; truncated: 1 if the spell may have begun before the register; unknown: weeks by undeclared code.
    """

    row: NDArray[np.int32]
    start: NDArray[np.int16]
    end: NDArray[np.int16]
    exit: NDArray[np.int16]
    cause: NDArray[np.uint8]
    truncated: NDArray[np.uint8]
    unknown: dict[int, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.row)


def find_spells(
    columns: Iterable[NDArray[np.int16]], table: NDArray[np.uint8], pay: PayOfMonths | None = None
) -> Spells:
    """Find the spells of unemployment; `columns` are the codes of the same persons in consecutive weeks."""
    return spells_of(runs_of(columns), table, pay)


def spells_of(runs: Runs, table: NDArray[np.uint8], pay: PayOfMonths | None = None) -> Spells:
    """Find the spells of unemployment in runs."""
    pay = pay or PayOfMonths(np.zeros(0, dtype=np.int64), np.zeros((0, 0), dtype=np.uint8))
    slots = np.append(table, np.uint8(State.UNKNOWN))
    unknown = np.zeros(CODES + 1, dtype=np.int64)
    rows = kernel.spells_of_runs(runs.first, runs.week, runs.code, runs.weeks, slots, pay, unknown)
    columns = {name: rows[:, at].astype(kind) for at, (name, kind) in enumerate(FIELDS.items())}
    return Spells(**columns, unknown={int(code): int(unknown[code]) for code in np.flatnonzero(unknown)})
