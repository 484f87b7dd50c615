"""Evidence: files kept word for word under their hash, once, and what was published when.

1. `evidence` holds the bytes of a file under their SHA-256: published infection files, and the papers a decision by
   hand rests on. The same bytes are kept once, whatever they were called and however often they were published.
2. `infection_publications` has one row a publication: which bytes, of which kind, published when. Importing twice
   changes nothing; the same bytes published on another day are another publication.
3. Nothing kept is ever changed or removed: triggers refuse it.
4. Both tables may stand in the database before a trial is begun there.
"""

import hashlib
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from trial.clock import COPENHAGEN, utc_text
from trial.errors import InfectionError
from trial.infection.publication import LAYOUTS, Publication, kept

Row = dict[str, Any]

KINDS = frozenset(layout.kind for layout in LAYOUTS)
METADATA = sa.MetaData()
EVIDENCE = sa.Table(
    "evidence",
    METADATA,
    sa.Column("sha256", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sqlite_strict=True,
)
PUBLICATIONS = sa.Table(
    "infection_publications",
    METADATA,
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("vintage_on", sa.Text, nullable=False),
    sa.Column("published_at", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("imported_at", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("sha256", "vintage_on"),
    sqlite_strict=True,
)

_REFUSE = "RAISE(ABORT, 'evidence is append-only')"
_KNOWN = {
    EVIDENCE.name: "EXISTS (SELECT 1 FROM evidence WHERE sha256 = NEW.sha256)",
    PUBLICATIONS.name: "EXISTS (SELECT 1 FROM infection_publications"
    " WHERE sha256 = NEW.sha256 AND vintage_on = NEW.vintage_on)",
}
TRIGGERS: dict[str, tuple[str, ...]] = {
    "sqlite": tuple(
        f"CREATE TRIGGER {table}_{event.lower()} BEFORE {event} ON {table}"
        + (f" WHEN {known}" if event == "INSERT" else "")
        + f" BEGIN SELECT {_REFUSE}; END"
        for table, known in _KNOWN.items()
        for event in ("UPDATE", "DELETE", "INSERT")
    ),
    "postgresql": (
        "CREATE FUNCTION evidence_refuse() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'evidence is append-only'; END $$",
        *(
            f"CREATE TRIGGER {table}_update BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION evidence_refuse()"
            for table in _KNOWN
        ),
    ),
}


def has_tables(connection: sa.Connection) -> bool:
    """Tell whether the database has the tables of evidence."""
    return sa.inspect(connection).has_table(PUBLICATIONS.name)


def make_tables(connection: sa.Connection) -> None:
    """Make both tables and the triggers that guard them."""
    METADATA.create_all(connection)
    for trigger in TRIGGERS[connection.dialect.name]:
        connection.exec_driver_sql(trigger)


def file_row(publication: Publication) -> Row:
    """Give the row of the bytes of a publication."""
    return {"sha256": publication.sha256, "name": publication.name, "content": publication.content}


def publication_row(publication: Publication, imported_at: str) -> Row:
    """Give the row of a publication, imported at a time."""
    return {
        "sha256": publication.sha256,
        "vintage_on": publication.vintage_on.isoformat(),
        "published_at": utc_text(publication.published_at),
        "kind": publication.kind,
        "name": publication.name,
        "imported_at": imported_at,
    }


def publication_of(row: Row, content: bytes | None) -> Publication:
    """Read a publication back; its bytes must have the hash they are kept under.

    content: None gives the publication without its bytes, for comparing days and hashes.
    """
    whole = content is None or hashlib.sha256(content).hexdigest() == row["sha256"]
    if not whole or row["kind"] not in KINDS:
        raise InfectionError(
            "a kept file must be as it was imported",
            found="other bytes",
            where=str(row["name"]),
            mend="restore the database from a backup",
            code="infection-evidence",
        )
    published_at = datetime.fromisoformat(row["published_at"]).astimezone(COPENHAGEN)
    return kept(row["kind"], row["name"], row["sha256"], published_at, content or b"")
