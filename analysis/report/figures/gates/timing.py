"""Plots along time: who has had a talk by when, the form by calendar week, what waiting alone makes."""

import numpy as np
from matplotlib.figure import Figure

from analysis.identify.finding import Finding
from analysis.report.figures.gates.details import (
    BAD,
    calendar_axis,
    limit_across,
    number,
    numbers,
    write_axis,
)
from analysis.report.figures.picture import COLOURS, FAINT, Picture, canvas, finish, style
from analysis.report.words import Words


def draw_talk(finding: Finding, words: Words) -> Picture:
    """Draw the share with a talk by each week, against the most that may have had one."""
    weeks, shares = numbers(finding, "weeks"), numbers(finding, "shares")
    with style():
        figure, axes = canvas(7.4, 2.5)
        axes.bar(range(len(weeks)), shares, width=0.5, color=COLOURS[0])
        for place, share in enumerate(shares):
            axes.text(place, share / 2, words.percent(share, 0), ha="center", va="center", size=9, color="white")
        axes.set_xticks(range(len(weeks)), [words("verdict.week", week=int(week)) for week in weeks])
        axes.set(ylim=(0, 1.12), xlim=(-0.6, len(weeks) - 0.1), ylabel=words("gate.talk.y"))
        write_axis(axes.yaxis, words, "percent", 6)
        if finding.threshold is not None:
            axes.axhspan(finding.threshold, 1.12, color=BAD, lw=0, zorder=0)
            limit_across(axes, finding.threshold, words("verdict.most", value=words.percent(finding.threshold, 0)))
        return finish(figure, "gate-talk", finding.sentence.get(words.lang))


def draw_mode(finding: Finding, words: Words) -> Picture:
    """Draw the share digital by calendar week, and below it where the weight of a comparison lies."""
    weeks = numbers(finding, "period")
    digital, weight, size = (np.array(numbers(finding, f"period_{name}")) for name in ("digital", "weight", "n"))
    with style():
        figure = Figure(figsize=(7.4, 3.9), layout="constrained")
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=[3, 2])
        above.scatter(weeks, digital, s=6 + 34 * size / max(size.max(), 1), color=COLOURS[0], lw=0, alpha=0.75)
        above.set(ylim=(-0.04, 1.04))
        above.set_ylabel(words("gate.mode.y"))
        write_axis(above.yaxis, words, "percent", 6)
        above.grid(axis="y", color=FAINT, lw=0.6)
        above.set_axisbelow(True)
        below.bar(weeks, weight, width=0.9, color=COLOURS[1])
        below.set_ylabel(words("gate.mode.weight"))
        write_axis(below.yaxis, words, "percent", 4)
        below.set_xlabel(words("gate.mode.x"))
        calendar_axis(below, weeks, words)
        figure.align_ylabels()
        return finish(figure, "gate-mode", finding.sentence.get(words.lang))


def draw_survivorship(finding: Finding, words: Words) -> Picture:
    """Draw the chance of leaving that is left by the week of the first talk, and when each form is held."""
    ahead = numbers(finding, "exits_ahead")
    weeks = np.arange(1, len(ahead) + 1)
    with style():
        figure, axes = canvas(7.4, 2.6)
        axes.plot(weeks, ahead, "o-", color="#555555", lw=1.4, ms=4, label=words("gate.survivorship.ahead"))
        for form, colour, line in (("physical", COLOURS[0], "-"), ("digital", COLOURS[1], (0, (5, 1.6)))):
            at = number(finding, f"waiting_{form}")
            label = words(f"gate.survivorship.{form}", week=words.number(at, 1))
            axes.axvline(at, color=colour, lw=1.4, ls=line, label=label)
        room = max(0.02, 0.4 * (max(ahead) - min(ahead)))
        axes.set(xlim=(0.7, len(ahead) + 0.3), ylim=(min(ahead) - room, max(ahead) + room))
        axes.set_xlabel(words("gate.survivorship.x"))
        axes.set_ylabel(words("gate.survivorship.y", week=int(number(finding, "horizon"))))
        axes.set_xticks(weeks)
        write_axis(axes.yaxis, words, "percent", 5)
        figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=3)
        return finish(figure, "gate-survivorship", finding.sentence.get(words.lang))
