"""A strict reader of CSV files from job centres: every cell stays text, and what is odd is refused with its line.

1. The encoding is found by `encoding` and reported.
2. The delimiter, semicolon or comma, is read from the header alone. Columns are found by name, in any order; an
   unknown, missing or repeated column is refused.
3. A record is one line, ended by LF, CRLF or CR. A quoted cell ends on its own line, so that a forgotten quote is
   found where it is and does not swallow the rows below. Blanks around a cell are trimmed.
4. A row has as many cells as the header. NUL and other control characters, and cells that begin as a formula does
   (= + - @ tab), are refused: no column needs them, and a spreadsheet would run them.
5. All problems are noted, none ends the reading: `problems` tells them at once.
6. An empty file is refused; what a header without rows means is the caller's to say.
"""

import csv
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from trial.table.encoding import decode, read_bytes
from trial.table.problems import Problems, shape

MAX_CELL = 200
_LINE_END = re.compile(r"\r\n|\n|\r")
_BLANK = " \xa0"
_FORMULA = ("=", "+", "-", "@", "\t")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


class Row(NamedTuple):
    """A row: the line it stands on (the header is line 1) and its cells in the order of the asked columns."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A file as read: its rows, and how it was written."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    encoding: str
    delimiter: str
    sha256: str


def read_table(
    source: Path | bytes, problems: Problems, required: Sequence[str], optional: Sequence[str] = ()
) -> Table:
    """Read a CSV file whose header names `required` and perhaps `optional` columns; an absent one gives "" cells.

    A row that cannot be read is noted in `problems` and left out. Raises FileError when the file cannot be read at
    all, IntakeError when its header is not lawful.
    """
    content = read_bytes(source, problems.name)
    text, encoding = decode(content, problems.name)
    lines = _LINE_END.split(text)
    while len(lines) > 1 and not lines[-1]:
        lines.pop()
    delimiter, places = _header(lines[0], problems, required, optional)
    width = len(places)
    asked = itemgetter(*(places.get(name, width) for name in (*required, *optional)))  # cells[width] is ""
    rows = []
    for number, line in enumerate(lines[1:], start=2):
        cells = _cells(line, delimiter, number, width, problems)
        if cells is not None:
            rows.append(Row(number, asked([*cells, ""])))
    sha256 = hashlib.sha256(content).hexdigest()
    return Table(problems.name, (*required, *optional), tuple(rows), encoding, delimiter, sha256)


def _header(
    line: str, problems: Problems, required: Sequence[str], optional: Sequence[str]
) -> tuple[str, dict[str, int]]:
    delimiter = ";" if line.count(";") > line.count(",") else ","
    cells = _split(line, delimiter) or [line]
    names = [cell.strip().lower() for cell in cells]
    known = {*required, *optional}
    listed = ", ".join((*required, *(f"[{name}]" for name in optional)))
    mend = f"the header is: {listed} ([ ] may be left out), in any order, with ; or , between them"
    # A name that is not declared is cited by its place: a file without a header has citizens in its first line.
    for place, name in enumerate(names, start=1):
        if name not in known:
            problems.add(1, f"column {place} must have a declared name", found=shape(name), mend=mend, code="columns")
    for name in dict.fromkeys(names):
        if name in known and names.count(name) > 1:
            problems.add(1, f"column {name} must stand once", found="a repetition", mend=mend, code="columns")
    for name in required:
        if name not in names:
            problems.add(1, f"column {name} must be there", found="no such column", mend=mend, code="columns")
    problems.check()
    return delimiter, {name: place for place, name in enumerate(names)}


def _split(line: str, delimiter: str) -> list[str] | None:
    """Split a line into cells; None when its quotes do not close."""
    if '"' not in line:
        return line.split(delimiter)
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return None


def _cells(line: str, delimiter: str, number: int, width: int, problems: Problems) -> list[str] | None:
    cells = _split(line, delimiter)
    if cells is None:
        problems.add(
            number,
            "a quoted cell must close its quote on the same line",
            mend="remove the quote or double it inside the cell; a cell has no line break",
            code="quotes",
        )
        return None
    if len(cells) != width:
        problems.add(
            number,
            f"a row must have {width} cells, as the header has",
            found=f"{len(cells)}",
            mend="add or remove the delimiter; remove an empty line",
            code="ragged",
        )
        return None
    if _is_plain(line, delimiter):
        return cells
    trimmed = [cell.strip(_BLANK) for cell in cells]
    lawful = all(_is_lawful(cell, place, number, problems) for place, cell in enumerate(trimmed, start=1))
    return trimmed if lawful else None


def _is_plain(line: str, delimiter: str) -> bool:
    """Tell whether a line needs no look at its cells: no blanks, no quotes, nothing odd, no formula."""
    return (
        len(line) <= MAX_CELL
        and line.isprintable()
        and " " not in line
        and '"' not in line
        and not line.startswith(_FORMULA)
        and delimiter + "=" not in line
        and delimiter + "+" not in line
        and delimiter + "-" not in line
        and delimiter + "@" not in line
    )


def _is_lawful(cell: str, place: int, number: int, problems: Problems) -> bool:
    if cell.startswith(_FORMULA):
        problems.add(
            number,
            f"a cell must not begin as a formula does; column {place}",
            found="one of = + - @ tab",
            mend="write the value itself",
            code="formula",
        )
        return False
    if len(cell) > MAX_CELL or _CONTROL.search(cell):
        problems.add(
            number,
            f"a cell must be at most {MAX_CELL} printable characters; column {place}",
            found=shape(cell),
            mend="remove control characters and what does not belong in the cell",
            code="cell",
        )
        return False
    return True
