"""Verify: replay of the ledger, and comparison with everything that stands beside it.

1. Every row is read as stored: a changed type, a stray byte, a missing or added row is found before its meaning is.
2. The first row that breaks the chain or a rule is named; what follows from it is not judged.
3. With the trial key every arm is drawn anew, and a batch drawn as one must stand in keyed order. Without it chain,
   rules and commitments are checked, and probabilities wherever counts alone give them.
4. Projections must equal replay, evidence its hash, and what opens a seal must open it, unless its erasure is in the
   ledger; tables and triggers must be as made.
5. A checkpoint kept elsewhere must lie on the chain: this alone sees a cut tail or a ledger written anew.
"""

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from trial.errors import DatabaseError, KeyFileError, LedgerError, LodtraekError
from trial.infection.evidence import EVIDENCE
from trial.keys import SecretKey
from trial.ledger import checkpoint as checkpoints
from trial.ledger import schema
from trial.ledger.chain import EMPTY, broken, head_of
from trial.ledger.entry import Entry, canonical
from trial.ledger.imports import differences
from trial.ledger.projection import Row
from trial.ledger.replay import State, wrong
from trial.ledger.seal import Opening, Openings, citizen_opening
from trial.ledger.store import Store, Transaction
from trial.ledger.tree import ledger_root

