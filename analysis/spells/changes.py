"""From weekly columns to runs: a person's weeks as the few weeks in which the code changes.

1. Two neighbouring columns are compared eight bytes at a time; a word without a change is passed over.
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
_ROOM = 8  # changes a person for which memory is taken at first


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
    """The changes of some persons so far; columns are pushed week by week and not kept, save the last."""

    def __init__(self) -> None:
        self.start = self.before = np.zeros(0, dtype=np.int16)
        self.weeks = self.count = 0
        self.times = np.zeros(0, dtype=np.int32)
        self.person, self.week, self.code = _room(0)

    def push(self, column: Codes) -> None:
        """Take the next week."""
        now = np.ascontiguousarray(column, dtype=np.int16)
        persons = len(now)
        if self.weeks == 0:
            self.start = now.copy()
            self.times = np.ones(persons, dtype=np.int32)
            self.person, self.week, self.code = _room(_ROOM * persons + 4)
        else:
            if len(self.person) < self.count + persons + 4:
                self._grow(2 * len(self.person) + persons + 4)
            found = (self.person, self.week, self.code)
            self.count = _compare(self.before, now, self.weeks, *found, self.times, self.count)
        self.before = now
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
    before: Codes, now: Codes, week: int, person_of: Any, week_of: Any, code_of: Codes, times: Any, count: int
) -> int:
    """Note who has another code than the week before; give the number of changes so far."""
    whole = len(before) // 4 * 4
    words_before, words_now = before[:whole].view(np.int64), now[:whole].view(np.int64)
    for word in range(len(words_before)):
        if words_before[word] != words_now[word]:
            for person in range(4 * word, 4 * word + 4):
                # Written for all four, kept for those that changed: cheaper than four guesses of the processor.
                changed = before[person] != now[person]
                person_of[count], week_of[count], code_of[count] = person, week, now[person]
                times[person] += changed
                count += changed
    for person in range(whole, len(before)):
        if before[person] != now[person]:
            person_of[count], week_of[count], code_of[count] = person, week, now[person]
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
