"""Whatever is changed in the ledger, `verify` names the first wrong row.

Every byte of every column of every row is changed in memory; every column of every row in the database, with the
triggers switched off; and rows are added, deleted, swapped, re-typed, re-chained and rewritten.
"""

import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.opened import KEYS, TickingClock, full_trial, url
from trial.errors import LedgerError, LodtraekError
from trial.ledger.entry import Entry
from trial.ledger.proof import Verification, stored, verify_store
from trial.ledger.replay import State
from trial.ledger.schema import TRIGGERS
from trial.ledger.store import Store

COLUMNS = ("seq", "kind", "at", "payload", "prev", "hash")
ROWS = 15


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("original")
    full_trial(folder, checkpoint_dir=folder / "checkpoints").close()
    return folder


@pytest.fixture
def folder(original: Path, tmp_path: Path) -> Path:
    shutil.copytree(original, tmp_path, dirs_exist_ok=True)
    return tmp_path


def verify(folder: Path, checkpoint: bool = False, key: bool = True) -> Verification:
    store = Store.open(url(folder))
    kept = max((folder / "checkpoints").iterdir()) if checkpoint else None
    try:
        return verify_store(store, KEYS.trial if key else None, kept)
    finally:
        store.close()


def tampered(folder: Path, change: Callable[[sqlite3.Connection], object]) -> None:
    """Change the database with the triggers switched off, and put them back."""
    connection = sqlite3.connect(folder / "trial.db", isolation_level=None)
    for statement in TRIGGERS["sqlite"]:
        connection.execute(f"DROP TRIGGER {statement.split()[2]}")
    change(connection)
    for statement in TRIGGERS["sqlite"]:
        connection.execute(statement)
    connection.close()


def first(found: Verification) -> str:
    assert not found.holds
    return found.findings[0].where


class Rows:
    """Rows as the store would read them: storage types, number, texts as bytes."""

    def __init__(self, rows: list[tuple[object, ...]]) -> None:
        self.rows = rows

    def raw_entries(self) -> Iterator[tuple[object, ...]]:
        yield from self.rows


def raw(folder: Path) -> list[tuple[object, ...]]:
    store = Store.open(url(folder))
    with store.read() as transaction:
        rows = list(transaction.raw_entries())
    store.close()
    return rows


def test_the_untouched_ledger_holds(folder: Path) -> None:
    assert verify(folder).holds and verify(folder, checkpoint=True).holds and verify(folder, key=False).holds
    assert verify(folder).length == ROWS


def test_every_changed_byte_of_every_row_is_found_at_its_row(original: Path) -> None:
    """Exhaustive: each byte of each text becomes its neighbour, a NUL and a byte that is no UTF-8."""
    rows = raw(original)
    state = State(KEYS.need("trial").secrets)
    changed = 0
    for position, row in enumerate(rows):
        for column, text in enumerate(row[2:], start=2):
            assert isinstance(text, bytes)
            for index, byte in enumerate(text):
                for other in {byte ^ 1, 0, 0xFF} - {byte}:
                    other_text = text[:index] + bytes([other]) + text[index + 1 :]
                    wrong = (*row[:column], other_text, *row[column + 1 :])
                    with pytest.raises(LedgerError, match=f"ledger row {position + 1}: "):
                        state.apply(_entry(wrong, position + 1))
                    changed += 1
        state.apply(_entry(row, position + 1))
    assert changed > 50_000


def _entry(row: tuple[object, ...], number: int) -> Entry:
    try:
        [entry] = stored(Rows([row]))  # type: ignore[arg-type]
    except LedgerError as error:
        error.where = f"ledger row {number}"  # alone it is read as row 1
        raise
    return entry


@pytest.mark.parametrize("seq", range(1, ROWS + 1))
def test_a_changed_byte_in_any_column_of_the_database_is_found_at_its_row(folder: Path, seq: int) -> None:
    pristine = (folder / "trial.db").read_bytes()
    for column in COLUMNS[1:]:
        tampered(
            folder,
            lambda connection, column=column: connection.execute(
                f"UPDATE ledger SET {column} = substr({column}, 1, length({column}) / 2) || 'x' ||"
                f" substr({column}, length({column}) / 2 + 2) WHERE seq = {seq}"
            ),
        )
        assert first(verify(folder)) == first(verify(folder, key=False)) == f"ledger row {seq}"
        (folder / "trial.db").write_bytes(pristine)


