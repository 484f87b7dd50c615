"""Synthetic registers: deterministic, calibrated, of the real shape, with an effect that the pipeline finds."""

import json
import re
from datetime import date

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from analysis.outcomes import analysis_set, shipped_codes
from analysis.registers.check import check_registers
from analysis.registers.schema import BACKGROUND, BFL, DREAM, LINK

NOBODY = pd.DataFrame({"participant_id": [], "held_mode": []}).astype(str)
FILES = ("dream", "bfl", "background", "link")


def measured(assignments, folder, protocol):
    return analysis_set(assignments, NOBODY, folder, protocol).frame


def restricted(frame, name):
    return frame[f"{name}_week"].astype(float)


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(assignments, registers, write_registers, tmp_path):
    write_registers(assignments.sample(frac=1, random_state=3), tmp_path / "same")
    write_registers(assignments, tmp_path / "other", seed=2)
    for name in (*(f"{name}.parquet" for name in FILES), "truth.json"):
        first = (registers / name).read_bytes()
        assert first == (tmp_path / "same" / name).read_bytes()
        assert first != (tmp_path / "other" / name).read_bytes()


def test_files_have_the_declared_columns_and_every_iso_week(registers):
    for register in (DREAM, BFL, BACKGROUND, LINK):
        register.check_columns(pq.read_schema(registers / f"{register.name}.parquet").names, register.name)
    names = [name for name in pq.read_schema(registers / "dream.parquet").names if not name.startswith("grad_")]
    assert (names[1], names[-1], len(names) - 1) == ("y_1901", "y_2352", 261)
    assert names[names.index("y_2052") + 1] == "y_2053"


def test_no_unfinished_file_and_no_number_that_looks_like_a_cpr(registers):
    assert sorted(path.name for path in registers.iterdir()) == sorted(
        [*(f"{n}.parquet" for n in FILES), "truth.json"]
    )
    keys = pq.read_table(registers / "dream.parquet", columns=["pnr"])["pnr"].to_pylist()
    assert all(re.fullmatch(r"R\d{9}", key) for key in keys)


def test_every_code_is_declared_and_what_rests_on_memory_is_named(registers):
    facts = check_registers(registers, shipped_codes())
    assert facts["weeks in DREAM"] == "y_1901 to y_2352"
    assert "111" in facts["codes resting on memory"]


def test_a_week_53_holds_codes_like_its_neighbours(registers):
    weeks = pq.read_table(registers / "dream.parquet", columns=["y_2052", "y_2053", "y_2101"]).to_pandas()
    counts = weeks.notna().sum()
    assert counts.max() / counts.min() < 1.15


def test_a_job_starts_and_ends_in_the_same_month(registers):
    bfl = pq.read_table(registers / "bfl.parquet").to_pandas()
    start, stop = pd.to_datetime(bfl["AJO_JOB_START_DATO"]), pd.to_datetime(bfl["AJO_JOB_SLUT_DATO"])
    assert (start <= stop).all()
    assert (start.dt.to_period("M") == stop.dt.to_period("M")).all()
    assert bfl["AJO_LOENTIMER"].between(0, 200, inclusive="right").all()


def test_participants_are_unemployed_when_randomised(assignments, registers, protocol):
    flow = {(one.name, one.reason): one.n for one in analysis_set(assignments, NOBODY, registers, protocol).flow}
    followed = next(n for (name, _), n in flow.items() if name == "followed")
    elsewhere = next(n for (name, _), n in flow.items() if name == "not-unemployed-in-week-0")
    assert elsewhere < 0.02 * followed


def test_a_third_of_the_insured_work_at_week_13(protocol, write_registers, tmp_path, make_assignments):
    """Lederne on 2020, as quoted in the hearing memo to L 67: 35 % (standard error here 0.75 points)."""
    people = make_assignments(4000, seed=5, arm="physical").assign(target_group="dagpenge")
    write_registers(people, tmp_path)
    frame = measured(people, tmp_path, protocol)
    out = (frame["time_to_exit_event"].eq(1) & (restricted(frame, "time_to_exit") <= 13))[frame["linked"]]
    assert out.mean() == pytest.approx(0.35, abs=0.03)


def test_some_participants_are_in_no_register_and_some_people_in_no_trial(assignments, registers):
    linked = pq.read_table(registers / "link.parquet").num_rows
    assert 0.99 * len(assignments) < linked < len(assignments)
    assert pq.read_metadata(registers / "dream.parquet").num_rows > len(assignments)


def test_the_pipeline_finds_the_planted_truth(protocol, write_registers, tmp_path, make_assignments):
    """The same citizens in both worlds with the same chance: the difference is the effect, almost without noise."""
    frames = {}
    for arm in ("physical", "digital"):
        people = make_assignments(4000, seed=7, arm=arm)
        truth = write_registers(people, tmp_path / arm, theta=-0.4, replicates=2)
        frames[arm] = measured(people, tmp_path / arm, protocol)
    for one, column in zip(truth, ("weeks_employed_52", "exit_26", "time_to_exit_week"), strict=False):
        difference = (frames["digital"][column] - frames["physical"][column]).astype(float).dropna()
        error = np.hypot(difference.std() / np.sqrt(len(difference)), one.monte_carlo_se["digital"])
        assert difference.mean() == pytest.approx(one.effect["digital"], abs=3.5 * error)
        assert abs(one.effect["digital"]) > 10 * error


def test_no_effect_where_none_is_planted_or_both_arms_have_one_dose(assignments, write_registers, tmp_path):
    truth = write_registers(assignments, tmp_path / "none", theta=0.0)
    assert all(one.effect["digital"] == 0 for one in truth)
    doses = pd.DataFrame({"participant_id": assignments["participant_id"]})
    doses["dose_physical_if_physical"] = doses["dose_physical_if_digital"] = 0.25
    truth = write_registers(assignments, tmp_path / "same", theta=-0.4, doses=doses)
    assert all(one.effect["digital"] == 0 for one in truth)
    document = json.loads((tmp_path / "same" / "truth.json").read_text())
    late = next(one for one in document["estimands"] if one["summary"] == "late")
    assert late["effect"] is None


def test_truth_is_written_for_every_estimand(registers, protocol):
    document = json.loads((registers / "truth.json").read_text())
    effects = {one["estimand"]: one["effect"] for one in document["estimands"]}
    assert set(effects) == {one.name for one in protocol.estimands}
    assert effects["itt-weeks-employed"] < 0 < effects["rmst-time-to-exit"]
    assert effects["late-share-physical"] == pytest.approx(-effects["itt-weeks-employed"])  # dose falls from 1 to 0


def test_half_the_dose_gives_about_half_the_effect(assignments, write_registers, tmp_path):
    doses = pd.DataFrame({"participant_id": assignments["participant_id"]})
    doses["dose_physical_if_physical"], doses["dose_physical_if_digital"] = 1.0, 0.5
    half = write_registers(assignments, tmp_path / "half", doses=doses, replicates=4)[0]
    whole = write_registers(assignments, tmp_path / "whole", replicates=4)[0]
    assert half.effect["digital"] / whole.effect["digital"] == pytest.approx(0.5, abs=0.2)


def test_spells_end_on_the_calendar(registers):
    """The last randomised of 2021 has 104 weeks: the register ends with 2023."""
    bfl = pq.read_table(registers / "bfl.parquet", columns=["AJO_JOB_SLUT_DATO"]).to_pandas()
    assert bfl["AJO_JOB_SLUT_DATO"].max() == date(2023, 12, 31)
