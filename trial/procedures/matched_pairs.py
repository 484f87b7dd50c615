"""Matched pairs within a batch: the nearest are put together, and each group is divided among the arms.

1. A group has as many units as there are slots: pairs for 1:1, triples for 2:1 or three arms.
2. Nearness is agreement on factors in their declared order: units that agree on all factors are grouped first; who
   is left over is grouped with those who agree on all but the last factor, and so on down to none. Within equals
   the keyed order decides.
3. In each group the slots are put in a drawn order and given to its units in turn: the draws of group g (from 0)
   have purpose "pair" and the steps from the batch's first step + g x (units a group). Those who remain at the end
   are an incomplete group, and get the first slots of theirs.

Every slot is equally likely for every unit, whatever came before: any number of arms and any ratio are kept, and the
share recorded is exact. Greevy, Lu, Silber & Rosenbaum (2004), Biostatistics 5, 263-275.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from trial.procedures.arms import Chosen, Factor, Unit, check_unit
from trial.procedures.draws import Draw, shuffled
from trial.procedures.procedure import OnBatches, State


@dataclass(frozen=True)
class MatchedPairs(OnBatches):
    """Groups of near units, each divided among the arms."""

    name: ClassVar[str] = "matched-pairs"
    factors: tuple[Factor, ...]

    def together(self, state: State, units: Sequence[Unit], draw: Draw, step: int) -> list[Chosen]:
        """Divide every group among the slots."""
        for unit in units:
            check_unit(unit, self.factors)
        slots = [arm for arm in self.arms.names for _ in self.arms.slots[arm]]
        drawn = dict[int, Chosen]()
        for number, group in enumerate(self.groups(units)):
            order = shuffled(slots, draw, step + number * len(slots), "pair")
            for index, arm in zip(group, order, strict=False):  # the last group may be incomplete
                drawn[index] = self.arms.target.by_arm[arm]
        return [drawn[index] for index in range(len(units))]

    def groups(self, units: Sequence[Unit]) -> list[list[int]]:
        """Group the units, named by their place in the keyed order (rule 2)."""
        size, complete, left = self.arms.total, list[list[int]](), list(range(len(units)))
        for depth in range(len(self.factors), -1, -1):
            alike: dict[tuple[str, ...], list[int]] = {}
            for index in left:
                key = tuple(units[index].levels[factor.name] for factor in self.factors[:depth])
                alike.setdefault(key, []).append(index)
            left = []
            for members in alike.values():
                full = len(members) - len(members) % size
                complete += [members[at : at + size] for at in range(0, full, size)]
                left += members[full:]
            left.sort()
        return [*complete, left] if left else complete
