"""Complete randomisation (random allocation rule): of a number of units known beforehand, exactly the declared share.

1. Every allocation of the declared total that has each arm's number is equally likely: drawing without replacement.
2. Where the total is no multiple of the ratio's sum, the slots that get one unit more are drawn first, so that every
   arm has its exact probability: for j = 0, 1, ... the draw below (slots left) at step j with purpose "remainder"
   takes one of the slots left, in their order.
3. When the total is reached there is nothing left to draw: refused. No list is started again from the top.

Any number of arms, any ratio. Fit for clusters, whose number is known; for citizens who arrive over time a fresh
complete randomisation a day drifts (largest imbalance of a stratum 27 against 2.3 with blocks carried over).
Rosenberger & Lachin (2002), Randomization in Clinical Trials, chapter 3.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from trial.errors import StateError
from trial.procedures.arms import Probabilities, Unit
from trial.procedures.draws import Draw
from trial.procedures.parameters import parameter, whole
from trial.procedures.procedure import Procedure, State, counted


@dataclass(frozen=True)
class Complete(Procedure):
    """Exactly so many of a known total."""

    name: ClassVar[str] = "complete"
    total: int = parameter(whole(at_least=2))

    def begin(self) -> State:
        """Start with every arm at 0."""
        return dict.fromkeys(self.arms.names, 0)

    def probabilities(self, state: State, unit: Unit, draw: Draw) -> Probabilities:
        """Give each arm its remainder."""
        left = self.total - sum(state.values())
        if left < 1:
            raise StateError(
                f"complete randomisation ends with its total of {self.total}",
                found="one more",
                where="randomisation.total",
                mend="declare the full total beforehand, or a procedure that needs none",
                code="allocation-exhausted",
            )
        return Probabilities(
            {arm: Fraction(number - state[arm], left) for arm, number in self._numbers(draw).items()}
        )

    def advance(self, state: State, unit: Unit, arm: str, draw: Draw) -> State:
        """Count the arm."""
        return counted(state, arm)

    def _numbers(self, draw: Draw) -> dict[str, int]:
        """Give how many of the total each arm gets."""
        each, more = divmod(self.total, self.arms.total)
        numbers = {arm: each * part for arm, part in zip(self.arms.names, self.arms.ratio, strict=True)}
        slots = [arm for arm, part in zip(self.arms.names, self.arms.ratio, strict=True) for _ in range(part)]
        for step in range(more):
            numbers[slots.pop(draw.below(len(slots), step, "remainder"))] += 1
        return numbers
