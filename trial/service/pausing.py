"""Pausing: a municipality is closed to randomisation from a day until the day it reopens.

1. A pause is half-open: its first day is paused, the day it reopens is not. Both arms pause together.
2. Two times are kept: the days it is valid for, and when the ledger came to know it. Evidence is kept by its hash.
   What was known at an earlier time can always be asked.
3. Who arrives in a pause is recorded as not randomised; what is decided later about the days changes no answer. Who
   was assigned on a day that turns out to have been paused is counted, and told of in the events of the bundle.
4. What a rule decided is applied as of a day: what it decides later, or reopens later, is not yet known.
   Applying it again changes nothing.
5. What stands in the ledger stands. Where the rule, on news that came late, would have begun a pause on another day,
   the pause the ledger has is the one that goes on; where it would have none any more, that pause ends on the day
   this is found, never before.
6. A decision by hand is taken by two different persons, with a reason. Its end may be corrected beside it.
"""

import tempfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from trial.clock import danish_date, utc_text
from trial.errors import StateError
from trial.infection import ByHand, Closure, Publication, closures, load_rule
from trial.ledger import schema
from trial.ledger.pauses import KINDS, ended_row, known, pause_row, take
from trial.ledger.projection import Row
from trial.ledger.store import Transaction
from trial.protocol import Protocol, load_municipalities

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause as the ledger knows it; `end_known_at` is when the day it reopens came to be known."""

    municipality_code: str
    closed_on: date
    reopened_on: date | None
    decided_on: date
    known_at: str
    end_known_at: str | None
    rule: str | None
    value: str | None
    cases: int | None
    basis: str
    reason: str | None
    decided_by: str | None
    evidence: tuple[str, ...]

    def covers(self, on: date) -> bool:
        """Tell whether the pause covers a day."""
        return self.closed_on <= on and (self.reopened_on is None or on < self.reopened_on)


@dataclass(frozen=True, slots=True)
class PauseChange:
    """A pause that was opened (`reopened_on` None), closed or corrected just now.

    assigned_before: citizens assigned on its days before it was known; their arms stand.
    """

    municipality_code: str
    closed_on: date
    reopened_on: date | None
    assigned_before: int = 0


def pauses(transaction: Transaction, known_at: datetime | None = None) -> list[Pause]:
    """Give every pause by municipality and day, as known now or at an earlier time."""
    if known_at is None:
        return [_pause(row) for row in transaction.rows(schema.PAUSES)]
    entries = sorted(entry for kind in KINDS for entry in transaction.entries(kind))
    found = known(entries, utc_text(known_at))
    return [_pause(row) for code in sorted(found) for row in found[code]]


def open_pause(transaction: Transaction, closed_on: date, **payload: Any) -> PauseChange:
    """Open a pause; raise StateError where another of the municipality has not ended before."""
    payload = {**payload, "closed_on": closed_on.isoformat()}
    return _record(transaction, "pause-opened@1", payload, "pause-overlaps")


def open_by_hand(transaction: Transaction, code: str, closed_on: date, decided_on: date, decided: Row) -> PauseChange:
    """Open a pause that two persons decided; `decided` as `by_hand` gives it."""
    basis = {"basis": "hand", "value": None, "cases": None, "decided_on": decided_on.isoformat()}
    return open_pause(transaction, closed_on, municipality_code=code, **basis, **decided)


def close_pause(transaction: Transaction, municipality_code: str, reopened_on: date, **decided: Any) -> PauseChange:
    """Close the open pause of a municipality; raise StateError where there is none or it would last no day."""
    found = transaction.rows(schema.PAUSES, {"municipality_code": municipality_code, "reopened_on": None})
    if not found or reopened_on.isoformat() <= found[0]["closed_on"]:
        raise StateError(
            "an open pause must be closed on a later day than it began",
            found=f"a pause from {found[0]['closed_on']}" if found else "no open pause",
            where=f"municipality {municipality_code}", mend="trial pause list", code="pause-not-open",
        )  # fmt: skip
    payload = {**_of(found[0]), "reopened_on": reopened_on.isoformat(), **decided}
    return _record(transaction, "pause-closed@1", payload, "pause-not-open")


def correct_pause(
    transaction: Transaction, municipality_code: str, closed_on: date, reopened_on: date | None, **decided: Any
) -> PauseChange:
    """Record another end of a closed pause beside the one given before; None: it has not ended after all."""
    payload = {
        "municipality_code": municipality_code,
        "closed_on": closed_on.isoformat(),
        "reopened_on": None if reopened_on is None else reopened_on.isoformat(),
        **decided,
    }
    return _record(transaction, "pause-corrected@1", payload, "pause-correction")


def by_rule(rule: str, evidence: Sequence[str]) -> Row:
    """Say that the declared rule decided."""
    return {"rule": rule, "decided_by": [], "reason": None, "evidence": list(evidence)}


def by_hand(by: ByHand, evidence: Sequence[str]) -> Row:
    """Say that two persons decided."""
    return {"rule": None, "decided_by": list(by.persons), "reason": by.reason, "evidence": list(evidence)}


def apply_closures(transaction: Transaction, decided: Iterable[Closure], on: date, rule: str) -> list[PauseChange]:
    """Open and close what the rule decided up to a day; what the ledger holds already is left as it is."""
    known_rows: defaultdict[str, list[Row]] = defaultdict(list)
    for one in transaction.rows(schema.PAUSES):
        known_rows[one["municipality_code"]].append(one)
    changes, held = [], set()
    for closure in sorted(decided, key=lambda one: (one.closed_on, one.municipality_code)):
        if closure.decided_on > on:
            continue
        code, first, ends = closure.municipality_code, closure.closed_on, closure.reopened_on
        row = _standing(known_rows[code], first, ends)
        if row is not None and row["rule"] is None and row["reopened_on"] is not None and _before(row, ends):
            first, row = date.fromisoformat(row["reopened_on"]), None  # it ended by hand; the rule goes on
        if row is None:
            changes.append(open_pause(transaction, first, **_decision(closure, rule)))
            row = {"closed_on": first.isoformat(), "reopened_on": None, "rule": rule}
            known_rows[code].append(row)
        held.add((code, row["closed_on"]))
        if row["rule"] == rule and row["reopened_on"] is None and ends is not None and ends <= on:
            ends = max(ends, date.fromisoformat(row["closed_on"]) + DAY)
            changes.append(close_pause(transaction, code, ends, **by_rule(rule, closure.evidence)))
            row["reopened_on"] = ends.isoformat()
    return [*changes, *_end_unfounded(transaction, held, on, rule)]


def _standing(rows: list[Row], first: date, ends: date | None) -> Row | None:
    """Give the pause the ledger has for a closure: the newest that shares a day with it."""
    sharing = [
        row
        for row in rows
        if (row["reopened_on"] is None or first.isoformat() < row["reopened_on"])
        and (ends is None or row["closed_on"] < ends.isoformat())
    ]
    return sharing[-1] if sharing else None


def _before(row: Row, ends: date | None) -> bool:
    return ends is None or row["reopened_on"] < ends.isoformat()


def _end_unfounded(transaction: Transaction, held: set[tuple[str, str]], on: date, rule: str) -> list[PauseChange]:
    """Close from a day the pauses of the rule for which it has no ground any more."""
    return [
        close_pause(
            transaction,
            row["municipality_code"],
            max(on, date.fromisoformat(row["closed_on"]) + DAY),
            **by_rule(rule, ()),
        )
        for row in transaction.rows(schema.PAUSES, {"reopened_on": None})
        if row["rule"] == rule
        and row["decided_on"] <= on.isoformat()
        and (row["municipality_code"], row["closed_on"]) not in held
    ]


def _decision(closure: Closure, rule: str) -> Row:
    return {
        "municipality_code": closure.municipality_code,
        "decided_on": closure.decided_on.isoformat(),
        "value": None if closure.value is None else str(closure.value),
        "basis": closure.basis,
        "cases": closure.cases,
        **by_rule(rule, closure.evidence),
    }


def _record(transaction: Transaction, kind: str, payload: Row, code: str) -> PauseChange:
    """Append an entry about a pause and write what is known by it; raise StateError where it may not follow."""
    municipality = payload["municipality_code"]
    rows = transaction.rows(schema.PAUSES, {"municipality_code": municipality})
    entry = transaction.append(kind, payload)
    problem = take({municipality: list(rows)}, entry, payload)
    if problem is not None:
        known_days = [f"{row['closed_on']} to {row['reopened_on'] or 'further notice'}" for row in rows]
        raise StateError(
            problem, found="pauses " + ", ".join(known_days) if rows else "no pause",
            where=f"municipality {municipality}", mend="trial pause list", code=code,
        )  # fmt: skip
    if kind == "pause-opened@1":
        transaction.insert(schema.PAUSES, [pause_row(entry, payload)])
    else:
        [row] = [row for row in rows if row["closed_on"] == payload["closed_on"]]
        transaction.replace(schema.PAUSES, [ended_row(row, entry, payload)])
    ends = payload.get("reopened_on")
    today = danish_date(datetime.fromisoformat(transaction.at)).isoformat()
    looks_back = payload["rule"] is None or payload["closed_on"] <= today
    return PauseChange(
        municipality,
        date.fromisoformat(payload["closed_on"]),
        None if ends is None else date.fromisoformat(ends),
        len(transaction.assigned_while_paused(municipality, payload["closed_on"])) if looks_back else 0,
    )


def _of(row: Row) -> Row:
    return {name: row[name] for name in ("municipality_code", "closed_on")}


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
        row["end_known_at"],
        row["rule"],
        row["value"],
        row["cases"],
        row["basis"],
        row["reason"],
        row["decided_by"],
        tuple(row["evidence"].split()),
    )


def check_municipality(code: str) -> None:
    """Raise StateError for what is no code of a municipality."""
    if code not in {municipality.code for municipality in load_municipalities()}:
        raise StateError(
            "a municipality must be named by its code of four digits", found=ascii(code)[:40],
            mend="see protocols/codes/municipalities.csv", code="municipality",
        )  # fmt: skip
