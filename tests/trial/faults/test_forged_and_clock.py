"""An entry that is hashed rightly and drawn wrongly; clocks that run backwards, jump, or change to summer time."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tests.bundles import TRIAL_KEY, verifier
from tests.opened import BY, DAY, KEYS, TickingClock, arrival, arrivals, keys_here, open_trial
from trial.bundle import export_bundle
from trial.clock import danish_date, utc_text
from trial.errors import StateError
from trial.ledger.chain import link
from trial.ledger.entry import canonical
from trial.ledger.proof import stored, verify_store
from trial.ledger.schema import LEDGER, STRATA
from trial.procedures import Subject
from trial.service import Trial


@pytest.fixture
def trial(database_url: str) -> Iterator[Trial]:
    trial = open_trial(database_url)
    yield trial
    trial.close()


def late_of(trial: Trial) -> closing[Trial]:
    """The same trial, whose clock may be far behind."""
    url = trial.store._engine.url.render_as_string(hide_password=False)
    return closing(Trial.open(url, KEYS, trial._clock, any_clock=True))


@pytest.fixture
def late(trial: Trial) -> Iterator[Trial]:
    with late_of(trial) as accepted:
        yield accepted


@pytest.mark.parametrize("forgery", ["arm", "step", "probabilities", "day"])
def test_a_forged_assignment_with_the_right_hash_is_named(trial: Trial, forgery: str) -> None:
    """Its writer has the database, not the key: the guards let it be appended, for that is what entries are."""
    trial.assign(arrivals(range(6)), DAY)
    with trial.store.read() as transaction:
        last = list(stored(transaction))[-1]
        head = transaction.head
        counts = json.loads(transaction.rows_in(STRATA, "scope", [arrival(0).stratum])[0]["state"])
    payload = json.loads(last.payload)
    one = arrival(6)
    drawn = trial.epoch.draw(one.stratum, counts, Subject("", one.levels, one.stratum), 6)
    arm = {"arm": next(name for name in ("physical", "digital") if name != drawn.arm)}.get(forgery, drawn.arm)
    shares = {name: f"{share}" for name, share in drawn.probabilities.items()}
    payload |= {"participant_id": "ab" * 32, "step": 6, "arm": arm, "probabilities": shares}
    payload |= {"step": {"step": 7}, "probabilities": {"probabilities": {"physical": "1/3", "digital": "2/3"}},
                "day": {"on": "2020-12-31"}}.get(forgery, {})  # fmt: skip
    forged = link(head, "assigned@1", "2021-03-01T09:00:00.000000Z", canonical(payload))
    with trial.store._engine.begin() as connection:
        connection.execute(LEDGER.insert(), forged._asdict())
    first = verify_store(trial.store, KEYS.trial).findings[0]
    assert first.where == "ledger row 8"
    words = {
        "arm": "the key draws|could be drawn",
        "step": "step must be 6",
        "probabilities": "procedure",
        "day": "enrolment",
    }
    assert any(part in first.problem for part in words[forgery].split("|"))


def test_order_is_by_number_and_times_never_run_backwards(late: Trial) -> None:
    trial, clock = late, late._clock
    assert isinstance(clock, TickingClock)
    for number, move in enumerate((timedelta(), -timedelta(days=3), timedelta(hours=5), timedelta(days=40))):
        clock.now += move
        trial.assign([arrival(number)], DAY)
    with trial.store.read() as transaction:
        entries = list(stored(transaction))
        times = [entry.at for entry in transaction.entries("assigned@1")]
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    assert times == sorted(times) and times[0] == times[1] == times[2] < times[3]  # the last again, until it is past
    assert verify_store(trial.store, KEYS.trial).holds


def test_a_clock_that_was_set_back_is_told_of(late: Trial, tmp_path: Path) -> None:
    """By more than a minute, once a request that appends; less is what writers wait for one another."""
    trial, clock = late, late._clock
    assert isinstance(clock, TickingClock)
    read = []
    for number, move in enumerate((timedelta(), timedelta(seconds=-30), timedelta(hours=-3), timedelta(hours=4))):
        clock.now += move
        trial.assign(arrivals([2 * number, 2 * number + 1]), DAY)
        trial.assign(arrivals([2 * number]), DAY)  # answered before: nothing is appended
        read.append(utc_text(clock.now - timedelta(seconds=1)))
    with trial.store.read() as transaction:
        entries = list(stored(transaction))
    kinds = [entry.kind for entry in entries[1:]]
    assert kinds == [*["assigned@1"] * 4, "clock-moved@1", *["assigned@1"] * 4]
    assert json.loads(entries[5].payload) == {"last": entries[4].at, "read": read[2]}
    assert verify_store(trial.store, KEYS.trial).holds
    export_bundle(trial, tmp_path / "bundle")
    (tmp_path / "trial.key").write_text(TRIAL_KEY)
    told = verifier(tmp_path / "bundle", "--key", tmp_path / "trial.key")
    assert told.returncode == 0, told.stdout


def test_a_clock_that_is_far_behind_writes_nothing_until_somebody_says_so(trial: Trial) -> None:
    """By more than an hour: nobody is answered anew, who was answered is; the way on is open to who takes it."""
    clock = trial._clock
    assert isinstance(clock, TickingClock)
    first = trial.assign(arrivals([0]), DAY)
    clock.now -= timedelta(minutes=59)
    trial.assign(arrivals([1]), DAY)
    clock.now -= timedelta(minutes=3)
    head = trial.head
    for change in (
        lambda: trial.assign(arrivals([2]), DAY),
        lambda: trial.open_pause("0101", DAY, BY, decided_on=DAY),
    ):
        with pytest.raises(StateError) as refused:
            change()
        assert refused.value.stable_code == "clock-behind" and "--accept-clock" in str(refused.value)
    assert trial.head == head
    assert trial.assign(arrivals([0]), DAY)[0].arm == first[0].arm
    with late_of(trial) as accepted:
        accepted.assign(arrivals([2]), DAY)
    assert verify_store(trial.store, KEYS.trial).holds
    with trial.store.read() as transaction:
        assert [entry.kind for entry in list(stored(transaction))[-2:]] == ["clock-moved@1", "assigned@1"]


CLOCK = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
int clock_gettime(clockid_t id, struct timespec *at) {
    int (*real)(clockid_t, struct timespec *) = dlsym(RTLD_NEXT, "clock_gettime");
    int found = real(id, at);
    if (!found && id == CLOCK_REALTIME) at->tv_sec += atol(getenv("CLOCK_MOVED_BY"));
    return found;
}
"""


