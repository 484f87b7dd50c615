"""Proof files: one entry is in the ledger a checkpoint speaks of; a ledger only grew between two checkpoints.

1. A proof of inclusion holds the entry, the parts of the tree beside it from the leaf upwards, each with its side,
   and the signed checkpoint. It shows nothing of any other citizen but hashes. The citizen's pseudonym and salt
   open the record id of the entry: SHA-256 of the salt and {"participant_id":PSEUDONYM}.
2. The entry's number gives its place in the tree: a path of other sides is refused.
3. A proof of growth holds two checkpoints and the parts of the tree that both roots are made of (RFC 9162, 2.1.4).
4. Either is checked without database, bundle or key. Whose signature counts, the reader must know: the public key is
   the one published when the trial was opened.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from trial.errors import LedgerError
from trial.ledger.checkpoint import Checkpoint, checkpoint_of
from trial.ledger.entry import Entry, canonical, digest, read_line
from trial.ledger.seal import citizen_opening
from trial.ledger.tree import consistency, entry_leaf, inclusion, is_consistent, is_included, sides

INCLUSION, GROWTH = "lodtraek-proof/1", "lodtraek-growth/1"


@dataclass(frozen=True, slots=True)
class Proved:
    """What a proof shows: an entry, or the earlier of two checkpoints, within the ledger of a signed checkpoint.

    participant_id: the pseudonym whose record the entry is of, where the proof opens it.
    """

    checkpoint: Checkpoint
    entry: Entry | None
    earlier: Checkpoint | None
    participant_id: str | None = None


def prove_inclusion(entry: Entry, hashes: Sequence[str], checkpoint: Checkpoint) -> dict[str, Any]:
    """Make the proof that an entry is in the ledger of a checkpoint, whose entries have these hashes."""
    index = entry.seq - 1
    parts = inclusion([entry_leaf(own) for own in hashes], index)
    path = [{side: part.hex()} for side, part in zip(sides(index, len(hashes)), parts, strict=True)]
    return {
        "format": INCLUSION,
        "entry": json.loads(entry.line()),
        "path": path,
        "checkpoint": json.loads(checkpoint.line()),
    }


def prove_growth(earlier: Checkpoint, hashes: Sequence[str], checkpoint: Checkpoint) -> dict[str, Any]:
    """Make the proof that the ledger of a checkpoint begins with that of an earlier one."""
    path = consistency([entry_leaf(own) for own in hashes], earlier.length)
    return {
        "format": GROWTH,
        "earlier": json.loads(earlier.line()),
        "path": [part.hex() for part in path],
        "checkpoint": json.loads(checkpoint.line()),
    }


def check_proof(content: bytes, where: str) -> Proved:
    """Check a proof file; raise LedgerError where it is none, or does not hold."""
    try:
        proof = json.loads(content)
        kind = proof["format"]
        checkpoint = _signed(proof["checkpoint"], where)
        if kind == INCLUSION:
            entry = _included(proof, checkpoint, where)
            return Proved(checkpoint, entry, None, _opened(proof, entry, where))
        if kind == GROWTH:
            return Proved(checkpoint, None, _grown(proof, checkpoint, where))
    except (ValueError, TypeError, KeyError, AttributeError):
        pass
    raise LedgerError(
        f"a proof must be JSON in the format {INCLUSION} or {GROWTH}", where=where,
        mend="take the file that `trial proof` wrote", code="proof-format",
    )  # fmt: skip


def _included(proof: dict[str, Any], checkpoint: Checkpoint, where: str) -> Entry:
    entry = read_line(canonical(proof["entry"]))
    steps = [step for part in proof["path"] for step in part.items()]
    own = digest(entry.seq, entry.kind, entry.at, entry.payload, entry.prev)
    lawful = entry.hash == own and [side for side, _ in steps] == sides(entry.seq - 1, checkpoint.length)
    path = [bytes.fromhex(part) for _, part in steps]
    root = bytes.fromhex(checkpoint.root)
    if not lawful or not is_included(entry_leaf(own), entry.seq - 1, checkpoint.length, path, root):
        raise _refused("the entry must be in the ledger of the checkpoint", f"row {entry.seq}, not proved", where)
    return entry


def _opened(proof: dict[str, Any], entry: Entry, where: str) -> str | None:
    """Give the pseudonym that opens the record id of the entry; None where the proof names nobody."""
    citizen = proof.get("citizen")
    if citizen is None:
        return None
    record = json.loads(entry.payload)["participant_id"]
    if not citizen_opening({"record": record, **citizen}).holds():
        raise _refused("pseudonym and salt must open the record id of the entry", "another record id", where)
    return str(citizen["participant_id"])


def _grown(proof: dict[str, Any], checkpoint: Checkpoint, where: str) -> Checkpoint:
    earlier = _signed(proof["earlier"], where)
    roots = (bytes.fromhex(earlier.root), bytes.fromhex(checkpoint.root))
    path = [bytes.fromhex(part) for part in proof["path"]]
    same = (earlier.trial_id, earlier.public_key) == (checkpoint.trial_id, checkpoint.public_key)
    if not same or not is_consistent(earlier.length, roots[0], checkpoint.length, roots[1], path):
        raise _refused(
            "the later ledger must begin with the earlier one",
            f"{earlier.length} rows and {checkpoint.length} rows, not proved", where,
        )  # fmt: skip
    return earlier


def _signed(record: object, where: str) -> Checkpoint:
    checkpoint = checkpoint_of(canonical(record).encode(), where)
    if not checkpoint.is_signed():
        raise _refused("a checkpoint must bear the signature of its key", "another signature", where)
    return checkpoint


def _refused(must: str, found: str, where: str) -> LedgerError:
    return LedgerError(
        must, found=found, where=where, mend="ask for the proof again; keep both files", code="proof-wrong"
    )
