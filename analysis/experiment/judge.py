"""The verdict on a simulated data set, by the shipped plans and an analyst who assumes whatever no data can test.

1. Thresholds are those of the shipped plans. The comparison is the experiment's: landmark and horizon as declared.
2. A simulated trial proves its draw as a ledger would: the record is drawn again with the key, draw for draw.
"""

import numpy as np

from analysis.experiment.data import Simulated
from analysis.experiment.declare import Experiment
from analysis.identify.evidence import LedgerProof
from analysis.identify.judge import Judgement, evidence_of_panel, judge
from analysis.identify.plan import Assumption, IdentificationPlan, find_plan, load_plan
from trial.protocol import Text

WHY = Text(da="Antaget for eksperimentets skyld.", en="Assumed for the sake of the experiment.")


def plan_for(experiment: Experiment, *, drawn: bool) -> IdentificationPlan:
    """Give the plan for spells whose arms were drawn, or for others."""
    asked, size = experiment.judged, experiment.size
    plan = load_plan(find_plan(asked.trial if drawn else asked.registers))
    marked = None if plan.landmark is None else plan.landmark.model_copy(
        update={"by_week": size.landmark_week, "horizons": (size.horizon,)}
    )  # fmt: skip
    closures = plan.thresholds.instruments
    if closures is not None:
        closures = closures.model_copy(update={"draws": asked.permutations})
    thresholds = plan.thresholds.model_copy(update={"instruments": closures})
    assumptions = tuple(Assumption(name=name, why=WHY) for name in asked.assumed)
    return plan.model_copy(update={"landmark": marked, "thresholds": thresholds, "assumptions": assumptions})


def judged(experiment: Experiment, simulated: Simulated) -> Judgement:
    """Judge a data set."""
    drawn = simulated.lots is not None
    plan = plan_for(experiment, drawn=drawn)
    return judge(evidence_of_panel(simulated.panel, plan, proof(simulated) if drawn else None), plan)


def proof(simulated: Simulated) -> LedgerProof:
    """Replay the lots of a trial in memory, and say what was found."""
    lots = simulated.lots
    assert lots is not None  # noqa: S101 - only trials are asked
    problems = () if lots.replays() else ("the lots do not replay",)
    shares = simulated.saturation
    levels = () if shares is None else tuple(np.unique(shares).tolist())
    return LedgerProof(
        "simulated", f"{len(lots.drawn)} draws replayed", problems, lots.probabilities(), saturations=levels,
        entries=len(lots.drawn),
    )  # fmt: skip
