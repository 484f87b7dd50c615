"""The balancing walk: the coin leans against the running sum of the unit's covariates.

1. A unit's covariates are 1 for everybody and 1 for each of its levels. The walk w is their sum over all units so
   far, with the sign of the arm: + for the first, - for the second. Everything is a whole number.
2. The first arm has probability (1 - phi x w / alpha) / 2, where x w is the sum of the walk over the unit's cells.
3. Where |x w| exceeds alpha the walk starts again from nothing, and the coin is fair.
4. The state is the walk and the number of restarts: complete, restorable, and the number of units need not be
   known. alpha and phi belong to the declaration, so that a restored walk goes on with the same probabilities.

Two arms, 1:1; others are refused. Arbour, Dimmery, Mai & Rao (2022), ICML.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from trial.errors import ProtocolError
from trial.procedures.arms import Arms, Factor, Probabilities, Unit, check_unit
from trial.procedures.draws import Draw
from trial.procedures.margins import EVERYBODY, Cell
from trial.procedures.parameters import between, parameter, refuse
from trial.procedures.procedure import Procedure, Scope, State


def check_equal(arms: Arms, procedure: str, *, two: bool = False) -> None:
    """Refuse arms whose ratio the procedure cannot keep at every position."""
    if not arms.equal or (two and len(arms.names) != 2):
        raise ProtocolError(
            f"{procedure} must have {'two arms' if two else 'arms'} of equal ratio, it cannot keep another",
            found=":".join(str(part) for part in arms.ratio),
            where="arms",
            mend="give the arms equal ratios, or declare big-stick@1, which keeps any ratio",
            code="protocol-ratio",
        )


@dataclass(frozen=True)
class BalancingWalk(Procedure):
    """A coin that leans against the walk."""

    name: ClassVar[str] = "balancing-walk"
    scope: ClassVar[Scope] = "trial"
    factors: tuple[Factor, ...]
    alpha: Fraction = parameter(between(0, None))
    phi: Fraction = parameter(between(0, None))

    def check(self) -> None:
        """Refuse a lean beyond certainty, and arms the walk cannot serve."""
        check_equal(self.arms, f"{self.name}@{self.version}", two=True)
        if self.phi > 1:
            raise refuse("phi", "at most 1", str(self.phi), "phi = 0.5")

    def begin(self) -> State:
        """Start the walk at nothing."""
        return {"walk": {}, "restarts": 0}

    def probabilities(self, state: State, unit: Unit, draw: Draw) -> Probabilities:
        """Lean against the walk."""
        along = self._along(state, unit)
        lean = Fraction(0) if abs(along) > self.alpha else self.phi * along / self.alpha
        first, second = self.arms.names
        return Probabilities({first: (1 - lean) / 2, second: (1 + lean) / 2})

    def advance(self, state: State, unit: Unit, arm: str, draw: Draw) -> State:
        """Add the unit's covariates with the sign of its arm."""
        again = abs(self._along(state, unit)) > self.alpha
        walk = {} if again else dict(state["walk"])
        sign = 1 if arm == self.arms.names[0] else -1
        for kind, level in self._cells(unit):
            walk[kind] = {**walk.get(kind, {}), level: walk.get(kind, {}).get(level, 0) + sign}
        return {"walk": walk, "restarts": state["restarts"] + again}

    def _along(self, state: State, unit: Unit) -> int:
        check_unit(unit, self.factors)
        return sum(state["walk"].get(kind, {}).get(level, 0) for kind, level in self._cells(unit))

    def _cells(self, unit: Unit) -> list[Cell]:
        return [(EVERYBODY, ""), *((factor.name, unit.levels[factor.name]) for factor in self.factors)]
