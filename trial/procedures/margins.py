"""What the procedures that balance margins share: counts by cell, for the whole trial, and a coin favouring balance.

1. The cells of a unit are: everybody, each of its levels, and its stratum (the levels joined). A cell holds how
   often each slot was drawn there. Cells nobody has fallen into are not in the state.
2. Each slot has a score, exact: how much imbalance giving it to the unit would leave. The smallest score is
   favoured by fixed odds (`favour.py`); equal scores are favoured alike.
3. The slots are treated alike, so that an unequal ratio keeps its probability at every position.
4. A unit that lacks a factor, or has an undeclared level, is refused.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from trial.procedures.arms import Factor, Probabilities, Unit, check_unit
from trial.procedures.draws import Draw
from trial.procedures.favour import check_probability, coin, favour
from trial.procedures.procedure import Procedure, Scope, State, slot_of

EVERYBODY, STRATUM = "(everybody)", "(stratum)"
Cell = tuple[str, str]


@dataclass(frozen=True)
class Margins(Procedure):
    """A procedure that favours the slots of smallest score."""

    scope: ClassVar[Scope] = "trial"
    factors: tuple[Factor, ...]
    probability: Fraction = coin()

    def check(self) -> None:
        """Refuse a coin that does not favour balance."""
        check_probability(self.arms, self.probability)

    def cells(self, unit: Unit) -> tuple[Cell, ...]:
        """Name the cells the procedure counts for a unit; the first is everybody."""
        margins = tuple((factor.name, unit.levels[factor.name]) for factor in self.factors)
        return ((EVERYBODY, ""), *margins)

    def scores(self, cells: dict[Cell, list[int]]) -> tuple[int, ...]:
        """Give the imbalance each slot would leave, by the counts in the cells of the unit."""
        raise NotImplementedError

    def begin(self) -> State:
        """Start with no cell."""
        return {}

    def probabilities(self, state: State, unit: Unit, draw: Draw) -> Probabilities:
        """Favour the slots that leave least imbalance."""
        return self.arms.shares(self._weights(state, unit))

    def advance(self, state: State, unit: Unit, arm: str, draw: Draw) -> State:
        """Count the slot in every cell of the unit."""
        counts = self._counts(state, unit)
        slot = arm
        if not self.arms.equal:
            slot = slot_of(self.arms, arm, self._weights(state, unit), draw, sum(counts[EVERYBODY, ""]))
        index, after = self.arms.slot_names.index(slot), dict(state)
        for (kind, level), cell in counts.items():
            after[kind] = {**after.get(kind, {}), level: [*cell[:index], cell[index] + 1, *cell[index + 1 :]]}
        return after

    def _counts(self, state: State, unit: Unit) -> dict[Cell, list[int]]:
        check_unit(unit, self.factors)
        none = [0] * self.arms.total
        return {(kind, level): state.get(kind, {}).get(level, none) for kind, level in self.cells(unit)}

    def _weights(self, state: State, unit: Unit) -> tuple[int, ...]:
        scores = self.scores(self._counts(state, unit))
        least = min(scores)
        return favour(tuple(score == least for score in scores), self.probability)


def whole_weights(*weights: Fraction) -> tuple[int, ...]:
    """Bring weights to whole numbers in the same proportion."""
    shared = 1
    for weight in weights:
        shared *= weight.denominator
    return tuple(int(weight * shared) for weight in weights)
