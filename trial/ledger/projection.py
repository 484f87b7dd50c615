"""The rows of every table that can be dropped and rebuilt: each a function of one entry.

1. `participants` holds a citizen's one answer; `strata` how many each scope had, and its state; `conversations` what
   was held; `epochs` which protocol was in force, since which entry, with which value of its beacon and which passed
   dry run; `pauses`, told apart (`pauses`), the pauses as known now.
2. A scope's state is what its procedure needs for the next probabilities: nothing of the future, no key, no draw.
3. The service writes these rows as it appends; replay makes the same rows from the ledger; `verify` compares the two.
"""

from typing import Any

Row = dict[str, Any]

CONVERSATION = (
    "participant_id", "number", "due_on", "assigned_mode", "summoned_mode", "held_mode", "held_on", "override_reason",
    "in_pause",
)  # fmt: skip


def participant_row(seq: int, payload: Row, scope: str | None) -> Row:
    """Give the row of a citizen who was assigned or not randomised, in the order of the table's columns."""
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


def epoch_row(seq: int, payload: Row) -> Row:
    """Give the row of an epoch that begins: its beacon is awaited, its dry run to come."""
    return {
        "epoch": payload["epoch"],
        "seq": seq,
        "protocol": payload["protocol"],
        "beacon_value": None,
        "dry_run_seq": None,
    }


def conversation_row(seq: int, payload: Row) -> Row:
    """Give the row of a conversation."""
    return {"seq": seq, **{name: payload[name] for name in CONVERSATION}, "in_pause": int(payload["in_pause"])}
