"""Erasure: a citizen is found nowhere any more, and everything that was drawn still proves itself."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.bundles import TRIAL_KEY, verifier
from tests.opened import (
    DAY,
    KEYS,
    PROTOCOL,
    TickingClock,
    arms,
    arrival,
    arrivals,
    conversation,
    erase,
    full_trial,
    level,
    open_trial,
    record_of,
    url,
    withdrawal,
)
from tests.servers import PostgresServer
from trial.bundle import export_bundle, read_bundle, verify_bundle
from trial.errors import IntakeError, StateError
from trial.ledger import database, schema
from trial.ledger.checkpoint import read_checkpoint
from trial.ledger.inclusion import check_proof
from trial.ledger.proof import rebuild, verify_store
from trial.service import Correction, Trial

GONE, OTHER = arrival(1).participant_id, arrival(0).participant_id
SECRET = "a word told in confidence"


def told(trial: Trial) -> None:
    """Everything that can be known of one citizen."""
    [outcome] = trial.assign(arrivals([1]), DAY)
    trial.record_conversations([conversation(outcome, 2)])
    trial.correct(withdrawal(GONE))
    trial.correct(Correction(GONE, "ineligible", DAY, SECRET, "office", {"criterion": "interpreter"}))
    trial.correct(Correction(OTHER, "duplicate", DAY, "same person", "office", {"duplicate_of": GONE}))


@pytest.fixture
def trial(database_url: str) -> Iterator[Trial]:
    trial = full_trial(database_url)
    told(trial)
    yield trial
    trial.close()


def contents(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_everything_holds_after_an_erasure(trial: Trial, tmp_path: Path) -> None:
    record, proof, before = record_of(trial, GONE), trial.prove(GONE), trial.checkpoint()
    kept = tmp_path / "before.json"
    assert before is not None
    kept.write_text(before.line())
    erase(trial, GONE)
    assert verify_store(trial.store, KEYS.trial, kept).holds
    bundle, key = tmp_path / "bundle", tmp_path / "trial.key"
    key.write_text(TRIAL_KEY)
    export_bundle(trial, bundle)
    assert verify_bundle(bundle, KEYS.trial, kept).holds
    alone = verifier(bundle, "--key", key)
    assert alone.returncode == 0, alone.stdout
    assert check_proof(json.dumps(proof).encode(), "").participant_id == GONE  # handed out before: out of reach
    assert check_proof(json.dumps(trial.prove(OTHER)).encode(), "").participant_id == OTHER
    assert check_proof(json.dumps(trial.prove_growth(read_checkpoint(kept))).encode(), "").earlier == before
    rows = {row["participant_id"]: row for row in read_bundle(bundle).assignments.to_pylist()}
    assert rows[record]["arm"] and rows[record]["stratum"] and GONE not in rows
    for text in (GONE.encode(), SECRET.encode()):
        assert text not in contents(bundle)
    events = [(row["kind"], json.loads(row["detail"])) for row in read_bundle(bundle).events.to_pylist()]
    assert {detail["duplicate_of"] for kind, detail in events if kind == "duplicate"} == {record}
    assert [kind for kind, _ in events].count("erasure") == 1


def test_draws_go_on_from_the_same_counts(tmp_path: Path, database_url: str) -> None:
    """The same arrivals with an erasure in between get the same arms."""
    (tmp_path / "plain").mkdir()
    plain, other = open_trial(tmp_path / "plain"), open_trial(database_url)
    for trial in (plain, other):
        trial.assign(arrivals(range(7)), DAY)
    for number in (1, 3):
        erase(other, arrival(number).participant_id)
    later = arrivals(range(7, 20))
    assert arms(plain.assign(later, DAY)) == arms(other.assign(later, DAY))
    assert verify_store(other.store, KEYS.trial).holds
    plain.close()
    other.close()


def test_the_database_file_keeps_nothing(tmp_path: Path) -> None:
    trial = full_trial(tmp_path)
    trial.assign(arrivals(range(10, 400)), DAY)  # deep enough for pages that are split and joined
    told(trial)
    names = [GONE, *(arrival(number).participant_id for number in range(20, 60))]
    salts = {row["salt"] for row in sealed_rows(trial) if row["participant_id"] in names}
    for name in names:
        assert name.encode() in contents(tmp_path)
        code = trial.erasable(name).code
        trial.erase(name, DAY, reason="objection", recorded_by="key holder", code=code)
    trial.close()
    left = contents(tmp_path)
    assert not [text for text in (*names, *salts, SECRET) if text.encode() in left]


def sealed_rows(trial: Trial) -> list[dict[str, str]]:
    with trial.store.read() as transaction:
        return transaction.rows(schema.CITIZENS)


def test_the_servers_files_keep_nothing(postgres: PostgresServer, postgres_url: str) -> None:
    trial = full_trial(postgres_url)
    trial.assign(arrivals(range(10, 400)), DAY)
    told(trial)
    name = postgres_url.split("@/")[1].split("?", maxsplit=1)[0]
    postgres.sql("ANALYZE", name)
    number = postgres.sql(f"SELECT oid FROM pg_database WHERE datname = '{name}'")
    folder = postgres.data / "base" / number

    def left(text: str) -> bool:
        postgres.sql("CHECKPOINT", name)
        found = subprocess.run(["grep", "-rqaF", text, str(folder)], check=False)
        return found.returncode == 0

    assert left(GONE) and left(SECRET)
    erase(trial, GONE)
    assert not left(GONE) and not left(SECRET)
    trial.close()


def test_a_row_that_is_missing_without_an_erasure_is_found(trial: Trial, database_url: str) -> None:
    engine = database.engine(database_url)
    for statement, problem in (
        (f"DELETE FROM citizens WHERE participant_id = '{GONE}'", "must be kept"),
        (f"UPDATE citizens SET participant_id = 'x' WHERE participant_id = '{OTHER}'", "must be those of its seal"),
        ("DELETE FROM sealed", "must be kept"),
    ):
        with engine.connect() as connection, connection.begin():
            connection.execute(sa.text(statement))
        found = verify_store(trial.store, KEYS.trial).findings
        assert any(problem in one.problem for one in found)
        assert GONE not in str(found)
    engine.dispose()


def test_a_row_that_is_back_after_an_erasure_is_found(trial: Trial) -> None:
    [row] = [row for row in sealed_rows(trial) if row["participant_id"] == GONE]
    erase(trial, GONE)
    with trial.store.write("2021-03-10T08:00:00.000000Z") as transaction:
        transaction.insert(schema.CITIZENS, [row])
    [found] = verify_store(trial.store, KEYS.trial).findings
    assert found.problem == "what was erased must be gone"


def test_it_takes_two_steps_and_a_reason_that_names_nobody(trial: Trial) -> None:
    head, code = trial.head, trial.erasable(GONE).code
    for given, reason, slug in (
        ("", "objection", "erasure-code"),
        (trial.erasable(OTHER).code, "objection", "erasure-code"),
        (code, f"objection of {GONE}", "erasure-reason"),
        (code, "objection of 311390-1234", "erasure-reason"),
    ):
        with pytest.raises(StateError) as caught:
            trial.erase(GONE, DAY, reason=reason, recorded_by="key holder", code=given)
        assert caught.value.stable_code == slug
    assert trial.head == head


def test_who_was_erased_is_not_known_any_more(trial: Trial) -> None:
    held = trial.assign(arrivals([0]), DAY)
    erase(trial, GONE)
    head = trial.head
    [outcome] = held
    for act in (
        lambda: trial.erasable(GONE),
        lambda: trial.prove(GONE),
        lambda: trial.correct(level(GONE)),
        lambda: trial.record_conversations([replace(conversation(outcome), participant_id=GONE)]),
    ):
        with pytest.raises(IntakeError):
            act()
    assert trial.head == head
    assert trial.assign(arrivals([1]), DAY)[0].new


def test_rebuilding_after_an_erasure_changes_nothing(trial: Trial) -> None:
    erase(trial, GONE)
    assert KEYS.trial is not None
    assert rebuild(trial.store, KEYS.trial, "2021-03-10T08:00:00.000000Z") == []
    assert verify_store(trial.store, KEYS.trial).holds


def test_salts_are_never_the_same(tmp_path: Path) -> None:
    trial = Trial.init(url(tmp_path), PROTOCOL, KEYS, "test", clock=TickingClock())
    trial.assign(arrivals(range(300)), DAY)
    salts = [row["salt"] for row in sealed_rows(trial)]
    assert len(set(salts)) == 300 and all(len(salt) == 32 for salt in salts)
    trial.close()
