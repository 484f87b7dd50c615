"""Timing of events: grouped-time bivariate mixed proportional hazards by maximum likelihood."""

from analysis.estimate.timing.fit import Considered, Point, Timing, timing_of_events
from analysis.estimate.timing.spells import BEFORE, NEVER, Spells, spells_of_panel

__all__ = ["BEFORE", "NEVER", "Considered", "Point", "Spells", "Timing", "spells_of_panel", "timing_of_events"]
