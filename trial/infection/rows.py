"""The bytes of a published file as numbered rows of cells, before anybody knows what they mean.

1. UTF-8, with or without a byte order mark; else Latin-1, as the later dashboards are. Anything else is refused:
   a UTF-16 file, a zero byte, and UTF-8 that was cut or read as something else on the way.
2. The separator is the semicolon; a cell may stand in quotes; blanks around a cell do not count.
3. Every row has as many cells as the header and the last one ends with a line break, as all published files do:
   a shorter row, or a last number that may have lost a digit, is a file cut short, and is never used.
4. Blank lines do not count, but the line numbers in an error are those of the file.
"""

import csv
import re
from dataclasses import dataclass
from datetime import date

from trial.errors import InfectionError

MOST_PROBLEMS = 10  # of one file: more of the same kind help nobody
FIRST_DAY = date(2020, 1, 1)
LAST_DAY = date(2029, 12, 31)

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DANISH = re.compile(r"(\d{2})-(\d{2})-(\d{4})", re.ASCII)
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_BROKEN_UTF8 = re.compile("[ÂÃ][\xa0-\xbf]|Ã[\x80-\xbf]")


@dataclass(frozen=True)
class Rows:
    """A header and the rows below it, each with its line number."""

    where: str
    header: tuple[str, ...]
    body: tuple[tuple[int, tuple[str, ...]], ...]
    encoding: str
    ends_with_break: bool

    def at(self, line: int) -> str:
        """Give `file:line`."""
        return f"{self.where}:{line}"


def read_rows(content: bytes, where: str) -> Rows:
    """Read the cells of a semicolon-separated file; raises InfectionError when it cannot be one."""
    text, encoding = decode(content, where)
    reader = csv.reader(text.splitlines(), delimiter=";")
    header: tuple[str, ...] = ()
    body: list[tuple[int, tuple[str, ...]]] = []
    for cells in reader:
        row = tuple(cell.strip() for cell in cells)
        if not any(row):
            continue
        if not header:
            header = row
        else:
            body.append((reader.line_num, row))
    return Rows(where, header, tuple(body), encoding, text.endswith("\n"))


def check_whole(rows: Rows) -> None:
    """Raise unless there are rows, each as wide as the header, and the last one ends."""
    if not rows.body:
        raise InfectionError(
            "a published file must have rows below its header",
            found="no row",
            where=rows.at(1),
            mend="fetch the file again",
            code="infection-empty",
        )
    wrong = [
        InfectionError(
            f"every row must have {len(rows.header)} cells, as the header has",
            found=f"{len(row)}",
            where=rows.at(line),
            mend="the file was cut short or changed on the way: fetch it again",
            code="infection-row",
        )
        for line, row in rows.body
        if len(row) != len(rows.header)
    ]
    if not rows.ends_with_break and not wrong:
        wrong = [
            InfectionError(
                "the last row must end with a line break, as in every published file",
                found="none",
                where=rows.at(rows.body[-1][0]),
                mend="the file was cut short on the way: fetch it again",
                code="infection-row",
            )
        ]
    if wrong:
        raise InfectionError.gather(wrong[:MOST_PROBLEMS])


def check_once(key: str, lines: dict[str, int], rows: Rows, line: int) -> None:
    """Raise when a day or an area stood on an earlier line already; lines remembers where each stood."""
    first = lines.setdefault(key, line)
    if first != line:
        raise InfectionError(
            "each day and each area must stand only once",
            found=f"{key} on line {first} already",
            where=rows.at(line),
            mend="fetch the file again: two rows of the same thing contradict each other",
            code="infection-duplicate",
        )


def decode(content: bytes, where: str) -> tuple[str, str]:
    """Give the text of a file and the name of its encoding."""
    if not content.strip():
        raise InfectionError(
            "a published file must not be empty",
            found=f"{len(content)} bytes",
            where=where,
            mend="fetch the file again",
            code="infection-empty",
        )
    try:
        text, encoding = content.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        text, encoding = content.decode("latin-1"), "latin-1"
    if _CONTROLS.search(text) or _BROKEN_UTF8.search(text):
        raise InfectionError(
            "a published file must be UTF-8 or Latin-1",
            found="bytes of another encoding, or text that was converted twice",
            where=where,
            mend="fetch the file again as it was published, without opening it in a spreadsheet",
            code="infection-encoding",
        )
    return text, encoding


def iso_day(text: str, where: str) -> date:
    """Read a date as `2021-06-14`."""
    return _day(text, where, bool(_ISO.fullmatch(text)), text, "written 2021-06-14")


def danish_day(text: str, where: str) -> date:
    """Read a date as `14-06-2021`."""
    parts = _DANISH.fullmatch(text)
    iso = "-".join(reversed(parts.groups())) if parts else text
    return _day(text, where, parts is not None, iso, "written 14-06-2021")


def _day(text: str, where: str, fits: bool, iso: str, form: str) -> date:
    try:
        found = date.fromisoformat(iso) if fits else None
    except ValueError:
        found = None
    if found is None or not FIRST_DAY <= found <= LAST_DAY:
        raise InfectionError(
            f"a date must be a day from 2020 to 2029, {form}",
            found=f'"{text}"',
            where=where,
            mend="fetch the file again as it was published",
            code="infection-date",
        )
    return found
