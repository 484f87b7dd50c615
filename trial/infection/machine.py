"""Open or closed: what follows for one area from what was published about it, day by day.

1. A day has one sight of an area:
     MET      every closing threshold was reached on that day
     BETWEEN  not that, but every threshold of the lower pair was (only where a rule has such a pair)
     CLEAR    neither
     SILENT   nothing was published that day: nothing is decided and nothing is counted
     STALE    nothing has been published for longer than the rule allows, and the rule says pause
2. An open area closes on a MET day: that day is the decision.
3. A closed area counts CLEAR days in a row. MET and BETWEEN begin the count again. To be under one threshold
   suffices: CLEAR days may be clear for different reasons.
4. When the count reaches the declared number, reopening is decided on that day.
5. An open area closes on a STALE day. It reopens on the first CLEAR or BETWEEN day; if that news is MET, the closure
   goes on as any other. An area that is closed already stays so, its count unchanged.
6. When thresholds change and hold backwards, the count of a closed area is taken anew from the days before, also
   those before the closure (`recount`): it may reopen that very day.
7. When the rule lapses, what is closed opens. A decision that would take effect only after that has none.

Nothing here knows of files, numbers or municipalities.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum
from typing import NamedTuple


class Sight(IntEnum):
    """What was published about an area on a day."""

    SILENT = 0
    CLEAR = 1
    BETWEEN = 2
    MET = 3
    STALE = 4


class Seen(NamedTuple):
    """A day's sight; recount: clear days in a row up to this day under thresholds that hold backwards."""

    on: date
    sight: Sight
    recount: int | None = None


class Standing(NamedTuple):
    """Where an area stands after a day: open, or closed by the decision of a day."""

    decided_on: date | None = None
    days_clear: int = 0
    by_silence: bool = False


OPEN = Standing()


@dataclass(frozen=True)
class Spell:
    """A closure from its decision to the decision to reopen; None when that has not been taken."""

    decided_on: date
    reopening_decided_on: date | None


def advance(now: Standing, seen: Seen, days_to_reopen: int) -> Standing:
    """Give the standing after a day."""
    if now.decided_on is None:
        closes = seen.sight in {Sight.MET, Sight.STALE}
        return Standing(seen.on, by_silence=seen.sight is Sight.STALE) if closes else now
    if seen.sight in {Sight.SILENT, Sight.STALE}:
        return now
    if seen.sight is not Sight.MET and now.by_silence:
        return OPEN
    if seen.sight is not Sight.CLEAR:
        return Standing(now.decided_on)
    days_clear = now.days_clear + 1 if seen.recount is None else seen.recount
    return OPEN if days_clear >= days_to_reopen else Standing(now.decided_on, days_clear)


def standings(days: Iterable[Seen], days_to_reopen: int, start: Standing = OPEN) -> Iterator[Standing]:
    """Give the standing after each day."""
    now = start
    for seen in days:
        now = advance(now, seen, days_to_reopen)
        yield now


def spells(days: Iterable[Seen], days_to_reopen: int, start: Standing = OPEN) -> Iterator[Spell]:
    """Give the closures, in order; the last may still be open-ended."""
    now = start
    for seen in days:
        after = advance(now, seen, days_to_reopen)
        if now.decided_on is not None and after.decided_on is None:
            yield Spell(now.decided_on, seen.on)
        now = after
    if now.decided_on is not None:
        yield Spell(now.decided_on, None)


def in_effect(spell: Spell, close_after: int, reopen_after: int, lapses_on: date) -> tuple[date, date | None] | None:
    """Give the first closed day and the first open one; None for a decision that never took effect.

    close_after, reopen_after: days from decision to effect. lapses_on: the first day the rule no longer holds.
    """
    closed_on = spell.decided_on + timedelta(days=close_after)
    if closed_on >= lapses_on:
        return None
    if spell.reopening_decided_on is None:
        return closed_on, None
    reopened_on = min(spell.reopening_decided_on + timedelta(days=reopen_after), lapses_on)
    return (closed_on, reopened_on) if reopened_on > closed_on else None
