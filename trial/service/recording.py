"""Recording what happens after assignment: conversations, published infection files, withdrawals, corrections.

1. Only assigned citizens have conversations, may withdraw, or have a value corrected.
2. A conversation keeps the rules of conduct. One still to come may be recorded again; one that was held, or was not,
   is settled: the same record again changes nothing, another one is refused.
3. A published file is kept word for word under its hash; a file known already is not imported again.
4. Errors are documented, not corrected: the randomisation values stand, the right value is recorded beside them.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from trial.conduct import Conversation, check_conversation
from trial.errors import IntakeError, StateError
from trial.infection import Publication, recognise
from trial.ledger import schema
from trial.ledger.projection import CONVERSATION, Row, conversation_row
from trial.ledger.store import Transaction
from trial.protocol import Protocol


def record_conversations(transaction: Transaction, protocol: Protocol, conversations: Sequence[Conversation]) -> int:
    """Record conversations and give how many were new; raise IntakeError where one contradicts the ledger."""
    participants = {one.participant_id for one in conversations}
    assigned = check_assigned(transaction, participants)
    known = {
        (row["participant_id"], row["number"]): row
        for row in transaction.rows_in(schema.CONVERSATIONS, "participant_id", participants)
    }
    fresh = {}
    for one in conversations:
        row = assigned[one.participant_id]
        check_conversation(one, protocol, row["arm"], date.fromisoformat(row["arrived_on"]))
        payload = {name: _plain(getattr(one, name)) for name in CONVERSATION}
        key = (one.participant_id, one.number)
        if key in known and _is_settled(known[key], payload):
            continue
        entry = transaction.append("conversation@1", payload)
        known[key] = fresh[key] = conversation_row(entry.seq, payload)
    transaction.flush()
    transaction.replace(schema.CONVERSATIONS, list(fresh.values()))
    return len(fresh)


def import_publications(transaction: Transaction, published: Iterable[tuple[Publication, bytes]]) -> int:
    """Keep published files with their vintage, and give how many were new."""
    count = 0
    known = {(payload["sha256"], payload["vintage_on"]) for payload in _imported(transaction)}
    for publication, content in published:
        keep_evidence(transaction, publication.name, content)
        payload = {
            "sha256": hashlib.sha256(content).hexdigest(),
            "name": publication.name,
            "publication": publication.kind,
            "vintage_on": _plain(publication.vintage_on),
            "published_at": _plain(publication.published_at),
        }
        if (payload["sha256"], payload["vintage_on"]) not in known:
            known.add((payload["sha256"], payload["vintage_on"]))
            transaction.append("infection-imported@1", payload)
            count += 1
    return count


def publications(transaction: Transaction) -> list[Publication]:
    """Read every imported file again, with the time it was published."""
    found = []
    for payload in _imported(transaction):
        [row] = transaction.rows(schema.EVIDENCE, {"sha256": payload["sha256"]})
        published_at = datetime.fromisoformat(payload["published_at"])
        found.append(recognise(row["content"], payload["name"], published_at))
    return [publication for publication in found if publication is not None]


def _imported(transaction: Transaction) -> list[Row]:
    return [json.loads(entry.payload) for entry in transaction.entries("infection-imported@1")]


def keep_evidence(transaction: Transaction, name: str, content: bytes) -> bool:
    """Keep a file under its hash; tell whether it was new."""
    sha256 = hashlib.sha256(content).hexdigest()
    if transaction.rows(schema.EVIDENCE, {"sha256": sha256}):
        return False
    transaction.insert(schema.EVIDENCE, [{"sha256": sha256, "name": name, "content": content}])
    return True


def keep(transaction: Transaction, evidence: tuple[str, bytes] | None) -> list[str]:
    """Keep a piece of evidence by name and content, if there is one; give its hash."""
    if evidence is None:
        return []
    name, content = evidence
    keep_evidence(transaction, name, content)
    return [hashlib.sha256(content).hexdigest()]


def record_withdrawal(transaction: Transaction, participant_id: str, on: date, reason: str) -> None:
    """Record that a citizen withdrew: the assignment stands, what follows is the analysis' to decide."""
    check_assigned(transaction, {participant_id})
    transaction.append("withdrawn@1", {"participant_id": participant_id, "on": on.isoformat(), "reason": reason})


def record_correction(
    transaction: Transaction, participant_id: str, on: date, *, field: str, value: str, reason: str
) -> None:
    """Record the right value of a field beside the one used at randomisation."""
    check_assigned(transaction, {participant_id})
    payload = {"participant_id": participant_id, "on": on.isoformat(), "field": field, "value": value}
    transaction.append("correction@1", {**payload, "reason": reason})


def check_assigned(transaction: Transaction, participants: Iterable[str]) -> dict[str, Row]:
    """Give the answers of assigned citizens; raise IntakeError where one was never assigned."""
    wanted = set(participants)
    rows = transaction.rows_in(schema.PARTICIPANTS, "participant_id", wanted)
    assigned = {row["participant_id"]: row for row in rows if row["arm"] is not None}
    unknown = wanted - assigned.keys()
    if unknown:
        raise IntakeError(
            "a citizen must have been assigned", found=f"{len(unknown)} who were not, among them {min(unknown)}",
            mend="remove their rows, or name the right database", code="not-assigned",
        )  # fmt: skip
    return assigned


def _is_settled(row: Row, payload: Row) -> bool:
    different = [name for name in CONVERSATION if row[name] != payload[name]]
    if different and row["held_mode"] is not None:
        raise StateError(
            "a conversation that took place, or did not, is settled", found=f"another {', '.join(different)}",
            where=f"conversation {row['number']} of {row['participant_id']}",
            mend="leave the record as it is; a wrong record is corrected beside it", code="conversation-differs",
        )  # fmt: skip
    return not different


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
