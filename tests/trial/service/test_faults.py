"""Crashes and crowds on either database: kill -9, many processes at once, a server that goes away, a full disk."""

import json
import os
import resource
import signal
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from tests.opened import DAY, KEYS, TickingClock, arms, arrivals, day_file, open_trial, pseudonyms
from tests.servers import PostgresServer
from trial.errors import DatabaseError
from trial.ledger.proof import verify_store
from trial.service import Trial, assigning

TESTS = Path(__file__).parents[2]
WORKER = """
import random, sys
from datetime import UTC, datetime
from opened import DAY, KEYS, arrival
from trial.service import Trial
database, seed, requests, people = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
trial = Trial.open(database, KEYS, lambda: datetime.now(UTC))
chance = random.Random(seed)
print("ready", flush=True)
for _ in range(requests):
    asked = [arrival(person, ("0101", "0461")[person % 2]) for person in chance.sample(range(people), 4)]
    for one in trial.assign(asked, DAY):
        print(one.participant_id, one.arm, int(one.new), flush=True)
"""
# One file of a day after the other, by a program that is killed. Born ready: importing anew for every death would
# take most of the time. It says what it asks before it asks; a line on stdin asks for the next death.
NURSERY = """
import os, random, signal, sys, time
from datetime import UTC, datetime
from opened import DAY, KEYS, day_file
from trial.service import Trial
database, first, files, size = sys.argv[1], *map(int, sys.argv[2:5])
chance = random.Random(5)
for begin in range(first, sys.maxsize, files):
    if not sys.stdin.readline():
        break
    here, there = os.pipe()
    child = os.fork()
    if not child:
        os.dup2(there, 1)
        trial = Trial.open(database, KEYS, lambda: datetime.now(UTC))
        print("ready", flush=True)
        for number in range(begin, begin + files):
            print("asks", number, flush=True)
            for one in trial.assign(day_file(number, size), DAY):
                print(one.participant_id, one.arm, int(one.new), flush=True)
        os._exit(3)
    os.close(there)
    with os.fdopen(here) as answers:
        assert answers.readline() == "ready\\n"
        time.sleep(chance.uniform(0, 0.08))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        assert os.WTERMSIG(status) == signal.SIGKILL
        print(*(line for line in answers if line.endswith("\\n")), "dead\\n", sep="", end="", flush=True)
"""
SIZE = 40


def worker(program: str, database: str, *numbers: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", program, database, *map(str, numbers)]
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)


def check(database: str, given: list[list[str]]) -> None:
    """Every answer given stands, new once; the ledger verifies; the lead is within the tolerance."""
    trial = Trial.open(database, KEYS, TickingClock())
    assert verify_store(trial.store, KEYS.trial).holds
    with trial.store.read() as transaction:
        entries = [json.loads(entry.payload) for entry in transaction.entries("assigned@1")]
    named = pseudonyms(trial)
    trial.close()
    arms = {named[entry["participant_id"]]: entry["arm"] for entry in entries}
    assert len(arms) == len(entries)
    assert all(arms[participant] == arm for participant, arm, _ in given)
    assert max(Counter(participant for participant, _, new in given if new == "1").values(), default=1) == 1
    lead: Counter[str] = Counter()
    for entry in entries:
        lead[entry["stratum"]] += 1 if entry["arm"] == "digital" else -1
        assert abs(lead[entry["stratum"]]) <= 3


def crowd(database: str, processes: int, requests: int, people: int) -> None:
    open_trial(database).close()
    running = [worker(WORKER, database, seed, requests, people) for seed in range(processes)]
    given = []
    for one in running:
        out, _ = one.communicate(timeout=300)
        assert one.returncode == 0
        given += [line.split() for line in out.splitlines() if line != "ready"]
    assert len(given) == processes * requests * 4
    check(database, given)


def test_four_processes_with_overlapping_requests(database_url: str) -> None:
    crowd(database_url, processes=4, requests=15, people=60)


@pytest.mark.slow
def test_eight_processes_with_five_hundred_overlapping_requests_each(database_url: str) -> None:
    crowd(database_url, processes=8, requests=500, people=3000)


def killed(nursery: subprocess.Popen[str]) -> tuple[int, list[list[str]]]:
    """Let one program be killed; give the file it asked for last, and every answer it had given."""
    assert nursery.stdin is not None and nursery.stdout is not None
    nursery.stdin.write("\n")
    nursery.stdin.flush()
    asked, given = -1, []
    for line in iter(nursery.stdout.readline, "dead\n"):
        assert line, "the nursery ended"
        first, *more = line.split()
        if first == "asks":
            assert len(given) % SIZE == 0  # what was asked for before was answered
            asked = int(more[0])
        else:
            given.append([first, *more])
    return asked, given


