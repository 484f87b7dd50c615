"""The legal regime: which form of conversation is lawful for whom on which day, and whether an arm is.

1. The regime is data (`protocols/rules/regime.toml`): each row has its days, groups, modes, status and source.
2. A row that holds only `when` a municipality is closed, or a citizen already summoned, adds to what always holds.
3. A mode may be assigned when statute fixes it or the authority chooses; what the citizen chooses no lottery may.
4. A day that no row covers is not known to be lawful. Nothing is concluded from silence.
5. An arm is lawful on a day of enrolment when each of its modes may be assigned to each target group, from the
   first week to the last that the population admits, for the first conversation and for the later ones.
6. An unlawful arm is refused, unless the protocol names the order and the provisions it derogates from.
7. An override goes one way: to a physical conversation, always lawful, on demand of citizen or caseworker.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from trial.protocol.crosscheck import check
from trial.protocol.declared import read_as
from trial.protocol.model import Protocol
from trial.protocol.shipped import shipped
from trial.protocol.source import Fault
from trial.protocol.values import Day, Mode, Part, Slug, Week, Words, declared_as

Circumstance = Literal["always", "municipality-closed", "already-summoned"]
Group = Annotated[int, declared_as("a number of LAB § 6, from 1 to 13", 1, ge=1, le=13)]
DAY = timedelta(days=1)


class WeekRange(Part):
    """Weeks of a spell from the first to the last, both included."""

    from_: Annotated[Week, Field(alias="from")]
    to: Week


class Row(Part):
    """One rule of the regime and where it was read."""

    name: Slug
    from_: Annotated[Day, Field(alias="from")]
    to: Day | None = None
    groups: Annotated[tuple[Group, ...], declared_as("a list of numbers of LAB § 6", [1, 2], min_length=1)]
    spell_weeks: Annotated[WeekRange, declared_as("a table with a first and a last week", {"from": 0, "to": 26})]
    conversations: Annotated[Literal["all", "first", "later"], declared_as('"all", "first" or "later"', "all")]
    when: Annotated[Circumstance, declared_as('"always", "municipality-closed" or "already-summoned"', "always")]
    modes: Annotated[tuple[Mode, ...], declared_as("a list of at least one mode", ["physical"], min_length=1)]
    decided_by: Annotated[
        Literal["statute", "authority", "citizen", "nobody"],
        declared_as('"statute", "authority", "citizen" or "nobody"', "authority"),
    ]
    status: Annotated[
        Literal["verified", "remembered", "inferred"],
        declared_as('"verified", "remembered" or "inferred"', "remembered"),
    ]
    source: Words
    note: Words | None = None

    def holds(self, group: int, spell_weeks: int, on: date, number: int) -> bool:
        """Tell whether the row speaks of a citizen's conversation with this number on this day."""
        return (
            self.from_ <= on <= (self.to or date.max)
            and group in self.groups
            and self.spell_weeks.from_ <= spell_weeks <= self.spell_weeks.to
            and self.conversations in ("all", "first" if number == 1 else "later")
        )


class Regime(Part):
    """The rows of the regime."""

    format: Annotated[Literal["lodtraek-regime/1"], declared_as('"lodtraek-regime/1"', "lodtraek-regime/1")]
    rows: Annotated[tuple[Row, ...], declared_as("at least one [[rows]] table", [], min_length=1)]


@dataclass(frozen=True)
class Lawful:
    """What the regime says of one conversation: the lawful modes, who decides, the rows that say so."""

    modes: tuple[str, ...]
    decided_by: str
    rows: tuple[Row, ...]

    @property
    def assignable(self) -> tuple[str, ...]:
        """Give the modes a trial may assign: none where the citizen, or nobody, decides."""
        return self.modes if self.decided_by in ("statute", "authority") else ()


@dataclass(frozen=True)
class Conflict:
    """Days of enrolment on which an arm is not known to be lawful for a target group."""

    arm: str
    target_group: str
    from_on: date
    to_on: date
    reason: str


def load_regime(path: Path | None = None) -> Regime:
    """Read a regime file, by default the shipped one. Raises ProtocolError with every problem at its line."""
    return read_as(Regime, path, _contradictions) if path else _shipped_regime()


@cache
def _shipped_regime() -> Regime:
    return read_as(Regime, shipped("rules/regime.toml"), _contradictions)


def _contradictions(regime: Regime) -> Iterator[Fault]:
    """Find rows that end before they begin, and rows that both say what always holds of the same conversation."""
    for no, row in enumerate(regime.rows):
        if row.to and row.to < row.from_:
            mend = "exchange the two dates, or mend one"
            yield Fault(("rows", no, "to"), "must not be before from", found=row.to, mend=mend, code="protocol-order")
        for other in regime.rows[:no]:
            if row.when == other.when == "always" and _overlap(row, other):
                yield Fault(
                    ("rows", no),
                    f"must not speak of the same conversations as {other.name}",
                    found=f"{row.name}, the same group, week and day",
                    mend="end the earlier row the day before the later one begins",
                    code="protocol-overlap",
                )


