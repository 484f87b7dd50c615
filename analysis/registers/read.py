"""Reading registers: a folder with one file a register, checked against its declaration before use.

1. DREAM comes batch by batch, only the persons asked for: memory follows the cohort, not the register.
2. Weekly columns may stand in any order; they must be consecutive ISO weeks, and every code must be declared.
3. A key stands once in DREAM and in the link table; who changed CPR number has two. In BFL all jobs are added up.
4. Every error names file, column and count, never a person.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from analysis.registers.cells import as_codes, as_dates, as_keys, as_numbers
from analysis.registers.codes import check_known
from analysis.registers.long import read_long
from analysis.registers.schema import BFL, DREAM, DREAM_LONG, LINK
from analysis.registers.sources import Source, has_file, open_source
from analysis.registers.weeks import check_consecutive, is_week_column, monday_of
from trial.errors import RegisterError

FIRST_BFL_YEAR = 2008
START, HOURS, EARNINGS = "AJO_JOB_START_DATO", "AJO_LOENTIMER", "AJO_SMALT_LOENBELOEB"


@dataclass(frozen=True)
class Dream:
    """Codes of persons (rows, by `pnr`) in consecutive weeks (columns, by their Mondays); 0 is an empty cell."""

    pnr: NDArray[Any]
    mondays: tuple[date, ...]
    codes: NDArray[np.int16]


@dataclass(frozen=True)
class Pay:
    """Paid hours and earnings of persons (rows, in the order asked for) in months (columns, from `first_month`)."""

    first_month: int
    hours: NDArray[np.float32]
    earnings: NDArray[np.float64] | None = None


def read_link(folder: Path) -> pa.Table:
    """Read the link table: participant_id, pnr; who changed CPR number has a row a number, a number has one row."""
    source = open_source(folder, LINK)
    names = [source.spelt("participant_id"), source.spelt("pnr")]
    parts = [[as_keys(part[name], f"{source.path}: {name}") for name in names] for part in source.read(names)]
    columns = [pa.chunked_array([c for part in parts for c in part[at].chunks], pa.string()) for at in (0, 1)]
    table = pa.table(columns, names=["participant_id", "pnr"])
    check_single("each pnr stands once in the link table", table["pnr"], source.path)
    return table


def weeks_of(source: Source) -> list[tuple[date, str]]:
    """Give the weeks of a DREAM file in their order, with the columns that hold them."""
    weeks = sorted((monday_of(name, str(source.path)), name) for name in source.names if is_week_column(name))
    check_consecutive([monday for monday, _ in weeks], str(source.path))
    return weeks


def read_dream(
    folder: Path, table: NDArray[np.uint8], persons: NDArray[Any] | None = None, since: date | None = None
) -> Dream:
    """Read DREAM, wide or long: the persons asked for (all without), the weeks from `since` on (all without)."""
    if not has_file(folder, DREAM) and has_file(folder, DREAM_LONG):
        keys, mondays, cells = read_long(folder, persons, since)
        check_known(cells, table, str(folder / DREAM_LONG.name))
        return Dream(keys, mondays, cells)
    source = open_source(folder, DREAM)
    wanted = [(monday, name) for monday, name in weeks_of(source) if since is None or monday >= since]
    parts = list(_batches(source, [name for _, name in wanted], persons))
    pnr = np.concatenate([part[0] for part in parts]) if parts else np.array([], dtype=object)
    codes = np.concatenate([part[1] for part in parts]) if parts else np.zeros((0, len(wanted)), dtype=np.int16)
    check_single("a person has one row in DREAM", pa.array(pnr, pa.string()), source.path)
    check_known(codes, table, str(source.path))
    return Dream(pnr, tuple(monday for monday, _ in wanted), codes)


def _batches(
    source: Source, columns: list[str], persons: NDArray[Any] | None
) -> Iterator[tuple[NDArray[Any], NDArray[np.int16]]]:
    wanted = None if persons is None else pa.array(persons, pa.string())
    key = source.spelt("pnr")
    for part in source.read([key, *columns]):
        table, pnr = part, as_keys(part[key], f"{source.path}: {key}")
        if wanted is not None:
            keep = pc.is_in(pnr, value_set=wanted)
            table, pnr = table.filter(keep), pnr.filter(keep)
        codes = np.empty((len(pnr), len(columns)), dtype=np.int16, order="F")
        for index, column in enumerate(columns):
            codes[:, index] = as_codes(table[column], f"{source.path}: {column}")
        yield pnr.to_numpy(zero_copy_only=False), codes


def read_pay(folder: Path, persons: NDArray[Any], earnings: bool = False) -> Pay:
    """Read the paid hours of the persons asked for, added up by month; months run to the last one in the file.

    earnings: read the narrow pay too.
    """
    source = open_source(folder, BFL)
    if earnings:
        _check_earnings(source)
    names = [source.spelt(name) for name in ("pnr", START, HOURS, *([EARNINGS] if earnings else []))]
    wanted = pa.array(persons, pa.string())
    totals = [np.zeros((len(persons), 0)) for _ in names[2:]]
    for part in source.read(names):
        month = _months(part[names[1]], f"{source.path}: {names[1]}")
        row = pc.index_in(as_keys(part[names[0]], f"{source.path}: {names[0]}"), value_set=wanted)
        if len(month) and month.max() >= totals[0].shape[1]:
            more = int(month.max()) + 1 - totals[0].shape[1]
            totals = [np.pad(total, ((0, 0), (0, more))) for total in totals]
        ours = row.is_valid().to_numpy()
        at = pc.fill_null(row, 0).to_numpy()[ours]
        for total, name in zip(totals, names[2:], strict=True):
            paid = np.nan_to_num(as_numbers(part[name], f"{source.path}: {name}"))
            np.add.at(total, (at, month[ours]), paid[ours])
    hours, *pay = totals
    return Pay(FIRST_BFL_YEAR * 12, hours.astype(np.float32), pay[0] if pay else None)


def _months(cells: pa.ChunkedArray, where: str) -> NDArray[np.int64]:
    """Number the month of each date from the first of the income register on."""
    dates = as_dates(cells, where)
    month = pc.year(dates).to_numpy() * 12 + pc.month(dates).to_numpy() - 1 - FIRST_BFL_YEAR * 12
    if len(month) and month.min() < 0:
        raise RegisterError(
            f"the income register begins in {FIRST_BFL_YEAR}",
            found=f"{int((month < 0).sum())} earlier rows",
            where=where,
            mend="check the dates",
            code="register-range",
        )
    return np.asarray(month, dtype=np.int64)


def _check_earnings(source: Source) -> None:
    if not any(name.lower() == EARNINGS.lower() for name in source.names):
        raise RegisterError(
            f"earnings need the column {EARNINGS}",
            found="no such column",
            where=str(source.path),
            mend="deliver it, or declare no outcome of variable earnings",
            code="register-column",
        )


def check_single(must: str, keys: pa.ChunkedArray | pa.Array, path: Path) -> None:
    """Raise RegisterError if a key stands more than once."""
    repeated = len(keys) - pc.count_distinct(keys).as_py()
    if repeated:
        raise RegisterError(
            must,
            found=f"{repeated} rows too many",
            where=str(path),
            mend="remove the repeated rows",
            code="register-duplicate",
        )
