"""The rows of one trial: what a transaction reads, and appends.

1. One writer at a time: SQLite begins a writing transaction with BEGIN IMMEDIATE, PostgreSQL locks the trial's row.
   What is read inside it cannot change until it ends.
2. A transaction is all or nothing, and durable when it returns.
3. An entry is refused unless its payload is as its kind declares; entries are appended, never changed (`schema`).
4. Nothing outside `database`, `statements` and this module speaks SQL.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from operator import itemgetter
from typing import Any, Self

import orjson
import sqlalchemy as sa

from trial.errors import StateError
from trial.ledger import database, schema, statements
from trial.ledger.chain import EMPTY, Head, check_clock, head_of, is_behind, linked
from trial.ledger.connections import Connections
from trial.ledger.database import translated
from trial.ledger.entry import Entry, EntryRow, canonical
from trial.ledger.form import DRAWN, TURNED_AWAY, Filled
from trial.ledger.kinds import check_payload

CHUNK = 5_000
AT_ONCE = 50_000  # answers whose entries are kept until they are written: of a million that takes half the memory

Row = dict[str, Any]

Seen = Sequence[list[tuple[Any, ...]]]


def _by_pseudonym(rows: Iterable[Row]) -> dict[str, Row]:
    return {row.pop("pseudonym"): row for row in rows}


class Transaction:
    """What one transaction reads and writes.

    Entries appended and rows written are kept until something is read, or the transaction ends.
    """

    def __init__(self, connection: sa.Connection, at: str, seen: Seen = (), *, any_clock: bool = True) -> None:
        """`seen`: what the first questions found, where they were asked already. any_clock: however far behind."""
        self._open_connection = connection
        self._dialect = connection.dialect.name
        self._pending: list[EntryRow] = []
        self._unwritten: list[database.Statement] = []
        self._head: Head | None = None
        self._epoch: Row | None = None
        self.at = at
        self._clock_seen: str | None = None
        self._any_clock = any_clock
        self.has_appended = False
        if seen:
            self._see(*seen)

    @property
    def head(self) -> Head:
        """Give the end of the chain, with what was appended in this transaction."""
        if self._head is None:
            self._look()
        assert self._head is not None  # noqa: S101 - it was looked up
        return self._head

    def newest_epoch(self) -> Row:
        """Give the row of the epoch in force."""
        if self._epoch is None:
            self._look()
        assert self._epoch is not None  # noqa: S101 - a trial that was opened has one
        return self._epoch

    def _look(self) -> None:
        self._see(*([tuple(row) for row in self._connection.exec_driver_sql(text)] for text in statements.SIGHT))

    def _see(self, heads: list[tuple[Any, ...]], epochs: list[tuple[Any, ...]]) -> None:
        if self._head is None:
            self._head = Head(*heads[0]) if heads else EMPTY
        self._epoch = dict(zip(statements.EPOCH, epochs[0], strict=True)) if epochs else None

    def _see_clock(self) -> None:
        """Say first that the clock was set back, where it was: what is appended at that time does not show it."""
        if not self._any_clock:
            check_clock(self.head, self.at)
        self._clock_seen = self.at
        if is_behind(self.head, self.at):
            self.append("clock-moved@1", {"read": self.at, "last": self.head.at})

    @property
    def _connection(self) -> sa.Connection:
        """Give the connection to read from: it knows everything written so far."""
        self.flush()
        return self._open_connection

    def append(self, kind: str, payload: Row) -> Entry:
        """Append an entry; raise LedgerError where the payload is not as its kind declares."""
        text = canonical(payload)
        check_payload(kind, payload, text)
        return Entry(*self._appended([(kind, text)])[0])

    def append_answers(self, answers: Sequence[Filled]) -> None:
        """Append answers by their forms, and write the citizens' rows of `participants`."""
        drawn: list[tuple[Any, ...]] = []
        turned_away: list[tuple[Any, ...]] = []
        for start in range(0, len(answers), AT_ONCE):
            some = answers[start : start + AT_ONCE]
            entries = self._appended(
                (form.kind, form.text(record, step, given)) for form, record, step, given in some
            )
            for entry, (form, record, step, given) in zip(entries, some, strict=True):
                rows = turned_away if given is None else drawn
                rows.append(form.row(entry[0], record, step, given))
            if len(some) < len(answers):
                self.flush()
        self.insert_ordered(schema.PARTICIPANTS, drawn, DRAWN)
        self.insert_ordered(schema.PARTICIPANTS, turned_away, TURNED_AWAY)

    def _appended(self, contents: Iterable[tuple[str, str]]) -> list[EntryRow]:
        if self.at is not self._clock_seen:
            self._see_clock()
        entries = linked(self.head, self.at, contents)
        if entries:
            self._head = head_of(Entry(*entries[-1]))
            self._pending += entries
            self.has_appended = True
        return entries

    def flush(self) -> None:
        """Write the entries appended and the rows written so far."""
        if self._pending:
            self._write(schema.LEDGER, self._pending)  # an entry is its row
            self._pending = []
        unwritten, self._unwritten = self._unwritten, []
        if unwritten:
            self._epoch = None  # it may be among them
            database.tell(self._open_connection, unwritten)

    def insert(self, table: sa.Table, rows: Sequence[Row]) -> None:
        """Insert rows into a table; each row has every column."""
        self._write(table, list(map(itemgetter(*table.c.keys()), rows)))

    def insert_ordered(
        self, table: sa.Table, rows: Iterable[tuple[Any, ...]], columns: tuple[str, ...] | None = None
    ) -> None:
        """Insert rows in the order of their first value, the key: a table is filled fastest so.

        columns: those the rows have a value for, where not all.
        """
        self._write(table, sorted(rows, key=itemgetter(0)), columns)

    def replace(self, table: sa.Table, rows: Sequence[Row]) -> None:
        """Write rows of a projection in place of those with the same primary key."""
        self._write(table, list(map(itemgetter(*table.c.keys()), rows)), is_replacing=True)

    def _write(
        self,
        table: sa.Table,
        rows: Sequence[tuple[Any, ...]],
        columns: tuple[str, ...] | None = None,
        is_replacing: bool = False,
    ) -> None:
        if rows:
            statement = statements.insert(table, self._dialect, columns, is_replacing)
            self._unwritten.append(database.Statement(table.name, statement, rows))

    def rows(self, table: sa.Table, where: Mapping[str, object] | None = None) -> list[Row]:
        """Give the rows of a table with the given values, in the order of its primary key."""
        statement = sa.select(table).order_by(*table.primary_key)
        for name, value in (where or {}).items():
            statement = statement.where(table.c[name].is_(None) if value is None else table.c[name] == value)
        with translated():
            return [dict(row) for row in self._connection.execute(statement).mappings()]

    def rows_in(self, table: sa.Table, name: str, values: Iterable[str]) -> list[Row]:
        """Give the rows whose column has one of the values."""
        return database.ask(self._connection, [self._among(table, name, values)])[0]

    def standing(
        self, pseudonyms: Iterable[str], epoch: int, scopes: Iterable[str], on: str
    ) -> tuple[dict[str, Row], list[Row], list[Row]]:
        """Give what answers rest on: those given to citizens, the scopes' states, the pauses not over on a day."""
        not_over = f"COALESCE(reopened_on, '9999') {statements.AFTER[self._dialect]}"
        known, states, pauses = database.ask(
            self._connection,
            [
                self._answers_of(pseudonyms),
                self._among(schema.STRATA, f"epoch = {epoch:d} AND scope", scopes),
                (statements.select(schema.PAUSES, not_over), (on,)),
            ],
        )
        return _by_pseudonym(known), states, pauses

    def _among(self, table: sa.Table, name: str, values: Iterable[str]) -> database.Question:
        is_one, value = self._is_one_of(values)
        return statements.select(table, f"{name} {is_one}"), (value,)

    def _is_one_of(self, values: Iterable[str]) -> tuple[str, str | list[str]]:
        """Give what asks whether a column has one of the values, and its parameter."""
        many = list(values)
        if len(many) == 1:
            return statements.IS[self._dialect], many[0]
        return statements.IN[self._dialect], canonical(many) if self._dialect == "sqlite" else many

    def answers(self, pseudonyms: Iterable[str]) -> dict[str, Row]:
        """Give the answers of citizens, by pseudonym; `participant_id` in them is the record id."""
        return _by_pseudonym(database.ask(self._connection, [self._answers_of(pseudonyms)])[0])

    def _answers_of(self, pseudonyms: Iterable[str]) -> database.Question:
        is_one, value = self._is_one_of(pseudonyms)
        return statements.ANSWERS + is_one, (value,)

    def delete(self, table: sa.Table, name: str, value: str) -> None:
        """Delete the rows of a side table whose column has a value."""
        self._connection.execute(table.delete().where(table.c[name] == value))

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

    def torn(self) -> list[str]:
        """Say where tables and their indexes do not tell the same."""
        with translated():
            return database.torn(self._connection)


