"""Cells and counts in one pass over a Parquet file: the only place here that reads one.

1. Only the columns that are used are decoded, and kept in the file's narrow types; a compiled pass adds them up.
2. Whole-number columns are added up exactly: the same bits whatever the row order or the number of threads. Others
   are tabulated after sorting, which costs more.
3. A missing value in a column that is used is refused and counted, as everywhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from analysis.estimate.cells import Cells, Ints, codes, tabulate
from analysis.estimate.counts import MAX_WEEKS, Counts
from analysis.estimate.passes import cell_sums, duration_counts
from analysis.estimate.result import DegenerateError
from analysis.estimate.threads import over_parts
from trial.errors import FileError

MAX_CELLS = 2_000_000
Column = npt.NDArray[Any]


@dataclass(frozen=True)
class Columns:
    """Which columns of the file are what; `of` and `against` are values of the arm column."""

    arm: str
    stratum: str
    of: Any = 1
    against: Any = 0
    cluster: str | None = None
    dose: str | None = None


def scan_cells(path: Path, outcome: str, columns: Columns, *, threads: int | None = None) -> Cells:
    """Count a Parquet file into cells of an outcome; rows of other arms are left out."""
    frame = _read(path, [outcome, columns.arm, columns.stratum, columns.cluster, columns.dose])
    y, (arm, pair) = _column(frame, outcome), _arm(frame, columns)
    dose = _column(frame, columns.dose) if columns.dose else None
    strata, names = _coded(frame, columns.stratum)
    cluster, groups = _coded(frame, columns.cluster) if columns.cluster else (strata, ("all",))
    if not _exact(y) or not (dose is None or _exact(dose)) or len(names) * len(groups) * 2 > MAX_CELLS:
        kept = (arm == pair[0]) | (arm == pair[1])
        return tabulate(
            y[kept], arm[kept] == pair[1], np.array(names, dtype=object)[strata[kept]], arms=_names(columns),
            dose=None if dose is None else dose[kept],
            cluster=np.array(groups, dtype=object)[cluster[kept]] if columns.cluster else None,
        )  # fmt: skip
    rows = (y, y if dose is None else dose, arm, strata, cluster)
    sizes = (len(names), len(groups), 3 if dose is None else 6)
    parts = over_parts(lambda *span: cell_sums(rows, pair, sizes, span), len(y), threads=threads)
    return _cells(sum(parts, start=np.zeros((1, 1), dtype=np.int64)), names, groups, columns)


def scan_counts(path: Path, week: str, event: str, columns: Columns, *, threads: int | None = None) -> Counts:
    """Count a Parquet file into counts of durations; rows of other arms are left out."""
    frame = _read(path, [week, event, columns.arm, columns.stratum])
    weeks, events, (arm, pair) = _column(frame, week), _column(frame, event), _arm(frame, columns)
    for name, values in ((week, weeks), (event, events)):
        if not np.issubdtype(values.dtype, np.integer) or (len(values) and values.min() < 0):
            raise DegenerateError(f"{name} must be a column of whole numbers from 0")
    if not len(weeks) or weeks.max() > MAX_WEEKS or events.max() > 100:
        raise DegenerateError(f"no citizens, a week above {MAX_WEEKS}, or a cause above 100")
    strata, names = _coded(frame, columns.stratum)
    shape = (len(names), max(int(events.max()), 1) + 1, int(weeks.max()) + 1)
    rows = (weeks, events, arm, strata)
    parts = over_parts(lambda *span: duration_counts(rows, pair, shape, span), len(weeks), threads=threads)
    table = np.sum(parts, axis=0).reshape(shape[0], 2, *shape[1:]).transpose(1, 0, 2, 3)
    counts = Counts(_names(columns), names, np.ascontiguousarray(table))
    for name, number in counts.per_arm().items():
        if not number:
            raise DegenerateError(f"arm {name} has no citizen with an observed duration")
    return counts


def _read(path: Path, wanted: Sequence[str | None]) -> pl.DataFrame:
    names = list(dict.fromkeys(name for name in wanted if name))
    try:
        frame = pl.read_parquet(path, columns=names)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise FileError(
            f"a Parquet file must be readable and have the columns {', '.join(names)}",
            found=type(error).__name__, where=str(path), mend="name the file and its columns", code="file-column",
        ) from error  # fmt: skip
    for name in names:
        if missing := frame[name].null_count():
            raise DegenerateError(f"{missing} citizens have no {name}")
    return frame


def _column(frame: pl.DataFrame, name: str) -> Column:
    """Give a column as it is; read-only, so that the compiled pass sees one kind of array."""
    values = frame[name].to_numpy().view()
    values.flags.writeable = False
    return values


def _arm(frame: pl.DataFrame, columns: Columns) -> tuple[Column, tuple[int, int]]:
    """Give the arm as small numbers and the pair of values of the first and second arm."""
    values = frame[columns.arm]
    if values.dtype.is_integer():
        return _column(frame, columns.arm), (int(columns.against), int(columns.of))
    neither = (values != columns.of) & (values != columns.against)
    numbered = pl.DataFrame({"arm": (values == columns.of).cast(pl.Int8) - neither.cast(pl.Int8)})
    return _column(numbered, "arm"), (0, 1)


def _coded(frame: pl.DataFrame, name: str) -> tuple[Column, tuple[str, ...]]:
    """Give each row's code and the names; small whole numbers from 0 are their own codes."""
    values = _column(frame, name)
    if np.issubdtype(values.dtype, np.integer) and len(values):
        low, high = int(values.min()), int(values.max())
        if low >= 0 and high < 2**16:
            return values, tuple(str(code) for code in range(high + 1))
    names, positions = codes(values)
    positions.flags.writeable = False
    return positions, names


