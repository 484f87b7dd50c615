"""What is repeated is not done twice, whoever asks: the advice to one whose connection was lost at the COMMIT."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.opened import KEYS, TickingClock, open_trial
from tests.proxy import Cut, CuttingProxy, cutting_proxy
from tests.servers import PostgresServer
from tests.writes import WRITES, lived
from trial.errors import DatabaseError, LodtraekError
from trial.ledger.proof import verify_store
from trial.service import Trial

# What the repetition is told: an answer, or the code of a refusal.
TOLD: dict[str, Any] = {
    "amend": "amendment-version",
    "apply_closures": [],
    "assign": [False],
    "close_pause": "pause-not-open",
    "correct": None,
    "correct_pause": "pause-correction",
    "decide_pauses": [],
    "erase": "not-answered",
    "import_infection": 0,
    "open_pause": "pause-overlaps",
    "record_conversations": 0,
    "record_dry_run": None,
}


def told(name: str, trial: Trial, folder: Path) -> Any:
    """Give the answer of a write, or the code of its refusal."""
    try:
        return WRITES[name](trial, folder)
    except LodtraekError as error:
        return error.stable_code


def begun(database: str) -> Trial:
    """A trial that has lived, on the day of an amendment."""
    clock = TickingClock()
    trial = lived(open_trial(database, clock=clock))
    clock.now = datetime(2021, 4, 1, 8, tzinfo=UTC)
    return trial


def test_every_write_is_repeated_here() -> None:
    """A beacon's value is repeated where there is a beacon: `test_beacon`."""
    assert TOLD.keys() | {"enter_beacon"} == WRITES.keys()


@pytest.mark.parametrize("name", TOLD)
def test_what_was_done_is_not_done_twice(database_url: str, tmp_path: Path, name: str) -> None:
    trial = begun(database_url)
    assert told(name, trial, tmp_path) != TOLD[name] or name in ("apply_closures", "decide_pauses", "record_dry_run")
    head = trial.head
    assert told(name, trial, tmp_path) == TOLD[name]
    assert trial.head == head and verify_store(trial.store, KEYS.trial).holds
    trial.close()


@pytest.fixture
def proxied(
    postgres: PostgresServer, postgres_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Trial, CuttingProxy]]:
    """A trial on PostgreSQL, and the proxy that stands between."""
    folder = tmp_path_factory.mktemp("p")
    with cutting_proxy(folder, postgres.folder) as proxy:
        trial = begun(postgres_url.replace(str(postgres.folder), str(folder)))
        yield trial, proxy
        trial.close()


@pytest.mark.parametrize("cut", ["before", "after"])
@pytest.mark.parametrize("name", ["open_pause", "correct", "amend"])
def test_who_repeats_after_a_connection_lost_at_the_commit_has_done_it_once(
    proxied: tuple[Trial, CuttingProxy], tmp_path: Path, name: str, cut: Cut
) -> None:
    trial, proxy = proxied
    length, proxy.cut = trial.head.length, cut
    with pytest.raises(DatabaseError) as caught:
        WRITES[name](trial, tmp_path)
    assert caught.value.stable_code == "database-unknown" and "nothing is done twice" in caught.value.mend
    assert proxy.times == 1 and trial.head.length == length + (cut == "after")
    assert (told(name, trial, tmp_path) == TOLD[name]) == (cut == "after")
    assert trial.head.length == length + 1 and verify_store(trial.store, KEYS.trial).holds
