"""The only place that asks for the time.

1. Every computation gets its time as an argument; commands take it from here and hand it down.
2. Times are UTC with microseconds; dates are Danish calendar dates (Europe/Copenhagen).
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from trial.errors import StateError

COPENHAGEN = ZoneInfo("Europe/Copenhagen")

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """Give the time now, UTC."""
    return datetime.now(UTC)


def danish_date(at: datetime) -> date:
    """Give the calendar date in Denmark at a time; `at` must carry its zone."""
    return at.astimezone(COPENHAGEN).date()


def danish_date_after(at: datetime, last: str) -> date:
    """Give the calendar date in Denmark at a time; raise StateError where a last time lies on a later one."""
    day = danish_date(at)
    if last and day < danish_date(datetime.fromisoformat(last)):
        raise StateError(
            "the clock must not be a day behind the ledger where it is to tell the day",
            found=f"{day}, and a last entry of {danish_date(datetime.fromisoformat(last))}",
            mend="set the clock right, or name the day: --on YYYY-MM-DD (of a pause --decided-on)",
            code="clock-behind",
        )  # fmt: skip
    return day


def check_come(on: date, come: date | None) -> None:
    """Raise StateError for a day after the last that has come: its pauses are not known yet, nor who arrives."""
    if come is not None and on > come:
        raise StateError(
            "in production a day must have come before anything of it is recorded",
            found=f"{on}, and today is {come}",
            mend="name the day it was, or leave it out; where the clock is wrong set it right", code="day-to-come",
        )  # fmt: skip


def utc_text(at: datetime) -> str:
    """Write a time as the ledger does: UTC, microseconds, `2021-03-01T08:00:00.000000Z`."""
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def danish_time(text: str) -> datetime:
    """Read a time of day; without an offset it is Danish.

    Raises ValueError for what is no time, and for an hour that the clocks skip or repeat: there it needs the offset.
    """
    found = datetime.fromisoformat(text)
    if found.tzinfo is not None:
        return found
    first, second = (found.replace(tzinfo=COPENHAGEN, fold=fold) for fold in (0, 1))
    if first.utcoffset() != second.utcoffset():
        raise ValueError(f"the clocks change in that hour; say which: {text}+01:00 or {text}+02:00")
    return first
