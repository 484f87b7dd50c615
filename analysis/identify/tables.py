"""A plain table as a comparison: the columns are those the plan names.

1. Treatment is 0 or 1. Whoever has a missing value in a named column is refused, with the column and the count: what
   is left out must be left out by whoever made the table.
2. Strata, periods and clusters may be text or numbers: equal values are equal codes.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import polars as pl

from analysis.identify.comparison import Codes, Comparison, Floats
from analysis.identify.plan import Columns, IdentificationPlan
from trial.errors import FileError, PlanError

READERS: Mapping[str, Callable[[Path], pl.DataFrame]] = {".csv": pl.read_csv, ".parquet": pl.read_parquet}


def read_table(path: Path) -> pl.DataFrame:
    """Read a CSV or Parquet file."""
    if path.suffix not in READERS:
        raise FileError(
            "a cross-section must be a .csv or .parquet file", found=path.name, where=str(path),
            mend="save it as one of these", code="file-format",
        )  # fmt: skip
    try:
        return READERS[path.suffix](path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise FileError(
            "the file must be a readable table", found=str(error).splitlines()[0], where=str(path),
            mend="check the file", code="file-format",
        ) from None  # fmt: skip


def comparison_of(frame: pl.DataFrame, plan: IdentificationPlan, where: str) -> Comparison:
    """Make a comparison of a table's rows."""
    columns = declared(plan)
    treatment = numbers(frame, columns.treatment, where)
    if not np.isin(treatment, (0, 1)).all():
        raise _refused(columns.treatment, "a treatment of 0 or 1", "other values", where)
    covariates = [numbers(frame, name, where) for name in columns.covariates]
    return Comparison(
        treatment.astype(np.int8), numbers(frame, columns.outcome, where),
        np.column_stack(covariates) if covariates else np.zeros((len(frame), 0)), columns.covariates,
        np.zeros(len(frame), dtype=np.int32) if columns.stratum is None else codes(frame, columns.stratum, where),
        None if columns.period is None else codes(frame, columns.period, where),
        None if columns.cluster is None else codes(frame, columns.cluster, where),
        {name: numbers(frame, name, where) for name in columns.placebo},
    )  # fmt: skip


def instruments_of(frame: pl.DataFrame, plan: IdentificationPlan, where: str) -> Mapping[str, Floats]:
    """Give the declared instruments of a table's rows."""
    return {one.name: numbers(frame, one.name, where) for one in plan.instruments}


def received_of(frame: pl.DataFrame, plan: IdentificationPlan, where: str) -> Floats | None:
    """Give the treatment received where the plan names its column."""
    name = declared(plan).received
    return None if name is None else numbers(frame, name, where)


def declared(plan: IdentificationPlan) -> Columns:
    """Give the plan's columns; raises PlanError where it has none."""
    if plan.columns is None:
        raise PlanError(
            "a plan for a cross-section must have a [columns] table", found="none", where=f"plan {plan.id}",
            mend="add [columns] with treatment, outcome, covariates and placebo", code="plan-columns",
        )  # fmt: skip
    return plan.columns


def numbers(frame: pl.DataFrame, name: str, where: str) -> Floats:
    """Give a column as numbers; raises PlanError where it is missing, no number, or has missing values."""
    column = _column(frame, name, where)
    if not (column.dtype.is_numeric() or column.dtype == pl.Boolean):
        raise _refused(name, "numbers", str(column.dtype), where)
    values: Floats = column.cast(pl.Float64).to_numpy()
    bad = int((~np.isfinite(values)).sum())
    if bad:
        raise _refused(name, "a finite number in every row", f"{bad} rows without one", where)
    return values


def codes(frame: pl.DataFrame, name: str, where: str) -> Codes:
    """Give a column as codes, equal values alike, in the order of the values."""
    column = _column(frame, name, where)
    if column.null_count():
        raise _refused(name, "a value in every row", f"{column.null_count()} rows without one", where)
    return (column.rank("dense").to_numpy() - 1).astype(np.int32)


def _column(frame: pl.DataFrame, name: str, where: str) -> pl.Series:
    if name not in frame.columns:
        raise PlanError(
            f"the table must have the column {name}", found=", ".join(frame.columns), where=where,
            mend="name the columns in the plan as in the table", code="plan-column",
        )  # fmt: skip
    return frame[name]


def _refused(name: str, must: str, found: str, where: str) -> PlanError:
    return PlanError(
        f"the column {name} must hold {must}", found=found, where=where, mend="mend the table, or the plan",
        code="plan-column",
    )  # fmt: skip
