"""A simulated office: clients, a clock and a database that fail, in an order that one seed decides.

Virtual clients ask for answers; a scheduler delivers what waits in groups of any size, some requests twice. Commits
fail before or after they are done, replies get lost, the program dies in the middle and is opened anew, the clock
jumps, pauses open and close. Nothing sleeps and nothing runs beside: a seed that fails, fails again.

Held throughout: an answer that was given stays; a citizen has one arm; nobody is lost who was answered; what nobody
knows of was done once and whole, or not at all; no draw is used twice, the lead keeps its bound, the ledger has no
gap.
"""

import json
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import psycopg
import pytest

from tests.opened import BY, DAY, KEYS, TickingClock, arrival, open_trial, pseudonyms, url
from tests.servers import PostgresServer
from trial.errors import DatabaseError, LodtraekError, StateError
from trial.ledger.proof import stored, verify_store
from trial.ledger.store import Transaction
from trial.service import Outcome, Trial

pytestmark = pytest.mark.usefixtures("protocol_read_once")

TOWNS = ("0101", "0461", "0751")
PEOPLE, CLIENTS, STEPS = 30, 5, 12
REFUSED = arrival(99).participant_id
FAULTS = ("none", "none", "none", "none", "abort", "lost", "dies", "reply")


class DiesError(BaseException):
    """The program ends here, as kill -9 would end it."""


class Collected:
    """Stands where the queue of writers stands: requests are collected, and committed when the scheduler says."""

    def __init__(self, queue: Any) -> None:
        self.queue, self.alone = queue, queue.alone

    def submit(self, at: str, apply: Callable[[Transaction], Any]) -> Any:
        from trial.ledger.queue import _Request

        return _Request(at, apply)


def stumbling(apply: Callable[[Transaction], Any]) -> Callable[[Transaction], Any]:
    """Answer, and fail afterwards: what was appended must vanish, and nothing of what the neighbours appended."""

    def stumbles(transaction: Transaction) -> None:
        apply(transaction)
        raise StateError("a request must not stumble", mend="none", code="stumbles")

    return stumbles


class Office:
    """One trial, those who ask, and what they were told."""

    def __init__(self, database: str, checkpoints: Path, seed: int) -> None:
        self.chance = Random(seed)
        self.clock, self.day = TickingClock(), DAY
        self.database, self.checkpoints = database, checkpoints
        self.known: dict[str, tuple[str | None, str | None]] = {}
        self.unknown: set[str] = set()
        self.new: Counter[str] = Counter()
        self.asking: list[list[int]] = []
        self.paused: set[str] = set()
        self.fault = "none"
        self.seen: Counter[str] = Counter()
        self.trial = self.opened()

    def opened(self) -> Trial:
        trial = Trial.open(
            self.database, KEYS, self.clock, self.checkpoints, randomness=self.chance.randbytes, any_clock=True
        )
        dialect = trial.store._engine.dialect
        commit = dialect.do_commit

        def failing(connection: Any) -> None:
            fault, self.fault = self.fault, "none"
            if fault == "dies":
                raise DiesError
            if fault == "lost":
                commit(connection)
            if fault in ("abort", "lost"):
                if dialect.name == "sqlite":
                    raise sqlite3.ProgrammingError("Cannot operate on a closed database.")
                connection.close()
                raise psycopg.OperationalError("the connection is lost")
            commit(connection)

        dialect.do_commit = failing  # type: ignore[method-assign]
        trial._queue = Collected(trial._queue)  # type: ignore[assignment]
        return trial

    def town(self, person: int) -> str:
        return TOWNS[person % len(TOWNS)]

    def step(self) -> None:
        self.chance.choices([self.deliver, self.pause_or_resume, self.jump, self.reopen], (12, 2, 2, 1))[0]()

    def deliver(self) -> None:
        """Let clients ask; commit some of what waits, perhaps twice, together; tell whom the fault lets be told."""
        while len(self.asking) < CLIENTS:
            self.asking.append(self.chance.sample(range(PEOPLE), self.chance.randint(1, 5)))
        taken = self.chance.sample(range(CLIENTS), self.chance.randint(1, CLIENTS))
        twice = [number for number in taken if self.chance.random() < 0.2]
        order = self.chance.sample([*taken, *twice], len(taken) + len(twice))
        before = self.answered()
        self.fault = self.chance.choice(FAULTS)
        self.seen[self.fault] += 1
        is_lost_reply = self.fault == "reply"
        group: list[Any] = []
        lawful: list[set[str]] = []
        for number in order:
            asked = [arrival(person, self.town(person)) for person in self.asking[number]]
            if self.chance.random() < 0.05:
                asked.append(arrival(99, age_group="0-17"))  # refused, and must harm nobody
            request: Any = self.trial.assign(asked, self.day)
            if self.chance.random() < 0.1:
                request.apply = stumbling(request.apply)
            elif asked[-1].participant_id != REFUSED:
                lawful.append({one.participant_id for one in asked})
            group.append(request)
        try:
            self.trial._queue.queue._commit(group)  # type: ignore[attr-defined]
        except DiesError:
            self.reopen()
        self.fault = "none"
        self.compare(before, lawful)
        answered = set()
        for number, request in zip(order, group, strict=True):
            if request.error is not None or not request.is_known or is_lost_reply:
                self.unknown |= {arrival(person).participant_id for person in self.asking[number]}
                is_lost = getattr(request.error, "stable_code", "database-unknown") == "database-unknown"
                assert is_lost or request.error.stable_code in ("intake-levels", "stumbles"), request.error
                continue
            self.hear(request.answer)
            answered.add(number)
        self.asking = [one for number, one in enumerate(self.asking) if number not in answered]

    def answered(self) -> set[str]:
        return {*pseudonyms(self.trial).values()}

    def compare(self, before: set[str], lawful: list[set[str]]) -> None:
        """Whatever failed: what came to the ledger are requests that stand there whole, and nobody else."""
        after = self.answered()
        whole = set[str]().union(*(asked for asked in lawful if asked <= after))
        assert after - before == whole - before

    def hear(self, answers: list[Outcome]) -> None:
        for one in answers:
            told = (one.arm, one.reason)
            assert self.known.setdefault(one.participant_id, told) == told
            self.new[one.participant_id] += one.new
            assert self.new[one.participant_id] <= 1

    def pause_or_resume(self) -> None:
        town = self.chance.choice(TOWNS)
        self.day += timedelta(days=1)
        is_open = town in self.paused
        try:
            if is_open:
                self.trial.close_pause(town, self.day, BY)
            else:
                self.trial.open_pause(town, self.day, BY, decided_on=self.day)
        except (StateError, DatabaseError) as error:
            raise AssertionError(error) from error
        self.paused ^= {town}

    def jump(self) -> None:
        self.clock.now += timedelta(seconds=self.chance.choice((-86400 * 30, -3600, -1, 3600, 86400 * 30)))

    def reopen(self) -> None:
        self.trial.close()
        self.trial = self.opened()

    def check(self, *, whole: bool) -> None:
        """Compare the ledger with what was told."""
        with self.trial.store.read() as transaction:
            entries = list(stored(transaction))
        names = pseudonyms(self.trial)
        assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
        assert [entry.at for entry in entries] == sorted(entry.at for entry in entries)
        answers: dict[str, tuple[str | None, str | None]] = {}
        lead: Counter[str] = Counter()
        draws: set[tuple[str, int]] = set()
        for entry in entries:
            if entry.kind not in ("assigned@1", "not-randomised@1"):
                continue
            row = json.loads(entry.payload)
            name = names[row["participant_id"]]
            assert name not in answers
            answers[name] = (row.get("arm"), row.get("reason"))
            if entry.kind == "assigned@1":
                assert (row["stratum"], row["step"]) not in draws and row["step"] == sum(
                    stratum == row["stratum"] for stratum, _ in draws
                )
                draws.add((row["stratum"], row["step"]))
                lead[row["stratum"]] += 1 if row["arm"] == "digital" else -1
                assert abs(lead[row["stratum"]]) <= 3
        assert self.known.items() <= answers.items()
        assert answers.keys() <= self.known.keys() | self.unknown
        if whole:
            kept = max(self.checkpoints.iterdir())
            found = verify_store(self.trial.store, KEYS.trial, kept)
            assert found.holds, found.findings


