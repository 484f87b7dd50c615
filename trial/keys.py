"""Secret keys: one file a key, readable by its owner alone, bound to one purpose and one mode.

1. A key is 32 random bytes. `trial` draws arms, `identity` makes pseudonyms, `signing` signs checkpoints (Ed25519).
2. The file is one line of JSON: format, purpose, mode, key. It is made with mode 0600 and never over another file.
3. A file that others may read is refused: what they have read cannot be unread.
4. A purpose or mode other than the one asked for is refused; a test key never serves production.
5. The ledger holds the commitment of a key (SHA-256 of its bytes), never the key: any other key is refused. A trial
   key can be exchanged where a new epoch begins; those before it are kept, to draw their epochs anew.
6. The key of an epoch that is over is published as one line of JSON: format, trial_id, epoch, key. It is made from
   the trial key by a one-way function: no other epoch's key follows from it.
"""

import hashlib
import json
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from trial.errors import FileError, KeyFileError

FORMAT = "lodtraek-key/1"
EPOCH_FORMAT = "lodtraek-epoch-key/1"
PURPOSES = ("trial", "identity", "signing")
MODES = ("test", "training", "production")
KEY_BYTES = 32


@dataclass(frozen=True)
class SecretKey:
    """A key and what it may be used for; its text form shows no secret. `earlier`: those it took the place of."""

    purpose: str
    mode: str
    secret: bytes = field(repr=False)
    earlier: tuple[bytes, ...] = field(default=(), repr=False)

    def check_mode(self, mode: str) -> None:
        """Raise KeyFileError where the key is of another mode than the trial's."""
        if self.mode != mode:
            raise KeyFileError(
                f"every key must be of the trial's mode, {mode}",
                found=f"a {self.purpose} key of mode {self.mode}",
                mend=f"trial key new FILE --purpose {self.purpose} --mode {mode}",
                code="key-mode",
            )

    @property
    def secrets(self) -> tuple[bytes, ...]:
        """Give its bytes, and those of the keys it took the place of."""
        return (self.secret, *self.earlier)

    def after(self, *others: "SecretKey") -> "SecretKey":
        """Give the key as one that took the place of others."""
        return replace(self, earlier=(*self.earlier, *(one for other in others for one in other.secrets)))

    @property
    def commitment(self) -> str:
        """Give what the ledger commits to: SHA-256 of the key's bytes."""
        return hashlib.sha256(self.secret).hexdigest()


@dataclass(frozen=True)
class EpochKey:
    """The key of one epoch, revealed; its text form shows no secret."""

    trial_id: str
    epoch: int
    secret: bytes = field(repr=False)

    def line(self) -> str:
        """Give the key as it is published."""
        content = {"format": EPOCH_FORMAT, "trial_id": self.trial_id, "epoch": self.epoch, "key": self.secret.hex()}
        return json.dumps(content)


@dataclass(frozen=True)
class Keys:
    """The keys a command was given; one that is missing is None."""

    trial: SecretKey | None = None
    identity: SecretKey | None = None
    signing: SecretKey | None = None

    def __post_init__(self) -> None:
        """Refuse a key in the place of another."""
        for purpose in PURPOSES:
            key: SecretKey | None = getattr(self, purpose)
            if key is not None and key.purpose != purpose:
                raise KeyFileError(
                    f"the {purpose} key must be a key made for that purpose",
                    found=key.purpose,
                    mend=f"trial key new FILE --purpose {purpose}",
                    code="key-purpose",
                )

    @property
    def secrets(self) -> tuple[bytes, ...]:
        """Give the bytes of the trial keys."""
        return () if self.trial is None else self.trial.secrets

    def exchanged(self, new: SecretKey | None) -> "Keys":
        """Give the keys with a new trial key, where there is one, that takes the place of the one they have.

        Raises KeyFileError where there is none, or the new one is of another mode.
        """
        trial = self.need("trial")
        if new is None:
            return self
        new.check_mode(trial.mode)
        return replace(self, trial=new.after(trial))

    def need(self, purpose: str) -> SecretKey:
        """Give the key of a purpose; raise KeyFileError where it is missing."""
        key: SecretKey | None = getattr(self, purpose)
        if key is None:
            option = "--key" if purpose == "trial" else f"--{purpose}-key"
            variable = "TRIAL_KEY_FILE" if purpose == "trial" else f"TRIAL_{purpose.upper()}_KEY_FILE"
            raise KeyFileError(
                f"the {purpose} key must be given",
                mend=f"name its file: {option} FILE, or set {variable}",
                code="key-missing",
            )
        return key


