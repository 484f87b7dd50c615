"""The tables of a bundle: each a function of the ledger's entries.

1. One row an answer, a pause, a conversation, an event; in the order of the ledger.
2. Strata and levels are those used at randomisation. The right level, where another turned out, stands beside it in
   `FACTOR_corrected`, empty where none did; every correction is in the events.
3. The probability of every arm is there twice: exact as text, and as a number.
4. `events` tells what happened to a citizen after assignment; nothing in it alters anything. Its kinds:
   - `override-to-physical`: a conversation went to physical, with reason and modes;
   - `pause`: a conversation fell in a pause of the municipality as known when it was recorded, or was recorded so;
   - `withdrawal`, `ineligible`, `duplicate`, `correction` (of a level), `retraction`: as recorded;
   - `erasure`: the citizen was erased; in every table the record id stands for the pseudonym;
   - `assigned-in-backdated-pause`: assigned on a day that only later became known to be paused, at that time.
   Of a conversation the newest record counts, and only once it has been held or not. `detail` is JSON.
5. `pause_block` counts the pauses of the municipality begun by the day of assignment, `calendar_block` is its month.
6. `personal` opens the seals of the ledger: who is behind a record id, and what was told in words (`ledger.seal`).
7. No CPR number, no key.
"""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from fractions import Fraction

import pyarrow as pa

from trial.bundle.events import Events
from trial.ledger.entry import Entry
from trial.ledger.kinds import ASSIGNED
from trial.ledger.projection import CONVERSATION, Row
from trial.ledger.replay import State
from trial.ledger.seal import Openings

AT = pa.timestamp("us", tz="UTC")
TEXT, DAY, WHOLE, NUMBER, FLAG = pa.string(), pa.date32(), pa.int64(), pa.float64(), pa.bool_()
FACTORS = ("jobcentre", "target_group", "age_group")

PAUSES = {
    "municipality_code": TEXT,
    "closed_on": DAY,
    "reopened_on": DAY,
    "decided_on": DAY,
    "known_at": AT,
    "end_known_at": AT,
    "rule": TEXT,
    "basis": TEXT,
    "reason": TEXT,
    "value": NUMBER,
    "cases": WHOLE,
    "evidence_sha256": TEXT,
}
CONVERSATIONS = {
    "participant_id": TEXT,
    "number": WHOLE,
    "due_on": DAY,
    "assigned_mode": TEXT,
    "summoned_mode": TEXT,
    "held_mode": TEXT,
    "held_on": DAY,
    "override_reason": TEXT,
    "in_pause": FLAG,
}
EVENTS = {"participant_id": TEXT, "at": AT, "kind": TEXT, "detail": TEXT}
PERSONAL = {"record": TEXT, "seal": TEXT, "salt": TEXT, "content": TEXT}


def assignment_columns(factors: tuple[str, ...], arms: tuple[str, ...]) -> dict[str, pa.DataType]:
    """Declare the columns of the assignments of a protocol."""
    return {
        "participant_id": TEXT,
        "assigned_at": AT,
        "assigned_on": DAY,
        "arm": TEXT,
        **dict.fromkeys(factors, TEXT),
        **{f"{factor}_corrected": TEXT for factor in factors},
        "stratum": TEXT,
        "step": WHOLE,
        **{f"prob_{arm}": NUMBER for arm in arms},
        **{f"prob_{arm}_exact": TEXT for arm in arms},
        "municipality_code": TEXT,
        "epoch": WHOLE,
        "pause_block": WHOLE,
        "calendar_block": TEXT,
    }


def not_randomised_columns(factors: tuple[str, ...]) -> dict[str, pa.DataType]:
    """Declare the columns of those who were not randomised, under a protocol with these factors."""
    return {
        "participant_id": TEXT,
        "arrived_on": DAY,
        "reason": TEXT,
        **dict.fromkeys((*FACTORS, *factors), TEXT),
        "municipality_code": TEXT,
    }


