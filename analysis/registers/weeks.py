"""Weeks of the registers: ISO weeks, Monday to Sunday, named `y_YYWW`.

1. A week is known by its Monday; nothing counts weeks by hand, so week 53 (2015, 2020, 2026) is a week like others.
2. YY below 90 is 20YY, otherwise 19YY: DREAM begins in the middle of 1991.
3. A week belongs to the month of its Thursday, as ISO 8601 gives it to a year.
"""

import re
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise

from trial.errors import RegisterError

CENTURY_PIVOT = 90
_COLUMN = re.compile(r"y_(\d{2})(\d{2})", re.IGNORECASE)
WEEK = timedelta(weeks=1)
THURSDAY = timedelta(days=3)


def week_of(day: date) -> date:
    """Give the Monday of the ISO week a day lies in."""
    return day - timedelta(days=day.weekday())


def column_of(monday: date) -> str:
    """Name the DREAM column of a week: 2020-12-28 is `y_2053`."""
    year, week, _ = monday.isocalendar()
    return f"y_{year % 100:02d}{week:02d}"


def is_week_column(name: str) -> bool:
    """Say whether a column has the name of a week, lawful or not."""
    return _COLUMN.fullmatch(name) is not None


def monday_of(column: str, where: str | None = None) -> date:
    """Give the Monday of a DREAM column; a week the year does not have raises RegisterError, with its file."""
    match = _COLUMN.fullmatch(column)
    if match is None:
        raise RegisterError(
            "a weekly column is named y_YYWW",
            found=column,
            where=where,
            mend="rename it, e.g. y_2053",
            code="register-week",
        )
    year, week = int(match[1]), int(match[2])
    year += 2000 if year < CENTURY_PIVOT else 1900
    try:
        return date.fromisocalendar(year, week, 1)
    except ValueError:
        raise RegisterError(
            f"week {week} must exist in {year} (ISO 8601)",
            found=column,
            where=where,
            mend="check the year: only 53-week years such as 2015, 2020 and 2026 have a week 53",
            code="register-week",
        ) from None


def weeks_between(first: date, last: date) -> tuple[date, ...]:
    """List the Mondays from the week of `first` to the week of `last`, both included."""
    start, stop = week_of(first), week_of(last)
    return tuple(start + WEEK * index for index in range((stop - start).days // 7 + 1))


def month_of(day: date) -> int:
    """Number a calendar month: twelve a year, so that months can be subtracted."""
    return day.year * 12 + day.month - 1


def weeks_in_month(monday: date) -> int:
    """Give how many weeks the month of a week has: its Thursdays, four or five."""
    month, before, after = month_of(monday + THURSDAY), monday, monday
    while month_of(before - WEEK + THURSDAY) == month:
        before -= WEEK
    while month_of(after + WEEK + THURSDAY) == month:
        after += WEEK
    return (after - before).days // 7 + 1


def week_months(mondays: Sequence[date]) -> list[int]:
    """Give the month number of each week, by its Thursday."""
    return [month_of(monday + THURSDAY) for monday in mondays]


def check_consecutive(mondays: Sequence[date], where: str) -> None:
    """Raise RegisterError unless the weeks follow one another without a hole or a repeat."""
    for before, after in pairwise(mondays):
        if after - before != WEEK:
            missing = (after - before).days // 7 - 1
            found = f"{missing} week(s) missing between {column_of(before)} and {column_of(after)}"
            if missing < 0:
                found = f"the week {column_of(before)} stands twice"
            raise RegisterError(
                "the weekly columns must be consecutive ISO weeks",
                found=found,
                where=where,
                mend="deliver every week once; an empty column is a week without benefit, an absent one is unknown",
                code="register-week-gap",
            )
