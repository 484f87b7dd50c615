"""Plots of a draw and of what holds without one: proof of the draw, displacement, bounds, anticipation."""

from collections.abc import Iterator

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.identify.finding import Finding
from analysis.report.figures.gates.comparing import band
from analysis.report.figures.gates.details import BAD, limit_down, number, numbers, write_axis
from analysis.report.figures.picture import COLOURS, FAINT, SOFT, Picture, canvas, finish, style
from analysis.report.words import Words

SMALLEST_P = 1e-6  # drawn here where it is smaller


def draw_design(finding: Finding, words: Words) -> Picture:
    """Draw the tests of the draw against their threshold, and what each arm received."""
    tests = [(name, number(finding, f"{name}_p")) for name in ("ratio", "balance") if f"{name}_p" in finding.details]
    received = "received_in_treated" in finding.details
    with style():
        figure = Figure(figsize=(7.4, 2.1), layout="constrained")
        parts = figure.subplots(1, 2 if received else 1, squeeze=False, width_ratios=[3, 2] if received else [1])[0]
        _tests(parts[0], tests, finding.threshold, words)
        if received:
            _received(parts[1], finding, words)
        return finish(figure, "gate-design", finding.sentence.get(words.lang))


def _tests(axes: Axes, tests: list[tuple[str, float]], threshold: float | None, words: Words) -> None:
    for row, (_, p) in enumerate(tests):
        axes.plot(max(p, SMALLEST_P), row, "o", color=COLOURS[0], ms=7, zorder=3)
        axes.annotate(
            words.p_value(p),
            (max(p, SMALLEST_P), row),
            xytext=(0, 8),
            textcoords="offset points",
            ha="center",
            size=8,
        )
    axes.set_xscale("log")
    axes.set_xlim(SMALLEST_P / 2, 2)
    axes.set_xticks([1e-6, 1e-4, 1e-2, 1], [words.number(1e-6, 6), words.number(1e-4, 4), words.number(1e-2, 2), "1"])
    axes.minorticks_off()
    axes.set_yticks(range(len(tests)), [words(f"gate.design.{name}") for name, _ in tests])
    axes.set_ylim(len(tests) - 0.4, -0.95)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(words("gate.design.p"))
    if threshold is not None:
        axes.axvspan(SMALLEST_P / 2, threshold, color=BAD, lw=0, zorder=0)
        limit_down(axes, threshold, words("verdict.least", value=words.number(threshold, 3)), left=True)


def _received(axes: Axes, finding: Finding, words: Words) -> None:
    shares = [number(finding, f"received_in_{name}") for name in ("untreated", "treated")]
    axes.barh((0, 1), shares, height=0.5, color=COLOURS[:2])
    for row, share in enumerate(shares):
        axes.text(share + 0.02, row, words.percent(share, 0), va="center", size=8)
    axes.set_yticks((0, 1), [words("gate.design.untreated"), words("gate.design.treated")])
    axes.set(ylim=(1.6, -0.6), xlim=(0, 1.15), xlabel=words("gate.design.received"))
    write_axis(axes.xaxis, words, "percent", 3)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def draw_displacement(finding: Finding, words: Words) -> Picture:
    """Draw the share treated in each cluster, and the levels that were drawn."""
    shares = np.sort(numbers(finding, "share_treated_by_cluster"))
    levels = numbers(finding, "levels") if "levels" in finding.details else []
    with style():
        figure, axes = canvas(7.4, 2.3)
        for number_, level in enumerate(sorted(set(levels))):
            label = words("gate.displacement.levels") if number_ == 0 else None
            axes.axhline(level, color=COLOURS[1], lw=1.1, ls=(0, (4, 2)), label=label, zorder=1)
        axes.bar(range(len(shares)), shares, width=0.85, color=COLOURS[0], label=words("gate.displacement.share"))
        axes.set(ylim=(0, 1.04), xlim=(-0.8, len(shares) - 0.2), ylabel=words("gate.displacement.y"))
        axes.set_xticks([])
        axes.set_xlabel(words("gate.displacement.x", clusters=len(shares)))
        write_axis(axes.yaxis, words, "percent", 6)
        if levels:
            figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=2)
        return finish(figure, "gate-displacement", finding.sentence.get(words.lang))


def draw_bounds(finding: Finding, words: Words) -> Picture:
    """Draw the intervals that hold the effect, by horizon and by what they assume."""
    rows = list(_intervals(finding, words))
    whole = number(finding, "highest") - number(finding, "lowest")
    with style():
        figure, axes = canvas(7.4, 0.9 + 0.36 * len(rows))
        for row, (_, low, high) in enumerate(rows):
            axes.plot((low, high), (row, row), color=COLOURS[0], lw=7, solid_capstyle="butt", alpha=0.85)
        axes.axvline(0, color=SOFT, lw=0.9)
        axes.set_yticks(range(len(rows)), [label for label, _, _ in rows])
        axes.set(ylim=(len(rows) - 0.4, -0.6), xlim=(-1.04 * whole, 1.04 * whole))
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.grid(axis="x", color=FAINT, lw=0.6)
        axes.set_axisbelow(True)
        axes.set_xlabel(words("gate.bounds.x"))
        if whole == 1:
            axes.set_xlabel(words("gate.bounds.points"))
        write_axis(axes.xaxis, words, "points" if whole == 1 else "plain", 8)
        return finish(figure, "gate-bounds", finding.sentence.get(words.lang))


def _intervals(finding: Finding, words: Words) -> Iterator[tuple[str, float, float]]:
    """Give each interval with its name: what it assumes, and by which week."""
    for key, found in finding.details.items():
        if key != "bounds" and not key.startswith("week_"):
            continue
        assert isinstance(found, list)  # noqa: S101
        for one in found:
            assert isinstance(one, dict)  # noqa: S101
            name = ", ".join(words.known(f"assumes.{part}", part) for part in str(one["assumptions"]).split(", "))
            week = f"{words('verdict.week', week=key.removeprefix('week_'))}: " if key != "bounds" else ""
            low, high = one["low"], one["high"]
            assert isinstance(low, (int, float))  # noqa: S101
            assert isinstance(high, (int, float))  # noqa: S101
            yield words.capital(f"{week}{name}"), float(low), float(high)


def draw_anticipation(finding: Finding, words: Words) -> Picture:
    """Draw the change of the hazard with its interval against the band that would be too little to matter."""
    low, high, change = (number(finding, name) for name in ("low", "high", "change"))
    with style():
        figure, axes = canvas(7.4, 1.35)
        if finding.threshold is not None:
            band(axes, finding.threshold)
        axes.plot((low, high), (0, 0), color=COLOURS[0], lw=2.2, solid_capstyle="butt")
        axes.plot(change, 0, "o", color=COLOURS[0], ms=6.5)
        axes.set(yticks=[], ylim=(-0.7, 0.7), xlabel=words("gate.anticipation.axis"))
        axes.spines["left"].set_visible(False)
        write_axis(axes.xaxis, words, "percent")
        return finish(figure, "gate-anticipation", finding.sentence.get(words.lang))