STORED_AS = "integer" + "text" * 5


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was written: where, and what."""

    where: str
    problem: str


@dataclass(frozen=True, slots=True)
class Verification:
    """The answer of `verify`: how far the ledger holds, what was drawn anew, what is wrong."""

    trial_id: str | None
    length: int
    head: str
    arms_drawn_anew: bool
    checkpoint_length: int | None
    findings: tuple[Finding, ...]

    @property
    def holds(self) -> bool:
        """Tell whether nothing is wrong."""
        return not self.findings


def verify_store(store: Store, key: SecretKey | None = None, checkpoint: Path | None = None) -> Verification:
    """Verify a database; raise KeyFileError for a key the trial did not commit to."""
    state = State(() if key is None else key.secrets)
    with store.read() as transaction:
        with closing(stored(transaction)) as entries:
            findings = list(follow(state, entries, key))
        if not findings:
            findings = [*_compare(state, transaction), *_personal(state, transaction), *_order(state, transaction)]
            findings += [*_evidence(state, transaction), *_schema(transaction)]
        against = None
        if checkpoint is not None:
            against = checkpoints.read_checkpoint(checkpoint)
            roots = partial(_root_of, transaction)
            problem = checkpoints.contradiction(against, state.opening, state.head, transaction.hash_of, roots)
            findings += [] if problem is None else [Finding(f"checkpoint {checkpoint}", f"the ledger has {problem}")]
    return verification(state, key, against, findings)


def _root_of(transaction: Transaction, length: int) -> str:
    return ledger_root(transaction.hashes(0, length))


def verification(
    state: State, key: SecretKey | None, checkpoint: checkpoints.Checkpoint | None, findings: Iterable[Finding]
) -> Verification:
    """Join what was found into the answer."""
    return Verification(
        state.opening.get("trial_id"),
        state.head.length,
        state.head.hash,
        key is not None,
        None if checkpoint is None else checkpoint.length,
        tuple(findings),
    )


def _leave(entry: Entry, payload: Row, state: State) -> None:
    """Do nothing with an entry beyond replaying it."""


def follow(
    state: State,
    entries: Iterable[Entry],
    key: SecretKey | None,
    take: Callable[[Entry, Row, State], None] = _leave,
) -> Iterator[Finding]:
    """Replay entries into a state, handing each on to `take`; give the first row that is wrong, if any."""
    try:
        for entry in entries:
            payload = state.apply(entry)
            take(entry, payload, state)
            if entry.seq == 1 and key is not None:
                _check_committed(state)
        if state.head.length == 0:
            yield Finding("ledger row 1", "it must open the trial; the ledger is empty")
        elif state.batch:
            yield Finding(f"ledger row {state.head.length + 1}", "it must go on with the batch above it")
    except KeyFileError:
        raise
    except DatabaseError as error:
        yield Finding(f"ledger row {state.head.length + 1}", f"it must be readable: {error.found}")
    except LodtraekError as error:
        row = state.wrong_in_batch or state.head.length + 1
        yield Finding(f"ledger row {row}", str(error.found or error.must))


def _check_committed(state: State) -> None:
    if state.epoch.secret is None:
        raise KeyFileError(
            "the trial key must be the one the trial was opened with", found="another key",
            mend="name the right key file; of a key that took its place name those before it: --earlier-key FILE",
            code="key-wrong",
        )  # fmt: skip


def rebuild(store: Store, key: SecretKey, at: str) -> list[Finding]:
    """Empty every projection and write it anew from the ledger; give what differed before.

    Raises LedgerError where the ledger itself does not hold.
    """
    with store.write(at) as transaction:
        state = State(key.secrets)
        with closing(stored(transaction)) as entries:
            findings = list(follow(state, entries, key))
        for finding in findings:
            raise LedgerError(
                "the ledger must hold before anything is rebuilt from it", found=finding.problem, where=finding.where,
                mend="trial verify",
            )  # fmt: skip
        drifted = list(_compare(state, transaction))
        for table, rows in _projections(state).items():
            transaction.clear(table)
            transaction.insert(table, rows)
    return drifted


def stored(transaction: Transaction) -> Generator[Entry, None, None]:
    """Give the entries of a database; raise LedgerError at a row that is not stored as an entry is.

    Whoever may stop before the end closes it: rows that are still to be read keep the database busy.
    """
    for number, row in enumerate(transaction.raw_entries(), start=1):
        types, seq, *texts = row
        if types != STORED_AS:
            raise wrong(number, "its columns must be stored as a whole number and five texts")
        try:
            kind, at, payload, prev, own = (text if isinstance(text, str) else text.decode() for text in texts)
        except UnicodeDecodeError:
            raise wrong(number, "its columns must be UTF-8") from None
        yield Entry(seq, kind, at, payload, prev, own)


def check_chain(transaction: Transaction) -> None:
    """Raise LedgerError at the first row that is not as it was written; what the rows say is not judged."""
    head = EMPTY
    with closing(stored(transaction)) as entries:
        for entry in entries:
            problem = broken(head, entry)
            if problem is not None:
                raise wrong(head.length + 1, problem)
            head = head_of(entry)


def _projections(state: State) -> dict[Any, list[Row]]:
    return {
        schema.PARTICIPANTS: list(state.participants.values()),
        schema.STRATA: list(_scopes(state)),
        schema.EPOCHS: state.epochs,
        schema.PAUSES: [pause for pauses in state.pauses.values() for pause in pauses],
        schema.CONVERSATIONS: list(state.conversations.values()),
    }


def _scopes(state: State) -> Iterator[Row]:
    """Give the rows of the scopes; seals, and a state that follows from draws, are known to the key holder only."""
    epochs = {epoch.number: epoch for epoch in state.declared}
    for (number, scope), (steps, known) in state.scopes.items():
        text, epoch = None if known is None else canonical(known), epochs[number]
        seal = None if text is None or epoch.secret is None else epoch.seal(scope, steps, text)
        yield {"epoch": number, "scope": scope, "steps": steps, "state": text, "seal": seal}


def _compare(state: State, transaction: Transaction) -> Iterator[Finding]:
    for table, rows in _projections(state).items():
        try:
            yield from _differences(table, rows, transaction.rows(table))
        except DatabaseError as error:
            yield Finding(f"table {table.name}", f"it must be readable: {error.found}")


def _differences(table: Any, rows: Iterable[Row], stored: Iterable[Row]) -> Iterator[Finding]:
    key = [column.name for column in table.primary_key]
    expected = {tuple(row[name] for name in key): row for row in rows}
    found = {tuple(row[name] for name in key): row for row in stored}
    for place in [*expected, *(place for place in found if place not in expected)]:
        ours, theirs = expected.get(place), found.get(place)
        if ours is not None and theirs is not None and table is schema.STRATA:
            ours = {name: theirs[name] if value is None else value for name, value in ours.items()}
        if ours != theirs:
            where = f"table {table.name}, row {'/'.join(map(str, place))}"
            yield Finding(where, "it must be what the ledger gives")


def openings(transaction: Transaction) -> Openings:
    """Read what opens the seals of the ledger."""
    citizens = map(citizen_opening, transaction.rows(schema.CITIZENS))
    names = ("record", "seal", "salt", "content")
    sealed = (Opening(*(row[name] for name in names)) for row in transaction.rows(schema.SEALED))
    return Openings([*citizens, *sealed])


def _order(state: State, transaction: Transaction) -> Iterator[Finding]:
    """Find the batches drawn as one that do not stand in keyed order; who was erased is left out of it."""
    known, epochs = openings(transaction), {epoch.number: epoch for epoch in state.declared if epoch.secret}
    batches: dict[tuple[int, int], list[tuple[int, str]]] = {}
    for entry in transaction.entries("assigned-together@1"):
        row = orjson.loads(entry.payload)
        name = known.name(row["participant_id"])
        if name != row["participant_id"]:
            batches.setdefault((row["epoch"], row["batch"]), []).append((entry.seq, name))
    for (number, _), rows in batches.items():
        names = [name for _, name in rows]
        if number in epochs and epochs[number].in_order(names) != names:
            yield Finding(f"ledger row {rows[0][0]}", "the batch it begins must stand in keyed order")


def _personal(state: State, transaction: Transaction) -> Iterator[Finding]:
    for where, problem in openings(transaction).faults(state.seals, state.erased):
        yield Finding(where, problem)


def _evidence(state: State, transaction: Transaction) -> Iterator[Finding]:
    kept = set()
    for row in transaction.rows(EVIDENCE):
        kept.add(row["sha256"])
        if sha256(row["content"]).hexdigest() != row["sha256"]:
            yield Finding(f"evidence {row['sha256']}", "its content must have the hash it is kept under")
    for seq, problem in differences(transaction):
        yield Finding(f"ledger row {seq}", problem)
    for seq, needed in state.evidence:
        if needed not in kept:
            yield Finding(f"ledger row {seq}", "the file it rests on must be kept")


def _schema(transaction: Transaction) -> Iterator[Finding]:
    for name in transaction.altered():
        yield Finding(name, "it must be as it was made: it keeps the ledger append-only and answers single")
    for line in transaction.torn():
        yield Finding("database file", f"its tables and indexes must tell the same; {line}")
