"""The kernel every engine calls: persons of the register in, one row a person out, an Arrow batch for a batch.

1. A person's row holds the spells and, for a key that is followed, the outcomes after week 0.
2. A participant with several keys cannot be followed key by key: such rows carry their runs, and whoever gathers the
   batches joins them (`joined`): a week has the code of the first key that has one.
3. Codes that are not declared are counted in weeks, on the first row of the batch; the gatherer refuses the result.
4. Weeks are columns of the register, counted from 0; the rows of a batch depend on no other batch.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from analysis.spells.changes import Runs, runs_of
from analysis.spells.engine import Block, part_of
from analysis.spells.follow import HORIZONS, follow
from analysis.spells.kernel import PayOfMonths
from analysis.spells.layout import Layout
from analysis.spells.table import Spells, spells_of

_SPELL = pa.struct(
    [("start", pa.int16()), ("end", pa.int16()), ("exit", pa.int16()), ("cause", pa.int16()), ("late", pa.bool_())]
)
COUNTED = [f"{name}_{horizon}" for name in ("weeks_out", "benefit_weeks") for horizon in HORIZONS]
_FOLLOWED = pa.struct([(name, pa.int16()) for name in (*COUNTED, "exit", "known", "end", "ended_by")])
_RUNS = pa.struct([("week", pa.int16()), ("code", pa.int16())])
_PAID = pa.list_(pa.int8())
_UNKNOWN = pa.struct([("code", pa.int16()), ("weeks", pa.int64())])
SCHEMA = pa.schema(
    [
        ("row", pa.int64()), ("pnr", pa.string()), ("spells", pa.list_(_SPELL)), ("followed", _FOLLOWED),
        ("runs", pa.list_(_RUNS)), ("paid", _PAID), ("unknown", pa.list_(_UNKNOWN)),
    ]
)  # fmt: skip


def _no_keys() -> pa.Array:
    return pa.array([], pa.string())


def _no_weeks() -> NDArray[np.int32]:
    return np.zeros(0, dtype=np.int32)


@dataclass(frozen=True)
class Task:
    """What is asked of a register: the states of codes, and who is followed from which week under which definition.

    keys: the keys of participants; week_0: the column of each key's week 0, or -1 where the person has several keys.
    """

    layout: Layout
    table: NDArray[np.uint8]
    keys: pa.Array = field(default_factory=_no_keys)
    week_0: NDArray[np.int32] = field(default_factory=_no_weeks)
    definition: str = "a"


def persons(block: Block, task: Task) -> pa.RecordBatch:
    """Give the rows of a block of persons, in its order."""
    spells = spells_of(block.runs, task.table, block.pay)
    at = np.zeros(0, dtype=np.int64)
    who = np.zeros(0, dtype=np.int64)
    if len(task.keys):
        found = _index_in(block.pnr, task.keys)
        at = np.flatnonzero(found >= 0)
        who = found[at]
    rows = len(block.pnr)
    own = task.week_0[who] >= 0
    columns = [
        pa.array(np.arange(block.start, block.start + rows)),
        block.pnr.cast(pa.string()),
        _spells(spells, rows),
        _followed(block, task, at[own], task.week_0[who[own]]),
        _runs(block.runs, at[~own]),
        _paid(block.pay, at[~own], rows),
        _unknown(spells, rows),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=SCHEMA)


def persons_of(batch: pa.RecordBatch, task: Task, start: int) -> pa.RecordBatch:
    """Give the rows of persons that come as a batch of register columns, the first of them row `start`."""
    return persons(part_of(pa.Table.from_batches([batch]), task.layout, start).block(task.layout), task)


def joined(rows: Sequence[dict[str, Any]], task: Task, week_0: int) -> pa.StructArray:
    """Follow one participant through the rows of all keys, in the order of the keys."""
    weeks = len(task.layout.mondays)
    codes = np.zeros(weeks, dtype=np.int16)
    paid = np.zeros(len(task.layout.months), dtype=np.uint8)
    for row in rows:
        own = np.zeros(weeks, dtype=np.int16)
        for run in row["runs"]:
            own[run["week"] :] = run["code"]
        codes = np.where(codes == 0, own, codes)
        paid = np.maximum(paid, np.array(row["paid"] or [], dtype=np.uint8) if len(paid) else paid)
    block = Block(
        0, pa.array([""]), runs_of(codes[:, None]),
        PayOfMonths(task.layout.month_rows(), paid[:, None].copy()) if len(paid) else None,
    )  # fmt: skip
    return _followed(block, task, np.zeros(1, dtype=np.int64), np.array([week_0], dtype=np.int32))


def _index_in(keys: pa.Array, wanted: pa.Array) -> NDArray[np.int64]:
    import pyarrow.compute as pc  # noqa: PLC0415

    return np.asarray(pc.fill_null(pc.index_in(keys, value_set=wanted), -1).to_numpy(zero_copy_only=False))


def _spells(spells: Spells, rows: int) -> pa.Array:
    columns = [spells.start, spells.end, spells.exit, spells.cause.astype(np.int16)]
    arrays = [*map(pa.array, columns), pa.array(spells.truncated).cast(pa.bool_())]
    offsets = np.zeros(rows + 1, dtype=np.int32)
    np.cumsum(np.bincount(spells.row, minlength=rows), out=offsets[1:])
    return pa.ListArray.from_arrays(pa.array(offsets), pa.StructArray.from_arrays(arrays, fields=list(_SPELL)))


def _followed(block: Block, task: Task, at: NDArray[np.int64], week_0: NDArray[np.int32]) -> pa.Array:
    origin = np.full(len(block.pnr), -1, dtype=np.int32)
    origin[at] = week_0
    if not len(at):
        return pa.nulls(len(origin), _FOLLOWED)
    found = follow(block.runs, task.table, origin, task.definition, block.pay)
    columns = [*found.weeks_out.T, *found.benefit_weeks.T, found.exit, found.known, found.end, found.ended_by]
    arrays = [pa.array(np.ascontiguousarray(column[at])) for column in columns]
    return _placed(pa.StructArray.from_arrays(arrays, fields=list(_FOLLOWED)), at, len(origin))


def _runs(runs: Runs, at: NDArray[np.int64]) -> pa.Array:
    rows: list[list[dict[str, int]] | None] = [None] * len(runs)
    for person in at:
        span = slice(runs.first[person], runs.first[person + 1])
        pairs = zip(runs.week[span].tolist(), runs.code[span].tolist(), strict=True)
        rows[person] = [{"week": week, "code": code} for week, code in pairs]
    return pa.array(rows, pa.list_(_RUNS)) if len(at) else pa.nulls(len(rows), pa.list_(_RUNS))


def _paid(pay: PayOfMonths | None, at: NDArray[np.int64], rows: int) -> pa.Array:
    if pay is None or not len(at):
        return pa.nulls(rows, _PAID)
    return _placed(pa.array(pay.pay[:, at].T.astype(np.int8).tolist(), _PAID), at, rows)


def _placed(values: pa.Array, at: NDArray[np.int64], rows: int) -> pa.Array:
    """Put values at some rows, nothing at the others."""
    place = np.full(rows, -1, dtype=np.int64)
    place[at] = np.arange(len(at))
    return values.take(pa.array(place, mask=place < 0))


def _unknown(spells: Spells, rows: int) -> pa.Array:
    if not spells.unknown or not rows:
        return pa.nulls(rows, pa.list_(_UNKNOWN))
    first = [{"code": code, "weeks": weeks} for code, weeks in sorted(spells.unknown.items())]
    return pa.array([first, *[None] * (rows - 1)], pa.list_(_UNKNOWN))
