"""Published files kept as evidence beside the trial: content-addressed, append-only, made when first needed.

1. One row a publication: the hash of its bytes, its day and time of publication, its kind and name, the bytes, and
   when it was imported. What is kept is never changed or removed; triggers refuse it.
2. Importing twice changes nothing. The same bytes published on another day are another publication.
3. Two different files of one kind for one day are refused before anything is written.
4. What is read back is read anew from the bytes, and must still have its hash.
5. The table may stand in the database before a trial is begun there. No error shows a statement's parameters.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from trial.clock import COPENHAGEN, utc_text
from trial.errors import DatabaseError, InfectionError
from trial.infection.feed import check_consistent
from trial.infection.publication import LAYOUTS, Publication, kept

KINDS = frozenset(layout.kind for layout in LAYOUTS)
METADATA = sa.MetaData()
TABLE = sa.Table(
    "infection_publications",
    METADATA,
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("vintage_on", sa.Text, nullable=False),
    sa.Column("published_at", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("imported_at", sa.Text, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.PrimaryKeyConstraint("sha256", "vintage_on"),
    sqlite_strict=True,
)

_REFUSE = "RAISE(ABORT, 'published files are append-only')"
_TRIGGERS = {
    "sqlite": tuple(
        f"CREATE TRIGGER IF NOT EXISTS infection_{event.lower()} BEFORE {event} ON infection_publications"
        f" BEGIN SELECT {_REFUSE}; END"
        for event in ("UPDATE", "DELETE")
    ),
    "postgresql": (
        "CREATE OR REPLACE FUNCTION infection_refuse() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'published files are append-only'; END $$",
        "CREATE TRIGGER infection_change BEFORE UPDATE OR DELETE OR TRUNCATE ON infection_publications"
        " FOR EACH STATEMENT EXECUTE FUNCTION infection_refuse()",
    ),
}


def has_table(connection: sa.Connection) -> bool:
    """Tell whether anything was ever imported into a database."""
    return sa.inspect(connection).has_table(TABLE.name)


def make_table(connection: sa.Connection) -> None:
    """Make the table and the triggers that guard it."""
    METADATA.create_all(connection)
    for trigger in _TRIGGERS[connection.dialect.name]:
        connection.exec_driver_sql(trigger)


class Imported(NamedTuple):
    """How many publications were new, and how many were there already."""

    new: int
    known: int


class Archive:
    """The published files kept in a database, named by its URL."""

    def __init__(self, url: str) -> None:
        self._engine = _engine(url)
        self._file = _sqlite_file(self._engine.url)

    def add(self, publications: Sequence[Publication], imported_at: datetime) -> Imported:
        """Keep publications; raises InfectionError when one contradicts what is kept."""
        self._create()
        check_consistent([*self.publications(), *publications])
        rows = [
            {
                "sha256": one.sha256,
                "vintage_on": one.vintage_on.isoformat(),
                "published_at": utc_text(one.published_at),
                "kind": one.kind,
                "name": one.name,
                "imported_at": utc_text(imported_at),
                "content": one.content,
            }
            for one in publications
        ]
        with _translated(), self._engine.begin() as connection:
            kept = {tuple(row) for row in connection.execute(sa.select(TABLE.c.sha256, TABLE.c.vintage_on))}
            fresh = [row for row in rows if (row["sha256"], row["vintage_on"]) not in kept]
            for row in fresh:
                connection.execute(self._insert(), row)
        return Imported(len(fresh), len(rows) - len(fresh))

    def publications(self) -> list[Publication]:
        """Give every publication kept, by time of publication; none where nothing was imported."""
        if self._file is not None and not self._file.exists():
            return []
        order = sa.select(TABLE).order_by(TABLE.c.published_at, TABLE.c.kind, TABLE.c.sha256)
        with _translated(), self._engine.connect() as connection:
            if not has_table(connection):
                return []
            rows = connection.execute(order).mappings().all()
        return [_read_back(row) for row in rows]

    def close(self) -> None:
        """Close the database."""
        self._engine.dispose()

    def _create(self) -> None:
        if self._file is not None and not self._file.exists():
            _make_private(self._file)
        with _translated(), self._engine.begin() as connection:
            if not has_table(connection):
                make_table(connection)

    def _insert(self) -> sa.Insert:
        if self._engine.dialect.name == "postgresql":
            return postgresql.insert(TABLE).on_conflict_do_nothing()
        return sqlite.insert(TABLE).on_conflict_do_nothing()


def _read_back(row: sa.RowMapping) -> Publication:
    content = bytes(row["content"])
    if hashlib.sha256(content).hexdigest() != row["sha256"] or row["kind"] not in KINDS:
        raise InfectionError(
            "a kept file must be as it was imported",
            found="other bytes",
            where=str(row["name"]),
            mend="restore the database from a backup",
            code="infection-evidence",
        )
    published_at = datetime.fromisoformat(row["published_at"]).astimezone(COPENHAGEN)
    return kept(row["kind"], row["name"], row["sha256"], published_at, content)


def _engine(url: str) -> sa.Engine:
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError:
        parsed = sa.URL.create("unknown")
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername not in {"sqlite", "sqlite+pysqlite", "postgresql+psycopg"}:
        raise DatabaseError(
            "the database must be named by a URL of SQLite or PostgreSQL",
            mend="--db sqlite:///trial.db or --db postgresql+psycopg://...",
            code="database-url",
        )
    return sa.create_engine(parsed, hide_parameters=True)


def _sqlite_file(url: sa.URL) -> Path | None:
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def _make_private(file: Path) -> None:
    try:
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        raise DatabaseError(
            "the database's folder must exist and be writable",
            found=(error.strerror or "it is not").lower(),
            where=str(file),
            mend="make the folder, or choose another --db",
        ) from None


@contextmanager
def _translated() -> Iterator[None]:
    """Turn an error of the database into ours, without parameters."""
    try:
        yield
    except sa.exc.SQLAlchemyError as error:
        raise DatabaseError(
            "the database must be reachable and writable",
            found=type(getattr(error, "orig", None) or error).__name__,
            mend="check --db, the right to write and whether another program holds it",
        ) from None
