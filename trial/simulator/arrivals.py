"""Simulated arrivals: seeded citizens over the enrolment calendar, as the daily intake files of a job centre system.

1. The rates here are invented, so that every path of the real trial is walked; none is an estimate of anything.
2. Citizens arrive on weekdays, more in January and after the summer; jobcentres in proportion to their population.
3. Most belong to the target groups of the protocol, some to others; each declared exclusion holds for a few.
   A few come again on a later day, as people do: they have their answer already. Where caseworkers are a factor each
   citizen has one: of the own jobcentre if codes begin with it (`0101-07`), else any.
4. The files are written in turn as systems write them: UTF-8 with and without a byte order mark, cp1252; comma and
   semicolon; LF and CRLF; columns in their own order.
5. Ids are of the kind `SYN-000123`. Chance is `random.Random` by seed and its `random()` alone: the same seed gives
   the same bytes on every machine and version.
"""

import csv
import io
from bisect import bisect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from random import Random

from trial.intake import flag_columns, own_columns
from trial.protocol import Protocol, load_municipalities

DAY = timedelta(days=1)
MONTHS = (1.25, 1.0, 0.95, 0.9, 0.85, 0.95, 1.15, 1.15, 1.0, 0.95, 0.95, 0.9)  # January first
WEEKDAYS = (1.3, 1.05, 1.0, 0.9, 0.75, 0.0, 0.0)  # Monday first
GROUPS = {"dagpenge": 0.7, "jobparat-kontanthjaelp": 0.22}
OTHER_GROUPS = {"uddannelseshjælp": 0.04, "sygedagpenge": 0.025, "ledighedsydelse": 0.015}
AGES = ((18, 30, 0.31), (30, 50, 0.42), (50, 67, 0.265), (16, 18, 0.005))
FLAGS = {
    "less_intensive_effort": 0.01,
    "needs_interpreter": 0.04,
    "digital_post_exempt": 0.03,
    "protected_address": 0.004,
}
OTHER_FLAG = 0.01
LONG_SPELL = 0.005
COMES_AGAIN = 0.01
WAYS = (("utf-8", ",", "\n"), ("cp1252", ";", "\r\n"), ("utf-8-sig", ";", "\r\n"), ("cp1252", ",", "\r\n"))

Cells = dict[str, str]


@dataclass(frozen=True)
class IntakeFile:
    """The intake file of a day."""

    on: date
    name: str
    content: bytes
    rows: int


class Weighted:
    """Picks from values in proportion to their weights, given a uniform number from 0 to below 1."""

    def __init__(self, values: Sequence[str], weights: Sequence[float]) -> None:
        self.values, self.edges = values, list(accumulate(weights))

    def pick(self, uniform: float) -> str:
        """Give the value whose share of the line from 0 to 1 holds the number."""
        return self.values[min(bisect(self.edges, uniform * self.edges[-1]), len(self.values) - 1)]


_AGES = Weighted([f"{low} {high}" for low, high, _ in AGES], [share for *_, share in AGES])


