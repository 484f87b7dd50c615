"""Recording what happens after assignment: conversations and published infection files.

1. Only assigned citizens have conversations.
2. A conversation keeps the rules of conduct. One still to come may be recorded again; one that was held, or was not,
   is settled: the same record again changes nothing, another one is refused.
3. A published file is kept word for word under its hash, and the ledger records each publication once: its hash,
   name, kind, day and time. What was imported before the trial was begun is recorded by its opening.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from trial.conduct import Conversation, check_conversation
from trial.errors import StateError
from trial.infection import Publication
from trial.infection.evidence import EVIDENCE, PUBLICATIONS, file_row, publication_of, publication_row
from trial.infection.feed import check_consistent
from trial.ledger import schema
from trial.ledger.imports import import_payload, imported
from trial.ledger.projection import CONVERSATION, Row, conversation_row
from trial.ledger.store import Transaction
from trial.protocol import Protocol
from trial.service.citizens import check_assigned


def record_conversations(transaction: Transaction, protocol: Protocol, conversations: Sequence[Conversation]) -> int:
    """Record conversations and give how many were new; raise IntakeError where one contradicts the ledger."""
    participants = {one.participant_id for one in conversations}
    assigned = check_assigned(transaction, participants)
    records = [row["participant_id"] for row in assigned.values()]
    known = {
        (row["participant_id"], row["number"]): row
        for row in transaction.rows_in(schema.CONVERSATIONS, "participant_id", records)
    }
    fresh = {}
    for one in conversations:
        row = assigned[one.participant_id]
        check_conversation(one, protocol, row["arm"], date.fromisoformat(row["arrived_on"]))
        payload = {name: _plain(getattr(one, name)) for name in CONVERSATION}
        payload["participant_id"] = row["participant_id"]
        key = (row["participant_id"], one.number)
        if key in known and _is_settled(known[key], payload, one.participant_id):
            continue
        entry = transaction.append("conversation@1", payload)
        known[key] = fresh[key] = conversation_row(entry.seq, payload)
    transaction.flush()
    transaction.replace(schema.CONVERSATIONS, list(fresh.values()))
    return len(fresh)


def import_publications(transaction: Transaction, published: Iterable[tuple[Publication, bytes]]) -> int:
    """Keep published files with their vintage, record them, and give how many were new.

    Raises InfectionError where one contradicts what is kept.
    """
    found = [publication for publication, _ in published]
    known = [publication_of(row, None) for row in transaction.rows(PUBLICATIONS)]
    check_consistent([*known, *found])
    for one in found:
        _keep_file(transaction, file_row(one))
        row = publication_row(one, transaction.at)
        if not transaction.rows(PUBLICATIONS, {name: row[name] for name in ("sha256", "vintage_on")}):
            transaction.insert(PUBLICATIONS, [row])
    return record_imports(transaction)


def record_imports(transaction: Transaction) -> int:
    """Record every kept publication that the ledger does not know yet, once; give how many."""
    known = {(payload["sha256"], payload["vintage_on"]) for payload in imported(transaction)}
    rows = [row for row in transaction.rows(PUBLICATIONS) if (row["sha256"], row["vintage_on"]) not in known]
    for row in sorted(rows, key=lambda row: (row["published_at"], row["kind"], row["sha256"])):
        transaction.append("infection-imported@1", import_payload(row))
    return len(rows)


def publications(transaction: Transaction) -> list[Publication]:
    """Read every imported file again, with the time it was published."""
    found = []
    for row in transaction.rows(PUBLICATIONS):
        [file] = transaction.rows(EVIDENCE, {"sha256": row["sha256"]})
        found.append(publication_of(row, file["content"]))
    return found


def _keep_file(transaction: Transaction, row: Row) -> None:
    if (row["sha256"],) not in transaction.tally(EVIDENCE, "sha256"):
        transaction.insert(EVIDENCE, [row])


def keep(transaction: Transaction, evidence: tuple[str, bytes] | None) -> list[str]:
    """Keep a piece of evidence by name and content, if there is one; give its hash."""
    if evidence is None:
        return []
    name, content = evidence
    sha256 = hashlib.sha256(content).hexdigest()
    _keep_file(transaction, {"sha256": sha256, "name": name, "content": content})
    return [sha256]


def _is_settled(row: Row, payload: Row, participant: str) -> bool:
    different = [name for name in CONVERSATION if row[name] != payload[name]]
    if different and row["held_mode"] is not None:
        raise StateError(
            "a conversation that took place, or did not, is settled", found=f"another {', '.join(different)}",
            where=f"conversation {row['number']} of {participant}",
            mend="leave the record as it is; a wrong record is corrected beside it", code="conversation-differs",
        )  # fmt: skip
    return not different


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
