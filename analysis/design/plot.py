"""One picture of the power of a declared trial: how it grows with arrivals, for every effect and margin asked for.

The curves are `lines` computed again for other numbers of arrivals. Dashes, not colour alone, tell superiority from
non-inferiority.
"""

from dataclasses import replace
from pathlib import Path

import matplotlib as mpl

from analysis.design.assumed import Assumed
from analysis.design.declared import Line, lines
from trial.protocol import Protocol

INKS = ("#33415c", "#c1121f", "#2a9d8f", "#b5651d", "#6a4c93")
STEPS, REACH = 60, 1.6


def curves(protocol: Protocol, assumed: Assumed) -> dict[tuple[str, str, str], list[tuple[int, float]]]:
    """Give arrivals and power for every line with an effect or margin, up to REACH times the arrivals expected."""
    found: dict[tuple[str, str, str], list[tuple[int, float]]] = {}
    for step in range(1, STEPS + 1):
        arrivals = max(4, round(assumed.arrivals * REACH * step / STEPS))
        own = replace(assumed, arrivals=arrivals, cluster_size=_size(protocol, assumed, arrivals))
        for line in lines(protocol, own):
            if line.power is not None:
                found.setdefault((line.estimand, line.question, _asked(line)), []).append((arrivals, line.power))
    return found


def _size(protocol: Protocol, assumed: Assumed, arrivals: int) -> float | None:
    """Give the citizens of a cluster: where clusters are drawn they are as many whoever arrives, and fill."""
    if protocol.randomisation.cluster is None or assumed.cluster_size is None:
        return assumed.cluster_size
    return max(1.0, assumed.cluster_size * arrivals / assumed.arrivals)


def _asked(line: Line) -> str:
    if line.scale == "share":
        return f"{100 * (line.asked or 0):.2g} points"
    return f"{line.asked:.3g}" if line.scale == "mean" else f"ratio {line.asked:.3g}"


def plot(protocol: Protocol, assumed: Assumed, to: Path) -> int:
    """Draw the curves into a file; gives their number (nothing is drawn without one)."""
    found = curves(protocol, assumed)
    if not found:
        return 0
    mpl.use("Agg")
    from matplotlib import pyplot  # noqa: PLC0415 - the back end is chosen first

    figure, axes = pyplot.subplots(figsize=(10, 5.5), constrained_layout=True)
    for index, ((estimand, question, asked), points) in enumerate(found.items()):
        style = "-" if question == "superiority" else "--"
        label = f"{estimand}, {'effect' if question == 'superiority' else 'margin'} {asked} ({question})"
        axes.plot(*zip(*points, strict=True), style, lw=2, color=INKS[index % len(INKS)], label=label)
    axes.axhline(assumed.power, color="#8d99ae", lw=1)
    axes.annotate(
        f"power wanted {assumed.power:.0%}",
        (assumed.arrivals * REACH, assumed.power),
        ha="right",
        va="bottom",
        fontsize=9,
    )
    axes.axvline(assumed.arrivals, color="#8d99ae", lw=1)
    axes.annotate("expected", (assumed.arrivals, 0.01), ha="right", rotation=90, fontsize=9)
    axes.set(xlabel="arrivals in the enrolment period", ylabel="power", ylim=(0, 1.02), xlim=(0, None))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="lower right", fontsize=9)
    axes.set_title(f"Power of {protocol.trial.id}", loc="left")
    figure.savefig(to, dpi=140)
    pyplot.close(figure)
    return len(found)
