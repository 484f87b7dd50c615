"""Compute every cell of a replication file and compare it with what was printed.

1. One result a published statistic, in the order of the file.
2. What cannot be computed for want of its input is `inputs-missing`; the cells beside it go on.
3. What cannot be computed from lawful input `differs`, with the reason; it is never taken for a number.
4. A result is as expected when its status is the one the file declares; a changed status is the news.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import polars as pl

from analysis.reproduce.compare import compare, decimals, rounded
from analysis.reproduce.estimators import ESTIMATORS, NotComputable, Statistics
from analysis.reproduce.expression import keep
from analysis.reproduce.study import Cell, Status, Study, load_study
from analysis.reproduce.table import MissingInput, build
from trial.errors import ReproductionError


@dataclass(frozen=True)
class CellResult:
    """One published statistic beside the computed one.

    computed: the number in full; rounded: as printed, with `digits` decimals. Both None when there is none.
    """

    study: str
    cell: str
    statistic: str
    published: str
    computed: float | None
    rounded: str | None
    digits: int
    status: Status
    expected_status: Status
    seen: str
    reason: str
    note: str

    @property
    def as_expected(self) -> bool:
        """Say whether the status is the declared one."""
        return self.status == self.expected_status

    def to_json(self) -> dict[str, object]:
        """Give the result as plain data."""
        return {**asdict(self), "as_expected": self.as_expected}


def reproduce(path: Path) -> list[CellResult]:
    """Compute a replication file. Raises ReproductionError when the file is not lawful, FileError when unreadable."""
    return reproduce_study(load_study(path), beside=path.parent)


def reproduce_study(study: Study, beside: Path) -> list[CellResult]:
    """Compute a study; `beside` is the folder its files are named from."""
    built: dict[str, pl.DataFrame] = {}
    missing: dict[str, str] = {}
    for table in study.tables:
        try:
            built[table.name] = build(table, beside, built)
        except MissingInput as absent:
            missing[table.name] = str(absent)
    return [result for cell in study.cells for result in _cell(study, cell, built, missing)]


def _cell(
    study: Study, cell: Cell, built: Mapping[str, pl.DataFrame], missing: Mapping[str, str]
) -> list[CellResult]:
    if cell.table in missing:
        return [_without(study, cell, name, "inputs-missing", missing[cell.table]) for name in cell.published]
    try:
        statistics = _compute(cell, built[cell.table])
    except NotComputable as reason:
        return [_without(study, cell, name, "differs", str(reason)) for name in cell.published]
    return [_compared(study, cell, name, statistics) for name in cell.published]


def _compute(cell: Cell, frame: pl.DataFrame) -> Statistics:
    if cell.estimator not in ESTIMATORS:
        raise ReproductionError(
            f"cell {cell.name}: estimator must be one of {', '.join(sorted(ESTIMATORS))}",
            found=cell.estimator,
            mend="name one of them",
            code="replication-value",
        )
    return ESTIMATORS[cell.estimator](keep(frame, cell.where) if cell.where else frame, cell)


def _compared(study: Study, cell: Cell, statistic: str, statistics: Statistics) -> CellResult:
    if statistic not in statistics:
        raise ReproductionError(
            f"cell {cell.name}: {cell.estimator} gives {', '.join(statistics)}",
            found=statistic,
            mend="name one of them under published",
            code="replication-value",
        )
    computed, published = float(statistics[statistic]), cell.published[statistic]
    if not math.isfinite(computed):
        return _without(study, cell, statistic, "differs", "the result is not a finite number")
    status = compare(computed, published, cell.rounding, cell.tolerance.get(statistic))
    found = _without(study, cell, statistic, status, "")
    return replace(found, computed=computed, rounded=rounded(computed, published))


def _without(study: Study, cell: Cell, statistic: str, status: Status, reason: str) -> CellResult:
    published = cell.published[statistic]
    return CellResult(
        study=study.id,
        cell=cell.name,
        statistic=statistic,
        published=published,
        computed=None,
        rounded=None,
        digits=decimals(published),
        status=status,
        expected_status=cell.expected_status(statistic),
        seen=cell.seen,
        reason=reason,
        note=cell.note,
    )
