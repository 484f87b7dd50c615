"""The interface of a procedure: what has happened in a scope gives the exact probability of each arm.

1. A procedure is a value: its arms and parameters. It knows no key, database, file or clock.
2. Its scope is a stratum (every stratum has a state of its own) or the trial (one state, which sees the levels).
3. A state is plain JSON: counts of what has happened, never anything about what is to come. Where a procedure has
   drawn something beside arms (a block size, a slot), it asks the keyed draws again instead of storing the answer.
4. The probabilities are functions of state, unit and draws. They are exact, and they are recorded.
5. `name@version` freezes all of it: a changed probability or a changed use of the draws is a new version.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate
from operator import itemgetter
from typing import Any, ClassVar, Literal, final

from trial.procedures.arms import Arms, Chosen, Probabilities, Unit
from trial.procedures.choose import batch_order, choose
from trial.procedures.draws import Draw, Ordering
from trial.procedures.parameters import readers

State = dict[str, Any]
Scope = Literal["stratum", "trial"]


@dataclass(frozen=True)
class Procedure:
    """What every procedure is: arms, parameters, and four functions of the state."""

    name: ClassVar[str]
    version: ClassVar[int] = 1
    scope: ClassVar[Scope] = "stratum"
    together_in_batches: ClassVar[bool] = False
    arms: Arms

    def __post_init__(self) -> None:
        for name, (read, _) in readers(type(self)).items():
            object.__setattr__(self, name, read(name, getattr(self, name)))
        self.check()

    def check(self) -> None:
        """Refuse parameters that do not fit together; each on its own has been read already."""

    def begin(self) -> State:
        """Give the state of a scope in which nothing has happened."""
        raise NotImplementedError

    def probabilities(self, state: State, unit: Unit, draw: Draw) -> Probabilities:
        """Give the exact probability of each arm for the next unit."""
        raise NotImplementedError

    def advance(self, state: State, unit: Unit, arm: str, draw: Draw) -> State:
        """Give the state after the unit got the arm; the state given is left as it was."""
        raise NotImplementedError

    def assign(self, state: State, batch: Sequence[Unit], draws: Ordering, step: int) -> "Assigned":
        """Draw the arms of a batch of one scope in keyed order, from the first unit's step."""
        units = in_keyed_order(batch, draws)
        drawn, state = self.in_order(state, units, draws, step)
        return Assigned(dict(zip((unit.participant_id for unit in units), drawn, strict=True)), state)

    def in_order(self, state: State, units: Sequence[Unit], draws: Draw, step: int) -> tuple[list[Chosen], State]:
        """Draw the arms of units in their order, one after the other; give the state afterwards."""
        drawn = []
        for number, unit in enumerate(units, start=step):
            probabilities = self.probabilities(state, unit, draws)
            settled = self.settled(state, unit)
            chosen = choose(probabilities, draws, number) if settled is None else probabilities.by_arm[settled]
            drawn.append(chosen)
            state = self.advance(state, unit, chosen.arm, draws)
        return drawn, state

    def settled(self, state: State, unit: Unit) -> str | None:
        """Give the arm where an earlier draw has decided it (a cluster), else None."""
        return None

    def scope_of(self, unit: Unit) -> str:
        """Name the scope of a unit: its stratum, or the empty text for the trial. Draws are keyed by it."""
        return unit.stratum if self.scope == "stratum" else ""


@dataclass(frozen=True)
class Assigned:
    """The arms of a batch: by participant, in the order they were drawn, and the state afterwards."""

    drawn: dict[str, Chosen]
    state: State


def in_keyed_order(batch: Sequence[Unit], draws: Ordering) -> list[Unit]:
    """Put a batch in the order it is drawn; a participant twice is refused."""
    units = {unit.participant_id: unit for unit in batch}
    return [units[one] for one in batch_order((unit.participant_id for unit in batch), draws)]


