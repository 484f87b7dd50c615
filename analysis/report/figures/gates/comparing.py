"""Plots of groups side by side: overlap of propensities, balance of covariates, placebos."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from analysis.identify.finding import Finding
from analysis.report.figures.gates.details import BAD, DASHED, LIMIT, number, numbers, texts, write_axis
from analysis.report.figures.picture import COLOURS, FAINT, SOFT, Picture, canvas, finish, style
from analysis.report.words import Words

MOST_ROWS = 14


def draw_overlap(finding: Finding, words: Words) -> Picture:
    """Draw how the propensity is spread: treated upwards, untreated downwards, the ground without overlap shaded."""
    edges = np.array(numbers(finding, "bins"))
    treated, untreated = (np.array(numbers(finding, f"{name}_by_bin")) for name in ("treated", "untreated"))
    shares = [one / max(one.sum(), 1) for one in (treated, untreated)]
    with style():
        figure, axes = canvas(7.4, 2.8)
        middle, width = (edges[1:] + edges[:-1]) / 2, np.diff(edges) * 0.92
        axes.bar(middle, shares[0], width, color=COLOURS[1], label=words("gate.overlap.treated"), zorder=2)
        axes.bar(middle, -shares[1], width, color=COLOURS[0], label=words("gate.overlap.untreated"), zorder=2)
        for end, at in ((0.0, number(finding, "lower")), (1.0, number(finding, "upper"))):
            axes.axvspan(end, at, color=BAD, lw=0, zorder=0)
            axes.axvline(at, color=LIMIT, lw=1.2, ls=DASHED, zorder=1)
        axes.axhline(0, color=SOFT, lw=0.7, zorder=3)
        top = 1.1 * max(float(one.max(initial=0)) for one in shares)
        axes.set(xlim=(0, 1), ylim=(-top, top), xlabel=words("gate.overlap.x"), ylabel=words("gate.overlap.y"))
        write_axis(axes.xaxis, words, "percent", 10)
        axes.yaxis.set_major_formatter(lambda value, _: words.percent(abs(value), 0))
        figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=2)
        return finish(figure, "gate-overlap", finding.sentence.get(words.lang))


def draw_covariates_balance(finding: Finding, words: Words) -> Picture | None:
    """Draw the standardised differences before and after weighting; None without covariates."""
    names = texts(finding, "covariates")[:MOST_ROWS] if "covariates" in finding.details else []
    if not names or "difference_after" not in finding.details:
        return None
    before, after = (numbers(finding, f"difference_{when}")[: len(names)] for when in ("before", "after"))
    with style():
        figure, axes = canvas(7.4, 1.1 + 0.26 * len(names))
        rows = range(len(names))
        band(axes, number(finding, "most_difference"))
        axes.plot(before, rows, "o", mfc="white", color=COLOURS[0], ms=6, label=words("gate.overlap.before"))
        axes.plot(after, rows, "o", color=COLOURS[0], ms=6, label=words("gate.overlap.after"))
        _names(axes, [words.known(f"column.{name}", name) for name in names])
        axes.set_xlabel(words("gate.overlap.difference"))
        write_axis(axes.xaxis, words, "plain")
        figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=2)
        return finish(figure, "gate-balance", words("gate.overlap.balance-alt"))


def draw_placebo(finding: Finding, words: Words) -> Picture:
    """Draw each placebo's difference with its interval against the band that would be too little to matter."""
    names = texts(finding, "placebo")[:MOST_ROWS]
    value, low, high = (numbers(finding, name)[: len(names)] for name in ("difference", "low", "high"))
    with style():
        figure, axes = canvas(7.4, 0.95 + 0.34 * len(names))
        if finding.threshold is not None:
            band(axes, finding.threshold)
        for row, (at, left, right) in enumerate(zip(value, low, high, strict=True)):
            if np.isfinite(left) and np.isfinite(right):
                axes.plot((left, right), (row, row), color=COLOURS[0], lw=2, solid_capstyle="butt")
            axes.plot(at, row, "o", color=COLOURS[0], ms=6.5)
        _names(axes, [words.known(f"column.{name}", name) for name in names])
        axes.set_xlabel(words("gate.placebo.x"))
        write_axis(axes.xaxis, words, "plain")
        return finish(figure, "gate-placebo", finding.sentence.get(words.lang))


def band(axes: Axes, most: float) -> None:
    """Shade what lies beyond the threshold on either side, and draw zero."""
    axes.axvspan(-most, most, color="#e6efe9", lw=0, zorder=0)
    for side in (-most, most):
        axes.axvline(side, color=LIMIT, lw=1, ls=DASHED, zorder=1)
    axes.axvline(0, color=SOFT, lw=0.8, zorder=1)


def _names(axes: Axes, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="y", color=FAINT, lw=0.5)
    axes.set_axisbelow(True)
