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
    return feed | _decided(publications, "municipal-decisions", (first, last), vintage)


def parish_feed(rule: Rule, publications: Sequence[Publication], until: date, vintage: Vintage) -> Feed:
    """Give the values of the parishes by day; the columns are those of `parish_frame`."""
    first, last = rule.in_force.from_, min(until, rule.in_force.to)
    return _decided(publications, "parish-decisions", (first, last), vintage)


def parish_frame(publications: Iterable[Publication]) -> Decisions | None:
    """Give the newest parish file: whose parishes, in which order, lie where."""
    files = [one for one in publications if one.kind == "parish-decisions"]
    newest = max(files, key=lambda one: one.published_at, default=None)
    return newest.data if newest is not None and isinstance(newest.data, Decisions) else None


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
            _check_pair(found[day])
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
        files = [one for one in publications if isinstance(one.data, Totals) and one.vintage_on <= by]
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


def _decided(publications: Iterable[Publication], kind: str, period: tuple[date, date], vintage: Vintage) -> Feed:
    """Give the values of the decision files; of two files the earlier one counts."""
    frame = None if kind == "municipal-decisions" else parish_frame(publications)
    codes = areas.codes() if frame is None else frame.codes
    files = sorted((one for one in publications if one.kind == kind), key=lambda one: one.published_at)
    found: Feed = {}
    for one in files:
        assert isinstance(one.data, Decisions)  # noqa: S101 - so the layouts declare
        days = one.data.days if vintage == "latest" else (one.data.published_on,)
        for day in days:
            if period[0] <= day <= period[1] and day not in found and (vintage == "latest" or day == one.vintage_on):
                values = _aligned(one.data, one.data.days.index(day), codes)
                found[day] = Row(values, (one.sha256,), one.vintage_on if vintage == "as-published" else day)
    return found


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


def _series(publication: Publication) -> Series:
    assert isinstance(publication.data, Series)  # noqa: S101 - so the layouts declare
    return publication.data
