"""The 98 municipalities, in the order of their codes: every array of this package has its columns in that order.

1. A code is a four-digit text; the files write it with or without the leading zero: "101" is 0101.
2. A series names its columns as SSI does ("Copenhagen"), the other files in Danish ("København").
3. Christiansø (0411) is no municipality; it is known and passed over. "NA" are persons without a known municipality.
4. A file that lacks one of the 98 is refused: an absent municipality must not look like a healthy one.
"""

import re
from collections.abc import Iterable
from functools import cache

from trial.errors import InfectionError
from trial.protocol.shipped import Municipality, load_municipalities

PASSED_OVER = ("Christiansø", "NA")
CHRISTIANSOE = "0411"

_CODE = re.compile(r"\d{3,4}", re.ASCII)


def municipalities() -> tuple[Municipality, ...]:
    """Give the municipalities in the order of their codes."""
    return load_municipalities()


@cache
def codes() -> tuple[str, ...]:
    """Give the codes, in order."""
    return tuple(municipality.code for municipality in municipalities())


@cache
def position() -> dict[str, int]:
    """Give the column of each code."""
    return {code: index for index, code in enumerate(codes())}


@cache
def names() -> dict[str, str]:
    """Give the name of each code."""
    return {municipality.code: municipality.name for municipality in municipalities()}


@cache
def column_names() -> dict[str, int]:
    """Give the column of each name that a series may use: the SSI name and the Danish one."""
    found = {municipality.name: index for index, municipality in enumerate(municipalities())}
    return found | {municipality.ssi_column: index for index, municipality in enumerate(municipalities())}


def code(text: str, where: str) -> str:
    """Read a municipality code with or without its leading zero; Christiansø is one too."""
    padded = text.zfill(4)
    if not _CODE.fullmatch(text) or (padded not in position() and padded != CHRISTIANSOE):
        raise InfectionError(
            "the code must be that of a municipality",
            found=f'"{text}"',
            where=where,
            mend="fetch the file again as it was published",
            code="infection-municipality",
        )
    return padded


def check_all_there(found: Iterable[str], where: str) -> None:
    """Raise unless all 98 municipalities are among these codes."""
    seen = set(found)
    missing = [f"{one.name} ({one.code})" for one in municipalities() if one.code not in seen]
    if missing:
        raise InfectionError(
            "a published file must have all 98 municipalities",
            found=f"none of {', '.join(missing[:5])}" + (f" and {len(missing) - 5} more" if len(missing) > 5 else ""),
            where=where,
            mend="fetch the file again: an absent municipality would look like a healthy one",
            code="infection-municipality",
        )
