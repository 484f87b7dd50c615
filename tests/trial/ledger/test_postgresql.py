"""On PostgreSQL as on SQLite: append-only, one writer, one view a reader, tampering found at its row.

What is done once here on both databases is done many times over on SQLite (`test_store`, `test_tamper`).
"""

import threading
import time
from datetime import timedelta

import psycopg
import pytest
import sqlalchemy as sa

from tests.opened import BY, DAY, KEYS, TickingClock, arms, arrival, arrivals, full_trial, open_trial
from tests.servers import PostgresServer
from trial.errors import DatabaseError, LedgerError, StateError
from trial.infection.evidence import EVIDENCE
from trial.ledger import statements
from trial.ledger.proof import rebuild, verify_store
from trial.ledger.schema import PROJECTIONS, STRATA
from trial.ledger.store import Store
from trial.service import Trial

ERASED = {"participant_id": "p1", "on": "2021-03-01", "reason": "x", "recorded_by": "y"}

NOW = "2021-04-01T00:00:00.000000Z"
GUARDED = "ALTER TABLE ledger ENABLE ALWAYS TRIGGER ledger_update, ENABLE ALWAYS TRIGGER ledger_insert"


def plain(url: str) -> psycopg.Connection[tuple[object, ...]]:
    """Connect as another program would."""
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)


def test_the_same_trial_on_either_database_is_the_same_ledger(
    tmp_path_factory: pytest.TempPathFactory, postgres_url: str
) -> None:
    trials = full_trial(tmp_path_factory.mktemp("sqlite")), full_trial(postgres_url)
    heads = [trial.head for trial in trials]
    assert heads[0] == heads[1] and heads[0].length == 15
    for trial in trials:
        assert verify_store(trial.store, KEYS.trial).holds and verify_store(trial.store).holds
        trial.close()


def test_a_repeated_request_and_a_pause_on_either_database(database_url: str) -> None:
    trial = open_trial(database_url)
    first = trial.assign([arrival(number, ("0101", "0461")[number % 2]) for number in range(40)], DAY)
    head = trial.head
    again = trial.assign(arrivals(range(40)), DAY + timedelta(days=7))
    assert arms(again) == arms(first) and not any(one.new for one in again) and trial.head == head
    trial.open_pause("0101", DAY, BY, decided_on=DAY)
    with pytest.raises(StateError):
        trial.open_pause("0101", DAY, BY, decided_on=DAY)
    assert trial.is_paused("0101", DAY) and trial.assign([arrival(99, "0101")], DAY)[0].reason == "paused:0101"
    trial.close_pause("0101", DAY + timedelta(days=7), BY)
    assert verify_store(trial.store, KEYS.trial).holds
    trial.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger SET kind = 'x' WHERE seq = 2",
        "DELETE FROM ledger WHERE seq = 15",
        "TRUNCATE ledger",
        "INSERT INTO ledger SELECT seq + 100, kind, at, payload, prev, hash FROM ledger WHERE seq = 2",
        "INSERT INTO ledger SELECT * FROM ledger WHERE seq = 2 ON CONFLICT (seq) DO UPDATE SET kind = 'x'",
        "UPDATE evidence SET content = ''",
        "DELETE FROM evidence",
        "TRUNCATE evidence, infection_publications",
    ],
)
def test_the_ledger_is_append_only_by_its_own_triggers(postgres_url: str, statement: str) -> None:
    trial = full_trial(postgres_url)
    head = trial.head
    with plain(postgres_url) as connection, pytest.raises(psycopg.errors.RaiseException, match="append-only"):
        connection.execute(statement)
    assert trial.head == head and verify_store(trial.store).holds
    trial.close()


