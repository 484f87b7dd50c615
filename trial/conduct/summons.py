"""Summons: what becomes of a conversation when a pause is known that covers its day, or that will be over by then.

1. A summons is written and personal, and needs the declared notice (`conversations.summons.notice_days`; eight days
   is the deadline of self-booking). Notice is counted from the day something is known to the day of the conversation.
2. A physical conversation whose day lies in a pause is held in the mode of the pause (`infection`):
     with notice                 it is summoned, or summoned anew, in that mode;
     without, "telephone"        the citizen is called; there is no new summons;
     without, "not-held"         the conversation falls away.
3. A physical conversation summoned in the mode of a pause that is over by its day:
     within `transition_days` of reopening   it stays as it was summoned. The precedent is BEK 1576 of 2021: physical
                                             again from 1 August, conversations already summoned digitally until
                                             1 September;
     later, with notice                      it is summoned anew, to a physical one;
     later, without                          it stays: nobody is made to appear at short notice.
4. Every other conversation stays as it is. The arm never changes.

A pure function: what is known comes in as arguments, nothing is looked up.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from trial.conduct.rules import NOT_HELD
from trial.protocol import Protocol

Act = Literal["summons", "stays", "re-summons", "telephone", "not-held"]


@dataclass(frozen=True, slots=True)
class Booking:
    """A conversation to come: its day, the mode it should have, and the one it was summoned in (None: not yet)."""

    due_on: date
    mode: str
    summoned_mode: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What is to be done about a conversation, and the mode it then has."""

    act: Act
    mode: str


def next_step(
    booking: Booking, known_on: date, protocol: Protocol, *, paused: bool, reopened_on: date | None = None
) -> Step:
    """Say what to do about a conversation, as known on a day.

    paused: whether a pause known on that day covers the day of the conversation. reopened_on: the last day by then on
    which the municipality reopened, if it did.
    """
    rules, in_pause = protocol.conversations.summons, protocol.infection.conversations_in_pause
    has_notice = (booking.due_on - known_on).days >= rules.notice_days
    is_physical = booking.mode == protocol.conversations.override.to
    wanted = in_pause if paused and is_physical else booking.mode
    if booking.summoned_mode == wanted or (booking.summoned_mode is not None and not is_physical):
        return Step("stays", booking.summoned_mode)
    if paused and is_physical:
        if has_notice:
            return Step("summons" if booking.summoned_mode is None else "re-summons", in_pause)
        return Step("telephone", in_pause) if rules.short_notice == "telephone" else Step("not-held", NOT_HELD)
    if booking.summoned_mode is None:
        return Step("summons", booking.mode)
    in_transition = reopened_on is not None and booking.due_on < reopened_on + timedelta(days=rules.transition_days)
    return Step("stays", booking.summoned_mode) if in_transition or not has_notice else Step("re-summons", wanted)
