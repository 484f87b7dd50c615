"""The closure-decision files: what the authority itself computed for a day and the six days before, and its verdict.

1. The days stand in the names of the columns ("Testjusteret incidens pr. 14-06-2021"), in any order; every measure is
   given for the same days. The newest of them is the day of publication.
2. Rates have a decimal comma. A day of closure is "-" (municipalities) or "NA" (parishes) where there is none, and
   the count of days towards reopening is blank. A value may be "NA": nothing was published about that area that day,
   as for Læsø from 8 to 10 June 2021. It is kept as not-a-number and decides nothing.
3. Municipalities: test-adjusted incidence and, from 28 May 2021, cases. All 98 must be there.
4. Parishes: incidence, cases and positivity, and up to three municipalities, "NA" where there are fewer. Every
   municipality must have a parish, each parish stands once.
5. The status says "Nedlukket" for closed; the words around it vary ("Høj incidens, ikke nedlukket").
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np

from trial.errors import InfectionError
from trial.infection import areas
from trial.infection.indicator import Floats
from trial.infection.numbers import rate, whole
from trial.infection.rows import MOST_PROBLEMS, Rows, check_once, check_whole, danish_day
from trial.infection.rule import Measure

CLOSED = "nedlukket"
NOTHING = ("", "-", "NA")
NAN = float("nan")

_STATUS = "Status for automatisk nedlukning"
_SINCE = "Påbegyndelsesdato for seneste automatiske nedlukning af "
_COUNT = "Antal dage i træk med opfyldt genåbningskriterie"
_DATED = re.compile(r"(.+?)(?: beregnet)? pr\. (\d{2}-\d{2}-\d{4})", re.ASCII)
_MUNICIPALITY: dict[str, Measure] = {
    "Testjusteret incidens": "adjusted_incidence",
    "Antal nye smittede i kommunen": "cases",
}
_PARISH: dict[str, Measure] = {
    "Incidens i sogn": "incidence",
    "Antal nye smittede i sogn": "cases",
    "Positivprocent i sogn": "positivity",
}


@dataclass(frozen=True, eq=False)
class Decisions:
    """A closure-decision file: values by day (rows, in order) and area (columns), and each area's verdict."""

    days: tuple[date, ...]
    codes: tuple[str, ...]
    names: tuple[str, ...]
    municipalities: tuple[tuple[str, ...], ...]
    population: Floats
    values: dict[Measure, Floats]
    status: tuple[str, ...]
    closed_since: tuple[date | None, ...]
    days_clear: tuple[int | None, ...]

    @property
    def published_on(self) -> date:
        """Give the newest day."""
        return self.days[-1]

    def is_closed(self, area: int) -> bool:
        """Tell whether an area is closed by the file's own verdict."""
        return self.status[area].casefold() == CLOSED


class _Area(NamedTuple):
    code: str
    name: str
    municipalities: tuple[str, ...]
    population: int


@dataclass(frozen=True)
class _Verdict:
    area: _Area
    values: tuple[float, ...]
    status: str
    since: date | None
    days_clear: int | None


def is_municipal(header: Sequence[str]) -> bool:
    """Tell whether the header is that of the municipalities' decision file."""
    return {"Kommune", "Kommunekode"} <= set(header) and any("Testjusteret incidens pr." in name for name in header)


def is_parish(header: Sequence[str]) -> bool:
    """Tell whether the header is that of the parishes' decision file."""
    return {"Sognekode", "Sogn"} <= set(header)


def read_municipal(rows: Rows) -> Decisions:
    """Read the municipalities' decision file; raises InfectionError with every problem's line."""
    cells = _Cells(rows, _MUNICIPALITY, _SINCE + "kommunen", required=("adjusted_incidence",))

    def area(line: int, row: tuple[str, ...]) -> _Area:
        code = areas.code(row[cells.named("Kommunekode")], rows.at(line))
        inhabitants = whole(row[cells.named("Indbyggertal i kommunen")], rows.at(line))
        return _Area(code, row[cells.named("Kommune")], (code,), inhabitants)

    found = [one for one in _verdicts(cells, area) if one.area.code != areas.CHRISTIANSOE]
    areas.check_all_there((one.area.code for one in found), rows.where)
    return cells.decisions(found)


