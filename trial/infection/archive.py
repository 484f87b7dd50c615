"""The archive: published files imported into a database, also before a trial is begun there.

1. Importing twice changes nothing; what is kept is never changed or removed (`evidence`).
2. Two different files of one kind for one day are refused before anything is written.
3. What is read back is read anew from the bytes, and must still have its hash.
4. Once a trial is begun, files are imported through it: its ledger records each. What was imported before, the
   opening records. No error shows a statement's parameters.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from trial.clock import utc_text
from trial.errors import DatabaseError
from trial.infection import evidence
from trial.infection.evidence import EVIDENCE, PUBLICATIONS, publication_of
from trial.infection.feed import check_consistent
from trial.infection.publication import Publication


class Archive:
    """The published files kept in a database, named by its URL."""

    def __init__(self, url: str) -> None:
        self._engine = _engine(url)
        self._file = _sqlite_file(self._engine.url)

    def new(self, publications: Sequence[Publication]) -> list[Publication]:
        """Give those not kept yet; raises InfectionError when one contradicts what is kept."""
        kept = self.publications()
        check_consistent([*kept, *publications])
        known = {(one.sha256, one.vintage_on) for one in kept}
        found = {(one.sha256, one.vintage_on): one for one in publications}
        return [one for key, one in found.items() if key not in known]

    def add(self, publications: Sequence[Publication], imported_at: datetime) -> int:
        """Keep publications and give how many were new; raises InfectionError when one contradicts what is kept."""
        new = self.new(publications)
        self._create()
        with _translated(), self._engine.begin() as connection:
            files = set(connection.execute(sa.select(EVIDENCE.c.sha256)).scalars())
            for one in new:
                if one.sha256 not in files:
                    files.add(one.sha256)
                    connection.execute(EVIDENCE.insert(), evidence.file_row(one))
                connection.execute(PUBLICATIONS.insert(), evidence.publication_row(one, utc_text(imported_at)))
        return len(new)

    def publications(self) -> list[Publication]:
        """Give every publication kept, by time of publication; none where nothing was imported."""
        if self._file is not None and not self._file.exists():
            return []
        columns = PUBLICATIONS.c
        order = (
            sa.select(PUBLICATIONS, EVIDENCE.c.content)
            .join(EVIDENCE, EVIDENCE.c.sha256 == columns.sha256)
            .order_by(columns.published_at, columns.kind, columns.sha256)
        )
        with _translated(), self._engine.connect() as connection:
            if not evidence.has_tables(connection):
                return []
            rows = connection.execute(order).mappings().all()
        return [publication_of(dict(row), bytes(row["content"])) for row in rows]

    def close(self) -> None:
        """Close the database."""
        self._engine.dispose()

    def _create(self) -> None:
        if self._file is not None and not self._file.exists():
            _make_private(self._file)
        with _translated(), self._engine.begin() as connection:
            if not evidence.has_tables(connection):
                evidence.make_tables(connection)


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
