"""A rule applied to what was published: which area was closed when, decided on which value, from which files.

1. Every day from the rule's first to the last asked for is walked in order; what comes later is never looked at.
2. Each area is walked alone by the state machine (`machine`); municipalities, parishes where the rule lets them
   count, and orders are then joined: a municipality is closed when any of them closes it.
3. A day's thresholds are those in force on that day. Where they change and hold backwards, the days before are judged
   anew by them, for the count only.
4. Without a publication a day is silent; after `stale.max_age_days` the rule's `stale.then` says what it is.
5. An area with a value that is not a number was not reported that day: silent.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from trial.infection import areas
from trial.infection.decisions import Decisions
from trial.infection.feed import Feed, Row, Vintage, municipal_feed, parish_feed, parishes
from trial.infection.indicator import Values
from trial.infection.machine import OPEN, Seen, Sight, Standing, in_effect, spells
from trial.infection.orders import Span, joined, ordered_spans
from trial.infection.publication import Publication
from trial.infection.rule import Order, Rule, Thresholds, in_force

Sights = NDArray[np.int8]  # day x area
Bools = NDArray[np.bool_]
_SIGHTS = tuple(sorted(Sight))


@dataclass(frozen=True)
class Closure:
    """A municipality closed from closed_on until the day before reopened_on; None while nobody decided to reopen.

    value: the first measure of the rule on the day of decision; None when no threshold decided. basis: what closed.
    evidence: SHA-256 of the files the decision rests on; known_on: the day they were published.
    """

    municipality_code: str
    municipality: str
    decided_on: date
    closed_on: date
    reopened_on: date | None
    value: float | None
    cases: int | None
    basis: str = "thresholds"
    evidence: tuple[str, ...] = ()
    known_on: date | None = None


def closures(
    rule: Rule,
    publications: Sequence[Publication],
    from_on: date,
    to_on: date,
    vintage: Vintage = "as-published",
    *,
    orders: Sequence[Order] = (),
) -> list[Closure]:
    """Give every closure that was decided by to_on and not over by from_on, in the order of decision.

    vintage: "as-published" uses what was known on each day, "latest" the newest of all.
    orders: closures decided by hand, beside those of the rule.
    """
    feed = municipal_feed(rule, publications, to_on, vintage)
    spans = list(_threshold_spans(rule, feed, to_on, starting_file(rule, publications, feed)))
    if rule.parish is not None and rule.parish.counts_for_municipality:
        spans += _parish_spans(rule, publications, to_on, vintage)
    spans += ordered_spans((*rule.orders, *orders), to_on)
    found = [_closure(rule, span, feed) for span in joined(spans)]
    kept = [one for one in found if one.reopened_on is None or one.reopened_on > from_on]
    return sorted(kept, key=lambda one: (one.decided_on, one.municipality_code))


@dataclass(frozen=True)
class Limits:
    """The dated closing thresholds, and the lower ones of a hysteresis pair where there is one."""

    upper: tuple[Thresholds, ...]
    lower: tuple[Thresholds, ...] = ()

    def judge(self, values: Values, day: date, width: int) -> Sights:
        """Give the sight of every area by the thresholds in force on a day."""
        lower = in_force(self.lower, day) if self.lower else None
        return sight_of(values, in_force(self.upper, day), lower, width)


def walk(rule: Rule, feed: Feed, limits: Limits, until: date, width: int) -> list[list[Seen]]:
    """Give what was seen of each area on every day from the rule's first to `until`."""
    days = _days(rule.in_force.from_, min(until, rule.in_force.to))
    sights = np.full((len(days), width), Sight.SILENT, dtype=np.int8)
    recounts: dict[int, NDArray[np.int64]] = {}
    last: Row | None = None
    silent = rule.stale.max_age_days  # before the first publication the silence is as long as can be
    for index, day in enumerate(days):
        row = feed.get(day)
        silent = silent + 1 if row is None else 0
        if row is not None:
            sights[index], last = limits.judge(row.values, day, width), row
            if any(entry.from_ == day and entry.retroactive for entry in limits.upper):
                recounts[index] = _clear_run(feed, days[: index + 1], limits, width)
        elif silent > rule.stale.max_age_days and rule.stale.then == "pause":
            sights[index] = Sight.STALE
        elif silent > rule.stale.max_age_days and rule.stale.then == "go-on" and last is not None:
            sights[index] = limits.judge(last.values, day, width)
    columns = ([_SIGHTS[sight] for sight in column] for column in sights.T.tolist())
    return [
        [
            Seen(day, sight, int(recounts[index][area]) if index in recounts else None)
            for index, (day, sight) in enumerate(zip(days, column, strict=True))
        ]
        for area, column in enumerate(columns)
    ]


