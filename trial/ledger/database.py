"""The connection to a database: SQLite by default, PostgreSQL by URL.

1. SQLite runs with synchronous=FULL, PostgreSQL with fsync and synchronous_commit on, or is refused: an answer that
   was given survives a power cut.
2. WAL only where the library is sound: SQLite 3.7.0 to 3.51.2 can corrupt a WAL database that has several
   connections; there the rollback journal (TRUNCATE) is used.
3. A writing transaction of SQLite begins with BEGIN IMMEDIATE: a deferred one cannot read and then write.
4. A new SQLite file is readable by its owner alone; `recursive_triggers` is on and schemas of others are not trusted.
5. PostgreSQL: a writer reads what is committed, once it holds the lock of the trial; a reader has one snapshot.
   Neither is left to the settings of the server.
6. Whoever waits longer than BUSY_SECONDS is told so. Where the connection is lost, it is not known whether what was
   asked was done: that is told too. A repeated request does nothing twice.
7. No statement's parameters ever appear in an error or a log.
8. What is erased leaves no trace in the files of the database: they are written anew (`compact`), and PostgreSQL
   keeps no statistics of pseudonyms. Only the owner of its tables can have them written anew.
"""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa

from trial.errors import DatabaseError, FileError, LedgerError, LodtraekError
from trial.infection import evidence
from trial.ledger import schema

BUSY_SECONDS = 30
CONFLICTS = ("40001", "40P01")  # PostgreSQL: serialisation failure, deadlock
FULL = ("53100", sqlite3.SQLITE_FULL)  # PostgreSQL, SQLite
KEPT = 5  # connections to a server that are kept for the next request
WRITE, FIRST, SEEN, CURSOR = "lodtraek_write", "lodtraek_first", "lodtraek_seen", "lodtraek_cursor"
PLANS_MADE = "lodtraek_plans"
UNKNOWN_PLAN = "26000"  # PostgreSQL: no prepared statement of that name
_BEGIN = {
    ("sqlite", True): "BEGIN IMMEDIATE",
    ("sqlite", False): "BEGIN",
    ("postgresql", True): "BEGIN ISOLATION LEVEL READ COMMITTED",
    ("postgresql", False): "BEGIN ISOLATION LEVEL REPEATABLE READ",
}
PRAGMAS = (
    "synchronous=FULL",
    "foreign_keys=ON",
    "recursive_triggers=ON",
    "trusted_schema=OFF",
    "secure_delete=ON",
    "cache_size=-65536",  # KiB: a batch that outgrows it is written, and flushed, in pieces
)
_OWNED = "SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = 'citizens'::regclass"
PLANS = (  # of PostgreSQL: made once, for planning takes twice as long as answering,
    "plan_cache_mode = force_generic_plan",
    "jit = off",
    "random_page_cost = 1.1",  # and made by key: when they are made the tables are empty, and do not stay so
    "enable_hashjoin = off",
    "enable_mergejoin = off",
)
NO_STATISTICS = (("citizens", "participant_id"), ("citizens", "salt"), ("sealed", "salt"), ("sealed", "content"))

Question = tuple[str, tuple[Any, ...]]


class Statement(NamedTuple):
    """What is executed on rows of a table."""

    table: str
    text: str
    rows: Sequence[tuple[Any, ...]]


def journal_mode(sqlite_version: tuple[int, ...]) -> str:
    """Give the journal mode that is safe with a version of SQLite."""
    return "truncate" if (3, 7, 0) <= sqlite_version <= (3, 51, 2) else "wal"


