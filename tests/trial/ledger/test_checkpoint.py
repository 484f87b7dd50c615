"""Checkpoints: signed, deterministic, kept outside, and compared before anything is assigned."""

import json
import shutil
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tests.opened import DAY, KEYS, TickingClock, arrivals, full_trial, open_trial, url
from trial.errors import FileError, LedgerError
from trial.keys import Keys, SecretKey
from trial.ledger.chain import Head
from trial.ledger.checkpoint import Checkpoint, newest, read_checkpoint, sign, write_checkpoint
from trial.service import Trial

HEAD = Head(7, "ab" * 32, "2021-03-01T08:00:00.000000Z")
ROOT = "cd" * 32


def test_the_signature_is_ed25519_over_the_rest_of_the_line() -> None:
    made = sign("trial", HEAD, ROOT, b"S" * 32)
    record = json.loads(made.line())
    signature = bytes.fromhex(record.pop("signature"))
    text = json.dumps(record, sort_keys=True, separators=(",", ":")).encode()
    Ed25519PublicKey.from_public_bytes(bytes.fromhex(record["public_key"])).verify(signature, text)
    assert made.is_signed() and sign("trial", HEAD, ROOT, b"S" * 32) == made


@pytest.mark.parametrize("field", ["trial_id", "head", "root", "at", "length", "public_key", "signature"])
def test_a_changed_field_is_refused(tmp_path: Path, field: str) -> None:
    record = json.loads(sign("trial", HEAD, ROOT, b"S" * 32).line())
    record[field] = 8 if field == "length" else record[field][:-1] + ("0" if record[field][-1] != "0" else "1")
    path = tmp_path / "one.json"
    path.write_text(json.dumps(record, sort_keys=True, separators=(",", ":")))
    with pytest.raises(LedgerError) as caught:
        read_checkpoint(path)
    assert caught.value.stable_code == "checkpoint-signature"


@pytest.mark.parametrize("content", ["", "[]", "{}", "null", "{", '{"format":"lodtraek-checkpoint/2"}', "\x00"])
def test_a_file_that_is_no_checkpoint_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "one.json"
    path.write_text(content)
    with pytest.raises(LedgerError) as caught:
        read_checkpoint(path)
    assert caught.value.stable_code == "checkpoint-format"
    with pytest.raises(FileError):
        read_checkpoint(tmp_path / "none.json")


def test_the_longest_is_the_newest(tmp_path: Path) -> None:
    for length in (9, 100, 20):
        write_checkpoint(tmp_path, sign("trial", Head(length, HEAD.hash, HEAD.at), ROOT, b"S" * 32))
    found = newest(tmp_path, "trial")
    assert found is not None and read_checkpoint(found).length == 100 and newest(tmp_path, "other") is None
    write_checkpoint(tmp_path, sign("trial-2", Head(999, HEAD.hash, HEAD.at), ROOT, b"S" * 32))
    assert newest(tmp_path, "trial") == found  # not that of another trial whose name begins so
    assert not list(tmp_path.glob("*.part"))


def test_every_change_leaves_a_checkpoint_that_the_ledger_holds(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoints"
    trial = full_trial(tmp_path, checkpoint_dir=folder)
    found = [read_checkpoint(path) for path in sorted(folder.iterdir())]
    assert [one.length for one in found] == [2, 8, 9, 11, 12, 13, 14, 15]
    with trial.store.read() as transaction:
        assert all(transaction.hash_of(one.length) == one.head for one in found)


def test_a_database_restored_from_an_older_backup_is_not_assigned_in(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoints"
    trial = open_trial(tmp_path, checkpoint_dir=folder)
    trial.assign(arrivals([1]), DAY)
    trial.close()
    shutil.copy(tmp_path / "trial.db", tmp_path / "backup.db")
    trial = Trial.open(url(tmp_path), KEYS, TickingClock(), folder)
    trial.assign(arrivals([2]), DAY)
    trial.close()
    shutil.copy(tmp_path / "backup.db", tmp_path / "trial.db")
    with pytest.raises(LedgerError, match="2 rows where the checkpoint has 3") as caught:
        Trial.open(url(tmp_path), KEYS, TickingClock(), folder)
    assert caught.value.stable_code == "checkpoint"


def test_a_fork_of_the_same_length_is_not_assigned_in(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoints"
    trial = open_trial(tmp_path, checkpoint_dir=folder)
    trial.close()
    shutil.copy(tmp_path / "trial.db", tmp_path / "fork.db")
    for number, name in ((1, "trial.db"), (2, "fork.db")):
        one = Trial.open(f"sqlite:///{tmp_path / name}", KEYS, TickingClock(), folder if number == 1 else None)
        one.assign(arrivals([number]), DAY)
        one.close()
    with pytest.raises(LedgerError, match="another row 2"):
        Trial.open(f"sqlite:///{tmp_path / 'fork.db'}", KEYS, TickingClock(), folder)


def test_a_checkpoint_signed_with_another_key_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoints"
    open_trial(tmp_path, checkpoint_dir=folder).close()
    write_checkpoint(folder, sign("digital-samtaler", Head(1, "0" * 64, ""), ROOT, b"X" * 32))
    with pytest.raises(LedgerError, match="another key"):
        Trial.open(url(tmp_path), KEYS, TickingClock(), folder)


def test_without_a_signing_key_there_is_none(tmp_path: Path) -> None:
    trial = open_trial(tmp_path, Keys(KEYS.trial, KEYS.identity), checkpoint_dir=tmp_path / "checkpoints")
    trial.assign(arrivals([1]), DAY)
    assert trial.checkpoint() is None and not (tmp_path / "checkpoints").exists()
    assert isinstance(sign("t", HEAD, ROOT, SecretKey("signing", "test", b"S" * 32).secret), Checkpoint)
