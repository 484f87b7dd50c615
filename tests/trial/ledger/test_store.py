"""The database: append-only, private, durable, silent about parameters, one writer at a time."""

import sqlite3
import stat
import threading
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.opened import DAY as MONDAY
from tests.opened import KEYS, PROTOCOL, TickingClock, arms, arrival, arrivals, full_trial, open_trial, url
from trial.errors import DatabaseError, FileError, LedgerError, StateError
from trial.infection.evidence import EVIDENCE
from trial.ledger import store
from trial.ledger.database import journal_mode
from trial.ledger.proof import verify_store
from trial.ledger.store import Store
from trial.service import Trial

ERASED = {"participant_id": "p1", "on": "2021-03-01", "reason": "x", "recorded_by": "y"}


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    return full_trial(tmp_path)


@pytest.mark.parametrize(
    ("version", "mode"),
    [
        ((3, 6, 23), "wal"),
        ((3, 7, 0), "truncate"),
        ((3, 40, 1), "truncate"),
        ((3, 51, 2), "truncate"),
        ((3, 51, 3), "wal"),
        ((4, 0, 0), "wal"),
    ],
)
def test_versions_with_the_wal_reset_bug_get_the_rollback_journal(version: tuple[int, ...], mode: str) -> None:
    assert journal_mode(version) == mode


def test_every_connection_is_durable_and_guarded(trial: Trial) -> None:
    with trial.store._engine.connect() as connection:
        asked = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "recursive_triggers", "trusted_schema")
        }
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 30_000
    full = 2
    mode = journal_mode(sqlite3.sqlite_version_info)
    assert asked == {
        "journal_mode": mode, "synchronous": full, "foreign_keys": 1, "recursive_triggers": 1, "trusted_schema": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger SET kind = 'x' WHERE seq = 2",
        "UPDATE ledger SET seq = 99 WHERE seq = 2",
        "DELETE FROM ledger WHERE seq = 14",
        "DELETE FROM ledger",
        "INSERT OR REPLACE INTO ledger SELECT * FROM ledger WHERE seq = 2",
        "REPLACE INTO ledger SELECT seq, 'x', at, payload, prev, hash FROM ledger WHERE seq = 2",
        "INSERT INTO ledger SELECT seq + 100, kind, at, payload, prev, hash FROM ledger WHERE seq = 2",
        "INSERT INTO ledger SELECT -1, kind, at, payload, prev, hash FROM ledger WHERE seq = 2",
        "UPDATE evidence SET content = x'00'",
        "DELETE FROM evidence",
        "INSERT OR REPLACE INTO evidence SELECT * FROM evidence",
    ],
)
@pytest.mark.parametrize("recursive", [0, 1])
def test_the_ledger_is_append_only_by_its_own_triggers(
    trial: Trial, tmp_path: Path, statement: str, recursive: int
) -> None:
    """Another program, with or without recursive_triggers: the guards stand in the database itself."""
    connection = sqlite3.connect(tmp_path / "trial.db", isolation_level=None)
    connection.execute(f"PRAGMA recursive_triggers={recursive}")
    before = connection.execute("SELECT * FROM ledger").fetchall()
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(statement)
    assert connection.execute("SELECT * FROM ledger").fetchall() == before
    connection.close()


def test_a_type_other_than_the_declared_is_refused_by_the_table(trial: Trial, tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "trial.db")
    with pytest.raises(sqlite3.IntegrityError, match="cannot store BLOB"):
        connection.execute("INSERT INTO ledger VALUES (15, x'00', '', '', '', '')")
    connection.close()


def test_a_transaction_is_all_or_nothing(trial: Trial) -> None:
    head = trial.head
    with pytest.raises(RuntimeError), trial.store.write("2021-03-10T08:00:00.000000Z") as transaction:
        transaction.append("erased@1", ERASED)
        transaction.flush()
        raise RuntimeError
    assert trial.head == head


def test_a_payload_that_is_not_as_declared_is_never_written(trial: Trial) -> None:
    head = trial.head
    with pytest.raises(LedgerError, match="as declared"), trial.store.write("") as transaction:
        transaction.append("erased@1", {**ERASED, "on": "yesterday"})
    assert trial.head == head


