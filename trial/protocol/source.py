"""A TOML file with the place of everything in it: what every error about a declared file points to.

1. The file is UTF-8 without a byte order mark, so that every reader sees the same bytes.
2. An error names file:line, the dotted key, what must hold, what was found and how to mend it.
3. List positions in a dotted key count from one: `arms[2].name` is the second arm's name.
4. A Fault is found without knowing the file; its place is filled in by the source (`place`).
"""

import json
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from trial.errors import FileError, ProtocolError
from trial.protocol.lines import Key, last_key, line_map, line_of

MAX_BYTES = 1_000_000
MAX_DEPTH = 20
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d\Z")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+\Z")

# What tomllib says, and what a person can do about it.
_HEADER = re.compile(r"[ \t]*\[\[?[^\[\]{}=]*")  # of a table, as far as it was read
_SYNTAX = (
    ("Cannot overwrite a value", "a key must stand once in its table", "remove one of the two"),
    ("Duplicate inline table key", "a key must stand once in its table", "remove one of the two"),
    ("Cannot declare", "a table must be declared once", "write [[...]] for a list of tables, or join the two"),
    ("Cannot redefine", "a table must be declared once", "give every key of a table under its one header"),
    ("Cannot mutate", "a table in braces must be complete where it stands", "move the key into the braces"),
    ("Expected newline", "one key and its value must stand alone on a line", "begin a new line"),
    ("Expected '='", "a key must be followed by = and a value", "write: key = value"),
    ("Expected ']", "a table name must be closed on its line", "close it with the bracket it was opened with"),
    ("Invalid initial character", "a key must be made of a-z, 0-9, _ and -", 'put any other key in quotes: "key"'),
    ("Invalid statement", "a line must be a key with a value, a [table] or a # comment", "write: key = value"),
    ("Invalid date", "a date must exist in the calendar", "write year-month-day without quotes: 2021-01-04"),
    ("Invalid value", "a value must be a number, a date, true, false or text in quotes", 'put it in quotes: "text"'),
    ("Unclosed array", "a list must be closed and its elements be parted by commas", "write: [1, 2, 3]"),
    ("Unclosed inline", "a table in braces must be closed on its line", "write: { da = ..., en = ... }"),
    ("Unterminated string", "a text must be closed by the quotes it was opened with", 'close the text with "'),
    ("Unescaped", "a backslash in a text must be doubled", "write \\\\, or put the text in single quotes"),
    ("Illegal character", "a text on one line must hold no line break or control character", 'close the text with "'),
    ("Found invalid character", "a comment or text must hold no control character", "remove the character"),
)  # fmt: skip


class Fault(ProtocolError):  # noqa: N818 - it becomes an error of the file when it is placed
    """A problem of one key, found without knowing in which file it stands."""

    def __init__(self, path: Key, must: str, *, found: object, mend: str, code: str) -> None:
        super().__init__(f"{dotted(path)} {must}", found=found, mend=mend, code=code)
        self.path = path


@dataclass(frozen=True)
class Source:
    """A TOML file as read: its name as given, its data, the line of every key."""

    path: Path
    text: str
    data: dict[str, Any]
    lines: dict[Key, int]

    def line(self, path: Key) -> int:
        """Give the line of a key, or of the nearest table around it."""
        return line_of(self.lines, path)

    def where(self, path: Key) -> str:
        """Give `file:line` of a key."""
        return f"{self.path}:{self.line(path)}"

    def place(self, faults: Iterable[Fault]) -> list[Fault]:
        """Give the faults their places, in the order of the file."""
        placed = sorted(faults, key=lambda fault: self.line(fault.path))
        for fault in placed:
            fault.where = self.where(fault.path)
        return placed


def read_toml(path: Path) -> Source:
    """Read a TOML file. Raises FileError when it cannot be read, ProtocolError when it is not TOML."""
    text = _read_text(path)
    try:
        data = tomllib.loads(text)
        places = line_map(text)
    except tomllib.TOMLDecodeError as error:
        raise _syntax_error(path, text, str(error)) from None
    except (RecursionError, ValueError):  # brackets without end, a number of thousands of digits
        raise _excessive(path, 1) from None
    for place, line in places.items():
        if len(place) > MAX_DEPTH:
            raise _excessive(path, line)
    return Source(path, text, data, places)


