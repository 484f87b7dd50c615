"""A trial against a model of it: requests, pauses, amendments, corrections, crashes and reopenings in any order.

The model is a dictionary of answers and a set of pauses; after every step the ledger verifies, a crash has changed
nothing, and every answer ever given is given again. On SQLite and on PostgreSQL.
"""

import shutil
import tempfile
from collections import Counter
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.amended import amend, amended
from tests.opened import BY, DAY, KEYS, PROTOCOL, TickingClock, arrival, level, open_trial, url, withdrawal
from tests.servers import PostgresServer
from trial.ledger.proof import verify_store
from trial.service import Outcome, Trial, assigning

pytestmark = pytest.mark.usefixtures("protocol_read_once")

TOWNS = ("0101", "0461")
PEOPLE = st.integers(0, 40)


class CrashError(Exception):
    """The machine stops here."""


@pytest.fixture(autouse=True)
def server_of_the_model(request: pytest.FixtureRequest) -> None:
    if "PostgreSQL" in request.node.nodeid:
        PostgresMachine.server = request.getfixturevalue("postgres")


class TrialMachine(RuleBasedStateMachine):
    """What users and accidents do to a trial."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="lodtraek-model-"))
        self.clock = TickingClock()
        self.database = self.new_database()
        self.trial = open_trial(self.database, clock=self.clock, any_clock=True)
        self.protocol, self.tolerance = PROTOCOL, 3
        self.answers: dict[int, Outcome] = {}
        self.epochs: dict[int, int] = {}
        self.open: set[str] = set()
        self.day = DAY

    def new_database(self) -> str:
        return url(self.folder)

    def teardown(self) -> None:
        self.trial.close()
        shutil.rmtree(self.folder)

    def town(self, person: int) -> str:
        return TOWNS[person % 2]

    @rule(people=st.lists(PEOPLE, max_size=8), excluded=st.booleans())
    def assign(self, people: list[int], excluded: bool) -> None:
        reason = "interpreter" if excluded else None
        asked = [arrival(person, self.town(person), exclusion=reason) for person in people]
        for person, outcome in zip(people, self.trial.assign(asked, self.day), strict=True):
            if person in self.answers:
                known = self.answers[person]
                assert (outcome.arm, outcome.reason) == (known.arm, known.reason)
                continue
            paused = self.town(person) in self.open
            expected = "excluded:interpreter" if excluded else f"paused:{self.town(person)}" if paused else None
            assert outcome.reason == expected and (outcome.arm is None) == (expected is not None)
            self.answers[person] = outcome
            self.epochs[person] = self.trial.epoch.number

    @precondition(lambda self: self.trial.epoch.number < 3)
    @rule()
    def amend_the_protocol(self) -> None:
        """Another tolerance, from a day that is not behind the last answer; the clock has come to it."""
        self.clock.now = datetime.combine(self.day, time(12), UTC)
        before, after = f"tolerance = {self.tolerance}", f"tolerance = {5 - self.tolerance}"
        number = self.trial.epoch.number + 1
        self.protocol = amended(self.folder, (before, after), version=number, source=self.protocol)
        amend(self.trial, self.protocol, on=self.day)
        self.tolerance = 5 - self.tolerance
        assert self.trial.epoch.number == number

    @rule(people=st.lists(PEOPLE, min_size=1, max_size=5, unique=True))
    def crash_while_assigning(self, people: list[int]) -> None:
        head = self.trial.head
        asked = [arrival(person, self.town(person)) for person in people]
        with pytest.raises(CrashError), self.trial.store.write("2021-03-01T08:00:00.000000Z") as transaction:
            assigning.assign(transaction, self.trial.epoch, asked, self.day, Random(2).randbytes)
            raise CrashError
        assert self.trial.head == head

    @rule()
    def reopen(self) -> None:
        self.trial.close()
        self.trial = Trial.open(self.database, KEYS, self.clock, any_clock=True)

    @rule(town=st.sampled_from(TOWNS))
    def pause_or_resume(self, town: str) -> None:
        self.day += timedelta(days=1)
        if town in self.open:
            self.trial.close_pause(town, self.day, BY)
            self.open.remove(town)
        else:
            self.trial.open_pause(town, self.day, BY, decided_on=self.day)
            self.open.add(town)

    @rule(days=st.integers(-30, 30))
    def clock_jumps(self, days: int) -> None:
        self.clock.now += timedelta(days=days)

    @precondition(lambda self: any(one.arm for one in self.answers.values()))
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        assigned = sorted(one.participant_id for one in self.answers.values() if one.arm)
        self.trial.correct(withdrawal(data.draw(st.sampled_from(assigned)), self.day))

    @precondition(lambda self: any(one.arm for one in self.answers.values()))
    @rule(data=st.data(), group=st.sampled_from(["30-49", "50+"]))
    def correct_a_level(self, data: st.DataObject, group: str) -> None:
        assigned = sorted(one.participant_id for one in self.answers.values() if one.arm)
        head = self.trial.head.length
        made = self.trial.correct(level(data.draw(st.sampled_from(assigned)), group, self.day))
        assert self.trial.head.length == (made or head)  # a word about the clock stands before its row

    @invariant()
    def the_ledger_holds(self) -> None:
        found = verify_store(self.trial.store, KEYS.trial)
        assert found.holds, found.findings
        lead: Counter[tuple[str, int]] = Counter()
        for person, outcome in self.answers.items():
            lead[self.town(person), self.epochs[person]] += {"digital": 1, "physical": -1, None: 0}[outcome.arm]
        assert all(abs(one) <= 3 for one in lead.values())


class PostgresMachine(TrialMachine):
    """The same on PostgreSQL."""

    server: ClassVar[PostgresServer]

    def new_database(self) -> str:
        return self.server.create_database()


class TestTrialOnSqlite(TrialMachine.TestCase):  # type: ignore[name-defined,misc]
    settings = settings(max_examples=8, stateful_step_count=10, deadline=None)


class TestTrialOnPostgreSQL(PostgresMachine.TestCase):  # type: ignore[name-defined,misc]
    settings = settings(max_examples=4, stateful_step_count=10, deadline=None)


@pytest.mark.slow
class TestTrialForLong(TrialMachine.TestCase):  # type: ignore[name-defined,misc]
    settings = settings(max_examples=60, stateful_step_count=25, deadline=None)


@pytest.mark.slow
class TestTrialForLongOnPostgreSQL(PostgresMachine.TestCase):  # type: ignore[name-defined,misc]
    settings = settings(max_examples=20, stateful_step_count=25, deadline=None)
