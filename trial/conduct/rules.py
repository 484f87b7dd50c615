"""Conduct: which conversations are due, in which mode each was assigned, summoned and held, and what is lawful.

1. Conversations are due in the declared weeks after assignment, numbered from 1. The assigned mode is the arm.
2. Summoned and held mode are modes of the arm, or another one for a reason:
   - an override goes one way, to a physical conversation, and names one of the declared reasons;
   - in a pause, and only there, a physical conversation is held by telephone, as declared.
3. A conversation that was not held has the mode `none` and no day; one that is still to come has neither.
   Nothing is held before the assignment.
4. A physical conversation held in a pause is against the rule of the pause but not impossible: it is recorded.
5. What happened is recorded as it happened; the arm never changes by it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from trial.errors import IntakeError
from trial.protocol import Protocol

NOT_HELD = "none"


@dataclass(frozen=True, slots=True)
class DueConversation:
    """A conversation of the schedule."""

    number: int
    due_on: date


@dataclass(frozen=True, slots=True)
class Conversation:
    """What became of a conversation. `held_mode` is None while it is to come, `none` when it was not held."""

    participant_id: str
    number: int
    due_on: date
    assigned_mode: str
    summoned_mode: str
    held_mode: str | None = None
    held_on: date | None = None
    override_reason: str | None = None
    in_pause: bool = False


def due_conversations(assigned_on: date, protocol: Protocol) -> list[DueConversation]:
    """Give the schedule of a citizen assigned on a day."""
    weeks = protocol.conversations.due_weeks
    return [
        DueConversation(number, assigned_on + timedelta(weeks=week)) for number, week in enumerate(weeks, start=1)
    ]


def check_conversation(
    conversation: Conversation, protocol: Protocol, arm: str | None = None, assigned_on: date | None = None
) -> None:
    """Raise IntakeError with every rule a conversation breaks.

    arm, assigned_on: what the ledger knows of the citizen; left out where it is not at hand.
    """
    broken = list(violations(conversation, protocol, arm, assigned_on))
    if broken:
        where = f"conversation {conversation.number} of {conversation.participant_id}"
        raise IntakeError.gather(
            [IntakeError(must, where=where, mend=mend, code=code) for must, mend, code in broken]
        )


def violations(
    conversation: Conversation, protocol: Protocol, arm: str | None = None, assigned_on: date | None = None
) -> Iterator[tuple[str, str, str]]:
    """Give the rules a conversation breaks: what must hold, how to mend it, the stable code."""
    yield from _schedule(conversation, protocol, assigned_on)
    modes = {known.name: known.modes for known in protocol.arms}
    if conversation.assigned_mode not in modes or arm not in (None, conversation.assigned_mode):
        yield "assigned_mode must be the arm of the citizen", f"write {arm or ' or '.join(modes)}", "assigned-mode"
        return
    own = modes[conversation.assigned_mode]
    yield from _override(conversation, protocol, own)
    yield from _modes(conversation, protocol, own)
    yield from _held(conversation, assigned_on)


def _schedule(
    conversation: Conversation, protocol: Protocol, assigned_on: date | None
) -> Iterator[tuple[str, str, str]]:
    weeks = protocol.conversations.due_weeks
    if not 1 <= conversation.number <= len(weeks):
        yield f"number must be from 1 to {len(weeks)}, as many as are declared", "correct the number", "number"
    elif assigned_on is not None:
        due_on = assigned_on + timedelta(weeks=weeks[conversation.number - 1])
        if conversation.due_on != due_on:
            yield f"due_on of conversation {conversation.number} must be {due_on}", f"write {due_on}", "due-on"


def _override(conversation: Conversation, protocol: Protocol, own: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    override = protocol.conversations.override
    reason = conversation.override_reason
    if reason is None:
        return
    reasons = ", ".join(override.reasons)
    if reason not in override.reasons:
        yield f"override_reason must be one of {reasons}", "name a declared reason", "override-reason"
    if override.to in own or override.to not in (conversation.summoned_mode, conversation.held_mode):
        must = f"an override must go to a {override.to} conversation, from an arm that has none"
        yield must, "leave override_reason empty where nothing was overridden", "override-one-way"


def _modes(conversation: Conversation, protocol: Protocol, own: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    lawful = list(own)
    if conversation.override_reason is not None:
        lawful.append(protocol.conversations.override.to)
    if conversation.in_pause:
        lawful.append(protocol.infection.conversations_in_pause)
    said = ", ".join(dict.fromkeys(lawful))
    mend = "name the override_reason, or in_pause, or the mode of the arm"
    if conversation.summoned_mode not in lawful:
        yield f"summoned_mode must be {said}", mend, "summoned-mode"
    physical = protocol.conversations.override.to
    if conversation.summoned_mode == physical:
        lawful = [physical, protocol.infection.conversations_in_pause] if conversation.in_pause else [physical]
    if conversation.held_mode not in (None, NOT_HELD, *lawful):
        yield f"held_mode must be {', '.join(dict.fromkeys(lawful))} or {NOT_HELD}", mend, "held-mode"


def _held(conversation: Conversation, assigned_on: date | None) -> Iterator[tuple[str, str, str]]:
    was_held = conversation.held_mode not in (None, NOT_HELD)
    if was_held != (conversation.held_on is not None):
        yield "held_on must be there exactly when the conversation was held", "give both or neither", "held-on"
    elif assigned_on is not None and conversation.held_on is not None and conversation.held_on < assigned_on:
        yield f"held_on must not be before the assignment on {assigned_on}", "correct the date", "held-before"
