"""Files with one row a municipality and no date: what they are good for here is the population.

1. `Municipality_test_pos.csv`: counts have points for thousands, blanks before them (" 549.237"); a byte order mark.
2. `10_Kommune_kort.csv` of the later dashboard: cases and tests of the last seven days, and the population.
3. Neither says of which day it is: the day comes from the files published together with it, or from a name.
4. All 98 municipalities must be there.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from trial.errors import InfectionError
from trial.infection import areas
from trial.infection.indicator import Floats
from trial.infection.numbers import grouped
from trial.infection.rows import MOST_PROBLEMS, Rows, check_once, check_whole

_POSITIVE = ("Kommune_(id)", "Befolkningstal")
_SNAPSHOT = ("Kommune", "Antal borgere")
_DIGITS = re.compile(r"\d{4,9}", re.ASCII)


@dataclass(frozen=True, eq=False)
class Totals:
    """The population of each municipality, in the order of their codes."""

    population: Floats


def is_positive(header: Sequence[str]) -> bool:
    """Tell whether the header is that of `Municipality_test_pos.csv`."""
    return set(_POSITIVE) <= set(header)


def is_snapshot(header: Sequence[str]) -> bool:
    """Tell whether the header is that of the dashboard's map file."""
    return {*_SNAPSHOT, "Kommunenavn"} <= set(header)


def read_positive(rows: Rows) -> Totals:
    """Read `Municipality_test_pos.csv`; raises InfectionError with every problem's line."""
    return _read(rows, *_POSITIVE, grouped)


def read_snapshot(rows: Rows) -> Totals:
    """Read the dashboard's map file; its counts may stand with or without points."""
    return _read(rows, *_SNAPSHOT, lambda text, where: int(text) if _DIGITS.fullmatch(text) else grouped(text, where))


def _read(rows: Rows, code_name: str, population_name: str, number: Callable[[str, str], int]) -> Totals:
    check_whole(rows)
    code_at, population_at = rows.header.index(code_name), rows.header.index(population_name)
    found: dict[str, int] = {}
    lines: dict[str, int] = {}
    problems: list[InfectionError] = []
    for line, row in rows.body:
        try:
            code = areas.code(row[code_at], rows.at(line))
            check_once(code, lines, rows, line)
            found[code] = number(row[population_at], rows.at(line))
        except InfectionError as problem:
            problems.append(problem)
    if problems:
        raise InfectionError.gather(problems[:MOST_PROBLEMS])
    areas.check_all_there(found, rows.where)
    return Totals(np.array([found[code] for code in areas.codes()], dtype=np.float64))
