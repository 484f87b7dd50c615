"""The spells of a register as a Parquet file, and their counts: dates instead of columns, causes by name."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from analysis.registers.files import Writers
from analysis.registers.read import weeks_of
from analysis.registers.schema import DREAM
from analysis.registers.sources import open_source
from analysis.registers.weeks import column_of
from analysis.spells.causes import Cause
from analysis.spells.engine import Block, through
from analysis.spells.table import Spells, spells_of
from trial.errors import RegisterError

CAUSES = pa.array([Cause(at).name.lower().replace("_", "-") if at in set(Cause) else None for at in range(256)])


@dataclass(frozen=True)
class Census:
    """What a register holds: persons, spells, their causes, how many may have begun before it."""

    persons: int
    first_week: str
    last_week: str
    spells: int
    truncated: int
    causes: dict[str, int]


def write_spells(folder: Path, table: NDArray[np.uint8], out: Path | None, threads: int = 2) -> Census:
    """Find the spells of a register; with `out` write them to spells.parquet in that folder, whole or not at all."""
    mondays = [monday for monday, _ in weeks_of(open_source(folder, DREAM))]
    days = pa.array([*mondays, None], pa.date32())
    persons, truncated = 0, 0
    causes: Counter[str] = Counter()
    unknown: Counter[int] = Counter()

    def work(block: Block) -> tuple[Block, Spells]:
        return block, spells_of(block.runs, table, block.pay)

    with Writers(out) if out is not None else _Nowhere() as writers:
        for block, spells in through(folder, work, threads):
            persons += len(block.pnr)
            truncated += int(spells.truncated.sum())
            unknown.update(spells.unknown)
            counts = np.bincount(spells.cause, minlength=len(CAUSES))
            causes.update({CAUSES[int(at)].as_py(): int(counts[at]) for at in np.flatnonzero(counts)})
            writers.write({"spells": as_table(block, spells, days)})
        check_no_unknown(unknown, str(folder))
    return Census(
        persons, column_of(mondays[0]), column_of(mondays[-1]), sum(causes.values()), truncated, dict(causes)
    )


class _Nowhere(Writers):
    """Writers of a dry run."""

    def __init__(self) -> None:
        super().__init__(Path())

    def __enter__(self) -> "_Nowhere":
        return self

    def write(self, tables: object) -> None:
        """Write nothing."""


def as_table(block: Block, spells: Spells, days: pa.Array) -> pa.Table:
    """Give spells with keys, the Mondays of their weeks and the names of their causes; `days` ends with a null."""
    return pa.table(
        {
            "pnr": block.pnr.take(pa.array(spells.row)),
            "start_on": days.take(pa.array(spells.start)),
            "end_on": days.take(pa.array(spells.end)),
            "exit_on": days.take(pa.array(np.where(spells.exit < 0, len(days) - 1, spells.exit))),
            "cause": CAUSES.take(pa.array(spells.cause)),
            "truncated": pa.array(spells.truncated).cast(pa.bool_()),
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
