"""Pocock and Simon's minimisation: a biased coin towards the arm that leaves the margins most even.

1. The imbalance of a level is its range: the most drawn slot minus the least drawn. The score of a slot is the sum,
   over the factors, of the range that level would have after giving it to the unit, each factor by its weight.
2. The slot of smallest score has probability p, the others share the rest equally; equal scores are treated alike.
3. Only margins are balanced: the stratum is not, and need not be known to grow.

Weights are those declared, 1 for a factor that none is declared for. Any number of arms, any ratio.
Pocock & Simon (1975), Biometrics 31, 103-115; Taves (1974). A deterministic p = 1 is refused: it can be computed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import ClassVar

from trial.procedures.margins import Cell, Margins, whole_weights
from trial.procedures.parameters import between, parameter, refuse


def by_factor(name: str, value: object) -> dict[str, Fraction]:
    """Read a table of weights, one a factor."""
    if not isinstance(value, Mapping):
        raise refuse(name, "a table of weights, one a factor", value, f"{name} = {{ jobcentre = 1 }}")
    read = between(0, None)
    return {str(factor): read(f"{name}.{factor}", weight) for factor, weight in value.items()}


@dataclass(frozen=True)
class PocockSimon(Margins):
    """Minimisation of the ranges of the margins."""

    name: ClassVar[str] = "pocock-simon"
    weights: Mapping[str, Fraction] = parameter(by_factor, default_factory=dict)

    def check(self) -> None:
        """Refuse weights of factors that are not there."""
        super().check()
        names = [factor.name for factor in self.factors]
        for factor in self.weights:
            if factor not in names:
                raise refuse("weights", f"weights of the factors {', '.join(names)}", factor, "correct the name")

    @cached_property
    def _whole(self) -> dict[str, int]:
        names = [factor.name for factor in self.factors]
        given = whole_weights(*(self.weights.get(name, Fraction(1)) for name in names))
        return dict(zip(names, given, strict=True))

    def scores(self, cells: dict[Cell, list[int]]) -> tuple[int, ...]:
        """Add up the ranges each slot would leave."""
        found = [0] * self.arms.total
        for (kind, _), counts in cells.items():
            if weight := self._whole.get(kind):
                for slot in range(len(counts)):
                    after = [count + (slot == other) for other, count in enumerate(counts)]
                    found[slot] += weight * (max(after) - min(after))
        return tuple(found)
