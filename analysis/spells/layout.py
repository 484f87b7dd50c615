"""How a DREAM file is laid out: which column is the key, which hold weeks and which months."""

import re
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from analysis.registers.read import weeks_of
from analysis.registers.sources import Source
from analysis.registers.weeks import week_months

_GRAD = re.compile(r"grad_(\d{4})_(\d{2})", re.IGNORECASE)


@dataclass(frozen=True)
class Layout:
    """The columns of a DREAM file: `weeks` in their order with their `mondays`, `grades` in theirs with `months`."""

    path: str
    key: str
    mondays: tuple[date, ...]
    weeks: tuple[str, ...]
    months: tuple[int, ...]
    grades: tuple[str, ...]

    @classmethod
    def of(cls, source: Source) -> "Layout":
        """Read the layout off the names; weeks that are not consecutive raise RegisterError."""
        weeks = weeks_of(source)
        found = ((_GRAD.fullmatch(name), name) for name in source.names)
        grades = sorted((int(match[1]) * 12 + int(match[2]) - 1, name) for match, name in found if match)
        return cls(
            str(source.path), source.spelt("pnr"),
            tuple(monday for monday, _ in weeks), tuple(name for _, name in weeks),
            tuple(month for month, _ in grades), tuple(name for _, name in grades),
        )  # fmt: skip

    @property
    def columns(self) -> list[str]:
        """Every column that is read."""
        return [self.key, *self.weeks, *self.grades]

    def month_rows(self) -> NDArray[np.int64]:
        """Give the row of each week's month among the months of the file, -1 where there is none."""
        row = {month: at for at, month in enumerate(self.months)}
        return np.array([row.get(month, -1) for month in week_months(self.mondays)], dtype=np.int64)
