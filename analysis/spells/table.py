"""Spells of a whole register: columns in, one row a spell out.

Columns are taken one after the other, so a register of any width needs the memory of two columns, of the machines
and of the spells found. Nothing here knows where the columns come from.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from analysis.registers.codes import CODES, State
from analysis.spells import kernel
from analysis.spells.kernel import Book

FIELDS = {
    "row": np.int32,
    "start": np.int16,
    "end": np.int16,
    "exit": np.int16,
    "cause": np.uint8,
    "truncated": np.uint8,
}


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


@dataclass(frozen=True)
class PayOfMonths:
    """What the income register says: months x persons (PAID, UNPAID, PAY_UNKNOWN); `month`: row of a week or -1."""

    month: NDArray[np.int64]
    pay: NDArray[np.uint8]


def find_spells(
    columns: Iterable[NDArray[np.int16]], table: NDArray[np.uint8], pay: PayOfMonths | None = None
) -> Spells:
    """Find the spells of unemployment; `columns` are the codes of the same persons in consecutive weeks."""
    before: NDArray[np.int16] | None = None
    book, count, week = None, 0, 0
    for week, column in enumerate(columns):
        now = np.ascontiguousarray(column, dtype=np.int16)
        if before is None or book is None:
            book = _open(len(now), table, pay)
        else:
            book = _room(book, count, len(now))
            count = kernel.compare(book, before, now, week, count)
        before = now
    if before is None or book is None:
        return _spells(np.zeros((0, kernel.SPELL), dtype=np.int32), {})
    book = _room(book, count, 2 * len(before))
    count = kernel.finish(book, before, week + 1, count)
    unknown = {int(code): int(book.unknown[code]) for code in np.flatnonzero(book.unknown)}
    return _spells(kernel.by_person(book.spells[:count], len(before)), unknown)


def _open(persons: int, table: NDArray[np.uint8], pay: PayOfMonths | None) -> Book:
    slots = np.append(table, np.uint8(State.UNKNOWN))
    machine = np.zeros((persons, kernel.MACHINE), dtype=np.int32)
    machine[:, kernel.START] = -1
    return Book(
        table=slots,
        month=np.full(0, -1) if pay is None else pay.month,
        pay=np.zeros((0, persons), dtype=np.uint8) if pay is None else pay.pay,
        machine=machine,
        spells=np.empty((2 * persons, kernel.SPELL), dtype=np.int32),
        unknown=np.zeros(CODES + 1, dtype=np.int64),
    )


def _room(book: Book, count: int, needed: int) -> Book:
    if len(book.spells) - count >= needed:
        return book
    grown = np.empty((2 * len(book.spells) + needed, kernel.SPELL), dtype=np.int32)
    grown[:count] = book.spells[:count]
    return book._replace(spells=grown)


def _spells(rows: NDArray[np.int32], unknown: dict[int, int]) -> Spells:
    columns = {name: rows[:, at].astype(kind) for at, (name, kind) in enumerate(FIELDS.items())}
    return Spells(**columns, unknown=unknown)
