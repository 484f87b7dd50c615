"""Two times of a pause: the days it is for, and what was known when; across both changes of the clocks."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.opened import BY, CODES, DAY, KEYS, PROTOCOL, arrival, arrivals, open_trial
from trial.bundle import export_bundle, read_bundle
from trial.clock import COPENHAGEN, danish_time
from trial.errors import InfectionError, StateError
from trial.infection import ByHand
from trial.ledger.proof import verify_store
from trial.service import Trial

ONE = timedelta(days=1)
TESTS = Path(__file__).parents[2]
SPRING = datetime(2021, 3, 28, 1, tzinfo=UTC)  # 02:00 becomes 03:00
AUTUMN = datetime(2021, 10, 31, 1, tzinfo=UTC)  # 03:00 becomes 02:00


class SetClock:
    """Stands where it is put."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def trial_at(folder: Path, now: datetime) -> tuple[Trial, SetClock]:
    clock = SetClock(now)
    return Trial.init(f"sqlite:///{folder / 'trial.db'}", PROTOCOL, KEYS, "test", clock=clock), clock


@pytest.mark.parametrize("change", [SPRING, AUTUMN])
def test_a_pause_is_of_whole_danish_days_and_known_to_the_second(tmp_path: Path, change: datetime) -> None:
    """Entries in the hour before, the hour of and the hour after the change; the day has 23 or 25 hours."""
    trial, clock = trial_at(tmp_path, change - timedelta(hours=3))
    day = change.astimezone(COPENHAGEN).date()
    opened, closed, corrected = (change + timedelta(minutes=minutes) for minutes in (-30, 30, 90))
    clock.now = opened
    trial.open_pause("0101", day, BY)
    clock.now = closed
    trial.close_pause("0101", day + ONE, BY)
    clock.now = corrected
    trial.correct_pause("0101", day, day + 2 * ONE, BY)
    tick = timedelta(microseconds=1)
    for at, ends in ((opened, None), (closed - tick, None), (closed, 1), (corrected - tick, 1), (corrected, 2)):
        [pause] = trial.pauses(at)
        assert pause.reopened_on == (None if ends is None else day + ends * ONE)
        assert pause.decided_on == day
        assert trial.is_paused("0101", day, at) and not trial.is_paused("0101", day - ONE, at)
        assert trial.is_paused("0101", day + ONE, at) is (ends != 1)
    assert trial.pauses(opened - tick) == []
    assert verify_store(trial.store, KEYS.trial).holds
    start = datetime(day.year, day.month, day.day, tzinfo=COPENHAGEN).astimezone(UTC)
    hours = 23 if change == SPRING else 25
    for now, expected in ((0, day), (hours - 1, day), (hours, day + ONE), (-1, day - ONE)):
        clock.now = start + timedelta(hours=now, minutes=59 if now == -1 else 0)
        assert trial.today() == expected


def test_an_hour_that_is_skipped_or_repeated_needs_its_offset() -> None:
    for text in ("2021-03-28T02:30", "2021-10-31T02:30"):
        with pytest.raises(ValueError, match="which"):
            danish_time(text)
    first, second = danish_time("2021-10-31T02:30+02:00"), danish_time("2021-10-31T02:30+01:00")
    assert second - first == timedelta(hours=1)
    assert danish_time("2021-10-31T03:00").utcoffset() == timedelta(hours=1)
    assert danish_time("2021-03-28T03:00").utcoffset() == timedelta(hours=2)


@settings(max_examples=8, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["open", "close", "correct"]), st.integers(0, 20)), max_size=10))
def test_what_was_known_is_what_was_answered_then(
    tmp_path_factory: pytest.TempPathFactory, acts: list[tuple[str, int]]
) -> None:
    """Brute force: after each act the answers for all days are written down; asked later, they are the same."""
    trial, clock = trial_at(tmp_path_factory.mktemp("known"), SPRING)
    days = [DAY + offset * ONE for offset in range(25)]
    seen = []
    for act, offset in acts:
        clock.now += timedelta(hours=5)
        day, first = DAY + offset * ONE, next((one.closed_on for one in reversed(trial.pauses())), DAY)
        try:
            if act == "open":
                trial.open_pause("0101", day, BY)
            elif act == "close":
                trial.close_pause("0101", day, BY)
            else:
                trial.correct_pause("0101", first, day if offset else None, BY)
        except StateError:
            pass
        seen.append((clock.now, [trial.is_paused("0101", one) for one in days], trial.pauses()))
    for at, answers, pauses in seen:
        assert [trial.is_paused("0101", one, at) for one in days] == answers
        assert trial.pauses(at) == pauses
    assert verify_store(trial.store, KEYS.trial).holds
    trial.close()


