"""Anticipation: whether the mode to come moves exits now, before any talk is held.

1. Whoever has not yet had a talk has no mode; the mode that awaits them is the share of digital talks in their own
   municipality some weeks later. Under an effect of the talk alone it cannot move today's exits.
2. Exits to employment of those without a talk are compared with what their spell weeks let expect, by municipality
   and calendar week, on the share to come, given the share today, municipality and calendar week.
3. The figure is the change of the exit hazard, relative to its mean, from none to all digital in the weeks to come,
   clustered by municipality. It passes only where the whole interval lies inside the threshold.
4. Where the calendar fixes the share everywhere at once nothing is left to compare: not assessed.
"""

from dataclasses import dataclass

import numpy as np

from analysis.estimate.dummies import project
from analysis.identify.evidence import Evidence
from analysis.identify.finding import Detail, Finding, found, not_assessed
from analysis.identify.panel import EMPLOYMENT, NONE, PHYSICAL, Panel
from analysis.identify.partial import Floats, Slope, compress, slope
from analysis.identify.plan import IdentificationPlan
from analysis.identify.words import share, within

GATE = "anticipation"
MAX_WEEKS = 1500  # of municipality and calendar: beyond it the dummies are not worth a matrix


@dataclass(frozen=True)
class Tables:
    """By municipality and calendar week: untalked at risk, their exits, exits expected, share digital (NaN: none)."""

    at_risk: Floats
    exits: Floats
    expected: Floats
    digital: Floats


def assess(evidence: Evidence, plan: IdentificationPlan) -> Finding:
    """Judge whether the mode to come moves exits before any talk."""
    declared, panel = plan.thresholds.anticipation, evidence.panel
    missing = not_assessed(
        GATE, da="Om formen virker, før samtalen er holdt, kan ikke ses i disse data.",
        en="Whether the mode works before the talk is held cannot be seen in these data.",
        assumption="no-anticipation",
    )  # fmt: skip
    if declared is None or panel is None or panel.arm is not None or not len(panel):
        return missing
    tables = tabulated(panel)
    lead = led(tables, declared.lead_weeks)
    if lead is None:
        return missing
    mean = float(tables.exits.sum() / tables.at_risk.sum())
    value = lead.value / mean
    low, high = (end / mean for end in lead.interval(plan.inference.level))
    status = within(low, high, value, declared.most_change)
    details: dict[str, Detail] = {
        "lead_weeks": float(declared.lead_weeks), "low": low, "high": high, "change": value, "p": lead.p,
        "weekly_hazard": mean, "at_risk_weeks": float(tables.at_risk.sum()), "exits": float(tables.exits.sum()),
    }  # fmt: skip
    tail = {
        "passes": ("Det er for lidt til at betyde noget.", "That is too little to matter."),
        "warns": ("Data er for få til at udelukke det.", "The data are too few to rule it out."),
        "fails": ("Formen følger noget, der virker i forvejen.", "The mode follows something at work already."),
    }[status]
    return found(
        GATE, status, abs(value), declared.most_change, details=details, assumption="no-anticipation",
        da=f"Den form, der venter, flytter afgangen før første samtale med {share(value, 'da')}. {tail[0]}",
        en=f"The mode still to come moves exits before any talk by {share(value, 'en')}. {tail[1]}",
    )  # fmt: skip


def tabulated(panel: Panel) -> Tables:
    """Count those without a talk, their exits and the talks by mode, by municipality and calendar week."""
    place, places = compress(panel.municipality)
    start = panel.first_week - int(panel.first_week.min())
    weeks = int(start.max()) + panel.weeks
    shape = (places, weeks)
    risk, exits, expected, talks, digital = (np.zeros(places * weeks) for _ in range(5))
    first = panel.first_talk(panel.weeks)[0]
    for week in range(1, panel.weeks + 1):
        cell = place * weeks + start + (week - 1)
        column = panel.talk[:, week - 1]
        talks += np.bincount(cell[column > NONE], minlength=places * weeks)
        digital += np.bincount(cell[column > PHYSICAL], minlength=places * weeks)
        waiting = (panel.last_week >= week) & ((first == 0) | (first > week))
        out = waiting & (panel.last_week == week) & (panel.cause == EMPLOYMENT)
        own = np.bincount(cell[waiting], minlength=places * weeks)
        left = np.bincount(cell[out], minlength=places * weeks)
        risk, exits = risk + own, exits + left
        expected += own * (left.sum() / max(own.sum(), 1))
    with np.errstate(invalid="ignore"):
        shares = digital / talks
    return Tables(*(table.reshape(shape) for table in (risk, exits, expected, shares)))


def led(tables: Tables, lead: int) -> Slope | None:
    """Regress the excess exit hazard on the share to come, given the share today; None where nothing is left."""
    weeks = tables.at_risk.shape[1]
    if weeks <= lead or max(tables.at_risk.shape) > MAX_WEEKS:
        return None
    now, later = tables.digital[:, : weeks - lead], tables.digital[:, lead:]
    risk = tables.at_risk[:, : weeks - lead]
    used = (risk > 0) & np.isfinite(now) & np.isfinite(later)
    if used.sum() < 3 or tables.exits.sum() == 0:
        return None
    place, week = np.nonzero(used)
    mass = risk[used]
    excess = (tables.exits[:, : weeks - lead][used] - tables.expected[:, : weeks - lead][used]) / mass
    out = project((place, week), mass)
    left = [out.take_out(column) * np.sqrt(mass) for column in (excess, later[used], now[used])]
    today = float(left[2] @ left[2])
    if today > 1e-9:
        left = [column - left[2] * float(left[2] @ column) / today for column in left[:2]]
    return slope(left[0], left[1], len(place) - out.rank - 1, place)
