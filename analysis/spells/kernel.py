"""The spell kernel: the runs of each person in, spells out, in the order of persons and time.

The rules are those of `causes`. A code that is not declared is counted in weeks and passed over; the caller refuses
the result. Compiled by numba, without the interpreter lock.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.registers.codes import CODES, State
from analysis.spells.causes import PAID, UNPAID, Cause
from analysis.spells.changes import compiled
from analysis.spells.exits import GAP as _GAP

# A spell as it is written out.
ROW, FIRST, FINAL, LEFT, CAUSE, LATE, SPELL = range(7)
OUTSIDE = CODES  # slot of the table for a number that is no code

_UNEMPLOYED, _NEUTRAL, _FREE = int(State.UNEMPLOYED), int(State.NEUTRAL), int(State.FREE)
_EMIGRATED, _DEAD, _UNKNOWN = int(State.EMIGRATED), int(State.DEAD), int(State.UNKNOWN)
_EMPLOYMENT, _SELF, _BENEFIT_FREE = int(Cause.EMPLOYMENT), int(Cause.SELF_SUPPORT), int(Cause.BENEFIT_FREE)
_PAID, _UNPAID, _CENSORED = PAID, UNPAID, int(Cause.CENSORED)


class PayOfMonths(NamedTuple):
    """What the income register says: months x persons (PAID, UNPAID, PAY_UNKNOWN); `month`: row of a week or -1."""

    month: NDArray[np.int64]
    pay: NDArray[np.uint8]


@compiled
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


@compiled
def _cause_of_week(income: PayOfMonths, person: int, week: int) -> int:
    """Tell what a week without benefit is by the income register."""
    if week >= len(income.month) or income.month[week] < 0:
        return _BENEFIT_FREE
    paid = income.pay[income.month[week], person]
    if paid == _PAID:
        return _EMPLOYMENT
    return _SELF if paid == _UNPAID else _BENEFIT_FREE


@compiled
def _causes(income: PayOfMonths, person: int, state: int, week: int, weeks: int) -> int:
    """Pack the causes of some weeks of one state, a byte each."""
    packed = 0
    for at in range(weeks):
        cause = _cause_of_week(income, person, week + at) if state == _FREE else state
        packed |= cause << (8 * at)
    return packed


@compiled
def spells_of_runs(  # noqa: C901, PLR0917 - compiled: one loop, no calls
    first: Any, week: Any, code: Any, weeks: int, table: Any, income: PayOfMonths, unknown: Any
) -> Any:
    """Find the spells of all persons: rows x SPELL; `unknown` gathers weeks by undeclared code."""
    most = 0
    for run in range(len(code)):
        most += 0 <= code[run] < OUTSIDE and table[code[run]] == _UNEMPLOYED
    spells = np.empty((most, SPELL), dtype=np.int32)
    count = 0
    for person in range(len(first) - 1):
        begun = last = left = gap = causes = counted = late = 0
        is_open = False
        for run in range(first[person], first[person + 1]):
            start = week[run]
            stop = week[run + 1] if run + 1 < first[person + 1] else weeks
            slot = code[run] if 0 <= code[run] < OUTSIDE else OUTSIDE
            state = table[slot]
            if state == _UNKNOWN:
                unknown[slot] += stop - start
                continue
            if state == _NEUTRAL:
                continue
            if state == _UNEMPLOYED:
                if not is_open:
                    is_open, begun, late = True, start, counted < _GAP
                last, gap, causes = stop - 1, 0, 0
            elif is_open:
                if gap == 0:
                    left = start
                causes |= _causes(income, person, state, start, min(stop - start, _GAP - gap)) << (8 * gap)
                gap += stop - start
                final = _EMIGRATED <= state <= _DEAD
                if final or gap >= _GAP:
                    cause = state if final else _most(causes)
                    _write(spells, count, person, begun, last, left, cause, late)
                    count += 1
                    is_open = False
            counted += stop - start
        if is_open:
            _write(spells, count, person, begun, last, -1, _CENSORED, late)
            count += 1
    return spells[:count]


@compiled
def _write(  # noqa: PLR0917 - compiled
    spells: Any, at: int, person: int, begun: int, last: int, left: int, cause: int, late: int
) -> None:
    spells[at, ROW], spells[at, FIRST], spells[at, FINAL] = person, begun, last
    spells[at, LEFT], spells[at, CAUSE], spells[at, LATE] = left, cause, late