@pytest.mark.parametrize("seq", range(1, ROWS + 1))
@pytest.mark.parametrize("other", [0, -7, 100, 2**40])
def test_a_changed_number_is_found(folder: Path, seq: int, other: int) -> None:
    tampered(folder, lambda connection: connection.execute(f"UPDATE ledger SET seq = {other} WHERE seq = {seq}"))
    found = verify(folder)
    if seq == ROWS and other > 0:
        assert first(found) == f"ledger row {ROWS}"
    elif other <= 0:
        assert first(found) == "ledger row 1"
    else:
        assert first(found) == f"ledger row {seq}"


UNTYPED = (
    "CREATE TABLE other (seq INTEGER PRIMARY KEY, kind, at, payload, prev, hash);"
    "INSERT INTO other SELECT * FROM ledger; DROP TABLE ledger; ALTER TABLE other RENAME TO ledger;"
)


@pytest.mark.parametrize("column", COLUMNS[1:])
@pytest.mark.parametrize(
    "value", ["CAST({} AS BLOB)", "NULL", "7", "7.5", "{} || char(0)", "CAST(x'ff41' AS TEXT)", "''"]
)
def test_a_changed_type_a_nul_and_bytes_that_are_no_text_are_found(folder: Path, column: str, value: str) -> None:
    def change(connection: sqlite3.Connection) -> None:
        connection.executescript(UNTYPED)
        connection.execute(f"UPDATE ledger SET {column} = {value.format(column)} WHERE seq = 4")

    tampered(folder, change)
    assert first(verify(folder)) == "ledger row 4"


@pytest.mark.parametrize(
    ("statement", "row"),
    [
        ("DELETE FROM ledger WHERE seq = 6", 6),
        ("DELETE FROM ledger WHERE seq = 1", 1),
        ("DELETE FROM ledger", 1),
        ("INSERT INTO ledger SELECT 16, kind, at, payload, prev, hash FROM ledger WHERE seq = 15", 16),
        ("INSERT INTO ledger SELECT 0, kind, at, payload, prev, hash FROM ledger WHERE seq = 2", 1),
        ("UPDATE ledger SET seq = CASE seq WHEN 4 THEN -4 ELSE -5 END WHERE seq IN (4, 5);"
         "UPDATE ledger SET seq = CASE seq WHEN -4 THEN 5 ELSE 4 END WHERE seq < 0", 4),
    ],
)  # fmt: skip
def test_deleted_added_and_swapped_rows_are_found(folder: Path, statement: str, row: int) -> None:
    tampered(folder, lambda connection: connection.executescript(statement))
    assert first(verify(folder)) == f"ledger row {row}"


@pytest.mark.parametrize("cut", range(1, ROWS))
def test_a_cut_tail_is_seen_by_the_checkpoint_alone(folder: Path, cut: int) -> None:
    def change(connection: sqlite3.Connection) -> None:
        connection.execute(f"DELETE FROM ledger WHERE seq > {cut}")

    tampered(folder, change)
    rebuilt = [one for one in verify(folder).findings if one.where.startswith("ledger row")]
    assert not rebuilt  # the chain itself holds: that is the point
    assert any(one.where.startswith("checkpoint") for one in verify(folder, checkpoint=True).findings)


def test_a_ledger_written_anew_from_the_start_is_seen_by_the_checkpoint(folder: Path) -> None:
    (folder / "trial.db").unlink()
    other = folder / "other"
    other.mkdir()
    later = TickingClock(datetime(2021, 3, 1, 9, tzinfo=UTC))
    full_trial(other, clock=later).close()  # the same entries, an hour later: as many, and every hash is right
    shutil.copy(other / "trial.db", folder / "trial.db")
    assert verify(folder).holds
    assert first(verify(folder, checkpoint=True)).startswith("checkpoint")


@pytest.mark.parametrize(
    ("statement", "table"),
    [
        ("UPDATE participants SET arm = 'physical' WHERE arm = 'digital'", "participants"),
        ("UPDATE participants SET step = step + 100", "participants"),
        ("UPDATE participants SET reason = NULL", "participants"),
        ("DELETE FROM participants WHERE arm IS NULL", "participants"),
        ("INSERT INTO participants SELECT 'x', 99, arrived_on, '0101', NULL, 'r', 1, NULL, NULL FROM participants"
         " LIMIT 1", "participants"),
        ("UPDATE strata SET state = '{}'", "strata"),
        ("UPDATE strata SET steps = steps - 1", "strata"),
        ("DELETE FROM strata", "strata"),
        ("UPDATE pauses SET reopened_on = NULL", "pauses"),
        ("UPDATE pauses SET known_at = '2020'", "pauses"),
        ("DELETE FROM pauses", "pauses"),
        ("UPDATE conversations SET held_mode = 'telephone'", "conversations"),
        ("UPDATE conversations SET in_pause = 1", "conversations"),
    ],
)  # fmt: skip
def test_a_projection_that_is_not_what_the_ledger_gives_is_named(folder: Path, statement: str, table: str) -> None:
    tampered(folder, lambda connection: connection.execute(statement))
    assert first(verify(folder)).startswith(f"table {table}")
    assert first(verify(folder, key=False)).startswith(f"table {table}")


