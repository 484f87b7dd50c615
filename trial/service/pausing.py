"""Pausing: a municipality is closed to randomisation from a day until the day it reopens.

1. A pause is half-open: its first day is paused, the day it reopens is not. Both arms pause together.
2. Two times are kept: the days it is valid for, and when the ledger came to know it. Evidence is kept by its hash.
3. Who arrives in a pause is recorded as not randomised; what is decided later about the days changes no answer.
4. What a rule decided is applied as of a day: what it decides later, or reopens later, is not yet known.
   Applying it again changes nothing.
"""

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from trial.errors import StateError
from trial.infection import Closure, Publication, closures, load_rule
from trial.ledger import schema
from trial.ledger.projection import Row, pause_row
from trial.ledger.store import Transaction
from trial.protocol import Protocol


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause as the ledger knows it."""

    municipality_code: str
    closed_on: date
    reopened_on: date | None
    decided_on: date
    known_at: str
    rule: str | None
    value: str | None
    cases: int | None
    basis: str
    evidence: tuple[str, ...]

    def covers(self, on: date) -> bool:
        """Tell whether the pause covers a day."""
        return self.closed_on <= on and (self.reopened_on is None or on < self.reopened_on)


@dataclass(frozen=True, slots=True)
class PauseChange:
    """A pause that was opened (`reopened_on` None) or closed just now."""

    municipality_code: str
    closed_on: date
    reopened_on: date | None


def pauses(transaction: Transaction) -> list[Pause]:
    """Give every pause known, by municipality and day."""
    return [_pause(row) for row in transaction.rows(schema.PAUSES)]


def open_pause(transaction: Transaction, closed_on: date, **payload: Any) -> PauseChange:
    """Open a pause; raise StateError where another of the municipality has not ended before."""
    code = payload["municipality_code"]
    earlier = transaction.rows(schema.PAUSES, {"municipality_code": code})
    if earlier and (earlier[-1]["reopened_on"] is None or closed_on.isoformat() < earlier[-1]["reopened_on"]):
        raise StateError(
            "a pause must begin after the one before it has ended",
            found=f"a pause from {earlier[-1]['closed_on']} to {earlier[-1]['reopened_on'] or 'further notice'}",
            where=f"municipality {code}", mend="trial pause list", code="pause-overlaps",
        )  # fmt: skip
    payload = {"closed_on": closed_on.isoformat(), **payload}
    entry = transaction.append("pause-opened@1", payload)
    transaction.insert(schema.PAUSES, [pause_row(entry, payload)])
    return PauseChange(code, closed_on, None)


def close_pause(
    transaction: Transaction, municipality_code: str, reopened_on: date, rule: str | None, evidence: Sequence[str]
) -> PauseChange:
    """Close the open pause of a municipality; raise StateError where there is none or it would last no day."""
    found = transaction.rows(schema.PAUSES, {"municipality_code": municipality_code, "reopened_on": None})
    if not found or reopened_on.isoformat() <= found[0]["closed_on"]:
        raise StateError(
            "an open pause must be closed on a later day than it began",
            found=f"a pause from {found[0]['closed_on']}" if found else "no open pause",
            where=f"municipality {municipality_code}", mend="trial pause list", code="pause-not-open",
        )  # fmt: skip
    payload = {
        "municipality_code": municipality_code,
        "closed_on": found[0]["closed_on"],
        "reopened_on": reopened_on.isoformat(),
        "rule": rule,
        "evidence": list(evidence),
    }
    entry = transaction.append("pause-closed@1", payload)
    transaction.replace(schema.PAUSES, [{**found[0], "reopened_on": payload["reopened_on"], "closed_seq": entry.seq}])
    return PauseChange(municipality_code, date.fromisoformat(found[0]["closed_on"]), reopened_on)


def apply_closures(transaction: Transaction, decided: Iterable[Closure], on: date, rule: str) -> list[PauseChange]:
    """Open and close what the rule decided up to a day; what the ledger holds already is left as it is."""
    known = {(row["municipality_code"], row["closed_on"]): row for row in transaction.rows(schema.PAUSES)}
    changes = []
    for closure in sorted(decided, key=lambda one: (one.closed_on, one.municipality_code)):
        if closure.decided_on > on:
            continue
        row = known.get((closure.municipality_code, closure.closed_on.isoformat()))
        if row is None:
            changes.append(
                open_pause(
                    transaction,
                    closure.closed_on,
                    municipality_code=closure.municipality_code,
                    decided_on=closure.decided_on.isoformat(),
                    rule=rule,
                    value=None if closure.value is None else str(closure.value),
                    basis=closure.basis,
                    cases=closure.cases,
                    evidence=list(closure.evidence),
                )
            )
        reopened_on = closure.reopened_on
        if reopened_on is not None and reopened_on <= on and (row is None or row["reopened_on"] is None):
            changes.append(close_pause(transaction, closure.municipality_code, reopened_on, rule, closure.evidence))
    return changes


def decide(rule_text: str, published: Sequence[Publication], protocol: Protocol, on: date) -> list[Closure]:
    """Give what the rule, word for word as the ledger holds it, decided up to a day on what was published."""
    with tempfile.TemporaryDirectory(prefix="lodtraek-") as folder:
        path = Path(folder) / "rule.toml"
        path.write_bytes(rule_text.encode())
        rule = load_rule(path)
    return closures(rule, published, protocol.trial.enrolment.from_, on)


def _pause(row: Row) -> Pause:
    reopened_on = row["reopened_on"]
    return Pause(
        row["municipality_code"],
        date.fromisoformat(row["closed_on"]),
        None if reopened_on is None else date.fromisoformat(reopened_on),
        date.fromisoformat(row["decided_on"]),
        row["known_at"],
        row["rule"],
        row["value"],
        row["cases"],
        row["basis"],
        tuple(row["evidence"].split()),
    )
