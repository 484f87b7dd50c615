"""Count tables of a follow-up, added up as batches come: what estimation needs of a register, and no person.

1. Durations: citizens by arm, stratum, event (1 exit, 0 censored) and week, as `estimate.counts` has them.
2. Moments: citizens, sum and sum of squares of each count of weeks, by arm and stratum, as `estimate.cells` has them.
3. Whole numbers throughout: the tables are the same whatever the batches, and the same as counting afterwards.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from analysis.registers.codes import State
from analysis.spells.follow import HORIZONS
from analysis.spells.persons import COUNTED

LAST = HORIZONS[-1]
_KNOWN_ENDS = (State.PENSION, State.DEAD)
Ints = NDArray[np.int64]


def duration(followed: dict[str, Ints]) -> tuple[Ints, Ints]:
    """Give the week of exit or censoring by week 104 (0: never at risk) and whether it is an exit."""
    event = (followed["exit"] > 0) & (followed["exit"] <= LAST)
    week = np.where(event, followed["exit"], np.minimum(followed["known"], LAST))
    return np.maximum(week, 0), event.astype(np.int64)


def observed(followed: dict[str, Ints], outcome: str) -> NDArray[np.bool_]:
    """Say whose count of weeks is known to its last week."""
    horizon = int(outcome.rpartition("_")[2])
    complete = np.isin(followed["ended_by"], _KNOWN_ENDS)
    reach = followed["known"] >= horizon if outcome.startswith("weeks_out") else followed["end"] > horizon
    return np.asarray(reach | complete)


@dataclass
class Tally:
    """The tables so far; `arms` and `strata` name the codes of the citizens that are added."""

    arms: tuple[str, ...]
    strata: tuple[str, ...]
    durations: Ints = field(init=False)
    moments: Ints = field(init=False)

    def __post_init__(self) -> None:
        """Begin with nobody."""
        cells = (len(self.arms), len(self.strata))
        self.durations = np.zeros((*cells, 2, LAST + 1), dtype=np.int64)
        self.moments = np.zeros((len(COUNTED), *cells, 3), dtype=np.int64)

    def add(self, arm: Ints, stratum: Ints, followed: dict[str, Ints]) -> None:
        """Add citizens: their arms and strata as codes, and what the kernel found of each."""
        week, event = duration(followed)
        at_risk = week > 0
        np.add.at(self.durations, (arm[at_risk], stratum[at_risk], event[at_risk], week[at_risk]), 1)
        for number, outcome in enumerate(COUNTED):
            seen = observed(followed, outcome)
            value = followed[outcome][seen].astype(np.int64)
            for at, power in enumerate((np.ones_like(value), value, value * value)):
                np.add.at(self.moments[number, ..., at], (arm[seen], stratum[seen]), power)

    def tables(self) -> dict[str, pa.Table]:
        """Give both tables, a row a cell that has citizens."""
        arm, stratum, event, week = np.nonzero(self.durations)
        citizens = self.durations[arm, stratum, event, week]
        names: dict[str, Any] = {"arm": self._name(self.arms, arm), "stratum": self._name(self.strata, stratum)}
        durations = pa.table(names | {"event": event, "week": week, "citizens": citizens})
        outcome, arm, stratum = np.nonzero(self.moments[..., 0])
        n, total, squares = self.moments[outcome, arm, stratum].T
        names = {"outcome": self._name(COUNTED, outcome), "arm": self._name(self.arms, arm)}
        names |= {"stratum": self._name(self.strata, stratum)}
        moments = pa.table(names | {"citizens": n.copy(), "sum": total.copy(), "sum_of_squares": squares.copy()})
        return {"durations": durations, "moments": moments}

    @staticmethod
    def _name(names: Any, code: Ints) -> pa.Array:
        return pa.array([names[at] for at in code], pa.string())
