"""Files a protocol refers to by name: code lists and rules.

1. A file beside the protocol comes before a shipped one of the same name.
2. A name never leads out of those two folders.
3. The first column of a code list holds the codes; they are texts.
"""

import csv
import hashlib
from pathlib import Path

from trial.errors import FileError
from trial.protocol.model import Protocol
from trial.protocol.shipped import PROTOCOLS


def code_file(name: str, folder: Path) -> Path | None:
    """Find a code list such as `codes/municipalities.csv`, beside the protocol or shipped."""
    return _find((folder / name, folder), (PROTOCOLS / name, PROTOCOLS))


def rule_file(name: str, folder: Path) -> Path | None:
    """Find a rule such as `trial-pause-2021`, beside the protocol or shipped."""
    places = (folder / "rules", folder, PROTOCOLS / "rules")
    return _find(*((place / f"{name}.toml", place) for place in places))


def read_codes(path: Path) -> tuple[str, ...]:
    """Read the codes of a code list: its first column, below the header."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return tuple(row[0] for row in list(csv.reader(file))[1:] if row)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FileError(
            "a code list must be a readable CSV file in UTF-8",
            found=type(error).__name__,
            where=str(path),
            mend='save it as "CSV UTF-8", codes in the first column',
        ) from None


def references(protocol: Protocol, folder: Path) -> dict[str, str]:
    """Give the SHA-256 of every file a protocol refers to, by the name it is known by."""
    named = {f"rules/{protocol.infection.rule}.toml": rule_file(protocol.infection.rule, folder)}
    for factor in protocol.stratification:
        if factor.levels_from is not None:
            named[factor.levels_from] = code_file(factor.levels_from, folder)
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in named.items() if path}


def _find(*candidates: tuple[Path, Path]) -> Path | None:
    for path, folder in candidates:
        if path.resolve().is_relative_to(folder.resolve()) and path.is_file():
            return path
    return None
