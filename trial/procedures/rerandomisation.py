"""Sequential rerandomisation: of many allocations of a daily batch, the one that leaves the trial most even.

1. Candidate c = 0, 1, ... of a batch of m units is drawn so: the arms are put in a drawn order (steps from the
   batch's first step, purpose "candidate c arms") and repeated in turn until there are m; these m are put in a
   drawn order (purpose "candidate c units") and given to the units, which stand in keyed order.
2. Its distance is that of the whole trial so far with the candidate: the sum, over the factors and their levels, of
   Pearson's chi-square of arm by level. For one factor that is the Mahalanobis distance of its indicators; factors
   are taken one at a time, and everything is an exact fraction.
3. The candidate of least distance is the allocation, the first of equals. That accepts one in `candidates` by rank:
   a threshold would need a quantile, which no two platforms compute alike, and might never be met.
4. Earlier batches stay as they are and count in full, so that today's batch mends what yesterday's left.

Exchanging two labels exchanges the arms, hence every unit has the declared share of each arm as its probability
before any batch is drawn; that is what is recorded. Equal ratios only: others are refused. Zhou, Ernst, Morgan,
Rubin & Zhang (2018), Biometrika 105, 745-752; Morgan & Rubin (2012).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import cycle, islice
from typing import ClassVar

from trial.procedures.arms import Factor, Unit, check_unit
from trial.procedures.balancing_walk import check_equal
from trial.procedures.draws import Draw, shuffled
from trial.procedures.parameters import parameter, whole
from trial.procedures.procedure import OnBatches, State


@dataclass(frozen=True)
class Rerandomisation(OnBatches):
    """The most even of many candidate allocations of a batch."""

    name: ClassVar[str] = "rerandomisation"
    factors: tuple[Factor, ...]
    candidates: int = parameter(whole(at_least=2))

    def check(self) -> None:
        """Refuse ratios that a distance cannot keep."""
        check_equal(self.arms, f"{self.name}@{self.version}")

    def together(self, state: State, units: Sequence[Unit], draw: Draw, step: int) -> list[str]:
        """Take the candidate of least distance, the first of equals."""
        for unit in units:
            check_unit(unit, self.factors)
        found = [self._candidate(len(units), number, draw, step) for number in range(self.candidates)]
        return min(found, key=lambda arms: self._distance(state, units, arms))

    def advance(self, state: State, unit: Unit, arm: str, draw: Draw) -> State:
        """Count the arm in every level of the unit."""
        check_unit(unit, self.factors)
        index, after = self.arms.names.index(arm), dict(state)
        for factor in self.factors:
            level = unit.levels[factor.name]
            counts = list(after.get(factor.name, {}).get(level, [0] * len(self.arms.names)))
            counts[index] += 1
            after[factor.name] = {**after.get(factor.name, {}), level: counts}
        return after

    def _candidate(self, size: int, number: int, draw: Draw, step: int) -> list[str]:
        turn = shuffled(self.arms.names, draw, step, f"candidate {number} arms")
        return shuffled(islice(cycle(turn), size), draw, step, f"candidate {number} units")

    def _distance(self, state: State, units: Sequence[Unit], arms: list[str]) -> Fraction:
        """Give the distance with a candidate; the levels nobody of the batch has add the same to all: left out."""
        distance = Fraction(0)
        for factor in self.factors:
            drawn = Counter(zip((unit.levels[factor.name] for unit in units), arms, strict=True))
            for level in {level for level, _ in drawn}:
                before = state.get(factor.name, {}).get(level, [0] * len(self.arms.names))
                counts = [count + drawn[level, arm] for count, arm in zip(before, self.arms.names, strict=True)]
                squares = len(counts) * sum(count * count for count in counts)
                distance += Fraction(squares, sum(counts)) - sum(counts)
        return distance
