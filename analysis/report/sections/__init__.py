"""The sections of the report, one function each: from what was released to paragraphs, tables and figures."""

from analysis.report.sections.declared import declared
from analysis.report.sections.exploratory import exploratory
from analysis.report.sections.held import compliance, deviations
from analysis.report.sections.origin import manifest, truth
from analysis.report.sections.people import balance, flow, pauses
from analysis.report.sections.results import answer, curves, effects

__all__ = [
    "answer",
    "balance",
    "compliance",
    "curves",
    "declared",
    "deviations",
    "effects",
    "exploratory",
    "flow",
    "manifest",
    "pauses",
    "truth",
]
