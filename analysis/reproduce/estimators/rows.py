"""What every estimator of a published cell needs: its columns as numbers, or the reason why there is no result.

A row with a missing value in a column of the cell is left out, and counted: `n` is a statistic like any other.
"""

from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from analysis.reproduce.study import Cell

Statistics = Mapping[str, float]
Floats = NDArray[np.float64]


class NotComputable(Exception):  # noqa: N818 - an answer that the cell carries
    """The statistic cannot be computed from these rows; the text says why."""


def columns(frame: pl.DataFrame, *names: str) -> list[Floats]:
    """Give columns as floats, rows with a missing value in any of them left out."""
    if unknown := [name for name in names if name not in frame.columns]:
        raise NotComputable(f"no column {', '.join(unknown)}")
    if texts := [name for name in names if frame.schema[name] != pl.Float64]:
        raise NotComputable(f"column {', '.join(texts)} is text")
    complete = frame.select(list(dict.fromkeys(names))).drop_nulls()
    if complete.height == 0:
        raise NotComputable("no row without a missing value")
    return [complete[name].to_numpy() for name in names]


def with_factors(frame: pl.DataFrame, cell: Cell) -> tuple[pl.DataFrame, list[str]]:
    """Give the cell's covariates, a 0/1 column for every level but the first of each of its factors among them."""
    names = list(cell.covariates)
    for factor in cell.factors:
        if factor not in frame.columns:
            raise NotComputable(f"no column {factor}")
        for level in frame[factor].drop_nulls().unique().sort()[1:]:
            name = f"{factor} = {level}"
            frame = frame.with_columns((pl.col(factor) == level).cast(pl.Float64).alias(name))
            names.append(name)
    return frame, names


def needed(cell: Cell, key: str) -> str:
    """Give a column the estimator cannot do without."""
    name = getattr(cell, key)
    if not name:
        raise NotComputable(f"{cell.estimator} needs {key}")
    return str(name)
