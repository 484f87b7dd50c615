"""Numbers as the published files write them: whole, with points for thousands, or with a decimal comma.

1. A count is a whole number of at least 0: "17". In some files thousands have points and blanks: " 549.237".
2. A rate has a decimal comma and may have points for thousands: "1.302,75".
3. "549.237" is therefore a count of half a million in one file and refused in another: comma and point are never
   guessed.
4. A blank cell, "NA" or "-" is not a number. Only where a layout says so may it stand for nothing.
"""

import re
from collections.abc import Callable
from typing import TypeVar

from trial.errors import InfectionError

_WHOLE = re.compile(r"\d{1,9}", re.ASCII)
_GROUPED = re.compile(r"\d{1,3}(\.\d{3}){0,2}", re.ASCII)
_RATE = re.compile(r"(\d{1,9}|\d{1,3}(\.\d{3})+)(,\d+)?", re.ASCII)

Number = TypeVar("Number", int, float)


def whole(text: str, where: str) -> int:
    """Read a count without separators."""
    return _read(text, where, _WHOLE, int, "a whole number of at least 0, without points or commas")


def grouped(text: str, where: str) -> int:
    """Read a count with points for thousands."""
    return _read(
        text, where, _GROUPED, lambda found: int(found.replace(".", "")), "a whole number, thousands with points"
    )


def rate(text: str, where: str) -> float:
    """Read a rate with a decimal comma."""
    return _read(
        text,
        where,
        _RATE,
        lambda found: float(found.replace(".", "").replace(",", ".")),
        "a number of at least 0 with a decimal comma",
    )


def _read(text: str, where: str, form: re.Pattern[str], convert: Callable[[str], Number], must: str) -> Number:
    if not form.fullmatch(text):
        raise InfectionError(
            f"the cell must be {must}",
            found=f'"{text}"',
            where=where,
            mend="fetch the file again as it was published, without opening it in a spreadsheet",
            code="infection-count",
        )
    return convert(text)
