"""What was planted, written beside synthetic registers (`truth.json`): true effects of outcomes and of estimands.

1. The effect of an estimand is its arm minus the arm it is held against, with its Monte-Carlo error.
2. A local average effect is the effect on the outcome over the effect on the dose: the dose is the only way in which
   an arm acts here, so the ratio is what two-stage least squares aims at.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from analysis.registers.people import Participants
from analysis.registers.planted import Truth
from analysis.registers.scenario import Scenario


def truth_document(
    people: Participants,
    truth: Sequence[Truth],
    estimands: Iterable[Any],
    *,
    seed: int,
    planted: Scenario,
    replicates: int,
) -> dict[str, Any]:
    """Give the document: the settings, every outcome in both worlds, every declared estimand."""
    doses = {arm: float(dose.mean()) for arm, dose in people.dose.items()}
    by_outcome = {one.outcome: one for one in truth}
    return {
        "format": "lodtraek-truth/1",
        "seed": seed,
        "theta": planted.theta,
        "theta_by_spell_week": [list(pair) for pair in sorted(planted.by_spell_week)],
        "theta_paused": planted.paused,
        "recalls": planted.recalls,
        "hazard": "weekly job-finding hazard x exp(theta x share of conversations not held physically)",
        "participants": len(people),
        "mean_dose_physical": doses,
        "computed": f"{replicates} life courses of every participant under every arm, the same chance in each",
        "outcomes": [asdict(one) for one in truth],
        "estimands": [_estimand(one, by_outcome[one.outcome], doses) for one in estimands],
    }


def _estimand(estimand: Any, truth: Truth, doses: dict[str, float]) -> dict[str, Any]:
    of, against = estimand.treatment.of, estimand.treatment.against
    scale = doses[of] - doses[against] if estimand.summary == "late" else 1.0
    effect = truth.effect.get(of, 0.0) - truth.effect.get(against, 0.0)
    # Effects are against the first arm; of two others the errors are added as if nothing were shared.
    error = sum(truth.monte_carlo_se.get(arm, 0.0) ** 2 for arm in (of, against)) ** 0.5
    return {
        "estimand": estimand.name,
        "outcome": estimand.outcome,
        "summary": estimand.summary,
        "of": of,
        "against": against,
        "effect": effect / scale if scale else None,
        "monte_carlo_se": error / abs(scale) if scale else None,
    }
