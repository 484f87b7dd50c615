"""The pass over the whole register: its outcomes are the cohort's own, its tables what counting afterwards gives."""

from dataclasses import fields

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from analysis.cohort import link_cohort
from analysis.estimate.cells import tabulate
from analysis.estimate.counts import count
from analysis.estimate.result import DegenerateError
from analysis.estimate.tables import cells_of, counts_of
from analysis.outcomes import shipped_codes
from analysis.outcomes.national import Gatherer, spells_task
from analysis.outcomes.tally import Tally
from analysis.registers import synthetic
from analysis.registers.codes import look_up
from analysis.spells import look_for_exits
from analysis.spells.persons import COUNTED
from analysis.spells.write import write_spells
from trial.errors import PlanError, RegisterError

TABLE = look_up(shipped_codes())
ARMS = ("digital", "physical")


@pytest.fixture(scope="module")
def changed(make_assignments, write_registers, tmp_path_factory):
    """Registers in which every third participant changes CPR number, and the same without."""
    people = make_assignments(600, seed=21)
    folders = []
    for share in (0.35, 0.0):
        folders.append(tmp_path_factory.mktemp("changed"))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(synthetic, "NEW_NUMBER", share)
            write_registers(people, folders[-1])
    return people, *folders


def follow_all(people, folder, out, definition="a", **how):
    gatherer = Gatherer.of(people, folder, TABLE, definition)
    write_spells(folder, gatherer.task, out, gatherer, **how)
    return {name: pq.read_table(out / f"{name}.parquet") for name in ("outcomes", "durations", "moments", "spells")}


def test_outcomes_are_those_of_the_cohort_week_by_week(changed, tmp_path):
    people, folder, _ = changed
    outcomes = follow_all(people, folder, tmp_path)["outcomes"].to_pandas()
    rows = people.sort_values("participant_id", ignore_index=True)
    cohort = link_cohort(rows, folder, TABLE)
    exits = look_for_exits(cohort.follow_up, "a")
    there = cohort.lost == None  # noqa: E711
    assert [None if pd.isna(why) else why for why in outcomes["lost_reason"]] == cohort.lost.tolist()
    assert (cohort.keys > 1).sum() > 100
    for horizon in (13, 26, 52, 104):
        seen = there & ((exits.known >= horizon) | np.isin(exits.ended_by, (10, 11)))
        weeks = exits.out[:, :horizon].sum(axis=1)
        assert outcomes[f"weeks_out_{horizon}"].notna().tolist() == seen.tolist()
        assert outcomes[f"weeks_out_{horizon}"][seen].tolist() == weeks[seen].tolist()
    assert outcomes["exit_week"].notna().sum() > 500
    done = there & (exits.exit > 0) & (exits.exit <= 104)
    assert outcomes["exit_week"][done].tolist() == exits.exit[done].tolist()


@pytest.mark.parametrize("definition", ["a", "b"])
def test_who_changed_number_has_the_same_outcomes(changed, tmp_path, definition):
    people, folder, before = changed
    found = [follow_all(people, where, tmp_path / where.name, definition)["outcomes"] for where in (folder, before)]
    pd.testing.assert_frame_equal(*(one.to_pandas() for one in found))


def test_the_tables_are_what_counting_afterwards_gives(changed, tmp_path):
    people, folder, _ = changed
    made = follow_all(people, folder, tmp_path)
    outcomes = made["outcomes"].to_pandas()
    seen = outcomes[outcomes["exit_week"].notna()]
    treated = seen["arm"] == "physical"
    after = count(seen["exit_week"].astype(int), seen["exit_event"].astype(int), treated, seen["stratum"], arms=ARMS)
    found = counts_of(made["durations"], of="physical", against="digital")
    assert (found.arms, found.strata) == (after.arms, after.strata)
    assert np.array_equal(found.table, after.table)
    for name in COUNTED:
        seen = outcomes[outcomes[name].notna()]
        after = tabulate(seen[name].astype(float), seen["arm"] == "physical", seen["stratum"], arms=ARMS)
        cells = cells_of(made["moments"], name, of="physical", against="digital")
        for part in fields(after):
            assert np.array_equal(getattr(cells, part.name), getattr(after, part.name)), part.name


def test_an_arm_without_citizens_is_told(changed, tmp_path):
    people, folder, _ = changed
    made = follow_all(people, folder, tmp_path)
    with pytest.raises(DegenerateError, match="arm video has no citizen"):
        counts_of(made["durations"], of="physical", against="video")
    with pytest.raises(DegenerateError, match="no citizen has"):
        cells_of(made["moments"], "weeks_out_7", of="physical", against="digital")


def test_adding_batch_by_batch_is_adding_at_once():
    rng = np.random.default_rng(4)
    followed = {name: rng.integers(0, 105, 500) for name in (*COUNTED, "exit", "known", "end")}
    followed["ended_by"] = rng.choice([9, 10, 11, 254], 500)
    arm, stratum = rng.integers(0, 2, 500), rng.integers(0, 3, 500)
    whole, parts = Tally(("a", "b"), ("x", "y", "z")), Tally(("a", "b"), ("x", "y", "z"))
    whole.add(arm, stratum, followed)
    for cut in np.array_split(np.arange(500), 7):
        parts.add(arm[cut], stratum[cut], {name: values[cut] for name, values in followed.items()})
    assert parts.tables() == whole.tables()


def test_spells_are_the_same_with_and_without_participants(changed, tmp_path):
    people, folder, _ = changed
    write_spells(folder, spells_task(folder, TABLE), tmp_path / "alone")
    followed = follow_all(people, folder, tmp_path / "with")["spells"]
    assert pq.read_table(tmp_path / "alone" / "spells.parquet") == followed


def test_definition_b_needs_employment_ratios(changed, tmp_path):
    people, folder, _ = changed
    wide = pq.read_table(folder / "dream.parquet")
    wide = wide.drop_columns([name for name in wide.column_names if name.startswith("grad")])
    pq.write_table(wide, tmp_path / "dream.parquet")
    with pytest.raises(PlanError, match="definition b, 0 such columns"):
        Gatherer.of(people, tmp_path, TABLE, "b")


def test_randomised_before_the_register_begins(changed):
    people, folder, _ = changed
    early = people.assign(assigned_on=pd.Timestamp("2010-01-04"))
    with pytest.raises(RegisterError, match="DREAM must cover the weeks"):
        Gatherer.of(early, folder, TABLE, "a")


def test_an_unknown_code_leaves_no_table_behind(changed, tmp_path):
    people, folder, _ = changed
    gatherer = Gatherer.of(people, folder, np.where(np.arange(1000) == 890, 255, TABLE).astype(np.uint8), "a")
    with pytest.raises(RegisterError, match=r"890 \(\d+ weeks\)"):
        write_spells(folder, gatherer.task, tmp_path / "out", gatherer)
    assert list((tmp_path / "out").iterdir()) == []
