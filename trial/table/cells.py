"""What single cells mean, the same in every file: dates and answers."""

import re
from datetime import date

YES_NO = {"yes": True, "no": False, "ja": True, "nej": False}
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def iso_date(text: str) -> date | None:
    """Give the date of a text such as 2021-03-01; None when it is written otherwise or does not exist."""
    try:
        return date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        return None


def yes_no(text: str) -> bool | None:
    """Give the answer of yes, no, ja or nej, in capitals or not; None of any other text."""
    return YES_NO.get(text.lower())
