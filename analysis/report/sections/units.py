"""In which unit an effect is told: weeks, percentage points, months, kroner; of a dose per share held physically."""

from dataclasses import dataclass

from analysis.report.words import Words


@dataclass(frozen=True)
class Unit:
    """A unit: its word, the factor from the stored number, and its decimals."""

    key: str
    factor: float
    decimals: int

    def show(self, words: Words, value: float | None) -> str:
        """Write a number in this unit, without its word."""
        return words.number(None if value is None else self.factor * value, self.decimals)


_UNITS = {
    "exit-to-employment": ("points", 100.0, 2),
    "health-inflow": ("points", 100.0, 2),
    "full-time-months": ("months", 1.0, 2),
    "earnings": ("kroner", 1.0, 0),
}


def unit_of(variable: str, summary: str) -> Unit:
    """Give the unit of an outcome's variable under a summary measure."""
    if summary == "hazard-ratio":
        return Unit("unit.log-hazard", 1.0, 3)
    dose = "-per-share" if summary == "late" else ""
    word, factor, decimals = _UNITS.get(variable, ("weeks", 1.0, 2))
    return Unit(f"unit.{word}{dose}", factor, decimals)
