"""Cluster randomisation: who shares a cluster (a jobcentre, a caseworker) shares its arm.

1. The cluster is the level of one declared factor. The first unit of a cluster draws the cluster's arm; every later
   one gets it without a draw.
2. The clusters are drawn one after the other by a procedure among clusters, which counts clusters, not citizens.
3. Recorded for every member are the probabilities its cluster's arm was drawn with: the cluster is the unit.

Arms and ratios are those the procedure among clusters can keep. Donner & Klar (2000).
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

from trial.procedures.arms import Factor, Probabilities, Unit, check_unit
from trial.procedures.draws import Draw
from trial.procedures.inner import check_factor, inner
from trial.procedures.parameters import parameter, text
from trial.procedures.procedure import Procedure, Scope, State


@dataclass(frozen=True)
class Cluster(Procedure):
    """One arm a cluster."""

    name: ClassVar[str] = "cluster"
    scope: ClassVar[Scope] = "trial"
    factors: tuple[Factor, ...]
    factor: str = parameter(text)
    among: Any = parameter(inner)

    def check(self) -> None:
        """Refuse a factor that is not declared, and build the procedure among clusters."""
        check_factor(self.factor, self.factors)
        object.__setattr__(self, "among", self.among(self.arms))

    def begin(self) -> State:
        """Start with no cluster."""
        return {"clusters": {}, "among": self.among.begin()}

    def probabilities(self, state: State, unit: Unit, draw: Draw) -> Probabilities:
        """Give the probabilities of the unit's cluster."""
        known = state["clusters"].get(self._cluster(unit))
        if known:
            return Probabilities({arm: Fraction(known["probabilities"][arm]) for arm in self.arms.names})
        found: Probabilities = self.among.probabilities(state["among"], unit, draw)
        return found

    def settled(self, state: State, unit: Unit) -> str | None:
        """Give the arm of a cluster that has one."""
        known = state["clusters"].get(self._cluster(unit))
        return str(known["arm"]) if known else None

    def advance(self, state: State, unit: Unit, arm: str, draw: Draw) -> State:
        """Keep the arm of a new cluster, and count it among clusters."""
        cluster = self._cluster(unit)
        if cluster in state["clusters"]:
            return state
        chances = self.probabilities(state, unit, draw).texts
        return {
            "clusters": {**state["clusters"], cluster: {"arm": arm, "probabilities": chances}},
            "among": self.among.advance(state["among"], unit, arm, draw),
        }

    def _cluster(self, unit: Unit) -> str:
        check_unit(unit, self.factors)
        return unit.levels[self.factor]
