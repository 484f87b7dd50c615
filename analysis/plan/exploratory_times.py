"""Durations and whole paths that the protocol did not declare, labelled so.

1. Of every declared time: Cox stratified, grouped hazards in intervals of the spell, the restricted mean in a world
   without pauses, and the difference of the survival curves week by week with a band for all weeks together.
2. Of every count of weeks employed: the difference in weeks employed so far, week by week, with such a band.
3. All of it takes citizens to be drawn one by one: where clusters are drawn there is a reason and no number.
4. The intervals are those in which the first conversations fall: weeks 1-13, 14-26, and the rest.
"""

from collections.abc import Iterator, Mapping
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.estimate.hazards import grouped_hazards
from analysis.estimate.paths import Path, employment_path, survival_path
from analysis.estimate.result import DegenerateError, NotEstimable, Result
from analysis.plan.data import observe, pool
from analysis.plan.effects import PathRow, Row
from analysis.plan.estimators import WITHOUT_PAUSES, Question, by_week, estimate
from analysis.plan.one_by_one import refusal
from trial.protocol.model import Estimand, Protocol

FIRST, SECOND = 13, 26
Weekly = Mapping[str, npt.NDArray[np.bool_]]


def timed_rows(protocol: Protocol, estimand: Estimand, frame: pd.DataFrame) -> Iterator[Row]:
    """Give the exploratory rows of an estimand that is a time to exit."""
    observed = observe(estimand, [f"{estimand.outcome}_week", f"{estimand.outcome}_event"], frame)
    sizes = {arm: int((observed.treated == second).sum()) for second, arm in enumerate(observed.arms)}
    if refused := refusal(protocol, "cox"):
        yield _row(estimand, refused, "cox", "hazard", sizes)
        return
    try:
        question = Question(protocol, estimand, observed, pool(observed, protocol))
        found: dict[tuple[str, str], Result] = {("hazard", "cox"): estimate(question, "cox")}
        intervals = _intervals(by_week(question))
        counts = question.counts(stratified=True)
        for interval in grouped_hazards(counts, level=question.level, intervals=intervals, stratified=True):
            found[f"weeks {interval.first}-{interval.last}", "grouped-hazards"] = interval.result
        if "paused_week" in observed.frame.columns:
            found["without-pauses", WITHOUT_PAUSES] = estimate(question, WITHOUT_PAUSES)
    except DegenerateError as degenerate:
        found = {("hazard", "cox"): NotEstimable(degenerate.reason, "cox")}
    for (population, name), result in found.items():
        yield _row(estimand, result, name, population, sizes)


def _intervals(last: int) -> list[tuple[int, int]]:
    edges = [0, *(edge for edge in (FIRST, SECOND) if edge < last), last]
    return [(first + 1, end) for first, end in pairwise(edges)]


def _row(estimand: Estimand, result: Result, name: str, population: str, sizes: Mapping[str, int]) -> Row:
    danish, english = _words(population)
    return Row(
        estimand=estimand.name, estimator=name, outcome=estimand.outcome, population=population, role="exploratory",
        summary=estimand.summary if population == "without-pauses" else "hazard-ratio", of=estimand.treatment.of,
        against=estimand.treatment.against, per="assignment", n=sizes, missing={}, pooled_strata=0,
        label={"da": estimand.label.da + danish, "en": estimand.label.en + english}, status="not-estimable",
        higher_is_better=estimand.higher_is_better,
    ).told(result)  # fmt: skip


def _words(population: str) -> tuple[str, str]:
    if population == "without-pauses":
        return ", i en verden uden pauser", ", in a world without pauses"
    weeks = population.removeprefix("weeks ")
    if weeks != population:
        return f", hazard i uge {weeks}", f", hazard in weeks {weeks}"
    return ", hazard", ", hazard"


def paths(protocol: Protocol, frame: pd.DataFrame, weekly: Weekly, seed: int) -> tuple[PathRow, ...]:
    """Give the path of every outcome that has one, each asked once."""
    found: dict[str, PathRow] = {}
    for estimand in protocol.estimands:
        name = estimand.outcome
        if name in found or estimand.dose:
            continue
        if (name in weekly or f"{name}_week" in frame.columns) and (refused := refusal(protocol, "path")):
            found[name] = _path(name, refused)
        elif name in weekly:
            found[name] = _path(name, _employment(protocol, estimand, frame, weekly[name], seed))
        elif f"{name}_week" in frame.columns:
            found[name] = _path(name, _survival(protocol, estimand, frame, seed))
    return tuple(found.values())


def _path(outcome: str, found: Path | NotEstimable) -> PathRow:
    if isinstance(found, NotEstimable):
        return PathRow(outcome, "not-estimable", found.reason)
    return PathRow(outcome, "estimated", None, found)


def _employment(
    protocol: Protocol, estimand: Estimand, frame: pd.DataFrame, weeks: npt.NDArray[np.bool_], seed: int
) -> Path | NotEstimable:
    observed = observe(estimand, [estimand.outcome], frame.assign(_row=np.arange(len(frame))))
    try:
        own = weeks[observed.frame["_row"].to_numpy(dtype=np.int64)]
        labels = pool(observed, protocol).labels()
        return employment_path(own, observed.treated, labels, level=protocol.inference.level, seed=seed)
    except DegenerateError as degenerate:
        return NotEstimable(degenerate.reason, "employment-path")


def _survival(protocol: Protocol, estimand: Estimand, frame: pd.DataFrame, seed: int) -> Path | NotEstimable:
    observed = observe(estimand, [f"{estimand.outcome}_week", f"{estimand.outcome}_event"], frame)
    try:
        counts = Question(protocol, estimand, observed, pool(observed, protocol)).counts(stratified=False)
    except DegenerateError as degenerate:
        return NotEstimable(degenerate.reason, "survival-path")
    return survival_path(counts, level=protocol.inference.level, seed=seed)
