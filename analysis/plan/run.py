"""Run the plan: every estimand with each of its estimators, in the order of the protocol.

1. What the protocol declares is computed under its declared convention, level and clusters, and nothing else is.
2. Linear estimators use the strata after small ones are joined; Kaplan-Meier adds the strata up.
3. A strategy for intercurrent events that no estimator here can honour gives a row without number, with the reason.
4. Declared covariates that are stratification factors are absorbed by the strata, which the row says.
5. The non-inferiority statement belongs to the estimands that declare a margin.
6. Subgroups, one correction for many questions, planned looks and spillovers follow where they are declared.
"""

from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from analysis.estimate.instrument import FirstStage, first_stage
from analysis.estimate.kaplan_meier import kaplan_meier
from analysis.estimate.noninferiority import non_inferiority
from analysis.estimate.result import DegenerateError, Estimate, NotEstimable, Result
from analysis.plan.data import Observed, observe, pool
from analysis.plan.effects import Effects, FirstStageRow, Joined, Missing, OutcomeCurve, Row
from analysis.plan.estimators import WITHOUT_PAUSES, Question, cells_of, estimate
from analysis.plan.families import correct
from analysis.plan.looks import look_at
from analysis.plan.spillovers import spillovers
from analysis.plan.subgroups import subgroups
from trial.protocol.model import Estimand, OutcomePart, Protocol

__all__ = ["cells_of", "run_plan"]

HONOURED = {"treatment-policy", "dose"}
TIMED = {"kaplan-meier", WITHOUT_PAUSES, "cox", "grouped-hazards"}
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


def run_plan(
    protocol: Protocol, frame: pd.DataFrame, assignments: pd.DataFrame | None = None, look: int | None = None
) -> Effects:
    """Compute every declared effect from the analysis set: one row a randomised citizen.

    assignments: those of the bundle, needed where a correction replays the design. look: the number of the planned
    look that is made; the last when not given.
    """
    run = _Run(protocol, frame, [], {}, [], {}, {})
    outcomes = {outcome.name: outcome for outcome in protocol.outcomes}
    for estimand in protocol.estimands:
        _estimand(run, estimand, outcomes[estimand.outcome])
    rows = correct(protocol, frame, tuple(run.rows), assignments)
    effects = Effects(
        protocol.trial.id, rows, tuple(run.curves.values()), tuple(run.first), tuple(run.missing.values()),
        tuple(run.joined.values()),
    )  # fmt: skip
    own, interactions = subgroups(protocol, frame)
    return replace(
        effects, subgroups=own, interactions=interactions, looks=look_at(protocol, rows, look),
        spillovers=spillovers(protocol, frame),
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
    if refused := _dishonoured(estimand, name):
        return NotEstimable(refused, name), 0
    timed = outcome.variable == "time-to-exit"
    if timed != (name in TIMED):
        kind = "a time to exit" if timed else "one number a citizen"
        return NotEstimable(f"{name} does not apply to {outcome.name}, which is {kind}", name), 0
    try:
        pooling = pool(observed, run.protocol)
        question = Question(run.protocol, estimand, observed, pooling)
        if name == "kaplan-meier":
            _curves(run, outcome, question)
            return estimate(question, name), 0
        for item in pooling.joined:
            run.joined[(outcome.name, item.name)] = Joined(outcome.name, item.name, item.members)
        if name == "two-stage-least-squares" and estimand.dose:
            run.first.append(_first_stage(question))
        return estimate(question, name), sum(len(item.members) for item in pooling.joined)
    except DegenerateError as degenerate:
        return NotEstimable(degenerate.reason, name), 0


def _dishonoured(estimand: Estimand, name: str) -> str | None:
    """Say which strategy an estimator does not follow; one estimator follows a hypothetical world without pauses."""
    strategies = {event: strategy for event, strategy in estimand.intercurrent.items() if strategy not in HONOURED}
    if name == WITHOUT_PAUSES and strategies.pop("pause", None) != "hypothetical":
        return f'{name} answers pause = "hypothetical", which is not declared'
    if strategies:
        return f"no estimator here honours the strategy {', '.join(sorted(set(strategies.values())))}"
    return None


def _curves(run: _Run, outcome: OutcomePart, question: Question) -> None:
    for curve in kaplan_meier(question.counts(stratified=False), level=question.level):
        run.curves[(outcome.name, curve.arm)] = OutcomeCurve(outcome.name, curve)


def _first_stage(question: Question) -> FirstStageRow:
    estimand, treatment = question.estimand, question.estimand.treatment
    what = (estimand.name, str(estimand.dose), treatment.of, treatment.against)
    stage = first_stage(question.cells(), se_type=question.se_type, level=question.level)
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
    row = row.told(result)
    if isinstance(result, NotEstimable):
        return row
    factors = {factor.factor for factor in protocol.stratification}
    absorbed = [covariate for covariate in protocol.inference.covariates if covariate in factors]
    if absorbed and name in ABSORBING:
        row = replace(row, notes=(*row.notes, f"the strata absorb the declared covariates {', '.join(absorbed)}"))
    return replace(row, **_statement(protocol, estimand, result))


def _statement(protocol: Protocol, estimand: Estimand, result: Estimate) -> dict[str, Any]:
    if estimand.margin is None or estimand.higher_is_better is None:
        return {}
    level = protocol.inference.non_inferiority_level
    said = non_inferiority(result, margin=estimand.margin, higher_is_better=estimand.higher_is_better, level=level)
    return {"bound": said.bound, "bound_level": level, "conclusion": said.conclusion}
