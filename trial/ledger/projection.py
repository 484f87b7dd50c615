"""The rows of every table that can be dropped and rebuilt: each a function of one entry.

1. `participants` holds a citizen's one answer; `strata` how many each scope had, and its state; `pauses` the pauses
   with valid time and known time; `conversations` what was held.
2. A scope's state is what its procedure needs for the next probabilities: nothing of the future, no key, no draw.
3. The service writes these rows as it appends; replay makes the same rows from the ledger; `verify` compares the two.
"""

from typing import Any

from trial.ledger.entry import Entry

Row = dict[str, Any]

PARTICIPANT = (
    "participant_id", "seq", "arrived_on", "municipality_code", "arm", "reason", "epoch", "scope", "step",
)  # fmt: skip
CONVERSATION = (
    "participant_id", "number", "due_on", "assigned_mode", "summoned_mode", "held_mode", "held_on", "override_reason",
    "in_pause",
)  # fmt: skip


def participant_row(seq: int, payload: Row, scope: str | None) -> Row:
    """Give the row of a citizen who was assigned or not randomised."""
    return {
        "participant_id": payload["participant_id"],
        "seq": seq,
        "arrived_on": payload["on"],
        "municipality_code": payload["municipality_code"],
        "arm": payload.get("arm"),
        "reason": payload.get("reason"),
        "epoch": payload["epoch"],
        "scope": scope,
        "step": payload.get("step"),
    }


def pause_row(entry: Entry, payload: Row) -> Row:
    """Give the row of a pause that was opened and not yet closed."""
    return {
        "municipality_code": payload["municipality_code"],
        "closed_on": payload["closed_on"],
        "reopened_on": None,
        "decided_on": payload["decided_on"],
        "known_at": entry.at,
        "rule": payload["rule"],
        "value": payload["value"],
        "cases": payload["cases"],
        "basis": payload["basis"],
        "evidence": " ".join(payload["evidence"]),
        "opened_seq": entry.seq,
        "closed_seq": None,
    }


def conversation_row(seq: int, payload: Row) -> Row:
    """Give the row of a conversation."""
    return {"seq": seq, **{name: payload[name] for name in CONVERSATION}, "in_pause": int(payload["in_pause"])}


def covers(pause: Row, on: str) -> bool:
    """Tell whether a pause covers a day (ISO text): from its first day until before the day it reopens."""
    return bool(pause["closed_on"] <= on and (pause["reopened_on"] is None or on < pause["reopened_on"]))
