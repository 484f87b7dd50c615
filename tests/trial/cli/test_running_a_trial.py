"""The commands that run a trial, as a person types them: key, init, assign, pause, status, export, verify."""

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.opened import PROTOCOL
from trial.cli import main

HEADER = (
    "citizen,jobcentre,target_group,birth_on,spell_start_on,"
    "less_intensive_effort,needs_interpreter,digital_post_exempt,protected_address\n"
)
PEOPLE = HEADER + "".join(
    f"SYN-{number},{code},dagpenge,1990-01-01,2021-02-01,no,{interpreter},no,no\n"
    for number, code, interpreter in [(1, "0461", "no"), (2, "0461", "yes"), (3, "0101", "no"), (4, "0751", "no")]
)
ONE = (
    "--jobcentre",
    "0461",
    "--target-group",
    "dagpenge",
    "--spell-start-on",
    "2021-02-01",
    "--birth-on",
    "1999-01-01",
)


BY = ("--decided-by", "first person", "--confirmed-by", "second person", "--reason", "outbreak")


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with keys, settings and an intake file."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("TRIAL_")]:
        monkeypatch.delenv(name)
    for purpose in ("trial", "identity", "signing"):
        assert run("key", "new", f"{purpose}.key", "--purpose", purpose, "--mode", "test").exit_code == 0
    settings = 'key_file = "trial.key"\nidentity_key_file = "identity.key"\nsigning_key_file = "signing.key"\n'
    Path("trial.toml").write_text(settings + 'checkpoint_dir = "checkpoints"\n')
    Path("intake.csv").write_text(PEOPLE)
    return tmp_path


def run(*words: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, words, input=stdin)


def lines(result: Result) -> list[dict[str, object]]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def opened() -> None:
    assert run("init", str(PROTOCOL), "--mode", "test").exit_code == 0


def test_a_whole_small_trial(desk: Path) -> None:
    opened()
    assert run("pause", "open", "0101", "--from", "2021-03-01", *BY, "--evidence", "intake.csv").exit_code == 0
    answers = lines(run("assign", "intake.csv", "--on", "2021-03-01"))
    assert [one.get("reason") for one in answers] == [None, "excluded:interpreter", "paused:0101", None]
    assert {one.get("arm") for one in answers} <= {None, "physical", "digital"} and all(one["new"] for one in answers)
    again = lines(run("assign", "intake.csv", "--on", "2021-03-02"))
    assert [{**one, "new": True} for one in again] == answers
    assert run("pause", "close", "0101", "--reopen", "2021-03-08", *BY).exit_code == 0
    status = json.loads(run("status", "--json").stdout)
    assert (status["arrivals"], status["randomised"], sum(status["per_arm"].values())) == (4, 2, 2)
    assert status["not_randomised"] == {"excluded:interpreter": 1, "paused:0101": 1} and status["open_pauses"] == []
    assert run("export", "bundle").exit_code == 0
    kept = max(Path("checkpoints").iterdir())
    for words in (["verify"], ["verify", "--bundle", "bundle"], ["verify", "--checkpoint", str(kept)]):
        found = run(*words, "--json")
        assert found.exit_code == 0 and json.loads(found.stdout)["arms_drawn_anew"] is True
    assert "The ledger holds." in run("verify").stderr


def test_one_citizen_and_standard_input_get_the_same_answers(desk: Path) -> None:
    opened()
    first = lines(run("assign", "--participant", "SYN-1", *ONE, "--on", "2021-03-01"))
    assert lines(run("assign", "-", "--on", "2021-03-02", stdin=PEOPLE))[0] == {**first[0], "new": False}
    out = lines(
        run("assign", "--participant", "SYN-9", *ONE, "--on", "2021-03-01", "--excluded", "needs_interpreter")
    )
    assert out[0]["reason"] == "excluded:interpreter"


def test_a_cpr_number_is_not_taken_from_the_command_line(desk: Path) -> None:
    opened()
    number = "311399" + "-" + "4321"
    found = run("assign", "--participant", number, *ONE, "--on", "2021-03-01")
    assert found.exit_code == 2 and number not in found.output
    assert run("assign", "--on", "2021-03-01").exit_code == 2
    assert run("assign", "intake.csv", "--participant", "SYN-1").exit_code == 2