def new_key_file(path: Path, purpose: str, mode: str, randomness: Callable[[int], bytes] = os.urandom) -> SecretKey:
    """Make a key file, mode 0600, never over an existing file; give the key."""
    key = SecretKey(purpose, mode, randomness(KEY_BYTES))
    line = json.dumps({"format": FORMAT, "purpose": purpose, "mode": mode, "key": key.secret.hex()}) + "\n"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise FileError(
            "a key file must not exist before it is made",
            where=str(path),
            mend="choose another name; a key in use is never replaced",
            code="key-exists",
        ) from error
    except OSError as error:
        raise FileError(
            "the key's folder must exist and be writable",
            found=error.strerror,
            where=str(path),
            mend="make the folder, or choose another name",
        ) from error
    with os.fdopen(descriptor, "w") as file:
        file.write(line)
        file.flush()
        os.fsync(file.fileno())
    return key


def seeded_key_file(path: Path, purpose: str, seed: int) -> SecretKey:
    """Make the test key that belongs to a seed, so that a demonstration can be repeated. It protects nothing."""
    return new_key_file(
        path, purpose, "test", lambda _: hashlib.sha256(f"lodtraek test key/{purpose}/{seed}".encode()).digest()
    )


def read_key_file(path: Path, purpose: str, mode: str | None = None) -> SecretKey:
    """Read a key file made for a purpose (and a mode); raise KeyFileError saying what is wrong, never the key."""
    _check_private(path)
    try:
        # A message of the JSON reader may quote the text: it is dropped, not chained.
        record = _record(path.read_bytes())
        secret = bytes.fromhex(record["key"])
        well_formed = record["format"] == FORMAT and len(secret) == KEY_BYTES and record["mode"] in MODES
    except (ValueError, KeyError, TypeError):
        well_formed = False
    if not well_formed:
        raise KeyFileError(
            f"a key file must be one line of JSON in the format {FORMAT}",
            where=str(path),
            mend=f"trial key new {path.name} --purpose {purpose}",
            code="key-format",
        )
    _check_use(path, record, "purpose", purpose)
    if mode is not None:
        _check_use(path, record, "mode", mode)
    return SecretKey(record["purpose"], record["mode"], secret)


def _record(content: bytes) -> dict[str, str]:
    record = json.loads(content)
    if not isinstance(record, dict) or not all(isinstance(value, str) for value in record.values()):
        raise TypeError
    return record


def _check_use(path: Path, record: dict[str, str], field_name: str, wanted: str) -> None:
    if record[field_name] != wanted:
        raise KeyFileError(
            f"the key must be of {field_name} {wanted}",
            found=record[field_name],
            where=str(path),
            mend=f"trial key new FILE --{field_name} {wanted}, or name the right file",
            code=f"key-{field_name}",
        )


def _check_private(path: Path) -> None:
    try:
        status = path.stat()
    except OSError as error:
        raise KeyFileError(
            "the key file must exist and be readable",
            found=error.strerror,
            where=str(path),
            mend=f"trial key new {path.name}, or name the right file",
            code="key-missing",
        ) from error
    if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise KeyFileError(
            "a key file must be readable by its owner alone",
            found=f"mode {stat.S_IMODE(status.st_mode):04o}",
            where=str(path),
            mend="make a new key; if nobody else can have read it: chmod 600",
            code="key-readable",
        )
