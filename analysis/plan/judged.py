"""Effects under a verdict: numbers stand only where the trial's bundle proves that its arms were drawn.

1. The bundle is judged before its effects are shown: the chain of its ledger, the ratio of its arms, balance and
   compliance. The replay of the whole ledger is for `analysis identify` and `trial verify`.
2. Identified by design, every row stays as it is, and the verdict stands beside it. Otherwise every row, curve and
   bound loses its number and carries the reason instead: a design that is not proved is no design.
3. The outcome judged is that of the first primary estimand, with its own range and margin.
"""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from typing import Any

import pandas as pd

from analysis.identify.judge import Judgement, judge
from analysis.identify.ledger import prove
from analysis.identify.plan import IdentificationPlan, OutcomeRange, find_plan, load_plan, shipped_plans
from analysis.identify.trial_data import arms_of, evidence_of_frame
from analysis.identify.verdict import Verdict
from analysis.outcomes import AnalysisSet
from analysis.plan.effects import Effects
from analysis.plan.exploratory import Chance, explore
from analysis.plan.run import run_plan
from trial.bundle import Bundle
from trial.protocol import Protocol

BY_DESIGN = "identified-by-design"
ANY_TRIAL = "digital-samtaler"
COUNTS = {"missing", "joined"}  # citizens counted, not effects
DECLARED = {"margin", "higher_is_better", "procedure", "test", "draws", "seed", "saturation"}


def judged_effects(
    bundle: Bundle, built: AnalysisSet, *, look: int | None = None, chance: Chance | None = None, lang: str = "en"
) -> tuple["JudgedEffects", Verdict]:
    """Compute every effect the protocol declares and judge the trial: effects leave here under their verdict only.

    look: which planned look this is, the last where not given. chance: for exploratory effects too, None for none.
    lang: of the reasons that stand in place of numbers.
    """
    assignments = bundle.assignments.to_pandas()
    effects = run_plan(bundle.protocol, built.frame, assignments, look)
    if chance is not None:
        effects = explore(effects, bundle.protocol, built.frame, assignments, chance, weekly=built.weekly)
    judgement = judge_trial(bundle, built.frame)
    return under(effects, judgement, lang), judgement.verdict


def judge_trial(bundle: Bundle, frame: pd.DataFrame, plan: IdentificationPlan | None = None) -> Judgement:
    """Judge a trial by its bundle and analysis set; the plan is the shipped one of its name unless given."""
    protocol = bundle.protocol
    declared = of_protocol(plan or load_plan(find_plan(plan_name(protocol))), protocol)
    proof = prove(bundle, arms_of(protocol), replay=False)
    known = {one.name: frame[one.name].to_numpy(dtype=float) for one in protocol.covariates if one.name in frame}
    return judge(evidence_of_frame(frame, protocol, proof, known), declared)


def plan_name(protocol: Protocol) -> str:
    """Name the shipped plan of a trial; what a drawn design must prove is the same for every trial."""
    return protocol.trial.id if protocol.trial.id in shipped_plans() else ANY_TRIAL


def of_protocol(plan: IdentificationPlan, protocol: Protocol) -> IdentificationPlan:
    """Give the plan the range and the margin of the trial's first primary estimand."""
    primary = next((one for one in protocol.estimands if one.role == "primary"), protocol.estimands[0])
    outcome = next(one for one in protocol.outcomes if one.name == primary.outcome)
    highest = None if outcome.variable == "time-to-exit" else outcome.highest
    changed: dict[str, Any] = {"outcome": None if highest is None else OutcomeRange(lowest=0.0, highest=highest)}
    if primary.margin is not None:
        changed["inference"] = plan.inference.model_copy(update={"margin": primary.margin})
    return plan.model_copy(update=changed)


@dataclass(frozen=True)
class JudgedEffects(Effects):
    """Effects with the judgement they stand under."""

    identification: Mapping[str, object] = field(default_factory=dict)

    def to_json(self) -> dict[str, object]:
        """Give the effects as plain data, the judgement last."""
        return {**super().to_json(), "identification": dict(self.identification)}


def under(effects: Effects, judgement: Judgement, lang: str = "en") -> JudgedEffects:
    """Give the effects as the verdict allows them, with the judgement beside them; reasons in Danish or English."""
    allowed = judgement.verdict.slug == BY_DESIGN
    own = {one.name: getattr(effects, one.name) for one in fields(effects)}
    if not allowed:
        reason = judgement.verdict.because(lang)
        own = {name: _withheld(value, reason) if name not in COUNTS else value for name, value in own.items()}
    return JudgedEffects(**own, identification=judgement.to_json())


def _withheld(rows: Any, reason: str) -> Any:
    """Take every number out of rows that can carry a reason; what cannot, a curve, goes altogether."""
    if not isinstance(rows, tuple):
        return rows
    return tuple(_without_numbers(row, reason) for row in rows if hasattr(row, "status"))


def _without_numbers(row: Any, reason: str) -> Any:
    empty: dict[str, Any] = {
        one.name: one.default if one.default_factory is MISSING else one.default_factory()
        for one in fields(row)
        if one.name not in DECLARED and (one.default is None or one.name in {"notes", "extra"})
    }
    return replace(row, **{**empty, "status": "not-estimable", "reason": reason})