class Arrivals:
    """`count` citizens who arrive from one day to another, and those of them who come again.

    Raises nothing: a period without a weekday has no files.
    """

    def __init__(self, protocol: Protocol, count: int, seed: int, *, from_on: date, to_on: date) -> None:
        self.count, self.seed, self.from_on, self.to_on = count, seed, from_on, to_on
        self.flags, self.own = flag_columns(protocol), own_columns(protocol)
        self.caseworkers = _levels(protocol, "caseworker")
        self.days = [day for day in _days(from_on, to_on) if WEEKDAYS[day.weekday()]]
        weights = [MONTHS[day.month - 1] * WEEKDAYS[day.weekday()] for day in self.days]
        self.calendar = Weighted([day.isoformat() for day in self.days], weights)
        self.jobcentres = _jobcentres(protocol)
        names = [group.name for group in protocol.population.target_groups]
        declared = [GROUPS.get(name, 1 / len(names)) for name in names]
        others = [name for name in OTHER_GROUPS if name not in names]
        self.groups = Weighted(
            [*(name.replace("ae", "æ") for name in names), *others], [*declared, *(OTHER_GROUPS[o] for o in others)]
        )
        self.longest = protocol.population.max_spell_weeks

    def files(self, extra: Sequence[Cells] = ()) -> Iterator[IntakeFile]:
        """Give the files in the order of their days; `extra` rows are put into the first."""
        by_day: dict[date, list[Cells]] = {day: [] for day in self.days}
        for day, cells in self._citizens():
            by_day[day].append(cells)
        extras = list(extra)
        for number, (day, rows) in enumerate(by_day.items()):
            if rows:
                yield self.file(day, [*rows, *extras], number)
                extras = []

    def file(self, on: date, rows: Sequence[Cells], number: int) -> IntakeFile:
        """Write a day's rows; the day's number in the period says in which way."""
        encoding, delimiter, end = WAYS[number % len(WAYS)]
        columns = self.columns()[number % 3 :] + self.columns()[: number % 3]
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, columns, delimiter=delimiter, lineterminator=end)
        writer.writeheader()
        writer.writerows(rows)
        return IntakeFile(on, f"intake-{on}.csv", text.getvalue().encode(encoding), len(rows))

    def columns(self) -> list[str]:
        """Name the columns of the files."""
        return ["citizen", "jobcentre", "target_group", "birth_on", "spell_start_on", *self.own]

    def usual(self, on: date) -> Cells:
        """Give the cells of somebody without peculiarities, for rows that are added by hand."""
        cells = {"jobcentre": self.jobcentres.values[0], "target_group": self.groups.values[0], "birth_on": ""}
        cells |= self._caseworker(cells["jobcentre"], lambda: 0.0)
        return {**cells, "spell_start_on": on.isoformat(), **dict.fromkeys(self.flags, "no")}

    def _citizens(self) -> Iterator[tuple[date, Cells]]:
        if not self.days:
            return
        days = {day.isoformat(): place for place, day in enumerate(self.days)}
        for number in range(1, self.count + 1):
            chance = Random(f"arrival/{self.seed}/{number}").random  # noqa: S311 - simulation, nothing is kept secret
            place = days[self.calendar.pick(chance())]
            cells = self._citizen(number, self.days[place], chance)
            yield self.days[place], cells
            later = place + 20 + int(chance() * 150)
            if chance() < COMES_AGAIN and later < len(self.days):
                yield self.days[later], {**cells, "spell_start_on": self.days[later].isoformat()}

    def _citizen(self, number: int, on: date, chance: Callable[[], float]) -> Cells:
        weeks = self.longest if chance() < LONG_SPELL else 0
        spell_start_on = on - timedelta(days=1 + int(chance() * 10), weeks=weeks)
        cells = {
            "citizen": f"SYN-{number:06d}",
            "jobcentre": self.jobcentres.pick(chance()),
            "target_group": self.groups.pick(chance()),
            "birth_on": _birth_on(on, chance(), chance()).isoformat(),
            "spell_start_on": spell_start_on.isoformat(),
        }
        cells |= self._caseworker(cells["jobcentre"], chance)
        for flag in self.flags:
            cells[flag] = "ja" if chance() < FLAGS.get(flag, OTHER_FLAG) else "nej"
        return cells

    def _caseworker(self, jobcentre: str, chance: Callable[[], float]) -> Cells:
        """Give the cell of the caseworker, where caseworkers are a factor: no chance is used up otherwise."""
        if not self.caseworkers:
            return {}
        here = [code for code in self.caseworkers if code.startswith(jobcentre)] or self.caseworkers
        return {"caseworker": here[int(chance() * len(here))]}


def _levels(protocol: Protocol, factor: str) -> tuple[str, ...]:
    return next((one.levels for one in protocol.stratification if one.factor == factor), ())


def _jobcentres(protocol: Protocol) -> Weighted:
    people = {town.code: town.population_2020q1 for town in load_municipalities()}
    codes = _levels(protocol, "jobcentre") or tuple(people)
    return Weighted(codes, [people.get(code, 1) for code in codes])


def _birth_on(on: date, first: float, second: float) -> date:
    low, high = map(int, _AGES.pick(first).split())
    return on - timedelta(days=int(365.25 * (low + (high - low) * second)) + 1)


def _days(from_on: date, to_on: date) -> Iterator[date]:
    while from_on <= to_on:
        yield from_on
        from_on += DAY
