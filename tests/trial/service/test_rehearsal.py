"""Rehearsals: everything is done as it would be, and undone; no arm is drawn, and what is refused is refused."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.amended import AMENDED_ON, BLOCKS, amended
from tests.opened import BY, DAY, KEYS, TickingClock, arrival, arrivals, conversation, dry_run, full_trial, level
from tests.opened import published as published_file
from trial.errors import LodtraekError
from trial.ledger import schema
from trial.service import Request, Trial

Act = Callable[[Trial, Path], Any]
ONE = arrival(0).participant_id
OPEN = date(2021, 3, 1)


@pytest.fixture
def rehearsed(database_url: str, tmp_path: Path) -> Iterator[tuple[Trial, Trial]]:
    """A trial, and the same trial in rehearsal."""
    clock = TickingClock()
    trial = full_trial(database_url, tmp_path / "kept", clock)
    clock.now = datetime(2021, 4, 1, 8, tzinfo=UTC)
    rehearsal = Trial.open(database_url, KEYS, clock, tmp_path / "kept", rehearsal=True)
    yield trial, rehearsal
    rehearsal.close()
    trial.close()


def held(trial: Trial, tmp_path: Path) -> tuple[list[list[dict[str, Any]]], list[str]]:
    """Everything there is: the rows of every table and the checkpoints kept."""
    with trial.store.read() as transaction:
        tables = [transaction.rows(table) for table in schema.METADATA.sorted_tables]
    return tables, sorted(path.name for path in (tmp_path / "kept").iterdir())


DONE: dict[str, Act] = {
    "amend": lambda trial, folder: trial.amend(Request(amended(folder, BLOCKS), AMENDED_ON, "a test")).epoch,
    "correct": lambda trial, _: trial.correct(level(ONE)),
    "open a pause": lambda trial, _: trial.open_pause("0461", OPEN, BY, ("letter.txt", b"a letter")).assigned_before,
    "correct a pause": lambda trial, _: trial.correct_pause("0101", DAY, date(2021, 3, 10), BY) is None,
    "record a conversation": lambda trial, _: trial.record_conversations(
        [conversation(trial.assign(arrivals([2]), DAY)[0])]
    ),
    "import": lambda trial, _: trial.import_infection([published_file()]),
    "record a dry run": lambda trial, _: trial.record_dry_run(dry_run(trial)),
    "erase": lambda trial, _: trial.erase(
        ONE, DAY, reason="asked for it", recorded_by="office", code=trial.erasable(ONE).code
    ),
}


@pytest.mark.parametrize("name", DONE)
def test_a_rehearsal_tells_what_would_be_told_and_changes_nothing(
    rehearsed: tuple[Trial, Trial], tmp_path: Path, name: str
) -> None:
    trial, rehearsal = rehearsed
    before = held(trial, tmp_path)
    told = DONE[name](rehearsal, tmp_path)
    assert held(trial, tmp_path) == before
    assert DONE[name](trial, tmp_path) == told
    if name != "import":  # the file is known already
        assert held(trial, tmp_path) != before


REFUSED: dict[str, Act] = {
    "a pause of no municipality": lambda trial, _: trial.open_pause("9999", DAY, BY),
    "a pause that is not open": lambda trial, _: trial.close_pause("0461", date(2021, 3, 15), BY),
    "a correction of nobody": lambda trial, _: trial.correct(level("nobody")),
    "a conversation with nobody": lambda trial, _: trial.record_conversations(
        [replace(conversation(trial.assign(arrivals([2]), DAY)[0]), participant_id="nobody")]
    ),
    "a day outside enrolment": lambda trial, _: trial.assign(arrivals([7]), date(2031, 3, 1)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_rehearsal_refuses_what_would_be_refused(rehearsed: tuple[Trial, Trial], tmp_path: Path, name: str) -> None:
    before = held(rehearsed[0], tmp_path)
    codes = []
    for trial in reversed(rehearsed):
        with pytest.raises(LodtraekError) as refused:
            REFUSED[name](trial, tmp_path)
        codes.append(refused.value.stable_code)
    assert codes[0] == codes[1] and held(rehearsed[0], tmp_path) == before


def test_a_rehearsal_draws_no_arm(rehearsed: tuple[Trial, Trial], tmp_path: Path) -> None:
    trial, rehearsal = rehearsed
    before = held(trial, tmp_path)
    answers = rehearsal.assign(arrivals([0, 7]), DAY)
    assert [answer.new for answer in answers] == [False, True] and answers[1].arm is None
    assert held(trial, tmp_path) == before
