"""Run the plan: every estimand with each of its estimators, in the order of the protocol.

1. What the protocol declares is computed under its declared convention, level and clusters, and nothing else is.
2. Linear estimators use the strata after small ones are joined; Kaplan-Meier adds the strata up.
3. A strategy for intercurrent events that no estimator here can honour gives a row without number, with the reason.
4. Declared covariates are stratification factors: the strata absorb them, which the row says.
5. The non-inferiority statement belongs to the estimands that declare a margin.
"""

from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from analysis.estimate.cells import Cells, tabulate
from analysis.estimate.counts import Counts, count
from analysis.estimate.difference import stratified_difference
from analysis.estimate.instrument import FirstStage, first_stage, two_stage
from analysis.estimate.kaplan_meier import kaplan_meier, restricted_mean_difference
from analysis.estimate.noninferiority import non_inferiority
from analysis.estimate.regression import strata_regression
from analysis.estimate.result import DegenerateError, Estimate, NotEstimable, Result
from analysis.estimate.strata import Pooling
from analysis.plan.data import Observed, observe, pool
from analysis.plan.effects import Effects, FirstStageRow, Joined, Missing, OutcomeCurve, Row
from trial.protocol.model import Estimand, OutcomePart, Protocol

HONOURED = {"treatment-policy", "dose"}
ABSORBING = {"stratified-difference", "strata-regression", "two-stage-least-squares"}


@dataclass
class _Run:
    protocol: Protocol
    frame: pd.DataFrame
    rows: list[Row]
    curves: dict[tuple[str, str], OutcomeCurve]
    first: list[FirstStageRow]
    missing: dict[tuple[str, str, str], Missing]
    joined: dict[tuple[str, str], Joined]


def run_plan(protocol: Protocol, frame: pd.DataFrame) -> Effects:
    """Compute every declared effect from the analysis set: one row a randomised citizen."""
    run = _Run(protocol, frame, [], {}, [], {}, {})
    outcomes = {outcome.name: outcome for outcome in protocol.outcomes}
    for estimand in protocol.estimands:
        _estimand(run, estimand, outcomes[estimand.outcome])
    return Effects(
        protocol.trial.id, tuple(run.rows), tuple(run.curves.values()), tuple(run.first),
        tuple(run.missing.values()), tuple(run.joined.values()),
    )  # fmt: skip


def _estimand(run: _Run, estimand: Estimand, outcome: OutcomePart) -> None:
    timed = outcome.variable == "time-to-exit"
    columns = [f"{outcome.name}_week", f"{outcome.name}_event"] if timed else [outcome.name]
    if estimand.dose:
        columns.append(estimand.dose)
    observed = observe(estimand, columns, run.frame)
    run.missing |= {(item.outcome, item.arm, item.reason): item for item in observed.missing}
    for name in estimand.estimators:
        result, pooled = _result(run, estimand, outcome, observed, name)
        run.rows.append(_row(run.protocol, estimand, observed, result, name=name, pooled=pooled))


def _result(run: _Run, estimand: Estimand, outcome: OutcomePart, observed: Observed, name: str) -> tuple[Result, int]:
    strategies = {strategy for strategy in estimand.intercurrent.values() if strategy not in HONOURED}
    if strategies:
        return NotEstimable(f"no estimator here honours the strategy {', '.join(sorted(strategies))}", name), 0
    timed = outcome.variable == "time-to-exit"
    if timed != (name == "kaplan-meier"):
        kind = "a time to exit" if timed else "one number a citizen"
        return NotEstimable(f"{name} does not apply to {outcome.name}, which is {kind}", name), 0
    try:
        if timed:
            return _restricted_mean(run, outcome, observed), 0
        pooling = pool(observed, run.protocol)
        for item in pooling.joined:
            run.joined[(outcome.name, item.name)] = Joined(outcome.name, item.name, item.members)
        return _linear(run, estimand, observed, name, pooling), sum(len(item.members) for item in pooling.joined)
    except DegenerateError as degenerate:
        return NotEstimable(degenerate.reason, name), 0


def _restricted_mean(run: _Run, outcome: OutcomePart, observed: Observed) -> Result:
    level = run.protocol.inference.level
    counts = _counts(outcome, observed)
    for curve in kaplan_meier(counts, level=level):
        run.curves[(outcome.name, curve.arm)] = OutcomeCurve(outcome.name, curve)
    return restricted_mean_difference(counts, week=outcome.by_week, level=level)


