"""Which values were known on which day, and from which publication.

1. As published: a day's values come only from publications of that very day: the closure-decision file, else the pair
   of series (cases, and tests where the rule needs them). What is published later, however it is revised, cannot
   change them.
2. Latest: the newest pair of series gives every day it reaches; days for which a decision file stands, also among its
   six earlier days, keep the values published then: published values are carried forward, never recomputed. Of two
   decision files the earlier one counts.
3. A pair belongs together when both were published on the same day and end within two days of each other.
   A series without its partner gives only what needs no partner.
4. Two different files of one kind on one day contradict each other: an error.
5. The population is that of the rule's basis: the first quarter of 2020, or the newest file that had one by then.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import numpy as np

from trial.errors import InfectionError
from trial.infection import areas
from trial.infection.decisions import Decisions
from trial.infection.indicator import Floats, Indicators, Values, compute
from trial.infection.publication import Publication
from trial.infection.rule import Measure, Rule
from trial.infection.series import Series
from trial.infection.totals import Totals

Vintage = Literal["as-published", "latest"]

PAIR_MARGIN = timedelta(days=2)
CASES_KINDS = ("cases-series", "cases-long")  # the wide one first
TOTALS_KINDS = ("municipal-totals", "municipal-snapshot")
NEEDS_TESTS: frozenset[Measure] = frozenset({"adjusted_incidence", "positivity"})


@dataclass(frozen=True, eq=False)
class Row:
    """What was known of every area on a day, and from which files (SHA-256)."""

    values: Values
    evidence: tuple[str, ...]
    published_on: date

    def number(self, measure: Measure, area: int) -> float | None:
        """Give a value of an area; None when it was not published."""
        value = float(self.values[measure][area]) if measure in self.values else float("nan")
        return None if np.isnan(value) else value


Feed = dict[date, Row]


@dataclass(frozen=True)
class Pair:
    """Series published together."""

    cases: Publication
    tested: Publication | None


def municipal_feed(rule: Rule, publications: Sequence[Publication], until: date, vintage: Vintage) -> Feed:
    """Give the values of the 98 municipalities by day, from the rule's first day to `until`."""
    check_consistent(publications)
    first = rule.in_force.from_
    last = min(until, rule.in_force.to)
    pairs = {day: pair for day, pair in _pairs(publications).items() if _is_enough(rule, pair)}
    feed: Feed = {}
    if vintage == "latest" and pairs:
        feed = _from_pair(rule, publications, pairs[max(pairs)], first, last)
    elif vintage == "as-published":
        for day, pair in pairs.items():
            if first <= day <= last:
                feed |= _from_pair(rule, publications, pair, day, day)
    return feed | _decided(_files(publications, "municipal-decisions"), areas.codes(), (first, last), vintage)


@dataclass(frozen=True)
class Parishes:
    """The parishes of every file published by a day: the columns of `parish_feed`.

    Of two files that name a parish the earlier one counts: what it lies in never changes a decision afterwards.
    """

    codes: tuple[str, ...]
    names: tuple[str, ...]
    municipalities: tuple[tuple[str, ...], ...]
    closed_since: tuple[date | None, ...]


def parishes(publications: Iterable[Publication], until: date) -> Parishes:
    """Give the parishes known by a day, by code."""
    found: dict[str, tuple[str, tuple[str, ...], date | None]] = {}
    for one in _files(publications, "parish-decisions"):
        file = _decisions(one)
        if one.vintage_on <= until:
            for place in zip(file.codes, file.names, file.municipalities, file.closed_since, strict=True):
                found.setdefault(place[0], place[1:])
    codes = tuple(sorted(found))
    columns = [tuple(found[code][index] for code in codes) for index in range(3)]
    return Parishes(codes, *columns)  # type: ignore[arg-type]


def parish_feed(rule: Rule, publications: Sequence[Publication], until: date, vintage: Vintage) -> Feed:
    """Give the values of the parishes by day; the columns are those of `parishes`."""
    first, last = rule.in_force.from_, min(until, rule.in_force.to)
    known = parishes(publications, until)
    return _decided(_files(publications, "parish-decisions"), known.codes, (first, last), vintage)


def check_consistent(publications: Iterable[Publication]) -> None:
    """Raise when two different files of one kind claim the same day."""
    seen: dict[tuple[str, date], Publication] = {}
    for one in publications:
        before = seen.setdefault((one.kind, one.vintage_on), one)
        if before.sha256 != one.sha256:
            raise InfectionError(
                f"there must be one {one.kind} a day of publication",
                found=f"two different ones for {one.vintage_on}: {before.name} and {one.name}",
                where=one.name,
                mend="leave one out, or say when it was published with --published-at",
                code="infection-vintage",
            )


