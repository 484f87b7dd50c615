"""`analysis power` as a person at a terminal meets it."""

import json
from pathlib import Path

from click.testing import CliRunner

from analysis.cli import main

ASKED = ["power", "digital-samtaler", "--arrivals", "20000", "--power", "0.8"]
SHARES = ["--share", "exit_26=0.35", "--effect", "exit_26=0.02", "--margin", "exit_26=0.02"]


def test_the_table_shows_the_planning_figures_and_what_was_assumed() -> None:
    shown = CliRunner().invoke(main, [*ASKED, *SHARES])
    assert shown.exit_code == 0
    assert "8,930" in shown.stdout
    assert "7,030" in shown.stdout
    assert "not given" in shown.stdout
    assert "itt-weeks-employed: not computed; give --deviation weeks_employed_52=WEEKS" in shown.stderr


def test_json_says_the_same() -> None:
    shown = CliRunner().invoke(main, [*ASKED, *SHARES, "--json"])
    document = json.loads(shown.stdout)
    needed = {row["question"]: row["needed"] for row in document["rows"] if row["estimand"] == "itt-exit-26"}
    assert needed == {"superiority": 8929, "non-inferiority": 7033}
    assert document["trial"] == "digital-samtaler"


def test_power_and_arrivals_have_no_default() -> None:
    assert CliRunner().invoke(main, ["power", "digital-samtaler", "--arrivals", "20000"]).exit_code == 2
    assert CliRunner().invoke(main, ["power", "digital-samtaler", "--power", "0.8"]).exit_code == 2


def test_pauses_of_a_replayed_series(tmp_path: Path) -> None:
    path = tmp_path / "closures.json"
    path.write_text('{"closures": []}')
    replayed = ["--replayed", "2021-01-04", "2021-06-14"]
    shown = CliRunner().invoke(main, [*ASKED, "--closures", str(path), *replayed])
    assert shown.exit_code == 0
    assert CliRunner().invoke(main, [*ASKED, "--closures", str(path)]).exit_code == 2
    both = CliRunner().invoke(main, [*ASKED, "--closures", str(path), *replayed, "--lost-to-pauses", "0.1"])
    assert both.exit_code == 2


def test_an_undeclared_outcome_is_refused_by_name() -> None:
    shown = CliRunner().invoke(main, [*ASKED, "--share", "exit_13=0.35"])
    assert shown.exit_code == 31
    assert "exit_26" in shown.stderr


def test_power_against_arrivals_is_drawn(tmp_path: Path) -> None:
    path = tmp_path / "power.png"
    shown = CliRunner().invoke(main, [*ASKED, *SHARES, "--plot", str(path)])
    assert shown.exit_code == 0
    assert path.read_bytes().startswith(b"\x89PNG")
    none = CliRunner().invoke(main, [*ASKED, "--plot", str(tmp_path / "none.png")])
    assert "Nothing to draw" in none.stderr
    assert not (tmp_path / "none.png").exists()
