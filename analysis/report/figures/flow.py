"""The flow diagram after CONSORT 2025: boxes sized by their lines, one column an arm.

1. Every number comes in released; a hidden one is a dash.
2. The page carries the same numbers as a table, for whoever cannot see the drawing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap

from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from analysis.report.figures.picture import INK, SOFT, Picture, canvas, finish, style

LINE, PADDING, GAP = 0.165, 0.13, 0.3
WIDTH, MARGIN = 7.4, 0.05
HEAD, SIDE = 3.0, 3.25


@dataclass(frozen=True)
class Box:
    """A box: its heading in bold, then its lines."""

    heading: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Diagram:
    """Arrivals and who was not randomised, then randomised, then rows of boxes with one an arm."""

    arrived: Box
    turned_away: Box
    randomised: Box
    rows: tuple[tuple[Box, ...], ...]
    alt: str


def draw_flow(diagram: Diagram) -> Picture:
    """Draw the diagram."""
    arms = len(diagram.rows[0])
    width = (WIDTH - 2 * MARGIN - (arms - 1) * GAP) / arms
    rows = [tuple(_fold(box, width) for box in row) for row in diagram.rows]
    head = (_fold(diagram.arrived, HEAD), _fold(diagram.turned_away, SIDE), _fold(diagram.randomised, HEAD))
    tall = sum(_height((box,)) for box in head) + sum(_height(row) for row in rows)
    height = tall + GAP * (len(rows) + 1.9)
    with style():
        figure, axes = canvas(WIDTH, height)
        axes.set(xlim=(0, WIDTH), ylim=(0, height))
        axes.set_axis_off()
        figure.set_layout_engine("constrained", w_pad=0.0, h_pad=0.0)
        y = _head(axes, height - 0.02, head)
        _columns(axes, y, rows, width)
        return finish(figure, "flow", diagram.alt)


def _head(axes: Axes, top: float, boxes: tuple[Box, Box, Box]) -> float:
    """Draw arrivals, beside the stem who was turned away, and the randomised; give the lower edge."""
    arrived, turned, drawn = boxes
    stem, left = WIDTH / 2, (WIDTH - HEAD) / 2
    bottom = _box(axes, (left, top), HEAD, arrived)
    turn = bottom - GAP * 0.6
    end = _box(axes, (WIDTH - MARGIN - SIDE, turn), SIDE, turned)
    _arrow(axes, (stem, (turn + end) / 2), (WIDTH - MARGIN - SIDE, (turn + end) / 2))
    _arrow(axes, (stem, bottom), (stem, end - GAP * 0.6))
    return _box(axes, (left, end - GAP * 0.6), HEAD, drawn)


def _columns(axes: Axes, y: float, rows: Sequence[tuple[Box, ...]], width: float) -> None:
    """Draw the arms' boxes, row under row, joined by arrows."""
    arms = len(rows[0])
    lefts = [MARGIN + index * (width + GAP) for index in range(arms)]
    centres = [left + width / 2 for left in lefts]
    branch = y - GAP * 0.55
    stem = sum(centres) / arms
    _line(axes, (stem, stem), (y, branch))
    _line(axes, (centres[0], centres[-1]), (branch, branch))
    top = branch - GAP * 0.75
    for centre in centres:
        _arrow(axes, (centre, branch), (centre, top))
    for number, row in enumerate(rows):
        tall = _height(row)
        for left, box in zip(lefts, row, strict=True):
            _box(axes, (left, top), width, box, tall)
        if number + 1 < len(rows):
            for centre in centres:
                _arrow(axes, (centre, top - tall), (centre, top - tall - GAP))
        top -= tall + GAP


def _fold(box: Box, width: float) -> Box:
    """Break lines that are wider than the box; what follows is indented."""
    room = int((width - 2 * PADDING) / 0.066)
    lines = [part for line in box.lines for part in wrap(line, room, subsequent_indent="    ")]
    return Box("\n".join(wrap(box.heading, int(room * 0.95))), tuple(lines))


def _height(row: Sequence[Box]) -> float:
    return max(2 * PADDING + LINE * (len(box.lines) + box.heading.count("\n") + 1) - 0.03 for box in row)


def _box(axes: Axes, corner: tuple[float, float], width: float, box: Box, tall: float | None = None) -> float:
    """Draw a box from its upper left corner and give its lower edge."""
    left, top = corner
    height = tall or _height((box,))
    axes.add_patch(_rectangle(left, top - height, width, height))
    first = top - PADDING
    axes.text(left + PADDING, first, box.heading, va="top", weight="bold", size=8.2, linespacing=1.35)
    first -= LINE * (box.heading.count("\n") + 1) + 0.025
    for number, line in enumerate(box.lines):
        axes.text(left + PADDING, first - LINE * number, line, va="top", size=8)
    return top - height


def _rectangle(left: float, bottom: float, width: float, height: float) -> FancyBboxPatch:
    shape = "round,pad=0,rounding_size=0.05"
    return FancyBboxPatch((left, bottom), width, height, boxstyle=shape, facecolor="white", edgecolor=SOFT, lw=0.9)


def _line(axes: Axes, xs: tuple[float, float], ys: tuple[float, float]) -> None:
    axes.plot(xs, ys, color=INK, lw=0.9, solid_capstyle="butt", zorder=0)


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    look = {"arrowstyle": "-|>", "color": INK, "lw": 0.9, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", xy=end, xytext=start, arrowprops=look)