def test_the_program_under_a_system_clock_that_is_set_back(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """End to end: the command in a process of its own, whose system clock is moved beneath it."""
    monkeypatch.chdir(tmp_path)
    keys_here("test")
    (tmp_path / "clock.c").write_text(CLOCK)
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", "clock.so", "clock.c", "-ldl"], check=True)
    program = Path(sys.executable).with_name("trial")

    def run(moved_by: timedelta, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        moved = {"LD_PRELOAD": "./clock.so", "CLOCK_MOVED_BY": str(int(moved_by.total_seconds()))}
        command = [str(program), *arguments, "--db", database_url]
        environment = {**os.environ, **moved, **more}
        return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)

    def assign(number: int, moved_by: timedelta, *more: str) -> subprocess.CompletedProcess[str]:
        one = ["--jobcentre", "0461", "--target-group", "dagpenge", "--birth-on", "1990-01-01"]
        day = ["--spell-start-on", "2021-02-22", "--on", "2021-03-01"]
        return run(moved_by, "assign", "--participant", f"SYN-{number}", *one, *day, *more)

    opened = run(timedelta(), "init", "digital-samtaler", "--mode", "test")
    assert opened.returncode == 0, opened.stderr
    assert assign(1, timedelta(days=3)).returncode == 0
    refused = assign(2, timedelta())
    assert (refused.returncode, refused.stdout) == (17, "") and "clock-behind" in refused.stderr
    assert assign(1, timedelta()).stdout.startswith('{"participant"')
    told = assign(2, timedelta(), "--accept-clock")
    assert told.returncode == 0 and '"new": true' in told.stdout, told.stderr
    audit = run(timedelta(), "audit", "--json")
    assert audit.stdout.count("clock-moved") == 1, audit.stdout + audit.stderr
    verified = run(timedelta(), "verify")
    assert verified.returncode == 0 and "The ledger holds." in verified.stdout + verified.stderr


def test_a_clock_that_is_behind_tells_no_day(trial: Trial) -> None:
    clock = trial._clock
    assert isinstance(clock, TickingClock)
    trial.assign(arrivals([0]), DAY)
    clock.now -= timedelta(hours=2)
    assert trial.day(None) == DAY
    clock.now -= timedelta(days=1)
    with pytest.raises(StateError) as refused:
        trial.day(None)
    assert refused.value.stable_code == "clock-behind" and "--on" in str(refused.value)
    assert trial.day(DAY) == DAY


def test_a_clock_that_is_behind_tells_no_day_of_a_decision(trial: Trial) -> None:
    clock = trial._clock
    assert isinstance(clock, TickingClock)
    trial.assign(arrivals([0]), DAY)
    length = trial.head.length
    clock.now -= timedelta(days=2)
    with pytest.raises(StateError) as refused:
        trial.open_pause("0101", DAY, BY)
    assert refused.value.stable_code == "clock-behind" and "--decided-on" in str(refused.value)
    assert trial.head.length == length
    with late_of(trial) as accepted:
        accepted.open_pause("0101", DAY, BY, decided_on=DAY)
    assert [pause.decided_on for pause in trial.pauses()] == [DAY]


@pytest.mark.parametrize("payload", [{"read": 0, "last": 1}, {"read": -1, "last": -1}])
def test_a_forged_word_about_the_clock_is_named(trial: Trial, payload: dict[str, int]) -> None:
    """A time that is not of the entry above, and a clock that was not behind."""
    trial.assign(arrivals([0]), DAY)
    trial.assign(arrivals([1]), DAY)
    with trial.store.read() as transaction:
        head = transaction.head
        times = [entry.at for entry in stored(transaction)]
    forged = link(head, "clock-moved@1", head.at, canonical({name: times[at] for name, at in payload.items()}))
    with trial.store._engine.begin() as connection:
        connection.execute(LEDGER.insert(), forged._asdict())
    first = verify_store(trial.store, KEYS.trial).findings[0]
    assert first.where == "ledger row 4" and "time of the row above" in first.problem


def test_arms_do_not_depend_on_the_clock(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    right = open_trial(database_url)
    wrong = open_trial(tmp_path_factory.mktemp("wrong"), clock=TickingClock(datetime(1999, 12, 31, tzinfo=UTC)))
    assert right.assign(arrivals(range(20)), DAY) == wrong.assign(arrivals(range(20)), DAY)
    right.close()
    wrong.close()


@pytest.mark.parametrize(
    ("change", "day"),
    [(datetime(2021, 3, 28, 0, 59, 58, tzinfo=UTC), date(2021, 3, 28)),
     (datetime(2021, 10, 30, 23, 59, 58, tzinfo=UTC), date(2021, 10, 31)),
     (datetime(2021, 10, 31, 0, 59, 58, tzinfo=UTC), date(2021, 10, 31))],
)  # fmt: skip
def test_a_change_of_the_clocks_is_no_change_of_the_ledger(trial: Trial, change: datetime, day: date) -> None:
    """Danish clocks skip an hour in March and have one twice in October; the ledger's are UTC and do neither."""
    clock = trial._clock
    assert isinstance(clock, TickingClock)
    clock.now = change
    for number in range(4):
        assert trial.today() == day
        trial.assign([arrival(number)], trial.today())
    with trial.store.read() as transaction:
        times = [entry.at for entry in transaction.entries("assigned@1")]
    assert times == sorted(set(times)) and times[0] > change.isoformat()
    assert danish_date(datetime(2021, 3, 28, 22, 30, tzinfo=UTC)) == date(2021, 3, 29)
    assert danish_date(datetime(2021, 3, 27, 22, 30, tzinfo=UTC)) == date(2021, 3, 27)
