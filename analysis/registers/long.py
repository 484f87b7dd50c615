"""DREAM in long form: a row a person and week with a benefit; the same matrix as from the wide file comes out.

1. The file is `dream_long` with pnr, week and code. A week is written y_2053, 2020-W53, 2020W53 or 202053.
2. Weeks run from the first to the last of the file; each must have at least one row, or the delivery has a hole.
3. A person without any row is in no unemployment register: such a participant counts as not in DREAM.
"""

import re
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from analysis.registers.cells import as_codes, as_keys
from analysis.registers.schema import DREAM_LONG
from analysis.registers.sources import open_source
from analysis.registers.weeks import check_consecutive, is_week_column, monday_of
from trial.errors import RegisterError

_YEAR_WEEK = re.compile(r"(\d{4})-?W?(\d{2})")


def week_named(name: str, where: str) -> date:
    """Give the Monday of a week as a long file writes it."""
    if is_week_column(name):
        return monday_of(name)
    match = _YEAR_WEEK.fullmatch(name)
    if match is not None and 1 <= int(match[2]) <= date(int(match[1]), 12, 28).isocalendar().week:
        return date.fromisocalendar(int(match[1]), int(match[2]), 1)
    raise RegisterError(
        "a week is written y_2053, 2020-W53, 2020W53 or 202053, and exists in its year (ISO 8601)",
        found=name,
        where=where,
        mend="correct the column week",
        code="register-week",
    )


def read_long(
    folder: Path, persons: NDArray[Any] | None, since: date | None
) -> tuple[NDArray[Any], tuple[date, ...], NDArray[np.int16]]:
    """Read the long file: keys, Mondays and codes (persons x weeks) of those asked for."""
    source = open_source(folder, DREAM_LONG)
    names = [source.spelt(name) for name in ("pnr", "week", "code")]
    where = str(source.path)
    wanted = None if persons is None else pa.array(persons, pa.string())
    met: dict[str, date] = {}
    parts = []
    for part in source.read(names):
        keys, weeks = as_keys(part[names[0]], where), as_keys(part[names[1]], where)
        codes = as_codes(part[names[2]], f"{where}: {names[2]}")
        for name in pc.unique(weeks).to_pylist():
            met.setdefault(name, week_named(name, f"{where}: {names[1]}"))
        keep = None if wanted is None else pc.is_in(keys, value_set=wanted)
        rows = np.arange(len(keys)) if keep is None else np.flatnonzero(keep.to_numpy())
        parts.append((keys.take(pa.array(rows)).to_pylist(), weeks.take(pa.array(rows)).to_pylist(), codes[rows]))
    mondays = sorted(set(met.values()))
    check_consecutive(mondays, where)
    mondays = [monday for monday in mondays if since is None or monday >= since]
    return _matrix(parts, met, mondays, where)


def _matrix(
    parts: list[tuple[list[str], list[str], NDArray[np.int16]]], met: dict[str, date], mondays: list[date], where: str
) -> tuple[NDArray[Any], tuple[date, ...], NDArray[np.int16]]:
    column = {monday: at for at, monday in enumerate(mondays)}
    row: dict[str, int] = {}
    for keys, _, _ in parts:
        for key in keys:
            row.setdefault(key, len(row))
    codes = np.zeros((len(row), len(mondays)), dtype=np.int16)
    repeated = 0
    for keys, weeks, cells in parts:
        at = np.array([column.get(met[week], -1) for week in weeks], dtype=np.int64)
        who = np.array([row[key] for key in keys], dtype=np.int64)
        inside = at >= 0
        seen = codes[who[inside], at[inside]] != 0
        places = who[inside] * max(len(mondays), 1) + at[inside]
        repeated += int(seen.sum()) + len(places) - len(np.unique(places))
        codes[who[inside], at[inside]] = cells[inside]
    if repeated:
        raise RegisterError(
            "a person has one code a week",
            found=f"{repeated} rows too many",
            where=where,
            mend="remove the repeated rows",
            code="register-duplicate",
        )
    return np.array(list(row), dtype=object), tuple(mondays), codes
