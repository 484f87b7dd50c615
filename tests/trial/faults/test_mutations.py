"""A thousand seeded mutations of a ledger, each found against a checkpoint that was kept elsewhere.

Rows are edited, inserted, deleted and swapped; the tail is cut, everything is removed; and each of these is done
again by a forger who renumbers and chains the whole ledger anew from the first row, so that every hash is right.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import psycopg
import pytest

from tests.opened import DAY, KEYS, arrivals, full_trial, url
from trial.errors import LodtraekError
from trial.ledger.chain import EMPTY, head_of, link
from trial.ledger.checkpoint import Checkpoint, contradiction, newest, read_checkpoint
from trial.ledger.entry import Entry
from trial.ledger.proof import STORED_AS, follow, stored, verify_store
from trial.ledger.replay import State
from trial.ledger.schema import TRIGGERS
from trial.ledger.tree import ledger_root
from trial.service import Trial

pytestmark = pytest.mark.usefixtures("protocol_read_once")

CHECKED = 40  # rows the checkpoint speaks of; some more come after it
SEEDS = 1000
GUARDS = ("ledger_update", "ledger_insert")  # of PostgreSQL


def made(folder: Path | str, checkpoints: Path) -> Trial:
    trial = full_trial(folder, checkpoint_dir=checkpoints)
    trial.assign(arrivals(range(100, 100 + CHECKED - trial.head.length)), DAY)
    assert trial.head.length == CHECKED
    return trial


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Entry], Checkpoint]:
    folder = tmp_path_factory.mktemp("ledger")
    trial = made(folder, folder / "kept")
    kept = newest(folder / "kept", trial.trial_id)
    assert kept is not None
    trial.assign(arrivals(range(200, 206)), DAY)
    with trial.store.read() as transaction:
        entries = list(stored(transaction))
    trial.close()
    return entries, read_checkpoint(kept)


def edited(entry: Entry, others: list[Entry], chance: Random) -> Entry:
    """Change one column: a character, the same column of another row, or the number."""
    name = chance.choice(Entry._fields)
    if name == "seq":
        return entry._replace(seq=entry.seq + chance.choice((-1, 1, 7, 10**6)))
    text = str(getattr(entry, name))
    other = str(getattr(chance.choice(others), name))
    if other == text or chance.random() < 0.7:
        place = chance.randrange(len(text))
        other = text[:place] + chance.choice("0123456789abcdefxyz") + text[place + 1 :]
    return entry._replace(**{name: other})


def chained(entries: list[Entry]) -> list[Entry]:
    """Number and chain anew from the first row, as a forger with the database would."""
    head, found = EMPTY, []
    for one in entries:
        entry = link(head, one.kind, one.at, one.payload)
        found.append(entry)
        head = head_of(entry)
    return found


def mutated(entries: list[Entry], seed: int) -> tuple[str, list[Entry]]:
    """Give what was done, and the ledger after it; something of what the checkpoint speaks of is always touched."""
    chance = Random(seed)
    rows, at = list(entries), chance.randrange(CHECKED)
    what = chance.choices(("edit", "insert", "delete", "swap", "cut", "empty"), (30, 15, 15, 15, 15, 2))[0]
    if what == "edit":
        rows[at] = edited(rows[at], rows, chance)
    elif what == "insert":
        rows.insert(at, edited(chance.choice(rows), rows, chance))
    elif what == "delete":
        del rows[at : at + chance.choice((1, 1, 1, 5))]
    elif what == "swap":
        other = chance.choice([place for place in range(len(rows)) if place != at])
        rows[at], rows[other] = rows[other]._replace(seq=at + 1), rows[at]._replace(seq=other + 1)
    elif what == "cut":
        del rows[at:]
    else:
        rows.clear()
    if chance.random() < 0.5:
        rows, what = chained(rows), f"{what}, chained anew"
    return what, rows


def is_forged(entries: list[Entry], rows: list[Entry]) -> bool:
    return rows[:CHECKED] != entries[:CHECKED]


class Rows:
    """A ledger in memory, as the store would read it."""

    def __init__(self, entries: list[Entry]) -> None:
        self.entries = sorted(entries, key=lambda entry: entry.seq)

    def raw_entries(self) -> Iterator[tuple[object, ...]]:
        for seq, *texts in self.entries:
            yield (STORED_AS, seq, *texts)

    def hash_of(self, seq: int) -> str | None:
        return next((entry.hash for entry in self.entries if entry.seq == seq), None)

    def root(self, length: int) -> str:
        return ledger_root([entry.hash for entry in self.entries if entry.seq <= length])


def findings(rows: list[Entry], kept: Checkpoint) -> list[str]:
    state, read = State(), Rows(rows)
    found = [f"{one.where}: {one.problem}" for one in follow(state, stored(read), None)]  # type: ignore[arg-type]
    against = contradiction(kept, state.opening, state.head, read.hash_of, read.root)
    return found + ([against] if against else [])


def test_a_thousand_mutations_are_all_found(ledger: tuple[list[Entry], Checkpoint]) -> None:
    entries, kept = ledger
    assert findings(entries, kept) == []
    done: Counter[str] = Counter()
    seed = -1
    while done.total() < SEEDS:
        seed += 1
        what, rows = mutated(entries, seed)
        if not is_forged(entries, rows):
            continue  # a character replaced by itself, two equal rows
        assert findings(rows, kept), f"seed {seed}: {what}"
        done[what] += 1
    assert len(done) == 12 and min(done.values()) > 5 and seed < SEEDS * 1.2


def test_the_chain_alone_would_not_have_found_them(ledger: tuple[list[Entry], Checkpoint]) -> None:
    """Without the checkpoint a cut tail replays as lawful, and so does some of what a forger chains anew."""
    entries, _ = ledger
    unseen: Counter[str] = Counter()
    for seed in range(200):
        what, rows = mutated(entries, seed)
        if is_forged(entries, rows) and not list(follow(State(), stored(Rows(rows)), None)):  # type: ignore[arg-type]
            unseen[what] += 1
    assert unseen["cut"] > 5 and any("anew" in what and "cut" not in what for what in unseen)


def put(database: str, rows: list[Entry]) -> None:
    """Write rows in place of the ledger, past the triggers, as one who owns the database can."""
    if database.startswith("sqlite"):
        lite = sqlite3.connect(database.removeprefix("sqlite:///"), isolation_level=None)
        lite.execute("PRAGMA synchronous=OFF")
        triggers = [statement for statement in TRIGGERS["sqlite"] if " ON ledger" in statement]
        for statement in triggers:
            lite.execute(f"DROP TRIGGER {statement.split()[2]}")
        lite.execute("DELETE FROM ledger")
        lite.executemany("INSERT INTO ledger VALUES (?, ?, ?, ?, ?, ?)", rows)
        for statement in triggers:
            lite.execute(statement)
        lite.close()
        return
    with psycopg.connect(database.replace("+psycopg", "")) as server, server.cursor() as cursor:
        cursor.execute("ALTER TABLE ledger DISABLE TRIGGER USER")
        cursor.execute("DELETE FROM ledger")
        cursor.executemany("INSERT INTO ledger VALUES (%s, %s, %s, %s, %s, %s)", rows)
        cursor.execute(f"ALTER TABLE ledger {', '.join(f'ENABLE ALWAYS TRIGGER {name}' for name in GUARDS)}")


def test_mutations_in_the_database_itself(database_url: str, tmp_path: Path) -> None:
    """The same in a real database: a mutated ledger, the same projections, the checkpoint beside."""
    trial = made(database_url, tmp_path / "kept")
    kept = newest(tmp_path / "kept", trial.trial_id)
    with trial.store.read() as transaction:
        entries = list(stored(transaction))
    for seed in range(3000, 3020):
        what, rows = mutated(entries, seed)
        if is_forged(entries, rows) and len({one.seq for one in rows}) == len(rows):
            put(database_url, rows)
            assert not verify_store(trial.store, None, kept).holds, f"seed {seed}: {what}"
    put(database_url, entries)
    assert verify_store(trial.store, KEYS.trial, kept).holds
    trial.close()


def test_a_mutated_ledger_is_not_assigned_in(tmp_path: Path) -> None:
    """What is shorter, or ends in another row, is refused before the first answer; the rest by `trial verify`."""
    trial = made(tmp_path, tmp_path / "kept")
    with trial.store.read() as transaction:
        entries = list(stored(transaction))
    trial.close()
    for seed in range(4000, 4020):
        what, rows = mutated(entries, seed)
        if is_forged(entries, rows) and ("anew" in what or what in ("cut", "empty")):
            put(url(tmp_path), rows)
            with pytest.raises(LodtraekError):
                Trial.open(url(tmp_path), KEYS, checkpoint_dir=tmp_path / "kept").close()
