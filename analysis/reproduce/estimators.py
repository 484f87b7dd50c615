"""The estimators a published cell may name. Each gives its statistics by name, or NotComputable with its reason.

1. mean: the mean of the outcome; its standard error is s/sqrt(n) with n - 1 degrees of freedom.
2. least-squares: the treatment's coefficient in a regression on treatment and covariates; without covariates the
   difference in means. The standard error is the one declared: classical, HC0, HC1, HC2, HC3.
3. A row with a missing value in a column of the cell is left out, and counted: `n` is a statistic like any other.
"""

from collections.abc import Callable, Mapping

import numpy as np
import polars as pl
import statsmodels.api as sm
from numpy.typing import NDArray

from analysis.reproduce.study import Cell

Statistics = Mapping[str, float]
_COVARIANCES = {"classical": "nonrobust", "HC0": "HC0", "HC1": "HC1", "HC2": "HC2", "HC3": "HC3"}


class NotComputable(Exception):  # noqa: N818 - an answer that the cell carries
    """The statistic cannot be computed from these rows; the text says why."""


def columns(frame: pl.DataFrame, *names: str) -> list[NDArray[np.float64]]:
    """Give columns as floats, rows with a missing value in any of them left out."""
    if unknown := [name for name in names if name not in frame.columns]:
        raise NotComputable(f"no column {', '.join(unknown)}")
    if texts := [name for name in names if frame.schema[name] != pl.Float64]:
        raise NotComputable(f"column {', '.join(texts)} is text")
    complete = frame.select(list(dict.fromkeys(names))).drop_nulls()
    if complete.height == 0:
        raise NotComputable("no row without a missing value")
    return [complete[name].to_numpy() for name in names]


def needed(cell: Cell, key: str) -> str:
    """Give a column the estimator cannot do without."""
    name = getattr(cell, key)
    if not name:
        raise NotComputable(f"{cell.estimator} needs {key}")
    return str(name)


def mean(frame: pl.DataFrame, cell: Cell) -> Statistics:
    """Give the mean, its standard error and n."""
    (values,) = columns(frame, needed(cell, "outcome"))
    if len(values) < 2:
        raise NotComputable("a standard error needs two rows")
    return {"estimate": values.mean(), "se": values.std(ddof=1) / np.sqrt(len(values)), "n": len(values)}


def least_squares(frame: pl.DataFrame, cell: Cell) -> Statistics:
    """Give the treatment's coefficient, its standard error, t, p and n."""
    if cell.se_type not in _COVARIANCES:
        raise NotComputable(f"se_type must be one of {', '.join(_COVARIANCES)}")
    outcome, *right = columns(frame, needed(cell, "outcome"), needed(cell, "treatment"), *cell.covariates)
    design = np.column_stack([*right, np.ones(len(outcome))])
    if np.linalg.matrix_rank(design / np.maximum(np.abs(design).max(axis=0), 1e-300)) < design.shape[1]:
        raise NotComputable("the columns are collinear")
    fit = sm.OLS(outcome, design).fit(cov_type=_COVARIANCES[cell.se_type], use_t=True)
    return {"estimate": fit.params[0], "se": fit.bse[0], "t": fit.tvalues[0], "p": fit.pvalues[0], "n": fit.nobs}


ESTIMATORS: Mapping[str, Callable[[pl.DataFrame, Cell], Statistics]] = {"mean": mean, "least-squares": least_squares}
