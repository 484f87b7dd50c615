"""What the tests of procedures share: arms, units, and exact enumeration of every path a procedure can take."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any

from trial.procedures import Arms, Procedure, Unit

ONE = Fraction(1)


class NeedsOutcome(Exception):  # noqa: N818 - not an error: the enumerator branches here
    def __init__(self, place: tuple[int, str], n: int) -> None:
        self.place, self.n = place, n


class Scripted:
    """Draws whose outcomes are written down; one that is not asks the enumerator to branch."""

    def __init__(self, script: dict[tuple[int, str], int]) -> None:
        self.script, self.memo = script, dict[str, Any]()

    def below(self, n: int, step: int, purpose: str) -> int:
        if n == 1:
            return 0
        if (step, purpose) not in self.script:
            raise NeedsOutcome((step, purpose), n)
        return self.script[step, purpose]


def outcomes(run: Callable[[Scripted], Any]) -> Iterator[tuple[Any, Fraction]]:
    """Run a function of draws under every outcome of every draw it asks for; give result and exact probability."""
    pending: list[tuple[dict[tuple[int, str], int], Fraction]] = [({}, ONE)]
    while pending:
        script, share = pending.pop()
        try:
            yield run(Scripted(script)), share
        except NeedsOutcome as asked:
            pending += [({**script, asked.place: k}, share / asked.n) for k in range(asked.n)]


def sequences(procedure: Procedure, units: Sequence[Unit] | int) -> dict[tuple[str, ...], Fraction]:
    """Give the exact distribution of the arms of these units, drawn one after the other in one scope."""
    if isinstance(units, int):
        units = [Unit(f"p{number}", {}, "s") for number in range(units)]
    found: dict[tuple[str, ...], Fraction] = defaultdict(Fraction)
    pending: list[tuple[dict[tuple[int, str], int], Any, tuple[str, ...], Fraction]] = [
        ({}, procedure.begin(), (), ONE)
    ]
    while pending:
        script, state, path, share = pending.pop()
        if len(path) == len(units):
            found[path] += share
            continue
        unit = units[len(path)]

        def one(draw: Scripted, state: Any = state, unit: Unit = unit) -> list[tuple[str, Fraction, Any]]:
            chances = procedure.probabilities(state, unit, draw)
            assert sum(chances.values()) == 1
            settled = procedure.settled(state, unit)
            if settled:
                return [(settled, ONE, procedure.advance(state, unit, settled, draw))]
            return [(arm, p, procedure.advance(state, unit, arm, draw)) for arm, p in chances.items() if p]

        try:
            pending += [(script, after, (*path, arm), share * p) for arm, p, after in one(Scripted(script))]
        except NeedsOutcome as asked:
            pending += [({**script, asked.place: k}, state, path, share / asked.n) for k in range(asked.n)]
    return dict(found)


def at_position(found: dict[tuple[str, ...], Fraction], position: int) -> dict[str, Fraction]:
    """Give the probability of each arm at a position."""
    shares: dict[str, Fraction] = defaultdict(Fraction)
    for path, share in found.items():
        shares[path[position]] += share
    return dict(shares)


def arms_of(ratio: str) -> Arms:
    """Make arms from "2:1"."""
    parts = [int(part) for part in ratio.split(":")]
    return Arms(tuple("ABCD"[: len(parts)]), tuple(parts))
