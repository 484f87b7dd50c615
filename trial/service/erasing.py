"""Erasing a citizen: what leads from the ledger to a person is deleted, and what was drawn still proves itself.

1. Erased are the pseudonym with its salt, and everything told of the citizen in words with its salts. Without them
   nobody, also not with the identity key, can tell whose record it was.
2. What stays stands open in the ledger and names nobody: record id, day, municipality, levels, stratum, step, arm and
   its probabilities; days and modes of conversations; that there was a correction, and of what kind. Later draws are
   derived from these, so hashes, roots, checkpoints, proofs and every arm hold as before.
3. The ledger says that a record was erased, when, by whom and why; the reason must not name the citizen. What is
   missing without that is found by `trial verify`.
4. Two steps: the first tells what would be erased, and a code; the second is given the code. It cannot be undone.
5. The database file is then written anew, so that no free page keeps what was deleted. Out of reach are copies made
   before: bundles, backups, proof files, a server's write-ahead log, intake files. `remaining` names them.
6. Who was erased is not known any more. Should the citizen arrive again, that is an arrival like any other, and may
   be drawn into the other arm: the ledger shows the erasure, and the intake must know whom not to send.
"""

from dataclasses import dataclass, replace
from datetime import date

from trial.errors import IntakeError, StateError, withhold
from trial.ledger import schema
from trial.ledger.projection import Row
from trial.ledger.store import Transaction

CODE_LENGTH = 12
REMAINING = (
    "bundles exported before",
    "backups of the database, and on a server its write-ahead log",
    "proof files handed out",
    "intake files",
)


@dataclass(frozen=True, slots=True)
class Erasure:
    """What is erased of a citizen, or would be: how much is sealed, and the code the second step is given."""

    code: str
    sealed: int
    conversations: int
    remaining: tuple[str, ...] = REMAINING


def erasable(transaction: Transaction, participant_id: str) -> Erasure:
    """Tell what would be erased; raise IntakeError where the citizen is not known (any more)."""
    record = _answer(transaction, participant_id)["participant_id"]
    sealed = transaction.rows(schema.SEALED, {"record": record})
    held = transaction.rows(schema.CONVERSATIONS, {"participant_id": record})
    return Erasure(record[:CODE_LENGTH], len(sealed), len(held))


def erase(
    transaction: Transaction, participant_id: str, on: date, *, reason: str, recorded_by: str, code: str
) -> Erasure:
    """Erase a citizen; raise StateError for a code of another, or a reason that names the citizen."""
    found = erasable(transaction, participant_id)
    if code != found.code:
        raise StateError(
            "an erasure must be given the code of its first step", found=ascii(code)[:40],
            mend="trial erase --dry-run, and give its code with --confirm", code="erasure-code",
        )  # fmt: skip
    if participant_id in reason or withhold(reason) != reason:
        raise StateError(
            "the reason of an erasure must not name the citizen: it stays", found="a reason that names one",
            mend="give the ground alone, such as: objection, GDPR article 17", code="erasure-reason",
        )  # fmt: skip
    record = _answer(transaction, participant_id)["participant_id"]
    payload = {"participant_id": record, "on": on.isoformat(), "reason": reason, "recorded_by": recorded_by}
    transaction.append("erased@1", payload)
    transaction.delete(schema.CITIZENS, "participant_id", participant_id)
    transaction.delete(schema.SEALED, "record", record)
    return found


def with_old_pages(found: Erasure) -> Erasure:
    """Give an erasure after which the pages of the database could not be written anew."""
    return replace(
        found, remaining=("pages of the tables; as their owner: VACUUM (FULL) citizens, sealed", *REMAINING)
    )


def _answer(transaction: Transaction, participant_id: str) -> Row:
    answer = transaction.answers([participant_id]).get(participant_id)
    if answer is None:
        raise IntakeError(
            "a citizen must have been answered to be erased", found="no answer",
            mend="name the right citizen and database; who was erased before is not known any more",
            code="not-answered",
        )  # fmt: skip
    return answer
