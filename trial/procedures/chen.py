"""Chen's biased coin with imbalance tolerance: Efron's coin inside, big stick's edge outside.

1. In balance every arm is equally likely; inside the tolerance the lagging arm has probability p.
2. At the edge the lagging arm is certain: the lead never exceeds the tolerance.
3. With more arms, or an unequal ratio, both rules hold for slots: a slot that leads the rarest by the tolerance is
   not drawn, and among the others the rarest are favoured by fixed odds (`favour.py`).

Chen (1999), Biometrics 55, 1182-1190.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from trial.procedures.favour import check_probability, coin, favour
from trial.procedures.parameters import parameter, whole
from trial.procedures.procedure import Counting


@dataclass(frozen=True)
class Chen(Counting):
    """A biased coin with an edge."""

    name: ClassVar[str] = "chen"
    tolerance: int = parameter(whole(at_least=1))
    probability: Fraction = coin()

    def check(self) -> None:
        """Refuse a coin that does not favour the lagging arm."""
        check_probability(self.arms, self.probability)

    def weights(self, counts: tuple[int, ...]) -> tuple[int, ...]:
        """Favour the slots drawn least; none of the slots at the edge."""
        least = min(counts)
        pull = favour(tuple(count == least for count in counts), self.probability)
        return tuple(
            weight if count < least + self.tolerance else 0 for count, weight in zip(counts, pull, strict=True)
        )
