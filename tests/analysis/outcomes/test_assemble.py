"""The analysis set: nobody is dropped, every loss is counted, dose and exposure are as declared."""

import json
from datetime import date, timedelta
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from analysis.outcomes import analysis_set, build_analysis_set
from analysis.outcomes.assemble import exposed_to_pause
from analysis.registers.weeks import column_of, week_of
from trial.errors import RegisterError

MODES = ["physical", "telephone", "video", "none", None]


@pytest.fixture(scope="module")
def conversations(assignments):
    rng = np.random.default_rng(4)
    rows = assignments[["participant_id"]].loc[assignments.index.repeat(3)].reset_index(drop=True)
    return rows[rows["participant_id"] != assignments["participant_id"][0]].assign(
        held_mode=lambda all_: rng.choice(np.array(MODES, dtype=object), len(all_))
    )


@pytest.fixture(scope="module")
def built(assignments, conversations, registers, protocol):
    pauses = pd.DataFrame(
        {"municipality_code": ["0461"], "closed_on": [date(2021, 5, 3)], "reopened_on": [date(2021, 5, 20)]}
    )
    away = pd.DataFrame(
        {"participant_id": ["a", "b", "c"], "reason": ["paused:0461", "excluded:interpreter", "excluded:interpreter"]}
    )
    return analysis_set(assignments, conversations, registers, protocol, pauses=pauses, not_randomised=away)


def test_one_row_a_randomised_citizen(built, assignments):
    assert built.frame["participant_id"].tolist() == sorted(assignments["participant_id"])


def test_every_lost_row_is_counted_with_its_reason(built, protocol):
    steps = pd.DataFrame([vars(step) for step in built.flow])
    count = steps.set_index(["name", "reason"])["n"]
    randomised = int(count["randomised"].iloc[0])
    assert int(count["arrived"].iloc[0]) == randomised + 3
    assert count["not-randomised", "excluded:interpreter"] == 2
    assert count["not-randomised", "paused"] == 1
    lost = int(count["not-linked"].iloc[0]) + int(count["not-in-dream"].iloc[0])
    assert lost > 0
    assert int(count["followed"].iloc[0]) + lost == randomised
    for outcome in protocol.outcomes:
        missing = steps[(steps["name"] == "missing") & steps["reason"].str.startswith(f"{outcome.name}: ")]["n"].sum()
        assert count["analysed", outcome.name] + missing == randomised
    assert all(sum(step.per_arm.values()) == step.n for step in built.flow if step.per_arm)


def test_a_value_or_a_reason_never_both_never_neither(built):
    for name in ("weeks_employed_52", "exit_26"):
        assert (built.frame[name].isna() == built.frame[f"{name}_missing_reason"].notna()).all()
    missing = built.frame["time_to_exit_missing_reason"].notna()
    assert (built.frame["time_to_exit_week"].isna() == missing).all()
    assert (built.frame["time_to_exit_event"].isna() == missing).all()
    assert built.frame["time_to_exit_week"].dropna().between(1, 52).all()
    unlinked = built.frame[~built.frame["linked"]]
    assert set(unlinked["exit_26_missing_reason"]) == {"not-linked", "not-in-dream"}


def test_outcomes_hold_together(built):
    seen = built.frame.dropna(subset=["weeks_employed_52", "exit_26", "time_to_exit_week"])
    exited = seen["time_to_exit_event"] == 1
    assert ((seen["weeks_employed_52"] > 0) == exited).all()
    assert ((seen["exit_26"] == 1) == (exited & (seen["time_to_exit_week"] <= 26))).all()
    assert (seen["weeks_employed_52"] <= 53 - seen["time_to_exit_week"]).all()
    both = seen.dropna(subset=["time_to_benefit_free_week"])
    assert (both["time_to_benefit_free_week"] <= both["time_to_exit_week"]).all()


def test_follow_up_starts_the_week_after_randomisation(built, assignments, registers):
    """Recount definition (a) for fifty citizens from the file itself, column by column."""
    link = pq.read_table(registers / "link.parquet").to_pandas().set_index("participant_id")["pnr"]
    dream = pq.read_table(registers / "dream.parquet").to_pandas().set_index("pnr")
    checked = built.frame[built.frame["time_to_benefit_free_event"] == 1].head(50)
    for row in checked.itertuples():
        start = week_of(pd.Timestamp(row.assigned_on).date())
        weeks = [column_of(start + timedelta(weeks=number)) for number in range(1, 80)]
        codes = list(zip(range(1, 80), dream.loc[link[row.participant_id], weeks], strict=True))
        cells = [(number, pd.isna(code)) for number, code in codes if code != 121]
        runs = [cells[at][0] for at in range(len(cells) - 3) if all(free for _, free in cells[at : at + 4])]
        assert runs[0] == row.time_to_benefit_free_week
    assert len(checked) == 50


