"""The figures of the report, drawn by matplotlib without any state of its own; each gives a Picture."""

from analysis.report.figures.flow import draw_flow
from analysis.report.figures.forms import draw_forms
from analysis.report.figures.margin import draw_margin
from analysis.report.figures.pauses import draw_pauses
from analysis.report.figures.picture import Picture
from analysis.report.figures.survival import draw_survival

__all__ = ["Picture", "draw_flow", "draw_forms", "draw_margin", "draw_pauses", "draw_survival"]
