"""The tables of one trial's database, and the triggers that keep the ledger append-only.

1. `ledger` is append-only: no update, no delete, no replacing insert; each entry follows the last. So are the files
   kept as evidence, which have tables of their own (`trial.infection.evidence`).
2. `participants`, `strata`, `epochs`, `pauses` and `conversations` are projections: dropped and rebuilt by replay at
   any time.
3. `citizens` and `sealed` hold what is personal, beside the ledger that holds its seals only (`seal`): who is behind
   a record id, and what was told of a citizen in words. Their rows can be erased, and are made by nothing else.
   Elsewhere `participant_id` is the record id.
4. Two uniqueness rules carry correctness under concurrency: one record a citizen, one assignment a step of a scope.
5. No table holds a key, a seed, a future draw or a name of a citizen.
6. A later version of the schema only adds: a table with triggers is never rebuilt.
"""

import sqlalchemy as sa
from sqlalchemy import Column, Integer, PrimaryKeyConstraint, Table, Text, UniqueConstraint
from sqlalchemy.schema import SchemaItem

from trial.infection import evidence

VERSION = 4
METADATA = sa.MetaData()


def _table(name: str, *items: SchemaItem, by_key: bool = False) -> Table:
    """Declare a table; `by_key` keeps its rows in the order of a key of texts, without a second index beside them."""
    return Table(name, METADATA, *items, sqlite_strict=True, sqlite_with_rowid=not by_key)


DATABASE = _table("lodtraek", Column("schema_version", Integer, primary_key=True, autoincrement=False))

LEDGER = _table(
    "ledger",
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("prev", Text, nullable=False),
    Column("hash", Text, nullable=False),
)

PARTICIPANTS = _table(
    "participants",
    Column("participant_id", Text, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("arrived_on", Text, nullable=False),
    Column("municipality_code", Text, nullable=False),
    Column("arm", Text),
    Column("reason", Text),
    Column("epoch", Integer, nullable=False),
    Column("scope", Text),
    Column("step", Integer),
    UniqueConstraint("epoch", "scope", "step", name="one_assignment_a_step"),
    by_key=True,
)

CITIZENS = _table(
    "citizens",
    Column("participant_id", Text, primary_key=True),
    Column("record", Text, nullable=False),
    Column("salt", Text, nullable=False),
    by_key=True,
)

SEALED = _table(
    "sealed",
    Column("seal", Text, primary_key=True),
    Column("record", Text, nullable=False),
    Column("salt", Text, nullable=False),
    Column("content", Text, nullable=False),
)

STRATA = _table(
    "strata",
    Column("epoch", Integer, nullable=False),
    Column("scope", Text, nullable=False),
    Column("steps", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("seal", Text, nullable=False),
    PrimaryKeyConstraint("scope", "epoch"),
)

EPOCHS = _table(
    "epochs",
    Column("epoch", Integer, primary_key=True, autoincrement=False),
    Column("seq", Integer, nullable=False),
    Column("protocol", Text, nullable=False),
    Column("beacon_value", Text),
    Column("dry_run_seq", Integer),
)

PAUSES = _table(
    "pauses",
    Column("municipality_code", Text, nullable=False),
    Column("closed_on", Text, nullable=False),
    Column("reopened_on", Text),
    Column("decided_on", Text, nullable=False),
    Column("known_at", Text, nullable=False),
    Column("end_known_at", Text),
    Column("rule", Text),
    Column("value", Text),
    Column("cases", Integer),
    Column("basis", Text, nullable=False),
    Column("reason", Text),
    Column("decided_by", Text),
    Column("evidence", Text, nullable=False),
    Column("opened_seq", Integer, nullable=False),
    Column("closed_seq", Integer),
    PrimaryKeyConstraint("municipality_code", "closed_on"),
)

CONVERSATIONS = _table(
    "conversations",
    Column("participant_id", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("due_on", Text, nullable=False),
    Column("assigned_mode", Text, nullable=False),
    Column("summoned_mode", Text, nullable=False),
    Column("held_mode", Text),
    Column("held_on", Text),
    Column("override_reason", Text),
    Column("in_pause", Integer, nullable=False),
    PrimaryKeyConstraint("participant_id", "number"),
)

PROJECTIONS = (PARTICIPANTS, STRATA, EPOCHS, PAUSES, CONVERSATIONS)

_REFUSE = "RAISE(ABORT, 'the ledger is append-only')"
_NEXT = "NEW.seq IS NOT (SELECT COALESCE(MAX(seq), 0) + 1 FROM ledger)"

OWN_TRIGGERS: dict[str, tuple[str, ...]] = {
    "sqlite": (
        f"CREATE TRIGGER ledger_update BEFORE UPDATE ON ledger BEGIN SELECT {_REFUSE}; END",
        f"CREATE TRIGGER ledger_delete BEFORE DELETE ON ledger BEGIN SELECT {_REFUSE}; END",
        f"CREATE TRIGGER ledger_insert BEFORE INSERT ON ledger WHEN {_NEXT} BEGIN SELECT {_REFUSE}; END",
    ),
    "postgresql": (
        "CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'the ledger is append-only'; END $$",
        "CREATE FUNCTION ledger_follow() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN IF NEW.seq <> (SELECT COALESCE(MAX(seq), 0) + 1 FROM ledger)"
        " THEN RAISE EXCEPTION 'the ledger is append-only'; END IF; RETURN NEW; END $$",
        "CREATE TRIGGER ledger_update BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger"
        " FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse()",
        "CREATE TRIGGER ledger_insert BEFORE INSERT ON ledger FOR EACH ROW EXECUTE FUNCTION ledger_follow()",
    ),
}
TRIGGERS = {dialect: (*own, *evidence.TRIGGERS[dialect]) for dialect, own in OWN_TRIGGERS.items()}
