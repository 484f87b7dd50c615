"""The trial: protocol, draws, pauses, ledger and bundle. Used by the researchers who run it."""
