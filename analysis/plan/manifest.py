"""The manifest of a set of effects: what went in, by hash, and what it was computed with.

Nothing in it depends on the clock: the same inputs and versions give the same manifest, byte for byte.
"""

import hashlib
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

FORMAT = "lodtraek-effects-manifest/1"
LIBRARIES = ("lodtraek", "numpy", "scipy", "pandas", "pyarrow")


@dataclass(frozen=True)
class Sources:
    """What the effects were computed from: protocol digest, ledger head, input files by hash, seed of any draws.

    verdict: whether the effects were identified, where that was judged.
    """

    protocol_digest: str
    ledger_head: str | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    seed: int | None = None
    verdict: str | None = None

    def manifest(self, files: Mapping[str, str]) -> dict[str, object]:
        """Give the manifest for the written files."""
        versions = {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}}
        return {
            "format": FORMAT,
            "protocol_digest": self.protocol_digest,
            "ledger_head": self.ledger_head,
            "inputs": dict(sorted(self.inputs.items())),
            "seed": self.seed,
            "verdict": self.verdict,
            "versions": versions,
            "files": dict(files),
        }


def sha256(path: Path) -> str:
    """Give the SHA-256 of a file, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hashes(folder: Path, pattern: str = "*") -> dict[str, str]:
    """Hash every file of a folder (not of folders below), named `folder/file`."""
    return {f"{folder.name}/{path.name}": sha256(path) for path in sorted(folder.glob(pattern)) if path.is_file()}


def replace_file(path: Path, content: bytes) -> None:
    """Write a file beside its place and rename it into it."""
    beside = path.with_name(f".{path.name}.writing")
    beside.write_bytes(content)
    beside.replace(path)
