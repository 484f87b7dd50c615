"""The spell kernel: weeks of many persons, column by column, with work only where a code changes.

1. Two neighbouring columns are compared eight bytes at a time; a word without a change is passed over.
2. Where a person's code changes, the run that ended is fed to that person's machine: eight numbers that know the open
   spell, the gap so far and what its first four weeks held. The rules are those of `causes`.
3. The functions are compiled by numba and hold no interpreter lock: threads share the persons, never a person.
4. A code that is not declared is counted in weeks and treated as no state at all; the caller refuses the result.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

from analysis.registers.codes import CODES, State
from analysis.spells.causes import PAID, UNPAID, Cause
from analysis.spells.exits import GAP as _GAP

# A person's machine: start of the present run; start, last week, truncation and exit of the open spell; its gap.
RUN, START, LAST, TRUNCATED, EXIT, GAPPED, CAUSES, COUNTED, MACHINE = range(9)
# A spell as it is written out.
ROW, FIRST, FINAL, LEFT, CAUSE, LATE, SPELL = range(7)
OUTSIDE = CODES  # slot of the table for a number that is no code

_UNEMPLOYED, _NEUTRAL, _FREE = int(State.UNEMPLOYED), int(State.NEUTRAL), int(State.FREE)
_EMIGRATED, _DEAD, _UNKNOWN = int(State.EMIGRATED), int(State.DEAD), int(State.UNKNOWN)
_EMPLOYMENT, _SELF, _BENEFIT_FREE = int(Cause.EMPLOYMENT), int(Cause.SELF_SUPPORT), int(Cause.BENEFIT_FREE)
_PAID, _UNPAID, _CENSORED = PAID, UNPAID, int(Cause.CENSORED)
F = TypeVar("F", bound=Callable[..., Any])


def _compiled(function: F) -> F:
    return cast(F, njit(nogil=True, cache=True)(function))


class Book(NamedTuple):
    """What every step reads and writes.

    table: state of a code; month: row of `pay` for a week, -1 beyond it; pay: months x persons, PAID, UNPAID or
    PAY_UNKNOWN; machine: persons x MACHINE; spells: rows x SPELL, in the order of ends; unknown: weeks by code.
    """

    table: NDArray[np.uint8]
    month: NDArray[np.int64]
    pay: NDArray[np.uint8]
    machine: NDArray[np.int32]
    spells: NDArray[np.int32]
    unknown: NDArray[np.int64]


@_compiled
def _most(packed: int) -> int:
    """Give the most frequent of up to four packed bytes, the earliest on a tie."""
    best, most = 0, 0
    for at in range(_GAP):
        one = (packed >> (8 * at)) & 255
        times = 0
        for other in range(_GAP):
            if (packed >> (8 * other)) & 255 == one:
                times += 1
        if one != 0 and times > most:
            best, most = one, times
    return best


@_compiled
def _without_benefit(book: Book, person: int, week: int) -> int:
    """Tell employment from self-support by the income register."""
    if week >= len(book.month) or book.month[week] < 0:
        return _BENEFIT_FREE
    at = book.month[week]
    paid = book.pay[at, person]
    if paid == _PAID:
        return _EMPLOYMENT
    return _SELF if paid == _UNPAID else _BENEFIT_FREE


@_compiled
def _write(book: Book, person: int, cause: int, count: int) -> int:
    """Write the open spell of a person and close it."""
    own, spell = book.machine[person], book.spells[count]
    spell[ROW], spell[FIRST], spell[FINAL] = person, own[START], own[LAST]
    spell[LEFT] = own[EXIT] if cause != _CENSORED else -1
    spell[CAUSE], spell[LATE] = cause, own[TRUNCATED]
    own[START], own[GAPPED], own[CAUSES] = -1, 0, 0
    return count + 1


@_compiled
def feed(book: Book, person: int, code: int, stop: int, count: int) -> int:
    """Feed the run of a code that ended before week `stop`; give the number of spells written so far."""
    slot = code if 0 <= code < OUTSIDE else OUTSIDE
    state = book.table[slot]
    own = book.machine[person]
    start = own[RUN]
    own[RUN] = stop
    if state == _UNKNOWN:
        book.unknown[slot] += stop - start
        return count
    if state == _NEUTRAL:
        return count
    if state == _UNEMPLOYED:
        if own[START] < 0:
            own[START] = start
            own[TRUNCATED] = own[COUNTED] < _GAP
        own[LAST], own[GAPPED], own[CAUSES] = stop - 1, 0, 0
    elif own[START] >= 0:
        if own[GAPPED] == 0:
            own[EXIT] = start
        for week in range(start, min(stop, start + _GAP - own[GAPPED])):
            cause = _without_benefit(book, person, week) if state == _FREE else state
            own[CAUSES] |= cause << (8 * (own[GAPPED] + week - start))
        own[GAPPED] += stop - start
        if _EMIGRATED <= state <= _DEAD:
            count = _write(book, person, state, count)
        elif own[GAPPED] >= _GAP:
            count = _write(book, person, _most(own[CAUSES]), count)
    own[COUNTED] = min(own[COUNTED] + stop - start, _GAP)
    return count


@_compiled
def compare(book: Book, before: NDArray[np.int16], now: NDArray[np.int16], week: int, count: int) -> int:
    """Feed the runs that end where `week` begins; at most one spell a person is written."""
    words_before, words_now = before[: len(before) // 4 * 4].view(np.int64), now[: len(now) // 4 * 4].view(np.int64)
    for word in range(len(words_before)):
        if words_before[word] != words_now[word]:
            for person in range(4 * word, 4 * word + 4):
                if before[person] != now[person]:
                    count = feed(book, person, before[person], week, count)
    for person in range(4 * len(words_before), len(before)):
        if before[person] != now[person]:
            count = feed(book, person, before[person], week, count)
    return count


@_compiled
def finish(book: Book, last: NDArray[np.int16], weeks: int, count: int) -> int:
    """Feed the runs that reach the end of the register and write the spells still open; at most two a person."""
    for person in range(len(last)):
        count = feed(book, person, last[person], weeks, count)
        if book.machine[person, START] >= 0:
            count = _write(book, person, _CENSORED, count)
    return count


@_compiled
def by_person(spells: NDArray[np.int32], persons: int) -> NDArray[np.int32]:
    """Put spells in the order of persons, keeping each person's order: a counting sort."""
    place = np.zeros(persons + 1, dtype=np.int64)
    for spell in range(len(spells)):
        place[spells[spell, ROW] + 1] += 1
    for person in range(persons):
        place[person + 1] += place[person]
    ordered = np.empty_like(spells)
    for spell in range(len(spells)):
        row = spells[spell, ROW]
        ordered[place[row]] = spells[spell]
        place[row] += 1
    return ordered