@pytest.mark.parametrize(
    "change",
    [
        "DROP TRIGGER ledger_insert ON ledger",
        "ALTER TABLE ledger DISABLE TRIGGER ledger_update",
        "ALTER TABLE ledger ENABLE TRIGGER ledger_update",  # passed over by a session that calls itself a replica
        "ALTER TABLE evidence ENABLE REPLICA TRIGGER evidence_update",
        "CREATE OR REPLACE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$",
        "CREATE OR REPLACE TRIGGER ledger_insert BEFORE INSERT ON ledger FOR EACH ROW WHEN (false)"
        " EXECUTE FUNCTION ledger_follow()",
    ],
)
def test_a_guard_that_was_weakened_is_named(postgres_url: str, change: str) -> None:
    trial = full_trial(postgres_url)
    with plain(postgres_url) as connection:
        connection.execute(change)
    [finding] = verify_store(trial.store).findings
    assert finding.where.split()[1] in change
    trial.close()


@pytest.mark.parametrize("column", ["kind", "at", "payload", "prev", "hash"])
def test_every_changed_column_is_found_at_its_row(postgres_url: str, column: str) -> None:
    trial = full_trial(postgres_url)
    with plain(postgres_url) as connection:
        for seq in (1, 4, 15):
            connection.execute("ALTER TABLE ledger DISABLE TRIGGER USER")
            changed = f"UPDATE ledger SET {column} = overlay({column} placing 'x' from 2 for 1) WHERE seq = {seq}"
            before = connection.execute(f"SELECT {column} FROM ledger WHERE seq = {seq}").fetchone()
            connection.execute(changed)
            connection.execute(GUARDED)
            found = verify_store(trial.store, KEYS.trial)
            assert not found.holds and found.findings[0].where == f"ledger row {seq}"
            connection.execute("ALTER TABLE ledger DISABLE TRIGGER USER")
            connection.execute(f"UPDATE ledger SET {column} = %s WHERE seq = {seq}", before)
            connection.execute(GUARDED)
    assert verify_store(trial.store, KEYS.trial).holds
    trial.close()


def test_projections_are_compared_and_rebuilt(postgres_url: str) -> None:
    trial = full_trial(postgres_url)
    for table in PROJECTIONS:
        with plain(postgres_url) as connection:
            before = connection.execute(f"SELECT * FROM {table.name} ORDER BY 1, 2").fetchall()
            connection.execute(f"DELETE FROM {table.name}")
            assert before and not verify_store(trial.store, KEYS.trial).holds
            rebuild(trial.store, KEYS.need("trial"), NOW)
            assert connection.execute(f"SELECT * FROM {table.name} ORDER BY 1, 2").fetchall() == before
    trial.close()


def test_a_reader_has_one_view_while_another_writes(database_url: str) -> None:
    """Also on a server whose default is READ COMMITTED. A reader of SQLite's rollback journal holds up writers."""
    trial = open_trial(database_url)
    with trial.store.read() as transaction:
        before = len(transaction.entries("assigned@1"))
        if database_url.startswith("postgresql"):
            trial.assign(arrivals(range(3)), DAY)
        assert len(transaction.entries("assigned@1")) == before == 0
    trial.close()


def test_a_server_that_defaults_to_serializable_queues_writers_all_the_same(
    postgres: PostgresServer, postgres_url: str
) -> None:
    name = postgres_url.split("@/")[1].split("?", maxsplit=1)[0]
    postgres.sql(f"ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'")
    trial = open_trial(postgres_url, any_clock=True)
    order: list[str] = []

    def second() -> None:
        trial.assign(arrivals(range(3)), DAY)
        order.append("second")

    with trial.store.write(NOW) as transaction:
        transaction.append("erased@1", ERASED)
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.2)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
    assert trial.head.length == 6  # the clock of the second is a month behind the first: that is told of too
    trial.close()


def test_plans_that_are_made_while_the_tables_are_empty_go_by_key(postgres_url: str) -> None:
    """They are kept: one that reads a whole table would read it for every repeated request of a large trial."""
    trial = open_trial(postgres_url)
    with trial.store._engine.begin() as connection:
        connection.exec_driver_sql(f"PREPARE answers(text[]) AS {statements.ANSWERS} = ANY($1)")
        states = statements.select(STRATA, "epoch = 1 AND scope = ANY($1)")
        connection.exec_driver_sql(f"PREPARE states(text[]) AS {states}")
        for name in ("answers", "states"):
            plan = connection.exec_driver_sql(f"EXPLAIN EXECUTE {name}(ARRAY['p'])").scalars().all()
            assert not any("Seq Scan" in line for line in plan), plan
    trial.close()