def _exact(values: Column) -> bool:
    if not np.issubdtype(values.dtype, np.integer) or not len(values):
        return False
    if max(-int(np.iinfo(values.dtype).min), int(np.iinfo(values.dtype).max)) ** 2 * len(values) < 2**62:
        return True
    largest = max(abs(int(values.min())), abs(int(values.max())))
    return largest**2 * len(values) < 2**62


def _names(columns: Columns) -> tuple[str, str]:
    return str(columns.against), str(columns.of)


def _cells(sums: Ints, names: Sequence[str], groups: Sequence[str], columns: Columns) -> Cells:
    """Leave out empty cells and shift the exact sums to a centre, in whole numbers."""
    if not sums.sum():
        raise DegenerateError("no citizen has an observed outcome")
    places = np.flatnonzero(sums[:, 0])
    table = np.array(sums[places].tolist(), dtype=object)
    n, y, yy = table[:, 0], table[:, 1], table[:, 2]
    d, dd, dy = (table[:, 3], table[:, 4], table[:, 5]) if table.shape[1] > 3 else (n * 0, n * 0, n * 0)
    centre = round(int(y.sum()) / int(n.sum()))
    stratum, second, cluster = np.unravel_index(places, (len(names), 2, len(groups)))
    present, stratum = np.unique(stratum, return_inverse=True)
    moments = [y - centre * n, yy - 2 * centre * y + centre**2 * n, d, dd, dy - centre * d]
    y, yy, d, dd, dy = (column.astype(np.float64) for column in moments)
    return Cells(
        arms=_names(columns), stratum=stratum.astype(np.int64), treated=second == 1,
        cluster=np.unique(cluster, return_inverse=True)[1].astype(np.int64), weight=np.ones(len(places)),
        n=n.astype(np.int64), y=y, yy=yy, d=d, dd=dd, dy=dy, centre=float(centre),
        strata=tuple(names[code] for code in present), clustered=columns.cluster is not None,
    )  # fmt: skip