def make_tables(connection: sa.Connection) -> None:
    """Make every table of a new trial, and the triggers that guard them."""
    if not evidence.has_tables(connection):  # published files may have been imported before the trial is begun
        evidence.make_tables(connection)
    schema.METADATA.create_all(connection)
    for statement in schema.OWN_TRIGGERS[connection.dialect.name]:
        connection.exec_driver_sql(statement)
    if connection.dialect.name == "postgresql":
        for statement in schema.TRIGGERS["postgresql"]:
            if statement.startswith("CREATE TRIGGER"):  # also in sessions that replicate, which others skip
                words = statement.split()
                table, name = words[words.index("ON") + 1], words[2]
                connection.exec_driver_sql(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")
        for table, column in NO_STATISTICS:
            connection.exec_driver_sql(f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS 0")


def altered(connection: sa.Connection) -> list[str]:
    """Name the tables, indexes and triggers that are not as they were made."""
    if connection.dialect.name != "sqlite":
        return _altered_guards(connection)
    catalogue = sa.text("SELECT type || ' ' || name, tbl_name, sql FROM sqlite_master")
    blank = sa.create_engine("sqlite://")
    with blank.connect() as made:
        make_tables(made)
        expected = {name: tuple(rest) for name, *rest in made.execute(catalogue)}
    blank.dispose()
    present = {name: tuple(rest) for name, *rest in connection.execute(catalogue)}
    return sorted(name for name in {**expected, **present} if expected.get(name) != present.get(name))


def torn(connection: sa.Connection) -> list[str]:
    """Say where tables and their indexes do not tell the same; PostgreSQL keeps that itself.

    A row may be read from either: a byte changed in one is not seen in the other.
    """
    if connection.dialect.name != "sqlite":
        return []
    told = connection.execute(sa.text("PRAGMA integrity_check(10)")).scalars().all()
    return [str(line) for line in told if line != "ok"]


def _altered_guards(connection: sa.Connection) -> list[str]:
    """Name the triggers that are missing, off, or call another function, and the functions of another text."""
    guards = (
        "SELECT 'trigger ' || tgname, CAST(proname AS text) FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid"
        " WHERE NOT tgisinternal AND tgenabled = 'A' AND tgqual IS NULL"
        " AND pg_table_is_visible(tgrelid) UNION ALL"
        " SELECT 'function ' || proname, btrim(prosrc) FROM pg_proc WHERE pg_function_is_visible(oid)"
        " AND proname LIKE ANY (ARRAY['ledger%', 'evidence%'])"
    )
    found = {tuple(row) for row in connection.execute(sa.text(guards))}
    expected = set()
    for statement in schema.TRIGGERS["postgresql"]:
        _, kind, name, *_ = statement.split()
        called = statement.split("$$")[1].strip() if kind == "FUNCTION" else statement.split()[-1]
        expected.add((f"{kind.lower()} {name.removesuffix('()')}", called.removesuffix("()")))
    return sorted({name for name, _ in expected - found})


def sqlite_path(url: str) -> Path | None:
    """Give the file of an SQLite URL; None for another database."""
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError:
        raise DatabaseError(
            "the database must be named by a URL", mend="--db sqlite:///trial.db or --db postgresql+psycopg://...",
            code="database-url",
        ) from None  # fmt: skip
    if parsed.get_backend_name() != "sqlite":
        return None
    if not parsed.database or parsed.database == ":memory:":
        raise DatabaseError("an SQLite database must be a file", mend="--db sqlite:///trial.db", code="database-url")
    return Path(parsed.database)


def make_private_file(url: str) -> None:
    path = sqlite_path(url)
    if path is None or path.exists():
        return
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        raise FileError(
            "the database's folder must exist and be writable", found=error.strerror, where=str(path),
            mend="make the folder, or choose another --db",
        ) from error  # fmt: skip


def engine(url: str) -> sa.Engine:
    if sqlite_path(url) is None:
        # AUTOCOMMIT: the driver sends no BEGIN of its own, a trip before every transaction.
        engine = sa.create_engine(_psycopg(url), hide_parameters=True, isolation_level="AUTOCOMMIT", pool_size=KEPT)
        sa.event.listen(engine, "connect", _prepare_postgresql)
    else:
        engine = sa.create_engine(url, hide_parameters=True, connect_args={"timeout": BUSY_SECONDS})
        sa.event.listen(engine, "connect", _prepare_sqlite)
    sa.event.listen(engine, "begin", _begin)
    return engine


def _psycopg(url: str) -> sa.URL:
    parsed = sa.make_url(url)
    return parsed.set(drivername="postgresql+psycopg") if parsed.drivername == "postgresql" else parsed


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver's own BEGIN is deferred: unusable for read-then-write
    mode = journal_mode(sqlite3.sqlite_version_info)
    found = connection.execute(f"PRAGMA journal_mode={mode}").fetchone()[0]
    if found != mode:
        raise DatabaseError(
            f"the database must be in journal mode {mode} with SQLite {sqlite3.sqlite_version}", found=found,
            mend="close every other program that has the database open", code="database-unsafe",
        )  # fmt: skip
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: sa.Connection) -> None:
    """Begin a transaction and ask its first questions: a server is told all of it in one trip."""
    options = connection.get_execution_options()
    begin, first = _BEGIN[connection.dialect.name, options.get(WRITE, False)], options.get(FIRST, ())
    with cursor_of(connection) as cursor:
        if connection.dialect.name == "sqlite":
            cursor.execute(begin)
            seen = [cursor.execute(text).fetchall() for text in first]
        else:
            _execute_planned(connection, cursor, begin, first)
            seen = []
            while cursor.nextset():
                seen.append(cursor.fetchall())
    connection.info[SEEN] = seen


def _execute_planned(connection: sa.Connection, cursor: Any, begin: str, questions: Sequence[str]) -> None:
    """Begin and ask by plans that are made once a connection: making them takes as long as answering.

    After a rollback the driver has the server drop every plan: then nothing was begun, and they are made anew.
    """
    assert connection.dialect.loaded_dbapi is not None  # noqa: S101 - there is a connection
    plans: dict[str, str] = connection.info.setdefault(PLANS_MADE, {})
    for is_anew in (False, True):
        for text in questions:
            if text not in plans:
                name = f"first_{len(plans)}"
                cursor.execute(f"PREPARE {name} AS {text}", prepare=False)
                plans[text] = name
        try:
            cursor.execute("; ".join((begin, *(f"EXECUTE {plans[text]}" for text in questions))), prepare=False)
        except connection.dialect.loaded_dbapi.Error as error:
            if is_anew or getattr(error, "sqlstate", None) != UNKNOWN_PLAN:
                raise
            cursor.connection.rollback()  # after which the driver knows of no plan of its own
            cursor.execute("DEALLOCATE ALL", prepare=False)
            plans.clear()
        else:
            return


def _prepare_postgresql(connection: Any, _record: object) -> None:
    with connection.cursor() as cursor:
        for setting in ("fsync", "synchronous_commit"):
            found = cursor.execute(f"SHOW {setting}").fetchone()[0]
            if found == "off":
                raise DatabaseError(
                    f"PostgreSQL must run with {setting}=on: an answer given must survive a power cut", found=found,
                    mend=f"set {setting} = on", code="database-unsafe",
                )  # fmt: skip
        cursor.execute(f"SET lock_timeout = '{round(BUSY_SECONDS * 1000)}ms'")
        for setting in PLANS:
            cursor.execute(f"SET {setting}")
    connection.commit()


def compact(engine: sa.Engine) -> bool:
    """Write anew what holds personal rows, so that no page keeps a deleted one; tell whether that could be done."""
    with translated(), engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            statements = ["VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"]
        else:
            statements = [f"VACUUM (FULL) {table}" for table in ("citizens", "sealed")]
        with cursor_of(connection) as cursor:
            if connection.dialect.name == "postgresql" and not cursor.execute(_OWNED).fetchone()[0]:
                return False
            for statement in statements:
                cursor.execute(statement)
    return True


@contextmanager
def cursor_of(connection: sa.Connection) -> Iterator[Any]:
    """Speak to the driver itself, without what SQLAlchemy takes for every statement; errors come as SQLAlchemy's.

    A connection to a server keeps its one cursor, which is dear: fetch everything before the next statement.
    """
    driver, dialect, kept = connection.connection.driver_connection, connection.dialect, connection.info
    assert driver is not None and dialect.loaded_dbapi is not None  # noqa: S101 - there is a connection
    base, cursor = dialect.loaded_dbapi.Error, kept.get(CURSOR)
    if cursor is None:
        cursor = driver.cursor()
        if dialect.name != "sqlite":  # there a forgotten cursor would keep a closed database open, and locked
            kept[CURSOR] = cursor
    try:
        yield cursor
    except base as error:
        is_lost = dialect.is_disconnect(error, driver, None)
        if is_lost:
            connection.invalidate()
        raise sa.exc.DBAPIError.instance(
            None, None, error, base, hide_parameters=True, connection_invalidated=is_lost, dialect=dialect
        ) from None


def ask(connection: sa.Connection, questions: Sequence[Question]) -> list[list[dict[str, Any]]]:
    """Ask several questions and give the rows of each. A server answers them all in one trip."""
    with cursor_of(connection) as cursor:
        if connection.dialect.name == "sqlite":
            return [_named(cursor.execute(*question)) for question in questions]
        rows = ", ".join(f"(SELECT json_agg(x)::text FROM ({text}) x)" for text, _ in questions)  # noqa: S608 - of `store`
        parameters = [value for _, values in questions for value in values]
        answers = cursor.execute(f"SELECT {rows}", parameters).fetchone()
    return [[] if answer is None else orjson.loads(answer) for answer in answers]


def _named(cursor: Any) -> list[dict[str, Any]]:
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def tell(connection: sa.Connection, statements: Sequence[Statement]) -> None:
    """Execute statements, each on its rows. A server is told single rows of different tables in one trip."""
    with cursor_of(connection) as cursor:
        is_apart = connection.dialect.name == "sqlite" or len({one.table for one in statements}) < len(statements)
        if is_apart or any(len(one.rows) > 1 for one in statements):
            for one in statements:
                if len(one.rows) == 1:
                    cursor.execute(one.text, one.rows[0])
                else:
                    cursor.executemany(one.text, one.rows)
        elif statements:
            *others, last = [one.text for one in statements]
            among = ", ".join(f"part_{number} AS ({text})" for number, text in enumerate(others))
            parameters = [value for one in statements for value in one.rows[0]]
            cursor.execute(f"WITH {among} {last}" if others else last, parameters)


@contextmanager
def translated() -> Iterator[None]:
    """Turn an error of the database into one of the tree: the driver's words, no statement, no parameter."""
    try:
        yield
    except LodtraekError:
        raise
    except sa.exc.IntegrityError as error:
        raise LedgerError(
            "an entry must not contradict the ledger", found=_words(error),
            mend="repeat the request; if it is refused again: trial verify", code="ledger-conflict",
        ) from None  # fmt: skip
    except sa.exc.DBAPIError as error:
        if error.connection_invalidated:
            raise unknown("the connection to the database must last until the answer", _words(error)) from None
        told = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "sqlite_errorcode", None)
        if told in FULL:
            raise DatabaseError(
                "the disk of the database must have room", found=_words(error),
                mend="make room and repeat the request: nothing was changed", code="database-full",
            ) from None  # fmt: skip
        if told in CONFLICTS:
            raise DatabaseError(
                "writers must not wait for one another in a ring", found=_words(error),
                mend="repeat the request: nothing was changed", code="database-conflict",
            ) from None  # fmt: skip
        busy = any(word in str(error.orig) for word in ("locked", "lock timeout"))
        raise DatabaseError(
            "the database must be reachable and free", found=_words(error),
            mend="wait for the other program and repeat" if busy else "check --db, the disk and the server",
            code="database-busy" if busy else "database",
        ) from None  # fmt: skip
    except (sqlite3.Error, UnicodeDecodeError) as error:  # raised while a connection is made ready
        raise DatabaseError(
            "the database must be readable", found=type(error).__name__ if isinstance(error, ValueError) else error,
            mend="do not assign; compare with a backup and the last checkpoint", code="database",
        ) from None  # fmt: skip


def unknown(must: str, found: str) -> DatabaseError:
    """Give the error of a request of which nobody knows whether it was done."""
    return DatabaseError(
        must, found=found, code="database-unknown",
        mend="repeat the request: nothing is done twice; an arm is given again, and anything else that was done"
        " is refused, or told as known",
    )  # fmt: skip


def _words(error: sa.exc.DBAPIError) -> str:
    return str(error.orig).splitlines()[0] if str(error.orig) else type(error.orig).__name__