def _pairs(publications: Iterable[Publication]) -> dict[date, Pair]:
    by_kind: dict[tuple[str, date], Publication] = {(one.kind, one.vintage_on): one for one in publications}
    found: dict[date, Pair] = {}
    for day in sorted({day for _, day in by_kind}):
        cases = next((one for kind in CASES_KINDS if (one := by_kind.get((kind, day)))), None)
        if cases is not None:
            found[day] = Pair(cases, by_kind.get(("tested-series", day)))
    return found


def _check_pair(pair: Pair) -> None:
    if pair.tested is None:
        return
    cases, tested = _series(pair.cases), _series(pair.tested)
    if abs(cases.last_on - tested.last_on) > PAIR_MARGIN:
        raise InfectionError(
            f"cases and tests published together must end within {PAIR_MARGIN.days} days of each other",
            found=f"{cases.last_on} in {pair.cases.name}, {tested.last_on} in {pair.tested.name}",
            where=pair.cases.name,
            mend="one of them was cut short: fetch both again",
            code="infection-pair",
        )


def _is_enough(rule: Rule, pair: Pair) -> bool:
    needed = {measure for entry in (*rule.thresholds, *rule.reopening.thresholds) for measure in entry.declared()}
    return pair.tested is not None or not needed & NEEDS_TESTS


def _from_pair(rule: Rule, publications: Iterable[Publication], pair: Pair, first: date, last: date) -> Feed:
    """Give the days from first to last whose window the pair reaches."""
    _check_pair(pair)
    cases, tested = _series(pair.cases), None if pair.tested is None else _series(pair.tested)
    reach = min(series.last_on for series in (cases, tested) if series is not None)
    while last >= first and last - timedelta(days=rule.indicator.truncation_on(last)) > reach:
        last -= timedelta(days=1)
    last = min(last, pair.cases.vintage_on)
    if last < first:
        return {}
    evidence = tuple(one.sha256 for one in (pair.cases, pair.tested) if one is not None)
    found: Feed = {}
    for begin, end in _same_basis(rule, first, last):
        population = _population(rule.indicator.basis_on(begin), publications, pair.cases.vintage_on)
        indicators: Indicators = compute(cases, tested, rule.indicator, population, (begin, end))
        found |= {day: Row(indicators.on(day), evidence, pair.cases.vintage_on) for day in indicators.days()}
    return found


def _same_basis(rule: Rule, first: date, last: date) -> list[tuple[date, date]]:
    """Cut a period where the population basis changes."""
    begins = [first] + [entry.from_ for entry in rule.indicator.population if first < entry.from_ <= last]
    ends = [begin - timedelta(days=1) for begin in begins[1:]] + [last]
    return list(zip(begins, ends, strict=True))


def _population(basis: str, publications: Iterable[Publication], by: date) -> Floats:
    if basis == "published":
        files = [one for one in publications if one.kind in TOTALS_KINDS and one.vintage_on <= by]
        newest = max(files, key=lambda one: (one.published_at, one.kind, one.sha256), default=None)
        if newest is not None and isinstance(newest.data, Totals):
            return newest.data.population
        raise InfectionError(
            f"a published population must be known by {by}",
            found="none",
            mend='import Municipality_test_pos.csv, or write basis = "2020Q1" in the rule',
            code="infection-population",
        )
    return np.array([one.population_2020q1 for one in areas.municipalities()], dtype=np.float64)


def _decided(files: Sequence[Publication], codes: Sequence[str], period: tuple[date, date], vintage: Vintage) -> Feed:
    """Give the values of the decision files, the earlier one where two have a day."""
    found: Feed = {}
    for one in files:
        file = _decisions(one)
        days = dict(enumerate(file.days)) if vintage == "latest" else {len(file.days) - 1: one.vintage_on}
        for index, day in days.items():
            if period[0] <= day <= period[1] and day not in found:
                published_on = day if vintage == "latest" else one.vintage_on
                found[day] = Row(_aligned(file, index, codes), (one.sha256,), published_on)
    return found


def _files(publications: Iterable[Publication], kind: str) -> list[Publication]:
    return sorted((one for one in publications if one.kind == kind), key=lambda one: one.published_at)


def _aligned(data: Decisions, index: int, codes: Sequence[str]) -> Values:
    """Give a day's values in the order of these areas; not-a-number for an area the file has not."""
    if data.codes == tuple(codes):
        return {measure: values[index] for measure, values in data.values.items()}
    at = {code: column for column, code in enumerate(data.codes)}
    columns = [at.get(code, -1) for code in codes]
    return {
        measure: np.where(np.array(columns) < 0, np.nan, values[index][columns])
        for measure, values in data.values.items()
    }


def _decisions(publication: Publication) -> Decisions:
    assert isinstance(publication.data, Decisions)  # noqa: S101 - so the layouts declare
    return publication.data


def _series(publication: Publication) -> Series:
    assert isinstance(publication.data, Series)  # noqa: S101 - so the layouts declare
    return publication.data
