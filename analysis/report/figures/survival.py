"""Survival curves by arm with their bands, and the numbers at risk below, week under week."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from analysis.estimate.kaplan_meier import Curve
from analysis.report.figures.picture import FAINT, Picture, arm_colour, arm_line, finish, style
from analysis.report.words import Words


@dataclass(frozen=True)
class Survival:
    """The released curves of one outcome: arms in the protocol's order, their labels, numbers at risk by week."""

    outcome: str
    curves: Sequence[Curve]
    labels: Mapping[str, str]
    at_risk: Mapping[str, Sequence[tuple[int, int | None]]]
    by_week: int


def draw_survival(survival: Survival, words: Words) -> Picture:
    """Draw one outcome's curves."""
    arms = list(survival.labels)
    alt = words("curves.alt", arms=", ".join(survival.labels[curve.arm] for curve in survival.curves))
    with style():
        figure = Figure(figsize=(7.4, 3.6 + 0.2 * len(arms)), layout="constrained")
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=[10, 0.9 + 0.75 * len(arms)])
        _curves(above, survival, arms, words)
        _numbers(below, survival, arms, words)
        return finish(figure, f"survival-{survival.outcome.replace('_', '-')}", alt)


def _curves(axes: Axes, survival: Survival, arms: Sequence[str], words: Words) -> None:
    for curve in survival.curves:
        weeks = [point.week for point in curve.points]
        colour = arm_colour(arms, curve.arm)
        share = [point.survival for point in curve.points]
        end, shares = [*weeks, survival.by_week], [*share, share[-1]]
        axes.step(
            end,
            shares,
            where="post",
            color=colour,
            ls=arm_line(arms, curve.arm),
            lw=1.7,
            label=survival.labels[curve.arm],
        )
        banded = [
            (point.week, point.low, point.high) for point in curve.points if point.low is not None and point.high
        ]
        if banded:
            until, low, high = (np.array([*side, side[-1]], dtype=float) for side in zip(*banded, strict=True))
            until[-1] = survival.by_week
            axes.fill_between(until, low, high, step="post", color=colour, alpha=0.15, lw=0)
    axes.set(xlim=(0, survival.by_week), ylim=(0, 1.02), ylabel=words("curves.y"))
    axes.set_xticks(range(0, survival.by_week + 1, 13))
    axes.tick_params(labelbottom=True)
    axes.set_xlabel(words("curves.x"))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: words.percent(value, 0)))
    axes.grid(axis="y", color=FAINT, lw=0.6)
    axes.set_axisbelow(True)
    axes.legend(loc="upper right", handlelength=3)


def _numbers(axes: Axes, survival: Survival, arms: Sequence[str], words: Words) -> None:
    axes.set_ylim(len(arms) - 0.4, -1.4)
    axes.text(0, -1, words("curves.at-risk"), size=8, weight="bold", va="center", ha="left")
    for row, arm in enumerate(arms):
        axes.text(
            -0.035, row, survival.labels[arm], size=8, va="center", ha="right", color=arm_colour(arms, arm),
            transform=axes.get_yaxis_transform(), weight="bold",
        )  # fmt: skip
        for week, number in survival.at_risk.get(arm, ()):
            place = "left" if week == 0 else "right" if week == survival.by_week else "center"
            axes.text(week, row, words.count(number), size=8, va="center", ha=place)
    axes.tick_params(length=0, labelleft=False, labelbottom=False)
    for edge in axes.spines.values():
        edge.set_visible(False)
