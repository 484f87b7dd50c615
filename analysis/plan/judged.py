"""Effects under a verdict: numbers stand only where the trial's bundle proves that its arms were drawn.

1. The bundle is judged before its effects are shown: the chain of its ledger, the ratio of its arms, balance and
   compliance. The replay of the whole ledger is for `analysis identify` and `trial verify`.
2. Identified by design, every row stays as it is, and the verdict stands beside it. Otherwise every row, curve and
   bound loses its number and carries the reason instead: a design that is not proved is no design.
3. The outcome judged is that of the first primary estimand, with its own range and margin.
"""

from dataclasses import replace
from typing import Any

import pandas as pd

from analysis.identify.judge import Judgement, judge
from analysis.identify.ledger import prove
from analysis.identify.plan import IdentificationPlan, OutcomeRange, find_plan, load_plan, shipped_plans
from analysis.identify.trial_data import arms_of, evidence_of_frame
from analysis.identify.verdict import Verdict
from analysis.plan.effects import Effects
from trial.bundle import Bundle
from trial.protocol import Protocol

BY_DESIGN = "identified-by-design"
ANY_TRIAL = "digital-samtaler"
_COUNTED = {"weeks-employed", "benefit-weeks"}
_YES_NO = {"exit-to-employment", "health-inflow"}


def judge_trial(bundle: Bundle, frame: pd.DataFrame, plan: IdentificationPlan | None = None) -> Judgement:
    """Judge a trial by its bundle and analysis set; the plan is the shipped one of its name unless given."""
    protocol = bundle.protocol
    declared = of_protocol(plan or load_plan(find_plan(plan_name(protocol))), protocol)
    proof = prove(bundle, arms_of(protocol), replay=False)
    ordered = frame.sort_values("participant_id", ignore_index=True)
    names = [one.name for one in protocol.covariates if one.name in ordered]
    known = {name: ordered[name].to_numpy(dtype=float) for name in names}
    return judge(evidence_of_frame(ordered, protocol, proof, known), declared)


def plan_name(protocol: Protocol) -> str:
    """Name the shipped plan of a trial; what a drawn design must prove is the same for every trial."""
    return protocol.trial.id if protocol.trial.id in shipped_plans() else ANY_TRIAL


def of_protocol(plan: IdentificationPlan, protocol: Protocol) -> IdentificationPlan:
    """Give the plan the range and the margin of the trial's first primary estimand."""
    primary = next((one for one in protocol.estimands if one.role == "primary"), protocol.estimands[0])
    outcome = next(one for one in protocol.outcomes if one.name == primary.outcome)
    highest = float(outcome.by_week) if outcome.variable in _COUNTED else 1.0 if outcome.variable in _YES_NO else None
    changed: dict[str, Any] = {"outcome": None if highest is None else OutcomeRange(lowest=0.0, highest=highest)}
    if primary.margin is not None:
        changed["inference"] = plan.inference.model_copy(update={"margin": primary.margin})
    return plan.model_copy(update=changed)


def under(effects: Effects, judgement: Judgement) -> Effects:
    """Give the effects as the verdict allows them, with the judgement beside them."""
    told = replace(effects, identification=judgement.to_json())
    return told if judgement.verdict.slug == BY_DESIGN else _withheld(told, judgement.verdict)


def _withheld(effects: Effects, verdict: Verdict) -> Effects:
    reason = verdict.because("en")
    gone: dict[str, Any] = {"status": "not-estimable", "reason": reason}
    none = dict.fromkeys(("estimate", "se", "ci_low", "ci_high"))
    statement = dict.fromkeys(("p", "level", "df", "se_type", "bound", "bound_level", "conclusion"))
    ends: dict[str, Any] = {**gone, "low": None, "high": None}
    return replace(
        effects,
        rows=tuple(replace(row, **gone, **none, **statement, extra={}, notes=()) for row in effects.rows),
        first_stage=tuple(replace(row, **gone, **none, f=None, weak=None) for row in effects.first_stage),
        curves=(),
        bounds=tuple(replace(row, **ends, ci_low=None, ci_high=None, notes=()) for row in effects.bounds),
        replays=tuple(replace(row, **ends, statistic=None, p=None) for row in effects.replays),
        regions=tuple(replace(row, **ends, kind=None) for row in effects.regions),
    )
