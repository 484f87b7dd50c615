"""Big stick: a fair coin until one arm leads by the tolerance, then the arm that lags.

1. Inside the tolerance every arm is equally likely: there is nothing to guess.
2. At the edge the lagging arm is certain: the price of balance, reported by `trial design`.
3. The lead therefore never exceeds the tolerance.
4. With more arms, or an unequal ratio, the rule holds for slots: a slot that leads the rarest one by the tolerance
   is not drawn, the others are equally likely. With two arms, 1:1, this is the rule of Soares & Wu.

A count beyond the edge (a corrected record) is lawful: it is drawn back. Soares & Wu (1983), Communications in
Statistics: Theory and Methods 12, 2017-2034.
"""

from dataclasses import dataclass
from typing import ClassVar

from trial.procedures.parameters import parameter, whole
from trial.procedures.procedure import Counting


@dataclass(frozen=True)
class BigStick(Counting):
    """A fair coin with an edge."""

    name: ClassVar[str] = "big-stick"
    tolerance: int = parameter(whole(at_least=1))

    def weights(self, counts: tuple[int, ...]) -> tuple[int, ...]:
        """Weigh alike all slots that lead the rarest by less than the tolerance."""
        edge = min(counts) + self.tolerance
        return tuple(int(count < edge) for count in counts)
