"""Parameters of a procedure: each is declared once, with its reader, on the field of the procedure that holds it.

1. A reader takes what stands in the protocol and gives the exact value, or says what must hold and how to mend it.
2. A decimal in a protocol is read as it is written: 0.85 is 17/20. A fraction can be written as text: "2/3".
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, field
from fractions import Fraction
from typing import Any

from trial.errors import ProtocolError
from trial.procedures.arms import repeated

Reader = Callable[[str, object], Any]


def parameter(read: Reader, **default: Any) -> Any:
    """Declare a field as a parameter; `default=...` makes it optional."""
    return field(**default, metadata={"read": read}, kw_only=True)


def refuse(name: str, must: str, found: object, mend: str) -> ProtocolError:
    """Make the error for a parameter that is not lawful."""
    return ProtocolError(
        f"randomisation.{name} must be {must}", found=repr(found), where=f"randomisation.{name}", mend=mend
    )


def whole(at_least: int) -> Reader:
    """A whole number."""

    def read(name: str, value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value < at_least:
            raise refuse(name, f"a whole number of at least {at_least}", value, f"{name} = {max(at_least, 3)}")
        return value

    return read


def exact(value: object) -> Fraction | None:
    """Read a number exactly: a whole number, a decimal as it is written, or text such as "2/3"."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Fraction)):
        return None
    try:
        return Fraction(str(value)) if isinstance(value, float) else Fraction(value)
    except (ValueError, ZeroDivisionError):
        return None


def between(low: Fraction | int, high: Fraction | int | None, *, low_included: bool = False) -> Reader:
    """An exact number above (or at) `low` and below `high`."""
    words = f"{'at least' if low_included else 'above'} {low}" + ("" if high is None else f" and below {high}")

    def read(name: str, value: object) -> Fraction:
        number = exact(value)
        low_ok = number is not None and (number >= low if low_included else number > low)
        if number is None or not low_ok or (high is not None and number >= high):
            raise refuse(name, f"a number {words}", value, f'{name} = a decimal, or a fraction as text such as "2/3"')
        return number

    return read


def listed(read_one: Reader, what: str) -> Reader:
    """One or more values, none of them twice."""

    def read(name: str, value: object) -> tuple[Any, ...]:
        if not isinstance(value, (list, tuple)) or not value:
            raise refuse(name, f"a list of {what}", value, f"{name} = [ ... ]")
        values = tuple(read_one(name, one) for one in value)
        if (twice := repeated(str(one) for one in values)) is not None:
            raise refuse(name, f"a list of different {what}", f"{twice} twice", "name it once")
        return values

    return read


def text(name: str, value: object) -> str:
    """A text that is not empty."""
    if not isinstance(value, str) or not value:
        raise refuse(name, "a text", value, f'{name} = "..."')
    return value


def readers(of: type) -> dict[str, tuple[Reader, bool]]:
    """Give the parameters of a procedure: name, reader, whether it must be written."""
    fields = getattr(of, "__dataclass_fields__", {}).values()
    return {
        one.name: (one.metadata["read"], one.default is MISSING and one.default_factory is MISSING)
        for one in fields
        if "read" in one.metadata
    }


def check_names(of: type, written: Mapping[str, object], procedure: str) -> None:
    """Refuse parameters that a procedure does not have, and the lack of one it must have."""
    known = readers(of)
    problems = [
        ProtocolError(
            f"{procedure} must be given only parameters it has ({', '.join(known) or 'none'})",
            found=f'"{name}"',
            where=f"randomisation.{name}",
            mend="remove it, or correct its name",
            code="protocol-parameter",
        )
        for name in written
        if name not in known
    ] + [
        ProtocolError(
            f"{procedure} must be given {name}",
            found="nothing",
            where="randomisation",
            mend=f"add {name} = ... under [randomisation]",
            code="protocol-parameter",
        )
        for name, (_, needed) in known.items()
        if needed and name not in written
    ]
    if problems:
        raise ProtocolError.gather(problems)
