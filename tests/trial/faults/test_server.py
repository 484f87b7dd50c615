"""A PostgreSQL server that forgets, fills its disk or is killed; on a server of its own, which may be broken."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator

import psycopg
import pytest

from tests.opened import DAY, KEYS, TickingClock, arms, arrival, arrivals, open_trial
from tests.servers import PostgresServer, find_binaries, running
from trial.errors import DatabaseError, LedgerError
from trial.ledger.proof import verify_store
from trial.service import Outcome, Trial

MEBIBYTE = 1 << 20


@pytest.fixture(scope="module")
def own_server() -> Iterator[PostgresServer]:
    if find_binaries() is None:
        pytest.skip("needs PostgreSQL's binaries: `make install` as root brings them, or install postgresql by hand")
    with running("--wal-segsize=1") as server:
        yield server


def name_of(database: str) -> str:
    return database.split("@/")[1].split("?", maxsplit=1)[0]


def test_every_answer_was_flushed_before_it_was_given(own_server: PostgresServer) -> None:
    if int(own_server.sql("SHOW server_version_num")) < 180000:
        asked = "SELECT wal_sync FROM pg_stat_wal"
    else:
        asked = "SELECT sum(fsyncs) FROM pg_stat_io WHERE object = 'wal'"
    trial = open_trial(own_server.create_database())
    trial.close()  # a session reports its figures when it ends, at the latest
    own_server.sql("SELECT pg_stat_clear_snapshot()")
    before = int(own_server.sql(asked))
    trial = Trial.open(str(trial.store._engine.url), KEYS, TickingClock())
    for number in range(20):
        trial.assign([arrival(number)], DAY)
    trial.close()
    deadline = time.monotonic() + 60
    while int(own_server.sql(asked)) < before + 20:
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("setting", ["fsync", "synchronous_commit"])
def test_a_server_that_may_forget_is_refused_at_start_up(own_server: PostgresServer, setting: str) -> None:
    database = own_server.create_database()
    open_trial(database).close()
    own_server.stop()
    own_server.start(f"{setting}=off")
    try:
        with pytest.raises(DatabaseError, match=setting) as caught:
            Trial.open(database, KEYS, TickingClock())
        assert caught.value.stable_code == "database-unsafe"
    finally:
        own_server.stop()
        own_server.start()
    Trial.open(database, KEYS, TickingClock()).close()


def limit_files(server: PostgresServer, database: str, most: int | str) -> None:
    """Let the sessions of a database write no file beyond a size: like a full disk, by another name."""
    found = server.sql(f"SELECT pid FROM pg_stat_activity WHERE datname = '{name_of(database)}'")
    for pid in map(int, found.split()):
        subprocess.run(["prlimit", f"--pid={pid}", f"--fsize={most}:"], user=server.user, check=True)


def test_a_file_that_may_not_grow_changes_nothing_and_is_told(own_server: PostgresServer) -> None:
    """The batch does not fit; reads go on; once there is room, the same request is answered."""
    database = own_server.create_database()
    trial = open_trial(database)
    first = trial.assign(arrivals(range(10)), DAY)
    head = trial.head
    limit_files(own_server, database, MEBIBYTE)
    with pytest.raises(DatabaseError) as caught:
        trial.assign(arrivals(range(3000)), DAY)
    assert (caught.value.exit_status, caught.value.http_status) == (20, 503)
    assert trial.head == head and verify_store(trial.store, KEYS.trial).holds
    assert arms(trial.preview(arrivals(range(10)), DAY)) == arms(first)
    limit_files(own_server, database, "unlimited")
    again = trial.assign(arrivals(range(3000)), DAY)
    assert len(again) == 3000 and arms(again[:10]) == arms(first)
    assert verify_store(trial.store, KEYS.trial).holds
    trial.close()


class Client(threading.Thread):
    """Asks again and again until answered, whatever happens to the server."""

    def __init__(self, trial: Trial, number: int) -> None:
        super().__init__()
        self.trial, self.number = trial, number
        self.given: list[Outcome] = []
        self.failed = 0

    def run(self) -> None:
        for round_ in range(40):
            asked = [arrival(self.number * 1000 + round_), arrival(round_)]
            answered: list[Outcome] = []
            while not answered:
                try:
                    answered = self.trial.assign(asked, DAY)
                except DatabaseError as error:
                    assert error.stable_code in ("database", "database-unknown"), error
                    self.failed += 1
                    time.sleep(0.01)
            self.given += answered


def test_a_server_killed_under_load_loses_no_answer_and_is_found_again(own_server: PostgresServer) -> None:
    database = own_server.create_database()
    trial = open_trial(database)
    clients = [Client(trial, number) for number in range(1, 5)]
    for one in clients:
        one.start()
    while any(len(one.given) < 10 for one in clients):
        time.sleep(0.001)
    os.kill(int((own_server.data / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    start_again(own_server)
    for one in clients:
        one.join()
    assert sum(one.failed for one in clients) > 0
    given = [answer for one in clients for answer in one.given]
    assert len(given) == 4 * 40 * 2
    stands = arms(trial.assign(arrivals(sorted({int(one.participant_id[1:]) for one in given})), DAY))
    assert all(stands[one.participant_id] == one.arm for one in given)
    assert sum(one.new for one in given) <= len(stands) == trial.head.length - 1
    assert verify_store(trial.store, KEYS.trial).holds
    trial.close()


def start_again(server: PostgresServer) -> None:
    """Start after a kill: the sessions of the dead server must be gone first, which they notice by themselves."""
    deadline = time.monotonic() + 60
    while True:
        try:
            server.start()
        except subprocess.CalledProcessError:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        else:
            return


def test_a_database_restored_from_an_older_backup_is_not_assigned_in(
    own_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    kept, database = tmp_path_factory.mktemp("kept"), own_server.create_database()
    trial = open_trial(database, checkpoint_dir=kept)
    trial.assign([arrival(1)], DAY)
    trial.close()
    name = name_of(database)
    own_server.sql(f"CREATE DATABASE {name}_backup TEMPLATE {name}")
    trial = Trial.open(database, KEYS, TickingClock(), kept)
    trial.assign([arrival(2)], DAY)
    trial.close()
    own_server.sql(f"DROP DATABASE {name}")
    own_server.sql(f"ALTER DATABASE {name}_backup RENAME TO {name}")
    with pytest.raises(LedgerError, match="2 rows where the checkpoint has 3") as caught:
        Trial.open(database, KEYS, TickingClock(), kept)
    assert caught.value.stable_code == "checkpoint"


@pytest.mark.parametrize(
    "statement",
    ["UPDATE ledger SET kind = 'x'", "DELETE FROM ledger", "TRUNCATE ledger", "DELETE FROM evidence",
     "INSERT INTO ledger SELECT seq + 100, kind, at, payload, prev, hash FROM ledger"],
)  # fmt: skip
def test_a_session_that_calls_itself_a_replica_meets_the_guards_too(
    own_server: PostgresServer, statement: str
) -> None:
    """`session_replication_role` switches ordinary triggers off; those of the ledger always fire."""
    database = own_server.create_database()
    open_trial(database).close()
    with psycopg.connect(database.replace("+psycopg", ""), autocommit=True) as other:
        other.execute("SET session_replication_role = replica")
        with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
            other.execute(statement)