class Collector:
    """Takes entry after entry of a replayed ledger, and gives the tables."""

    def __init__(self) -> None:
        self._assigned: list[Row] = []
        self._not_randomised: list[Row] = []
        self._events = Events()

    def take(self, entry: Entry, payload: Row, state: State) -> None:
        """Take an entry that `state` has just applied."""
        if entry.kind in ASSIGNED:
            self._assigned.append(_assignment(entry, payload, state))
        elif entry.kind == "not-randomised@1":
            self._not_randomised.append(_not_randomised(payload))
        self._events.take(entry, payload, state)

    def tables(self, state: State, openings: Openings) -> dict[str, pa.Table]:
        """Give every table, by the name of its file; `openings` give the pseudonyms and what was sealed."""
        declared = [factor.factor for epoch in state.declared for factor in epoch.protocol.stratification]
        factors, arms = tuple(dict.fromkeys(declared)), tuple(arm.name for arm in state.epoch.protocol.arms)
        pauses = sorted((one for group in state.pauses.values() for one in group), key=lambda one: one["opened_seq"])
        conversations = list(map(_conversation, state.conversations.values()))
        corrected = _corrected_levels(state, openings)
        assigned = [{**row, **corrected.get(row["participant_id"], {})} for row in self._assigned]
        return {
            "assignments.parquet": _table(assignment_columns(factors, arms), _named(assigned, openings)),
            "not_randomised.parquet": _table(not_randomised_columns(factors), _named(self._not_randomised, openings)),
            "pauses.parquet": _table(PAUSES, [_pause(row) for row in pauses]),
            "conversations.parquet": _table(CONVERSATIONS, _named(conversations, openings)),
            "events.parquet": _table(EVENTS, self._events.rows(state, openings)),
            "personal.parquet": _table(PERSONAL, list(map(asdict, openings.of(state.seals)))),
        }


def _named(rows: list[Row], openings: Openings) -> list[Row]:
    return [{**row, "participant_id": openings.name(row["participant_id"])} for row in rows]


def _corrected_levels(state: State, openings: Openings) -> dict[str, Row]:
    """Give the right levels that turned out, by record; the newest where there are several of a factor."""
    found: dict[str, Row] = {}
    for row in state.corrections.values():
        content = openings.content(row["sealed"]) if row["what"] == "level" else {}
        if content:
            found.setdefault(row["participant_id"], {})[f"{content['field']}_corrected"] = content["value"]
    return found


def _table(columns: Mapping[str, pa.DataType], rows: list[Row]) -> pa.Table:
    arrays = [pa.array([row.get(name) for row in rows], type=kind) for name, kind in columns.items()]
    return pa.table(arrays, schema=pa.schema(list(columns.items())))


def _assignment(entry: Entry, payload: Row, state: State) -> Row:
    shares = payload["probabilities"]
    pauses = state.pauses.get(payload["municipality_code"], ())
    return {
        **payload["levels"],
        "participant_id": payload["participant_id"],
        "assigned_at": _time(entry.at),
        "assigned_on": _day(payload["on"]),
        "arm": payload["arm"],
        "stratum": payload["stratum"],
        "step": payload["step"],
        **{f"prob_{arm}": float(Fraction(share)) for arm, share in shares.items()},
        **{f"prob_{arm}_exact": share for arm, share in shares.items()},
        "municipality_code": payload["municipality_code"],
        "epoch": payload["epoch"],
        "pause_block": sum(pause["closed_on"] <= payload["on"] for pause in pauses),
        "calendar_block": payload["on"][:7],
    }


def _not_randomised(payload: Row) -> Row:
    return {
        **payload["levels"],
        "participant_id": payload["participant_id"],
        "arrived_on": _day(payload["on"]),
        "reason": payload["reason"],
        "municipality_code": payload["municipality_code"],
    }


def _pause(row: Row) -> Row:
    return {
        "municipality_code": row["municipality_code"],
        "closed_on": _day(row["closed_on"]),
        "reopened_on": _day(row["reopened_on"]),
        "decided_on": _day(row["decided_on"]),
        "known_at": _time(row["known_at"]),
        "end_known_at": None if row["end_known_at"] is None else _time(row["end_known_at"]),
        "rule": row["rule"],
        "basis": row["basis"],
        "reason": row["reason"],
        "value": None if row["value"] is None else float(row["value"]),
        "cases": row["cases"],
        "evidence_sha256": row["evidence"] or None,
    }


def _conversation(row: Row) -> Row:
    days = {name: _day(row[name]) for name in ("due_on", "held_on")}
    return {**{name: row[name] for name in CONVERSATION}, **days, "in_pause": bool(row["in_pause"])}


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
