"""From weekly columns to runs: a person's weeks as the few weeks in which the code changes.

1. Two neighbouring columns are compared eight bytes at a time; a word without a change is passed over. Empty cells
   may hold anything beneath: their bits of validity make them 0 on the way.
2. Changes are met week by week and put in the order of persons by a counting sort: persons, then weeks.
3. The functions are compiled by numba and hold no interpreter lock, so threads can share the persons of a register.

A register of 260 weeks has about seven runs a person: whatever follows costs a fraction of reading the columns.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

Codes = NDArray[np.int16]
F = TypeVar("F", bound=Callable[..., Any])
Bits = NDArray[np.uint8]
ALL: Bits = np.zeros(0, dtype=np.uint8)  # no bits at all: every cell is there
_ROOM = 8  # changes a person for which memory is taken at first
_KEEP = np.array(  # which of the four codes of a word stay, by four bits of validity
    [sum(0xFFFF << 16 * lane for lane in range(4) if bits >> lane & 1) for bits in range(16)], dtype=np.uint64
)


def compiled(function: F) -> F:
    """Compile a function with numba, once for all processes."""
    return cast(F, njit(nogil=True, cache=True)(function))


@dataclass(frozen=True)
class Runs:
    """The runs of persons: those of person p are first[p] to first[p + 1]; each has its first week and its code."""

    first: NDArray[np.int64]
    week: NDArray[np.int16]
    code: Codes
    weeks: int

    def __len__(self) -> int:
        return len(self.first) - 1


def runs_of(columns: Iterable[Codes]) -> Runs:
    """Find the runs; `columns` are the codes of the same persons in consecutive weeks."""
    changes = Changes()
    for column in columns:
        changes.push(column)
    return changes.runs()


class Changes:
    """The changes of some persons so far; columns are pushed week by week, and of each only its codes are kept."""

    def __init__(self) -> None:
        self.start = self.now = np.zeros(0, dtype=np.int16)
        self.weeks = self.count = 0
        self.times = np.zeros(0, dtype=np.int32)
        self.person, self.week, self.code = _room(0)

    def push(self, column: Codes, valid: Bits = ALL) -> None:
        """Take the next week; `valid` has a bit a person, the lowest first, not set where the cell is empty."""
        column = np.ascontiguousarray(column, dtype=np.int16)
        persons = len(column)
        if self.weeks == 0:
            self.now = np.zeros(persons, dtype=np.int16)
            self.times = np.zeros(persons, dtype=np.int32)
            self.person, self.week, self.code = _room(_ROOM * persons + 8)
        elif len(self.person) < self.count + persons + 8:
            self._grow(2 * len(self.person) + persons + 8)
        found = (self.person, self.week, self.code)
        count = _compare(self.now, column, valid, self.weeks, *found, self.times, self.count)
        if self.weeks == 0:  # the first week is where a person starts, not a change
            self.start = self.now.copy()
            self.times[:] = 1
        else:
            self.count = count
        self.weeks += 1

    def _grow(self, size: int) -> None:
        old, count = (self.person, self.week, self.code), self.count
        self.person, self.week, self.code = _room(size)
        self.person[:count], self.week[:count], self.code[:count] = (part[:count] for part in old)

    def runs(self) -> Runs:
        """Put what was found in the order of persons."""
        met = (self.person[: self.count], self.week[: self.count], self.code[: self.count])
        first, week, code = _in_order(self.start, self.times, *met)
        return Runs(first, week, code, self.weeks)


def _room(size: int) -> tuple[NDArray[np.int32], NDArray[np.int16], Codes]:
    return np.empty(size, dtype=np.int32), np.empty(size, dtype=np.int16), np.empty(size, dtype=np.int16)


@compiled
def _compare(  # noqa: PLR0917 - compiled
    now: Codes, column: Codes, valid: Bits, week: int, person_of: Any, week_of: Any, code_of: Codes, times: Any,
    count: int,
) -> int:  # fmt: skip
    """Bring `now` to the next week and note who changes; give the number of changes so far."""
    whole = len(now) // 4
    words, coming = now[: 4 * whole].view(np.uint64), column[: 4 * whole].view(np.uint64)
    for word in range(whole):
        cells = coming[word]
        if len(valid):
            cells &= _KEEP[(valid[word >> 1] >> (4 * (word & 1))) & 15]
        if cells != words[word]:
            before = words[word]
            words[word] = cells
            for lane in range(4):
                # Written for all four, kept for those that changed: cheaper than four guesses of the processor.
                person = 4 * word + lane
                changed = (before ^ cells) >> np.uint64(16 * lane) & np.uint64(0xFFFF) != 0
                person_of[count], week_of[count], code_of[count] = person, week, now[person]
                times[person] += changed
                count += changed
    for person in range(4 * whole, len(now)):
        cell = column[person]
        if len(valid) and not (valid[person >> 3] >> (person & 7)) & 1:
            cell = 0
        if cell != now[person]:
            now[person] = cell
            person_of[count], week_of[count], code_of[count] = person, week, cell
            times[person] += 1
            count += 1
    return count


@compiled
def _in_order(start: Codes, times: Any, person_of: Any, week_of: Any, code_of: Codes) -> tuple[Any, Any, Codes]:
    """Put the changes in the order of persons, each person's first run before them."""
    persons = len(start)
    first = np.zeros(persons + 1, dtype=np.int64)
    for person in range(persons):
        first[person + 1] = first[person] + times[person]
    place = first[:-1].copy()
    week = np.empty(first[-1], dtype=np.int16)
    code = np.empty(first[-1], dtype=np.int16)
    for person in range(persons):
        week[place[person]], code[place[person]] = 0, start[person]
        place[person] += 1
    for change in range(len(person_of)):
        at = place[person_of[change]]
        week[at], code[at] = week_of[change], code_of[change]
        place[person_of[change]] = at + 1
    return first, week, code
