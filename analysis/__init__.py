"""The analysis: registers to spells, outcomes, verdicts, effects and reports. Used by statisticians."""
