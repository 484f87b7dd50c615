"""Spells and exits: from a state a week to what happened, for the citizens of a trial and for a whole register."""

from analysis.spells.exits import DEFINITIONS, GAP, NEEDS_PAY, Exits, FollowUp, look_for_exits
from analysis.spells.runs import runs

__all__ = ["DEFINITIONS", "GAP", "NEEDS_PAY", "Exits", "FollowUp", "look_for_exits", "runs"]
