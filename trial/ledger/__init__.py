"""The ledger: an append-only chain of entries from which everything else about the trial is replayed."""
