"""Wei's urn UD(alpha, beta): every draw of an arm puts balls of the other arms into the urn.

1. The urn starts with alpha balls of each arm. A ball is drawn and put back, with beta balls of every other arm.
2. The pull towards balance is strong at first and fades as the urn fills: late draws are nearly a fair coin.
3. With alpha = 0 the empty urn of the first draw stands for a fair coin.
4. With an unequal ratio the balls are those of slots.

Wei (1977), JASA 72, 382-386; Wei (1978), Annals of Statistics 6, 92-100.
"""

from dataclasses import dataclass
from typing import ClassVar

from trial.procedures.parameters import parameter, whole
from trial.procedures.procedure import Counting


@dataclass(frozen=True)
class WeiUrn(Counting):
    """An urn that fills with the arms not drawn."""

    name: ClassVar[str] = "wei-urn"
    alpha: int = parameter(whole(at_least=0))
    beta: int = parameter(whole(at_least=1))

    def weights(self, counts: tuple[int, ...]) -> tuple[int, ...]:
        """Count the balls of each slot."""
        drawn = sum(counts)
        if not drawn and not self.alpha:
            return (1,) * len(counts)
        return tuple(self.alpha + self.beta * (drawn - count) for count in counts)
