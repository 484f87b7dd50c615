"""An entry that is hashed rightly and drawn wrongly; clocks that run backwards, jump, or change to summer time."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.opened import DAY, KEYS, TickingClock, arrival, arrivals, open_trial
from trial.clock import danish_date
from trial.ledger.chain import link
from trial.ledger.entry import canonical
from trial.ledger.proof import stored, verify_store
from trial.ledger.schema import LEDGER, STRATA
from trial.procedures import Unit
from trial.service import Trial


@pytest.fixture
def trial(database_url: str) -> Iterator[Trial]:
    trial = open_trial(database_url)
    yield trial
    trial.close()


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
    drawn = trial.epoch.draw(one.stratum, counts, Unit("", one.levels, one.stratum), 6)
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


def test_order_is_by_number_and_times_never_run_backwards(trial: Trial) -> None:
    clock = trial._clock
    assert isinstance(clock, TickingClock)
    for number, move in enumerate((timedelta(), -timedelta(days=3), timedelta(hours=5), timedelta(days=40))):
        clock.now += move
        trial.assign([arrival(number)], DAY)
    with trial.store.read() as transaction:
        entries = list(stored(transaction))
    assert [entry.seq for entry in entries] == [1, 2, 3, 4, 5]
    times = [entry.at for entry in entries]
    assert times == sorted(times) and times[2] == times[3] == times[1]  # the last time again, until it is past
    assert verify_store(trial.store, KEYS.trial).holds


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
