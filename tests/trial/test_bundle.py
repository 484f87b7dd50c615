"""The bundle: complete, deterministic, without secrets; every changed byte of it is found."""

import json
import shutil
from datetime import date
from fractions import Fraction
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.opened import BY, CODES, DAY, KEYS, TickingClock, arrival, full_trial, open_trial, url
from trial.bundle import export_bundle, read_bundle, verify_bundle
from trial.bundle.tables import CONVERSATIONS, EVENTS, PAUSES, PERSONAL, not_randomised_columns
from trial.errors import FileError, KeyFileError, LedgerError, LodtraekError
from trial.keys import SecretKey
from trial.protocol import digest
from trial.service import Trial

FILES = {
    "assignments.parquet", "not_randomised.parquet", "pauses.parquet", "conversations.parquet", "events.parquet",
    "personal.parquet", "ledger.jsonl", "protocol.toml", "codes/municipalities.csv",
    "rules/trial-pause-2021.toml",
}  # fmt: skip


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundle")
    trial = full_trial(folder, checkpoint_dir=folder / "checkpoints")
    export_bundle(trial, folder / "bundle")
    trial.close()
    return folder


@pytest.fixture
def folder(original: Path, tmp_path: Path) -> Path:
    shutil.copytree(original / "bundle", tmp_path / "bundle")
    return tmp_path / "bundle"


def test_the_bundle_holds_what_the_ledger_holds(original: Path) -> None:
    read = read_bundle(original / "bundle")
    declared = {"protocol.toml", "codes/municipalities.csv", "rules/trial-pause-2021.toml"}
    of_epoch = {f"epochs/1/{name}" for name in {*declared, "protocol.json"}}
    assert set(read.manifest["files"]) == FILES | of_epoch and declared <= FILES
    rows = [read.assignments, read.not_randomised, read.pauses, read.conversations, read.events, read.personal]
    assert [table.num_rows for table in rows] == [4, 2, 1, 2, 2, 8] and len(list(read.ledger())) == 15
    assert digest(read.protocol) == read.manifest["protocol_digest"]
    for table, columns in zip(
        rows[1:], (not_randomised_columns(()), PAUSES, CONVERSATIONS, EVENTS, PERSONAL), strict=True
    ):
        assert dict(zip(table.schema.names, table.schema.types, strict=True)) == columns


def test_assignments_carry_everything_the_analysis_needs(original: Path) -> None:
    [*rows] = read_bundle(original / "bundle").assignments.to_pylist()
    for row in rows:
        assert row["stratum"] == "/".join(row[name] for name in ("jobcentre", "target_group", "age_group"))
        assert (row["assigned_on"], row["calendar_block"], row["pause_block"], row["epoch"]) == (DAY, "2021-03", 0, 1)
        for arm in ("physical", "digital"):
            assert row[f"prob_{arm}"] == float(Fraction(row[f"prob_{arm}_exact"]))
        assert row["assigned_at"].utcoffset().total_seconds() == 0
    assert [row["step"] for row in rows] == [0, 1, 2, 3]


def test_reasons_pauses_conduct_and_events(original: Path) -> None:
    read = read_bundle(original / "bundle")
    assert {row["reason"] for row in read.not_randomised.to_pylist()} == {"paused:0101", "excluded:interpreter"}
    [pause] = read.pauses.to_pylist()
    assert (pause["closed_on"], pause["reopened_on"], pause["basis"]) == (DAY, date(2021, 3, 9), "hand")
    assert {row["held_mode"] is None for row in read.conversations.to_pylist()} == {True, False}
    assert [row["kind"] for row in read.events.to_pylist()] == ["withdrawal", "correction"]
    assert json.loads(read.events.to_pylist()[1]["detail"])["value"] == "30-49"


def test_pause_block_counts_the_pauses_begun_by_the_day(tmp_path: Path) -> None:
    trial = open_trial(tmp_path)
    for number, (month, code) in enumerate([(2, "0461"), (4, "0461"), (5, "0101")]):
        trial.open_pause(code, date(2021, month, 1), BY, decided_on=DAY)
        trial.close_pause(code, date(2021, month, 8), BY)
        trial.assign([arrival(number)], date(2021, month, 20))
    export_bundle(trial, tmp_path / "bundle")
    assert read_bundle(tmp_path / "bundle").assignments.column("pause_block").to_pylist() == [1, 2, 2]


def test_the_same_ledger_gives_the_same_bytes(original: Path, tmp_path: Path) -> None:
    trial = Trial.open(url(original), KEYS, TickingClock())
    export_bundle(trial, tmp_path / "again")
    for path in (original / "bundle").rglob("*"):
        if path.is_file():
            assert path.read_bytes() == (tmp_path / "again" / path.relative_to(original / "bundle")).read_bytes()


def test_no_key_and_no_pseudonym_key_stands_in_any_file(original: Path) -> None:
    for path in (original / "bundle").rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        for key in (KEYS.trial, KEYS.identity, KEYS.signing):
            assert key is not None and key.secret not in content and key.secret.hex().encode() not in content


def test_verified_with_the_key_without_it_and_against_a_checkpoint(original: Path) -> None:
    kept = max((original / "checkpoints").iterdir())
    assert verify_bundle(original / "bundle").holds
    found = verify_bundle(original / "bundle", KEYS.trial, kept)
    assert found.holds and found.arms_drawn_anew and found.checkpoint_length == 15
    with pytest.raises(KeyFileError):
        verify_bundle(original / "bundle", SecretKey("trial", "test", b"X" * 32))


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_changed_byte_of_any_file_is_refused_and_named(folder: Path, name: str) -> None:
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(LedgerError, match=name) as caught:
        read_bundle(folder)
    assert caught.value.stable_code == "bundle-hash"
    assert not verify_bundle(folder).holds


