"""The demo at a reduced size, as a newcomer runs it: every command, one after the other, in a folder of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from scripts.find_canary import found

ROOT = Path(__file__).resolve().parents[1]
CANARY = "010158-8123"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "out"
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**os.environ, "ARRIVALS": "1500", "DEMO": str(folder), "PATH": path}
    done = subprocess.run(
        ["bash", "scripts/demo.sh"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (folder.parent / "said.txt").write_text(done.stdout + done.stderr)
    return folder


def test_it_ends_with_a_summary_a_person_can_read(demo: Path) -> None:
    summary = (demo.parent / "said.txt").read_text().split("The trial of 2021, simulated")[1]
    for words in ("arrivals", "in a pause", "randomised", "planted effect", "estimate", "verified", "40 of 40"):
        assert words in summary


def test_nobody_is_lost_between_arrival_and_effect(demo: Path) -> None:
    status = json.loads((demo / "status.json").read_text())
    assert status["randomised"] == sum(status["per_arm"].values())
    assert status["arrivals"] == status["randomised"] + sum(status["not_randomised"].values())
    effects = json.loads((demo / "effects" / "effects.json").read_text())["effects"]
    for row in effects:
        for arm, n in status["per_arm"].items():
            assert row["n"][arm] + row["missing"][arm] == n


def test_a_citizen_number_is_nowhere_but_in_the_intake_file(demo: Path) -> None:
    places = [path.relative_to(demo).parts[0] for path in found(demo, CANARY)]
    assert places == ["intake"]
    said = (demo.parent / "said.txt").read_text().splitlines()
    assert [line for line in said if CANARY in line and "$ trial simulate" not in line] == []


def test_leading_zeros_survive_to_the_bundle(demo: Path) -> None:
    codes = set(pq.read_table(demo / "bundle" / "assignments.parquet")["jobcentre"].to_pylist())
    assert "0101" in codes
    assert all(len(code) == 4 for code in codes)


def test_secrets_stay_in_their_files(demo: Path) -> None:
    for key in (demo / "keys").iterdir():
        secret = json.loads(key.read_text())["key"]
        holders = [path for path in demo.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]
        assert holders == [key]


@pytest.mark.parametrize("page", ["report.html", "da/report.html"])
def test_the_report_is_one_file_that_asks_the_network_for_nothing(demo: Path, page: str) -> None:
    text = (demo / page).read_text("utf-8")
    assert "<svg" in text or "data:image" in text
    assert not [
        mark for mark in ('src="http', "src='http", '<link rel="stylesheet" href="http', "@import") if mark in text
    ]
