"""What is planted by the week of the spell and by pause is what the registers show; recalls show as recalls."""

import json
from datetime import date

import numpy as np
import pandas as pd
import pytest

from analysis.outcomes import analysis_set, measure_codes, shipped_codes
from analysis.registers.people import participants
from analysis.registers.planted import planted_truth
from analysis.registers.scenario import Pauses, Scenario
from analysis.registers.weeks import weeks_between

NOBODY = pd.DataFrame({"participant_id": [], "held_mode": []}).astype(str)
CLOSED = pd.DataFrame(
    {
        "municipality_code": ["0101", "0101"],
        "closed_on": [date(2021, 1, 4), date(2022, 1, 3)],
        "reopened_on": [date(2021, 12, 27), None],
    }
)


def test_the_factor_by_spell_week_and_pause():
    planted = Scenario(-0.1, by_spell_week=((26, 0.0), (13, -0.3)), paused=-1.0)
    since = np.array([0, 12, 13, 25, 26, 40, 13], dtype=np.int16)
    paused = np.array([False] * 6 + [True])
    factor = planted.factor(np.array([0.0] * 7), since, paused)
    assert np.log(factor).round(12).tolist() == [-0.1, -0.1, -0.3, -0.3, 0.0, 0.0, -1.0]
    assert (planted.factor(np.ones(7), since, paused) == 1).all()
    assert np.log(planted.factor(np.full(7, 0.5), since, paused))[0] == pytest.approx(-0.05)


def test_a_week_is_paused_by_its_thursday():
    rows = [("0461", date(2021, 3, 4), date(2021, 3, 18)), ("0101", date(2021, 3, 19), None)]
    pauses = Pauses.of(["0461", "0101", "0461"], rows)
    table = pauses.table(weeks_between(date(2021, 3, 1), date(2021, 3, 31)))
    assert pauses.place.tolist() == [1, 0, 1]
    assert table[:, 1].tolist() == [True, True, False, False, False]
    assert table[:, 0].tolist() == [False, False, False, True, True]
    assert not table[:, -1].any()


def effects(people, protocol, planted, pauses=None):
    found = planted_truth(
        participants(people, protocol.arms, None, pauses), protocol.outcomes, measure_codes(shipped_codes()),
        planted=planted, seed=3, replicates=2,
    )  # fmt: skip
    return {one.outcome: one.effect["digital"] for one in found}


def test_a_late_effect_leaves_the_first_weeks_alone(make_assignments, protocol):
    people = make_assignments(1500, seed=31)
    everywhere = effects(people, protocol, Scenario(-0.4))
    late = effects(people, protocol, Scenario(0.0, by_spell_week=((80, -0.4),)))
    assert late["exit_26"] == 0 > everywhere["exit_26"]
    assert everywhere["weeks_employed_52"] < late["weeks_employed_52"] <= 0
    assert effects(people, protocol, Scenario(-0.4, by_spell_week=((1, -0.4),))) == everywhere


def test_an_effect_in_pauses_alone_meets_only_who_is_paused(make_assignments, protocol):
    people = make_assignments(1500, seed=32)
    planted = Scenario(0.0, paused=-0.6)
    for code, theirs in people.groupby("municipality_code"):
        found = effects(theirs, protocol, planted, CLOSED)
        assert (found["exit_26"] < -0.02) == (code == "0101")
    assert effects(people, protocol, planted)["exit_26"] == 0  # no pause, no effect


def test_the_registers_hold_the_planted_effect_of_pauses(make_assignments, write_registers, protocol, tmp_path):
    """The same citizens in both worlds with the same chance: the difference is the effect, almost without noise."""
    frames = {}
    for arm in ("physical", "digital"):
        people = make_assignments(3000, seed=33, arm=arm)
        truth = write_registers(
            people, tmp_path / arm, theta=-0.1, by_spell_week=((20, -0.5),), paused=-0.9, pauses=CLOSED, replicates=2,
            recalls=0.3,
        )  # fmt: skip
        frames[arm] = analysis_set(people, NOBODY, tmp_path / arm, protocol).frame
    for one, column in zip(truth[:2], ("weeks_employed_52", "exit_26"), strict=True):
        difference = (frames["digital"][column] - frames["physical"][column]).astype(float).dropna()
        error = np.hypot(difference.std() / np.sqrt(len(difference)), one.monte_carlo_se["digital"])
        assert difference.mean() == pytest.approx(one.effect["digital"], abs=3.5 * error)
        assert abs(one.effect["digital"]) > 10 * error
    document = json.loads((tmp_path / "digital" / "truth.json").read_text())
    assert (document["theta"], document["theta_paused"], document["recalls"]) == (-0.1, -0.9, 0.3)
    assert document["theta_by_spell_week"] == [[20, -0.5]]


def test_who_waits_for_a_recall_leaves_in_weeks_four_to_nine(make_assignments, write_registers, protocol, tmp_path):
    people = make_assignments(2500, seed=34, arm="physical")
    share = {}
    for recalls in (0.0, 1.0):
        write_registers(people, tmp_path / str(recalls), recalls=recalls)
        frame = analysis_set(people, NOBODY, tmp_path / str(recalls), protocol).frame
        week = frame["time_to_exit_week"].where(frame["time_to_exit_event"] == 1)
        share[recalls] = (week.le(10).sum() / len(week), week.between(20, 40).sum() / len(week))
    assert share[1.0][0] > 1.6 * share[0.0][0]
    assert share[1.0][1] < 0.7 * share[0.0][1]
