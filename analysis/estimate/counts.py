"""Counts: citizens by arm, stratum, cause of exit and week. All that a weekly register tells about durations.

1. A citizen counts once: in the week of exit under its cause (1, 2, ...), or in the last week observed under cause 0.
2. Who is at risk in a week are those who leave in that week or later: exits come before censorings of the same week.
3. Counting is exact in any order of the rows; what follows costs the same for any number of citizens.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.estimate.cells import Ints, codes
from analysis.estimate.result import DegenerateError

MAX_WEEKS = 5000


@dataclass(frozen=True)
class Counts:
    """`table[arm, stratum, cause, week]`: citizens; weeks from 0, cause 0 is censored, arm 0 the comparison."""

    arms: tuple[str, str]
    strata: tuple[str, ...]
    table: Ints

    @property
    def weeks(self) -> int:
        """The last week in the table."""
        return int(self.table.shape[3]) - 1

    def per_arm(self) -> dict[str, int]:
        """Count the citizens in each arm."""
        return {arm: int(self.table[index].sum()) for index, arm in enumerate(self.arms)}

    def at_risk(self) -> Ints:
        """Give those at risk at each week: array arm x stratum x week."""
        leaving = self.table.sum(axis=2)
        at_risk: Ints = leaving[..., ::-1].cumsum(axis=-1)[..., ::-1]
        return at_risk

    def exits(self, cause: int | None = None) -> Ints:
        """Give those who exit in each week, of one cause or of any: array arm x stratum x week."""
        return self.table[:, :, 1:].sum(axis=2) if cause is None else self.table[:, :, cause]


def count(
    week: npt.ArrayLike,
    event: npt.ArrayLike,
    treated: npt.ArrayLike,
    stratum: npt.ArrayLike | None = None,
    *,
    arms: tuple[str, str] = ("control", "treated"),
) -> Counts:
    """Count citizens. `event`: 0 censored, 1 the exit of interest, 2 and up competing exits; whole weeks from 0."""
    weeks, causes = whole(week, "week of exit or censoring"), whole(event, "cause of exit")
    if not len(weeks):
        raise DegenerateError("no citizen has an observed duration")
    if weeks.max() > MAX_WEEKS or causes.max() > 100:
        raise DegenerateError(f"a week above {MAX_WEEKS} or a cause above 100 is not a duration in weeks")
    names, strata = codes(np.zeros(len(weeks), dtype=np.int64) if stratum is None else stratum)
    shape = (2, len(names), max(int(causes.max()), 1) + 1, int(weeks.max()) + 1)
    arm = np.asarray(treated, dtype=bool).astype(np.int64)
    flat = np.ravel_multi_index((arm, strata, causes, weeks), shape)
    counts = Counts(arms, names, np.bincount(flat, minlength=int(np.prod(shape))).reshape(shape))
    for name, number in counts.per_arm().items():
        if not number:
            raise DegenerateError(f"arm {name} has no citizen with an observed duration")
    return counts


def whole(values: npt.ArrayLike, what: str) -> Ints:
    """Give whole numbers from 0 on; raises DegenerateError where a value is missing, broken or below."""
    numbers = np.asarray(values)
    if not np.issubdtype(numbers.dtype, np.integer):
        numbers = np.asarray(values, dtype=np.float64)
        if not np.isfinite(numbers).all():
            raise DegenerateError(f"{int((~np.isfinite(numbers)).sum())} citizens have no {what}")
        if (numbers != np.rint(numbers)).any():
            raise DegenerateError(f"a {what} is not a whole number")
    found = numbers.astype(np.int64)
    if len(found) and found.min() < 0:
        raise DegenerateError(f"a {what} is below 0")
    return found
