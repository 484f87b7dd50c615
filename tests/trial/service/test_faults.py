"""Crashes and crowds: kill -9, many processes at once, a full disk."""

import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.opened import DAY, KEYS, TickingClock, arrivals, open_trial, url
from trial.errors import DatabaseError
from trial.ledger.proof import verify_store
from trial.service import Trial

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


def worker(folder: Path, seed: int, requests: int, people: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WORKER, url(folder), str(seed), str(requests), str(people)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(TESTS)})


def check(folder: Path, given: list[list[str]]) -> None:
    """Every answer given stands, new once; the ledger verifies; the lead is within the tolerance."""
    trial = Trial.open(url(folder), KEYS, TickingClock())
    assert verify_store(trial.store, KEYS.trial).holds
    with trial.store.read() as transaction:
        entries = [json.loads(entry.payload) for entry in transaction.entries("assigned@1")]
    trial.close()
    arms = {entry["participant_id"]: entry["arm"] for entry in entries}
    assert len(arms) == len(entries)
    assert all(arms[participant] == arm for participant, arm, _ in given)
    assert max(Counter(participant for participant, _, new in given if new == "1").values(), default=1) == 1
    lead: Counter[str] = Counter()
    for entry in entries:
        lead[entry["stratum"]] += 1 if entry["arm"] == "digital" else -1
        assert abs(lead[entry["stratum"]]) <= 3


def crowd(folder: Path, processes: int, requests: int, people: int) -> None:
    open_trial(folder).close()
    running = [worker(folder, seed, requests, people) for seed in range(processes)]
    given = []
    for one in running:
        out, _ = one.communicate(timeout=300)
        assert one.returncode == 0
        given += [line.split() for line in out.splitlines() if line != "ready"]
    assert len(given) == processes * requests * 4
    check(folder, given)


def test_four_processes_with_overlapping_requests(tmp_path: Path) -> None:
    crowd(tmp_path, processes=4, requests=15, people=60)


@pytest.mark.slow
def test_eight_processes_with_five_hundred_overlapping_requests_each(tmp_path: Path) -> None:
    crowd(tmp_path, processes=8, requests=500, people=3000)


def kill_at_random(folder: Path, times: int) -> None:
    open_trial(folder).close()
    chance, given = random.Random(5), []
    for seed in range(times):
        one = worker(folder, seed, 10_000, 100_000)
        assert one.stdout is not None
        assert one.stdout.readline() == "ready\n"
        time.sleep(chance.uniform(0, 0.08))
        os.kill(one.pid, signal.SIGKILL)
        out, _ = one.communicate()
        given += [line.split() for line in out.splitlines(keepends=True) if line.endswith("\n")]
    assert given
    check(folder, given)


def test_kill_9_at_random_instants_loses_no_answer_and_leaves_no_half_batch(tmp_path: Path) -> None:
    kill_at_random(tmp_path, 3)


@pytest.mark.slow
def test_kill_9_at_many_random_instants(tmp_path: Path) -> None:
    kill_at_random(tmp_path, 200)


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
