"""`analysis estimate`: what it writes, prints and leaves alone; reading is done by others and replaced here."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from click.testing import CliRunner

import analysis.outcomes
import analysis.plan.judged
import trial.bundle
from analysis.cli import main
from analysis.identify.finding import found
from analysis.identify.judge import Judgement
from analysis.identify.verdict import Verdict
from trial.protocol import load_protocol, shipped

PROVED = found("design", "passes", 0.5, 0.001, da="Bevist.", en="Proved.")
REFUTED = found("design", "fails", 0.0, 0.001, da="Ikke bevist.", en="The draw is not proved.")
IDENTIFIED = Judgement((PROVED,), Verdict("identified-by-design", (PROVED,), (), "design"))
NOT_IDENTIFIED = Judgement((REFUTED,), Verdict("not-identified", (REFUTED,), ()))


@pytest.fixture(name="folders")
def _folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    rng = np.random.default_rng(1)
    digital = rng.random(300) < 0.5
    frame = pd.DataFrame({
        "arm": np.where(digital, "digital", "physical"), "stratum": "0461/dagpenge/18-29", "jobcentre": "0461",
        "target_group": "dagpenge", "age_group": "18-29", "weeks_employed_52": rng.integers(0, 53, 300).astype(float),
        "exit_26": rng.integers(0, 2, 300).astype(float), "share_physical": np.where(digital, 0.1, 0.9),
        **{f"{name}_{part}": values for name in ("time_to_exit", "time_to_benefit_free")
           for part, values in (("week", rng.integers(1, 53, 300)), ("event", rng.integers(0, 2, 300)))},
    })  # fmt: skip
    for name in ("bundle", "registers"):
        (tmp_path / name).mkdir()
    (tmp_path / "bundle" / "manifest.json").write_text("{}", encoding="utf-8")
    (tmp_path / "registers" / "dream.parquet").write_bytes(b"columns")
    read = SimpleNamespace(
        protocol=load_protocol(shipped("digital-samtaler.toml")),
        manifest={"protocol_digest": "d" * 64, "ledger_head": "h" * 64},
        assignments=pa.table({"participant_id": []}),
    )
    monkeypatch.setattr(trial.bundle, "read_bundle", lambda folder: read)
    monkeypatch.setattr(analysis.outcomes, "build_analysis_set", lambda *_: SimpleNamespace(frame=frame))
    monkeypatch.setattr(analysis.plan.judged, "judge_trial", lambda *_: IDENTIFIED)
    return str(tmp_path / "bundle"), str(tmp_path / "registers")


def test_it_writes_three_files_and_shows_a_row_an_effect(folders: tuple[str, str], tmp_path: Path) -> None:
    out = tmp_path / "effects"
    result = CliRunner().invoke(main, ["estimate", *folders, "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in out.iterdir()) == ["effects.json", "effects.parquet", "manifest.json"]
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert set(manifest["inputs"]) == {"bundle/manifest.json", "registers/dream.parquet"}
    assert manifest["ledger_head"] == "h" * 64
    assert "itt-weeks-employed" in result.stdout
    assert "Wrote" in result.stderr


def test_json_goes_to_stdout_and_a_dry_run_writes_nothing(folders: tuple[str, str], tmp_path: Path) -> None:
    out = tmp_path / "effects"
    result = CliRunner().invoke(main, ["estimate", *folders, "--out", str(out), "--json", "--dry-run"])
    assert result.exit_code == 0
    assert json.loads(result.stdout)["format"] == "lodtraek-effects/1"
    assert not out.exists()


def test_the_verdict_stands_in_manifest_and_effects(folders: tuple[str, str], tmp_path: Path) -> None:
    out = tmp_path / "effects"
    CliRunner().invoke(main, ["estimate", *folders, "--out", str(out)])
    assert json.loads((out / "manifest.json").read_text(encoding="utf-8"))["verdict"] == "identified-by-design"
    effects = json.loads((out / "effects.json").read_text(encoding="utf-8"))
    assert effects["identification"]["verdict"] == "identified-by-design"
    assert effects["identification"]["gates"][0]["gate"] == "design"


def test_without_proof_of_the_draw_no_row_has_a_number_and_the_exit_status_is_1(
    folders: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(analysis.plan.judged, "judge_trial", lambda *_: NOT_IDENTIFIED)
    result = CliRunner().invoke(main, ["estimate", *folders, "--json"])
    assert result.exit_code == 1
    effects = json.loads(result.stdout)
    for row in [*effects["effects"], *effects["first_stage"], *effects["subgroups"]]:
        assert row["status"] == "not-estimable"
        assert "The draw is not proved." in row["reason"]
        assert {row.get(key) for key in ("estimate", "se", "ci_low", "ci_high", "p", "f", "bound", "conclusion")} == {
            None
        }
    assert effects["curves"] == []
    assert effects["effects"][0]["margin"] == 1.5


def test_help_has_an_example() -> None:
    assert "Example: analysis estimate" in CliRunner().invoke(main, ["estimate", "--help"]).output