def test_a_dry_run_writes_nothing_and_tells_no_arm(desk: Path) -> None:
    found = run("init", str(PROTOCOL), "--mode", "test", "--dry-run")
    assert found.exit_code == 0 and not Path("trial.db").exists()
    opened()
    before = Path("trial.db").read_bytes()
    answers = lines(run("assign", "intake.csv", "--on", "2021-03-01", "--dry-run"))
    assert not any("arm" in one for one in answers)
    assert run("pause", "open", "0101", "--from", "2021-03-01", *BY, "--dry-run").exit_code == 0
    assert Path("trial.db").read_bytes() == before


def test_a_dry_run_refuses_what_would_be_refused(desk: Path) -> None:
    opened()
    before = Path("trial.db").read_bytes()
    assert run("pause", "open", "9999", "--from", "2021-03-01", *BY, "--dry-run").exit_code == 17
    assert run("pause", "close", "0101", "--reopen", "2021-03-15", *BY, "--dry-run").exit_code == 17
    assert Path("trial.db").read_bytes() == before


def test_verify_exits_1_and_names_the_row(desk: Path) -> None:
    opened()
    run("assign", "intake.csv", "--on", "2021-03-01")
    connection = sqlite3.connect("trial.db", isolation_level=None)
    [(trigger,)] = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'ledger_update'").fetchall()
    connection.execute("DROP TRIGGER ledger_update")
    connection.execute("UPDATE ledger SET payload = replace(payload, '2021-03-01', '2021-03-02') WHERE seq = 3")
    connection.execute(trigger)
    connection.close()
    found = run("verify")
    assert found.exit_code == 1 and "ledger row 3" in found.stderr and "ledger row 3" in found.stdout
    findings = json.loads(run("verify", "--json").stdout)["findings"]
    assert findings[0]["where"] == "ledger row 3"


def test_a_cut_tail_is_refused_at_the_door_and_told_by_verify(desk: Path) -> None:
    opened()
    run("assign", "intake.csv", "--on", "2021-03-01")
    connection = sqlite3.connect("trial.db", isolation_level=None)
    connection.executescript("DROP TRIGGER ledger_delete; DELETE FROM ledger WHERE seq = 5;")
    connection.close()
    found = run("assign", "intake.csv", "--on", "2021-03-01")
    assert found.exit_code == 16 and "(checkpoint, exit 16)" in found.stderr
    assert run("verify").exit_code == 1


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        (("assign", "intake.csv", "--on", "2021-03-01"), 17, "trial-missing"),
        (("verify",), 17, "trial-missing"),
        (("verify", "--bundle", "none"), 11, "bundle-missing"),
        (("init", str(PROTOCOL), "--mode", "production"), 18, "key-mode"),
        (("init", str(PROTOCOL), "--mode", "test", "--key", "none.key"), 18, "key-missing"),
        (("init", str(PROTOCOL), "--mode", "test", "--key", "identity.key"), 18, "key-purpose"),
        (("status", "--db", "nonsense"), 20, "database-url"),
        (("key", "new", "trial.key", "--purpose", "trial", "--mode", "test"), 11, "key-exists"),
    ],
)
def test_an_error_has_its_exit_status_and_its_code(
    desk: Path, words: tuple[str, ...], status: int, code: str
) -> None:
    found = run(*words)
    assert (found.exit_code, f"({code}, exit {status})" in found.stderr) == (status, True), found.stderr
    assert not Path("trial.db").exists()


def test_an_unlawful_protocol_opens_nothing(desk: Path) -> None:
    lawful = PROTOCOL.read_text(encoding="utf-8")
    line = lawful.splitlines().index("tolerance = 3") + 1
    for wrong in ('tolerance = "three"', "tolerance = 0", "tolerence = 3"):
        Path("wrong.toml").write_text(lawful.replace("tolerance = 3", wrong), encoding="utf-8")
        found = run("init", "wrong.toml", "--mode", "test")
        assert found.exit_code == 12 and not Path("trial.db").exists()
        assert "tolerance" in found.stderr and ("tolerence" in wrong or f"wrong.toml:{line}:" in found.stderr)


def test_pauses_are_listed_for_people_and_programs(desk: Path) -> None:
    opened()
    run("pause", "open", "0101", "--from", "2021-03-01", *BY)
    [pause] = json.loads(run("pause", "list", "--json").stdout)
    assert (pause["municipality_code"], pause["closed_on"], pause["basis"]) == ("0101", "2021-03-01", "hand")
    assert json.loads(run("pause", "list", "--json", "--on", "2021-02-28").stdout) == []
    assert "0101" in run("pause", "list").stdout
    assert json.loads(run("pause", "apply", "--on", "2021-03-02", "--json").stdout)["changes"] == []
    assert run("pause", "open", "0101", "--from", "2021-03-02", *BY).exit_code == 17


