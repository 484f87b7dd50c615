"""What the tests of procedures share: arms, units, and exact enumeration of every path a procedure can take."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any

from trial.procedures import Arms, Procedure, Subject, Unit

ONE = Fraction(1)


class NeedsOutcome(Exception):  # noqa: N818 - not an error: the enumerator branches here
    def __init__(self, place: tuple[int, str], n: int) -> None:
        self.place, self.n = place, n


class Scripted:
    """Draws whose outcomes are written down; one that is not asks the enumerator to branch."""

    def __init__(self, script: dict[tuple[int, str], int]) -> None:
        self.script, self.memo = script, dict[str, Any]()

    def marks(self, purpose: str, texts: Iterable[str]) -> list[bytes]:
        return [text.encode() for text in texts]

    def below(self, n: int, step: int, purpose: str) -> int:
        if n == 1:
            return 0
        if (step, purpose) not in self.script:
            raise NeedsOutcome((step, purpose), n)
        return self.script[step, purpose]


def outcomes(
    run: Callable[[Scripted], Any], script: dict[tuple[int, str], int] | None = None
) -> Iterator[tuple[Any, Fraction]]:
    """Run a function of draws under every outcome of every draw it asks for; give result and exact probability."""
    pending: list[tuple[dict[tuple[int, str], int], Fraction]] = [(script or {}, ONE)]
    while pending:
        script, share = pending.pop()
        try:
            yield run(Scripted(script)), share
        except NeedsOutcome as asked:
            pending += [({**script, asked.place: k}, share / asked.n) for k in range(asked.n)]


def one_step(procedure: Procedure, state: Any, unit: Unit, arm: str) -> Callable[[Scripted], Any]:
    """Give the step to an arm as a function of draws: what was drawn beside it, its probability, the state after.

    A slot is drawn once and then counted in the state; what else is drawn is asked for again, and kept.
    """

    def run(draw: Scripted) -> Any:
        chances = procedure.probabilities(state, unit, draw)
        assert sum(chances.values()) == 1
        settled = procedure.settled(state, unit)
        p = ONE * (arm == settled) if settled else chances[arm]
        after = procedure.advance(state, unit, arm, draw) if p else state
        return tuple(sorted(item for item in draw.script.items() if not item[0][1].endswith("slot"))), p, after

    return run


def sequences(procedure: Procedure, units: Sequence[Unit] | int) -> dict[tuple[str, ...], Fraction]:
    """Give the exact distribution of the arms of these units, drawn one after the other in one scope.

    Paths that lead to the same state, under the same draws, are carried on together.
    """
    if isinstance(units, int):
        units = [Subject(f"p{number}", {}, "s") for number in range(units)]
    level: dict[Any, tuple[Any, Fraction]] = {((), (), ""): (procedure.begin(), ONE)}
    for unit in units:
        following: dict[Any, tuple[Any, Fraction]] = {}
        for (path, script, _), (state, share) in level.items():
            for arm in procedure.arms.names:
                for (drawn, p, after), chance in outcomes(one_step(procedure, state, unit, arm), dict(script)):
                    if p:
                        key = ((*path, arm), drawn, json.dumps(after, sort_keys=True))
                        before = following.get(key, (after, Fraction(0)))[1]
                        following[key] = (after, before + share * chance * p)
        level = following
    found: dict[tuple[str, ...], Fraction] = defaultdict(Fraction)
    for (path, _, _), (_, share) in level.items():
        found[path] += share
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
