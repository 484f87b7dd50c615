"""A published file: what it is, told by its content; when it was published; the hash that names it as evidence.

1. The layout is recognised by the header, never by the name of the file.
2. The day of publication (the vintage) is, in this order:
     what the user says (`--published-at`);
     the newest day in the column names of a decision file;
     for the files of one folder or one zip archive, which are published together: the last sampling day of their
     tests, which reach into the day of publication itself; where there are only cases, the day after the last one,
     for cases reach to the day before;
     a day in the name of the folder, archive or file, when it is up to three days later than that, or when
     nothing in the content tells a day.
   In doubt it is the later one: a decision must never rest on what was not yet known.
3. Files were published at 14:00, Danish time.
4. The same bytes published on the same day are the same publication, whatever their name.
"""

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache

from trial.clock import COPENHAGEN, danish_date
from trial.errors import InfectionError
from trial.infection import decisions, series, totals
from trial.infection.decisions import Decisions
from trial.infection.rows import Rows, read_rows
from trial.infection.series import Series
from trial.infection.totals import Totals

PUBLISHED_AT = time(14, 0)
ZIP = b"PK\x03\x04"
MARKS = (b"SampleDate", b"PrDate_adjusted", b"Kommune", b"Sognekode")  # what a damaged file of ours still shows
LATE_NAME = timedelta(days=3)

Data = Series | Decisions | Totals

_ISO_IN_NAME = re.compile(r"(?<!\d)(20\d{2})-(\d{2})-(\d{2})(?!\d)", re.ASCII)
_DANISH_IN_NAME = re.compile(r"(?<!\d)(\d{2})-?(\d{2})-?(20\d{2})(?!\d)", re.ASCII)


@dataclass(frozen=True)
class Layout:
    """A layout: its name, what its header shows, how it is read."""

    kind: str
    shows: str
    fits: Callable[[Sequence[str]], bool]
    read: Callable[[Rows], Data]


LAYOUTS = (
    Layout("cases-series", f"a header with {series.CASES}", series.is_cases, series.read_wide),
    Layout("tested-series", f"a header with {series.TESTED}", series.is_tested, series.read_wide),
    Layout("cases-long", "Kommune;Kommunenavn;Dato;Bekræftede tilfælde", series.is_long, series.read_long),
    Layout(
        "municipal-decisions",
        "Testjusteret incidens pr. DD-MM-YYYY",
        decisions.is_municipal,
        decisions.read_municipal,
    ),
    Layout("parish-decisions", "Sognekode;Sogn", decisions.is_parish, decisions.read_parish),
    Layout("municipal-totals", "Kommune_(id) and Befolkningstal", totals.is_positive, totals.read_positive),
    Layout("municipal-snapshot", "Kommune;Kommunenavn and Antal borgere", totals.is_snapshot, totals.read_snapshot),
)


@dataclass(frozen=True)
class Publication:
    """A file as published."""

    kind: str
    name: str
    sha256: str
    vintage_on: date
    published_at: datetime
    content: bytes = field(repr=False, compare=False)
    read: Callable[[], Data] = field(repr=False, compare=False)

    @property
    def data(self) -> Data:
        """Give what the file says; what is kept is read when it is first asked for."""
        return self.read()


@dataclass(frozen=True)
class Draft:
    """A file read and understood, its day of publication still open."""

    layout: Layout
    name: str
    content: bytes = field(repr=False)
    data: Data = field(repr=False)


def recognise(content: bytes, name: str, published_at: datetime | None = None) -> Publication | None:
    """Read one published file; None when it fits no layout.

    Raises InfectionError when it has a layout and breaks it, or when nothing tells its day of publication.
    """
    draft = understand(content, name)
    return None if draft is None else publish([draft], published_at)[0]


def understand(content: bytes, name: str) -> Draft | None:
    """Read a file by the layout its header shows; None when it shows none."""
    try:
        rows = read_rows(content, name)
    except InfectionError:
        if content.startswith(ZIP) or not any(mark in content[:2000] for mark in MARKS):
            return None
        raise
    layout = next((layout for layout in LAYOUTS if layout.fits(rows.header)), None)
    return None if layout is None else Draft(layout, name, content, layout.read(rows))


def publish(together: Sequence[Draft], published_at: datetime | None = None) -> list[Publication]:
    """Give the files of one folder or archive their day of publication."""
    found = []
    of_series = _series_day(together)
    for draft in together:
        at = published_at or datetime.combine(_vintage(draft, of_series), PUBLISHED_AT, COPENHAGEN)
        digest = hashlib.sha256(draft.content).hexdigest()
        found.append(
            Publication(draft.layout.kind, draft.name, digest, danish_date(at), at, draft.content, _given(draft.data))
        )
    return found


def kept(kind: str, name: str, sha256: str, published_at: datetime, content: bytes) -> Publication:
    """Give a publication that was read before and kept: its data are read anew when first asked for."""
    layout = next(layout for layout in LAYOUTS if layout.kind == kind)
    vintage_on = danish_date(published_at)
    return Publication(
        kind, name, sha256, vintage_on, published_at, content, cache(lambda: layout.read(read_rows(content, name)))
    )


def unknown_layout(name: str) -> InfectionError:
    """Say that a file fits no layout, and what was expected."""
    return InfectionError(
        "the file must be one of the published layouts",
        found="none of them",
        where=f"{name}:1",
        mend="expected " + "; or ".join(layout.shows for layout in LAYOUTS),
        code="infection-layout",
    )


def _given(data: Data) -> Callable[[], Data]:
    return lambda: data


def _series_day(together: Sequence[Draft]) -> date | None:
    found = [(draft.layout.kind, draft.data.last_on) for draft in together if isinstance(draft.data, Series)]
    last = max((day for _, day in found), default=None)
    if last is None or any(kind == "tested-series" for kind, _ in found):
        return last
    return last + timedelta(days=1)


def _vintage(draft: Draft, of_series: date | None) -> date:
    named = _day_in_name(draft.name)
    told = draft.data.published_on if isinstance(draft.data, Decisions) else of_series
    if told is None and named is None:
        raise InfectionError(
            "the day of publication must be known",
            found="no date in the content or the name",
            where=draft.name,
            mend="give --published-at 2021-06-14, or import it with the files published together with it",
            code="infection-vintage",
        )
    if told is None or isinstance(draft.data, Decisions):
        return told or named or date.min
    return named if named is not None and told <= named <= told + LATE_NAME else told


def _day_in_name(name: str) -> date | None:
    """Find the last day in a path: `vintage_2021-06-14`, `smitteniveau-...-14062021-9wg3.zip`."""
    parts = [match.groups() for match in _ISO_IN_NAME.finditer(name)]
    parts += [match.groups()[::-1] for match in _DANISH_IN_NAME.finditer(name)]
    for year, month, day in reversed(parts):
        try:
            return date(int(year), int(month), int(day))
        except ValueError:
            continue
    return None
