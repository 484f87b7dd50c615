"""Simple randomisation: an independent coin for every unit.

1. The probability of an arm is its declared share, whatever has happened: nothing to guess, nothing to bias.
2. Nothing balances the arms either: the imbalance grows with the square root of the number of units.

Any number of arms, any ratio.
"""

from dataclasses import dataclass
from typing import ClassVar

from trial.procedures.procedure import Counting


@dataclass(frozen=True)
class Simple(Counting):
    """An independent coin for every unit."""

    name: ClassVar[str] = "simple"

    def weights(self, counts: tuple[int, ...]) -> tuple[int, ...]:
        """Weigh all slots alike."""
        return (1,) * len(counts)
