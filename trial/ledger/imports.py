"""Imports: what the ledger says of a published file, and what is kept of it, must be the same."""

import json
from collections.abc import Iterator

from trial.infection.evidence import PUBLICATIONS
from trial.ledger.projection import Row
from trial.ledger.store import Transaction


def import_payload(row: Row) -> Row:
    """Give what the ledger records of a publication."""
    named = {name: row[name] for name in ("sha256", "name", "vintage_on", "published_at")}
    return {**named, "publication": row["kind"]}


def imported(transaction: Transaction) -> list[Row]:
    """Give what the ledger recorded, in order."""
    return [json.loads(entry.payload) for entry in transaction.entries("infection-imported@1")]


def differences(transaction: Transaction) -> Iterator[tuple[int, str]]:
    """Give the entries whose publication is not kept, or is kept as another, and what must hold."""
    kept = {(row["sha256"], row["vintage_on"]): import_payload(row) for row in transaction.rows(PUBLICATIONS)}
    for entry in transaction.entries("infection-imported@1"):
        payload = json.loads(entry.payload)
        if kept.get((payload["sha256"], payload["vintage_on"])) != payload:
            yield entry.seq, "the file it imported must be kept as it was published"
