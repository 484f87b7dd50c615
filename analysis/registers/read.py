"""Reading registers: a folder with one file a register, checked against its declaration before use.

1. DREAM comes row group by row group, only the persons asked for: memory follows the cohort, not the register.
2. Weekly columns may stand in any order and hold numbers or texts; an empty cell or text is a week without benefit.
   They must be consecutive ISO weeks, and every code must be declared.
3. A person stands once in DREAM. In BFL the hours of all jobs of a month are added.
4. Every error names file, column and count, never a person.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from analysis.registers.codes import check_known
from analysis.registers.schema import BFL, DREAM, LINK, Register
from analysis.registers.weeks import check_consecutive, column_of, is_week_column, monday_of
from trial.errors import FileError, RegisterError

FIRST_BFL_YEAR = 2008


@dataclass(frozen=True)
class Dream:
    """Codes of persons (rows, by `pnr`) in consecutive weeks (columns, by their Mondays); 0 is an empty cell."""

    pnr: NDArray[Any]
    mondays: tuple[date, ...]
    codes: NDArray[np.int16]


@dataclass(frozen=True)
class Pay:
    """Paid hours of persons (rows, in the order asked for) in months (columns, from `first_month`)."""

    first_month: int
    hours: NDArray[np.float32]


def file_of(folder: Path, register: Register) -> Path:
    """Find the Parquet file of a register in a folder of registers."""
    path = folder / f"{register.name}.parquet"
    if not path.is_file():
        raise FileError(
            f"the folder of registers must hold {register.name}.parquet",
            found="no such file",
            where=str(folder),
            mend="deliver it, or make synthetic registers with `analysis registers synthesise`",
            code="file-missing",
        )
    return path


def open_register(folder: Path, register: Register) -> pq.ParquetFile:
    """Open the file of a register and check its columns."""
    path = file_of(folder, register)
    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError):
        raise FileError(
            "a register must be a whole Parquet file",
            found=f"{path.stat().st_size} bytes that are not",
            where=str(path),
            mend="copy the file anew; it is cut short or of another format",
            code="file-unreadable",
        ) from None
    register.check_columns(file.schema_arrow.names, str(path))
    return file


def key_column(names: Sequence[str], wanted: str = "pnr") -> str:
    """Give a column as the file spells it."""
    return next(name for name in names if name.lower() == wanted.lower())


def read_link(folder: Path) -> pa.Table:
    """Read the link table: participant_id, pnr; a participant may not have two persons, nor a person two."""
    file = open_register(folder, LINK)
    names = file.schema_arrow.names
    table = file.read(columns=[key_column(names, "participant_id"), key_column(names)])
    table = table.rename_columns(["participant_id", "pnr"]).cast(
        pa.schema([("participant_id", pa.string()), ("pnr", pa.string())])
    )
    for column in table.column_names:
        repeated = len(table) - pc.count_distinct(table[column]).as_py()
        if repeated:
            raise RegisterError(
                f"each {column} stands once in the link table",
                found=f"{repeated} rows too many",
                where=str(folder / "link.parquet"),
                mend="make one row a participant",
                code="register-duplicate",
            )
    return table


def read_dream(
    folder: Path, table: NDArray[np.uint8], persons: NDArray[Any] | None = None, since: date | None = None
) -> Dream:
    """Read DREAM: the persons asked for (all without), the weeks from `since` on (all without)."""
    file = open_register(folder, DREAM)
    where = str(folder / "dream.parquet")
    names = file.schema_arrow.names
    weeks = sorted((monday_of(name), name) for name in names if is_week_column(name))
    check_consecutive([monday for monday, _ in weeks], where)
    wanted = [(monday, name) for monday, name in weeks if since is None or monday >= since]
    parts = list(_row_groups(file, key_column(names), [name for _, name in wanted], persons, where))
    pnr = np.concatenate([part[0] for part in parts]) if parts else np.array([], dtype=object)
    codes = np.concatenate([part[1] for part in parts]) if parts else np.zeros((0, len(wanted)), dtype=np.int16)
    repeated = len(pnr) - len(np.unique(pnr))
    if repeated:
        raise RegisterError(
            "a person has one row in DREAM", found=f"{repeated} rows too many", where=where,
            mend="remove the repeated rows", code="register-duplicate",
        )  # fmt: skip
    check_known(codes, table, where)
    return Dream(pnr, tuple(monday for monday, _ in wanted), codes)


def _row_groups(
    file: pq.ParquetFile, key: str, columns: list[str], persons: NDArray[Any] | None, where: str
) -> Iterator[tuple[NDArray[Any], NDArray[np.int16]]]:
    wanted = None if persons is None else pa.array(persons, pa.string())
    for group in range(file.num_row_groups):
        table = file.read_row_group(group, columns=[key, *columns])
        pnr = table[key].cast(pa.string())
        if wanted is not None:
            keep = pc.is_in(pnr, value_set=wanted)
            table, pnr = table.filter(keep), pnr.filter(keep)
        codes = np.empty((len(pnr), len(columns)), dtype=np.int16, order="F")
        for index, column in enumerate(columns):
            codes[:, index] = as_codes(table[column], f"{where}: {column}")
        yield pnr.to_numpy(zero_copy_only=False), codes


def as_codes(cells: pa.ChunkedArray, where: str) -> NDArray[np.int16]:
    """Give a weekly column as numbers, 0 where it is empty; letters in a code raise RegisterError."""
    if pa.types.is_string(cells.type) or pa.types.is_large_string(cells.type):
        cells = pc.utf8_trim_whitespace(cells)
        cells = pc.if_else(pc.equal(cells, ""), None, cells)
        bad = pc.sum(pc.invert(pc.match_substring_regex(cells, r"^\d{1,3}$"))).as_py() or 0
        if bad:
            raise RegisterError(
                "a code has one to three digits",
                found=f"{bad} cells with something else",
                where=where,
                mend="check how the column was exported",
                code="register-code",
            )
    try:
        return np.asarray(pc.fill_null(cells.cast(pa.int16()), 0).to_numpy())
    except pa.ArrowInvalid:
        raise RegisterError(
            "a code is a whole number of at most three digits",
            found=str(cells.type),
            where=where,
            mend="check the type of the column",
            code="register-code",
        ) from None


def read_pay(folder: Path, persons: NDArray[Any]) -> Pay:
    """Read the paid hours of the persons asked for, added up by month; months run to the last one in the file."""
    file = open_register(folder, BFL)
    names = [key_column(file.schema_arrow.names, name) for name in ("pnr", "AJO_JOB_START_DATO", "AJO_LOENTIMER")]
    wanted = pa.array(persons, pa.string())
    first = FIRST_BFL_YEAR * 12
    hours = np.zeros((len(persons), 0), dtype=np.float32)
    for group in range(file.num_row_groups):
        table = file.read_row_group(group, columns=names)
        start = table[names[1]].cast(pa.date32())
        month = (pc.year(start).to_numpy() * 12 + pc.month(start).to_numpy() - 1 - first).astype(np.int64)
        row = pc.index_in(table[names[0]].cast(pa.string()), value_set=wanted)
        if len(month) and month.max() >= hours.shape[1]:
            hours = np.pad(hours, ((0, 0), (0, int(month.max()) + 1 - hours.shape[1])))
        ours = row.is_valid().to_numpy()
        at = pc.fill_null(row, 0).to_numpy()[ours]
        np.add.at(hours, (at, month[ours]), table[names[2]].to_numpy()[ours])
    return Pay(first, hours)


def week_name(monday: date) -> str:
    """Name a week as people read it, by its DREAM column."""
    return column_of(monday)
