"""Pauses as the ledger tells them: the days each is valid for, and when that came to be known.

1. A pause is half-open: its first day is paused, the day it reopens is not; open-ended until an entry closes it.
2. Pauses of a municipality follow one another and never overlap. A closed pause is closed once; when its end turns
   out to be another, a correction says so beside it: earlier, later, or not yet known.
3. What was known at a time is what the entries up to that time give: `known`. No entry takes back what was known.
4. A pause is opened, closed or corrected by the declared rule, or by hand: then by two different persons, with a
   reason.
5. A first day may lie before the entry. Who was assigned there in the meantime keeps the arm.
"""

from collections.abc import Iterable
from typing import Any

import orjson

from trial.ledger.entry import Entry

Row = dict[str, Any]
Pauses = dict[str, list[Row]]

AS_OPENED = ("municipality_code", "closed_on", "decided_on", "rule", "basis", "value", "cases", "reason")
KINDS = ("pause-opened@1", "pause-closed@1", "pause-corrected@1")


def covers(pause: Row, on: str) -> bool:
    """Tell whether a pause covers a day (ISO text): from its first day until before the day it reopens."""
    return bool(pause["closed_on"] <= on and (pause["reopened_on"] is None or on < pause["reopened_on"]))


def pause_row(entry: Entry, payload: Row) -> Row:
    """Give the row of a pause that was opened and not yet closed."""
    return {
        **{name: payload[name] for name in AS_OPENED},
        "reopened_on": None,
        "known_at": entry.at,
        "end_known_at": None,
        "decided_by": " and ".join(payload["decided_by"]) or None,
        "evidence": " ".join(payload["evidence"]),
        "opened_seq": entry.seq,
        "closed_seq": None,
    }


def ended_row(pause: Row, entry: Entry, payload: Row) -> Row:
    """Give the row of a pause after an entry that says when it ends."""
    return {**pause, "reopened_on": payload["reopened_on"], "end_known_at": entry.at, "closed_seq": entry.seq}


def take(pauses: Pauses, entry: Entry, payload: Row) -> str | None:
    """Take the next entry about a pause; say what must hold where it may not follow."""
    by_hand = len({name.strip().casefold() for name in payload["decided_by"]}) > 1 and payload["reason"] is not None
    if by_hand != (payload["rule"] is None):
        return "a pause must be decided by the rule, or by two different persons with a reason"
    known = pauses.setdefault(payload["municipality_code"], [])
    if entry.kind == "pause-opened@1":
        if known and (known[-1]["reopened_on"] is None or payload["closed_on"] < known[-1]["reopened_on"]):
            return "a pause must begin after the one before it has ended"
        known.append(pause_row(entry, payload))
        return None
    place = next((at for at, pause in enumerate(known) if pause["closed_on"] == payload["closed_on"]), None)
    if place is None:
        return "only an open pause can be closed, only a known one corrected"
    problem = _unfit_end(entry.kind, known, place, payload["reopened_on"])
    if problem is None:
        known[place] = ended_row(known[place], entry, payload)
    return problem


def _unfit_end(kind: str, known: list[Row], place: int, reopened_on: str | None) -> str | None:
    pause, is_last = known[place], place == len(known) - 1
    if kind == "pause-closed@1" and pause["reopened_on"] is not None:
        return "only an open pause can be closed"
    if kind == "pause-corrected@1" and (pause["reopened_on"] is None or pause["reopened_on"] == reopened_on):
        return "only the end of a closed pause can be corrected, to another one"
    if reopened_on is not None and reopened_on <= pause["closed_on"]:
        return "a pause must last a day at least"
    if not is_last and (reopened_on is None or known[place + 1]["closed_on"] < reopened_on):
        return "a pause must end before the one after it begins"
    return None


def known(entries: Iterable[Entry], at: str) -> Pauses:
    """Give the pauses as they were known at a time (ledger text), from the entries about pauses in order."""
    found: Pauses = {}
    for entry in entries:
        if entry.at <= at:
            take(found, entry, orjson.loads(entry.payload))
    return found
