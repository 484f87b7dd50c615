"""Estimators: cells or counts in, `Estimate | NotEstimable` out. One file a family; nothing here reads a file."""
