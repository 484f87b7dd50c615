"""The calendar of pauses: municipality by week, darker the more days of the week it was paused.

1. Only municipalities with a pause have a row; more than forty are drawn in two columns.
2. Weeks begin on their Monday; months are named where their first Monday lies.
"""

from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from analysis.report.facts import Calendar
from analysis.report.figures.picture import FAINT, Picture, finish, style
from analysis.report.words import Words

ROW, ONE_COLUMN = 0.145, 40
_MAP = ListedColormap(["#f4f4f4", "#fbd9c3", "#f6b990", "#ee9460", "#df6f3c", "#c24f22", "#993612", "#6b2008"])


def draw_pauses(calendar: Calendar, words: Words) -> Picture:
    """Draw the calendar; there must be a pause in it."""
    names = calendar.municipalities
    columns = 2 if len(names) > ONE_COLUMN else 1
    tall = -(-len(names) // columns)
    alt = words("pauses.alt", pauses=words.count(calendar.pauses), municipalities=words.count(len(names)))
    with style():
        figure = Figure(figsize=(7.4, ROW * tall + 1.1), layout="constrained")
        image = None
        for column, axes in enumerate(figure.subplots(1, columns, squeeze=False)[0]):
            part = slice(column * tall, (column + 1) * tall)
            image = _panel(axes, replace(calendar, municipalities=names[part], days=calendar.days[part]), tall, words)
        assert image is not None  # noqa: S101 - there is at least one column
        _legend(figure, image, words)
        return finish(figure, "pauses", alt)


def _panel(axes: Axes, calendar: Calendar, tall: int, words: Words) -> AxesImage:
    names, mondays = calendar.municipalities, calendar.mondays
    table = np.full((tall, len(mondays)), np.nan)
    table[: len(names)] = np.array(calendar.days)
    image = axes.imshow(table, cmap=_MAP, vmin=-0.5, vmax=7.5, aspect="auto", interpolation="none")
    axes.set_yticks(range(len(names)), names, size=7)
    starts = [week for week, monday in enumerate(mondays) if monday.day <= 7]
    axes.set_xticks(
        [week - 0.5 for week in starts], [words.month(mondays[week].month) for week in starts], size=7, ha="left"
    )
    axes.tick_params(length=0, pad=2)
    axes.xaxis.tick_top()
    for edge in axes.spines.values():
        edge.set_visible(False)
    axes.hlines(np.arange(len(names) + 1) - 0.5, -0.5, len(mondays) - 0.5, color="white", lw=0.8)
    axes.vlines([week - 0.5 for week in starts], -0.5, len(names) - 0.5, color=FAINT, lw=0.8)
    axes.set_ylim(tall - 0.5, -0.5)
    return image


def _legend(figure: Figure, image: AxesImage, words: Words) -> None:
    bar = figure.colorbar(
        image, ax=figure.axes, orientation="horizontal", aspect=40, shrink=0.45, pad=0.02, ticks=range(8)
    )
    bar.set_label(words("pauses.days"), size=8)
    bar.ax.tick_params(length=0, labelsize=7)
    bar.outline.set_visible(False)
