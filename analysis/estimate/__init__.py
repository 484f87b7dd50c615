"""Estimators: cells or counts in, `Estimate | NotEstimable` out. One file a family; only `scan` reads a file."""
