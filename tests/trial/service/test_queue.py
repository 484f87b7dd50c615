"""Group commit: who waits together is committed together, in the order of the queue, and nobody pays for another.

The queue is held up by a request of the test's own until everybody stands in it; then it is let go.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.opened import BY, DAY, KEYS, TickingClock, arrival, arrivals, open_trial, pseudonyms
from tests.proxy import Cut, cutting_proxy
from tests.servers import PostgresServer
from tests.writes import WRITES, lived
from trial.errors import DatabaseError, FileError, IntakeError, LedgerError
from trial.ledger import queue
from trial.ledger.checkpoint import newest, read_checkpoint
from trial.ledger.proof import verify_store
from trial.ledger.schema import CITIZENS, PARTICIPANTS
from trial.service import Outcome, Trial

NOW = "2021-03-01T08:00:00.000000Z"
Answers = dict[int, Any]
WRITTEN_BY = {  # a table that each writes to
    "open_pause": "pauses",
    "import_infection": "evidence",
    "correct": "sealed",
    "amend": "epochs",
    "record_conversations": "conversations",
}


@pytest.fixture
def trial(database_url: str) -> Iterator[Trial]:
    trial = open_trial(database_url)
    yield trial
    trial.close()


def all_at_once(trial: Trial, asked: list[Callable[[], object]]) -> Answers:
    """Put requests into the queue one behind the other, then let it go; give each one's answer or error."""
    answers: Answers = {}

    def ask(number: int) -> None:
        try:
            answers[number] = asked[number]()
        except Exception as error:  # noqa: BLE001 - told to the test
            answers[number] = error

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(len(asked))]
    first = queue._Request(NOW, lambda _: None, is_alone=True)
    trial._queue._wait(first)
    for number, thread in enumerate(threads, start=2):
        thread.start()
        while len(trial._queue) < number:
            time.sleep(0.0005)
    trial._queue._leave([first])
    for thread in threads:
        thread.join()
    return answers


