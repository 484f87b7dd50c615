"""`trial protocol`: data on stdout, words on stderr, exit 0, 11 or 12."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from trial.cli import main
from trial.protocol import digest, load_protocol, shipped

SHIPPED = shipped("digital-samtaler.toml")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["protocol", *arguments])


def test_check_says_what_the_law_rests_on() -> None:
    result = run("check", "digital-samtaler")
    assert result.exit_code == 0
    assert result.stdout == ""
    assert "every value, name and date is in order" in result.stderr
    assert 'The order in [legal] is "example": this is no real legal basis.' in result.stderr
    assert "Without a real order arm digital is unlawful 2021-08-01 to 2021-12-31 for dagpenge" in result.stderr


def test_check_as_json() -> None:
    told = json.loads(run("check", str(SHIPPED), "--json").stdout)
    assert told["lawful"] is True
    assert told["problems"] == []
    assert told["digest"] == digest(SHIPPED.read_bytes())
    assert {(row["arm"], row["from_on"]) for row in told["derogations"]} == {("digital", "2021-08-01")}


def test_check_of_a_real_order_says_no_example(tmp_path: Path, edited) -> None:
    path = tmp_path / "trial.toml"
    path.write_text(
        edited(('status = "example"', 'status = "order"'), ('order = "example"', 'order = "BEK 0"')), "utf-8"
    )
    result = run("check", str(path))
    assert result.exit_code == 0
    assert "example" not in result.stderr
    assert "Without the order in [legal] arm digital is unlawful" in result.stderr


@pytest.mark.parametrize(
    "case",
    [
        ("tolerance = 3", "tolerance = 0", 85, "at least 1"),
        ("tolerance = 3", "tolerence = 3", 85, "tolerance"),
        ("tolerance = 3", "", 83, "tolerance"),
        ("big-stick@1", "big-stik@1", 84, "big-stick@1"),
        ("big-stick@1", "big-stick@2", 84, "big-stick@1"),
        ("version = 1", "version = ", 7, "value"),  # not TOML at all
        ("ratio = 1", "rato = 1", 16, "ratio?"),
    ],
)
def test_check_refuses_at_the_line(tmp_path: Path, edited, case) -> None:
    old, new, line, says = case
    path = tmp_path / "trial.toml"
    path.write_text(edited((old, new)), "utf-8")
    result = run("check", str(path))
    assert result.exit_code == 12
    assert result.stdout == ""
    assert f"{path}:{line}: " in result.stderr
    assert says in result.stderr
    told = json.loads(run("check", str(path), "--json").stdout)
    assert told["lawful"] is False
    assert all(problem["mend"] and problem["where"].startswith(f"{path}:") for problem in told["problems"])


def test_check_reads_the_rule_too(tmp_path: Path, edited) -> None:
    (tmp_path / "trial.toml").write_text(edited(("trial-pause-2021", "own-rule")), "utf-8")
    rule = tmp_path / "own-rule.toml"
    rule.write_text(shipped("rules/trial-pause-2021.toml").read_text("utf-8").replace("format", "fromat"), "utf-8")
    result = run("check", str(tmp_path / "trial.toml"))
    assert result.exit_code == 12
    assert f"{rule}:" in result.stderr
    assert "did you mean format?" in result.stderr


@pytest.mark.parametrize("command", ["check", "show", "digest"])
def test_a_file_that_is_not_there(command: str, tmp_path: Path) -> None:
    result = run(command, str(tmp_path / "nowhere.toml"))
    assert result.exit_code == 11
    assert "shipped are: digital-samtaler" in result.stderr


def test_a_file_comes_before_a_shipped_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("digital-samtaler").write_text("x = 1", "utf-8")
    assert run("check", "digital-samtaler").exit_code == 12


def test_show_gives_the_document() -> None:
    told = json.loads(run("show", "digital-samtaler", "--json").stdout)
    assert digest(load_protocol(SHIPPED)) == digest(told)  # dates are texts in both
    table = run("show", "digital-samtaler").stdout
    assert "arms[2].name" in table
    assert "Er digitale samtaler ikke dårligere" in table


def test_digest_is_one_line() -> None:
    assert run("digest", "digital-samtaler").stdout == digest(SHIPPED.read_bytes()) + "\n"
    told = json.loads(run("digest", "digital-samtaler", "--json").stdout)
    assert told["digest"] == digest(SHIPPED.read_bytes())
    assert "codes/municipalities.csv" in told["references"]


def test_schema_declares_every_key_and_what_must_hold() -> None:
    schema = json.loads(run("schema").stdout)
    assert schema["additionalProperties"] is False
    shown = set(json.loads(run("show", "digital-samtaler", "--json").stdout))
    assert set(schema["required"]) == shown - {"subgroups"}
    assert set(schema["properties"]) - set(schema["required"]) == {
        "covariates", "subgroups", "monitoring", "spillovers"}  # fmt: skip
    assert "null" not in json.dumps(schema)
    for name, table in schema["$defs"].items():
        for key, value in table["properties"].items():
            assert value.get("description"), (name, key)
    assert schema["$defs"]["Factor"]["oneOf"] == [{"required": ["levels"]}, {"required": ["levels_from"]}]


def test_help_has_examples_and_imports_nothing_heavy() -> None:
    for command in ("check", "show", "digest", "schema"):
        assert "Example: trial protocol" in run(command, "--help").stdout
    code = "import sys, trial.cli.protocol; print([m for m in ('pydantic', 'rfc8785') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