def test_corrections_stand_beside_and_keep_the_order_of_pauses(tmp_path: Path) -> None:
    trial = open_trial(tmp_path)
    for first in (0, 14):
        trial.open_pause("0101", DAY + first * ONE, BY)
        with pytest.raises(StateError) as caught:
            trial.correct_pause("0101", DAY + first * ONE, DAY + 30 * ONE, BY)  # it has no end yet
        assert caught.value.stable_code == "pause-correction"
        trial.close_pause("0101", DAY + (first + 7) * ONE, BY)
    for closed_on, reopened_on in ((0, 15), (0, None), (0, 7), (0, 0), (3, 5)):
        with pytest.raises(StateError) as caught:
            ends = None if reopened_on is None else DAY + reopened_on * ONE
            trial.correct_pause("0101", DAY + closed_on * ONE, ends, BY)
        assert caught.value.stable_code == "pause-correction"
    trial.correct_pause("0101", DAY, DAY + 14 * ONE, BY)  # they may touch
    trial.correct_pause("0101", DAY + 14 * ONE, None, BY)
    assert [one.reopened_on for one in trial.pauses()] == [DAY + 14 * ONE, None]
    assert trial.assign([arrival(1, "0101")], DAY + 40 * ONE)[0].reason == "paused:0101"
    with trial.store.read() as transaction:
        assert len(transaction.entries("pause-closed@1")) == len(transaction.entries("pause-corrected@1")) == 2
    assert verify_store(trial.store, KEYS.trial).holds


@pytest.mark.parametrize("by", [("A", "A", "why"), ("A", " a ", "why"), ("A", "", "why"), ("A", "B", " ")])
def test_nobody_decides_alone_or_without_a_reason(by: tuple[str, str, str]) -> None:
    with pytest.raises(InfectionError) as caught:
        ByHand(*by)
    assert caught.value.stable_code == "pause-by-hand"


def flagged(trial: Trial, folder: Path) -> list[tuple[str, str]]:
    export_bundle(trial, folder)
    rows = read_bundle(folder).events.to_pylist()
    details = [(row["participant_id"], json.loads(row["detail"])) for row in rows]
    assert {row["kind"] for row in rows} <= {"assigned-in-backdated-pause"}
    return [(participant, detail["assigned_on"]) for participant, detail in details]


def test_a_backdated_pause_flags_who_was_assigned_in_between_and_alters_nothing(tmp_path: Path) -> None:
    from trial.monitor import status

    trial = open_trial(tmp_path)
    days = {number: DAY + number * ONE for number in range(6)}
    before = {number: trial.assign([arrival(number, "0101")], day)[0].arm for number, day in days.items()}
    trial.assign(arrivals([10, 11]), DAY + 3 * ONE)  # of another municipality
    change = trial.open_pause("0101", DAY + 2 * ONE, BY)
    assert change.assigned_before == 4
    trial.close_pause("0101", DAY + 4 * ONE, BY)
    assert status(trial).assigned_in_backdated_pause == 2
    assert trial.correct_pause("0101", DAY + 2 * ONE, DAY + 9 * ONE, BY).assigned_before == 4
    expected = [(arrival(number).participant_id, (DAY + number * ONE).isoformat()) for number in (2, 3, 4, 5)]
    assert flagged(trial, tmp_path / "bundle") == expected
    for number, day in days.items():
        assert trial.assign([arrival(number, "0101")], day)[0].arm == before[number]
    assert trial.assign([arrival(99, "0101")], DAY + 3 * ONE)[0].reason == "paused:0101"
    assert verify_store(trial.store, KEYS.trial).holds


# Four writers, forked: importing four times would take most of the time. The last of the towns is never paused.
WRITERS = """
import os, sys, time
from datetime import UTC, datetime
from opened import DAY, KEYS, arrival
from trial.service import Trial
first = next((1_000_000 * number for number in (1, 2, 3) if not os.fork()), 0)
trial = Trial.open(sys.argv[1], KEYS, lambda: datetime.now(UTC))
os.write(1, b"ready\\n")
*codes, never = sys.argv[2:]
for request in range(100_000):
    towns = [codes[place % len(codes)] for place in range(request * 4, request * 4 + 4)]
    trial.assign([arrival(first + request * 5 + place, code) for place, code in enumerate([*towns, never])], DAY)
    time.sleep(0.01)
"""


def test_a_pause_against_assignments_one_wins_and_the_ledger_shows_which(database_url: str) -> None:
    """Four writers, 25 pauses at random instants: after one is acknowledged no later row is an assignment in it."""
    codes, chance = CODES[:26], random.Random(12)
    trial = Trial.init(database_url, PROTOCOL, KEYS, "test", clock=lambda: datetime.now(UTC))
    writers = subprocess.Popen(
        [sys.executable, "-c", WRITERS, database_url, *codes],
        stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(TESTS)}, start_new_session=True,
    )  # fmt: skip
    acknowledged = {}
    try:
        assert writers.stdout is not None
        assert [writers.stdout.readline() for _ in range(4)] == ["ready\n"] * 4
        for code in codes[:-1]:
            time.sleep(chance.uniform(0, 0.1))
            trial.open_pause(code, DAY, BY)
            acknowledged[code] = trial.head.length
        time.sleep(0.2)
    finally:
        os.killpg(writers.pid, signal.SIGKILL)
        writers.communicate()
    found = verify_store(trial.store, KEYS.trial)
    assert found.holds, found.findings
    with trial.store.read() as transaction:
        rows = [(entry.seq, json.loads(entry.payload)) for entry in transaction.entries("assigned@1")]
        opened = [(entry.seq, json.loads(entry.payload)) for entry in transaction.entries("pause-opened@1")]
    trial.close()
    assigned = {code: [seq for seq, row in rows if row["municipality_code"] == code] for code in codes}
    for seq, row in opened:
        code = row["municipality_code"]
        assert seq <= acknowledged[code] and max(assigned[code], default=0) < seq
        assert max(assigned[codes[-1]]) > seq  # the others went on
    assert len(opened) == 25 and assigned[codes[-2]]
