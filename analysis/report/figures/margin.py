"""The non-inferiority figure: each estimator's effect and interval against zero and the declared margin."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from analysis.report.figures.picture import COLOURS, INK, SOFT, Picture, canvas, finish, style
from analysis.report.words import Words


@dataclass(frozen=True)
class Bar:
    """One estimate with its interval and one-sided bound, and its name in the reader's language."""

    label: str
    estimate: float
    low: float
    high: float
    bound: float


@dataclass(frozen=True)
class Margin:
    """Estimates on one scale, the worst acceptable effect (`limit`) and the words of the axis."""

    bars: Sequence[Bar]
    limit: float
    higher_is_better: bool
    axis: str
    unit: str


def draw_margin(margin: Margin, words: Words) -> Picture:
    """Draw the figure."""
    first = margin.bars[0]
    numbers = (words.number(value) for value in (first.estimate, first.low, first.high, margin.limit))
    estimate, low, high, limit = numbers
    alt = words("ni.alt", estimate=estimate, low=low, high=high, margin=limit, unit=margin.unit)
    with style():
        figure, axes = canvas(7.4, 1.35 + 0.42 * len(margin.bars))
        _ground(axes, margin, words)
        for row, bar in enumerate(margin.bars):
            axes.plot((bar.low, bar.high), (row, row), color=COLOURS[0], lw=2.2, solid_capstyle="butt")
            axes.plot(bar.estimate, row, "o", color=COLOURS[0], ms=6.5)
            axes.plot(bar.bound, row, "|", color=INK, ms=11, mew=1.6)
        axes.set_yticks(range(len(margin.bars)), [bar.label for bar in margin.bars])
        axes.set_ylim(len(margin.bars) - 0.45, -0.85)
        axes.set_xlabel(margin.axis)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        return finish(figure, "margin", alt)


def _ground(axes: Axes, margin: Margin, words: Words) -> None:
    """Draw zero, the margin and the ground beyond it."""
    ends = [value for bar in margin.bars for value in (bar.low, bar.high, bar.bound)]
    values = (*ends, 0.0, margin.limit)
    room = 0.12 * (max(values) - min(values))
    low, high = min(values) - room * 2, max(values) + room
    if not margin.higher_is_better:
        low, high = min(values) - room, max(values) + room * 2
    edge = low if margin.higher_is_better else high
    axes.axvspan(margin.limit, edge, color="#f3dfd6", lw=0, zorder=0)
    axes.axvline(margin.limit, color=COLOURS[1], lw=1.3, ls=(0, (4, 2)), zorder=1)
    axes.axvline(0, color=SOFT, lw=0.9, zorder=1)
    worse, better = ("right", "left") if margin.higher_is_better else ("left", "right")
    shift = room * 0.15 * (1 if margin.higher_is_better else -1)
    axes.text(
        margin.limit + shift,
        -0.72,
        f"{words('ni.margin')} {words.number(margin.limit)}",
        size=7.5,
        ha=better,
        va="center",
        color=COLOURS[1],
    )
    axes.text(margin.limit - shift, -0.72, words("ni.worse"), size=7.5, ha=worse, va="center", color=COLOURS[1])
    axes.set_xlim(low, high)
    axes.xaxis.set_major_locator(MaxNLocator(7))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: words.number(value, 1)))
