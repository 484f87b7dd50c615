"""What the report tells beside the effects: counts of the bundle and the analysis set, released before they are told.

1. Counting is all that happens here, and every count of persons passes the disclosure control of its table.
2. A table knows how its counts add up, so that nothing comes back by subtraction; shares are shown only where both
   of their counts are.
3. Pauses are facts about municipalities, not persons: days of pause in each calendar week.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd

from analysis.cohort import FlowStep
from analysis.disclosure import Sum, release
from trial.protocol import Protocol, load_municipalities

UNTOLD = {"jobcentre", "caseworker"}  # levels so many that a count would tell of few, or of one caseworker
TOLD_ELSEWHERE = {"override-to-physical", "pause"}

Released = Mapping[Hashable, int | None]


@dataclass(frozen=True)
class Flow:
    """The participants from arrival to analysis: counts by (step, reason or arm, ...), and which reasons occur."""

    counts: Released
    exclusions: tuple[str, ...]
    losses: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Block:
    """Counts by row and arm with the arms' totals: a factor's levels, a form of conversation, a reason."""

    name: str
    rows: tuple[str, ...]
    counts: Released  # (row, arm); ("", arm) is the arm's total

    def share(self, row: str, arm: str) -> float | None:
        """Give a row's share of its arm, where both counts are shown."""
        part, whole = self.counts[row, arm], self.counts["", arm]
        return part / whole if part is not None and whole else None


@dataclass(frozen=True)
class Calendar:
    """Days of pause by municipality and week: rows in order of name, weeks by their Monday."""

    municipalities: tuple[str, ...]
    mondays: tuple[date, ...]
    days: tuple[tuple[int, ...], ...]
    pauses: int
    never_paused: int
    longest_days: int | None


@dataclass(frozen=True)
class Imbalance:
    """How evenly the arms fell: jobcentres and strata in use, and the largest lead of one arm in any of them.

    Where clusters are drawn a lead is the size of a stratum; how many were drawn is told instead.
    """

    strata: int
    jobcentres: int
    largest_in_stratum: int
    largest_in_jobcentre: int
    clusters: int | None = None  # drawn as one, where they are


@dataclass(frozen=True)
class Facts:
    """Everything the report counts, released."""

    flow: Flow
    balance: tuple[Block, ...]
    imbalance: Imbalance | None
    forms: Block
    compliance: Block
    overrides: Block
    events: Mapping[str, int | None]
    calendar: Calendar
    threshold: int


@dataclass(frozen=True)
class _Rule:
    """The arms in the protocol's order and the threshold for small counts."""

    arms: tuple[str, ...]
    threshold: int


def gather(bundle: Any, frame: pd.DataFrame, flow: list[FlowStep], threshold: int) -> Facts:
    """Count a bundle and its analysis set, and release the counts."""
    protocol: Protocol = bundle.protocol
    assignments, talks = bundle.assignments.to_pandas(), bundle.conversations.to_pandas()
    talks = talks.merge(assignments[["participant_id", "arm"]], on="participant_id")
    rule = _Rule(tuple(arm.name for arm in protocol.arms), threshold)
    primary = next(estimand.outcome for estimand in protocol.estimands if estimand.role == "primary")
    overridden = talks[talks["override_reason"].notna()]
    return Facts(
        flow=_flow(flow, primary, rule),
        balance=tuple(
            _block(factor.factor, assignments, factor.levels, rule)
            for factor in protocol.stratification
            if factor.factor not in UNTOLD
        ),
        imbalance=_imbalance(assignments, rule.arms, protocol.randomisation.cluster),
        forms=_block("held_mode", talks, ("physical", "telephone", "video", "none"), rule),
        compliance=_compliance(assignments, talks, frame, rule),
        overrides=_block("override_reason", overridden, protocol.conversations.override.reasons, rule),
        events=_events(bundle.events.to_pandas(), threshold),
        calendar=_calendar(bundle.pauses.to_pandas(), protocol),
        threshold=threshold,
    )


def _flow(steps: list[FlowStep], primary: str, rule: _Rule) -> Flow:
    """Release the whole diagram as one table, for its numbers add up across steps."""
    arms = rule.arms
    counts: dict[Hashable, int] = {}
    exclusions, losses, missing = [], [], []
    for step in steps:
        if step.name == "not-randomised":
            exclusions.append(step.reason)
            counts["not-randomised", step.reason] = step.n
        elif step.name in {"not-linked", "not-in-dream"}:
            losses.append(step.name)
            counts |= {(step.name, arm): step.per_arm.get(arm, 0) for arm in arms}
        elif step.name == "missing" and step.reason.startswith(f"{primary}: "):
            why = step.reason.removeprefix(f"{primary}: ")
            if why not in losses and why not in {"not-linked", "not-in-dream"}:
                missing.append(why)
                counts |= {("missing", why, arm): step.per_arm.get(arm, 0) for arm in arms}
        elif step.name == "analysed" and step.reason == primary:
            counts |= {("analysed", arm): step.per_arm.get(arm, 0) for arm in arms}
        elif step.name == "randomised":
            counts["randomised"] = step.n
            counts |= {("randomised", arm): step.per_arm.get(arm, 0) for arm in arms}
        elif step.name == "arrived":
            counts["arrived"] = step.n
    counts.setdefault("arrived", counts["randomised"] + sum(counts["not-randomised", why] for why in exclusions))
    turned_away = tuple(("not-randomised", why) for why in exclusions)
    counts["turned-away"] = sum(counts[key] for key in turned_away)
    sums = [
        Sum("arrived", ("randomised", "turned-away")),
        Sum("turned-away", turned_away),
        Sum("randomised", tuple(("randomised", arm) for arm in arms)),
    ]
    for arm in arms:
        parts = [*((name, arm) for name in losses), *(("missing", why, arm) for why in missing), ("analysed", arm)]
        sums.append(Sum(("randomised", arm), tuple(parts)))
    return Flow(release(counts, sums, rule.threshold), tuple(exclusions), tuple(losses), tuple(missing))


