"""Replay: the procedure that was run, run again with other draws, for the same citizens in the same order.

1. Citizens stand in the order in which they were randomised. Who arrived in a pause was not randomised and is not in
   it: the pauses follow the infection, not the arms, so they are the same in every replay.
2. Stratified procedures of two equal arms that depend on the lead alone (simple, big stick), permuted blocks, and a
   given number of each stratum have compiled kernels. Every other procedure is asked itself, with fresh draws:
   slower, and valid for all of them, batches included.
3. Where clusters are drawn only the first of each is asked for: the others have its arm without a draw.
4. A replay gives sums of columns over the second arm, by stratum: whatever a test statistic needs.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.estimate.cells import Bools, Floats, Ints, codes
from analysis.estimate.result import DegenerateError
from analysis.estimate.threads import over_parts
from trial.procedures import Procedure, Subject, Unit, next_arm

Engine = Callable[[Floats, int, int], Floats]  # columns x citizens, draws, seed -> draws x strata x columns


@dataclass(frozen=True)
class Replay:
    """A design that can be drawn again: its strata, each citizen's, and the engine.

    fixed: how many of each stratum are in the second arm, where every draw has the same number.
    """

    name: str
    strata: tuple[str, ...]
    codes: Ints
    engine: Engine
    fixed: Ints | None = None

    def sums(self, columns: Floats, *, draws: int, seed: int) -> Floats:
        """Draw again; give the sums of the columns over the second arm, draws x strata x columns."""
        if draws < 1:
            raise DegenerateError("a randomisation test needs at least one draw")
        return self.engine(np.ascontiguousarray(columns, dtype=np.float64), draws, seed)


def replay_complete(stratum: npt.ArrayLike, treated: npt.ArrayLike) -> Replay:
    """Replay complete randomisation within strata: each keeps its number in the second arm."""
    labels, strata = codes(stratum)
    taken = np.bincount(strata, weights=np.asarray(treated, dtype=np.float64), minlength=len(labels)).astype(np.int64)

    def run(columns: Floats, starts: Ints, draws: int, seed: int) -> Floats:
        from analysis.estimate.kernels import complete_sums  # noqa: PLC0415 - compiled when first used

        return _spread(complete_sums, columns, starts, taken, (draws, seed))

    return Replay("complete", labels, strata, _sorted(strata, len(labels), run), taken)


def replay_procedure(
    procedure: Procedure, units: Sequence[Unit], arm: str, batches: Sequence[int] | None = None
) -> Replay:
    """Replay a procedure for the units in the order they were randomised; `arm` is the second arm.

    batches: for procedures drawn a batch at a time, the number of each unit's batch, never decreasing.
    """
    labels, strata = codes([unit.stratum for unit in units])
    names = procedure.arms.names
    equal = len(names) == 2 and procedure.arms.total == 2
    if equal and procedure.name in ("simple", "big-stick"):
        return Replay(procedure.name, labels, strata, _sorted(strata, len(labels), _chain(procedure, arm)))
    if equal and procedure.name == "permuted-block":
        return Replay(procedure.name, labels, strata, _sorted(strata, len(labels), _blocks(procedure)))
    again = partial(assign_again, procedure, units, arm, batches)
    if procedure.name == "cluster":
        again = partial(_clusters_again, procedure, units, arm)
    return Replay(procedure.name, labels, strata, _asked(again, strata, len(labels)))


def _spread(kernel: Any, columns: Floats, starts: Ints, rule: Any, drawn: tuple[int, int]) -> Floats:
    parts = over_parts(lambda *span: kernel(columns, starts, rule, drawn, span), len(starts) - 1)
    return np.concatenate(parts, axis=1)


def _sorted(strata: Ints, size: int, run: Callable[[Floats, Ints, int, int], Floats]) -> Engine:
    order = np.argsort(strata, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(strata, minlength=size))]).astype(np.int64)
    return lambda columns, draws, seed: run(np.ascontiguousarray(columns[:, order]), starts, draws, seed)


def _chain(procedure: Procedure, arm: str) -> Callable[[Floats, Ints, int, int], Floats]:
    reach = int(getattr(procedure, "tolerance", 1))
    (other,) = (name for name in procedure.arms.names if name != arm)
    unit = Subject("p", {}, "")
    chances = []
    for lead in range(-reach, reach + 1):
        state = {arm: max(lead, 0), other: max(-lead, 0)}
        chances.append(int(procedure.probabilities(state, unit, Fresh(np.random.default_rng(0)))[arm] * 2**32))
    chance = np.array(chances, dtype=np.uint64)

    def run(columns: Floats, starts: Ints, draws: int, seed: int) -> Floats:
        from analysis.estimate.kernels import chain_sums  # noqa: PLC0415

        return _spread(chain_sums, columns, starts, chance, (draws, seed))

    return run


def _blocks(procedure: Procedure) -> Callable[[Floats, Ints, int, int], Floats]:
    sizes = np.array(procedure.sizes, dtype=np.int64)  # type: ignore[attr-defined]

    def run(columns: Floats, starts: Ints, draws: int, seed: int) -> Floats:
        from analysis.estimate.kernels import block_sums  # noqa: PLC0415

        return _spread(block_sums, columns, starts, sizes, (draws, seed))

    return run


class Fresh:
    """Draws for a replay: uniform, seeded, and the same when a procedure asks for one again."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.memo: dict[str, Any] = {}
        self._rng = rng
        self._given: dict[tuple[int, int, str], int] = {}

    def below(self, n: int, step: int, purpose: str) -> int:
        """Give a uniform whole number from 0 to n - 1."""
        if n == 1:
            return 0
        key = (n, step, purpose)
        if key not in self._given:
            self._given[key] = self._wide(n) if n > 2**62 else int(self._rng.integers(n))
        return self._given[key]

    def marks(self, purpose: str, texts: Iterable[str]) -> list[bytes]:
        """Give 32 bytes for each that order a batch: fresh, whatever the texts."""
        del purpose
        return [self._rng.bytes(32) for _ in texts]

    def _wide(self, n: int) -> int:
        span = 1 << (n.bit_length() + 64)
        while (number := int.from_bytes(self._rng.bytes(n.bit_length() // 8 + 9)) % span) >= span - span % n:
            pass
        return number % n


def _asked(again: Callable[[np.random.Generator], Bools], strata: Ints, size: int) -> Engine:
    def engine(columns: Floats, draws: int, seed: int) -> Floats:
        out = np.zeros((draws, size, len(columns)))
        for draw in range(draws):
            taken = again(np.random.default_rng([seed, draw]))
            for column, values in enumerate(columns):
                out[draw, :, column] = np.bincount(strata[taken], weights=values[taken], minlength=size)
        return out

    return engine


def assign_again(
    procedure: Procedure, units: Sequence[Unit], arm: str, batches: Sequence[int] | None, rng: np.random.Generator
) -> Bools:
    """Run the procedure once more with fresh draws; give who is in the second arm."""
    draws: dict[str, Fresh] = {}
    states: dict[str, Any] = {}
    steps: dict[str, int] = {}
    taken = np.zeros(len(units), dtype=bool)
    if procedure.together_in_batches:
        return _in_batches(procedure, units, arm, batches, Fresh(rng))
    for row, unit in enumerate(units):
        scope = procedure.scope_of(unit)
        if scope not in states:
            draws[scope], states[scope], steps[scope] = Fresh(rng), procedure.begin(), 0
        drawn = next_arm(procedure, states[scope], unit, draws[scope], steps[scope])
        states[scope] = drawn.state
        steps[scope] += 1
        taken[row] = drawn.arm == arm
    return taken


def _clusters_again(procedure: Procedure, units: Sequence[Unit], arm: str, rng: np.random.Generator) -> Bools:
    """Draw the clusters anew, in the order of their first citizens; everybody has the arm of the own cluster."""
    factor = procedure.factor  # type: ignore[attr-defined]
    labels = np.array([unit.levels[factor] for unit in units], dtype=object)
    _, first, own = np.unique(labels.astype(str), return_index=True, return_inverse=True)
    order = np.sort(first)
    taken = np.zeros(len(units), dtype=bool)
    taken[order] = assign_again(procedure, [units[row] for row in order.tolist()], arm, None, rng)
    members: Bools = taken[first][own]
    return members


def _in_batches(
    procedure: Procedure, units: Sequence[Unit], arm: str, batches: Sequence[int] | None, fresh: Fresh
) -> Bools:
    numbers = np.zeros(len(units), dtype=np.int64) if batches is None else np.asarray(batches)
    state, step = procedure.begin(), 0
    taken = np.zeros(len(units), dtype=bool)
    for number in np.unique(numbers):
        rows = np.flatnonzero(numbers == number).tolist()
        assigned = procedure.assign(state, [units[row] for row in rows], fresh, step)
        state, step = assigned.state, step + len(rows)
        taken[rows] = [assigned.drawn[units[row].participant_id].arm == arm for row in rows]
    return taken
