"""Cells and counts in one pass over a Parquet file: the only place here that reads one.

1. Only the columns that are used are decoded, and kept in the file's narrow types; a compiled pass adds them up.
2. Whole-number columns are added up exactly: the same bits whatever the row order or the number of threads. Others
   are tabulated after sorting, which costs more.
3. A missing value in a column that is used is refused and counted, as everywhere.
"""

import itertools
from collections.abc import Callable, Sequence
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
    y, (arm, pair) = frame[outcome], _arm(frame, columns)
    dose = frame[columns.dose] if columns.dose else None
    strata, names = _coded(frame[columns.stratum])
    cluster, groups = _coded(frame[columns.cluster]) if columns.cluster else (strata, ("all",))
    if not _exact(y) or not (dose is None or _exact(dose)) or len(names) * len(groups) * 2 > MAX_CELLS:
        arms = arm.to_numpy()
        kept = (arms == pair[0]) | (arms == pair[1])
        return tabulate(
            y.to_numpy()[kept], arms[kept] == pair[1], np.array(names, dtype=object)[strata.to_numpy()[kept]],
            arms=_names(columns), dose=None if dose is None else dose.to_numpy()[kept],
            cluster=np.array(groups, dtype=object)[cluster.to_numpy()[kept]] if columns.cluster else None,
        )  # fmt: skip
    sizes = (len(names), len(groups), 3 if dose is None else 6)
    parts = _over_chunks(
        lambda rows, span: cell_sums(rows, pair, sizes, span), [y, y if dose is None else dose, arm, strata, cluster],
        threads,
    )  # fmt: skip
    return _cells(sum(parts, start=np.zeros((1, 1), dtype=np.int64)), names, groups, columns)


def scan_counts(path: Path, week: str, event: str, columns: Columns, *, threads: int | None = None) -> Counts:
    """Count a Parquet file into counts of durations; rows of other arms are left out."""
    frame = _read(path, [week, event, columns.arm, columns.stratum])
    weeks, events, (arm, pair) = frame[week], frame[event], _arm(frame, columns)
    last_week, last_cause = (_highest(values) for values in (weeks, events))
    if not len(weeks) or last_week > MAX_WEEKS or last_cause > 100:
        raise DegenerateError(f"no citizens, a week above {MAX_WEEKS}, or a cause above 100")
    strata, names = _coded(frame[columns.stratum])
    shape = (len(names), max(last_cause, 1) + 1, last_week + 1)
    parts = _over_chunks(
        lambda rows, span: duration_counts(rows, pair, shape, span), [weeks, events, arm, strata], threads
    )
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


def _over_chunks(
    work: Callable[[tuple[Column, ...], tuple[int, int]], Ints], columns: Sequence[pl.Series], threads: int | None
) -> list[Ints]:
    """Add up what `work` gives of the rows, part by part; a column stays in the chunks it was decoded in."""
    lengths = columns[0].chunk_lengths()
    if any(column.chunk_lengths() != lengths for column in columns):
        columns, lengths = [column.rechunk() for column in columns], [len(columns[0])]
    chunks = list(zip(*([_array(chunk) for chunk in column.get_chunks()] for column in columns), strict=True))
    starts = [0, *itertools.accumulate(lengths)]

    def part(first: int, last: int) -> Ints:
        total: Any = 0
        for chunk, (start, end) in zip(chunks, itertools.pairwise(starts), strict=True):
            if start < last and end > first:
                total = total + work(chunk, (max(first, start) - start, min(last, end) - start))
        return np.asarray(total)

    return over_parts(part, len(columns[0]), threads=threads)


def _array(chunk: pl.Series) -> Column:
    """Give a chunk as it lies in memory; read-only, so that the compiled pass sees one kind of array."""
    values = chunk.to_numpy().view()
    values.flags.writeable = False
    return values


def _arm(frame: pl.DataFrame, columns: Columns) -> tuple[pl.Series, tuple[int, int]]:
    """Give the arm as small numbers and the pair of values of the first and second arm."""
    values = frame[columns.arm]
    if values.dtype.is_integer():
        return values, (int(columns.against), int(columns.of))
    neither = (values != columns.of) & (values != columns.against)
    return (values == columns.of).cast(pl.Int8) - neither.cast(pl.Int8), (0, 1)


def _coded(values: pl.Series) -> tuple[pl.Series, tuple[str, ...]]:
    """Give each row's code and the names; small whole numbers from 0 are their own codes."""
    if values.dtype.is_integer() and len(values):
        low, high = _extent(values)
        if low >= 0 and high < 2**16:
            return values, tuple(str(code) for code in range(high + 1))
    names, positions = codes(values.to_numpy())
    return pl.Series(positions), names


def _highest(values: pl.Series) -> int:
    """Give the greatest of whole numbers from 0; raise DegenerateError for others."""
    lowest, highest = _extent(values) if values.dtype.is_integer() and len(values) else (0, 0)
    if not values.dtype.is_integer() or lowest < 0:
        raise DegenerateError(f"{values.name} must be a column of whole numbers from 0")
    return highest


def _extent(values: pl.Series) -> tuple[int, int]:
    """Give the least and the greatest whole number."""
    return int(values.min()), int(values.max())  # type: ignore[arg-type]


def _exact(values: pl.Series) -> bool:
    """Say whether the squares of whole numbers can be added up exactly."""
    if not values.dtype.is_integer() or not len(values):
        return False
    narrow = np.iinfo(values.head(0).to_numpy().dtype)  # most types tell it without a look at ten million values
    if (int(narrow.max) + 1) ** 2 * len(values) < 2**62:
        return True
    return max(map(abs, _extent(values))) ** 2 * len(values) < 2**62


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
