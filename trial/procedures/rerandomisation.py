"""Sequential rerandomisation: a daily batch is divided the way that leaves the trial most even, and a coin decides.

1. A division puts the m units of a batch into as many groups as there are arms, even in size. Its turns give the
   groups the arms in every cyclic order: in k turns every unit has each arm once. Division c = 0, 1, ... is drawn so:
   the arms are put in a drawn order (steps from the batch's first step, purpose "candidate c arms"), places 0, 1, ...
   repeat them until there are m, and the places are put in a drawn order (purpose "candidate c units") and given to
   the units, which stand in keyed order. Turn r moves every place on by r.
2. The distance of a turn is that of the whole trial so far with it: the sum, over the factors and their levels, of
   Pearson's chi-square of arm by level. For one factor that is the Mahalanobis distance of its indicators; factors
   are taken one at a time, and everything is an exact fraction.
3. The turns of least distance are favoured by a biased coin (`favour.py`). The division of least expected distance,
   the first of equals, is taken. That accepts one in `candidates` by rank: a threshold would need a quantile, which
   no two platforms compute alike, and might never be met.
4. The coin is the draw below the sum of the turns' weights at the batch's first step, purpose "turn": it decides all
   arms of the batch. Earlier batches stay as they are and count in full: today's batch mends what yesterday's left.

A unit's probability of an arm is that of its turn, given all earlier batches and the division: it is exact, and what
is recorded. No turn is certain. A batch of one is Pocock and Simon's biased coin, under another measure. Exchanging
two labels exchanges the arms, so that before anything is drawn every unit has the declared shares. Equal ratios only:
others are refused. Zhou, Ernst, Morgan, Rubin & Zhang (2018), Biometrika 105, 745-752, who take the best turn always;
Morgan & Rubin (2012).
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from typing import ClassVar, NamedTuple

from trial.procedures.arms import Chosen, Factor, Probabilities, Unit, check_unit
from trial.procedures.balancing_walk import check_equal
from trial.procedures.draws import Draw, shuffled
from trial.procedures.favour import check_probability, coin, favour
from trial.procedures.parameters import parameter, whole
from trial.procedures.procedure import OnBatches, State


class Division(NamedTuple):
    """The arms of the units in each turn, the weights of the turns, and the distance that is expected."""

    turns: list[list[str]]
    weights: tuple[int, ...]
    expected: Fraction


@dataclass(frozen=True)
class Rerandomisation(OnBatches):
    """The most even of many divisions of a batch, turned by a biased coin."""

    name: ClassVar[str] = "rerandomisation"
    version: ClassVar[int] = 2
    factors: tuple[Factor, ...]
    candidates: int = parameter(whole(at_least=2))
    probability: Fraction = coin()

    def check(self) -> None:
        """Refuse ratios that a distance cannot keep, and a coin that does not favour balance."""
        check_equal(self.arms, f"{self.name}@{self.version}")
        check_probability(self.arms, self.probability)

    def probabilities(self, state: State, unit: Unit, draw: Draw) -> Probabilities:
        """Give the probabilities of a unit that comes alone; of another they depend on its batch."""
        return self.together(state, [unit], draw, 0)[0].probabilities

    def together(self, state: State, units: Sequence[Unit], draw: Draw, step: int) -> list[Chosen]:
        """Take the division of least expected distance, the first of equals, and draw its turn."""
        for unit in units:
            check_unit(unit, self.factors)
        divisions = (self._division(state, units, number, draw, step) for number in range(self.candidates))
        taken = min(divisions, key=lambda one: one.expected)
        ends = list(accumulate(taken.weights))
        drawn = taken.turns[bisect_right(ends, draw.below(ends[-1], step, "turn"))]
        of_unit = (dict(zip(arms, taken.weights, strict=True)) for arms in zip(*taken.turns, strict=True))
        chances = (self.arms.weighed(tuple(own[arm] for arm in self.arms.names)) for own in of_unit)
        return [chance.by_arm[arm] for chance, arm in zip(chances, drawn, strict=True)]

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

    def _division(self, state: State, units: Sequence[Unit], number: int, draw: Draw, step: int) -> Division:
        order = shuffled(self.arms.names, draw, step, f"candidate {number} arms")
        places = shuffled(range(len(units)), draw, step, f"candidate {number} units")
        turns = [[order[(place + turn) % len(order)] for place in places] for turn in range(len(order))]
        distances = [self._distance(state, units, arms) for arms in turns]
        weights = favour(tuple(one == min(distances) for one in distances), self.probability)
        expected = sum(weight * one for weight, one in zip(weights, distances, strict=True)) / sum(weights)
        return Division(turns, weights, Fraction(expected))

    def _distance(self, state: State, units: Sequence[Unit], arms: list[str]) -> Fraction:
        """Give the distance of a turn; the levels nobody of the batch has add the same to all: left out."""
        distance = Fraction(0)
        for factor in self.factors:
            drawn = Counter(zip((unit.levels[factor.name] for unit in units), arms, strict=True))
            for level in {level for level, _ in drawn}:
                before = state.get(factor.name, {}).get(level, [0] * len(self.arms.names))
                counts = [count + drawn[level, arm] for count, arm in zip(before, self.arms.names, strict=True)]
                squares = len(counts) * sum(count * count for count in counts)
                distance += Fraction(squares, sum(counts)) - sum(counts)
        return distance
