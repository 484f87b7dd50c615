"""Events: what happened to citizens after their assignment, from the ledger's entries; its kinds stand in `tables`.

1. An event is told at the time the ledger came to know it, in the order of the ledger.
2. A correction is told of as it was recorded, with its row and whether it still stands; of an erased citizen only
   what stands open in the ledger, and the erasure.
3. A citizen assigned on a day that later turned out to be paused is told of once a pause, whatever its end becomes.
"""

from collections import defaultdict
from datetime import datetime

from trial.conduct import NOT_HELD
from trial.ledger.entry import Entry, canonical
from trial.ledger.kinds import ASSIGNED
from trial.ledger.pauses import covers
from trial.ledger.projection import Row
from trial.ledger.replay import State
from trial.ledger.seal import Openings

CORRECTED = {
    "level": "correction",
    "ineligible": "ineligible",
    "duplicate": "duplicate",
    "withdrawn": "withdrawal",
    "retracted": "retraction",
}
MODES = ("number", "due_on", "held_on", "summoned_mode", "held_mode")


class Events:
    """Takes entry after entry of a replayed ledger, and gives the rows of the events."""

    def __init__(self) -> None:
        self._rows: list[tuple[int, Row]] = []
        self._conversations: dict[tuple[str, int], list[tuple[int, Row]]] = {}
        self._assigned: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        self._told: set[tuple[str, str]] = set()
        self._corrected: list[tuple[Entry, Row]] = []

    def take(self, entry: Entry, payload: Row, state: State) -> None:
        """Take an entry that `state` has just applied."""
        if entry.kind in ASSIGNED:
            self._assigned[payload["municipality_code"]].append((payload["on"], payload["participant_id"]))
        elif entry.kind == "corrected@1":
            self._corrected.append((entry, payload))
        elif entry.kind == "erased@1":
            self._rows.append(_event(entry, payload["participant_id"], "erasure", {"on": payload["on"]}))
        elif entry.kind == "conversation@1":
            found = _of_conversation(entry, payload, state)
            self._conversations[payload["participant_id"], payload["number"]] = found
        elif entry.kind in {"pause-opened@1", "pause-corrected@1"}:
            self._look_back(entry, payload, state)

    def rows(self, state: State, openings: Openings) -> list[Row]:
        """Give the events in the order of the ledger, with what was sealed of them."""
        found = [*self._rows, *(one for some in self._conversations.values() for one in some)]
        found += [_correction(entry, payload, state, openings) for entry, payload in self._corrected]
        rows = [row for _, row in sorted(found, key=lambda one: one[0])]
        return [{**row, "participant_id": openings.name(row["participant_id"])} for row in rows]

    def _look_back(self, entry: Entry, payload: Row, state: State) -> None:
        code, first = payload["municipality_code"], payload["closed_on"]
        [pause] = [one for one in state.pauses[code] if one["closed_on"] == first]
        for on, participant in self._assigned[code]:
            if covers(pause, on) and (participant, first) not in self._told:
                self._told.add((participant, first))
                detail = {"assigned_on": on, "municipality_code": code, "closed_on": first, "ledger_row": entry.seq}
                self._rows.append(_event(entry, participant, "assigned-in-backdated-pause", detail))


def _of_conversation(entry: Entry, payload: Row, state: State) -> list[tuple[int, Row]]:
    """Give the events of a conversation that has been held, or has not."""
    if payload["held_mode"] is None:
        return []
    participant = payload["participant_id"]
    modes = {name: payload[name] for name in MODES}
    found = []
    if payload["override_reason"] is not None:
        detail = {**modes, "reason": payload["override_reason"]}
        found.append(_event(entry, participant, "override-to-physical", detail))
    day = payload["due_on"] if payload["held_mode"] == NOT_HELD else payload["held_on"]
    if payload["in_pause"] or state.paused(state.participants[participant]["municipality_code"], day):
        found.append(_event(entry, participant, "pause", {**modes, "recorded_in_pause": payload["in_pause"]}))
    return found


def _correction(entry: Entry, payload: Row, state: State, openings: Openings) -> tuple[int, Row]:
    content = openings.content(payload["sealed"])
    if "duplicate_of" in content:
        content["duplicate_of"] = openings.name(content["duplicate_of"])
    detail = {name: payload[name] for name in ("on", "scope", "about", "recorded_by")}
    detail |= {"ledger_row": entry.seq, "stands": entry.seq in state.corrections, **content}
    return _event(entry, payload["participant_id"], CORRECTED[payload["what"]], detail)


def _event(entry: Entry, participant: str, kind: str, detail: Row) -> tuple[int, Row]:
    named = {name: value for name, value in detail.items() if name != "participant_id"}
    at = datetime.fromisoformat(entry.at)
    return entry.seq, {"participant_id": participant, "at": at, "kind": kind, "detail": canonical(named)}
