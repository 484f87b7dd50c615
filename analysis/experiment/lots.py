"""The lots of a simulated trial: the declared procedure and its keyed draws, one citizen after the other.

1. The arms are those that the platform itself would draw with this key: nothing is imitated.
2. Citizens are drawn in the order in which they arrive. Who arrives in a pause is not drawn, and no step is consumed.
3. The record of a draw is what the ledger would hold: scope, step, arm and the exact probability of every arm.
   Whoever has the record and the key can draw again and compare.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from trial.procedures import Draws, Procedure, State, Unit, epoch_key, next_arm

TRIAL = "experiment"
EPOCH = 1


@dataclass(frozen=True)
class Lot:
    """One draw as a ledger holds it."""

    place: int  # the citizen's row
    scope: str
    step: int
    arm: str
    probabilities: dict[str, Fraction]


@dataclass(frozen=True)
class Lots:
    """All draws of a trial, and what is needed to draw them again."""

    procedure: Procedure
    units: Sequence[Unit | None]  # None: not randomised
    key: bytes
    drawn: tuple[Lot, ...]
    states: Mapping[str, State]  # by scope, after the last draw

    def arms(self) -> NDArray[np.int8]:
        """Give each citizen's arm by its place in the protocol, -1 where none was drawn."""
        found = np.full(len(self.units), -1, dtype=np.int8)
        names = self.procedure.arms.names
        for lot in self.drawn:
            found[lot.place] = names.index(lot.arm)
        return found

    def probabilities(self) -> NDArray[np.float64]:
        """Give the probability of the second arm at each citizen's draw, NaN where there was none."""
        second = self.procedure.arms.names[1]
        found = np.full(len(self.units), np.nan)
        for lot in self.drawn:
            found[lot.place] = float(lot.probabilities[second])
        return found

    def replays(self) -> bool:
        """Tell whether drawing again with the key gives the record, draw for draw."""
        return draw_lots(self.procedure, self.units, self.key).drawn == self.drawn


def draw_lots(procedure: Procedure, units: Sequence[Unit | None], key: bytes) -> Lots:
    """Draw the arms of the citizens in the order given."""
    whole = Draws(epoch_key(key, TRIAL, EPOCH), TRIAL, EPOCH, "")
    draws: dict[str, Draws] = {}
    states: dict[str, State] = {}
    steps: Counter[str] = Counter()
    drawn: list[Lot] = []
    for place, unit in enumerate(units):
        if unit is None:
            continue
        scope = procedure.scope_of(unit)
        if scope not in draws:
            draws[scope], states[scope] = whole.beside(scope), procedure.begin()
        one = next_arm(procedure, states[scope], unit, draws[scope], steps[scope])
        drawn.append(Lot(place, scope, steps[scope], one.arm, one.probabilities))
        states[scope] = one.state
        steps[scope] += 1
    return Lots(procedure, units, key, tuple(drawn), states)
