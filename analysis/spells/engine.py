"""A national register through the kernel: blocks of persons, some columns at a time, on all processors.

1. A block is one or more row groups of the Parquet file; a thread takes a block, decodes its columns a few at a time
   and pushes them into its change finder. Memory follows the blocks in work, neither persons nor weeks.
2. `grad_YYYY_MM`, where the file has it, tells paid months from unpaid ones; without it a week without benefit is
   only that.
3. Formats other than Parquet go the same way, batch by batch, at the speed of their readers.
4. Results do not depend on blocks or threads: a person is never divided, and the order is that of the file.
5. A person who stands twice is found when the file has been read: keys that rise cannot repeat, others are counted.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from analysis.registers.cells import as_codes, as_keys, as_numbers
from analysis.registers.read import check_single
from analysis.registers.schema import DREAM
from analysis.registers.sources import Source, open_source, unreadable
from analysis.spells.causes import PAID, UNPAID
from analysis.spells.changes import ALL, Bits, Changes, Runs
from analysis.spells.kernel import PayOfMonths
from analysis.spells.layout import Layout

BLOCK = 131_072
TOGETHER = 64 * BLOCK  # cells decoded at a time
T = TypeVar("T")
Cells = tuple[NDArray[np.int16], Bits]


@dataclass(frozen=True)
class Block:
    """Some persons of the register, from row `start` on: their keys, their runs, and what is known of their pay."""

    start: int
    pnr: pa.Array
    runs: Runs
    pay: PayOfMonths | None


@dataclass(frozen=True)
class Part:
    """Persons whose columns can be asked for: a way to decode some columns, as numbers."""

    start: int
    pnr: pa.Array
    codes: Callable[[Sequence[str]], Iterable[Cells]]
    grades: Callable[[Sequence[str]], Iterable[NDArray[np.float64]]]

    def block(self, layout: Layout) -> Block:
        """Decode the persons' weeks and months."""
        changes = Changes()
        together = max(1, TOGETHER // max(1, len(self.pnr)))
        for at in range(0, len(layout.weeks), together):
            for column, valid in self.codes(layout.weeks[at : at + together]):
                changes.push(column, valid)
        return Block(self.start, self.pnr, changes.runs(), self._pay(layout))

    def _pay(self, layout: Layout) -> PayOfMonths | None:
        if not layout.grades:
            return None
        pay = np.empty((len(layout.grades), len(self.pnr)), dtype=np.uint8)
        for at, ratio in enumerate(self.grades(layout.grades)):
            pay[at] = np.where(np.nan_to_num(ratio) > 0, PAID, UNPAID)
        return PayOfMonths(layout.month_rows(), pay)


def through(
    folder: Path,
    work: Callable[[Block], T],
    threads: int = 2,
    block: int = BLOCK,
    progress: Callable[[int], None] | None = None,
) -> Iterator[T]:
    """Give what `work` makes of every block of the DREAM file of a folder, in the order of the file.

    work: called in the threads; it should let go of the interpreter lock. progress: told the persons done so far.
    """
    source = open_source(folder, DREAM)
    layout = Layout.of(source)
    read = _parquet_parts if source.path.suffix == ".parquet" else _other_parts
    order = KeyOrder()
    waiting: deque[tuple[int, Future[T]]] = deque()

    def one(part: Part) -> T:
        return work(part.block(layout))

    with ThreadPoolExecutor(threads) as pool:
        for part in read(source, layout, block):
            order.see(part.pnr)
            waiting.append((part.start + len(part.pnr), pool.submit(one, part)))
            if len(waiting) > threads:
                yield _next(waiting, progress)
        while waiting:
            yield _next(waiting, progress)
    if not order.rises:
        check_persons(source, layout)


def _next(waiting: "deque[tuple[int, Future[T]]]", progress: Callable[[int], None] | None) -> T:
    done, coming = waiting.popleft()
    result = coming.result()
    if progress:
        progress(done)
    return result


class KeyOrder:
    """Whether the keys met so far rise without a repeat."""

    def __init__(self) -> None:
        self.rises = True
        self.last: Any = None

    def see(self, keys: pa.Array) -> None:
        """Take the next keys."""
        import pyarrow.compute as pc  # noqa: PLC0415

        if not self.rises or not len(keys):
            return
        inside = pc.all(pc.less(keys[:-1], keys[1:])).as_py()
        self.rises = inside is not False and (self.last is None or self.last < keys[0].as_py())
        self.last = keys[len(keys) - 1].as_py()


def check_persons(source: Source, layout: Layout) -> None:
    """Raise RegisterError if a person has more than one row."""
    keys = [as_keys(part[layout.key], layout.path) for part in source.read([layout.key])]
    check_single("a person has one row in DREAM", pa.chunked_array([c for k in keys for c in k.chunks]), source.path)


def _parquet_parts(source: Source, layout: Layout, block: int) -> Iterator[Part]:
    import polars as pl  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    metadata = pq.read_metadata(source.path)
    sizes = [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)]
    schema = pq.read_schema(source.path)
    small = {name for name in layout.weeks if schema.field(name).type in (pa.int16(), pa.int8(), pa.uint8())}
    scan = pl.scan_parquet(source.path)
    for start, rows in _spans(sizes, block):
        part = scan.slice(start, rows)

        def codes(names: Sequence[str], part: Any = part) -> Iterator[Cells]:
            if small.issuperset(names):
                frame = _decoded(part.select(pl.col(names).cast(pl.Int16)), source.path)
                return (_cells(frame[name].to_arrow()) for name in names)
            table = _decoded(part.select(names), source.path).to_arrow()
            return ((as_codes(table[name], f"{source.path}: {name}"), ALL) for name in names)

        def grades(names: Sequence[str], part: Any = part) -> Iterator[NDArray[np.float64]]:
            table = _decoded(part.select(names), source.path).to_arrow()
            return (as_numbers(table[name], f"{source.path}: {name}") for name in names)

        keys = _decoded(part.select(layout.key), source.path).to_arrow()[layout.key]
        keys = as_keys(keys, f"{source.path}: {layout.key}")
        yield Part(start, keys.combine_chunks(), codes, grades)