def rehash(folder: Path, **fields: object) -> None:
    """A forger who also corrects the manifest."""
    from trial.bundle.write import hashes

    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, "files": hashes(folder), **fields}))


@pytest.mark.parametrize("name", ["assignments", "not_randomised", "pauses", "conversations", "events"])
def test_a_table_that_is_not_what_the_ledger_gives_is_named(folder: Path, name: str) -> None:
    path = folder / f"{name}.parquet"
    pq.write_table(pq.read_table(path).slice(1), path)
    rehash(folder)
    read_bundle(folder)
    assert verify_bundle(folder).findings[0].where == f"{name}.parquet"


def test_a_changed_ledger_line_is_named_even_with_the_right_file_hash(folder: Path) -> None:
    lines = (folder / "ledger.jsonl").read_text().splitlines()
    for number, line in enumerate(lines):
        changed = line.replace('"seq":', '"seq": ') if number % 2 else line.replace('"on":"2021', '"on":"2020')
        changed = changed if changed != line else line.replace('"at":"2', '"at":"3')
        (folder / "ledger.jsonl").write_text("\n".join([*lines[:number], changed, *lines[number + 1 :]]) + "\n")
        rehash(folder)
        assert verify_bundle(folder).findings[0].where == f"ledger row {number + 1}"


def test_a_cut_ledger_is_found_by_the_manifest_and_by_the_checkpoint(folder: Path, original: Path) -> None:
    lines = (folder / "ledger.jsonl").read_text().splitlines()
    (folder / "ledger.jsonl").write_text("\n".join(lines[:-1]) + "\n")
    rehash(folder)
    found = verify_bundle(folder, None, max((original / "checkpoints").iterdir()))
    wheres = [one.where for one in found.findings]
    assert "manifest.json" in wheres and any(where.startswith("checkpoint") for where in wheres)


@pytest.mark.parametrize(
    "fields",
    [
        {"ledger_length": 13},
        {"ledger_head": "0" * 64},
        {"mode": "production"},
        {"key_commitment": "0" * 64},
        {"checkpoint": None, "rows": {}},
        {"checkpoint": {}},
        {"checkpoint": "x"},
        {"trial_id": "other"},
    ],
)
def test_a_manifest_that_says_something_else_is_named(folder: Path, fields: dict[str, object]) -> None:
    rehash(folder, **fields)
    assert verify_bundle(folder).findings[0].where == "manifest.json"


def test_an_added_and_a_missing_file_are_refused(folder: Path) -> None:
    (folder / "notes.txt").write_text("x")
    with pytest.raises(LedgerError, match=r"notes\.txt"):
        read_bundle(folder)
    (folder / "notes.txt").unlink()
    (folder / "events.parquet").unlink()
    with pytest.raises(LedgerError, match=r"events\.parquet"):
        read_bundle(folder)


@pytest.mark.parametrize(
    "content", ["", "[]", "null", "{}", '{"format": "lodtraek-bundle/1"}', '{"format": 1, "files": []}']
)
def test_a_manifest_that_is_none_is_refused(folder: Path, content: str) -> None:
    (folder / "manifest.json").write_text(content)
    with pytest.raises(LodtraekError):
        read_bundle(folder)


def test_a_folder_without_a_manifest_is_no_bundle(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(FileError) as caught:
            read_bundle(path)
        assert caught.value.stable_code == "bundle-missing"


def test_a_bundle_replaces_a_bundle_and_nothing_else(original: Path, tmp_path: Path) -> None:
    trial = Trial.open(url(original), KEYS, TickingClock())
    place = tmp_path / "bundle"
    place.mkdir()
    export_bundle(trial, place)
    export_bundle(trial, place)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bundle"]
    for other in (tmp_path / "notes", tmp_path):
        (tmp_path / "notes").mkdir(exist_ok=True)
        (tmp_path / "notes" / "x.txt").write_text("mine")
        with pytest.raises(FileError) as caught:
            export_bundle(trial, other)
        assert caught.value.stable_code == "bundle-place"
    with pytest.raises(FileError, match="must exist"):
        export_bundle(trial, tmp_path / "no" / "such")
    assert (tmp_path / "notes" / "x.txt").read_text() == "mine"


def test_a_ledger_that_does_not_hold_gives_no_bundle(original: Path, tmp_path: Path) -> None:
    import sqlite3

    shutil.copy(original / "trial.db", tmp_path / "trial.db")
    trial = Trial.open(url(tmp_path), KEYS, TickingClock())
    connection = sqlite3.connect(tmp_path / "trial.db", isolation_level=None)
    connection.execute("DROP TRIGGER ledger_update")
    connection.execute("UPDATE ledger SET payload = replace(payload, 'digital', 'physical') WHERE seq = 4")
    connection.execute("UPDATE ledger SET payload = replace(payload, 'p0', 'p1') WHERE seq = 4")
    connection.close()
    with pytest.raises(LedgerError, match="ledger row 4"):
        export_bundle(trial, tmp_path / "bundle")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["trial.db"]


def test_an_export_while_others_assign_is_one_consistent_view(tmp_path: Path) -> None:
    trial = open_trial(tmp_path)
    trial.assign([arrival(number, CODES[number % 4]) for number in range(60)], DAY)
    manifest = export_bundle(trial, tmp_path / "bundle")
    trial.assign([arrival(100)], DAY)
    assert manifest["ledger_length"] == 61 and verify_bundle(tmp_path / "bundle", KEYS.trial).holds
