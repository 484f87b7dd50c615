"""What turned out later is counted and shown, and nobody leaves the analysis set for it."""

import json

import pandas as pd
import pytest

from analysis.outcomes import analysis_set

TOLD = [
    (0, "withdrawal", {"on": "2021-04-12", "scope": "conversations", "stands": True}),
    (1, "withdrawal", {"on": "2021-04-13", "scope": "follow-up", "stands": False}),
    (2, "ineligible", {"on": "2021-04-14", "criterion": "interpreter", "stands": True}),
    (2, "duplicate", {"on": "2021-04-14", "duplicate_of": "x", "stands": True}),
    (3, "correction", {"on": "2021-04-15", "field": "age_group", "value": "50+", "stands": True}),
    (4, "erasure", {"on": "2021-04-16"}),
    (5, "pause", {"number": 1}),
]


@pytest.fixture(scope="module")
def tables(assignments, registers, protocol):
    rows = assignments.assign(age_group_corrected=None)
    rows.loc[3, "age_group_corrected"] = "50+"
    events = pd.DataFrame(
        [(rows["participant_id"][at], kind, json.dumps(detail)) for at, kind, detail in TOLD],
        columns=["participant_id", "kind", "detail"],
    )
    talks = pd.DataFrame({"participant_id": [], "held_mode": []})
    return rows, talks, registers, protocol, events


def test_everybody_stays_and_everything_is_counted(tables):
    rows, talks, registers, protocol, events = tables
    plain = analysis_set(rows, talks, registers, protocol)
    built = analysis_set(rows, talks, registers, protocol, events=events)
    assert built.frame[plain.frame.columns].equals(plain.frame)
    counts = {step.name: step.n for step in built.flow}
    expected = {"withdrew": 1, "found-ineligible": 1, "found-duplicate": 1, "level-corrected": 1, "erased": 1}
    assert {name: counts[name] for name in expected} == expected
    assert all(sum(step.per_arm.values()) == step.n for step in built.flow if step.name in expected)


def test_the_columns_tell_what_turned_out(tables):
    rows, talks, registers, protocol, events = tables
    frame = analysis_set(rows, talks, registers, protocol, events=events).frame.set_index("participant_id")
    ids = rows["participant_id"]
    assert (frame["withdrawn_on"][ids[0]], frame["withdrawn_from"][ids[0]]) == ("2021-04-12", "conversations")
    assert pd.isna(frame["withdrawn_on"][ids[1]])  # it does not stand any more
    assert frame["ineligible"][ids[2]] == "interpreter" and frame["duplicate"][ids[2]]
    assert frame["age_group_corrected"][ids[3]] == "50+" and frame["duplicate"].sum() == 1
    assert (frame["age_group"] == rows.set_index("participant_id")["age_group"].reindex(frame.index)).all()


def test_a_trial_without_corrections_has_no_such_step(tables):
    rows, talks, registers, protocol, events = tables
    flow = analysis_set(rows, talks, registers, protocol, events=events.iloc[:0]).flow
    assert not {"withdrew", "found-ineligible", "erased"} & {step.name for step in flow}
