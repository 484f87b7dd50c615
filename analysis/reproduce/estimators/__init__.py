"""The estimators a published cell may name. Each gives its statistics by name, or NotComputable with its reason."""

from collections.abc import Callable, Mapping

import polars as pl

from analysis.reproduce.estimators.durations import cox_regression, log_rank, two_arm_cox
from analysis.reproduce.estimators.linear import (
    least_squares,
    mean,
    mediated,
    ratio_of_means,
    two_stage_least_squares,
    wald,
)
from analysis.reproduce.estimators.parametric import accelerated
from analysis.reproduce.estimators.rows import NotComputable, Statistics
from analysis.reproduce.study import Cell

ESTIMATORS: Mapping[str, Callable[[pl.DataFrame, Cell], Statistics]] = {
    "mean": mean,
    "ratio-of-means": ratio_of_means,
    "least-squares": least_squares,
    "two-stage-least-squares": two_stage_least_squares,
    "wald": wald,
    "mediation": mediated,
    "log-rank": log_rank,
    "cox-two-arm": two_arm_cox,
    "cox": cox_regression,
    "exponential": accelerated,
    "weibull": accelerated,
    "log-normal": accelerated,
    "log-logistic": accelerated,
}

__all__ = ["ESTIMATORS", "NotComputable", "Statistics"]
