"""From a panel or a comparison to a verdict: gather the evidence, ask every gate, judge.

1. Spells whose arms were drawn are compared by arm, everybody drawn from the first week on; other spells by the mode
   of the first talk held by the landmark week.
2. The first declared horizon decides; the others are shown.
3. A randomisation that a study states is taken as the claim to be tested, never as its own proof.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from analysis.identify.comparison import Codes, Comparison, Floats
from analysis.identify.evidence import Evidence, LedgerProof
from analysis.identify.finding import Finding
from analysis.identify.gates import (
    anticipation,
    bounds,
    design,
    displacement,
    instruments,
    mode,
    overlap,
    placebo,
    precision,
    sensitivity,
    survivorship,
    talk,
)
from analysis.identify.panel import NONE, PHYSICAL, Panel, assigned, landmark, rows_of
from analysis.identify.partial import Bools
from analysis.identify.plan import IdentificationPlan
from analysis.identify.verdict import Verdict, verdict
from trial.errors import PlanError

Gate = Callable[[Evidence, IdentificationPlan], Finding]

GATES: tuple[Gate, ...] = (
    design.assess,
    mode.assess,
    overlap.assess,
    placebo.assess,
    survivorship.assess,
    anticipation.assess,
    talk.assess,
    instruments.assess,
    precision.assess,
    bounds.assess,
    displacement.assess,
    sensitivity.assess,
)


@dataclass(frozen=True)
class Judgement:
    """The findings of all gates, in order of weight, and the verdict they give."""

    findings: tuple[Finding, ...]
    verdict: Verdict

    def finding(self, gate: str) -> Finding:
        """Find a gate's finding."""
        return next(one for one in self.findings if one.gate == gate)

    def would_have_been_printed(self) -> tuple[float, float] | None:
        """Give what an analyst would have printed, and its standard error; None where arms were drawn."""
        details = self.finding("sensitivity").details
        value, error = (details.get(f"would_have_been_printed{part}") for part in ("", "_se"))
        return (value, error) if isinstance(value, float) and isinstance(error, float) else None

    def to_json(self) -> dict[str, object]:
        """Give the judgement as plain data: the verdict, then every gate."""
        return {**self.verdict.to_json(), "gates": [one.to_json() for one in self.findings]}


def judge(evidence: Evidence, plan: IdentificationPlan) -> Judgement:
    """Ask every gate and give the verdict."""
    findings = tuple(gate(evidence, plan) for gate in GATES)
    return Judgement(findings, verdict(findings, plan))


def evidence_of_panel(panel: Panel, plan: IdentificationPlan, ledger: LedgerProof | None = None) -> Evidence:
    """Gather the evidence of spells by week; a proof's arrays are in the order of the panel's spells."""
    marked = plan.landmark
    if marked is None:
        raise PlanError(
            "a plan for spells by week must have a [landmark] table", found="none", where=f"plan {plan.id}",
            mend="add [landmark] with by_week, talk_weeks and horizons", code="plan-landmark",
        )  # fmt: skip
    horizons = [min(week, panel.weeks) for week in marked.horizons]
    drawn = panel.arm is not None and plan.claims_randomised
    lots = None if ledger is None else ledger.lots
    units = [
        _drawn(panel, week, lots, panel.exits(week)[1]) if drawn else landmark(panel, marked.by_week, week)
        for week in horizons
    ]
    rows = rows_of(panel, marked.by_week, horizons[0], arms=drawn)
    columns = {name: _early(column, marked.by_week)[rows] for name, column in panel.instruments.items()}
    first, *rest = units
    later = dict(zip(horizons[1:], rest, strict=True))
    everybody = None
    if drawn and panel.arm is not None:
        kept = panel.arm >= 0
        everybody = _everybody(panel, kept, horizons[0], lots)
        ledger = _of_drawn(panel, ledger, kept) if ledger is not None else None
    return Evidence(panel, first, ledger, everybody, later, columns)


def evidence_of_comparison(
    units: Comparison, plan: IdentificationPlan, ledger: LedgerProof | None = None,
    instruments: dict[str, Floats] | None = None, received: Floats | None = None,
) -> Evidence:  # fmt: skip
    """Gather the evidence of a plain table; a randomisation the plan states becomes a claim to be tested."""
    stated = plan.randomised
    if ledger is None and stated is not None:
        chance = None if stated.share is None else np.full(len(units), stated.share)
        ledger = LedgerProof("stated", f"{stated.by}: {stated.source}", (), chance, received)
    units = replace(units, randomised=True) if ledger is not None else units
    return Evidence(None, units, ledger, units if ledger is not None else None, {}, instruments or {})


def _early(column: Bools, by_week: int) -> Floats:
    """Say whether an instrument was on in any of the first weeks, whoever was still there to meet it."""
    early = np.asarray(column)[:, :by_week].max(axis=1, initial=False)
    return np.asarray(early, dtype=np.float64)


def _drawn(panel: Panel, horizon: int, lots: Codes | None, known: Bools) -> Comparison:
    """Compare the arms drawn. Where clusters were drawn a stratum may be one of them: target groups are compared."""
    units = replace(assigned(panel, horizon), randomised=True, period=None)
    if lots is None or panel.arm is None:
        return units
    rows = (panel.arm >= 0) & known
    return replace(units, lots=lots[rows], stratum=panel.target_group[rows])


def _everybody(panel: Panel, kept: Bools, horizon: int, lots: Codes | None) -> Comparison:
    """Compare everybody drawn, with the outcome missing where it was not observed."""
    known = panel.exits(horizon)[1]
    whole = replace(panel, cause=np.where(known, panel.cause, np.int8(2)))
    units = _drawn(whole, horizon, lots, whole.exits(horizon)[1])
    return replace(units, outcome=np.where(known[kept], units.outcome, np.nan))


def _of_drawn(
    panel: Panel, ledger: LedgerProof, kept: Bools
) -> LedgerProof:  # fmt: skip
    """Keep the proof's rows of those drawn; where it has none, received is the mode of the first talk held."""
    chance, received, lots = ledger.probability, ledger.received, ledger.lots
    if received is None:
        mode_held = panel.first_talk(panel.weeks)[1]
        received = np.where(mode_held > NONE, (mode_held > PHYSICAL).astype(np.float64), np.nan)
    return replace(
        ledger, probability=None if chance is None else chance[kept], received=received[kept],
        lots=None if lots is None else lots[kept],
    )  # fmt: skip
