"""Data that comes with the product: protocols, rules, code lists.

1. `protocols/` lies beside the package `trial`, in a checkout and in an installed wheel alike.
2. A name is relative to that folder and never leads out of it.
3. A municipality is a four-digit text: a leading zero is part of the code.
"""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import trial
from trial.errors import FileError

PROTOCOLS = Path(trial.__file__).resolve().parent.parent / "protocols"


@dataclass(frozen=True)
class Municipality:
    """A municipality: its code, its name, its column in the SSI series, its population at the start of 2020."""

    code: str
    name: str
    ssi_column: str
    population_2020q1: int


def shipped(relative: str) -> Path:
    """Give the path of a shipped file or folder, such as `codes/municipalities.csv`."""
    path = (PROTOCOLS / relative).resolve()
    if not path.is_relative_to(PROTOCOLS) or not path.exists():
        raise FileError(
            f"protocols/{relative} must be a file shipped with lodtraek",
            found="no such file",
            mend="check the name, or install lodtraek anew",
            code="file-missing",
        )
    return path


def shipped_protocols() -> tuple[str, ...]:
    """Name the shipped protocols, such as `digital-samtaler`."""
    return tuple(sorted(path.stem for path in PROTOCOLS.glob("*.toml")))


def find_protocol(name: str | Path) -> Path:
    """Find a protocol given as a file, or by the name of a shipped one such as `digital-samtaler`."""
    path = Path(name)
    if path.is_file():
        return path
    if str(name) in shipped_protocols():
        return PROTOCOLS / f"{name}.toml"
    raise FileError(
        "the protocol must be a file or the name of a shipped protocol",
        found="a folder" if path.is_dir() else "no such file",
        where=str(name),
        mend=f"check the name; shipped are: {', '.join(shipped_protocols())}",
        code="file-missing",
    )


@cache
def load_municipalities() -> tuple[Municipality, ...]:
    """Read the 98 municipalities, in the order of their codes."""
    with shipped("codes/municipalities.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            Municipality(row["code"], row["name"], row["ssi_column"], int(row["population_2020q1"]))
            for row in csv.DictReader(file)
        )
