"""`trial simulate` and `trial conversation import`: a small trial by commands alone."""

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from trial.cli import main
from trial.infection import synthetic_series
from trial.protocol import shipped

CANARY = "310221" + "-" + "1234"  # 31 February
PERIOD = ("--from", "2021-03-01", "--to", "2021-03-19")


class Desk:
    """A folder with keys and an opened trial, and somebody who types commands."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.runner = CliRunner()
        self.env = {
            "TRIAL_DB": f"sqlite:///{folder}/trial.db",
            "TRIAL_KEY_FILE": str(folder / "trial.key"),
            "TRIAL_IDENTITY_KEY_FILE": str(folder / "identity.key"),
        }

    def trial(self, *words: object) -> Result:
        return self.runner.invoke(main, [str(word) for word in words], env=self.env)

    def opened(self, mode: str) -> "Desk":
        keys = {"trial": "trial.key", "identity": "identity.key"}
        if mode == "production":
            keys["signing"] = "signing.key"
            self.env["TRIAL_ROLE"] = "designer"
            self.env["TRIAL_SIGNING_KEY_FILE"] = str(self.folder / "signing.key")
            self.env["TRIAL_CHECKPOINT_DIR"] = str(self.folder / "checkpoints")
        for purpose, name in keys.items():
            made = self.trial("key", "new", self.folder / name, "--purpose", purpose, "--mode", mode)
            assert made.exit_code == 0, made.output
        opened = self.trial("init", shipped("digital-samtaler.toml"), "--mode", mode)
        assert opened.exit_code == 0, opened.output
        return self


@pytest.fixture(scope="module")
def figures(tmp_path_factory) -> Path:
    from datetime import date

    folder = tmp_path_factory.mktemp("ssi")
    for name, content in synthetic_series(3, date(2020, 12, 1), date(2021, 12, 31)).items():
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture(scope="module")
def desk(tmp_path_factory, figures) -> Desk:
    desk = Desk(tmp_path_factory.mktemp("desk")).opened("test")
    desk.answer = desk.trial(
        "simulate", "--arrivals", 120, "--seed", 4, *PERIOD, "--data", figures, "--canary", CANARY,
        "--intake-dir", desk.folder / "intake", "--conduct", desk.folder / "conduct.parquet", "--json",
    )  # fmt: skip
    return desk


def test_a_simulated_trial_tells_its_counts(desk):
    assert desk.answer.exit_code == 0, desk.answer.output
    counts = json.loads(desk.answer.stdout)
    assert counts["rows"] - counts["answered_before"] == 120
    assert counts["randomised"] + sum(counts["not_randomised"].values()) == 120
    assert sum(counts["per_arm"].values()) == counts["randomised"] > 0
    assert CANARY not in desk.answer.output
    assert "refused-intake-2021-03-01.csv:2" in desk.answer.stderr


def test_the_truth_is_a_parquet_file(desk):
    import pyarrow.parquet as pq

    table = pq.read_table(desk.folder / "conduct.parquet")
    assert table.column_names == ["participant_id", "dose_physical_if_physical", "dose_physical_if_digital"]
    assert table.num_rows == json.loads(desk.answer.stdout)["randomised"]
    assert all(0 <= value <= 1 for name in table.column_names[1:] for value in table[name].to_pylist())


def test_every_file_of_the_simulation_can_be_assigned_again_by_hand(desk):
    path = min((desk.folder / "intake").glob("intake-*.csv"))
    again = desk.trial("assign", path, "--on", path.stem.removeprefix("intake-"))
    assert again.exit_code == 0, again.output
    answers = [json.loads(line) for line in again.stdout.splitlines()]
    assert answers
    assert not any(answer["new"] for answer in answers)


def test_nothing_is_simulated_outside_enrolment_or_in_production(desk, figures, tmp_path):
    outside = desk.trial("simulate", "--seed", 1, "--from", "2020-12-31", "--data", figures)
    assert outside.exit_code == 2
    assert "2021-01-04 to 2021-12-31" in outside.output
    production = Desk(tmp_path).opened("production")
    refused = production.trial("simulate", "--seed", 1, "--data", figures)
    assert refused.exit_code == 17
    assert "(simulate-production, exit 17)" in refused.output


def test_without_figures_there_is_no_simulation(tmp_path):
    answer = Desk(tmp_path).opened("training").trial("simulate", "--seed", 1, "--intake-dir", tmp_path / "intake")
    assert answer.exit_code == 15
    assert "(infection-none, exit 15)" in answer.output
    assert not (tmp_path / "intake").exists()


def test_a_dry_run_writes_nothing(desk, figures):
    before = sorted(path for path in desk.folder.rglob("*") if path.suffix != ".db")
    answer = desk.trial(
        "simulate", "--arrivals", 10, "--seed", 5, *PERIOD, "--data", figures,
        "--intake-dir", desk.folder / "dry", "--conduct", desk.folder / "dry.parquet", "--dry-run",
    )  # fmt: skip
    assert answer.exit_code == 0
    assert "Nothing was written." in answer.stderr
    assert sorted(path for path in desk.folder.rglob("*") if path.suffix != ".db") == before


def test_conversations_are_imported_once(desk, figures, tmp_path):
    """A citizen is drawn by hand, and the conversation comes from a file: recorded, then known."""
    drawn = desk.trial(
        "assign", "--participant", "HAND-1", "--jobcentre", "0825", "--target-group", "dagpenge",
        "--spell-start-on", "2021-03-01", "--birth-on", "1990-05-17", "--on", "2021-03-19",
    )  # fmt: skip
    assert drawn.exit_code == 0, drawn.output
    arm = json.loads(drawn.stdout)["arm"]
    mode = {"physical": "physical", "digital": "video"}[arm]
    path = tmp_path / "conversations.csv"
    row = {
        "citizen": "HAND-1", "number": "1", "due_on": "2021-03-26", "assigned_mode": arm, "summoned_mode": mode,
        "held_mode": mode, "held_on": "2021-03-26", "override_reason": "", "in_pause": "nej",
    }  # fmt: skip
    write(path, row)
    dry = desk.trial("conversation", "import", path, "--dry-run")
    assert "1 conversations would be recorded, 0 known before" in dry.stderr
    first, again = (desk.trial("conversation", "import", path, "--json") for _ in range(2))
    assert first.exit_code == again.exit_code == 0, first.output
    assert (json.loads(first.stdout)["new"], json.loads(again.stdout)["new"]) == (1, 0)
    write(path, {**row, "held_mode": "none", "held_on": ""})
    settled = desk.trial("conversation", "import", path)
    assert settled.exit_code == 17
    write(path, {**row, "due_on": "2021-03-27"})
    early = desk.trial("conversation", "import", path)
    assert early.exit_code == 13
    assert "due_on of conversation 1 must be 2021-03-26" in early.output
    write(path, {**row, "citizen": "HAND-2"})
    stranger = desk.trial("conversation", "import", path)
    assert stranger.exit_code == 13
    assert "(not-assigned, exit 13)" in stranger.output
    write(path, {**row, "citizen": CANARY})
    canary = desk.trial("conversation", "import", path)
    assert canary.exit_code == 13
    assert CANARY not in canary.output


def write(path: Path, row: dict[str, str]) -> None:
    with path.open("w", newline="", encoding="cp1252") as file:
        writer = csv.DictWriter(file, row, delimiter=";")
        writer.writeheader()
        writer.writerow(row)
