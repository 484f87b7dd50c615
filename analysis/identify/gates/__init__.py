"""The gates, a file each: `assess(evidence, plan)` gives one finding."""
