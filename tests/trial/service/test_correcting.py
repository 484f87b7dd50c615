"""Corrections: what turned out stands beside the assignment, can be corrected itself, and is counted."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from tests.opened import DAY, KEYS, arrival, arrivals, level, open_trial, withdrawal
from trial.bundle import export_bundle, read_bundle, verify_bundle
from trial.cli import main
from trial.errors import IntakeError, StateError
from trial.ledger import database
from trial.ledger.proof import verify_store
from trial.service import Correction, Outcome, Trial

ONE, TWO = arrival(0).participant_id, arrival(1).participant_id
INELIGIBLE = Correction(ONE, "ineligible", DAY, "seen at the first talk", "office", {"criterion": "interpreter"})
DUPLICATE = Correction(ONE, "duplicate", DAY, "changed number", "office", {"duplicate_of": TWO})


@pytest.fixture
def trial(database_url: str) -> Iterator[Trial]:
    trial = open_trial(database_url)
    trial.assign([*arrivals(range(4)), arrival(9, exclusion="interpreter")], DAY)
    yield trial
    trial.close()


def exported(trial: Trial, folder: Path) -> tuple[dict[str, dict[str, object]], list[tuple[str, dict[str, object]]]]:
    assert verify_store(trial.store, KEYS.trial).holds
    export_bundle(trial, folder / "bundle")
    assert verify_bundle(folder / "bundle", KEYS.trial).holds
    bundle = read_bundle(folder / "bundle")
    rows = {row["participant_id"]: row for row in bundle.assignments.to_pylist()}
    return rows, [(row["kind"], json.loads(row["detail"])) for row in bundle.events.to_pylist()]


def test_the_assignment_is_never_touched_and_analyses_see_both(trial: Trial, tmp_path: Path) -> None:
    before, _ = exported(trial, tmp_path)
    for correction in (level(ONE), withdrawal(ONE), INELIGIBLE, DUPLICATE):
        assert trial.correct(correction) is not None
    rows, events = exported(trial, tmp_path)
    assert rows[ONE] == {**before[ONE], "age_group_corrected": "50+"}
    assert rows[ONE]["age_group"] == "18-29" and rows[ONE]["stratum"] == "0461/dagpenge/18-29"
    assert [kind for kind, _ in events] == ["correction", "withdrawal", "ineligible", "duplicate"]
    details = dict(events)
    assert details["duplicate"]["duplicate_of"] == TWO and details["ineligible"]["criterion"] == "interpreter"
    assert details["withdrawal"]["scope"] == "conversations" and details["correction"]["value"] == "50+"
    assert all(one["stands"] and one["recorded_by"] and one["reason"] for one in details.values())
    assert len({one["about"] for one in details.values()}) == 1
    assert trial.assign(arrivals([0]), DAY) == [Outcome(ONE, str(before[ONE]["arm"]), None, False)]


def test_the_same_correction_again_changes_nothing(trial: Trial) -> None:
    for correction in (level(ONE), withdrawal(ONE), INELIGIBLE, DUPLICATE):
        trial.correct(correction)
        head = trial.head
        assert trial.correct(correction) is None and trial.head == head
        assert trial.correct(replace(correction, reason="another reason")) is not None


def test_a_correction_is_corrected_and_retracted_by_its_row(trial: Trial, tmp_path: Path) -> None:
    first = trial.correct(level(ONE, "50+"))
    second = trial.correct(level(ONE, "30-49", about=first))
    rows, events = exported(trial, tmp_path)
    assert rows[ONE]["age_group_corrected"] == "30-49"
    assert [detail["stands"] for _, detail in events] == [False, True]
    trial.correct(Correction(ONE, "retracted", DAY, "another citizen", "office", about=second))
    rows, events = exported(trial, tmp_path)
    assert rows[ONE]["age_group_corrected"] is None and [kind for kind, _ in events][-1] == "retraction"
    assert trial.corrections() == []
    for about in (first, second, 1, 999):  # what stands no more, or never was a correction
        with pytest.raises(StateError) as caught:
            trial.correct(Correction(ONE, "retracted", DAY, "again", "office", about=about))
        assert caught.value.stable_code == "correction"


def test_of_two_levels_that_stand_the_newest_counts(trial: Trial, tmp_path: Path) -> None:
    trial.correct(level(ONE, "50+"))
    trial.correct(level(ONE, "30-49"))
    rows, _ = exported(trial, tmp_path)
    assert rows[ONE]["age_group_corrected"] == "30-49"


@pytest.mark.parametrize(
    ("change", "error", "slug"),
    [
        ({"participant_id": arrival(9).participant_id}, IntakeError, "not-assigned"),
        ({"participant_id": arrival(77).participant_id}, IntakeError, "not-assigned"),
        ({"details": {"field": "sex", "value": "x"}}, IntakeError, "correction-details"),
        ({"details": {"field": "age_group", "value": "0-17"}}, IntakeError, "correction-details"),
        ({"details": {"field": "age_group"}}, IntakeError, "correction-details"),
        ({"what": "ineligible"}, IntakeError, "correction-details"),
        ({"what": "ineligible", "details": {"criterion": "bored"}}, IntakeError, "correction-details"),
        ({"what": "duplicate", "details": {"duplicate_of": ONE}}, IntakeError, "correction-duplicate"),
        ({"what": "duplicate", "details": {"duplicate_of": "p9"}}, IntakeError, "correction-duplicate"),
        ({"scope": "conversations"}, StateError, "correction"),
        ({"what": "withdrawn", "details": {}}, StateError, "correction"),
        ({"what": "withdrawn", "details": {}, "scope": "conversations", "on": DAY.replace(month=2)}, StateError,
         "correction"),
        ({"about": 1}, StateError, "correction"),
        ({"about": 3}, StateError, "correction"),
        ({"what": "retracted", "details": {}}, StateError, "correction"),
    ],
)  # fmt: skip
def test_what_may_not_be_recorded_is_refused_before_anything_is_written(
    trial: Trial, change: dict[str, object], error: type[Exception], slug: str
) -> None:
    head, wrong = trial.head, replace(level(ONE), **change)
    with pytest.raises(error) as caught:
        trial.correct(wrong)
    assert caught.value.stable_code == slug  # type: ignore[attr-defined]
    assert trial.head == head and verify_store(trial.store, KEYS.trial).holds


# The commands.


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRIAL_DB", database_url)

    def command(*words: str) -> Result:
        return CliRunner().invoke(main, words)

    for purpose in ("trial", "identity"):
        assert command("key", "new", f"{purpose}.key", "--purpose", purpose, "--mode", "test").exit_code == 0
    monkeypatch.setenv("TRIAL_KEY_FILE", "trial.key")
    monkeypatch.setenv("TRIAL_IDENTITY_KEY_FILE", "identity.key")
    assert command("init", "digital-samtaler", "--mode", "test").exit_code == 0
    for number in (1, 2):
        done = command(
            "assign", "--participant", f"SYN-{number}", "--jobcentre", "0461", "--target-group", "dagpenge",
            "--spell-start-on", "2021-02-22", "--birth-on", "1990-01-01", "--on", "2021-03-01",
        )  # fmt: skip
        assert done.exit_code == 0, done.output
    return command


BY = ("--by", "office", "--reason", "seen later", "--on", "2021-03-02")


def test_the_commands_of_corrections(run) -> None:
    who = ("--participant", "SYN-1")
    for words in (
        ("level", *who, "--field", "age_group", "--value", "50+"),
        ("ineligible", *who, "--criterion", "interpreter"),
        ("duplicate", *who, "--of", "SYN-2"),
        ("withdrawn", *who, "--scope", "follow-up"),
    ):
        tried = run("correct", *words, *BY, "--dry-run")
        assert tried.exit_code == 0 and "Nothing was written" in tried.stderr
        done = run("correct", *words, *BY)
        assert done.exit_code == 0 and "The assignment stands" in done.stderr
        assert "recorded before" in run("correct", *words, *BY).stderr
    listed = json.loads(run("correct", "list", "--json").stdout)
    assert [row["what"] for row in listed] == ["level", "ineligible", "duplicate", "withdrawn"]
    assert listed[0]["reason"] == "seen later" and listed[0]["value"] == "50+"
    entry = str(listed[0]["seq"])
    assert run("correct", "retract", *who, "--entry", entry, *BY).exit_code == 0
    assert len(json.loads(run("correct", "list", "--json").stdout)) == 3
    assert "seen later" in run("correct", "list").stdout
    wrong = run("correct", "level", *who, "--field", "age_group", "--value", "0-17", *BY)
    assert wrong.exit_code == 13 and "one of 18-29, 30-49, 50+" in wrong.stderr
    assert run("correct", "level", "--field", "age_group", "--value", "50+", *BY).exit_code == 2
    number = run("correct", "level", "--participant", "3113901234", "--field", "age_group", "--value", "50+", *BY)
    assert number.exit_code == 2 and "3113901234" not in number.output
    assert run("verify").exit_code == 0


def test_the_command_of_erasure_takes_two_steps(run) -> None:
    told = ("erase", "--participant", "SYN-1", "--reason", "objection", "--by", "key holder")
    assert run(*told).exit_code == 2
    first = json.loads(run(*told, "--dry-run", "--json").stdout)
    assert first["erased"] is False and first["remaining"]
    assert run(*told, "--confirm", "0" * 12).exit_code == 17
    assert run(*told, "--dry-run", "--confirm", first["code"]).exit_code == 2
    done = run(*told, "--confirm", first["code"])
    assert done.exit_code == 0 and "was erased" in done.stderr
    assert run(*told, "--dry-run").exit_code == 13
    assert run("verify").exit_code == 0 and run("export", "bundle").exit_code == 0
    assert run("verify", "--bundle", "bundle").exit_code == 0


def test_rebuilding_says_whether_a_table_had_drifted(run, database_url: str) -> None:
    assert run("rebuild").exit_code == 0
    engine = database.engine(database_url)
    with engine.connect() as connection, connection.begin():
        connection.execute(sa.text("UPDATE participants SET municipality_code = '0101' WHERE seq = 2"))
    engine.dispose()
    drifted = run("rebuild", "--json")
    assert drifted.exit_code == 1
    assert [one["where"].split(",")[0] for one in json.loads(drifted.stdout)["drifted"]] == ["table participants"]
    assert run("rebuild").exit_code == 0 and run("verify").exit_code == 0
