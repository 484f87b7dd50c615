"""A national register through the kernel: blocks of persons, some columns at a time, on all processors.

1. A block is one or more row groups of the Parquet file. Its columns are decoded a few at a time and pushed into the
   change finders of the threads, so memory follows the block, neither the number of persons nor that of weeks.
2. `grad_YYYY_MM`, where the file has it, tells paid months from unpaid ones; without it a week without benefit is
   only that.
3. Formats other than Parquet go the same way, batch by batch, at the speed of their readers.
4. Results do not depend on blocks or threads: a person is never divided, and the order is that of the file.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from analysis.registers.cells import as_codes, as_keys, as_numbers
from analysis.registers.read import weeks_of
from analysis.registers.schema import DREAM
from analysis.registers.sources import Source, open_source
from analysis.registers.weeks import week_months
from analysis.spells.causes import PAID, UNPAID
from analysis.spells.changes import Changes, Runs
from analysis.spells.kernel import PayOfMonths

BLOCK = 131_072
TOGETHER = 64  # columns decoded at a time
T = TypeVar("T")
_GRAD = re.compile(r"grad_(\d{4})_(\d{2})", re.IGNORECASE)


@dataclass(frozen=True)
class Block:
    """Some persons of the register: their keys, their runs in consecutive weeks, and what is known of their pay."""

    pnr: pa.Array
    runs: Runs
    pay: PayOfMonths | None


@dataclass(frozen=True)
class _Layout:
    key: str
    mondays: tuple[date, ...]
    weeks: list[str]
    months: dict[int, str]

    @classmethod
    def of(cls, source: Source) -> "_Layout":
        weeks = weeks_of(source)
        found = ((_GRAD.fullmatch(name), name) for name in source.names)
        months = {int(match[1]) * 12 + int(match[2]) - 1: name for match, name in found if match}
        return cls(source.spelt("pnr"), tuple(monday for monday, _ in weeks), [name for _, name in weeks], months)

    def month_rows(self) -> NDArray[np.int64]:
        """Give the row of each week's month among the months of the file, -1 where there is none."""
        row = {month: at for at, month in enumerate(sorted(self.months))}
        return np.array([row.get(month, -1) for month in week_months(self.mondays)], dtype=np.int64)


def through(folder: Path, work: Callable[[Block], T], threads: int = 2, block: int = BLOCK) -> Iterator[T]:
    """Give what `work` makes of every block of the DREAM file of a folder, in the order of the file.

    work: called in the threads, once for each thread's share of a block; it should let go of the interpreter lock.
    """
    source = open_source(folder, DREAM)
    layout = _Layout.of(source)
    read = _parquet_blocks if source.path.suffix == ".parquet" else _other_blocks
    with ThreadPoolExecutor(threads) as pool, ThreadPoolExecutor(1) as ahead:
        for part in read(source, layout, block):
            yield from pool.map(work, part.shares(layout, pool, ahead, threads))


@dataclass(frozen=True)
class _Part:
    """Persons whose columns can be asked for: a way to decode some columns, as numbers."""

    pnr: pa.Array
    codes: Callable[[Sequence[str]], list[NDArray[np.int16]]]
    grades: Callable[[Sequence[str]], list[NDArray[np.float64]]]

    def shares(
        self, layout: _Layout, pool: ThreadPoolExecutor, ahead: ThreadPoolExecutor, threads: int
    ) -> list[Block]:
        """Find the runs of every thread's share; the next columns are decoded while these are compared."""
        persons = len(self.pnr)
        cuts = [persons * at // threads // 4 * 4 for at in range(threads)] + [persons]
        finders = [Changes() for _ in range(threads)]
        batches = [layout.weeks[start : start + TOGETHER] for start in range(0, len(layout.weeks), TOGETHER)]
        coming = ahead.submit(self.codes, batches[0])
        for batch in [*batches[1:], []]:
            columns = coming.result()
            coming = ahead.submit(self.codes, batch)

            def push(at: int, columns: Sequence[NDArray[np.int16]] = columns) -> None:
                for column in columns:
                    finders[at].push(column[cuts[at] : cuts[at + 1]])

            list(pool.map(push, range(threads)))
        pay = self._pay(layout)
        return [
            Block(self.pnr[low:high], runs, pay and pay._replace(pay=np.ascontiguousarray(pay.pay[:, low:high])))
            for low, high, runs in zip(cuts, cuts[1:], pool.map(Changes.runs, finders), strict=False)
        ]

    def _pay(self, layout: _Layout) -> PayOfMonths | None:
        if not layout.months:
            return None
        names = [layout.months[month] for month in sorted(layout.months)]
        pay = np.empty((len(names), len(self.pnr)), dtype=np.uint8)
        for at, ratio in enumerate(self.grades(names)):
            pay[at] = np.where(np.nan_to_num(ratio) > 0, PAID, UNPAID)
        return PayOfMonths(layout.month_rows(), pay)


def _parquet_blocks(source: Source, layout: _Layout, block: int) -> Iterator[_Part]:
    import polars as pl  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    metadata = pq.read_metadata(source.path)
    sizes = [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)]
    schema = pq.read_schema(source.path)
    small = [name for name in layout.weeks if pa.types.is_integer(schema.field(name).type)]
    scan = pl.scan_parquet(source.path)
    for start, rows in _spans(sizes, block):
        part = scan.slice(start, rows)
        pnr = as_keys(part.select(layout.key).collect().to_arrow()[layout.key], f"{source.path}: {layout.key}")

        def codes(names: Sequence[str], part: Any = part) -> list[NDArray[np.int16]]:
            if not names:
                return []
            if all(name in small for name in names):
                frame = part.select(pl.col(names).fill_null(0).cast(pl.Int16)).collect()
                return [frame[name].to_numpy() for name in names]
            table = part.select(names).collect().to_arrow()
            return [as_codes(table[name], f"{source.path}: {name}") for name in names]

        def grades(names: Sequence[str], part: Any = part) -> list[NDArray[np.float64]]:
            frame = part.select(pl.col(names).cast(pl.Float64)).collect()
            return [frame[name].to_numpy() for name in names]

        yield _Part(pnr, codes, grades)


def _other_blocks(source: Source, layout: _Layout, block: int) -> Iterator[_Part]:
    grads = [layout.months[month] for month in sorted(layout.months)]
    for whole in source.read([layout.key, *layout.weeks, *grads]):
        for start in range(0, len(whole), block):
            table = whole.slice(start, block)

            def codes(names: Sequence[str], table: pa.Table = table) -> list[NDArray[np.int16]]:
                return [as_codes(table[name], f"{source.path}: {name}") for name in names]

            def grades(names: Sequence[str], table: pa.Table = table) -> list[NDArray[np.float64]]:
                return [as_numbers(table[name], f"{source.path}: {name}") for name in names]

            yield _Part(as_keys(table[layout.key], str(source.path)), codes, grades)


def _spans(sizes: Sequence[int], block: int) -> Iterator[tuple[int, int]]:
    """Join row groups until they make a block; a row group is never divided."""
    start = rows = 0
    for size in sizes:
        if rows and rows + size > block:
            yield start, rows
            start, rows = start + rows, 0
        rows += size
    if rows:
        yield start, rows
