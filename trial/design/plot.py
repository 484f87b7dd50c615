"""One picture of the advice: what can be guessed, what balance it buys, and the guess rate as a stratum fills.

1. Left: the usual procedures, the declared one marked, the budget as a line. Right: the declared one by position.
2. It reads alone: title, axes and units are on it; nothing is told by colour only.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

from trial.design.advice import Advice
from trial.design.compare import Alternative

INK, MARK, BUDGET = "#33415c", "#c1121f", "#8d99ae"
LABEL_WIDTH, LABEL_HEIGHT = 110, 12  # of a point's name, in pixels


def plot(advice: Advice, to: Path) -> None:
    """Draw the advice into a file."""
    mpl.use("Agg")
    from matplotlib import pyplot  # noqa: PLC0415 - the back end is chosen first

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(12, 5), constrained_layout=True)
    for one in advice.alternatives:
        marker, size = ("D", 10) if one.declared else ("o", 6)
        left.plot(one.correct, one.imbalance, marker, ms=size, color=_ink(one))
    for panel, line in ((left, "axvline"), (right, "axhline")):
        getattr(panel, line)(advice.budget, color=BUDGET, ls="--", label=f"budget {advice.budget:.2f}")
        panel.spines[["top", "right"]].set_visible(False)
    left.set(
        xlabel="correct guesses of who knows the stratum's counts", ylabel="mean imbalance of a stratum, citizens"
    )
    left.set_xlim(right=max(one.correct for one in advice.alternatives) * 1.08 if advice.alternatives else 1)
    left.set_title("What can be guessed, what balance is bought")
    left.set_ylim(bottom=0)
    shown = advice.by_position[:60]
    numbers, rates = range(1, len(shown) + 1), [one.converges for one in shown]
    right.step(numbers, rates, where="mid", color=MARK, lw=1, label=advice.procedure)
    means = [sum(rates[:number]) / number for number in numbers]
    right.plot(numbers, means, color=INK, lw=2, label="mean so far")
    right.set(xlabel="citizen number in the stratum", ylabel="probability that the guess is right", ylim=(0.3, 1.02))
    right.set_title(
        "The declared procedure as a stratum fills" if shown else "No guess within strata: trial-wide state"
    )
    right.legend(frameon=False, loc="upper right")
    figure.suptitle(f"{advice.trial}: {advice.procedure}, {advice.arrivals:,} arrivals, {advice.basis}", fontsize=11)
    figure.draw_without_rendering()  # settles the layout that labels are placed in
    _label(left, advice.alternatives)
    figure.savefig(to, dpi=130)
    pyplot.close(figure)


def _ink(one: Alternative) -> str:
    return MARK if one.declared else INK


def _label(panel: Any, alternatives: Sequence[Alternative]) -> None:
    """Name the points, each beside its own, moved up where it would lie on the name below it."""
    placed: list[tuple[float, float]] = []
    for one in sorted(alternatives, key=lambda one: one.imbalance):
        x, y = panel.transData.transform((one.correct, one.imbalance))
        at = y - 4
        for other_x, other_y in placed:
            if abs(x - other_x) < LABEL_WIDTH and at < other_y + LABEL_HEIGHT:
                at = other_y + LABEL_HEIGHT
        placed.append((x, at))
        panel.annotate(
            one.procedure, (one.correct, one.imbalance), xytext=(8, (at - y) * 72 / panel.figure.dpi),
            textcoords="offset points", fontsize=8, color=_ink(one),
        )  # fmt: skip