def test_plans_that_a_connection_has_lost_are_made_anew(postgres_url: str) -> None:
    """A rollback drops them: of what was asked before, read and written, everything can be asked again."""
    trial = open_trial(postgres_url)
    for number in range(8):
        [one] = trial.assign([arrival(number)], DAY)
        assert one.new and trial.head.length == number + 2
        with trial.store._engine.connect() as connection:
            connection.exec_driver_sql("DEALLOCATE ALL").close()
            connection.connection.driver_connection._prepared.clear()  # type: ignore[union-attr]
    trial.close()


def test_a_trial_that_stays_locked_is_told(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    trial = open_trial(postgres_url)
    monkeypatch.setattr("trial.ledger.database.BUSY_SECONDS", 0.05)
    other = Trial.open(postgres_url, KEYS, TickingClock())
    with trial.store.write(NOW), pytest.raises(DatabaseError) as caught:
        other.assign(arrivals([70]), DAY)
    assert caught.value.stable_code == "database-busy"
    trial.close()
    other.close()


@pytest.mark.parametrize("setting", ["synchronous_commit"])
def test_a_server_that_may_forget_is_refused(postgres: PostgresServer, postgres_url: str, setting: str) -> None:
    open_trial(postgres_url).close()
    name = postgres_url.split("@/")[1].split("?", maxsplit=1)[0]
    postgres.sql(f"ALTER DATABASE {name} SET {setting} = off")
    with pytest.raises(DatabaseError, match=setting) as caught:
        Trial.open(postgres_url, KEYS, TickingClock())
    assert caught.value.stable_code == "database-unsafe"


def test_a_full_disk_is_told_as_that(postgres_url: str) -> None:
    """The server says so by its SQLSTATE, here from a trigger; nothing is changed, and with room it is answered."""
    trial = open_trial(postgres_url)
    head = trial.head
    full = "BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END"
    with plain(postgres_url) as connection:
        connection.execute(f"CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ {full} $$")
        connection.execute("CREATE TRIGGER full_disk BEFORE INSERT ON strata EXECUTE FUNCTION full_disk()")
    with pytest.raises(DatabaseError, match="must have room") as caught:
        trial.assign(arrivals(range(3)), DAY)
    found = caught.value
    assert (found.stable_code, found.exit_status, found.http_status) == ("database-full", 20, 507)
    assert trial.head == head
    with plain(postgres_url) as connection:
        connection.execute("DROP FUNCTION full_disk CASCADE")
    assert all(one.new for one in trial.assign(arrivals(range(3)), DAY))
    assert verify_store(trial.store, KEYS.trial).holds
    trial.close()


def test_errors_show_no_parameter(database_url: str) -> None:
    secret = "the value nobody may see"
    trial = open_trial(database_url)
    with pytest.raises(LedgerError) as caught, trial.store.write(NOW) as transaction:
        twice = {"sha256": secret, "name": secret, "content": secret.encode()}
        transaction.insert(EVIDENCE, [twice, twice])
    assert secret not in f"{caught.value}{caught.value.__cause__}{caught.value.to_json()}"
    with pytest.raises(sa.exc.StatementError) as raw, trial.store._engine.connect() as connection:
        connection.execute(sa.text("SELECT no_such_column, :secret"), {"secret": secret})
    assert secret not in str(raw.value)
    trial.close()


def test_a_database_holds_one_trial_and_is_found_missing(database_url: str) -> None:
    with pytest.raises(StateError) as caught:
        Store.open(database_url)
    assert caught.value.stable_code == "trial-missing"
    open_trial(database_url).close()
    with pytest.raises(StateError) as caught:
        open_trial(database_url)
    assert caught.value.stable_code == "trial-exists"


def test_a_server_that_is_not_there_is_told(tmp_path_factory: pytest.TempPathFactory) -> None:
    nowhere = tmp_path_factory.mktemp("none")
    with pytest.raises(DatabaseError) as caught:
        Store.open(f"postgresql://owner@/trial?host={nowhere}")
    assert caught.value.stable_code == "database"
