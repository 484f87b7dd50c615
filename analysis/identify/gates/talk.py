"""Variation in having a talk at all: of the spells still at risk, how many have had a talk by week 4, 8, 13.

Where nearly everybody has had a talk, nobody is left who has not: when a talk is held carries no information about
what it does, and whoever still has none is an exception by the rules themselves.
"""

import numpy as np

from analysis.identify.evidence import Evidence
from analysis.identify.finding import Detail, Finding, Status, found, not_assessed
from analysis.identify.panel import Panel
from analysis.identify.plan import IdentificationPlan
from analysis.identify.words import share

GATE = "talk"


def assess(evidence: Evidence, plan: IdentificationPlan) -> Finding:
    """Judge the share with a talk by the last declared week against what may at most have had one."""
    declared, panel = plan.thresholds.talk, evidence.panel
    if declared is None or panel is None or plan.landmark is None:
        return not_assessed(
            GATE, da="Om alle får en samtale, kan ikke ses uden forløb uge for uge.",
            en="Whether everybody has a talk cannot be seen without spells by week.",
        )  # fmt: skip
    weeks = [week for week in plan.landmark.talk_weeks if week <= panel.weeks]
    shares, at_risk = with_talk(panel, weeks)
    last, by = shares[-1], weeks[-1]
    details: dict[str, Detail] = {
        "weeks": [float(week) for week in weeks],
        "shares": [*shares],
        "at_risk": [*at_risk],
    }
    enough = last <= declared.most_with_talk
    if plan.claims_randomised:
        tail = (
            "Det er meningen: formen er trukket, ikke samtalen.",
            "As is meant: the mode was drawn, not the talk.",
        )
    elif enough:
        tail = ("Der er nok uden samtale at sammenligne med.", "Enough are without a talk to compare with.")
    else:
        tail = (
            "Næsten ingen er tilbage uden samtale: tidspunktet for samtalen siger intet om dens virkning.",
            "Almost nobody is left without one: when a talk is held says nothing about what it does.",
        )
    status: Status = "passes" if enough or plan.claims_randomised else "fails"
    return found(
        GATE, status, last, declared.most_with_talk, details=details,
        da=f"{share(last, 'da')} af de ledige har haft en samtale inden uge {by}. {tail[0]}",
        en=f"{share(last, 'en')} of those still unemployed have had a talk by week {by}. {tail[1]}",
    )  # fmt: skip


def with_talk(panel: Panel, weeks: list[int]) -> tuple[list[float], list[float]]:
    """Give the share with a talk by each week among those at risk in it, and how many those are."""
    first = panel.first_talk(panel.weeks)[0]
    shares, sizes = [], []
    for week in weeks:
        risk = panel.last_week >= week
        size = int(np.count_nonzero(risk))
        talked = int(np.count_nonzero(risk & (first > 0) & (first <= week)))
        shares.append(talked / size if size else 1.0)
        sizes.append(float(size))
    return shares, sizes