def test_changed_and_deleted_evidence_is_named(folder: Path) -> None:
    pristine = (folder / "trial.db").read_bytes()
    tampered(folder, lambda connection: connection.execute("UPDATE evidence SET content = x'00'"))
    assert first(verify(folder)).startswith("evidence")
    (folder / "trial.db").write_bytes(pristine)
    tampered(folder, lambda connection: connection.execute("DELETE FROM evidence"))
    assert "ledger row" in first(verify(folder))


@pytest.mark.parametrize("column", ["sha256", "vintage_on", "published_at", "kind", "name"])
def test_a_publication_kept_as_another_is_named(folder: Path, column: str) -> None:
    statement = f"UPDATE infection_publications SET {column} = 'other'"
    tampered(folder, lambda connection: connection.execute(statement))
    assert first(verify(folder)).startswith("ledger row")


@pytest.mark.parametrize("trigger", [statement.split()[2] for statement in TRIGGERS["sqlite"]])
@pytest.mark.parametrize("instead", ["", "CREATE TRIGGER {} BEFORE UPDATE ON {} BEGIN SELECT 1; END"])
def test_a_missing_or_weakened_trigger_is_named(folder: Path, trigger: str, instead: str) -> None:
    connection = sqlite3.connect(folder / "trial.db")
    connection.execute(f"DROP TRIGGER {trigger}")
    connection.execute(instead.format(trigger, trigger.rpartition("_")[0]))
    connection.close()
    assert first(verify(folder)) == f"trigger {trigger}"


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("CREATE TABLE notes (x)", "table notes"),
        ("CREATE VIEW glimpse AS SELECT arm FROM participants", "view glimpse"),
        ("ALTER TABLE strata ADD COLUMN next_arm TEXT", "table strata"),
    ],
)
def test_an_altered_schema_is_named(folder: Path, statement: str, name: str) -> None:
    connection = sqlite3.connect(folder / "trial.db")
    connection.execute(statement)
    connection.close()
    found = verify(folder)
    assert name in [one.where for one in found.findings] or first(found) == "table strata, row 1/0461/dagpenge/18-29"


def test_a_key_changed_in_the_table_or_in_its_index_is_found(folder: Path) -> None:
    """A row sorted by its key is read from the index, any other way from the table: both must tell the same."""
    with closing(sqlite3.connect(folder / "trial.db")) as connection:
        (key,) = connection.execute("SELECT sha256 FROM evidence").fetchone()
    pristine = (folder / "trial.db").read_bytes()
    places = [found.start() for found in re.finditer(key.encode(), pristine)]
    assert len(places) >= 2
    for place in places:
        (folder / "trial.db").write_bytes(pristine[:place] + b"\0" + pristine[place + 1 :])
        assert not verify(folder).holds, place


def content(folder: Path) -> list[object]:
    connection = sqlite3.connect(folder / "trial.db")
    connection.text_factory = bytes
    names = ["ledger", "evidence", "infection_publications", "participants", "strata", "pauses", "conversations"]
    names += ["lodtraek", "sqlite_master"]
    found = [sorted(map(repr, connection.execute(f"SELECT * FROM {name}"))) for name in names]
    connection.close()
    return found


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_byte_changed_in_the_file_is_found_or_changes_no_row(original: Path, data: st.DataObject) -> None:
    """Bytes of free pages and counters may change; whenever a row of any table reads otherwise, verify says so."""
    pristine = (original / "trial.db").read_bytes()
    before = content(original)
    place = data.draw(st.integers(100, len(pristine) - 1))
    byte = data.draw(st.integers(0, 255))
    try:
        (original / "trial.db").write_bytes(pristine[:place] + bytes([byte]) + pristine[place + 1 :])
        try:
            holds = verify(original, checkpoint=True).holds
        except LodtraekError:
            holds = False
        if holds:
            assert content(original) == before
    finally:
        (original / "trial.db").write_bytes(pristine)
