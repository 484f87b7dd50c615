"""Outcomes of a whole register from its runs: the same rules as `exits` (a) and (b), one loop over a person's runs.

For each person with a week 0: weeks out of unemployment and weeks with benefit among the first 13, 26, 52 and 104,
the week of the exit, the last week whose answer is known, and what ended the follow-up. Weeks are the person's own.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.registers.codes import State
from analysis.spells.causes import PAID
from analysis.spells.changes import Runs, compiled
from analysis.spells.exits import GAP as _GAP
from analysis.spells.exits import NEEDS_PAY
from analysis.spells.kernel import OUTSIDE, PayOfMonths

HORIZONS = (13, 26, 52, 104)
_H = len(HORIZONS)
_EXIT, _KNOWN, _END, _ENDED_BY, _WIDTH = 2 * _H, 2 * _H + 1, 2 * _H + 2, 2 * _H + 3, 2 * _H + 4
_NEUTRAL, _FREE, _UNSEEN = int(State.NEUTRAL), int(State.FREE), int(State.UNSEEN)
_EMIGRATED, _DEAD, _UNKNOWN = int(State.EMIGRATED), int(State.DEAD), int(State.UNKNOWN)
_PAID = PAID


@dataclass(frozen=True)
class Followed:
    """One row a person; `weeks_out` and `benefit_weeks` have a column a horizon. Persons without a week 0 hold 0."""

    weeks_out: NDArray[np.int16]
    benefit_weeks: NDArray[np.int16]
    exit: NDArray[np.int16]
    known: NDArray[np.int16]
    end: NDArray[np.int16]
    ended_by: NDArray[np.int16]


def follow(
    runs: Runs,
    table: NDArray[np.uint8],
    week_0: NDArray[np.int32],
    definition: str = "a",
    pay: PayOfMonths | None = None,
) -> Followed:
    """Follow every person from the column `week_0` (-1: not at all) under definition (a) or (b)."""
    pay = pay or PayOfMonths(np.zeros(0, dtype=np.int64), np.zeros((0, 0), dtype=np.uint8))
    slots = np.append(table, np.uint8(State.UNKNOWN))
    ask = NEEDS_PAY[definition]
    out = _follow(runs.first, runs.week, runs.code, runs.weeks, slots, pay, week_0, ask, np.array(HORIZONS))
    return Followed(out[:, :_H], out[:, _H:_EXIT], *(out[:, at] for at in (_EXIT, _KNOWN, _END, _ENDED_BY)))


@compiled
def _within(low: int, high: int, horizon: int) -> int:
    """Count the weeks of [low, high] that are not after a horizon."""
    return max(0, min(high, horizon) - low + 1)


@compiled
def _same(income: PayOfMonths, person: int, week: int, stop: int, ask: bool) -> tuple[int, bool]:
    """Give how far a stretch of weeks without benefit has the same answer, and whether it counts as out."""
    if not ask:
        return stop, True
    if week >= len(income.month):
        return stop, False
    month = income.month[week]
    after = week + 1
    while after < stop and after < len(income.month) and income.month[after] == month:
        after += 1
    return after, month >= 0 and income.pay[month, person] == _PAID


@compiled
def _follow(  # noqa: C901, PLR0912, PLR0917 - compiled: one loop
    first: Any,
    week: Any,
    code: Any,
    weeks: int,
    table: Any,
    income: PayOfMonths,
    week_0: Any,
    ask: bool,
    horizons: Any,
) -> Any:
    out = np.zeros((len(first) - 1, _WIDTH), dtype=np.int16)
    pending = np.zeros(_H, dtype=np.int16)
    for person in range(len(first) - 1):
        origin = week_0[person]
        if origin < 0:
            continue
        own = out[person]
        length, begun = 0, 0
        own[_END], own[_ENDED_BY] = weeks - origin, _UNSEEN
        for run in range(first[person], first[person + 1]):
            start = max(week[run], origin + 1)
            stop = week[run + 1] if run + 1 < first[person + 1] else weeks
            if stop <= start:
                continue
            state = table[code[run] if 0 <= code[run] < OUTSIDE else OUTSIDE]
            if _EMIGRATED <= state <= _DEAD or state == _UNKNOWN:
                own[_END], own[_ENDED_BY] = start - origin, state
                break
            if state == _NEUTRAL:
                continue
            settled = state != _FREE or length == 0 or length >= _GAP
            if settled and own[_EXIT] > 0 and start - origin > horizons[_H - 1]:
                length = 0
                continue  # nothing of this run is asked for
            if state != _FREE:
                length = 0
                for at in range(_H):
                    own[_H + at] += _within(start - origin, stop - 1 - origin, horizons[at])
                continue
            here = start
            while here < stop:
                after, is_out = _same(income, person, here, stop, ask)
                if is_out:
                    if length == 0:
                        begun = here - origin
                        pending[:] = 0
                    length += after - here
                    for at in range(_H):
                        pending[at] += _within(here - origin, after - 1 - origin, horizons[at])
                    if length >= _GAP:
                        for at in range(_H):
                            own[at] += pending[at]
                        pending[:] = 0
                        if own[_EXIT] == 0:
                            own[_EXIT] = begun
                else:
                    length = 0
                here = after
        own[_KNOWN] = _known(first, week, code, weeks, table, person, origin, own[_END])
    return out


@compiled
def _known(  # noqa: PLR0917 - compiled
    first: Any, week: Any, code: Any, weeks: int, table: Any, person: int, origin: int, end: int
) -> int:
    """Give the week after which fewer than a run's counted weeks are left: the last one with a known answer."""
    left = _GAP
    stop = weeks
    for run in range(first[person + 1] - 1, first[person] - 1, -1):
        start = max(week[run], origin + 1)
        ends = min(stop, origin + end)
        stop = week[run]
        if ends <= start or table[code[run] if 0 <= code[run] < OUTSIDE else OUTSIDE] == _NEUTRAL:
            continue
        if ends - start >= left:
            return ends - left - origin
        left -= ends - start
    return 0
