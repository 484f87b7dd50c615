"""Amendment: what a later version of a protocol may change, and what it must leave as it was.

1. The trial stays the trial: its id, its arms with their order and modes, the day it began, the name of its pause
   rule. A version number follows the last.
2. Once anybody has an arm, the question stays too: the primary estimand with its margin, the outcome it rests on, the
   levels and sides of its inference, the weeks of follow-up. What is decided after the first arm could be decided by
   what was seen.
3. So does the treatment: the weeks in which conversations are due. Reasons for an override may be added, not removed.
4. Everything else may change from the amendment on: strata, ratios, procedure, exclusions, the end of enrolment, the
   text of the pause rule, secondary questions, the order. Nothing changes for those who have an answer.

What is found names the key it is about, so that the error can name the line.
"""

from collections.abc import Callable, Iterator
from datetime import date

from trial.protocol.model import Estimand, OutcomePart, Protocol
from trial.protocol.source import Fault, toml_value
from trial.protocol.values import Part

INFERENCE = ("level", "sidedness", "non_inferiority_level")


def unlawful_changes(before: Protocol, after: Protocol, on: date, *, has_assigned: bool) -> list[Fault]:
    """Give everything an amendment on a day may not change."""
    rules = [*ALWAYS, *(AFTER_THE_FIRST_ARM if has_assigned else ())]
    faults = [fault for changed in rules for fault in changed(before, after)]
    return [*faults, *changed_end(after, on)]


def changed_id(before: Protocol, after: Protocol) -> Iterator[Fault]:
    """A new id is a new trial."""
    yield from _same(("trial", "id"), before.trial.id, after.trial.id, "amendment-trial")


def changed_version(before: Protocol, after: Protocol) -> Iterator[Fault]:
    """Versions count up, so that nobody mistakes one for the other."""
    if after.trial.version <= before.trial.version:
        yield Fault(
            ("trial", "version"), f"must be above {before.trial.version}, the version in force",
            found=after.trial.version, mend=f"version = {before.trial.version + 1}", code="amendment-version",
        )  # fmt: skip


def changed_arms(before: Protocol, after: Protocol) -> Iterator[Fault]:
    """Arms keep names, order and modes; ratios may change."""
    for name in ("name", "modes"):
        was, now = ([getattr(arm, name) for arm in protocol.arms] for protocol in (before, after))
        if was != now:
            place = next((at for at, pair in enumerate(zip(was, now, strict=False)) if pair[0] != pair[1]), 0)
            yield _changed(("arms", place, name), was, now, "amendment-arms")


def changed_begin(before: Protocol, after: Protocol) -> Iterator[Fault]:
    """The day a trial began is past."""
    was, now = before.trial.enrolment.from_, after.trial.enrolment.from_
    yield from _same(("trial", "enrolment", "from"), was, now, "amendment-begin")


def changed_end(after: Protocol, on: date) -> Iterator[Fault]:
    """Enrolment under the new version lasts a day at least."""
    if after.trial.enrolment.to < on:
        yield Fault(
            ("trial", "enrolment", "to"), f"must not be before {on}, the day of the amendment",
            found=after.trial.enrolment.to, mend=f"to = {on} or later", code="amendment-end",
        )  # fmt: skip


def changed_rule(before: Protocol, after: Protocol) -> Iterator[Fault]:
    """One rule decides all pauses; its thresholds have dates of their own."""
    yield from _same(("infection", "rule"), before.infection.rule, after.infection.rule, "amendment-rule")


def changed_primary(before: Protocol, after: Protocol) -> Iterator[Fault]:
    """The primary question is asked as it was; only its labels may be worded anew."""
    was, now = _primary(before), _primary(after)
    for key in ("name", "population", "treatment", "outcome", "summary", "estimators", "intercurrent"):
        yield from _same(_place(after, key), _of(was, key), _of(now, key), "amendment-primary")
    for key in ("margin", "higher_is_better"):
        yield from _same(_place(after, key), _of(was, key), _of(now, key), "amendment-margin")


def changed_outcome(before: Protocol, after: Protocol) -> Iterator[Fault]:
    """The outcome of the primary question is measured as it was."""
    was, now = _outcome(before), _outcome(after)
    place = after.outcomes.index(now) if now is not None else 0
    for key in ("variable", "by_week", "definition"):
        yield from _same(
            ("outcomes", place, key), getattr(was, key, None), getattr(now, key, None), "amendment-outcome"
        )


def changed_inference(before: Protocol, after: Protocol) -> Iterator[Fault]:
    """Levels and sides are set before anything is seen."""
    for key in INFERENCE:
        was, now = getattr(before.inference, key), getattr(after.inference, key)
        yield from _same(("inference", key), was, now, "amendment-inference")


def changed_follow_up(before: Protocol, after: Protocol) -> Iterator[Fault]:
    """Nobody is followed for fewer weeks than they were told."""
    was, now = before.follow_up.weeks, after.follow_up.weeks
    if now < was:
        yield Fault(
            ("follow_up", "weeks"), f"must be at least {was}, as before", found=now, mend=f"weeks = {was}",
            code="amendment-follow-up",
        )  # fmt: skip


def changed_conversations(before: Protocol, after: Protocol) -> Iterator[Fault]:
    """The treatment stays: conversations are due when they were."""
    was, now = before.conversations, after.conversations
    place = ("conversations", "due_weeks")
    yield from _same(place, was.due_weeks, now.due_weeks, "amendment-conversations")
    gone = [reason for reason in was.override.reasons if reason not in now.override.reasons]
    if gone:
        yield Fault(
            ("conversations", "override", "reasons"), "must hold every reason it held before",
            found=f"none of {', '.join(gone)}", mend="add them", code="amendment-conversations",
        )  # fmt: skip


ALWAYS: tuple[Callable[[Protocol, Protocol], Iterator[Fault]], ...] = (
    changed_id,
    changed_version,
    changed_arms,
    changed_begin,
    changed_rule,
)
AFTER_THE_FIRST_ARM: tuple[Callable[[Protocol, Protocol], Iterator[Fault]], ...] = (
    changed_primary,
    changed_outcome,
    changed_inference,
    changed_follow_up,
    changed_conversations,
)


def _primary(protocol: Protocol) -> Estimand | None:
    return next((one for one in protocol.estimands if one.role == "primary"), None)


def _outcome(protocol: Protocol) -> OutcomePart | None:
    primary = _primary(protocol)
    return next((one for one in protocol.outcomes if primary is not None and one.name == primary.outcome), None)


def _of(estimand: Estimand | None, key: str) -> object:
    value = getattr(estimand, key, None)
    return value.model_dump() if isinstance(value, Part) else value


def _place(protocol: Protocol, key: str) -> tuple[str | int, ...]:
    primary = _primary(protocol)
    return ("estimands", protocol.estimands.index(primary) if primary is not None else 0, key)


def _same(place: tuple[str | int, ...], was: object, now: object, code: str) -> Iterator[Fault]:
    if was != now:
        yield _changed(place, was, now, code)


def _changed(place: tuple[str | int, ...], was: object, now: object, code: str) -> Fault:
    told, found = ("nothing" if value is None else toml_value(value) for value in (was, now))
    return Fault(
        place, f"must stay {told}: an amendment does not change it", found=found,
        mend="write it as it was; else it is another trial", code=code,
    )  # fmt: skip
