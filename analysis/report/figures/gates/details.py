"""What the plots of the gates share: details read as numbers, a scale against its threshold, weeks as dates."""

import math
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import Formatter, MaxNLocator

from analysis.identify.finding import Finding
from analysis.report.figures.picture import COLOURS
from analysis.report.words import Words

BAD = "#f3dfd6"  # ground beyond a threshold
LIMIT = COLOURS[1]
DASHED = (0, (4, 2))
ORIGIN = date(1969, 12, 29)  # the Monday of the panel's week 0


def numbers(finding: Finding, name: str) -> list[float]:
    """Give a detail as numbers."""
    found = finding.details[name]
    assert isinstance(found, list)  # noqa: S101 - a plot asks only for what its gate declares
    return [float(one) for one in found if isinstance(one, (int, float))]


def texts(finding: Finding, name: str) -> list[str]:
    """Give a detail as texts."""
    found = finding.details[name]
    assert isinstance(found, list)  # noqa: S101
    return [str(one) for one in found]


def number(finding: Finding, name: str) -> float:
    """Give a detail as a number."""
    found = finding.details[name]
    assert isinstance(found, (int, float))  # noqa: S101
    return float(found)


def limit_across(axes: Axes, at: float, text: str) -> None:
    """Draw a horizontal threshold, named above its right end."""
    axes.axhline(at, color=LIMIT, lw=1.2, ls=DASHED, zorder=3)
    axes.annotate(
        text, (1, at), xycoords=("axes fraction", "data"), xytext=(0, 3), textcoords="offset points", ha="right",
        va="bottom", size=7.5, color=LIMIT,
    )  # fmt: skip


def limit_down(axes: Axes, at: float, text: str, *, left: bool = False) -> None:
    """Draw a vertical threshold, named at its upper end on one side."""
    axes.axvline(at, color=LIMIT, lw=1.2, ls=DASHED, zorder=3)
    axes.annotate(
        text, (at, 1), xycoords=("data", "axes fraction"), xytext=(-4 if left else 4, -1),
        textcoords="offset points", ha="right" if left else "left", va="top", size=7.5, color=LIMIT,
    )  # fmt: skip


class Ticks(Formatter):
    """Writes ticks with as many decimals as their distance needs, in per cent, in points or plain."""

    def __init__(self, words: Words, unit: str) -> None:
        self.words, self.unit, self.decimals = words, unit, 0

    def format_ticks(self, values: Sequence[float]) -> list[str]:
        """Write all ticks of an axis."""
        scale = 1.0 if self.unit == "plain" else 100.0
        step = scale * min((abs(later - one) for one, later in pairwise(values)), default=1.0)
        self.decimals = max(0, math.ceil(-math.log10(step) - 1e-9)) if step > 0 else 0
        return [self(value) for value in values]

    def __call__(self, value: float, pos: int | None = None) -> str:  # noqa: ARG002 - matplotlib gives it
        """Write one tick."""
        if self.unit == "percent":
            return self.words.percent(value, self.decimals)
        return self.words.number(value if self.unit == "plain" else 100 * value, self.decimals)


def write_axis(axis: Axis, words: Words, unit: Literal["percent", "points", "plain"], ticks: int = 7) -> None:
    """Put an axis' ticks at round numbers and write them in the reader's language."""
    axis.set_major_locator(MaxNLocator(ticks, steps=[1, 2, 5, 10]))
    axis.set_major_formatter(Ticks(words, unit))


def monday(week: float) -> date:
    """Give the Monday of a calendar week of the panel."""
    return ORIGIN + timedelta(weeks=int(week))


def calendar_axis(axes: Axes, weeks: Sequence[float], words: Words) -> None:
    """Name quarters on an axis of calendar weeks; the year stands under its first one."""
    first, last = int(min(weeks)), int(max(weeks))
    marks = [week for week in range(first, last + 1) if monday(week).day <= 7 and monday(week).month in (1, 4, 7, 10)]
    if len(marks) < 3:
        marks = [week for week in range(first, last + 1) if monday(week).day <= 7]
    labels, year = [], 0
    for week in marks:
        on = monday(week)
        labels.append(words.month(on.month) + (f"\n{on.year}" if on.year != year else ""))
        year = on.year
    axes.set_xticks(marks, labels)
    axes.set_xlim(first - 0.7, last + 0.7)
