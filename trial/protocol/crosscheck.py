"""What every cross-check shares: the tables it needs, and how it tells its problems.

A check is written as the problems it yields; `check` makes of it a function that raises them together.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import wraps
from typing import ParamSpec

from trial.protocol.lines import Key
from trial.protocol.source import Fault, toml_value

Arguments = ParamSpec("Arguments")
NEEDS: dict[str, frozenset[str]] = {}  # the tables a check reads, by its name


def check(
    *tables: str,
) -> Callable[[Callable[Arguments, Iterator[Fault]]], Callable[Arguments, None]]:
    """Declare a check and the tables it reads; it raises all its problems, and says nothing without one."""

    def declare(find: Callable[Arguments, Iterator[Fault]]) -> Callable[Arguments, None]:
        NEEDS[find.__name__] = frozenset(tables)

        @wraps(find)
        def checked(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
            faults = list(find(*args, **kwargs))
            if faults:
                raise Fault.gather(faults)

        return checked

    return declare


def repeated(what: str, named: Iterable[tuple[Key, object]]) -> Iterator[Fault]:
    """Find every value that stands twice, at its second place."""
    seen: set[object] = set()
    for path, value in named:
        if value in seen:
            yield Fault(
                path,
                f"must be unique: no two {what} may be the same",
                found=f"{toml_value(value)} again",
                mend="give it another value, or remove it",
                code="protocol-repeated",
            )
        seen.add(value)


def unknown_name(path: Key, what: str, found: str, known: Sequence[str], guess: str | None) -> Fault:
    """A name that refers to nothing declared."""
    return Fault(
        path,
        f"must name {what}",
        found=toml_value(found),
        mend=f"did you mean {toml_value(guess)}?" if guess else f"one of {', '.join(map(toml_value, known))}",
        code="protocol-reference",
    )
