"""Checkpoints: how long the ledger was, and where it ended, signed and kept outside the database.

1. A chain does not see that its tail was cut off, nor that all of it was written anew; a checkpoint elsewhere does.
2. It is canonical JSON: trial, length, head, Merkle root, time of the last entry, and an Ed25519 signature over all
   of these. The root lets one citizen's entry be proved without the others (`inclusion`).
3. The public key stands in the first entry of the ledger; whoever rewrites that changes the head of every checkpoint.
4. One ledger of one length has one checkpoint, byte for byte: nothing in it depends on when it was written.
5. A file is written beside and renamed: there is never half a checkpoint.
"""

import glob
import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from trial.errors import FileError, LedgerError
from trial.ledger.chain import Head
from trial.ledger.entry import canonical
from trial.ledger.projection import Row

FORMAT = "lodtraek-checkpoint/2"
_DIGITS = 12  # of a length in the name of a file: the longest ledger's name is the last
_FIELDS = {"format", "trial_id", "length", "head", "root", "at", "public_key", "signature"}


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A signed statement of a ledger's length, head and Merkle root."""

    trial_id: str
    length: int
    head: str
    root: str
    at: str
    public_key: str
    signature: str

    def line(self) -> str:
        """Give the checkpoint as one line of canonical JSON."""
        return canonical({**self.statement(), "signature": self.signature})

    def statement(self) -> dict[str, Any]:
        """Give what is signed."""
        return _statement(self.trial_id, Head(self.length, self.head, self.at), self.root, self.public_key)

    def is_signed(self) -> bool:
        """Tell whether the signature is that of the public key over the statement."""
        try:
            key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(self.public_key))
            key.verify(bytes.fromhex(self.signature), canonical(self.statement()).encode())
        except (InvalidSignature, ValueError):
            return False
        return True


def public_key(secret: bytes) -> str:
    """Give the public key of a signing key, as hex."""
    return Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw().hex()


def sign(trial_id: str, head: Head, root: str, secret: bytes) -> Checkpoint:
    """Make the checkpoint of a ledger that ends in `head`; `root` is that of all its entries."""
    own = public_key(secret)
    statement = canonical(_statement(trial_id, head, root, own)).encode()
    signature = Ed25519PrivateKey.from_private_bytes(secret).sign(statement).hex()
    return Checkpoint(trial_id, head.length, head.hash, root, head.at, own, signature)


def check_folder(folder: Path) -> None:
    """Raise FileError where no checkpoint could be written into a folder; nothing is made or written."""
    path = folder.absolute()
    nearest = next(one for one in (path, *path.parents) if os.path.exists(one))  # noqa: PTH110 - never raises
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        raise FileError(
            "a checkpoint's folder must be writable",
            found="a folder that is not" if nearest.is_dir() else "a file of that name", where=str(nearest),
            mend="make it writable, or choose another --checkpoint-dir", code="checkpoint-folder",
        )  # fmt: skip


def write_checkpoint(folder: Path, checkpoint: Checkpoint) -> Path:
    """Write a checkpoint into a folder, named by trial and length; give its path."""
    path = folder / f"{checkpoint.trial_id}-{checkpoint.length:0{_DIGITS}d}.checkpoint.json"
    beside = path.with_suffix(f".{os.getpid()}.part")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with beside.open("w", encoding="utf-8") as file:
            file.write(checkpoint.line() + "\n")
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise FileError(
            "a checkpoint must be written to its folder", found=error.strerror, where=str(path),
            mend="make room, or choose another --checkpoint-dir", code="checkpoint-folder",
        ) from error  # fmt: skip
    return path


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint file; raise FileError or LedgerError where it is none, or its signature is wrong."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise FileError(
            "the checkpoint must be a readable file", found=error.strerror, where=str(path), mend="name another file"
        ) from error
    checkpoint = checkpoint_of(content, str(path))
    if not checkpoint.is_signed():
        raise LedgerError(
            "a checkpoint must bear the signature of its key", found="another signature", where=str(path),
            mend="take the file from where it was kept", code="checkpoint-signature",
        )  # fmt: skip
    return checkpoint


def checkpoint_of(content: bytes, where: str) -> Checkpoint:
    """Read a checkpoint from its line of JSON."""
    try:
        record = json.loads(content)
        lawful = set(record) == _FIELDS and record.pop("format") == FORMAT and type(record["length"]) is int
        checkpoint = Checkpoint(**record) if lawful else None
        if checkpoint is not None and checkpoint.line().encode() == content.strip():
            return checkpoint
    except (ValueError, TypeError, AttributeError):
        pass
    raise LedgerError(
        f"a checkpoint must be one line of canonical JSON in the format {FORMAT}", where=where,
        mend="take the file from where it was kept", code="checkpoint-format",
    )  # fmt: skip


def contradiction(
    checkpoint: Checkpoint,
    opening: Row,
    head: Head,
    hash_of: Callable[[int], str | None],
    root_of: Callable[[int], str] | None = None,
) -> str | None:
    """Say how a ledger that ends in `head` contradicts a checkpoint, or None where it holds all of it.

    root_of: the root over the first so many entries; without it the head alone is compared, which binds them all.
    """
    if checkpoint.trial_id != opening.get("trial_id"):
        return f"a checkpoint of another trial, {checkpoint.trial_id}"
    if checkpoint.public_key != opening.get("signing_public_key"):
        return "a checkpoint signed with another key than the ledger's"
    if checkpoint.length > head.length:
        return f"{head.length} rows where the checkpoint has {checkpoint.length}"
    if hash_of(checkpoint.length) != checkpoint.head:
        return f"another row {checkpoint.length} than the checkpoint has"
    if root_of is not None and root_of(checkpoint.length) != checkpoint.root:
        return "another Merkle root than the checkpoint has"
    return None


def newest(folder: Path, trial_id: str) -> Path | None:
    """Find the longest checkpoint of a trial in a folder."""
    lengths = "[0-9]" * _DIGITS  # and nothing else: another trial's name may begin like this one's
    return max(folder.glob(f"{glob.escape(trial_id)}-{lengths}.checkpoint.json"), default=None)


def _statement(trial_id: str, head: Head, root: str, key: str) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "trial_id": trial_id,
        "length": head.length,
        "head": head.hash,
        "root": root,
        "at": head.at,
        "public_key": key,
    }
