"""A picture: one drawing as SVG for the page and PNG for a slide, with the words that stand for it.

1. Letters are drawn as paths from the font matplotlib brings: the same on every machine, æøå included.
2. Arms differ in colour and in line style, so that print and colour-blind readers can tell them apart.
3. The same input gives the same bytes: no date, fixed salt for the ids inside.
"""

import base64
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK, SOFT, FAINT = "#333333", "#767676", "#dddddd"
COLOURS = ("#1f5f8b", "#c8571b", "#4a7c3a", "#7a4f9a", "#8a6d1d", "#555555")
LINES = ("-", (0, (5, 1.6)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)), (0, (3, 1)), (0, (8, 2)))

_STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 8.5,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "legend.frameon": False,
    "svg.fonttype": "path",
    "svg.hashsalt": "lodtraek",
}


@dataclass(frozen=True)
class Picture:
    """A drawing: `name` for its file, `alt` for whoever cannot see it."""

    name: str
    alt: str
    svg: bytes
    png: bytes

    @property
    def source(self) -> str:
        """Give the drawing as the address of an image that needs no network."""
        return "data:image/svg+xml;base64," + base64.b64encode(self.svg).decode("ascii")


@contextmanager
def style() -> Iterator[None]:
    """Draw in the report's style, whatever the machine's own settings say."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE)
        yield


def canvas(width: float, height: float) -> tuple[Figure, Axes]:
    """Give a figure of a size in inches with one pair of axes."""
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.add_subplot()


def finish(figure: Figure, name: str, alt: str) -> Picture:
    """Write a figure as SVG and PNG."""
    svg, png = io.BytesIO(), io.BytesIO()
    figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
    figure.set_layout_engine("none")  # laid out once: both files show the same places
    figure.savefig(png, format="png", dpi=180, metadata={"Software": None})
    return Picture(name, alt, svg.getvalue(), png.getvalue())


def arm_colour(arms: Sequence[str], arm: str) -> str:
    """Give an arm its colour, by its place in the protocol."""
    return COLOURS[arms.index(arm) % len(COLOURS)]


def arm_line(arms: Sequence[str], arm: str) -> object:
    """Give an arm its line style, by its place in the protocol."""
    return LINES[arms.index(arm) % len(LINES)]
