"""Efron's biased coin: the arm that lags is favoured with a fixed probability.

1. In balance every arm is equally likely. Otherwise the lagging arm has probability p, the other 1 - p.
2. The bias does not grow with the lead, and no lead is forbidden: nothing is ever certain.
3. With more arms, or an unequal ratio, the slots that were drawn least are favoured by fixed odds (`favour.py`).

Efron (1971), Biometrika 58, 403-417.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from trial.procedures.favour import check_probability, coin, favour
from trial.procedures.procedure import Counting


@dataclass(frozen=True)
class Efron(Counting):
    """A biased coin towards the lagging arm."""

    name: ClassVar[str] = "efron"
    probability: Fraction = coin()

    def check(self) -> None:
        """Refuse a coin that does not favour the lagging arm."""
        check_probability(self.arms, self.probability)

    def weights(self, counts: tuple[int, ...]) -> tuple[int, ...]:
        """Favour the slots drawn least."""
        least = min(counts)
        return favour(tuple(count == least for count in counts), self.probability)
