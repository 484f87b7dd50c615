"""Paid hours of synthetic persons, by the day, as rows of BFL: one job a person and month.

1. A week's hours are spread over its seven days; a week across two months pays in both.
2. A row's dates are the first and last paid day of its month: start and end never lie in two months.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from analysis.registers.life import Floats
from analysis.registers.schema import FULL_TIME_HOURS
from analysis.registers.weeks import month_of


@dataclass(frozen=True)
class Income:
    """Paid hours by person and month, with the first and last paid day of the month."""

    mondays: tuple[date, ...]
    hours: NDArray[np.float32]
    first: NDArray[np.int8]
    last: NDArray[np.int8]

    @classmethod
    def over(cls, mondays: tuple[date, ...], persons: int) -> "Income":
        months = month_of(mondays[-1] + timedelta(days=6)) - month_of(mondays[0]) + 1
        return cls(
            mondays,
            np.zeros((months, persons), dtype=np.float32),
            np.zeros((months, persons), dtype=np.int8),
            np.zeros((months, persons), dtype=np.int8),
        )

    def add(self, column: int, hours: Floats) -> None:
        """Add a week's hours, a seventh a day, to the months its days lie in."""
        days = [self.mondays[column] + timedelta(days=offset) for offset in range(7)]
        paid = hours > 0
        for month in sorted({month_of(day) for day in days}):
            within = [day.day for day in days if month_of(day) == month]
            row = month - month_of(self.mondays[0])
            self.hours[row] += hours * len(within) / 7
            self.first[row] = np.where(paid & (self.first[row] == 0), within[0], self.first[row])
            self.last[row] = np.where(paid, within[-1], self.last[row])

    def ratios(self) -> dict[str, pa.Array]:
        """Give the columns `grad_YYYY_MM` of DREAM: paid hours over those of a full-time month, empty without any."""
        base = month_of(self.mondays[0])
        columns = {}
        for row, hours in enumerate(self.hours):
            year, month = divmod(base + row, 12)
            ratio = np.round(hours / np.float32(FULL_TIME_HOURS), 2)
            columns[f"grad_{year}_{month + 1:02d}"] = pa.array(ratio, mask=hours == 0)
        return columns

    def table(self, keys: NDArray[Any], rng: np.random.Generator) -> pa.Table:
        """Give the rows of BFL: a person and month with paid hours."""
        month, person = np.nonzero(self.hours)
        hours = np.round(self.hours[month, person].astype(np.float64), 2)
        base = month_of(self.mondays[0])
        starts = np.datetime64("1970-01", "M") + (month + base - 1970 * 12)
        day = starts.astype("datetime64[D]")
        wage = hourly_wages(rng, self.hours.shape[1])[person]
        return pa.table(
            {
                "pnr": keys[person],
                "AJO_JOB_START_DATO": day + (self.first[month, person] - 1),
                "AJO_JOB_SLUT_DATO": day + (self.last[month, person] - 1),
                "AJO_LOENTIMER": hours,
                "AJO_LOENTIME_KODE": (rng.random(len(hours)) < 0.9).astype(np.int8),
                "AJO_SMALT_LOENBELOEB": np.round(hours * wage, 2),
                "AJO_FULDTID_BESKAEFTIGET": np.round(hours / FULL_TIME_HOURS, 4),
            }
        )


def hourly_wages(rng: np.random.Generator, persons: int) -> Floats:
    """Draw the persons' pay for an hour, in kroner: an assumption, independent of everything else."""
    return np.maximum(rng.normal(210, 35, persons), 130)
