"""The rows of one trial: what a transaction reads, and appends.

1. One writer at a time: SQLite begins a writing transaction with BEGIN IMMEDIATE, PostgreSQL locks the trial's row.
   What is read inside it cannot change until it ends.
2. A transaction is all or nothing, and durable when it returns.
3. An entry is refused unless its payload is as its kind declares; entries are appended, never changed (`schema`).
4. Nothing outside `database` and this module speaks SQL.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, cached_property, lru_cache
from operator import itemgetter
from typing import Any, Self

import orjson
import sqlalchemy as sa

from trial.errors import LedgerError, StateError
from trial.ledger import database, schema
from trial.ledger.chain import EMPTY, Head, head_of, link
from trial.ledger.database import translated
from trial.ledger.entry import Entry, canonical
from trial.ledger.kinds import malformed

CHUNK = 5_000

Row = dict[str, Any]

# Statements are made once: a single assignment would spend a third of its time making them.
_HEAD = (
    sa.select(schema.LEDGER.c.seq, schema.LEDGER.c.hash, schema.LEDGER.c.at)
    .order_by(schema.LEDGER.c.seq.desc())
    .limit(1)
)
_NEWEST_EPOCH = sa.select(schema.EPOCHS).order_by(schema.EPOCHS.c.epoch.desc()).limit(1)
_LOCK = sa.select(schema.DATABASE).with_for_update()


@cache
def _select_in(table: sa.Table, name: str) -> sa.Select[Any]:
    return sa.select(table).where(table.c[name].in_(sa.bindparam("wanted", expanding=True)))


@cache
def _delete(table: sa.Table) -> tuple[sa.Delete, list[str]]:
    key = [column.name for column in table.primary_key]
    return table.delete().where(sa.and_(*(table.c[name] == sa.bindparam(f"key_{name}") for name in key))), key


@lru_cache(maxsize=64)
def _insert(table: sa.Table, dialect: sa.Dialect) -> tuple[str, Sequence[str] | None]:
    compiled = table.insert().compile(dialect=dialect)
    return str(compiled), compiled.positiontup


class Transaction:
    """What one transaction reads and writes; entries appended are written together when it ends."""

    def __init__(self, connection: sa.Connection, at: str) -> None:
        self._connection = connection
        self._pending: list[Entry] = []
        self.at = at
        self.has_appended = False

    @cached_property
    def head(self) -> Head:
        """Give the end of the chain, with what was appended in this transaction."""
        row = self._connection.execute(_HEAD).one_or_none()
        return EMPTY if row is None else Head(*row)

    def append(self, kind: str, payload: Row) -> Entry:
        """Append an entry; raise LedgerError where the payload is not as its kind declares."""
        text = canonical(payload)
        problem = malformed(kind, payload, text)
        if problem:
            raise LedgerError(
                f"an entry {kind} must be as declared", found=problem, mend="report this as a fault of the program"
            )
        entry = link(self.head, kind, self.at, text)
        self.head = head_of(entry)
        self._pending.append(entry)
        self.has_appended = True
        return entry

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Undo what the block read and wrote where it raises; what was written before it stays."""
        self.flush()
        head, has_appended = self.head, self.has_appended
        try:
            with translated(), self._connection.begin_nested():
                yield
                self.flush()
        except BaseException:
            self._pending.clear()
            self.head, self.has_appended = head, has_appended
            raise

    def flush(self) -> None:
        """Write the entries appended so far."""
        if not self._pending:
            return
        self.insert(
            schema.LEDGER,
            [
                {"seq": e.seq, "kind": e.kind, "at": e.at, "payload": e.payload, "prev": e.prev, "hash": e.hash}
                for e in self._pending
            ],
        )
        self._pending.clear()

    def insert(self, table: sa.Table, rows: Sequence[Row]) -> None:
        """Insert rows into a table; each row has every column.

        The statement goes to the driver as compiled: the rows need no processing, and there may be 100,000 of them.
        """
        if not rows:
            return
        statement, names = _insert(table, self._connection.dialect)
        parameters: Any = rows if names is None else list(map(itemgetter(*names), rows))
        for start in range(0, len(rows), CHUNK):
            part = parameters[start : start + CHUNK]
            self._connection.exec_driver_sql(statement, part[0] if len(part) == 1 else part)

    def replace(self, table: sa.Table, rows: Sequence[Row]) -> None:
        """Write rows of a projection in place of those with the same primary key."""
        delete, key = _delete(table)
        for start in range(0, len(rows), CHUNK):
            part = rows[start : start + CHUNK]
            keys = [{f"key_{n}": row[n] for n in key} for row in part]
            self._connection.execute(delete, keys[0] if len(keys) == 1 else keys)
            self.insert(table, part)

    def rows(self, table: sa.Table, where: Mapping[str, object] | None = None) -> list[Row]:
        """Give the rows of a table with the given values, in the order of its primary key."""
        statement = sa.select(table).order_by(*table.primary_key)
        for name, value in (where or {}).items():
            statement = statement.where(table.c[name].is_(None) if value is None else table.c[name] == value)
        with translated():
            return [dict(row) for row in self._connection.execute(statement).mappings()]

    def rows_in(self, table: sa.Table, name: str, values: Iterable[object]) -> Iterator[Row]:
        """Give the rows whose column has one of the values."""
        wanted, statement = list(values), _select_in(table, name)
        for start in range(0, len(wanted), CHUNK):
            found = self._connection.execute(statement, {"wanted": wanted[start : start + CHUNK]})
            yield from (dict(row) for row in found.mappings())

    def newest_epoch(self) -> Row:
        """Give the row of the epoch in force."""
        return dict(self._connection.execute(_NEWEST_EPOCH).mappings().one())

    def clear(self, table: sa.Table) -> None:
        """Empty a projection."""
        self._connection.execute(table.delete())

    def entry(self, seq: int) -> Entry | None:
        """Give the entry of a number."""
        row = self._connection.execute(sa.select(schema.LEDGER).where(schema.LEDGER.c.seq == seq)).one_or_none()
        return None if row is None else Entry(*row)

    def hash_of(self, seq: int) -> str | None:
        """Give the hash of the entry of a number."""
        entry = self.entry(seq)
        return None if entry is None else entry.hash

    def hashes(self, after: int, until: int) -> list[str]:
        """Give the hashes of the entries numbered above `after`, up to `until`."""
        columns = schema.LEDGER.c
        between = sa.and_(columns.seq > after, columns.seq <= until)
        return list(self._connection.execute(sa.select(columns.hash).where(between).order_by(columns.seq)).scalars())

    def tally(self, table: sa.Table, *names: str) -> dict[tuple[Any, ...], int]:
        """Count the rows of a table by the values of columns."""
        columns = [table.c[name] for name in names]
        found = self._connection.execute(sa.select(*columns, sa.func.count()).group_by(*columns))
        return {tuple(values): number for *values, number in found}

    def extent(self, table: sa.Table, name: str) -> tuple[Any, Any]:
        """Give the least and the greatest value of a column."""
        column = table.c[name]
        least, greatest = self._connection.execute(sa.select(sa.func.min(column), sa.func.max(column))).one()
        return least, greatest

    def entries(self, kind: str) -> list[Entry]:
        """Give the entries of a kind, in order."""
        statement = sa.select(schema.LEDGER).where(schema.LEDGER.c.kind == kind).order_by(schema.LEDGER.c.seq)
        return [Entry(*row) for row in self._connection.execute(statement)]

    def answer_payloads(self) -> Iterator[Row]:
        """Give the payload of every answer, in order: an arm, or the reason there is none."""
        statement = sa.select(schema.LEDGER.c.payload).join(
            schema.PARTICIPANTS, schema.PARTICIPANTS.c.seq == schema.LEDGER.c.seq
        )
        for payload in self._connection.execute(statement.order_by(schema.LEDGER.c.seq)).scalars():
            yield {"arm": None, **orjson.loads(payload)}

    def assigned_while_paused(self, municipality_code: str | None = None, closed_on: str | None = None) -> list[str]:
        """Give the citizens assigned on a day that is known by now to be paused, as nobody knew then.

        municipality_code, closed_on: of one pause; left out for all.
        """
        citizen, pause = schema.PARTICIPANTS.c, schema.PAUSES.c
        covered = sa.and_(
            citizen.municipality_code == pause.municipality_code,
            citizen.arrived_on >= pause.closed_on,
            sa.or_(pause.reopened_on.is_(None), citizen.arrived_on < pause.reopened_on),
        )
        statement = sa.select(citizen.participant_id).join(schema.PAUSES, covered).where(citizen.arm.is_not(None))
        if municipality_code is not None:
            statement = statement.where(pause.municipality_code == municipality_code, pause.closed_on == closed_on)
        return list(self._connection.execute(statement.order_by(citizen.participant_id)).scalars())

    def raw_entries(self) -> Iterator[tuple[Any, ...]]:
        """Give every row of the ledger in order, as stored: texts as bytes, and the storage types joined.

        Reading text would hide a changed type and stumble over bytes that are no text.
        """
        columns = list(schema.LEDGER.c)
        if self._connection.dialect.name == "sqlite":
            types: Any = sa.literal_column(" || ".join(f"typeof({column.name})" for column in columns))
            texts = [sa.cast(column, sa.LargeBinary) for column in columns[1:]]
            statement: Any = sa.select(types, columns[0], *texts).order_by(columns[0])
        else:
            statement = sa.select(sa.literal("integer" + "text" * 5), *columns).order_by(columns[0])
        with translated(), self._connection.execute(statement, execution_options={"yield_per": CHUNK}) as found:
            for row in found:
                yield tuple(row)

    def altered(self) -> list[str]:
        """Name what of the schema is not as it was made: tables, indexes, and above all the append-only triggers."""
        return database.altered(self._connection)