def test_dose_is_the_share_of_held_conversations_and_zero_where_none_was_held(built, conversations):
    by_hand = {}
    for row in conversations.itertuples():
        held = by_hand.setdefault(row.participant_id, [])
        if row.held_mode in ("physical", "telephone", "video"):
            held.append(row.held_mode == "physical")
    for row in built.frame.itertuples():
        held = by_hand.get(row.participant_id, [])
        assert row.held == len(held)
        assert row.share_physical == (sum(held) / len(held) if held else 0.0)


@pytest.mark.parametrize(
    ("assigned", "municipality", "exposed"),
    [
        ("2021-05-02", "0461", True),
        ("2021-05-19", "0461", True),  # cannot happen in a pause of the own municipality, but counts if it does
        ("2021-05-20", "0461", False),  # half-open: reopened that day
        ("2021-05-02", "0101", False),
        ("2020-11-30", "0461", True),  # the last conversation is due on the day of the closure
        ("2020-11-29", "0461", False),
    ],
)
def test_exposure_to_a_pause(assigned, municipality, exposed):
    rows = pd.DataFrame({"assigned_on": [date.fromisoformat(assigned)], "municipality_code": [municipality]})
    pauses = pd.DataFrame(
        {"municipality_code": ["0461"], "closed_on": [date(2021, 5, 3)], "reopened_on": [date(2021, 5, 20)]}
    )
    assert exposed_to_pause(rows, pauses, 22).tolist() == [exposed]


def test_a_pause_that_still_lasts_exposes():
    rows = pd.DataFrame({"assigned_on": [date(2021, 5, 2)], "municipality_code": ["0461"]})
    pauses = pd.DataFrame({"municipality_code": ["0461"], "closed_on": [date(2021, 5, 3)], "reopened_on": [None]})
    assert exposed_to_pause(rows, pauses, 22).tolist() == [True]
    assert exposed_to_pause(rows, None, 22).tolist() == [False]


@pytest.fixture(scope="module")
def bundle(assignments, conversations):
    names = ("participant_id", "reason", "municipality_code", "closed_on", "reopened_on")
    empty = pd.DataFrame({name: pd.Series([], dtype="object") for name in names})
    return SimpleNamespace(assignments=assignments, conversations=conversations, pauses=empty, not_randomised=empty)


def test_built_from_a_bundle_and_written_whole(bundle, registers, protocol, built, tmp_path):
    again = build_analysis_set(bundle, registers, protocol)
    columns = [name for name in built.frame if name not in {"exposed_to_pause", "paused_week"}]
    pd.testing.assert_frame_equal(again.frame[columns], built.frame[columns])
    again.write(tmp_path)
    assert pq.read_metadata(tmp_path / "analysis_set.parquet").num_rows == len(bundle.assignments)
    assert json.loads((tmp_path / "flow.json").read_text())[0]["name"] == "arrived"
    assert {path.name for path in tmp_path.iterdir()} == {"analysis_set.parquet", "flow.json"}


def shortened(registers, folder, first, last):
    """The same registers with fewer weeks."""
    folder.mkdir()
    for path in registers.glob("*.parquet"):
        table = pq.read_table(path)
        if path.stem == "dream":
            keep = [name for name in table.column_names if name == "pnr" or first <= name <= last]
            table = table.select(keep)
        pq.write_table(table, folder / path.name)
    return folder


def test_an_extract_that_begins_after_randomisation_is_refused(
    assignments, conversations, registers, protocol, tmp_path
):
    folder = shortened(registers, tmp_path / "late", "y_2110", "y_2352")
    with pytest.raises(RegisterError, match=r"from the first randomisation on, .* found y_2110 as its first"):
        analysis_set(assignments, conversations, folder, protocol)


def test_an_extract_that_ends_early_loses_the_last_with_a_reason(
    assignments, conversations, registers, protocol, tmp_path
):
    folder = shortened(registers, tmp_path / "early", "y_1901", "y_2139")
    frame = analysis_set(assignments, conversations, folder, protocol).frame
    lost = frame["exit_26_missing_reason"] == "end-of-register"
    assert lost.sum() > len(frame) / 2
    assert (pd.to_datetime(frame["assigned_on"])[lost & frame["linked"]] > pd.Timestamp("2021-03-01")).all()
    never = pd.to_datetime(frame["assigned_on"]) >= pd.Timestamp("2021-10-04")
    assert frame.loc[never & frame["linked"], "time_to_exit_missing_reason"].eq("end-of-register").all()
