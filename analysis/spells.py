"""From weekly states to employment and exits: pure functions over arrays, persons x weeks.

1. Definition (a): a citizen is out of benefit in a week that belongs to a run of four or more weeks without benefit.
   Definition (b): the same, and every week of the run lies in a month with paid hours (a week is its Thursday's).
2. Holiday benefit is transparent: it is taken out before runs are counted, so it neither cuts nor lengthens one.
   A one-day code is a week with benefit: it cuts a run of employment, and a shorter gap never ends unemployment.
3. An exit is the first week of the first run. It is known only when the run's four weeks have been seen; the last
   week whose answer is known is therefore the fourth-last non-neutral week before the end of what can be followed.
   Censoring there does not depend on what those last weeks hold, so it favours nobody.
4. Emigration, old-age pension and death end what can be followed, and so does the end of the register.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.registers.codes import CENSORING, State

Bytes = NDArray[np.uint8]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

GAP = 4
NEEDS_PAY = {"a": False, "b": True}
_ENDS = np.array([*CENSORING, State.UNSEEN], dtype=np.uint8)


@dataclass(frozen=True)
class FollowUp:
    """What the registers say about persons in the weeks 1, 2, ... of their own follow-up.

    state: a byte of `State` each week; paid: whether the week's month has paid hours; pay_until: how many weeks the
    income register covers (all, if not said), without which (b) cannot be answered.
    """

    state: Bytes
    paid: Bools
    pay_until: Ints | None = None


@dataclass(frozen=True)
class Exits:
    """employed: weeks in a run; exit: first such week, 0 if none; known: last week whose answer is known;
    end: first week that cannot be followed (weeks + 1 if all can); ended_by: the state there.
    """

    employed: Bools
    exit: Ints
    known: Ints
    end: Ints
    ended_by: Bytes


def look_for_exits(follow_up: FollowUp, definition: str, gap: int = GAP) -> Exits:
    """Find employment and exit under a definition; see the rules above."""
    state, paid = follow_up.state, follow_up.paid
    if not state.shape[1]:  # nobody has a week yet: the first one is unseen
        state, paid = (
            np.full((len(state), 1), State.UNSEEN, dtype=np.uint8),
            np.zeros((len(state), 1), dtype=np.bool_),
        )
    if NEEDS_PAY[definition] and follow_up.pay_until is not None:
        beyond = np.arange(1, state.shape[1] + 1) > follow_up.pay_until[:, None]
        state = np.where(beyond, np.uint8(State.UNSEEN), state)
    end, ended_by = _end(state)
    followed = np.arange(1, state.shape[1] + 1) < end[:, None]
    working = followed & (state == State.FREE)
    if NEEDS_PAY[definition]:
        working &= paid
    neutral = followed & (state == State.NEUTRAL)
    employed = runs(working, neutral, gap)
    exit_week = np.where(employed.any(axis=1), employed.argmax(axis=1) + 1, 0)
    return Exits(employed[:, : follow_up.state.shape[1]], exit_week, _known(followed & ~neutral, gap), end, ended_by)


def runs(working: Bools, neutral: Bools, gap: int) -> Bools:
    """Mark the working weeks of runs of at least `gap` of them; neutral weeks are passed over."""
    persons, weeks = working.shape
    working, neutral = np.asfortranarray(working), np.asfortranarray(neutral)  # a week's persons lie together
    length = np.zeros((persons, weeks + 1), dtype=np.int16, order="F")
    for week in range(weeks):
        before = length[:, week]
        length[:, week + 1] = np.where(neutral[:, week], before, np.where(working[:, week], before + 1, 0))
    whole = np.zeros(persons, dtype=np.int16)  # length of the run the week lies in, seen from its end
    marked = np.zeros_like(working)
    for week in reversed(range(weeks)):
        whole = np.where(
            neutral[:, week], whole, np.where(working[:, week], np.maximum(whole, length[:, week + 1]), 0)
        )
        marked[:, week] = working[:, week] & (whole >= gap)
    return marked


def _end(state: Bytes) -> tuple[Ints, Bytes]:
    over = np.isin(state, _ENDS)
    any_end = over.any(axis=1)
    first = over.argmax(axis=1)
    end = np.where(any_end, first + 1, state.shape[1] + 1)
    by = np.where(any_end, state[np.arange(len(state)), first], State.UNSEEN)
    return end, by.astype(np.uint8)


def _known(counted: Bools, gap: int) -> Ints:
    """Give the week of the gap-th last counted week of each person, 0 where there are fewer."""
    from_behind = counted[:, ::-1].cumsum(axis=1)[:, ::-1]
    enough = (from_behind >= gap) & counted
    weeks = counted.shape[1]
    return np.where(enough.any(axis=1), weeks - enough[:, ::-1].argmax(axis=1), 0)
