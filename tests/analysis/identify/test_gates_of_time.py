"""The gates of time: who waits for a digital talk, and who exits before one, beside twins that loop."""

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm

from analysis.identify.evidence import Evidence
from analysis.identify.gates import (
    anticipation,
    survivorship,
)


def test_waiting_makes_what_a_loop_says(make_panel, covid):
    panel = make_panel(2000)
    finding = survivorship.assess(Evidence(panel), covid)
    hazard = {
        week: [
            np.mean(panel.cause[(panel.last_week >= week)] * 0 + 1) and
            ((panel.last_week == week) & (panel.cause == cause)).sum() / (panel.last_week >= week).sum()
            for cause in (1, 2)
        ]
        for week in range(1, 14)
    }  # fmt: skip

    def ahead(week):
        chance, alive = 0.0, 1.0
        for one in range(week, 14):
            chance += alive * hazard[one][0]
            alive *= 1 - sum(hazard[one])
        return chance

    waited = {1: [], 2: []}
    for row in range(2000):
        held = [week for week in range(1, 5) if panel.talk[row, week - 1] > 0]
        if held:
            waited[min(panel.talk[row, held[0] - 1], 2)].append(ahead(held[0]))
    assert finding.details["made_by_waiting"] == pytest.approx(np.mean(waited[2]) - np.mean(waited[1]))
    assert finding.figure == pytest.approx(abs(np.mean(waited[2]) - np.mean(waited[1])))


def test_immortal_weeks_are_those_before_the_first_digital_talk(make_panel):
    panel = make_panel(300)
    made = survivorship.ever_digital(panel, 13)
    rows = [row for row in range(300) if (panel.talk[row, :13] > 1).any()]
    waits = [int(np.flatnonzero(panel.talk[row, :13] > 1)[0]) for row in rows]
    assert made["immortal_weeks"] == pytest.approx(np.mean(waits))
    assert made["immortal_share"] == pytest.approx(sum(waits) / sum(min(panel.last_week[row], 13) for row in rows))


def test_late_digital_talks_are_found_immortal(make_panel, covid):
    panel = make_panel(3000)
    talks = panel.talk.copy()
    talks[:, 0] = np.where(talks[:, 0] > 1, 0, talks[:, 0])
    assert survivorship.assess(Evidence(replace(panel, talk=talks)), covid).status == "fails"


def test_anticipation_is_a_weighted_regression_with_dummies(make_panel, covid, dummies):
    panel = make_panel(3000)
    tables = anticipation.tabulated(panel)
    lead = 4
    rows = []
    weeks = tables.at_risk.shape[1]
    for place in range(tables.at_risk.shape[0]):
        for week in range(weeks - lead):
            now, later = tables.digital[place, week], tables.digital[place, week + lead]
            mass = tables.at_risk[place, week]
            if mass and np.isfinite(now) and np.isfinite(later):
                excess = (tables.exits[place, week] - tables.expected[place, week]) / mass
                rows.append((excess, later, now, place, week, mass))
    y, later, now, place, week, mass = np.array(rows).T
    design = np.column_stack([later, now, dummies(place), dummies(week)[:, 1:]])
    fit = sm.WLS(y, design, weights=mass).fit(cov_type="cluster", cov_kwds={"groups": place.astype(int)})
    found = anticipation.led(tables, lead)
    assert found.value == pytest.approx(fit.params[0])
    assert found.se == pytest.approx(fit.bse[0], rel=1e-6)
    finding = anticipation.assess(Evidence(panel), covid)
    assert finding.details["change"] == pytest.approx(fit.params[0] / (tables.exits.sum() / tables.at_risk.sum()))


def test_anticipation_counts_those_without_a_talk(make_panel):
    panel = make_panel(200)
    tables = anticipation.tabulated(panel)
    risk = exits = 0
    for row in range(200):
        held = [week for week in range(1, 27) if panel.talk[row, week - 1] > 0]
        first = held[0] if held else 99
        for week in range(1, panel.last_week[row] + 1):
            if first > week:
                risk += 1
                exits += panel.last_week[row] == week and panel.cause[row] == 1
    assert tables.at_risk.sum() == risk
    assert tables.exits.sum() == exits
    assert tables.expected.sum() == pytest.approx(exits)
