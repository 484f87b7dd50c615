"""The statements that answers are given with, made once: a single assignment would spend a third of its time on them.

1. Either database has its own marks for parameters, and its own way to ask for one of many values.
2. The names are those of `schema`: no statement holds a value.
"""

from functools import lru_cache

import sqlalchemy as sa

from trial.ledger import schema

EPOCH = tuple(schema.EPOCHS.c.keys())
SIGHT = (
    "SELECT seq, hash, at FROM ledger ORDER BY seq DESC LIMIT 1",
    f"SELECT {', '.join(EPOCH)} FROM epochs ORDER BY epoch DESC LIMIT 1",  # noqa: S608 - rule 2
)
LOCK = {"sqlite": "SELECT 1", "postgresql": "SELECT schema_version FROM lodtraek FOR UPDATE"}  # the queue of writers
IN = {"sqlite": "IN (SELECT value FROM json_each(?))", "postgresql": "= ANY(%s)"}
IS = {"sqlite": "= ?", "postgresql": "= %s"}  # of one value: read without a list
AFTER = {"sqlite": "> ?", "postgresql": "> %s"}
ANSWERS = (
    "SELECT citizens.participant_id AS pseudonym, participants.* FROM citizens"
    " JOIN participants ON participants.participant_id = citizens.record WHERE citizens.participant_id "
)


@lru_cache(maxsize=64)
def select(table: sa.Table, where: str) -> str:
    """Give the statement that reads the rows of a table where something holds."""
    return f"SELECT {', '.join(table.c.keys())} FROM {table.name} WHERE {where}"  # noqa: S608 - rule 2


@lru_cache(maxsize=64)
def insert(table: sa.Table, dialect: str, columns: tuple[str, ...] | None, is_replacing: bool) -> str:
    """Give the statement that inserts a row into a table, in place of one with the same key where it is replacing.

    columns: those the row has a value for, where not all.
    """
    columns = columns or tuple(table.c.keys())
    marks = ", ".join(["?" if dialect == "sqlite" else "%s"] * len(columns))
    text = f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608 - rule 2
    if not is_replacing:
        return text
    key = ", ".join(column.name for column in table.primary_key)
    others = ", ".join(f"{one.name} = excluded.{one.name}" for one in table.c if not one.primary_key)
    return f"{text} ON CONFLICT ({key}) DO UPDATE SET {others}"
