"""Simulated conduct: what becomes of a citizen's conversations under an arm, had it been that arm.

1. The rates are invented, so that every rule of conduct is met; none is an estimate of anything.
2. What a citizen is like (demands a physical conversation, prefers video) and what happens on a day (nobody comes, a
   caseworker intervenes, the technique fails, it is put off a week) is drawn before the arm is looked at. Both
   conducts of a citizen therefore share their chance, and no citizen's depends on another's.
3. Summons go out a fortnight before, or on assignment. A physical conversation whose day lies in a pause is summoned
   or summoned anew as the protocol's rules say, by the day on which the pause became known.
4. The truth for synthetic registers is the dose: the share of held conversations held physically, 0 where none was.
"""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from random import Random
from typing import NamedTuple

from trial.conduct import NOT_HELD, Booking, Conversation, due_conversations, next_step
from trial.protocol import Protocol

HELD = 0.93
DEMANDS_PHYSICAL = 0.08  # of citizens, from one of the first three conversations on
PREFERS_VIDEO = 0.03
CASEWORKER = 0.03  # of conversations
FAILURE = 0.01
PUT_OFF = 0.1
SUMMONED_BEFORE = timedelta(days=14)

IsPaused = Callable[[date], bool]
KnownOn = Callable[[date], date | None]


class Person(NamedTuple):
    """What a citizen is like: from which conversation on a physical one is demanded (None: never), and the medium."""

    demands_from: int | None
    prefers_video: bool


class Events(NamedTuple):
    """What happens about one conversation, whatever its mode."""

    comes: bool
    caseworker: bool
    failure: bool
    put_off: bool


class Conduct(NamedTuple):
    """The dose of a citizen under each arm, both known to the simulator alone."""

    participant_id: str
    doses: dict[str, float]


def simulate_conduct(
    participant_id: str,
    arm: str,
    assigned_on: date,
    is_paused: IsPaused,
    *,
    protocol: Protocol,
    seed: int,
    known_on: KnownOn = lambda day: day,
) -> list[Conversation]:
    """Give a citizen's conversations under an arm.

    is_paused, known_on: of the citizen's municipality: whether a day is paused, and the day on which that was known.
    """
    chance = Random(f"conduct/{seed}/{participant_id}").random  # noqa: S311 - simulation, nothing is kept secret
    demands, first, medium = chance(), chance(), chance()
    person = Person(1 + int(3 * first) if demands < DEMANDS_PHYSICAL else None, medium < PREFERS_VIDEO)
    conversations = []
    for due in due_conversations(assigned_on, protocol):
        events = Events(chance() < HELD, chance() < CASEWORKER, chance() < FAILURE, chance() < PUT_OFF)
        held_on = due.due_on + timedelta(weeks=events.put_off)
        in_pause = is_paused(held_on if events.comes else due.due_on)
        demand = _reason(due.number, person, events, protocol)
        summoned, held, reason = _modes(arm, demand, person, events, (protocol, in_pause))
        if in_pause and reason is None and summoned == protocol.conversations.override.to:
            day, summoned_on = held_on if events.comes else due.due_on, max(assigned_on, due.due_on - SUMMONED_BEFORE)
            summoned, held = _in_pause(summoned, held, (day, summoned_on, known_on(day) or day), protocol)
        conversations.append(
            Conversation(
                participant_id,
                due.number,
                due.due_on,
                arm,
                summoned,
                held,
                None if held == NOT_HELD else held_on,
                reason,
                in_pause,
            )
        )
    return conversations


def dose(conversations: Sequence[Conversation]) -> float:
    """Give the share of held conversations that were held physically; 0 where none was held."""
    held = [one.held_mode for one in conversations if one.held_mode not in (None, NOT_HELD)]
    return held.count("physical") / len(held) if held else 0.0


def _modes(
    arm: str, demand: str | None, person: Person, events: Events, rules: tuple[Protocol, bool]
) -> tuple[str, str, str | None]:
    """Give the summoned and the held mode and the reason of an override."""
    protocol, in_pause = rules
    modes = next(one.modes for one in protocol.arms if one.name == arm)
    physical = protocol.conversations.override.to
    reason = None if physical in modes else demand
    own = "video" if person.prefers_video and "video" in modes else modes[0]
    summoned = physical if reason else own
    if not events.comes:
        return summoned, NOT_HELD, reason
    if summoned == physical and in_pause:
        return summoned, protocol.infection.conversations_in_pause, reason
    if summoned != physical and events.failure and not in_pause:
        return summoned, physical, _declared("technical-failure", protocol)
    return summoned, summoned, reason


def _in_pause(summoned: str, held: str, days: tuple[date, date, date], protocol: Protocol) -> tuple[str, str]:
    """Give the summoned and the held mode of a physical conversation in a pause; days: its own, summons, known."""
    day, summoned_on, known_on = days
    in_time = known_on <= summoned_on
    booking = Booking(day, summoned, None if in_time else summoned)
    step = next_step(booking, max(summoned_on, known_on), protocol, paused=True)
    if step.act in {"summons", "re-summons"}:
        summoned = step.mode
    return summoned, NOT_HELD if held == NOT_HELD else step.mode


def _reason(number: int, person: Person, events: Events, protocol: Protocol) -> str | None:
    if person.demands_from is not None and number >= person.demands_from:
        return _declared("citizen-demands", protocol)
    return _declared("caseworker-demands", protocol) if events.caseworker else None


def _declared(reason: str, protocol: Protocol) -> str:
    """Give the reason, or the first declared one where the protocol has others."""
    reasons = protocol.conversations.override.reasons
    return reason if reason in reasons else reasons[0]
