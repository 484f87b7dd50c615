"""Declared subgroups: the stratified difference in each level of a factor, and the test that all are equal.

1. Small strata are joined within each level, as the protocol declares for all.
2. Where clusters are drawn the levels share them: the effects are no independent numbers and are not tested against
   each other as if they were.
3. The rows have the role `subgroup`; none takes part in a conclusion about a margin.
"""

from dataclasses import replace

import pandas as pd

from analysis.estimate.result import DegenerateError, HypothesisTest, NotEstimable, Result
from analysis.estimate.subgroups import NAME as INTERACTION
from analysis.estimate.subgroups import equality
from analysis.plan.data import Observed, observe, pool
from analysis.plan.effects import InteractionRow, Row
from analysis.plan.estimators import Question, estimate
from analysis.plan.one_by_one import refusal
from trial.protocol.model import Estimand, Protocol, Subgroup

ESTIMATOR = "stratified-difference"
CLUSTERED = "strata-regression"


def subgroups(protocol: Protocol, frame: pd.DataFrame) -> tuple[tuple[Row, ...], tuple[InteractionRow, ...]]:
    """Give a row for every level of every declared subgroup, and one interaction test for each estimand."""
    estimands = {estimand.name: estimand for estimand in protocol.estimands}
    rows: list[Row] = []
    tests: list[InteractionRow] = []
    for part in protocol.subgroups:
        for name in part.estimands:
            found, test = _levels(protocol, part, estimands[name], frame)
            rows += found
            tests.append(test)
    return tuple(rows), tuple(tests)


def _levels(
    protocol: Protocol, part: Subgroup, estimand: Estimand, frame: pd.DataFrame
) -> tuple[list[Row], InteractionRow]:
    what = (estimand.name, part.factor, part.label.model_dump())
    if part.factor == protocol.randomisation.cluster:
        return [], InteractionRow(
            *what, "not-estimable", f"arms are drawn by {part.factor}: within one there is one arm"
        )
    observed = observe(estimand, [estimand.outcome], frame)
    levels = next(factor.levels for factor in protocol.stratification if factor.factor == part.factor)
    results: dict[str, Result] = {}
    rows = []
    for level in levels:
        own = (observed.frame[part.factor].astype(str) == level).to_numpy(dtype=bool)
        some = replace(observed, frame=observed.frame[own], treated=observed.treated[own], missing=())
        results[level], pooled = _effect(protocol, estimand, some)
        rows.append(_row(estimand, some, results[level], f"{part.factor}={level}", pooled))
    test = refusal(protocol, INTERACTION) or equality(results)
    if isinstance(test, HypothesisTest):
        return rows, InteractionRow(*what, "estimated", None, test.statistic, test.df, test.p)
    return rows, InteractionRow(*what, "not-estimable", test.reason)


def _effect(protocol: Protocol, estimand: Estimand, observed: Observed) -> tuple[Result, int]:
    name = ESTIMATOR if protocol.inference.clusters == "none" else CLUSTERED
    try:
        pooling = pool(observed, protocol)
        members = sum(len(item.members) for item in pooling.joined)
        return estimate(Question(protocol, estimand, observed, pooling), name), members
    except DegenerateError as degenerate:
        return NotEstimable(degenerate.reason, name), 0


def _row(estimand: Estimand, observed: Observed, result: Result, population: str, pooled: int) -> Row:
    against, of = observed.arms
    sizes = {against: int((~observed.treated).sum()), of: int(observed.treated.sum())}
    return Row(
        estimand=estimand.name, estimator=result.estimator, outcome=estimand.outcome, population=population,
        role="subgroup", summary=estimand.summary, of=of, against=against, per="assignment",
        label=estimand.label.model_dump(), n=sizes, missing={}, pooled_strata=pooled, status="not-estimable",
        higher_is_better=estimand.higher_is_better,
    ).told(result)  # fmt: skip