def read_parish(rows: Rows) -> Decisions:
    """Read the parishes' decision file; raises InfectionError with every problem's line."""
    cells = _Cells(rows, _PARISH, _SINCE + "sognet", required=("incidence", "cases", "positivity"))

    def area(line: int, row: tuple[str, ...]) -> _Area:
        codes = [row[cells.named(f"Kommunekode{number}")] for number in (1, 2, 3)]
        lies_in = tuple(areas.code(code, rows.at(line)) for code in codes if code not in NOTHING)
        inhabitants = whole(row[cells.named("Indbyggertal i sogn")], rows.at(line))
        return _Area(row[cells.named("Sognekode")].zfill(4), row[cells.named("Sogn")], lies_in, inhabitants)

    found = _verdicts(cells, area)
    areas.check_all_there((code for one in found for code in one.area.municipalities), rows.where)
    return cells.decisions(found)


class _Cells:
    """Which cell holds what, learnt from the header."""

    def __init__(self, rows: Rows, measures: dict[str, Measure], since: str, required: Sequence[Measure]) -> None:
        check_whole(rows)
        self.rows = rows
        self.since = since
        self.undated: dict[str, int] = {}
        self.dated = self._dated(measures)
        self.days = tuple(sorted({day for _, day in self.dated}))
        self.measures = tuple(dict.fromkeys(measure for measure, _ in self.dated))
        for measure in dict.fromkeys((*required, *self.measures)):
            if measure not in self.measures:
                raise self._missing(f"columns of {measure}, with the day in their names")
            for day in self.days:
                if (measure, day) not in self.dated:
                    raise self._missing(f"a column of {measure} for {day}")

    def named(self, name: str) -> int:
        """Give the cell of a column that has no day in its name."""
        if name not in self.undated:
            if self.rows.header.count(name) != 1:
                raise self._missing(f'one column "{name}"')
            self.undated[name] = self.rows.header.index(name)
        return self.undated[name]

    def verdict(self, area: _Area, line: int, row: tuple[str, ...]) -> _Verdict:
        """Read the values and the verdict of an area."""
        where = self.rows.at(line)
        convert = {measure: whole if measure == "cases" else rate for measure in self.measures}
        values = tuple(
            NAN if (cell := row[self.dated[measure, day]]) == "NA" else float(convert[measure](cell, where))
            for measure in self.measures
            for day in self.days
        )
        since, days_clear = row[self.named(self.since)], row[self.named(_COUNT)]
        return _Verdict(
            area,
            values,
            status=row[self.named(_STATUS)],
            since=None if since in NOTHING else danish_day(since, where),
            days_clear=None if days_clear in NOTHING else whole(days_clear, where),
        )

    def decisions(self, found: list[_Verdict]) -> Decisions:
        """Join the rows, in the order of the areas' codes."""
        found = sorted(found, key=lambda one: one.area.code)
        table = np.array([one.values for one in found], dtype=np.float64).T
        width = len(self.days)
        return Decisions(
            days=self.days,
            codes=tuple(one.area.code for one in found),
            names=tuple(one.area.name for one in found),
            municipalities=tuple(one.area.municipalities for one in found),
            population=np.array([one.area.population for one in found], dtype=np.float64),
            values={
                measure: table[index * width : (index + 1) * width] for index, measure in enumerate(self.measures)
            },
            status=tuple(one.status for one in found),
            closed_since=tuple(one.since for one in found),
            days_clear=tuple(one.days_clear for one in found),
        )

    def _dated(self, measures: dict[str, Measure]) -> dict[tuple[Measure, date], int]:
        found: dict[tuple[Measure, date], int] = {}
        for cell, name in enumerate(self.rows.header):
            parts = _DATED.fullmatch(name)
            if parts is None or parts[1] not in measures:
                continue
            key = measures[parts[1]], danish_day(parts[2], self.rows.at(1))
            if key in found:
                raise self._missing(f'one column "{name}"')
            found[key] = cell
        return found

    def _missing(self, what: str) -> InfectionError:
        return InfectionError(
            f"the decision file must have {what}",
            found="none or several",
            where=self.rows.at(1),
            mend="fetch the file again as it was published",
            code="infection-layout",
        )


def _verdicts(cells: _Cells, area_of: Callable[[int, tuple[str, ...]], _Area]) -> list[_Verdict]:
    rows = cells.rows
    found: list[_Verdict] = []
    lines: dict[str, int] = {}
    problems: list[InfectionError] = []
    for line, row in rows.body:
        try:
            area = area_of(line, row)
            check_once(area.code, lines, rows, line)
            found.append(cells.verdict(area, line, row))
        except InfectionError as problem:
            problems.append(problem)
    if problems:
        raise InfectionError.gather(problems[:MOST_PROBLEMS])
    return found
