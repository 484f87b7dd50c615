"""Durations compared: the log-rank test, Cox's regression of two arms from counts, and of columns row by row.

1. `outcome` is the time, `event` 1 where it ended and 0 where it was censored, `entry` the time a row enters.
2. log-rank and cox-two-arm are those of the trial's own analysis, from counts by arm and time (whole numbers).
3. cox is statsmodels' regression: any columns, late entry, Efron's or Breslow's ties. The treatment's coefficient is
   the estimate; hr is its exponential with the standard error of the delta method.
4. Ties are declared, never assumed: weekly data differ visibly between the two.
"""

import math

import numpy as np
import polars as pl
from statsmodels.duration.hazard_regression import PHReg

from analysis.estimate.counts import Counts, count
from analysis.estimate.cox import cox as cox_from_counts
from analysis.estimate.logrank import log_rank as log_rank_from_counts
from analysis.estimate.result import DegenerateError, NotEstimable
from analysis.reproduce.estimators.rows import NotComputable, Statistics, columns, needed
from analysis.reproduce.study import Cell


def log_rank(frame: pl.DataFrame, cell: Cell) -> Statistics:
    """Give the chi-squared statistic of the log-rank test and its p."""
    result = log_rank_from_counts(_counts(frame, cell))
    if isinstance(result, NotEstimable):
        raise NotComputable(result.reason)
    return {"chi2": result.statistic, "p": result.p}


def two_arm_cox(frame: pl.DataFrame, cell: Cell) -> Statistics:
    """Give the log hazard ratio of the treatment and its standard error."""
    result = cox_from_counts(_counts(frame, cell), level=0.95, ties=needed(cell, "ties"))
    if isinstance(result, NotEstimable):
        raise NotComputable(result.reason)
    return {"estimate": result.value, "se": result.se, "hr": math.exp(result.value), "p": result.p}


def _counts(frame: pl.DataFrame, cell: Cell) -> Counts:
    time, event, treated = columns(frame, *(needed(cell, key) for key in ("outcome", "event", "treatment")))
    try:
        return count(time, event, treated == 1)
    except DegenerateError as degenerate:
        raise NotComputable(degenerate.reason) from degenerate


def cox_regression(frame: pl.DataFrame, cell: Cell) -> Statistics:
    """Give the treatment's log hazard ratio beside the covariates, and the likelihood of the whole fit."""
    entry = [cell.entry] if cell.entry else []
    names = [needed(cell, key) for key in ("outcome", "event", "treatment")]
    time, event, *right = columns(frame, *names, *cell.covariates, *entry)
    # A row is at risk after its entry: statsmodels counts one that enters at the very time of an event.
    enters = np.nextafter(right.pop(), np.inf) if entry else None
    if not event.any():
        raise NotComputable("no event")
    scale = np.array([column.std() or 1.0 for column in right])  # one scale for all: Newton's steps stay small
    model = PHReg(time, np.column_stack(right) / scale, status=event, entry=enters, ties=needed(cell, "ties"))
    try:
        fit = model.fit()
    except np.linalg.LinAlgError as error:
        raise NotComputable("the columns are collinear") from error
    estimate, se = float(fit.params[0] / scale[0]), float(fit.bse[0] / scale[0])
    if not (math.isfinite(se) and se > 0):
        raise NotComputable("the likelihood has no maximum")
    empty = float(model.loglike(np.zeros(len(right))))
    return {
        "estimate": estimate,
        "se": se,
        "hr": math.exp(estimate),
        "hr_se": math.exp(estimate) * se,
        "p": float(fit.pvalues[0]),
        "log_likelihood": float(fit.llf),
        "lr_chi2": 2 * (float(fit.llf) - empty),
        "n": len(time),
    }
