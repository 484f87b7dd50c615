"""Published files before and after a trial is begun: kept once, recorded once, seen by every decision."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from tests.opened import KEYS, PROTOCOL, TickingClock
from trial.infection import Publication, closures, load_rule, recognise, synthetic_series
from trial.infection.archive import Archive
from trial.ledger.proof import verify_store
from trial.service import Trial

ON = date(2021, 3, 31)
Begin = Callable[[str], Trial]
NOW = datetime(2021, 3, 31, 16, tzinfo=UTC)


@pytest.fixture(scope="module")
def files() -> tuple[list[Publication], list[Publication]]:
    """What was published by the end of February, and a month later."""
    found = []
    for until in (date(2021, 2, 28), ON):
        named = synthetic_series(7, date(2020, 12, 1), until).items()
        published = [recognise(content, name, datetime.combine(until, NOW.time(), UTC)) for name, content in named]
        series = ("cases-series", "tested-series")
        found.append([one for one in published if one is not None and one.kind in series])
    assert all(len(some) == 2 for some in found)
    return found[0], found[1]


def recorded(trial: Trial) -> list[dict[str, str]]:
    with trial.store.read() as transaction:
        return [json.loads(entry.payload) for entry in transaction.entries("infection-imported@1")]


@pytest.fixture
def begin() -> Iterator[Begin]:
    """Begin a trial, and close it when the test is over."""
    with ExitStack() as stack:

        def begun(database: str) -> Trial:
            trial = Trial.init(database, PROTOCOL, KEYS, "test", clock=TickingClock(NOW))
            stack.callback(trial.close)
            return trial

        yield begun


def check_whole(trial: Trial, published: list[Publication]) -> None:
    """Every publication stands in the ledger once, word for word; the pauses are those the rule gives."""
    expected = {(one.sha256, one.name, one.kind, one.vintage_on.isoformat()) for one in published}
    found = [(one["sha256"], one["name"], one["publication"], one["vintage_on"]) for one in recorded(trial)]
    assert set(found) == expected and len(found) == len(expected)
    rule, first = load_rule("trial-pause-2021"), trial.protocol.trial.enrolment.from_
    decided = {(one.municipality_code, one.closed_on) for one in closures(rule, published, first, ON)}
    assert {(one.municipality_code, one.closed_on) for one in trial.pauses()} == decided != set()
    assert verify_store(trial.store, KEYS.trial).holds


def add(database: str, published: list[Publication]) -> None:
    archive = Archive(database)
    archive.add(published, NOW)
    archive.close()


def test_import_then_begin_then_import_then_decide(
    begin: Begin, database_url: str, files: tuple[list[Publication], list[Publication]]
) -> None:
    add(database_url, files[0])
    trial = begin(database_url)
    assert len(recorded(trial)) == 2  # the opening records what was imported before it
    assert trial.import_infection((one, one.content) for one in [*files[0], *files[1]]) == 2
    trial.decide_pauses(ON)
    check_whole(trial, [*files[0], *files[1]])
    head = trial.head
    assert trial.import_infection((one, one.content) for one in [*files[0], *files[1]]) == 0
    assert trial.decide_pauses(ON) == [] and trial.head == head


def test_begin_then_import_then_decide(
    begin: Begin, database_url: str, files: tuple[list[Publication], list[Publication]]
) -> None:
    trial = begin(database_url)
    assert recorded(trial) == []
    assert trial.import_infection((one, one.content) for one in files[1]) == 2
    trial.decide_pauses(ON)
    check_whole(trial, files[1])


def test_what_was_kept_beside_an_opened_trial_is_recorded_by_the_next_decision(
    begin: Begin, tmp_path: Path, files: tuple[list[Publication], list[Publication]]
) -> None:
    database = f"sqlite:///{tmp_path / 'trial.db'}"
    trial = begin(database)
    add(database, files[1])
    assert verify_store(trial.store, KEYS.trial).holds
    trial.decide_pauses(ON)
    check_whole(trial, files[1])
