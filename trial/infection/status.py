"""Where every area stands after a day, in the words of the published files.

1. "Nedlukket" while an area is closed; else "Høj incidens ikke nedlukket" from the rule's `status.high_from`, else
   "Lav incidens ikke nedlukket". Parishes: "Nedlukket" or "Ikke nedlukket".
2. `closed_since` is the day of the decision, as in the files, and `days_clear` the days in a row that count towards
   reopening; both only while it is closed.
3. A parish file reaches six days back. What it says was closed before those days is taken from it; those days
   themselves are judged by the rule.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from trial.infection import areas
from trial.infection.feed import Vintage, municipal_feed, parish_feed, parishes
from trial.infection.machine import OPEN, Seen, Standing, standings
from trial.infection.publication import Publication
from trial.infection.replay import Limits, standings_of, starting_file, walk
from trial.infection.rule import Measure, Rule, in_force

CLOSED, HIGH, LOW, OPEN_PARISH = (
    "Nedlukket",
    "Høj incidens ikke nedlukket",
    "Lav incidens ikke nedlukket",
    "Ikke nedlukket",
)


@dataclass(frozen=True)
class AreaStatus:
    """An area after a day; value: the first measure of the rule, None when nothing was published that day."""

    code: str
    name: str
    value: float | None
    cases: int | None
    status: str
    closed_since: date | None
    days_clear: int | None


def municipal_status(
    rule: Rule, publications: Sequence[Publication], on: date, vintage: Vintage = "as-published"
) -> list[AreaStatus]:
    """Give the status of the 98 municipalities, by code."""
    feed = municipal_feed(rule, publications, on, vintage)
    start = starting_file(rule, publications, feed)
    starts = {} if start is None else standings_of(start)
    known = {day: row for day, row in feed.items() if start is None or day > start.published_on}
    seen = walk(rule, known, Limits(rule.thresholds, rule.reopening.thresholds), on, len(areas.codes()))
    measure = next(iter(in_force(rule.thresholds, on).declared()))
    found = []
    for area, code in enumerate(areas.codes()):
        value, cases = (
            (None, None) if on not in feed else (feed[on].number(measure, area), feed[on].number("cases", area))
        )
        now = _last(rule, seen[area], starts.get(code, OPEN))
        high = rule.status is not None and value is not None and value >= rule.status.high_from
        found.append(_status(code, areas.names()[code], (value, cases), now, HIGH if high else LOW))
    return found


def parish_status(
    rule: Rule, publications: Sequence[Publication], on: date, vintage: Vintage = "as-published"
) -> list[AreaStatus]:
    """Give the status of every parish known by a day, by code; none without a parish rule."""
    if rule.parish is None:
        return []
    known = parishes(publications, on)
    feed = parish_feed(rule, publications, on, vintage)
    starts = {
        code: Standing(since)
        for code, since in zip(known.codes, known.closed_since, strict=True)
        if since is not None and since < min(feed, default=on)
    }
    measure: Measure = next(iter(in_force(rule.parish.thresholds, on).declared()))
    found = []
    for area, days in enumerate(walk(rule, feed, Limits(rule.parish.thresholds), on, len(known.codes))):
        code = known.codes[area]
        value, cases = (
            (None, None) if on not in feed else (feed[on].number(measure, area), feed[on].number("cases", area))
        )
        now = _last(rule, days, starts.get(code, OPEN))
        found.append(_status(code, known.names[area], (value, cases), now, OPEN_PARISH))
    return found


def _last(rule: Rule, days: list[Seen], start: Standing) -> Standing:
    return [start, *standings(days, rule.reopening.days, start)][-1]


def _status(
    code: str, name: str, numbers: tuple[float | None, float | None], now: Standing, words: str
) -> AreaStatus:
    value, cases = numbers
    whole = None if cases is None else int(cases)
    if now.decided_on is None:
        return AreaStatus(code, name, value, whole, words, None, None)
    return AreaStatus(code, name, value, whole, CLOSED, now.decided_on, now.days_clear)