@dataclass(frozen=True)
class OnBatches(Procedure):
    """A procedure that draws the arms of a batch together; one citizen alone is refused."""

    scope: ClassVar[Scope] = "trial"
    together_in_batches: ClassVar[bool] = True

    def in_order(self, state: State, units: Sequence[Unit], draws: Draw, step: int) -> tuple[list[Chosen], State]:
        """Draw the arms of units together."""
        drawn = self.together(state, units, draws, step) if units else []
        for unit, chosen in zip(units, drawn, strict=True):
            state = self.advance(state, unit, chosen.arm, draws)
        return drawn, state

    def together(self, state: State, units: Sequence[Unit], draw: Draw, step: int) -> list[Chosen]:
        """Draw the arms of the units, at least one, which stand in keyed order."""
        raise NotImplementedError

    def begin(self) -> State:
        """Start with nothing."""
        return {}

    def probabilities(self, state: State, unit: Unit, draw: Draw) -> Probabilities:
        """Give the declared shares: every unit has them where the past does not count."""
        return self.arms.target

    def advance(self, state: State, unit: Unit, arm: str, draw: Draw) -> State:
        """Keep nothing."""
        return state


@dataclass(frozen=True)
class Counting(Procedure):
    """A procedure whose state is how often each slot was drawn, and whose rule weighs the slots.

    A subclass gives `weights`, and nothing else. Treating all slots alike is what keeps the ratio at every position.
    """

    def weights(self, counts: tuple[int, ...]) -> tuple[int, ...]:
        """Weigh the slots for the next unit, by how often each was drawn so far."""
        raise NotImplementedError

    def begin(self) -> State:
        """Start with every slot at 0."""
        return dict.fromkeys(self.arms.slot_names, 0)

    @final
    def probabilities(self, state: State, unit: Unit, draw: Draw) -> Probabilities:
        """Give each arm the weight of its slots."""
        return self._known(self._counts(state))

    @final
    def advance(self, state: State, unit: Unit, arm: str, draw: Draw) -> State:
        """Count the slot; an arm of several slots draws one of them, by their weights."""
        if self.arms.equal:
            return counted(state, arm)
        counts = self._counts(state)
        return counted(state, slot_of(self.arms, arm, self.weights(counts), draw, sum(counts)))

    @final
    def in_order(self, state: State, units: Sequence[Unit], draws: Draw, step: int) -> tuple[list[Chosen], State]:
        """Draw the arms of units; where an arm is a slot they are counted in place, which takes a fifth less."""
        if not self.arms.equal:
            return super().in_order(state, units, draws, step)
        drawn, counts = [], dict(state)
        for number in range(step, step + len(units)):
            chosen = choose(self._known(self._counts(counts)), draws, number)
            drawn.append(chosen)
            counts[chosen.arm] += 1
        return drawn, counts

    @cached_property
    def _counts(self) -> Callable[[State], tuple[int, ...]]:
        """Gives the counts in the slots' order, whatever the order of the state."""
        return itemgetter(*self.arms.slot_names)

    @cached_property
    def _known(self) -> Callable[[tuple[int, ...]], Probabilities]:
        """Gives the probabilities after these counts: few occur, in scope after scope."""
        return lru_cache(maxsize=1 << 14)(lambda counts: self.arms.shares(self.weights(counts)))


def counted(state: State, slot: str) -> State:
    """Count one more of a slot."""
    return {**state, slot: state[slot] + 1}


def slot_of(arms: Arms, arm: str, weights: tuple[int, ...], draw: Draw, step: int) -> str:
    """Draw the slot within an arm by the slots' weights: the draw below their sum, with purpose "slot"."""
    own = {slot: weight for slot, weight in zip(arms.slot_names, weights, strict=True) if slot in arms.slots[arm]}
    if len(own) == 1:
        return next(iter(own))
    ends = list(accumulate(own.values()))
    return list(own)[bisect_right(ends, draw.below(ends[-1], step, "slot"))]
