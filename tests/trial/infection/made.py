"""What the tests of infection pressure share: small rules, files made in memory, tables a statistician can read."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np

from trial.clock import COPENHAGEN
from trial.infection import areas
from trial.infection.feed import Feed, Row
from trial.infection.machine import OPEN, Seen, standings
from trial.infection.publication import Publication, recognise
from trial.infection.replay import Limits, walk
from trial.infection.rule import Rule
from trial.infection.series import CASES, TESTED
from trial.protocol.declared import frozen

CODES = areas.codes()
COUNT = len(CODES)


def a_rule(**changes: Any) -> Rule:
    """Give a rule: 200 per 100,000 and 20 cases, no truncation, seven days; `changes` replace its tables."""
    stated = {"from": date(2020, 1, 1), "status": "declared", "source": "test"}
    declared = {
        "format": "lodtraek-rule/1",
        "name": "test",
        "title": {"da": "prøve", "en": "test"},
        "in_force": {"from": date(2021, 3, 1), "to": date(2021, 12, 31)},
        "start": "open",
        "indicator": {
            "window_days": 7,
            "truncation": [{**stated, "days": 0}],
            "adjustment": [{**stated, "beta": 0.56, "r": 0.0174}],
            "population": [{**stated, "basis": "2020Q1"}],
        },
        "thresholds": [{**stated, "incidence": 200, "cases": 20}],
        "closing": {"delay_days": 1},
        "reopening": {"days": 7, "delay_days": 0},
        "stale": {"max_age_days": 7, "then": "hold"},
    }
    return Rule.model_validate(frozen({**declared, **changes}))


def thresholds(since: str, **values: Any) -> dict[str, Any]:
    """Give a dated entry of thresholds."""
    return {"from": date.fromisoformat(since), "status": "declared", "source": "test", **values}


def wide(first: str, days: Sequence[date], counts: Mapping[str, Sequence[int]], rest: int = 0) -> bytes:
    """Give a wide series; municipalities that are not named count `rest` every day."""
    names = [one.ssi_column for one in areas.municipalities()]
    lines = [";".join([first, *names, '"NA"', "Christiansø"])]
    for index, day in enumerate(days):
        row = [counts[code][index] if code in counts else rest for code in CODES]
        lines.append(";".join([day.isoformat(), *map(str, row), "0", "0"]))
    return ("\n".join(lines) + "\n").encode()


def span(first: str | date, count: int) -> list[date]:
    """Give so many days from the first."""
    start = date.fromisoformat(first) if isinstance(first, str) else first
    return [start + timedelta(days=index) for index in range(count)]


def at_two(day: date) -> datetime:
    """Give 14:00 Danish time of a day."""
    return datetime.combine(day, time(14), COPENHAGEN)


def pair(
    published_on: date, days: Sequence[date], cases: Mapping[str, Sequence[int]], tested: int = 1000
) -> list[Publication]:
    """Give cases and tests published on a day."""
    found = [
        recognise(wide(CASES, days, cases), "cases.csv", at_two(published_on)),
        recognise(wide(TESTED, days, {}, rest=tested), "tested.csv", at_two(published_on)),
    ]
    assert None not in found
    return [one for one in found if one is not None]


def rows_of(table: str) -> list[list[str]]:
    """Give the cells of a table; the first line is its header."""
    lines = [line for line in table.strip().splitlines() if line.strip()]
    return [line.replace("|", " ").split() for line in lines[1:]]


def check_table(table: str, rule: Rule) -> None:
    """Replay a table `day incidence cases | standing` of one municipality and compare every standing.

    incidence "-" means that nothing was published that day. Standing: open, closed, or `2 of 7` days.
    """
    rows = rows_of(table)
    days = [date.fromisoformat(row[0]) for row in rows]
    feed: Feed = {}
    for day, row in zip(days, rows, strict=True):
        if row[1] != "-":
            values = {"incidence": float(row[1]), "cases": float(row[2])}
            feed[day] = Row({name: np.array([value]) for name, value in values.items()}, (), day)
    assert days == span(rule.in_force.from_, len(days)), "a table has every day from the rule's first"
    seen = walk(rule, feed, Limits(rule.thresholds, rule.reopening.thresholds), days[-1], 1)[0]
    found = [words_of(standing, rule) for standing in standings(seen, rule.reopening.days, OPEN)]
    expected = [" ".join(row[3:] if row[1] != "-" else row[2:]).split("(")[0].strip() for row in rows]
    assert list(zip(days, found, strict=True)) == list(zip(days, expected, strict=True))


def words_of(standing: Any, rule: Rule) -> str:
    """Write a standing as the tables do."""
    if standing.decided_on is None:
        return "open"
    return f"{standing.days_clear} of {rule.reopening.days}" if standing.days_clear else "closed"


def seen_from(letters: str) -> list[Seen]:
    """Give days from letters: s(ilent), c(lear), b(etween), m(et), x (stale)."""
    from trial.infection.machine import Sight

    kinds = {"s": Sight.SILENT, "c": Sight.CLEAR, "b": Sight.BETWEEN, "m": Sight.MET, "x": Sight.STALE}
    return [Seen(day, kinds[letter]) for day, letter in zip(span("2021-03-01", len(letters)), letters, strict=True)]
