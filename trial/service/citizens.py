"""Citizens: from pseudonym to record id and back, and what is kept sealed of them.

1. A citizen gets a record id when first answered: a seal under a fresh random salt. The ledger and every projection
   know the record id only; the pair lies in `citizens`, one row a citizen.
2. What is told of a citizen in words is sealed under salts of its own and lies in `sealed`.
3. Salts come from the randomness that is handed in: the operating system's, save in tests.
"""

from collections.abc import Callable, Iterable, Sequence

from trial.errors import IntakeError
from trial.ledger import schema
from trial.ledger.entry import canonical
from trial.ledger.projection import Row
from trial.ledger.seal import SALT_BYTES, citizen_content, seal_of
from trial.ledger.store import Transaction

Randomness = Callable[[int], bytes]


def admit(transaction: Transaction, participants: Sequence[str], randomness: Randomness) -> dict[str, str]:
    """Give citizens record ids, by pseudonym, and keep who is behind each."""
    salts = randomness(SALT_BYTES * len(participants))
    rows = []
    for number, participant in enumerate(participants):
        salt = salts[SALT_BYTES * number : SALT_BYTES * (number + 1)]
        rows.append((participant, seal_of(citizen_content(participant), salt), salt.hex()))
    transaction.insert_ordered(schema.CITIZENS, rows)
    return {participant: record for participant, record, _ in rows}


def seal(transaction: Transaction, record: str, content: Row, randomness: Randomness) -> str:
    """Keep a content of a citizen sealed, and give its seal."""
    salt, text = randomness(SALT_BYTES), canonical(content)
    own = seal_of(text, salt)
    transaction.insert(schema.SEALED, [{"seal": own, "record": record, "salt": salt.hex(), "content": text}])
    return own


def check_assigned(transaction: Transaction, participants: Iterable[str]) -> dict[str, Row]:
    """Give the answers of assigned citizens by pseudonym; raise IntakeError where one was never assigned."""
    wanted = set(participants)
    assigned = {name: row for name, row in transaction.answers(wanted).items() if row["arm"] is not None}
    unknown = wanted - assigned.keys()
    if unknown:
        raise IntakeError(
            "a citizen must have been assigned", found=f"{len(unknown)} who were not, among them {min(unknown)}",
            mend="remove their rows, or name the right database", code="not-assigned",
        )  # fmt: skip
    return assigned
