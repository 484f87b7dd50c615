"""Outcomes: what the declaration measures, and the analysis set that carries it."""

from analysis.outcomes.assemble import AnalysisSet, analysis_set, build_analysis_set
from analysis.outcomes.measure import Measured, check_measurable, measure, measure_codes, shipped_codes

__all__ = [
    "AnalysisSet",
    "Measured",
    "analysis_set",
    "build_analysis_set",
    "check_measurable",
    "measure",
    "measure_codes",
    "shipped_codes",
]
