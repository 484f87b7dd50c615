"""Proving: what a citizen, or somebody who kept an earlier checkpoint, is handed."""

from pathlib import Path
from typing import Any

from trial.errors import IntakeError, LedgerError
from trial.ledger import checkpoint as checkpoints
from trial.ledger import schema
from trial.ledger.checkpoint import Checkpoint
from trial.ledger.inclusion import prove_growth, prove_inclusion
from trial.ledger.projection import Row
from trial.ledger.store import Transaction
from trial.ledger.tree import ledger_root


def inclusion_proof(transaction: Transaction, participant_id: str, signed: Checkpoint) -> dict[str, Any]:
    """Prove that a citizen's answer is in the ledger of a signed checkpoint."""
    answer = transaction.answers([participant_id]).get(participant_id)
    entry = None if answer is None else transaction.entry(answer["seq"])
    if entry is None or entry.seq > signed.length:
        raise IntakeError(
            "a citizen must have been answered before the checkpoint", found="no answer",
            mend="name the right citizen and database; with a signing key the present ledger is proved",
            code="not-answered",
        )  # fmt: skip
    [citizen] = transaction.rows(schema.CITIZENS, {"participant_id": participant_id})
    opening = {"participant_id": participant_id, "salt": citizen["salt"]}
    return {**prove_inclusion(entry, _hashes(transaction, signed), signed), "citizen": opening}


def growth_proof(transaction: Transaction, earlier: Checkpoint, signed: Checkpoint) -> dict[str, Any]:
    """Prove that the ledger of a signed checkpoint begins with that of an earlier one."""
    hashes = _hashes(transaction, signed)
    if earlier.length > signed.length or ledger_root(hashes[: earlier.length]) != earlier.root:
        raise LedgerError(
            "the ledger must begin with that of the earlier checkpoint", found=f"another at row {earlier.length}",
            mend="keep the checkpoint; trial verify", code="checkpoint",
        )  # fmt: skip
    return prove_growth(earlier, hashes, signed)


def _hashes(transaction: Transaction, signed: Checkpoint) -> list[str]:
    hashes = transaction.hashes(0, signed.length)
    if ledger_root(hashes) != signed.root:
        raise LedgerError(
            "the ledger must hold what its checkpoint holds", found=f"another at row {signed.length}",
            mend="do not assign; trial verify", code="checkpoint",
        )  # fmt: skip
    return hashes


def check_against_newest(transaction: Transaction, folder: Path, opened: Row) -> None:
    """Raise LedgerError where the ledger is not the one of the newest checkpoint in a folder."""
    path = checkpoints.newest(folder, opened["trial_id"])
    if path is None:
        return
    problem = checkpoints.contradiction(
        checkpoints.read_checkpoint(path), opened, transaction.head, transaction.hash_of
    )
    if problem:
        raise LedgerError(
            "the ledger must hold everything its newest checkpoint holds", found=problem, where=str(path),
            mend="do not assign: the database is cut, rewritten or an old backup; trial verify", code="checkpoint",
        )  # fmt: skip