def _block(name: str, table: pd.DataFrame, rows: tuple[str, ...], rule: _Rule) -> Block:
    """Count a column by arm; a value that was not declared gets a row of its own."""
    values = table[name].astype("object").where(table[name].notna(), "none").astype(str)
    found = {key: int(n) for key, n in table.groupby([values.rename("row"), "arm"], observed=True).size().items()}
    rows = (*rows, *sorted({row for row, _ in found} - set(rows)))
    counts: dict[Hashable, int] = {(row, arm): found.get((row, arm), 0) for row in rows for arm in rule.arms}
    counts |= {("", arm): sum(counts[row, arm] for row in rows) for arm in rule.arms}
    sums = [Sum(("", arm), tuple((row, arm) for row in rows)) for arm in rule.arms]
    return Block(name, rows, release(counts, sums, rule.threshold))


def _compliance(assignments: pd.DataFrame, talks: pd.DataFrame, frame: pd.DataFrame, rule: _Rule) -> Block:
    """Count citizens: with a conversation held, with one overridden, with one in a pause, exposed to a pause."""
    held = talks[talks["held_mode"].notna() & (talks["held_mode"] != "none")]
    groups = {
        "any-held": held,
        "any-override": talks[talks["override_reason"].notna()],
        "any-in-pause": talks[talks["in_pause"].astype(bool)],
    }
    per_row = {row: part.drop_duplicates("participant_id")["arm"].value_counts() for row, part in groups.items()}
    per_row["exposed-to-pause"] = frame.loc[frame["exposed_to_pause"].astype(bool), "arm"].value_counts()
    totals = assignments["arm"].value_counts()
    counts: dict[Hashable, int] = {("", arm): int(totals.get(arm, 0)) for arm in rule.arms}
    sums = []
    for row, found in per_row.items():
        for arm in rule.arms:
            counts[row, arm] = int(found.get(arm, 0))
            counts["not " + row, arm] = counts["", arm] - counts[row, arm]
            sums.append(Sum(("", arm), ((row, arm), ("not " + row, arm))))
    return Block("compliance", tuple(per_row), release(counts, sums, rule.threshold))


def _events(events: pd.DataFrame, threshold: int) -> Mapping[str, int | None]:
    """Count the events no other table tells of: overrides and pauses have tables of their own."""
    counts = events["kind"].astype(str).value_counts().sort_index()
    return release({str(kind): int(n) for kind, n in counts.items() if kind not in TOLD_ELSEWHERE}, (), threshold)


def _imbalance(assignments: pd.DataFrame, arms: tuple[str, ...], cluster: str | None) -> Imbalance | None:
    if assignments.empty:
        return None

    def largest(column: str) -> tuple[int, int]:
        table = assignments.groupby([column, "arm"], observed=True).size().unstack(fill_value=0)
        table = table.reindex(columns=list(arms), fill_value=0)
        return len(table), int((table.max(axis=1) - table.min(axis=1)).max())

    strata, jobcentres = largest("stratum"), largest("municipality_code")
    drawn = None if cluster is None else int(assignments[cluster].nunique())
    return Imbalance(strata[0], jobcentres[0], strata[1], jobcentres[1], drawn)


def _calendar(pauses: pd.DataFrame, protocol: Protocol) -> Calendar:
    """Count days of pause by municipality and week of the enrolment; an open pause lasts to its end."""
    names = {one.code: one.name for one in load_municipalities()}
    first, last = protocol.trial.enrolment.from_, protocol.trial.enrolment.to
    monday = first - timedelta(days=first.weekday())
    mondays = tuple(monday + timedelta(weeks=week) for week in range((last - monday).days // 7 + 1))
    days: dict[str, list[int]] = {}
    longest = 0
    for code, closed_on, reopened_on in pauses[["municipality_code", "closed_on", "reopened_on"]].itertuples(
        index=False
    ):
        start = pd.Timestamp(closed_on).date()
        stop = last + timedelta(days=1) if pd.isna(reopened_on) else pd.Timestamp(reopened_on).date()
        longest = max(longest, (stop - start).days)
        row = days.setdefault(names.get(str(code), str(code)), [0] * len(mondays))
        for day in pd.date_range(max(start, monday), stop, inclusive="left"):
            week = (day.date() - monday).days // 7
            if week < len(mondays):
                row[week] += 1
    ordered = tuple(sorted(days, key=_danish))
    return Calendar(
        ordered, mondays, tuple(tuple(days[name]) for name in ordered), len(pauses), len(names) - len(ordered),
        longest or None,
    )  # fmt: skip


def _danish(name: str) -> str:
    """Order as Danish does: æ, ø, å after z."""
    return name.lower().translate(str.maketrans("æøå", "{|}"))