def _counts(outcome: OutcomePart, observed: Observed) -> Counts:
    frame = observed.frame
    week, event = frame[f"{outcome.name}_week"].to_numpy(), frame[f"{outcome.name}_event"].to_numpy()
    return count(week, event, observed.treated, arms=observed.arms)


def _linear(run: _Run, estimand: Estimand, observed: Observed, name: str, pooling: Pooling) -> Result:
    inference = run.protocol.inference
    cells = cells_of(run.protocol, estimand, observed, pooling)
    match name:
        case "stratified-difference":
            return stratified_difference(cells, level=inference.level)
        case "strata-regression":
            return strata_regression(cells, se_type=inference.se_type, level=inference.level)
        case "two-stage-least-squares" if estimand.dose:
            run.first.append(_first_stage(run.protocol, estimand, cells))
            return two_stage(cells, se_type=inference.se_type, level=inference.level)
    return NotEstimable(f"{name} needs a dose and the estimand declares none", name)


def cells_of(protocol: Protocol, estimand: Estimand, observed: Observed, pooling: Pooling) -> Cells:
    """Tabulate the citizens of an estimand, with its dose and the declared clusters."""
    frame, clusters = observed.frame, protocol.inference.clusters
    return tabulate(
        frame[estimand.outcome].to_numpy(dtype=float), observed.treated, pooling.labels(), arms=observed.arms,
        dose=None if estimand.dose is None else frame[estimand.dose].to_numpy(dtype=float),
        cluster=None if clusters == "none" else frame[clusters].astype(str).to_numpy(dtype=object),
    )  # fmt: skip


def _first_stage(protocol: Protocol, estimand: Estimand, cells: Cells) -> FirstStageRow:
    inference, treatment = protocol.inference, estimand.treatment
    what = (estimand.name, str(estimand.dose), treatment.of, treatment.against)
    stage = first_stage(cells, se_type=inference.se_type, level=inference.level)
    if not isinstance(stage, FirstStage):
        return FirstStageRow(*what, "not-estimable", stage.reason)
    effect = stage.effect
    return FirstStageRow(
        *what, "estimated", None, effect.value, effect.se, effect.ci_low, effect.ci_high, stage.f, stage.weak
    )


def _row(
    protocol: Protocol, estimand: Estimand, observed: Observed, result: Result, *, name: str, pooled: int
) -> Row:
    against, of = observed.arms
    sizes = {against: int((~observed.treated).sum()), of: int(observed.treated.sum())}
    row = Row(
        estimand=estimand.name, estimator=name, outcome=estimand.outcome, population=estimand.population,
        role=estimand.role, summary=estimand.summary, of=estimand.treatment.of, against=estimand.treatment.against,
        per=f"unit of {estimand.dose}" if estimand.dose else "assignment", label=estimand.label.model_dump(),
        n=sizes, missing=observed.missing_by_arm(), pooled_strata=pooled, status="not-estimable",
        margin=estimand.margin, higher_is_better=estimand.higher_is_better,
    )  # fmt: skip
    if isinstance(result, NotEstimable):
        return replace(row, reason=result.reason)
    numbers = numbers_of(result)
    if protocol.inference.covariates and name in ABSORBING:
        absorbed = f"the strata absorb the declared covariates {', '.join(protocol.inference.covariates)}"
        numbers["notes"] = (*numbers["notes"], absorbed)
    return replace(row, **numbers, **_statement(protocol, estimand, result))


def numbers_of(result: Estimate) -> dict[str, Any]:
    """Give the numbers of a row."""
    return {
        "status": "estimated", "estimate": result.value, "se": result.se, "ci_low": result.ci_low,
        "ci_high": result.ci_high, "p": result.p, "level": result.level, "df": result.df, "se_type": result.se_type,
        "extra": dict(result.extra), "notes": result.notes,
    }  # fmt: skip


def _statement(protocol: Protocol, estimand: Estimand, result: Estimate) -> dict[str, Any]:
    if estimand.margin is None or estimand.higher_is_better is None:
        return {}
    level = protocol.inference.non_inferiority_level
    said = non_inferiority(result, margin=estimand.margin, higher_is_better=estimand.higher_is_better, level=level)
    return {"bound": said.bound, "bound_level": level, "conclusion": said.conclusion}
