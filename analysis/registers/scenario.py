"""What is planted in synthetic registers: an effect that may change over the spell and in pauses, and recalls.

1. The hazard of finding a job is multiplied by exp(theta x share of conversations not held physically).
2. theta may be another from a week of the spell on, and another while the citizen's municipality is paused: a week is
   paused by its Thursday. The pause goes before the week.
3. A share of the unemployed wait to be called back to the job they left: they find one more often in weeks 4 to 9.
   How many is an assumption that no public figure supports; the default is nobody.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from analysis.registers.weeks import THURSDAY

THETA = -0.045
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Scenario:
    """theta; pairs of a week of the spell and the theta from it on; theta in pauses; share waiting for a recall."""

    theta: float = THETA
    by_spell_week: tuple[tuple[int, float], ...] = ()
    paused: float | None = None
    recalls: float = 0.0

    @property
    def varies(self) -> bool:
        """Say whether the effect depends on the week."""
        return bool(self.by_spell_week) or self.paused is not None

    def factor(self, dose: Floats, since: NDArray[np.int16], paused: Bools) -> Floats:
        """Give the factor on the hazard: `since` are the full weeks of the spell, `paused` who is in a pause."""
        theta: Floats | float = self.theta
        for week, later in sorted(self.by_spell_week):
            theta = np.where(since >= week, later, theta)
        if self.paused is not None:
            theta = np.where(paused, self.paused, theta)
        return np.asarray(np.exp(theta * (1.0 - dose)))


@dataclass(frozen=True)
class Pauses:
    """The municipality of each participant by code (`place`) and its pauses: first day, day of reopening."""

    place: NDArray[np.int16]
    spans: tuple[tuple[int, date, date], ...]
    places: int

    @classmethod
    def of(cls, municipalities: Sequence[str], rows: Iterable[tuple[str, date, date | None]]) -> "Pauses":
        """Number the municipalities; a pause that has not ended lasts for ever."""
        codes = sorted(set(municipalities))
        spans = [(codes.index(code), closed, opened or date.max) for code, closed, opened in rows if code in codes]
        place = np.searchsorted(np.array(codes), np.array(municipalities)).astype(np.int16)
        return cls(place, tuple(spans), len(codes))

    @classmethod
    def none(cls, persons: int) -> "Pauses":
        """Nobody is ever paused."""
        return cls(np.zeros(persons, dtype=np.int16), (), 1)

    def table(self, mondays: Sequence[date]) -> Bools:
        """Say which municipality (column) is paused in which week (row); a last column never is."""
        closed = np.zeros((len(mondays), self.places + 1), dtype=np.bool_)
        for place, first, reopened in self.spans:
            closed[:, place] |= [first <= monday + THURSDAY < reopened for monday in mondays]
        return closed
