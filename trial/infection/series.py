"""Daily counts a municipality: the wide series of cases and of tested persons, and the later long form of cases.

1. The wide form has a row a sampling day and a column a municipality, in any order; the first header cell tells
   what is counted: `SampleDate` positive cases, `PrDate_adjusted` tested persons.
2. The long form (`Kommune;Kommunenavn;Dato;Bekræftede tilfælde`, later `... i alt`) has a row a municipality and
   day on which there was a case; a pair that is absent counts 0. It is read by code: its spelling of names varies.
3. Days may stand in any order, but each only once: two rows of one day contradict each other.
4. A day that is absent counts 0 before 1 March 2020, when whole days without a test did occur. Later it is an error:
   an absent day would look like a day without infection.
5. Counts are whole numbers of at least 0. All 98 municipalities must be there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from trial.errors import InfectionError
from trial.infection import areas
from trial.infection.numbers import whole
from trial.infection.rows import MOST_PROBLEMS, Rows, check_once, check_whole, iso_day

GAPS_UNTIL = date(2020, 3, 1)
CASES, TESTED = "SampleDate", "PrDate_adjusted"
LONG_CASES = ("Bekræftede tilfælde", "Bekræftede tilfælde i alt")

Counts = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Series:
    """Counts by sampling day (rows, from `first_on`, without gaps) and municipality (columns, by code)."""

    first_on: date
    counts: Counts

    @property
    def last_on(self) -> date:
        """Give the last sampling day."""
        return self.first_on + timedelta(days=len(self.counts) - 1)


def is_cases(header: Sequence[str]) -> bool:
    """Tell whether the header is that of the wide series of cases."""
    return CASES in header and len(header) > 2


def is_tested(header: Sequence[str]) -> bool:
    """Tell whether the header is that of the wide series of tested persons."""
    return TESTED in header and len(header) > 2


def is_long(header: Sequence[str]) -> bool:
    """Tell whether the header is that of the long form of cases."""
    return {"Kommune", "Dato"} <= set(header) and any(name in header for name in LONG_CASES)


def read_wide(rows: Rows) -> Series:
    """Read a wide series; raises InfectionError with every problem's line."""
    check_whole(rows)
    day_cell = rows.header.index(CASES if CASES in rows.header else TESTED)
    cells = _columns(rows, day_cell)
    found: dict[date, list[int]] = {}
    lines: dict[str, int] = {}
    problems: list[InfectionError] = []
    for line, row in rows.body:
        try:
            day = iso_day(row[day_cell], rows.at(line))
            check_once(str(day), lines, rows, line)
            found[day] = _counts(row, cells, rows, line)
        except InfectionError as problem:
            problems.append(problem)
    if problems:
        raise InfectionError.gather(problems[:MOST_PROBLEMS])
    return _series(found, rows)


def read_long(rows: Rows) -> Series:
    """Read the long form of cases; raises InfectionError with every problem's line."""
    check_whole(rows)
    at = {name: rows.header.index(name) for name in ("Kommune", "Dato")}
    count_at = rows.header.index(next(name for name in LONG_CASES if name in rows.header))
    found: dict[date, list[int]] = {}
    lines: dict[str, int] = {}
    seen: set[str] = set()
    problems: list[InfectionError] = []
    for line, row in rows.body:
        if row[at["Kommune"]] in ("", "NA"):
            continue
        try:
            day, code = iso_day(row[at["Dato"]], rows.at(line)), areas.code(row[at["Kommune"]], rows.at(line))
            check_once(f"{day} in {code}", lines, rows, line)
            seen.add(code)
            counts = found.setdefault(day, [0] * len(areas.codes()))
            if code != areas.CHRISTIANSOE:
                counts[areas.position()[code]] = whole(row[count_at], rows.at(line))
        except InfectionError as problem:
            problems.append(problem)
    if problems:
        raise InfectionError.gather(problems[:MOST_PROBLEMS])
    areas.check_all_there(seen, rows.where)
    return _series(found, rows)


def _columns(rows: Rows, day_cell: int) -> list[int]:
    """Find the cell of each municipality, in the order of their codes."""
    found: dict[int, int] = {}
    for cell, name in enumerate(rows.header):
        if cell == day_cell or name in areas.PASSED_OVER:
            continue
        index = areas.column_names().get(name)
        if index is None or index in found:
            raise InfectionError(
                "every column must be a municipality, each once",
                found=f'"{name}"' + ("" if index is None else " twice"),
                where=rows.at(1),
                mend="fetch the file again as it was published",
                code="infection-municipality",
            )
        found[index] = cell
    areas.check_all_there((areas.codes()[index] for index in found), rows.at(1))
    return [found[index] for index in range(len(found))]


def _counts(row: tuple[str, ...], cells: list[int], rows: Rows, line: int) -> list[int]:
    try:
        counts = [int(row[cell]) for cell in cells if row[cell].isascii() and row[cell].isdigit()]
    except ValueError:
        counts = []
    if len(counts) == len(cells):
        return counts
    return [whole(row[cell], f"{rows.at(line)}, column {rows.header[cell]}") for cell in cells]


def _series(found: dict[date, list[int]], rows: Rows) -> Series:
    first, last = min(found), max(found)
    days = [first + timedelta(days=index) for index in range((last - first).days + 1)]
    missing = [day for day in days if day not in found and day >= GAPS_UNTIL]
    if missing:
        raise InfectionError(
            f"every day from {GAPS_UNTIL} to {last} must have a row",
            found=f"none for {', '.join(map(str, missing[:3]))}" + (" and more" if len(missing) > 3 else ""),
            where=rows.where,
            mend="fetch the file again: an absent day would look like a day without infection",
            code="infection-gap",
        )
    nothing = [0] * len(areas.codes())
    return Series(first, np.array([found.get(day, nothing) for day in days], dtype=np.int64))
