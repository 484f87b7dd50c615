"""The plan: run what the protocol declares, in its order; whatever else is computed is labelled exploratory."""

from analysis.plan.effects import Effects, FirstStageRow, Row
from analysis.plan.exploratory import Chance, explore
from analysis.plan.files import read_effects
from analysis.plan.manifest import Sources
from analysis.plan.run import run_plan

__all__ = ["Chance", "Effects", "FirstStageRow", "Row", "Sources", "explore", "read_effects", "run_plan"]
