"""Export: the ledger, replayed, becomes a folder of files with their hashes.

1. The rules are replayed while the ledger is read: a ledger that does not hold gives no bundle.
2. The bytes are a function of the ledger and the versions of the libraries: no time of export, no random name.
3. Everything is written into a folder beside and renamed: there is never half a bundle.
4. The protocol in force and the files it refers to lie in the bundle as the ledger holds them. `epochs/NUMBER/` has
   those of every epoch, and `protocol.json` beside them: the canonical JSON its digest is taken over.
"""

import hashlib
import json
import shutil
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from trial.bundle.tables import Collector
from trial.errors import FileError
from trial.ledger.checkpoint import Checkpoint
from trial.ledger.epoch import inside
from trial.ledger.proof import openings, stored
from trial.ledger.replay import State
from trial.protocol import canonical
from trial.service import Trial

FORMAT = "lodtraek-bundle/1"
MANIFEST = "manifest.json"
PROTOCOL = "protocol.toml"
LEDGER = "ledger.jsonl"
ROW_GROUP = 100_000


def export_bundle(trial: Trial, folder: Path) -> dict[str, Any]:
    """Write the bundle of a trial and give its manifest; an older bundle in its place is replaced."""
    trial.require("export")
    folder = folder.resolve()
    _check_place(folder)
    beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        state, tables = _write_ledger(trial, beside / LEDGER)
        checkpoint = trial.signer.sign(state.head)
        for name, table in tables.items():
            write_table(table, beside / name)
        for name, text in declared_files(state).items():
            path = beside / inside(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
        made = manifest(state, tables, checkpoint, hashes(beside))
        text = json.dumps(made, indent=2, ensure_ascii=False) + "\n"
        (beside / MANIFEST).write_text(text, encoding="utf-8")
        _put_in_place(beside, folder)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    return made


def declared_files(state: State) -> dict[str, str]:
    """Give the protocol of every epoch and the files it refers to, by their names in a bundle."""
    found = dict(state.epoch.texts)
    for one in state.declared:
        texts = {**one.texts, "protocol.json": canonical(one.texts[PROTOCOL]).decode()}
        found |= {f"epochs/{one.number}/{name}": text for name, text in texts.items()}
    return found


def manifest(
    state: State, tables: dict[str, pa.Table], checkpoint: Checkpoint | None, files: dict[str, str]
) -> dict[str, Any]:
    """Give the manifest of a replayed ledger and its files."""
    return {
        "format": FORMAT,
        "trial_id": state.opening["trial_id"],
        "mode": state.opening["mode"],
        "protocol_digest": state.epoch.digest,
        "epochs": [
            {"epoch": one.number, "protocol": one.digest, "began_on": one.began_on and one.began_on.isoformat()}
            for one in state.declared
        ],
        "key_commitment": state.opening["key_commitment"],
        "epoch_key_commitment": state.opening["epoch_key_commitment"],
        "ledger_length": state.head.length,
        "ledger_head": state.head.hash,
        "last_entry_at": state.head.at,
        "checkpoint": None if checkpoint is None else json.loads(checkpoint.line()),
        "rows": {name: table.num_rows for name, table in tables.items()},
        "files": files,
        "versions": {name: version(name) for name in ("lodtraek", "pyarrow")},
    }


def write_table(table: pa.Table, path: Path) -> None:
    """Write a table; the same table gives the same bytes."""
    pq.write_table(table, path, compression="zstd", row_group_size=ROW_GROUP, version="2.6")


def hashes(folder: Path) -> dict[str, str]:
    """Give the SHA-256 of every file of a bundle save its manifest, by name."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / MANIFEST)
    return {path.relative_to(folder).as_posix(): sha256_of(path) for path in files}


def sha256_of(path: Path) -> str:
    """Give the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_ledger(trial: Trial, path: Path) -> tuple[State, dict[str, pa.Table]]:
    state, collector = State(), Collector()
    with trial.store.read() as transaction, path.open("w", encoding="utf-8", newline="\n") as file:
        for entry in stored(transaction):
            collector.take(entry, state.apply(entry), state)
            file.write(entry.line() + "\n")
        known = openings(transaction)
    return state, collector.tables(state, known)


def _check_place(folder: Path) -> None:
    if not folder.parent.is_dir():
        raise FileError(
            "the folder a bundle is put in must exist",
            found="no such folder",
            where=str(folder.parent),
            mend="make it",
        )
    if folder.exists() and not (folder / MANIFEST).is_file() and (not folder.is_dir() or any(folder.iterdir())):
        raise FileError(
            "a bundle must be put in a new folder, or replace another bundle", found="other files", where=str(folder),
            mend="choose another folder", code="bundle-place",
        )  # fmt: skip


def _put_in_place(beside: Path, folder: Path) -> None:
    if folder.exists():
        old = Path(tempfile.mkdtemp(prefix=f".{folder.name}.old.", dir=folder.parent))
        folder.replace(old / "bundle")
        beside.replace(folder)
        shutil.rmtree(old)
    else:
        beside.replace(folder)
