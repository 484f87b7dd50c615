"""A real bundle and its registers, judged: the ledger decides, and a forged one is found out."""

import hashlib
import json
import shutil
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from analysis.cli import main
from analysis.identify.ledger import check_assignments, check_chain, prove, saturations_of
from analysis.identify.trial_data import arms_of, panel_of_trial, received_of, rows_of_trial
from analysis.outcomes import build_analysis_set
from analysis.plan import run_plan
from analysis.plan.judged import judge_trial, of_protocol, plan_name, under
from tests import bundles
from trial.bundle import read_bundle


@pytest.fixture(scope="module", name="trial")
def _trial(tmp_path_factory, write_registers):
    """A bundle of a small trial drawn by big stick, and its synthetic registers."""
    folder = tmp_path_factory.mktemp("trial")
    bundle = bundles.bundle(folder, bundles.ANY_RATIO["big stick"])
    rows = read_bundle(bundle).assignments.to_pandas()
    write_registers(rows, folder / "registers")
    return bundle, folder / "registers"


def lines(bundle):
    return list(read_bundle(bundle).ledger())


def test_an_honest_bundle_proves_its_draw(trial):
    bundle = read_bundle(trial[0])
    for replay in (False, True):
        proof = prove(bundle, arms_of(bundle.protocol), replay=replay)
        assert proof.holds, proof.problems
        assert proof.entries == len(lines(trial[0]))
    known = rows_of_trial(bundle)["prob_digital"].to_numpy()
    assert np.allclose(proof.probability, known)
    assert saturations_of(bundle.protocol) == ()


def test_the_chain_names_the_first_row_that_does_not_hold(trial):
    rows = lines(trial[0])
    head = json.loads(rows[-1])["hash"]
    assert check_chain(rows, head, len(rows)) == []
    forged = next(number for number, row in enumerate(rows, start=1) if '"arm":"digital"' in row)
    turned = [row.replace('"arm":"digital"', '"arm":"physical"', 1) if number == forged else row
              for number, row in enumerate(rows, start=1)]  # fmt: skip
    assert check_chain(turned, head, len(rows)) == [f"ledger row {forged} does not follow from the row before"]
    assert "row 4 is no row" in check_chain([*rows[:3], *rows[4:]], head, len(rows))[0]
    assert check_chain(rows[:-1], head, len(rows)) == ["the ledger does not end where the manifest says"]
    assert check_chain([], head, len(rows)) == ["the ledger does not end where the manifest says"]


def rechained(rows):
    """Give a ledger whose hashes are right again after a row was changed."""
    before, made = "0" * 64, []
    for row in rows:
        entry = {key: value for key, value in json.loads(row).items() if key != "hash"} | {"prev": before}
        text = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        before = hashlib.sha256(text.encode()).hexdigest()
        made.append(json.dumps({**entry, "hash": before}, sort_keys=True, separators=(",", ":"), ensure_ascii=False))
    return made, before


def test_a_ledger_chained_anew_around_another_arm_is_not_what_the_table_holds(trial):
    bundle = read_bundle(trial[0])
    rows = lines(trial[0])
    made, head = rechained(rows)
    assert (made, head) == (rows, bundle.manifest["ledger_head"])
    place = next(at for at, row in enumerate(rows) if '"arm":"digital"' in row)
    rows[place] = rows[place].replace('"arm":"digital"', '"arm":"physical"', 1)
    made, head = rechained(rows)
    assert check_chain(made, head, len(made)) == []
    assert check_assignments(bundle, made) == ["1 assignments are not what the ledger holds"]
    fewer = replace(bundle, assignments=bundle.assignments.slice(1))
    assert "the table" in check_assignments(fewer, rows)[0]


def test_estimates_stand_only_under_a_proof(trial, tmp_path):
    read = read_bundle(trial[0])
    frame = build_analysis_set(read, trial[1], read.protocol).frame
    judgement = judge_trial(read, frame)
    assert judgement.verdict.slug == "identified-by-design"
    effects = run_plan(read.protocol, frame)
    told = under(effects, judgement)
    assert [row.estimate for row in told.rows] == [row.estimate for row in effects.rows]
    swapped = read.assignments.to_pandas()
    swapped.loc[0, "arm"] = {"digital": "physical", "physical": "digital"}[swapped.loc[0, "arm"]]
    forged = replace(read, assignments=pa.Table.from_pandas(swapped, schema=read.assignments.schema))
    refused = judge_trial(forged, frame)
    assert not refused.verdict.is_identified
    silent = under(effects, refused)
    assert {row.status for row in silent.rows} == {"not-estimable"}
    assert all(row.estimate is None and "not what the ledger holds" in row.reason for row in silent.rows)
    assert silent.missing == effects.missing
    assert silent.curves == ()
    assert silent.to_json()["identification"]["verdict"] == refused.verdict.slug


def test_the_command_judges_a_bundle_and_finds_a_forged_file(trial, tmp_path):
    command = ["identify", str(trial[0]), "--plan", "digital-samtaler", "--registers", str(trial[1]), "--json"]
    result = CliRunner().invoke(main, command)
    made = json.loads(result.stdout)
    assert (result.exit_code, made["verdict"]) == (0, "identified-by-design"), result.stdout
    assert made["gates"][0]["details"]["basis"] == "replayed"
    folder = shutil.copytree(trial[0], tmp_path / "forged")
    table = pq.read_table(folder / "assignments.parquet")
    pq.write_table(table.slice(1), folder / "assignments.parquet")
    result = CliRunner().invoke(main, [command[0], str(folder), *command[2:]])
    assert result.exit_code == 16


def test_everybody_drawn_is_in_the_panel_with_what_the_registers_knew(trial):
    read = read_bundle(trial[0])
    panel = panel_of_trial(read, trial[1], 26)
    rows = rows_of_trial(read)
    assert (panel.arm == (rows["arm"] == "digital")).all()
    assert {"age", "sex"} <= set(panel.covariates)
    assert {"weeks_employed_before", "benefit_weeks_before"} <= set(panel.past)
    assert all(np.isfinite(column).all() for column in [*panel.covariates.values(), *panel.past.values()])
    assert panel.weeks == 26


def test_received_is_the_share_held_digitally(trial):
    read = read_bundle(trial[0])
    frame = build_analysis_set(read, trial[1], read.protocol).frame
    received = received_of(frame)
    assert np.isnan(received[frame["held"] == 0]).all()
    known = 1 - frame.loc[frame["held"] > 0, "share_physical"]
    assert np.allclose(received[frame["held"] > 0], known)


def test_the_margin_and_the_range_are_those_of_the_protocol(trial_plan, protocol):
    plan = of_protocol(trial_plan, protocol)
    assert plan.inference.margin == 1.5
    assert (plan.outcome.lowest, plan.outcome.highest) == (0.0, 52.0)
    assert plan_name(protocol) == "digital-samtaler"