def sight_of(values: Values, upper: Thresholds, lower: Thresholds | None, width: int) -> Sights:
    """Judge a day's values of every area."""
    met = _all_reached(values, upper, width)
    between = met if lower is None else _all_reached(values, lower, width)
    found = np.where(met, Sight.MET, np.where(between, Sight.BETWEEN, Sight.CLEAR))
    return np.where(_unknown(values, upper, width), Sight.SILENT, found).astype(np.int8)


def _all_reached(values: Values, thresholds: Thresholds, width: int) -> Bools:
    reached = np.ones(width, dtype=np.bool_)
    for measure, threshold in thresholds.declared().items():
        reached &= values[measure] >= threshold if measure in values else False
    return reached


def _unknown(values: Values, thresholds: Thresholds, width: int) -> Bools:
    unknown = np.zeros(width, dtype=np.bool_)
    for measure in thresholds.declared():
        unknown |= np.isnan(values[measure]) if measure in values else True
    return unknown


def _clear_run(feed: Feed, days: Sequence[date], limits: Limits, width: int) -> NDArray[np.int64]:
    """Count each area's clear days in a row, back from the last day and all judged by its thresholds."""
    run = np.zeros(width, dtype=np.int64)
    going = np.ones(width, dtype=np.bool_)
    for day in reversed(days):
        if day in feed:
            sights = limits.judge(feed[day].values, days[-1], width)
            going &= (sights == Sight.CLEAR) | (sights == Sight.SILENT)
            run += going & (sights == Sight.CLEAR)
    return run


def starting_file(rule: Rule, publications: Iterable[Publication], feed: Feed) -> Decisions | None:
    """Give the decision file whose verdict the rule starts from: the first one, when nothing was known before it."""
    if rule.start == "open":
        return None
    files = [one for one in publications if one.kind == "municipal-decisions"]
    first = min(files, key=lambda one: one.published_at, default=None)
    if (
        first is None
        or not isinstance(first.data, Decisions)
        or min(feed, default=date.max) < first.data.published_on
    ):
        return None
    return first.data


def standings_of(file: Decisions) -> dict[str, Standing]:
    """Give the standing of every area that a decision file says is closed."""
    return {
        code: Standing(file.closed_since[area] or file.published_on, file.days_clear[area] or 0)
        for area, code in enumerate(file.codes)
        if file.is_closed(area)
    }


def _threshold_spans(rule: Rule, feed: Feed, until: date, start: Decisions | None) -> Iterator[Span]:
    starts = {} if start is None else standings_of(start)
    if start is not None:  # that day and those before it have been judged by the file itself
        feed = {day: row for day, row in feed.items() if day > start.published_on}
    limits = Limits(rule.thresholds, rule.reopening.thresholds)
    for code, days in zip(areas.codes(), walk(rule, feed, limits, until, len(areas.codes())), strict=True):
        yield from _effects(rule, code, days, starts.get(code, OPEN), "thresholds")


def _parish_spans(rule: Rule, publications: Sequence[Publication], until: date, vintage: Vintage) -> list[Span]:
    if rule.parish is None:
        return []
    known = parishes(publications, until)
    feed = parish_feed(rule, publications, until, vintage)
    found: list[Span] = []
    for area, days in enumerate(walk(rule, feed, Limits(rule.parish.thresholds), until, len(known.codes))):
        basis = f"parish {known.codes[area]} {known.names[area]}"
        for code in known.municipalities[area]:
            if code != areas.CHRISTIANSOE:
                found += _effects(rule, code, days, OPEN, basis)
    return found


def _effects(rule: Rule, code: str, days: list[Seen], start: Standing, basis: str) -> Iterator[Span]:
    lapses_on = rule.in_force.to + timedelta(days=1)
    for spell in spells(days, rule.reopening.days, start):
        effect = in_effect(spell, rule.closing.delay_days, rule.reopening.delay_days, lapses_on)
        if effect is None:
            continue
        closed_on, reopened_on = effect
        if reopened_on is None and days and days[-1].on == rule.in_force.to:
            reopened_on = lapses_on
        yield Span(code, spell.decided_on, closed_on, reopened_on, basis)


def _closure(rule: Rule, span: Span, feed: Feed) -> Closure:
    row = feed.get(span.decided_on)
    rests = row is not None and span.basis == "thresholds"
    area = areas.position()[span.code]
    measure = next(iter(in_force(rule.thresholds, span.decided_on).declared()))
    cases = row.number("cases", area) if row is not None and rests else None
    return Closure(
        municipality_code=span.code,
        municipality=areas.names()[span.code],
        decided_on=span.decided_on,
        closed_on=span.closed_on,
        reopened_on=span.reopened_on,
        value=row.number(measure, area) if row is not None and rests else None,
        cases=None if cases is None else int(cases),
        basis="no publication" if row is None and span.basis == "thresholds" else span.basis,
        evidence=() if row is None else row.evidence,
        known_on=None if row is None else row.published_on,
    )


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=index) for index in range((last - first).days + 1)]
