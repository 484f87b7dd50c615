"""The spells of a register as a Parquet file, and their counts: dates instead of columns, causes by name.

One pass over the register, by either engine; whoever wants more than spells of the same pass watches it.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from typing import Protocol as Shape

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analysis.registers.files import Writers
from analysis.registers.weeks import column_of
from analysis.spells.causes import Cause
from analysis.spells.engine import through
from analysis.spells.persons import Task, persons
from trial.errors import RegisterError

CAUSES = pa.array([Cause(at).name.lower().replace("_", "-") if at in set(Cause) else None for at in range(256)])
ENGINES = ("local", "spark")


class Watcher(Shape):
    """Somebody who takes more than spells from a pass: shown every batch, asked for tables when all went well."""

    def see(self, batch: pa.RecordBatch) -> None: ...
    def tables(self) -> dict[str, pa.Table]: ...


@dataclass(frozen=True)
class Census:
    """What a register holds: persons, spells, their causes, how many may have begun before it."""

    persons: int
    first_week: str
    last_week: str
    spells: int
    truncated: int
    causes: dict[str, int]


def rows_of(
    folder: Path,
    task: Task,
    *,
    engine: str = "local",
    threads: int = 2,
    stage: Path | None = None,
    progress: Callable[[int], None] | None = None,
) -> Iterator[pa.RecordBatch]:
    """Give one row a person by an engine; the rows and their order do not depend on it."""
    if engine == "spark":
        from analysis.spells import spark  # noqa: PLC0415 - PySpark comes with the extra `cluster` only

        return spark.through(folder, task, stage)
    return through(folder, lambda block: persons(block, task), threads, progress=progress)


def write_spells(folder: Path, task: Task, out: Path | None, watcher: Watcher | None = None, **how: Any) -> Census:
    """Find the spells of a register; with `out` write them to spells.parquet in that folder, whole or not at all.

    watcher: its tables are written beside the spells. how: the engine and its settings, as `rows_of` takes them.
    """
    days = pa.array([*task.layout.mondays, None], pa.date32())
    count, truncated = 0, 0
    causes: Counter[str] = Counter()
    unknown: Counter[int] = Counter()
    with Writers(out) if out is not None else _Nowhere() as writers:
        for rows in rows_of(folder, task, stage=out, **how):
            spells = as_table(rows, days)
            count += len(rows)
            truncated += pc.sum(spells["truncated"]).as_py() or 0
            causes.update({one["values"]: one["counts"] for one in pc.value_counts(spells["cause"]).to_pylist()})
            for one in rows.column("unknown").flatten().to_pylist():
                unknown[one["code"]] += one["weeks"]
            if watcher:
                watcher.see(rows)
            writers.write({"spells": spells})
        check_no_unknown(unknown, task.layout.path)
        if watcher:
            writers.write(watcher.tables())
    first, last = task.layout.mondays[0], task.layout.mondays[-1]
    return Census(count, column_of(first), column_of(last), sum(causes.values()), truncated, dict(causes))


class _Nowhere(Writers):
    """Writers of a dry run."""

    def __init__(self) -> None:
        super().__init__(Path())

    def __enter__(self) -> "_Nowhere":
        return self

    def write(self, tables: object) -> None:
        """Write nothing."""


def as_table(rows: pa.RecordBatch, days: pa.Array) -> pa.Table:
    """Give spells with keys, the Mondays of their weeks and the names of their causes; `days` ends with a null."""
    spells = rows.column("spells")
    start, end, left, cause, late = spells.flatten().flatten()
    place = np.where(left.to_numpy() < 0, len(days) - 1, left.to_numpy())
    return pa.table(
        {
            "pnr": rows.column("pnr").take(pc.list_parent_indices(spells)),
            "start_on": days.take(start),
            "end_on": days.take(end),
            "exit_on": days.take(pa.array(place)),
            "cause": CAUSES.take(cause),
            "truncated": late,
        }
    )


def check_no_unknown(unknown: Counter[int], where: str) -> None:
    """Raise RegisterError if a code was met that is not declared, with the weeks it filled."""
    if unknown:
        raise RegisterError(
            "every code must be declared in the code file",
            found=", ".join(f"{code} ({weeks} weeks)" for code, weeks in sorted(unknown.items())[:20]),
            where=where,
            mend="add the code to a copy of protocols/codes/dream.csv and give it with --codes, or use --unknown-as",
            code="register-unknown-code",
        )
