"""A figure against its threshold on one line, with its interval where there is one: the plot of any gate."""

from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.identify.finding import Finding
from analysis.report.figures.gates.details import BAD, limit_down, number, write_axis
from analysis.report.figures.picture import COLOURS, SOFT, Picture, finish, style
from analysis.report.words import Words

LEAST = {"mode", "instruments", "displacement", "design", "sensitivity"}  # the figure must reach its threshold
LOWEST = {"sensitivity": 1.0}  # an E-value of 1 is none
SHARES = {"talk", "mode", "overlap", "survivorship", "anticipation", "bounds"}


@dataclass(frozen=True)
class Scale:
    """A figure and its threshold on one axis."""

    value: float
    threshold: float
    least: bool
    share: bool
    label: str
    lowest: float = 0.0


def draw_gauge(finding: Finding, words: Words) -> Picture:
    """Draw the figure and the ground beyond the threshold."""
    assert finding.figure is not None  # noqa: S101 - asked for only where both are there
    assert finding.threshold is not None  # noqa: S101
    gate = finding.gate
    axis, lowest = words(f"gate.{gate}.axis"), LOWEST.get(gate, 0.0)
    scale = Scale(finding.figure, finding.threshold, gate in LEAST, gate in SHARES, axis, lowest)
    return _drawn([scale], finding, words)


def draw_instruments(finding: Finding, words: Words) -> Picture:
    """Draw the effective F and the clusters reached, each against its threshold."""
    assert finding.figure is not None  # noqa: S101
    assert finding.threshold is not None  # noqa: S101
    reached, least = (number(finding, name) for name in ("treated_clusters", "least_clusters"))
    scales = [
        Scale(finding.figure, finding.threshold, True, False, words("gate.instruments.axis")),
        Scale(reached, least, True, False, words("gate.instruments.clusters")),
    ]
    return _drawn(scales, finding, words)


def _drawn(scales: list[Scale], finding: Finding, words: Words) -> Picture:
    with style():
        figure = Figure(figsize=(7.4, 1.3 * len(scales)), layout="constrained")
        for axes, scale in zip(figure.subplots(len(scales), 1, squeeze=False)[:, 0], scales, strict=True):
            _scale(axes, scale, words)
        return finish(figure, f"gate-{finding.gate}", finding.sentence.get(words.lang))


def _scale(axes: Axes, scale: Scale, words: Words) -> None:
    base = min(scale.lowest, scale.value, scale.threshold)
    top = base + 1.25 * max(scale.value - base, scale.threshold - base, 1e-9)
    top = min(top, 1.02) if scale.share and max(scale.value, scale.threshold) <= 1 else top
    limits = (base - 0.015 * (top - base), top)
    end = limits[0] if scale.least else top
    axes.axvspan(min(end, scale.threshold), max(end, scale.threshold), color=BAD, lw=0, zorder=0)
    axes.axhline(0, color=SOFT, lw=0.7, zorder=1)
    text = words("verdict.least" if scale.least else "verdict.most", value=_written(scale, scale.threshold, words))
    limit_down(axes, scale.threshold, text, left=scale.threshold > (base + top) / 2)
    axes.plot(scale.value, 0, "o", color=COLOURS[0], ms=8, zorder=4, clip_on=False)
    near = scale.value - base < 0.05 * (top - base)
    axes.annotate(
        _written(scale, scale.value, words), (scale.value, 0), xytext=(0, 9), textcoords="offset points",
        ha="left" if near else "center", size=8.5, weight="bold", color=COLOURS[0],
    )  # fmt: skip
    axes.set(xlim=limits, ylim=(-1, 1.7), yticks=[], xlabel=scale.label)
    axes.spines["left"].set_visible(False)
    write_axis(axes.xaxis, words, "percent" if scale.share else "plain")


def _written(scale: Scale, value: float, words: Words) -> str:
    """Write a value with the decimals that the smaller of figure and threshold needs."""
    if scale.share:
        small = 0 < min(abs(one) for one in (scale.value, scale.threshold) if one) < 0.1
        return words.percent(value, 1 if small else 0)
    if value == int(value):
        return words.number(value, 0)
    return words.number(value, 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3)