@pytest.fixture(scope="module")
def shelf() -> Iterator[Path]:
    """A folder in memory, where there is one: the disk is not what is tried here."""
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="lodtraek-", dir=memory if memory.is_dir() else None))
    open_trial(folder).close()
    yield folder
    shutil.rmtree(folder)


def simulate(database: str, checkpoints: Path, seed: int) -> None:
    checkpoints.mkdir()
    office = Office(database, checkpoints, seed)
    try:
        for _ in range(STEPS):
            office.step()
        office.deliver()
        office.check(whole=seed % 10 == 0)
    except BaseException as error:
        error.add_note(f"seed {seed}")
        raise
    finally:
        office.trial.close()


def simulate_on_sqlite(shelf: Path, seeds: range) -> None:
    for seed in seeds:
        folder = shelf / str(seed)
        folder.mkdir()
        shutil.copy(shelf / "trial.db", folder)
        simulate(url(folder), folder / "checkpoints", seed)
        shutil.rmtree(folder)


def simulate_on_postgresql(server: PostgresServer, folder: Path, seeds: range) -> None:
    template = server.create_database()
    open_trial(template).close()
    name = template.split("@/")[1].split("?", maxsplit=1)[0]
    for seed in seeds:
        server.sql(f"CREATE DATABASE {name}_{seed} TEMPLATE {name}")
        simulate(template.replace(name, f"{name}_{seed}"), folder / str(seed), seed)


@pytest.mark.parametrize("start", [0, 25])
def test_fifty_seeds(shelf: Path, start: int) -> None:
    simulate_on_sqlite(shelf, range(start, start + 25))


def test_seeds_on_postgresql(postgres: PostgresServer, tmp_path: Path) -> None:
    simulate_on_postgresql(postgres, tmp_path, range(6))


@pytest.mark.slow
@pytest.mark.parametrize("start", range(50, 1000, 50))
def test_a_thousand_seeds(shelf: Path, start: int) -> None:
    simulate_on_sqlite(shelf, range(start, start + 50))


@pytest.mark.slow
def test_more_seeds_on_postgresql(postgres: PostgresServer, tmp_path: Path) -> None:
    simulate_on_postgresql(postgres, tmp_path, range(6, 60))


def test_the_faults_do_occur(shelf: Path) -> None:
    """Otherwise nothing was shown: both kinds of unknown are met, done and not done."""
    folder = shelf / "occur"
    folder.mkdir()
    shutil.copy(shelf / "trial.db", folder)
    office = Office(url(folder), folder / "checkpoints", 7)
    for _ in range(60):
        before = set(pseudonyms(office.trial).values())
        office.deliver()
        told = office.known.keys()
        done = {*pseudonyms(office.trial).values()} - before
        office.seen["unknown and done"] += bool(done - told)
        office.seen["unknown and not done"] += bool(office.unknown - told - before - done)
    assert {"abort", "lost", "dies", "reply", "unknown and done", "unknown and not done"} <= {*+office.seen}
    with pytest.raises(LodtraekError):
        Trial.open(url(shelf), KEYS, office.clock, folder / "checkpoints")  # the fresh copy is behind the checkpoints
    office.trial.close()