def test_a_pause_by_hand_takes_two_persons_and_a_reason(desk: Path) -> None:
    opened()
    words = ("pause", "open", "0101", "--from", "2021-03-01")
    assert run(*words).exit_code == 2  # every option of the decision is required
    for by in (("A", " a "), ("A", ""), ("", "")):
        found = run(*words, "--decided-by", by[0], "--confirmed-by", by[1], "--reason", "outbreak")
        assert "(pause-by-hand, exit" in found.stderr
    assert "(pause-by-hand, exit" in run(*words, "--decided-by", "A", "--confirmed-by", "B", "--reason", " ").stderr
    assert json.loads(run("pause", "list", "--json").stdout) == []
    assert run(*words, *BY).exit_code == 0
    [pause] = json.loads(run("pause", "list", "--json").stdout)
    assert (pause["reason"], pause["decided_by"]) == ("outbreak", "first person and second person")


def test_a_backdated_pause_tells_whom_it_concerns_and_changes_nothing(desk: Path) -> None:
    opened()
    answers = lines(run("assign", "intake.csv", "--on", "2021-03-01"))
    said = run("pause", "open", "0461", "--from", "2021-02-22", *BY).stderr
    assert "Citizens assigned on its days before this was known: 1; their arms stand." in said
    assert [{**one, "new": True} for one in lines(run("assign", "intake.csv", "--on", "2021-03-01"))] == answers
    assert json.loads(run("status", "--json").stdout)["assigned_in_backdated_pause"] == 1
    assert run("verify").exit_code == 0


def test_what_was_known_when_is_asked_in_danish_time(desk: Path) -> None:
    opened()
    run("pause", "open", "0101", "--from", "2021-03-01", "--decided-on", "2021-02-26", *BY)
    run("pause", "close", "0101", "--reopen", "2021-03-08", *BY)
    run("pause", "correct", "0101", "--from", "2021-03-01", "--reopen", "2021-03-10", *BY)
    words = ("pause", "list", "--json", "--on", "2021-03-09", "--known-at")
    assert json.loads(run(*words, "2021-03-01T12:00").stdout) == []
    [pause] = json.loads(run(*words, "2999-01-01").stdout)
    assert (pause["reopened_on"], pause["decided_on"]) == ("2021-03-10", "2021-02-26")
    for hour in ("2021-10-31T02:30", "2021-03-28T02:30", "noon"):
        assert run(*words, hour).exit_code == 2
    assert run(*words, "2021-10-31T02:30+01:00").exit_code == 0


def test_as_a_process_with_the_environment_alone(desk: Path) -> None:
    Path("trial.toml").unlink()
    program = str(Path(sys.executable).with_name("trial"))
    environment = {**os.environ, "TRIAL_KEY_FILE": "trial.key", "TRIAL_IDENTITY_KEY_FILE": "identity.key"}

    def process(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([program, *words], capture_output=True, text=True, env=environment, check=False)

    assert process("init", str(PROTOCOL), "--mode", "test").returncode == 0
    assert len(process("assign", "intake.csv", "--on", "2021-03-01").stdout.splitlines()) == 4
    found = process("verify")
    assert (found.returncode, found.stdout) == (0, "") and "every arm drawn anew" in found.stderr
    Path("identity.key").chmod(0o644)
    refused = process("assign", "intake.csv", "--on", "2021-03-01")
    assert refused.returncode == 18 and "Traceback" not in refused.stderr


def test_a_dry_run_of_an_import_counts_for_the_trial_and_leaves_its_ledger(desk: Path) -> None:
    opened()
    days = ("--from", "2021-01-01", "--to", "2021-03-01")
    assert run("infection", "synthesise", "files", "--seed", "3", *days).exit_code == 0
    before = run("status", "--json").stdout
    for _ in range(2):
        said = run("infection", "import", "files", "--dry-run").stderr
        assert said.endswith("3 new, 0 known already; nothing was written\n")
    assert run("status", "--json").stdout == before
    assert run("infection", "import", "files").stderr.endswith("3 new, 0 known already\n")
    assert run("verify").exit_code == 0
