"""Sealed content: what is personal stands outside the ledger, which holds a commitment to it.

1. A seal is SHA-256 over a random salt of 16 bytes and the content's canonical JSON. Whoever has both can show what
   was sealed; without the salt nothing follows from the seal, even for one who can guess the content.
2. The ledger knows a citizen by a record id: the seal of {"participant_id": PSEUDONYM}. What is told of a citizen in
   words (why corrected, the right level, of whom a duplicate) is sealed as well; what replay needs stands open.
3. Salt and content lie in the tables `citizens` and `sealed`. When they are deleted the citizen is erased: hashes,
   roots, proofs and every arm hold as before, for nothing that is hashed or drawn has changed.
4. What is erased must be said by an entry `erased@1`; salt and content that are missing without it are a finding.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from trial.ledger.entry import canonical

SALT_BYTES = 16

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Opening:
    """What opens a seal: its salt (hex) and its content (canonical JSON), and the citizen it is about."""

    record: str
    seal: str
    salt: str
    content: str

    def holds(self) -> bool:
        """Tell whether the seal is that of salt and content."""
        try:
            salt = bytes.fromhex(self.salt)
        except ValueError:
            return False
        return len(salt) == SALT_BYTES and seal_of(self.content, salt) == self.seal


def seal_of(content: str, salt: bytes) -> str:
    """Give the seal of a content, as canonical JSON, under a salt."""
    return hashlib.sha256(salt + content.encode()).hexdigest()


def citizen_content(participant_id: str) -> str:
    """Give the content that a record id is the seal of."""
    return canonical({"participant_id": participant_id})


def citizen_opening(row: Mapping[str, str]) -> Opening:
    """Give what opens a record id, from a row of the table `citizens`."""
    return Opening(row["record"], row["record"], row["salt"], citizen_content(row["participant_id"]))


class Openings:
    """What is known of sealed content: pseudonyms by record id, words by seal."""

    def __init__(self, openings: Iterable[Opening]) -> None:
        self.by_seal = {one.seal: one for one in openings}
        self._names = {
            one.record: str(orjson.loads(one.content)["participant_id"])
            for one in self.by_seal.values()
            if one.record == one.seal
        }

    def name(self, record: str) -> str:
        """Give the pseudonym of a record; the record id where the citizen was erased."""
        return self._names.get(record, record)

    def content(self, seal: str) -> Row:
        """Give what was sealed; empty where it was erased."""
        opening = self.by_seal.get(seal)
        return {} if opening is None else dict(orjson.loads(opening.content))

    def of(self, seals: Mapping[str, str]) -> list[Opening]:
        """Give the openings of these seals, in their order."""
        return [self.by_seal[seal] for seal in seals if seal in self.by_seal]

    def faults(self, seals: Mapping[str, str], erased: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Give where openings are not what the ledger says, and what must hold; no pseudonym is shown.

        seals: every seal of the ledger with the record it is about. erased: the records that were erased.
        """
        gone = frozenset(erased)
        for seal, record in seals.items():
            opening, where = self.by_seal.get(seal), f"sealed content {seal[:16]}"
            if record in gone:
                if opening is not None:
                    yield where, "what was erased must be gone"
            elif opening is None:
                yield where, "it must be kept, or its erasure be in the ledger"
            elif opening.record != record or not opening.holds():
                yield where, "salt and content must be those of its seal"
        for seal in self.by_seal:
            if seal not in seals:
                yield f"sealed content {seal[:16]}", "the ledger must hold its seal"
        named = list(self._names.values())
        if len(set(named)) < len(named):
            yield "sealed content", "a citizen must have one record"
