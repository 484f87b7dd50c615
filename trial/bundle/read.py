"""Reading a bundle: nothing is believed that its manifest does not vouch for.

1. Every file must have the hash the manifest gives: a missing file, an added one, a changed byte refuse the bundle.
2. The protocol must have the digest the manifest gives, and is read with the files it refers to from the bundle.
3. What the manifest itself is worth is for `trial verify --bundle`: replay, checkpoint, key.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from trial.bundle.write import FORMAT, LEDGER, MANIFEST, PROTOCOL, hashes
from trial.errors import FileError, LedgerError
from trial.protocol import Protocol, digest, load_protocol


@dataclass(frozen=True)
class Bundle:
    """A bundle as read; `protocol` is the one in force at the end, `protocols` those of all epochs in order."""

    folder: Path
    manifest: dict[str, Any]
    protocol: Protocol
    protocols: tuple[Protocol, ...]
    assignments: pa.Table
    not_randomised: pa.Table
    pauses: pa.Table
    conversations: pa.Table
    events: pa.Table
    personal: pa.Table

    def ledger(self) -> Iterator[str]:
        """Give the lines of the ledger."""
        with (self.folder / LEDGER).open(encoding="utf-8", newline="\n") as file:
            for line in file:
                yield line.removesuffix("\n")


def read_bundle(folder: Path | str) -> Bundle:
    """Read a bundle; raise FileError where it is none, LedgerError where a file is not what the manifest says."""
    folder = Path(folder)
    manifest = _manifest(folder / MANIFEST)
    _check_files(folder, manifest["files"])
    protocol = load_protocol(folder / PROTOCOL)
    if not digest(protocol) == manifest["protocol_digest"] == manifest["epochs"][-1]["protocol"]:
        raise _refused(folder / PROTOCOL, "another digest than the manifest's")
    tables = ("assignments", "not_randomised", "pauses", "conversations", "events", "personal")
    earlier = [_earlier(folder, one) for one in manifest["epochs"][:-1]]
    return Bundle(
        folder, manifest, protocol, (*earlier, protocol), *(_table(folder / f"{name}.parquet") for name in tables)
    )


def _earlier(folder: Path, epoch: dict[str, Any]) -> Protocol:
    path = folder / "epochs" / str(epoch["epoch"]) / PROTOCOL
    protocol = load_protocol(path)
    if digest(protocol) != epoch["protocol"]:
        raise _refused(path, "another digest than the manifest's")
    return protocol


def _manifest(path: Path) -> dict[str, Any]:
    try:
        manifest = json.loads(path.read_bytes())
    except OSError as error:
        raise FileError(
            "a bundle must have a manifest", found=(error.strerror or "an unreadable file").lower(), where=str(path),
            mend="name the folder that `trial export` made", code="bundle-missing",
        ) from None  # fmt: skip
    except ValueError:
        raise _refused(path, "a manifest that is not JSON") from None
    lawful = (
        isinstance(manifest, dict) and manifest.get("format") == FORMAT and isinstance(manifest.get("files"), dict)
    )
    epochs = manifest.get("epochs") if lawful else None
    if not isinstance(epochs, list) or not all(map(_is_epoch, epochs)) or not epochs:
        raise _refused(path, f"a manifest that is not {FORMAT}")
    return dict(manifest)


def _is_epoch(found: object) -> bool:
    return isinstance(found, dict) and type(found.get("epoch")) is int and isinstance(found.get("protocol"), str)


def _check_files(folder: Path, expected: dict[str, str]) -> None:
    found = hashes(folder)
    wrong = [name for name in {**expected, **found} if expected.get(name) != found.get(name)]
    if wrong:
        raise _refused(folder, "another content of " + ", ".join(sorted(wrong)))


def _table(path: Path) -> pa.Table:
    try:
        return pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise _refused(path, f"no readable table ({type(error).__name__})") from None


def _refused(path: Path, found: str) -> LedgerError:
    return LedgerError(
        "every file of a bundle must be as it was exported", found=found, where=str(path),
        mend="take the bundle from where it was kept, or export it again", code="bundle-hash",
    )  # fmt: skip