class Store:
    """The database of one trial, open."""

    def __init__(self, url: str) -> None:
        self._engine = database.engine(url)

    @classmethod
    def create(cls, url: str) -> Self:
        """Make the tables of a new trial; refuse a database that already holds one.

        Tables without an entry are what an opening that was cut short left behind: they are taken over.
        """
        database.make_private_file(url)
        store = cls(url)
        with store._closed_on_error(), translated(), store._writer() as connection, connection.begin():
            if not sa.inspect(connection).has_table(schema.DATABASE.name):
                database.make_tables(connection)
                connection.execute(schema.DATABASE.insert(), {"schema_version": schema.VERSION})
            elif Transaction(connection, "").head.length:
                raise StateError(
                    "a database must hold one trial", found="a trial that was opened before",
                    mend="choose another --db", code="trial-exists",
                )  # fmt: skip
        return store

    @classmethod
    def open(cls, url: str) -> Self:
        """Open the database of a trial that was begun; refuse another program's or another version's."""
        path = database.sqlite_path(url)
        if path is not None and not path.exists():
            raise StateError(
                "the trial must be opened before it is used", found="no database", where=str(path),
                mend="trial init FILE --mode test, or name the database: --db sqlite:///PATH", code="trial-missing",
            )  # fmt: skip
        store = cls(url)
        with store._closed_on_error(), translated(), store._engine.connect() as connection, connection.begin():
            known = sa.inspect(connection).has_table(schema.DATABASE.name)
            version = connection.execute(sa.select(schema.DATABASE.c.schema_version)).scalar() if known else None
            if version != schema.VERSION:
                raise StateError(
                    f"the database must hold a trial of schema version {schema.VERSION}", found=version or "no trial",
                    mend="name the right database, or use the version of the program that made it",
                    code="trial-missing",
                )  # fmt: skip
        return store

    @contextmanager
    def write(self, at: str) -> Iterator[Transaction]:
        """Begin a writing transaction at a time; it ends with the block, whole or not at all."""
        with translated(), self._writer() as connection, connection.begin():
            connection.execute(_LOCK)  # PostgreSQL: the queue of writers
            transaction = Transaction(connection, at)
            yield transaction
            transaction.flush()

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """Begin a reading transaction: one consistent view."""
        with translated(), self._reader() as connection, connection.begin():
            yield Transaction(connection, "")

    def _writer(self) -> sa.Connection:
        return self._engine.connect().execution_options(**{database.WRITE: True})

    def _reader(self) -> sa.Connection:
        connection = self._engine.connect()
        if connection.dialect.name == "sqlite":
            return connection
        return connection.execution_options(isolation_level="REPEATABLE READ")

    @contextmanager
    def _closed_on_error(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()