def dotted(path: Key) -> str:
    """Write a path as people read it: `arms[2].name`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        else:
            text += ("." if text else "") + toml_key(part)
    return text or "the file"


def toml_key(key: str) -> str:
    """Write a key as TOML does: quoted where it must be."""
    return key if _BARE_KEY.match(key) else toml_value(key)


def toml_value(value: object, limit: int = 80) -> str:
    """Write a value as TOML does, on one line, cut where it is long."""
    if isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, str):
        text = value if _ISO_DATE.match(value) else json.dumps(value, ensure_ascii=False)
    elif isinstance(value, dict):
        text = "{ " + ", ".join(f"{toml_key(key)} = {toml_value(inner)}" for key, inner in value.items()) + " }"
    elif isinstance(value, (list, tuple)):
        text = "[" + ", ".join(toml_value(inner) for inner in value) + "]"
    elif isinstance(value, (date, datetime, time)):
        text = value.isoformat()
    else:
        text = str(value)
    return text if len(text) <= limit else text[: limit - 3] + "..."


def _read_text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise FileError(
            "the file must exist and be readable",
            found=(error.strerror or "it cannot be read").lower(),
            where=str(path),
            mend="check the name and the right to read it",
            code="file-missing" if isinstance(error, FileNotFoundError) else "file",
        ) from None
    if not content.strip():
        raise FileError(
            "the file must not be empty",
            found=f"{len(content)} bytes",
            where=f"{path}:1",
            mend="start from protocols/digital-samtaler.toml",
            code="file-empty",
        )
    if len(content) > MAX_BYTES:
        raise FileError(
            f"the file must be at most {MAX_BYTES} bytes",
            found=f"{len(content)} bytes",
            where=str(path),
            mend="name the right file",
            code="file-size",
        )
    return _decode(path, content)


def _decode(path: Path, content: bytes) -> str:
    if content.startswith(b"\xef\xbb\xbf"):
        raise _encoding(path, 1, "a byte order mark")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _encoding(path, line, f"byte {content[error.start]:#04x}, which is not UTF-8") from None


def _encoding(path: Path, line: int, found: str) -> FileError:
    return FileError(
        "the file must be UTF-8 without a byte order mark",
        found=found,
        where=f"{path}:{line}",
        mend='save it as "UTF-8" (not "ANSI", not "UTF-8 with BOM")',
        code="file-encoding",
    )


def _excessive(path: Path, line: int) -> ProtocolError:
    return ProtocolError(
        f"values must nest at most {MAX_DEPTH} deep and numbers have at most 4300 digits",
        found="more than that",
        where=f"{path}:{line}",
        mend="start from protocols/digital-samtaler.toml",
        code="protocol-toml",
    )


def _syntax_error(path: Path, text: str, message: str) -> ProtocolError:
    rows = text.replace("\r\n", "\n").split("\n")
    at = re.search(r"\(at line (\d+), column (\d+)\)", message)
    line = int(at[1]) if at else len(text.rstrip().split("\n"))
    found = f"line {line}: {rows[line - 1].strip()[:80]}" if rows[line - 1].strip() else f"line {line}"
    must, mend = next(
        ((must, mend) for start, must, mend in _SYNTAX if message.startswith(start)),
        ("the file must be TOML", "compare the line with protocols/digital-samtaler.toml"),
    )
    if at and message.startswith("Cannot overwrite"):
        before = rows[line - 1][: int(at[2]) - 1]
        if _HEADER.fullmatch(before):
            must, mend = "a table must be declared once", "write [[...]] for every table of a list"
        else:
            line, found = _duplicate("\n".join([*rows[: line - 1], before]))
    return ProtocolError(must, found=found, where=f"{path}:{line}", mend=mend, code="protocol-toml")


def _duplicate(lawful: str) -> tuple[int, str]:
    """Find the last key of a text, which stood before: its line and where it stood first."""
    key, line, first = last_key(lawful)
    return line, f"{dotted(key)} again, given before on line {first}"