def _decoded(part: Any, path: Path) -> Any:
    """Decode some columns; a page that is not whole raises FileError."""
    import polars as pl  # noqa: PLC0415

    try:
        return part.collect()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError):
        raise unreadable(path) from None


def _cells(cells: pa.Array) -> Cells:
    """Give the codes and their bits of validity as they lie in memory."""
    valid, values = cells.buffers()
    if cells.offset or values is None:
        return np.asarray(cells.fill_null(0).to_numpy(zero_copy_only=False), dtype=np.int16), ALL
    codes = np.frombuffer(values, dtype=np.int16, count=len(cells))
    return codes, ALL if valid is None or not cells.null_count else np.frombuffer(valid, dtype=np.uint8)


def _other_parts(source: Source, layout: Layout, block: int) -> Iterator[Part]:
    row = 0
    for whole in source.read(layout.columns):
        for start in range(0, len(whole), block):
            part = part_of(whole.slice(start, block), layout, row + start)
            yield part
        row += len(whole)


def part_of(table: pa.Table, layout: Layout, start: int) -> Part:
    """Make a part of a table that holds every column of the layout."""

    def codes(names: Sequence[str]) -> Iterator[Cells]:
        return ((as_codes(table[name], f"{layout.path}: {name}"), ALL) for name in names)

    def grades(names: Sequence[str]) -> Iterator[NDArray[np.float64]]:
        return (as_numbers(table[name], f"{layout.path}: {name}") for name in names)

    keys = as_keys(table[layout.key], f"{layout.path}: {layout.key}")
    return Part(start, keys.combine_chunks(), codes, grades)


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
