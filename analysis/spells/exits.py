"""Exits after randomisation, by four definitions side by side: pure functions over arrays, persons x weeks.

(a) The first week of a run of four or more weeks without benefit.
(b) The same, and every week of the run lies in a month with paid hours (a week is its Thursday's).
(c) The first week of a month with at least half the hours of a full-time month. Only months that begin after week 0
    count: the hours of an earlier one were partly worked before randomisation. Benefits are not looked at.
(d) The first week of a run of four or more weeks out of unemployment, whatever came instead; `cause` tells what.

1. Holiday benefit is transparent: it is taken out before runs are counted, so it neither cuts nor lengthens one.
   A one-day code is a week with benefit: it cuts a run of employment, and a shorter gap never ends unemployment.
2. An exit is known only when its run has been seen; the last week whose answer is known is therefore the fourth-last
   non-neutral week before the end of what can be followed. Censoring there does not depend on what those last
   weeks hold, so it favours nobody. A month is known when it is there: (c) needs no later weeks.
3. Emigration, old-age pension and death end what can be followed under (a), (b) and (c), and are exits under (d).
   The end of the register ends it under all; the end of the income register under (b) and (c).
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from analysis.registers.codes import CENSORING, State
from analysis.registers.schema import FULL_TIME_HOURS
from analysis.spells.runs import Bools, Ints, first, nth_last, runs

Bytes = NDArray[np.uint8]

GAP = 4
DEFINITIONS = ("a", "b", "c", "d")
NEEDS_PAY = {"a": False, "b": True, "c": True, "d": False}
HALF_TIME_HOURS = FULL_TIME_HOURS / 2


@dataclass(frozen=True)
class FollowUp:
    """What the registers say about persons in the weeks 1, 2, ... of their own follow-up.

    state: a byte of `State` each week; hours: paid hours of the week's month; pay_until: how many weeks the income
    register covers (if not said, all); whole_month: first week of a month that begins after week 0 (if not said, 1);
    month_weeks: weeks of the week's month, over which its hours are spread evenly; earnings: pay of the week's month.
    """

    state: Bytes
    hours: NDArray[np.float32]
    pay_until: Ints | None = None
    whole_month: Ints | None = None
    month_weeks: Bytes | None = None
    earnings: NDArray[np.float64] | None = None


@dataclass(frozen=True)
class Exits:
    """out: weeks that count as out of unemployment; exit: the first of them, 0 if none.

    known: last week whose answer is known; end: first week that cannot be followed; ended_by: the state there.
    """

    out: Bools
    exit: Ints
    known: Ints
    end: Ints
    ended_by: Bytes


def look_for_exits(follow_up: FollowUp, definition: str, gap: int = GAP) -> Exits:
    """Find the weeks out of unemployment and the exit under a definition; see the rules above."""
    weeks = follow_up.state.shape[1]
    if not weeks:  # nobody has a week yet: the first one is unseen
        n = len(follow_up.state)
        unseen = np.full((n, 1), State.UNSEEN, dtype=np.uint8)
        follow_up = replace(follow_up, state=unseen, hours=np.zeros((n, 1), dtype=np.float32))
    state = _seen_states(follow_up, definition)
    ends = [State.UNSEEN] if definition == "d" else [*CENSORING, State.UNSEEN]
    end, ended_by = _end(state, np.array(ends, dtype=np.uint8))
    followed = np.arange(1, state.shape[1] + 1) < end[:, None]
    neutral = followed & (state == State.NEUTRAL)
    if definition == "c":
        inside = followed & _enough_hours(follow_up)
        known = end - 1
    else:
        inside = runs(np.where(followed, _weight(state, follow_up, definition, gap), 0), neutral, gap)
        known = nth_last(followed & ~neutral, gap)
    return Exits(inside[:, :weeks], first(inside), known, end, ended_by)


def _weight(state: Bytes, follow_up: FollowUp, definition: str, gap: int) -> Bytes:
    if definition == "d":
        out = (state != State.UNEMPLOYED) & (state != State.NEUTRAL)
        return np.where(np.isin(state, CENSORING), gap, out).astype(np.uint8)
    free = state == State.FREE
    if definition == "b":
        free &= follow_up.hours > 0
    return np.asarray(free, dtype=np.uint8)


def _enough_hours(follow_up: FollowUp) -> Bools:
    enough: Bools = follow_up.hours >= HALF_TIME_HOURS
    if follow_up.whole_month is not None:
        enough = enough & (np.arange(1, enough.shape[1] + 1) >= follow_up.whole_month[:, None])
    return enough


def _seen_states(follow_up: FollowUp, definition: str) -> Bytes:
    if not NEEDS_PAY[definition] or follow_up.pay_until is None:
        return follow_up.state
    beyond = np.arange(1, follow_up.state.shape[1] + 1) > follow_up.pay_until[:, None]
    return np.where(beyond, np.uint8(State.UNSEEN), follow_up.state)


def _end(state: Bytes, ends: Bytes) -> tuple[Ints, Bytes]:
    over = np.isin(state, ends)
    at = over.argmax(axis=1)
    any_end = over.any(axis=1)
    end = np.where(any_end, at + 1, state.shape[1] + 1)
    by = np.where(any_end, state[np.arange(len(state)), at], State.UNSEEN)
    return end, by.astype(np.uint8)
