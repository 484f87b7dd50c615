"""How the conversations of each arm were held: one bar an arm, its shares side by side."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from analysis.report.facts import Block
from analysis.report.figures.picture import INK, Picture, canvas, finish, style
from analysis.report.words import Words

_FILLS = {"physical": "#1f5f8b", "telephone": "#e39a6d", "video": "#f4d3bd", "none": "#dddddd"}
_HATCH = {"telephone": "", "video": "////", "none": "...."}


def draw_forms(forms: Block, labels: Mapping[str, str], words: Words) -> Picture:
    """Draw the bars; `labels` names the arms in the protocol's order."""
    shown = [row for row in forms.rows if any(forms.counts[row, arm] for arm in labels)]
    with style():
        figure, axes = canvas(7.4, 1.25 + 0.5 * len(labels))
        for place, arm in enumerate(labels):
            _bar(axes, place, [(row, forms.share(row, arm)) for row in shown], words)
        axes.set_yticks(range(len(labels)), list(labels.values()))
        axes.set_ylim(len(labels) - 0.5, -0.5)
        axes.set_xlim(0, 1)
        axes.set_xlabel(words("compliance.x"))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: words.percent(value, 0)))
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        figure.legend(
            *axes.get_legend_handles_labels(), loc="outside upper center", ncols=len(shown), handlelength=1.4
        )
        return finish(figure, "forms", words("compliance.alt"))


def _bar(axes: Axes, place: int, shares: Sequence[tuple[str, float | None]], words: Words) -> None:
    left = 0.0
    for row, share in shares:
        width = share or 0.0
        fill = _FILLS.get(row, "#999999")
        axes.barh(
            place, width, left=left, height=0.62, color=fill, hatch=_HATCH.get(row, ""), edgecolor="white", lw=0.8,
            label=words.known(f"mode.{row}", row) if place == 0 else None,
        )  # fmt: skip
        if width >= 0.06:
            ink = "white" if row == "physical" else INK
            axes.text(
                left + width / 2, place, words.percent(share, 0), ha="center", va="center", size=8, color=ink,
                bbox={"boxstyle": "round,pad=0.15", "fc": fill, "ec": "none"} if _HATCH.get(row) else None,
            )  # fmt: skip
        left += width
