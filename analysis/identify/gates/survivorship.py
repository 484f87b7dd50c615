"""Survivorship: a mode is seen only while somebody is still unemployed, so whoever has one has survived to it.

1. First talks are held in different weeks. Whoever talks in week 6 cannot have left in week 3: those weeks are
   immortal. Where one mode is held later than the other, waiting alone makes a difference.
2. The figure is that difference: the share expected to leave by the horizon, given still unemployed in the week of
   the own first talk, under hazards pooled over both modes; digital less physical, in the outcome's own units.
3. The details hold the immortal weeks of an analyst who asks "ever digital or never", and what that would have given.
4. Arms drawn at the start are settled before anything counts: nothing to survive.
"""

import numpy as np

from analysis.identify.evidence import Evidence
from analysis.identify.finding import Detail, Finding, found, not_assessed
from analysis.identify.panel import CENSORED, EMPLOYMENT, PHYSICAL, Panel
from analysis.identify.partial import Floats
from analysis.identify.plan import IdentificationPlan
from analysis.identify.words import number, points

GATE = "survivorship"


def assess(evidence: Evidence, plan: IdentificationPlan) -> Finding:
    """Judge the difference that waiting for the first talk alone makes."""
    declared, panel, marked = plan.thresholds.survivorship, evidence.panel, plan.landmark
    if declared is not None and plan.source.kind == "bundle":
        return found(
            GATE, "passes", 0.0, declared.most_points,
            da="Armen lå fast, før udfaldet begyndte at tælle: ingen har overlevet sig til den.",
            en="The arm was settled before the outcome began to count: nobody survived into it.",
        )  # fmt: skip
    if declared is None or panel is None or marked is None or not len(panel):
        return not_assessed(
            GATE, da="Om behandlingen lå fast før udfaldet, kan ikke ses i disse data.",
            en="Whether treatment was settled before the outcome cannot be seen in these data.",
            assumption="treatment-fixed-at-start",
        )  # fmt: skip
    horizon = marked.horizons[0]
    week, mode = panel.first_talk(marked.by_week)
    digital, physical = mode > PHYSICAL, mode == PHYSICAL
    if not digital.any() or not physical.any():
        return not_assessed(
            GATE, da="Kun én form er holdt inden skillelinjen.", en="One mode alone was held by the landmark.",
            assumption="treatment-fixed-at-start",
        )  # fmt: skip
    ahead = exits_ahead(panel, horizon)
    made = float(ahead[week[digital]].mean() - ahead[week[physical]].mean())
    before = (week == 0) & (panel.last_week < marked.by_week) & (panel.cause != CENSORED)
    details: dict[str, Detail] = {
        "horizon": float(horizon), "waiting_digital": float(week[digital].mean()),
        "waiting_physical": float(week[physical].mean()), "ended_before_landmark": float(before.mean()),
        "exits_ahead": ahead[1 : marked.by_week + 1].tolist(), "made_by_waiting": made,
        **ever_digital(panel, horizon),
    }  # fmt: skip
    small = abs(made) <= declared.most_points
    waits = [float(week[taken].mean()) for taken in (digital, physical)]
    return found(
        GATE, "passes" if small else "fails", abs(made), declared.most_points, details=details,
        da=f"Digitale samtaler holdes i gennemsnit i uge {number(waits[0], 'da', 1)}, fysiske i uge "
        f"{number(waits[1], 'da', 1)}; ventetiden alene giver {points(made, 'da')} i afgang inden uge {horizon}.",
        en=f"Digital talks are held in week {number(waits[0], 'en', 1)} on average, physical ones in week "
        f"{number(waits[1], 'en', 1)}; waiting alone makes {points(made, 'en')} in exits by week {horizon}.",
    )  # fmt: skip


def exits_ahead(panel: Panel, horizon: int) -> Floats:
    """Give, by week, the chance to leave to employment by the horizon when at risk in it; index 0 is unused."""
    top = min(horizon, panel.weeks)
    ended = np.bincount(panel.last_week, minlength=panel.weeks + 1)
    out = np.bincount(panel.last_week[panel.cause == EMPLOYMENT], minlength=panel.weeks + 1)
    other = np.bincount(panel.last_week[panel.cause > EMPLOYMENT], minlength=panel.weeks + 1)
    risk = np.maximum(np.cumsum(ended[::-1])[::-1], 1)
    ahead = np.zeros(panel.weeks + 2)
    for week in range(top, 0, -1):
        stay = 1 - (out[week] + other[week]) / risk[week]
        ahead[week] = out[week] / risk[week] + stay * ahead[week + 1]
    return ahead


def ever_digital(panel: Panel, horizon: int) -> dict[str, Detail]:
    """Give the immortal weeks of "ever digital by the horizon or never", and the difference it would have given."""
    early = panel.talk[:, :horizon] > PHYSICAL
    ever = early.any(axis=1)
    outcome, known = panel.exits(horizon)
    details: dict[str, Detail] = {"ever_digital": float(ever.mean())}
    if ever.any():
        waited = early.argmax(axis=1)[ever]
        at_risk = np.minimum(panel.last_week, horizon)
        details["immortal_weeks"] = float(waited.mean())
        details["immortal_share"] = float(waited.sum() / at_risk[ever].sum())
    if (ever & known).any() and (~ever & known).any():
        apart = float(outcome[ever & known].mean() - outcome[~ever & known].mean())
        details["would_have_been_printed_ever_against_never"] = apart
    return details
