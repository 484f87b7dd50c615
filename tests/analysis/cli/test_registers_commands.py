"""The commands of the registers, from a bundle to the flow, as a user types them."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

import trial.bundle
from analysis.cli import main


@pytest.fixture
def run(monkeypatch, assignments, protocol):
    """Run a command; any folder is the bundle of the small trial."""
    held = assignments[["participant_id", "arm"]].rename(columns={"arm": "held_mode"})
    nobody = pd.DataFrame({"participant_id": ["x"], "reason": ["excluded:interpreter"]})
    pauses = pa.table({name: pa.array([], pa.string()) for name in ("municipality_code", "closed_on", "reopened_on")})
    bundle = SimpleNamespace(
        protocol=protocol,
        assignments=pa.Table.from_pandas(assignments),
        conversations=pa.Table.from_pandas(held),
        not_randomised=pa.Table.from_pandas(nobody),
        pauses=pauses,
    )
    monkeypatch.setattr(trial.bundle, "read_bundle", lambda folder: bundle)
    return lambda *words: CliRunner().invoke(main, ["registers", *map(str, words)])


def test_synthesise_check_and_build(run, tmp_path, assignments):
    made = run(
        "synthesise", tmp_path, tmp_path / "registers", "--seed", 3, "--others", 20, "--replicates", 1, "--json"
    )
    assert made.exit_code == 0, made.output
    assert {row["outcome"] for row in json.loads(made.stdout)} >= {"weeks_employed_52", "exit_26"}
    checked = run("check", tmp_path / "registers", "--json")
    assert json.loads(checked.stdout)["codes not declared"] == "none"
    built = run("build", tmp_path, tmp_path / "registers", "--out", tmp_path / "set", "--json")
    flow = {step["name"]: step["n"] for step in json.loads(built.stdout)}
    assert flow["arrived"] == len(assignments) + 1
    assert pq.read_metadata(tmp_path / "set" / "analysis_set.parquet").num_rows == len(assignments)
    assert "analysed" in run("build", tmp_path, tmp_path / "registers").stdout
    found = run("spells", tmp_path / "registers", "--out", tmp_path / "spells", "--json")
    assert json.loads(found.stdout)["spells"] == pq.read_metadata(tmp_path / "spells" / "spells.parquet").num_rows


def test_doses_come_from_a_file(run, tmp_path, assignments):
    doses = assignments[["participant_id"]].assign(dose_physical_if_physical=1.0, dose_physical_if_digital=np.nan)
    doses.to_parquet(tmp_path / "conduct.parquet")
    words = ("synthesise", tmp_path, tmp_path / "r", "--seed", 3, "--doses", tmp_path / "conduct.parquet")
    refused = run(*words)
    assert refused.exit_code == 30
    assert "participants without a lawful dose" in refused.stderr
    assert not (tmp_path / "r").exists()


def test_a_dry_run_writes_nothing(run, registers, tmp_path):
    for command in (("build", tmp_path, registers), ("spells", registers)):
        assert run(*command, "--out", tmp_path / "out", "--dry-run").exit_code == 0
    assert not (tmp_path / "out").exists()


def test_an_unknown_group_and_a_folder_without_registers(run, registers, tmp_path):
    assert run("spells", registers, "--unknown-as", "nothing").exit_code == 2
    refused = run("check", tmp_path)
    assert refused.exit_code == 11
    assert "must hold dream.parquet" in refused.stderr


@pytest.mark.parametrize("command", ["synthesise", "check", "spells", "build"])
def test_every_command_shows_an_example(run, command):
    assert "Example: analysis registers" in run(command, "--help").output