def test_errors_of_the_database_show_no_parameter(trial: Trial) -> None:
    secret = "the value nobody may see"
    row = trial.store
    with pytest.raises(LedgerError) as caught, row.write("") as transaction:
        twice = {"sha256": secret, "name": secret, "content": secret.encode()}
        transaction.insert(EVIDENCE, [twice, twice])
    text = f"{caught.value}{caught.value.__cause__}{caught.value.to_json()}"
    assert secret not in text and caught.value.stable_code == "ledger-conflict"
    with pytest.raises(sa.exc.StatementError) as raw, trial.store._engine.connect() as connection:
        connection.execute(sa.text("SELECT no_such_column, :secret"), {"secret": secret})
    assert secret not in str(raw.value)


def test_the_database_file_is_private(trial: Trial, tmp_path: Path) -> None:
    assert stat.S_IMODE((tmp_path / "trial.db").stat().st_mode) == 0o600


def test_a_second_writer_waits_for_the_first(trial: Trial, tmp_path: Path) -> None:
    order: list[str] = []

    def second() -> None:
        other = Trial.open(url(tmp_path), KEYS, TickingClock())
        other.assign(arrivals([70]), MONDAY)
        order.append("second")

    with trial.store.write("2021-03-10T08:00:00.000000Z"):
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.2)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_a_database_that_stays_locked_is_told(trial: Trial, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trial.ledger.database.BUSY_SECONDS", 0.05)
    other = Trial.open(url(tmp_path), KEYS, TickingClock())
    with trial.store.write("2021-03-10T08:00:00.000000Z"), pytest.raises(DatabaseError) as caught:
        other.assign(arrivals([70]), MONDAY)
    assert caught.value.stable_code == "database-busy"


def test_a_database_holds_one_trial(trial: Trial, tmp_path: Path) -> None:
    head = trial.head
    with pytest.raises(StateError) as caught:
        open_trial(tmp_path)
    assert caught.value.stable_code == "trial-exists" and trial.head == head


def test_a_missing_and_a_foreign_database_are_told_and_left_alone(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="must be opened before"):
        Store.open(url(tmp_path))
    assert not (tmp_path / "trial.db").exists()
    connection = sqlite3.connect(tmp_path / "trial.db")
    connection.execute("CREATE TABLE other (x)")
    connection.commit()
    connection.close()
    with pytest.raises(StateError, match="schema version"):
        Store.open(url(tmp_path))
    (tmp_path / "trial.db").write_bytes(b"this is no database at all" * 100)
    with pytest.raises(DatabaseError):
        Store.open(url(tmp_path))


@pytest.mark.parametrize("wrong", ["sqlite://", "sqlite:///:memory:", "nonsense", "sqlite"])
def test_a_database_is_a_file_or_a_server(wrong: str) -> None:
    with pytest.raises(DatabaseError) as caught:
        Store.open(wrong)
    assert caught.value.stable_code == "database-url"


def test_a_folder_that_does_not_exist_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="folder"):
        Trial.init(f"sqlite:///{tmp_path}/none/trial.db", PROTOCOL, KEYS, "test")


def test_an_opening_that_was_cut_short_can_be_repeated(tmp_path: Path) -> None:
    Store.create(url(tmp_path)).close()
    trial = open_trial(tmp_path)
    assert trial.head.length == 1
    with pytest.raises(StateError):
        Store.create(url(tmp_path))


def test_a_batch_that_is_written_in_pieces_is_the_batch(
    database_url: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Entries are written as they are made: the ledger is the same to the last hash, and whole or not at all."""
    asked = [arrival(number, exclusion="interpreter" if number % 9 == 8 else None) for number in range(40)]
    whole = open_trial(tmp_path_factory.mktemp("whole"))
    expected = arms(whole.assign(asked, MONDAY))
    monkeypatch.setattr(store, "AT_ONCE", 7)
    pieces = open_trial(database_url)
    assert arms(pieces.assign(asked, MONDAY)) == expected and pieces.head == whole.head
    assert verify_store(pieces.store, KEYS.trial).holds
    monkeypatch.setattr(store.Transaction, "replace", lambda *_: 1 / 0)  # after the last piece
    with pytest.raises(ZeroDivisionError):
        pieces.assign(arrivals(range(100, 130)), MONDAY)
    assert pieces.head == whole.head
    for trial in (whole, pieces):
        trial.close()
