"""The week map of pauses as a figure: a row a municipality, a column an ISO week, dark where it was paused.

One hue from light to dark, and no other meaning in colour: it reads in print and for the colour-blind. Rows are
ordered by days paused, so that the shape of the epidemic shows; every fourth week is labelled.
"""

from datetime import date
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from trial.infection import areas
from trial.infection.feasibility import Bools, by_week

WORDS = {
    "da": ("Andel af ugens dage i pause", "{days} af {all} kommunedage i pause ({share:.0%})"),
    "en": ("Share of the week's days paused", "{days} of {all} municipality-days paused ({share:.0%})"),
}


def draw(paused: Bools, from_on: date, title: str, lang: str) -> Figure:
    """Draw the week map."""
    weeks, shares = by_week(paused, from_on)
    order = np.argsort(-paused.sum(axis=0), kind="stable")
    names = [areas.municipalities()[index].name for index in order]
    bar, summary = WORDS[lang]
    figure = Figure(figsize=(4.5 + 0.14 * len(weeks), 15), layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(shares[order], cmap="Blues", vmin=0, vmax=1, aspect="auto", interpolation="nearest")
    axes.set_yticks(range(len(names)), names, fontsize=7)
    ticks = [index for index in range(len(weeks)) if index % 4 == 0]
    axes.set_xticks(ticks, [weeks[index] for index in ticks], rotation=45, ha="right", fontsize=8)
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.set_title(
        f"{title}\n" + summary.format(days=int(paused.sum()), all=paused.size, share=paused.mean()),
        loc="left",
        fontsize=11,
    )
    figure.colorbar(image, ax=axes, label=bar, shrink=0.25, aspect=30, location="bottom")
    return figure


def save(figure: Figure, path: Path) -> None:
    """Write the figure as the name's ending says (.png, .svg, .pdf); the same data give the same bytes."""
    metadata = {"Date": None} if path.suffix == ".svg" else {"CreationDate": None} if path.suffix == ".pdf" else None
    with mpl.rc_context({"svg.hashsalt": "lodtraek", "svg.fonttype": "none"}):
        figure.savefig(path, dpi=150, metadata=metadata)