def commits(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Note the size of every group that is committed."""
    sizes: list[int] = []
    apply = trial._queue._apply

    def counted(group: list[Any]) -> Any:
        sizes.append(len(group))
        return apply(group)

    monkeypatch.setattr(trial._queue, "_apply", counted)
    return sizes


def in_ledger(trial: Trial) -> list[str]:
    with trial.store.read() as transaction:
        rows = sorted(transaction.rows(PARTICIPANTS), key=lambda row: row["seq"])
    return [pseudonyms(trial)[row["participant_id"]] for row in rows]


def test_thirty_two_clients_are_answered_in_the_order_they_came_with_two_commits(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    """First come, first served, and nobody is passed over: the n-th client waits for n div TOGETHER commits."""
    monkeypatch.setattr(queue, "TOGETHER", 16)
    sizes = commits(trial, monkeypatch)
    asked = [lambda number=number: trial.assign([arrival(number)], DAY) for number in range(32)]
    answers = all_at_once(trial, asked)
    assert sizes == [16, 16]
    assert in_ledger(trial) == [arrival(number).participant_id for number in range(32)]
    assert all(answers[number][0].participant_id == arrival(number).participant_id for number in range(32))
    assert verify_store(trial.store, KEYS.trial).holds and not len(trial._queue)


def test_together_or_one_by_one_the_ledger_is_the_same(
    trial: Trial, tmp_path_factory: pytest.TempPathFactory
) -> None:
    requests = [arrivals(range(number * 3, number * 3 + 5)) for number in range(8)]  # they overlap
    all_at_once(trial, [lambda one=one: trial.assign(one, DAY) for one in requests])
    single = open_trial(tmp_path_factory.mktemp("single"))
    for one in requests:
        single.assign(one, DAY)
    with trial.store.read() as ours, single.store.read() as theirs:
        answers = [
            [(entry.seq, entry.kind, entry.payload) for entry in transaction.entries("assigned@1")]
            for transaction in (ours, theirs)
        ]
    assert answers[0] == answers[1] and len(answers[0]) == 26
    single.close()


def test_a_refused_request_fails_none_of_its_neighbours(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = commits(trial, monkeypatch)

    def stumbles() -> object:
        return trial._queue.submit(NOW, lambda transaction: transaction.append("withdrawn@1", {})["no such thing"])

    def contradicts() -> object:
        def twice(transaction: Any) -> None:
            row = transaction.rows(PARTICIPANTS)[0]
            transaction.insert(PARTICIPANTS, [row])  # refused by the database, not by a rule in front of it

        return trial._queue.submit(NOW, twice)

    asked = [
        lambda: trial.assign(arrivals([1]), DAY),
        lambda: trial.assign([arrival(2), arrival(3, age_group="0-17")], DAY),
        stumbles,
        lambda: trial.assign(arrivals([4]), DAY),
        contradicts,
        lambda: trial.assign(arrivals([1, 5]), DAY),
    ]
    answers = all_at_once(trial, asked)
    assert sizes == [6, *[1] * 6]  # together in vain, then each alone
    assert isinstance(answers[1], IntakeError) and isinstance(answers[2], LedgerError)
    assert isinstance(answers[4], LedgerError) and answers[4].stable_code == "ledger-conflict"
    assert [one.new for one in answers[5]] == [False, True] and answers[5][0].arm == answers[0][0].arm
    assert in_ledger(trial) == [arrival(number).participant_id for number in (1, 4, 5)]
    assert verify_store(trial.store, KEYS.trial).holds


def test_who_is_committed_without_a_checkpoint_is_told(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody of the group, and nobody is applied again; the arms stand."""
    sizes = commits(trial, monkeypatch)

    def full(_head: object) -> None:
        raise FileError("the disk must have room", mend="make room")

    monkeypatch.setattr(trial._queue, "_written", full)
    answers = all_at_once(trial, [lambda one=one: trial.assign([arrival(one)], DAY) for one in range(4)])
    assert sizes == [4] and all(isinstance(answer, FileError) for answer in answers.values())
    assert in_ledger(trial) == [arrival(number).participant_id for number in range(4)]


def test_a_pause_keeps_its_place_in_the_queue(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = commits(trial, monkeypatch)
    asked: list[Callable[[], object]] = [lambda n=n: trial.assign([arrival(n)], DAY) for n in range(8)]
    asked.insert(4, lambda: trial.open_pause("0461", DAY, BY, decided_on=DAY))
    answers = all_at_once(trial, asked)
    assert sizes == [4, 1, 4]
    given: list[Outcome] = [answers[number][0] for number in range(9) if number != 4]
    assert [one.reason for one in given] == [None] * 4 + ["paused:0461"] * 4


def test_one_request_a_thousand_times_is_one_entry(trial: Trial) -> None:
    """Sixteen threads, some requests together, some alone."""
    answers: list[list[Outcome]] = []

    def ask(times: int) -> None:
        for _ in range(times):
            answers.append(trial.assign([arrival(7)], DAY))

    threads = [threading.Thread(target=ask, args=(1000 // 16 + (number < 1000 % 16),)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 1000 and len({one.arm for (one,) in answers}) == 1
    assert sum(one.new for (one,) in answers) == 1 and trial.head.length == 2


def test_one_checkpoint_speaks_for_everybody_of_a_commit(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoints"
    trial = open_trial(tmp_path, checkpoint_dir=folder)
    all_at_once(trial, [lambda number=number: trial.assign([arrival(number)], DAY) for number in range(10)])
    assert len(list(folder.iterdir())) == 1
    kept = newest(folder, trial.trial_id)
    assert kept is not None and read_checkpoint(kept).length == 11
    assert verify_store(trial.store, KEYS.trial, kept).holds


def test_whoever_is_interrupted_while_waiting_leaves_the_queue_to_the_others(trial: Trial) -> None:
    class Interrupted(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            raise KeyboardInterrupt

    own = queue._Request(NOW, lambda transaction: transaction.append("withdrawn@1", {}))
    own.turn = Interrupted()

    def gives_up() -> None:
        with pytest.raises(KeyboardInterrupt):
            trial._queue._wait(own)
        trial._queue._wait(
            queue._Request(NOW, lambda _: None, is_alone=True)
        )  # stands in the queue as the helper expects, and is let go
        trial._queue._leave([trial._queue._waiting[0]])

    answers = all_at_once(trial, [gives_up, lambda: trial.assign([arrival(1)], DAY)])
    assert answers[1][0].new and not len(trial._queue)


@pytest.mark.parametrize("stops", [KeyboardInterrupt, SystemExit])
def test_when_the_committing_thread_is_stopped_the_others_are_told_unknown(
    trial: Trial, stops: type[BaseException]
) -> None:
    def stopped() -> object:
        def raises(_: object) -> None:
            raise stops

        with pytest.raises(stops):
            trial._queue.submit(NOW, raises)
        return "stopped"

    asked = [stopped, *(lambda n=n: trial.assign([arrival(n)], DAY) for n in range(3))]
    answers = all_at_once(trial, asked)
    assert answers[0] == "stopped"
    assert [answers[number].stable_code for number in (1, 2, 3)] == ["database-unknown"] * 3
    assert trial.head.length == 1 and trial.assign(arrivals(range(3)), DAY)[0].new


@pytest.mark.parametrize("cut", ["before", "after"])
def test_a_connection_lost_at_the_commit_is_told_as_unknown_and_the_retry_gives_the_stored_arm(
    postgres: PostgresServer, postgres_url: str, tmp_path_factory: pytest.TempPathFactory, cut: Cut
) -> None:
    """Cut before the COMMIT arrives nothing was done; cut before its reply all of it: nobody can tell which."""
    folder = tmp_path_factory.mktemp("p")
    with cutting_proxy(folder, postgres.folder) as proxy:
        trial = open_trial(postgres_url.replace(str(postgres.folder), str(folder)))

        def armed() -> object:
            return trial._queue.submit(NOW, lambda _: setattr(proxy, "cut", cut))

        answers = all_at_once(trial, [armed, *(lambda n=n: trial.assign([arrival(n)], DAY) for n in range(6))])
        assert {answers[number].stable_code for number in range(7)} == {"database-unknown"} and proxy.times == 1
        assert trial.head.length == (1 if cut == "before" else 7)
        with trial.store.read() as transaction:
            named = {row["record"]: row["participant_id"] for row in transaction.rows(CITIZENS)}
            stored = {named[row["participant_id"]]: row["arm"] for row in transaction.rows(PARTICIPANTS)}
        again = trial.assign(arrivals(range(6)), DAY)
        assert all(one.new == (cut == "before") for one in again)
        assert cut == "before" or {one.participant_id: one.arm for one in again} == stored
        assert verify_store(trial.store, KEYS.trial).holds
        trial.close()


@contextmanager
def in_the_way(postgres: PostgresServer, url: str, table: str) -> Iterator[Callable[[], None]]:
    """Let another program hold a table that the writer needs, and want what the writer holds; the writer is failed.

    Gives what the writer does between its lock and its rows: it waits until the other waits for it.
    """
    name = url.split("@/")[1].split("?", maxsplit=1)[0]
    postgres.sql(f"ALTER DATABASE {name} SET deadlock_timeout = '20ms'")
    locked, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        locked.set()
        go_on.wait()

    def get_in_the_way() -> None:
        with psycopg.connect(url.replace("+psycopg", "")) as other:
            other.execute("SET deadlock_timeout = '60s'")  # whoever looks first is the one to fail
            other.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
            locked.wait()
            other.execute("SELECT * FROM lodtraek FOR UPDATE")

    def free_the_writer() -> None:
        locked.wait()
        waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%lodtraek FOR UPDATE'"
        while not postgres.sql(f"{waits} AND datname = '{name}'"):
            time.sleep(0.005)
        go_on.set()

    others = [threading.Thread(target=one) for one in (get_in_the_way, free_the_writer)]
    for one in others:
        one.start()
    while not postgres.sql(f"SELECT 1 FROM pg_locks WHERE relation = '{table}'::regclass AND granted", name):
        time.sleep(0.005)
    yield hold
    for one in others:
        one.join()


def test_a_deadlock_is_resolved_by_applying_the_group_anew(
    postgres: PostgresServer, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_trial(postgres_url).close()
    with in_the_way(postgres, postgres_url, "strata") as hold:
        trial = Trial.open(postgres_url, KEYS, TickingClock())
        sizes = commits(trial, monkeypatch)
        asked: list[Callable[[], object]] = [
            lambda: trial._queue.submit(NOW, lambda _: hold()),
            lambda: trial.assign(arrivals(range(3)), DAY),
        ]
        answers = all_at_once(trial, asked)
    assert all(one.new for one in answers[1]) and sizes == [2, 2]
    assert verify_store(trial.store, KEYS.trial).holds
    trial.close()


@pytest.mark.parametrize("name", WRITTEN_BY)
def test_a_deadlock_is_resolved_by_applying_who_writes_alone_anew(
    postgres: PostgresServer, postgres_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    """The request is a method of the trial, held up where its transaction has begun."""
    clock = TickingClock()
    lived(open_trial(postgres_url, clock=clock)).close()
    clock.now = datetime(2021, 4, 1, 8, tzinfo=UTC)
    with in_the_way(postgres, postgres_url, WRITTEN_BY[name]) as hold:
        trial = Trial.open(postgres_url, KEYS, clock)
        sizes, apply, head = commits(trial, monkeypatch), trial._queue.alone, trial.head

        def held_up(at: str, change: Callable[[Any], Any]) -> Any:
            def held(transaction: Any) -> Any:
                hold()
                return change(transaction)

            return apply(at, held)

        monkeypatch.setattr(trial._queue, "alone", held_up)
        WRITES[name](trial, tmp_path)
    assert sizes == [1, 1] and trial.head.length == head.length + 1
    assert verify_store(trial.store, KEYS.trial).holds
    trial.close()


def test_a_conflict_that_does_not_end_is_told_after_a_bounded_number_of_attempts(
    trial: Trial, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tries: list[int] = []

    def conflict(group: list[Any]) -> Any:
        tries.append(len(group))
        raise DatabaseError("x", mend="x", code="database-conflict")

    monkeypatch.setattr(queue, "PAUSE_SECONDS", 0)
    monkeypatch.setattr(trial._queue, "_apply", conflict)
    with pytest.raises(DatabaseError) as caught:
        trial.assign(arrivals([1]), DAY)
    assert (caught.value.stable_code, caught.value.http_status) == ("database-conflict", 503)
    assert tries == [1] * queue.ATTEMPTS and trial.head.length == 1
    with pytest.raises(DatabaseError):
        WRITES["open_pause"](trial, tmp_path)
    assert tries == [1] * 2 * queue.ATTEMPTS and trial.head.length == 1