def _overlap(row: Row, other: Row) -> bool:
    return (
        row.from_ <= (other.to or date.max)
        and other.from_ <= (row.to or date.max)
        and bool(set(row.groups) & set(other.groups))
        and row.spell_weeks.from_ <= other.spell_weeks.to
        and other.spell_weeks.from_ <= row.spell_weeks.to
        and ("all" in (row.conversations, other.conversations) or row.conversations == other.conversations)
    )


def lawful_modes(
    regime: Regime,
    target_group: int,
    spell_weeks: int,
    on: date,
    *,
    number: int = 1,
    circumstances: frozenset[Circumstance] = frozenset(),
) -> Lawful | None:
    """Give the lawful modes of a citizen's conversation, or None where the regime says nothing.

    target_group: number of LAB § 6. spell_weeks: whole weeks since unemployment began. number: 1 for the first.
    """
    rows = [row for row in regime.rows if row.holds(target_group, spell_weeks, on, number)]
    ground = [row for row in rows if row.when == "always"]
    if not ground:
        return None
    added = [row for row in rows if row.when in circumstances]
    modes = dict.fromkeys(mode for row in (*ground, *added) for mode in row.modes)
    decided_by = added[-1].decided_by if added else ground[-1].decided_by
    return Lawful(tuple(modes), decided_by, (*ground, *added))


def can_override(mode: str, to: str) -> bool:
    """Tell whether a single conversation may be changed from one mode to another: only to physical."""
    return to == "physical" and mode != "physical"


def unlawful_arms(protocol: Protocol, regime: Regime) -> list[Conflict]:
    """Give the days of enrolment on which an arm is not known to be lawful, order or no order."""
    conflicts: list[Conflict] = []
    for arm in protocol.arms:
        for group in protocol.population.target_groups:
            last: Conflict | None = None
            for from_on, to_on in _stretches(protocol, regime):
                reason = _obstacle(regime, arm.modes, group.lab_6, protocol.population.max_spell_weeks, from_on)
                if reason is None:
                    last = None
                elif last and last.reason == reason:
                    last = conflicts[-1] = replace(last, to_on=to_on)
                else:
                    last = Conflict(arm.name, group.name, from_on, to_on, reason)
                    conflicts.append(last)
    return conflicts


def derogates(protocol: Protocol) -> bool:
    """Tell whether the protocol names an order, or an example of one, and the provisions it derogates from."""
    return bool(protocol.legal.derogates)


@check("trial", "arms", "population", "legal")
def check_legal_regime(protocol: Protocol, regime: Regime) -> Iterator[Fault]:
    """Refuse an arm that is unlawful on a day of enrolment, unless the protocol names the derogating order."""
    names = [arm.name for arm in protocol.arms]
    for conflict in [] if derogates(protocol) else unlawful_arms(protocol, regime):
        yield Fault(
            ("arms", names.index(conflict.arm), "modes"),
            "must be lawful on every day of enrolment, or an order must derogate from the rule",
            found=f"{conflict.from_on} to {conflict.to_on}, {conflict.target_group}: {conflict.reason}",
            mend="name the order and the provisions it derogates from in [legal], or change trial.enrolment",
            code="protocol-unlawful",
        )


def _stretches(protocol: Protocol, regime: Regime) -> Iterator[tuple[date, date]]:
    """Cut the enrolment where a row begins or ends: within a stretch the law is one."""
    period = protocol.trial.enrolment
    starts = {row.from_ for row in regime.rows} | {row.to + DAY for row in regime.rows if row.to}
    cuts = sorted({period.from_, *(day for day in starts if day in period)})
    for first, following in zip(cuts, [*cuts[1:], period.to + DAY], strict=True):
        yield first, following - DAY


def _obstacle(regime: Regime, modes: tuple[str, ...], group: int, max_weeks: int, on: date) -> str | None:
    """Say why modes may not be assigned on a day, or give None where they may."""
    edges = {row.spell_weeks.from_ for row in regime.rows} | {row.spell_weeks.to + 1 for row in regime.rows}
    for week in sorted({0, *(edge for edge in edges if edge <= max_weeks)}):
        for number in (1, 2):
            lawful = lawful_modes(regime, group, week, on, number=number)
            if lawful is None:
                return f"the regime says nothing of LAB § 6 no. {group} in week {week} of a spell"
            if not set(modes) <= set(lawful.assignable):
                row = lawful.rows[0]
                return f"lawful: {', '.join(lawful.modes)}; decided by {row.decided_by} ({row.name}, {row.status})"
    return None
