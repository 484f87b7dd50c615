"""Hu and Hu's covariate-adaptive randomisation: overall, margins and strata balanced at once.

1. The imbalance is a weighted sum of squared differences: over everybody, over each margin, within the stratum.
   Giving the unit to a slot adds twice the slot's weighted counts in the unit's cells, and the same constant for
   all; the score of a slot is therefore the weighted sum of its counts.
2. The slot of smallest score has probability p, the others share the rest equally; equal scores are treated alike.
3. The three weights are declared: `overall`, `margin` (each factor has it) and `stratum`.

Any number of arms, any ratio. Hu & Hu (2012), Annals of Statistics 40, 1794-1815.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import ClassVar

from trial.procedures.arms import Unit
from trial.procedures.margins import EVERYBODY, STRATUM, Cell, Margins, whole_weights
from trial.procedures.parameters import between, parameter


@dataclass(frozen=True)
class HuHu(Margins):
    """A biased coin towards the smallest weighted squared imbalance."""

    name: ClassVar[str] = "hu-hu"
    overall: Fraction = parameter(between(0, None, low_included=True))
    margin: Fraction = parameter(between(0, None, low_included=True))
    stratum: Fraction = parameter(between(0, None))

    def cells(self, unit: Unit) -> tuple[Cell, ...]:
        """Name the cells of a unit, its stratum among them."""
        stratum = "/".join(unit.levels[factor.name] for factor in self.factors)
        return (*super().cells(unit), (STRATUM, stratum))

    @cached_property
    def _whole(self) -> tuple[int, ...]:
        return whole_weights(self.overall, self.margin, self.stratum)

    def scores(self, cells: dict[Cell, list[int]]) -> tuple[int, ...]:
        """Add up each slot's counts, weighted."""
        overall, margin, stratum = self._whole
        weights = {EVERYBODY: overall, STRATUM: stratum}
        found = [0] * self.arms.total
        for (kind, _), counts in cells.items():
            weight = weights.get(kind, margin)
            for slot, count in enumerate(counts):
                found[slot] += weight * count
        return tuple(found)
