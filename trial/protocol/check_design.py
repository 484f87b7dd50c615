"""Cross-checks of the design: arms, population, dates, conversations and the pause rule."""

from collections.abc import Iterator
from pathlib import Path

from trial.protocol.crosscheck import check, repeated
from trial.protocol.lines import Key
from trial.protocol.model import Protocol
from trial.protocol.references import rule_file
from trial.protocol.source import Fault, toml_value
from trial.protocol.values import Period


@check("arms")
def check_arm_names(protocol: Protocol) -> Iterator[Fault]:
    """Arms have names of their own, and no arm lists a mode twice."""
    yield from repeated("arms", ((("arms", at, "name"), arm.name) for at, arm in enumerate(protocol.arms)))
    for at, arm in enumerate(protocol.arms):
        yield from repeated(
            "modes of an arm", ((("arms", at, "modes", no), mode) for no, mode in enumerate(arm.modes))
        )


@check("population")
def check_population_names(protocol: Protocol) -> Iterator[Fault]:
    """Target groups have names of their own, exclusions names and columns of their own."""
    groups, rules = protocol.population.target_groups, protocol.population.exclusions
    at: Key = ("population", "target_groups")
    yield from repeated("target groups", (((*at, no, "name"), group.name) for no, group in enumerate(groups)))
    at = ("population", "exclusions")
    yield from repeated("exclusions", (((*at, no, "name"), rule.name) for no, rule in enumerate(rules)))
    yield from repeated("columns of exclusions", (((*at, no, "when"), rule.when) for no, rule in enumerate(rules)))


@check("trial")
def check_enrolment_order(protocol: Protocol) -> Iterator[Fault]:
    """Enrolment ends on the day it begins or later."""
    yield from _reversed(("trial", "enrolment"), protocol.trial.enrolment)


@check("legal")
def check_legal_order(protocol: Protocol) -> Iterator[Fault]:
    """The legal basis ends on the day it begins or later."""
    yield from _reversed(("legal", "period"), protocol.legal.period)


@check("trial", "legal")
def check_enrolment_is_legal(protocol: Protocol) -> Iterator[Fault]:
    """Every day of enrolment lies in the period of the legal basis."""
    legal, enrolment = protocol.legal.period, protocol.trial.enrolment
    for key, day in (("from", enrolment.from_), ("to", enrolment.to)):
        if day not in legal:
            yield Fault(
                ("trial", "enrolment", key),
                f"must lie inside the legal basis, {legal.from_} to {legal.to}",
                found=f"{day}, a date outside the legal basis",
                mend=f"{key} = {min(max(day, legal.from_), legal.to)}, or an order for a longer period in [legal]",
                code="protocol-outside-legal-basis",
            )


@check("legal")
def check_legal_status(protocol: Protocol) -> Iterator[Fault]:
    """An example says `example` as its order, a real order has a name of its own; provisions stand once."""
    legal = protocol.legal
    if (legal.order.strip().lower() == "example") != (legal.status == "example"):
        yield Fault(
            ("legal", "order"),
            'must be "example" where legal.status is "example", and the name of the order otherwise',
            found=f"{toml_value(legal.order)} with status {toml_value(legal.status)}",
            mend='status = "order" and order = the number and date of the order, or both "example"',
            code="protocol-legal-status",
        )
    at: Key = ("legal", "derogates")
    yield from repeated("provisions", (((*at, no), provision) for no, provision in enumerate(legal.derogates)))


@check("infection")
def check_rule_exists(protocol: Protocol, folder: Path) -> Iterator[Fault]:
    """The pause rule is a file in protocols/rules or beside the protocol, which stands in `folder`."""
    rule = protocol.infection.rule
    if rule_file(rule, folder) is None:
        yield Fault(
            ("infection", "rule"),
            "must name a rule file in protocols/rules, or in rules/ beside the protocol",
            found=toml_value(rule),
            mend='rule = "trial-pause-2021", or write the rule file',
            code="protocol-unknown-rule",
        )


@check("conversations")
def check_due_weeks(protocol: Protocol) -> Iterator[Fault]:
    """Weeks of conversations rise; reasons of an override stand once."""
    weeks, reasons = protocol.conversations.due_weeks, protocol.conversations.override.reasons
    for no, week in enumerate(weeks):
        if no and week <= weeks[no - 1]:
            yield Fault(
                ("conversations", "due_weeks", no),
                "must be later than the week before it",
                found=f"{week} after {weeks[no - 1]}",
                mend=f"due_weeks = {sorted(set(weeks))}",
                code="protocol-order",
            )
    at: Key = ("conversations", "override", "reasons")
    yield from repeated("reasons", (((*at, no), reason) for no, reason in enumerate(reasons)))


@check("conversations", "follow_up")
def check_due_weeks_within_follow_up(protocol: Protocol) -> Iterator[Fault]:
    """The last conversation is due within the follow-up."""
    last = protocol.follow_up.weeks
    for no, week in enumerate(protocol.conversations.due_weeks):
        if week > last:
            yield Fault(
                ("conversations", "due_weeks", no),
                f"must lie within the follow-up of {last} weeks",
                found=week,
                mend="remove the week, or raise follow_up.weeks",
                code="protocol-beyond-follow-up",
            )


@check("conversations")
def check_summons_notice(protocol: Protocol) -> Iterator[Fault]:
    """The notice leaves a conversation that can be summoned in time."""
    weeks, notice = protocol.conversations.due_weeks, protocol.conversations.summons.notice_days
    if notice > 7 * max(weeks):
        yield Fault(
            ("conversations", "summons", "notice_days"),
            f"must leave a conversation to be summoned in time: the last is due after {7 * max(weeks)} days",
            found=notice,
            mend="notice_days = 8, or a later conversation in due_weeks",
            code="protocol-notice",
        )


def _reversed(path: Key, period: Period) -> Iterator[Fault]:
    if period.to < period.from_:
        yield Fault(
            (*path, "to"),
            f"must not be before its first day, {period.from_}",
            found=period.to,
            mend="exchange the two dates, or mend one",
            code="protocol-order",
        )