class Store:
    """The database of one trial, open."""

    def __init__(self, url: str, *, any_clock: bool = False) -> None:
        self._any_clock = any_clock
        self._engine = database.engine(url)
        self._bare_writer = self._engine.execution_options(**{database.WRITE: True})
        first = (statements.LOCK[self._engine.dialect.name], *statements.SIGHT)
        self._writer = Connections(self._bare_writer.execution_options(**{database.FIRST: first}))
        self._reader = Connections(self._engine.execution_options(**{database.FIRST: statements.SIGHT}))

    @classmethod
    def create(cls, url: str) -> Self:
        """Make the tables of a new trial; refuse a database that already holds one.

        Tables without an entry are what an opening that was cut short left behind: they are taken over.
        """
        database.make_private_file(url)
        store = cls(url)
        with store._closed_on_error(), translated(), store._bare_writer.begin() as connection:
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
    def open(cls, url: str, *, any_clock: bool = False) -> Self:
        """Open the database of a trial that was begun; refuse another program's or another version's.

        any_clock: entries are written however far the clock is behind the last one.
        """
        path = database.sqlite_path(url)
        if path is not None and not path.exists():
            raise StateError(
                "the trial must be opened before it is used", found="no database", where=str(path),
                mend="trial init FILE --mode test, or name the database: --db sqlite:///PATH", code="trial-missing",
            )  # fmt: skip
        store = cls(url, any_clock=any_clock)
        with store._closed_on_error(), translated(), store._engine.begin() as connection:
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
        with translated(), self._writer.begun() as connection:
            seen = connection.info[database.SEEN][1:]
            transaction = Transaction(connection, at, seen, any_clock=self._any_clock)
            yield transaction
            transaction.flush()

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """Begin a reading transaction: one consistent view."""
        with translated(), self._reader.begun() as connection:
            yield Transaction(connection, "", connection.info[database.SEEN])

    @contextmanager
    def _closed_on_error(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self.close()
            raise

    def compact(self) -> bool:
        """Write the tables of personal rows anew, so that nothing deleted can be read; tell whether it was done."""
        return database.compact(self._engine)

    def close(self) -> None:
        """Close every connection."""
        self._writer.close()
        self._reader.close()
        self._engine.dispose()