def ask_again(trial: Trial, number: int) -> int:
    """Hold an interrupted file against the ledger, and ask for it again; give how many of it were there.

    It looks as a writer: PostgreSQL may still be at the COMMIT of the dead, and a writer waits for that.
    """
    wanted = day_file(number, SIZE)
    with trial.store.write("2021-03-01T09:00:00.000000Z") as transaction:
        there = {who: row["arm"] for who, row in transaction.answers(one.participant_id for one in wanted).items()}
    assert len(there) in (0, SIZE), f"half a batch: {len(there)} of {SIZE}"
    again = trial.assign(wanted, DAY)
    assert len(again) == SIZE and there.items() <= arms(again).items()
    assert [one.new for one in again] == [not there] * SIZE
    return len(there)


def kill_at_random(database: str, times: int, looks: int) -> None:
    """Kill so often; after every death the interrupted batch is looked at, after some the whole ledger.

    On a slow machine nobody may have been answered by then: it goes on until somebody was.
    """
    given: list[list[str]] = []
    with (
        closing(open_trial(database, any_clock=True)) as trial,
        worker(NURSERY, database, 0, 10_000, SIZE) as nursery,
    ):
        for death in range(times + 100):
            if death >= times and len(given) > times:
                break
            asked, answers = killed(nursery)
            given += answers
            if asked >= 0:
                ask_again(trial, asked)
            if death % (times // looks) == 0:
                assert verify_store(trial.store, KEYS.trial).holds
        nursery.communicate(timeout=60)
        assert nursery.returncode == 0 and len(given) > times
    check(database, given)


def test_kill_9_at_random_instants_loses_no_answer_and_leaves_no_half_batch(database_url: str) -> None:
    kill_at_random(database_url, 3, looks=3)


@pytest.mark.slow
def test_kill_9_at_many_random_instants(database_url: str) -> None:
    kill_at_random(database_url, 200, looks=10)


def test_a_full_disk_changes_nothing_and_is_told(tmp_path: Path) -> None:
    """SQLite finds no page for the batch: nothing is half written, reads go on; with room it is answered."""
    trial = open_trial(tmp_path)
    first = trial.assign(arrivals(range(10)), DAY)
    head = trial.head

    def limit(pages: int) -> None:
        with trial.store.write("2021-03-01T09:00:00.000000Z") as transaction:  # of the connection that is kept
            transaction._connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    limit(1)  # as many as there are
    with pytest.raises(DatabaseError) as caught:
        trial.assign(arrivals(range(3000)), DAY)
    found = caught.value
    assert (found.stable_code, found.exit_status, found.http_status) == ("database-full", 20, 507)
    assert "make room" in found.mend and "p000" not in str(found)
    assert trial.head == head and arms(trial.preview(arrivals(range(10)), DAY)) == arms(first)
    limit(1 << 30)
    again = trial.assign(arrivals(range(3000)), DAY)
    assert len(again) == 3000 and arms(again[:10]) == arms(first)
    assert verify_store(trial.store, KEYS.trial).holds
    trial.close()


def test_a_file_that_may_not_grow_changes_nothing_and_is_told(tmp_path: Path) -> None:
    """A limit on the file's size: the batch does not fit, and does once there is none."""
    trial = open_trial(tmp_path)
    head = trial.head
    room = (tmp_path / "trial.db").stat().st_size + 100_000
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        with pytest.raises(DatabaseError):
            trial.assign(arrivals(range(3000)), DAY)
        assert trial.head == head
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert len(trial.assign(arrivals(range(3000)), DAY)) == 3000
    assert verify_store(trial.store, KEYS.trial).holds


def test_a_server_that_goes_away_before_the_commit_is_told_and_the_request_can_be_repeated(
    postgres: PostgresServer, postgres_url: str
) -> None:
    """The connection is cut when everything is written and nothing committed; the trial goes on by itself."""
    trial = open_trial(postgres_url)
    first = trial.assign(arrivals(range(5)), DAY)
    with pytest.raises(DatabaseError) as caught, trial.store.write("2021-03-01T09:00:00.000000Z") as transaction:
        assigning.assign(transaction, trial.epoch, arrivals(range(5, 9)), DAY, os.urandom)
        cut(postgres, postgres_url)
    assert caught.value.stable_code == "database-unknown" and "p000" not in str(caught.value)
    again = trial.assign(arrivals(range(9)), DAY)
    assert arms(again[:5]) == arms(first) and all(one.new for one in again[5:])
    assert verify_store(trial.store, KEYS.trial).holds
    trial.close()


def test_an_answer_lost_after_the_commit_is_given_again(postgres: PostgresServer, postgres_url: str) -> None:
    """The commit is done and the connection cut before its caller learns of it: the retry gives the stored arm."""
    trial = open_trial(postgres_url)
    with trial.store.write("2021-03-01T09:00:00.000000Z") as transaction:
        lost = assigning.assign(transaction, trial.epoch, arrivals(range(5)), DAY, os.urandom)
    cut(postgres, postgres_url)
    again = trial.assign(arrivals(range(5)), DAY)
    assert arms(again) == arms(lost) and not any(one.new for one in again)
    trial.close()


def cut(server: PostgresServer, database: str) -> None:
    """End every connection to a database but one's own."""
    name = database.split("@/")[1].split("?", maxsplit=1)[0]
    server.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
