"""Crashes and crowds on either database: kill -9, many processes at once, a server that goes away, a full disk."""

import json
import os
import resource
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.opened import DAY, KEYS, TickingClock, arms, arrivals, open_trial, pseudonyms
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
# The same, born ready and killed at once: importing anew for every death would take most of the time.
NURSERY = """
import os, random, signal, sys, time
times = int(sys.argv[5])
import opened, trial.service
chance = random.Random(5)
for seed in range(times):
    here, there = os.pipe()
    child = os.fork()
    if not child:
        os.dup2(there, 1)
        sys.argv[2] = seed
        exec(WORK)
        os._exit(3)
    os.close(there)
    with os.fdopen(here) as answers:
        assert answers.readline() == "ready\\n"
        time.sleep(chance.uniform(0, 0.08))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        assert os.WTERMSIG(status) == signal.SIGKILL
        print(*(line for line in answers if line.endswith("\\n")), sep="", end="", flush=True)
"""


def worker(
    database: str, seed: int, requests: int, people: int, program: str = WORKER, *more: str
) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", program, database, str(seed), str(requests), str(people), *more]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(TESTS)})


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
    running = [worker(database, seed, requests, people) for seed in range(processes)]
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


def kill_at_random(database: str, times: int) -> None:
    open_trial(database).close()
    one = worker(database, 0, 10_000, 100_000, f"WORK = {WORKER!r}{NURSERY}", str(times))
    out, _ = one.communicate(timeout=300)
    assert one.returncode == 0
    given = [line.split() for line in out.splitlines()]
    assert len(given) > times
    check(database, given)


def test_kill_9_at_random_instants_loses_no_answer_and_leaves_no_half_batch(database_url: str) -> None:
    kill_at_random(database_url, 3)


@pytest.mark.slow
def test_kill_9_at_many_random_instants(database_url: str) -> None:
    kill_at_random(database_url, 200)


def test_a_full_disk_changes_nothing_and_is_told(tmp_path: Path) -> None:
    """A limit on the file's size stands for the disk: the batch does not fit, a smaller one does afterwards."""
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
