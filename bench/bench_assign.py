"""Assigning: single answers beside a bare INSERT + COMMIT, batches beside executemany of the same rows; verification.

1. Both sides write to the same kind of database on the same disk, as durably: the peer through the product's engine.
2. The peer of a single answer inserts one row as large as an entry; of a batch, the very rows the batch wrote into
   the ledger and the answers, without a trigger, a draw, a check or a hash.
3. `size` is how many citizens: size / seconds is how many a second. Where the name says so, the seconds are those of
   the processor on either side, which a busy machine prolongs less.
4. Verification draws every arm anew; its peer reads the same rows and parses their JSON.

SQLite always; PostgreSQL where its binaries are found, on a server of its own.
"""

import importlib.util
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from bench.harness import Row, pair

DAY = date(2021, 3, 1)
SECRET = b"T" * 32
SINGLES = 300
BATCHES = {1_000: 5, 10_000: 5, 100_000: 3, 1_000_000: 1}  # citizens: repetitions
CLIENTS = 32
NewDatabase = Callable[[], str]


def measure() -> Iterator[Row]:
    """Time single answers, batches and verification on every database there is."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        numbers = iter(range(1_000_000))
        yield from _on("SQLite", lambda: f"sqlite:///{folder}/{next(numbers)}-{time.monotonic_ns()}.db")
        servers = _servers()
        if servers.find_binaries() is not None:
            yield from _on("PostgreSQL", stack.enter_context(servers.running()).create_database)


def _on(name: str, new: NewDatabase) -> Iterator[Row]:
    rows = _written(new, SINGLES)[0]
    yield pair(
        f"assign one by one, {name}",
        SINGLES,
        lambda: _singles(new),
        lambda: _commits(new, rows),
        "INSERT + COMMIT",
        3,
    )
    yield pair(
        f"assign one by one, {CLIENTS} clients at once, {name}",
        SINGLES,
        lambda: _crowd(new),
        lambda: _commits(new, rows),
        "INSERT + COMMIT",
        3,
    )
    for size, repeats in BATCHES.items():
        if size == 1_000_000 and name != "SQLite":
            continue
        tables = _written(new, size)
        many = _arrivals(size)
        for clock, word in ((time.perf_counter, ""), (time.process_time, ", processor time")):
            if word and (name != "SQLite" or size < 10_000):
                continue
            yield pair(
                f"assign a batch, {name}{word}",
                size,
                lambda many=many, clock=clock: _batch(new, many, clock),
                lambda tables=tables, clock=clock: _executemany(new, tables, clock),
                "executemany of the rows",
                repeats,
            )
    size = 10_000
    url = new()
    _assigned(url, size)
    yield pair(f"verify, {name}", size, lambda: _verify(url), lambda: _read(url), "read rows, parse JSON", 3)


def _servers() -> Any:
    spec = importlib.util.spec_from_file_location("servers", Path(__file__).parents[1] / "tests" / "servers.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _arrivals(size: int) -> list[Any]:
    from trial.intake import Arrival
    from trial.protocol import load_municipalities

    codes = [town.code for town in load_municipalities()]
    groups, ages = ("dagpenge", "jobparat-kontanthjaelp"), ("18-29", "30-49", "50+")

    def arrival(number: int) -> Arrival:
        code = codes[number % len(codes)]
        levels = {"jobcentre": code, "target_group": groups[number % 2], "age_group": ages[number % 3]}
        stratum = "/".join(levels.values())
        return Arrival(f"p{number:026d}", code, code, levels, stratum, date(2021, 1, 4), 25, None, number + 2)

    return [arrival(number) for number in range(size)]


def _opened(url: str) -> Any:
    from trial.keys import Keys, SecretKey
    from trial.protocol import shipped
    from trial.service import Trial

    keys = Keys(*(SecretKey(purpose, "test", SECRET) for purpose in ("trial", "identity", "signing")))
    now = datetime(2021, 3, 1, 8, tzinfo=UTC)
    trial = Trial.init(url, shipped("digital-samtaler.toml"), keys, "test", clock=lambda: now)
    trial.preview(_arrivals(1), DAY)  # what is read once is read
    return trial


def _assigned(url: str, size: int) -> None:
    trial = _opened(url)
    trial.assign(_arrivals(size), DAY)
    trial.close()


def _written(new: NewDatabase, size: int) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """Give the rows that a batch writes into the ledger and the answers."""
    import sqlalchemy as sa

    from trial.ledger import database, schema

    url = new()
    _assigned(url, size)
    engine = database.engine(url)
    with engine.connect() as connection:
        tables = schema.LEDGER, schema.PARTICIPANTS
        ledger, answers = ([tuple(row) for row in connection.execute(sa.select(table))] for table in tables)
    engine.dispose()
    return sorted(ledger)[1:], answers


def _bare(url: str) -> tuple[Any, list[str]]:
    """Give an engine, as durable as the product's, on tables without triggers, and the statements that fill them."""
    from trial.ledger import database, schema

    engine = database.engine(url)
    tables = [schema.LEDGER, schema.PARTICIPANTS]
    with engine.begin() as connection:
        schema.METADATA.create_all(connection, tables)
    mark = "?" if url.startswith("sqlite") else "%s"
    return engine, [f"INSERT INTO {one.name} VALUES ({', '.join([mark] * len(one.columns))})" for one in tables]


def _singles(new: NewDatabase) -> float:
    trial, people = _opened(new()), _arrivals(SINGLES)
    start = time.perf_counter()
    for one in people:
        trial.assign([one], DAY)
    seconds = time.perf_counter() - start
    trial.close()
    return seconds


def _crowd(new: NewDatabase) -> float:
    """Many clients, each asking for one citizen after the other; their waiting requests are committed together."""
    trial, people = _opened(new()), _arrivals(SINGLES)
    start = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as clients:
        list(clients.map(lambda one: trial.assign([one], DAY), people))
    seconds = time.perf_counter() - start
    trial.close()
    return seconds


def _commits(new: NewDatabase, rows: list[tuple[Any, ...]]) -> float:
    engine, (statement, _) = _bare(new())
    with engine.connect() as connection:
        start = time.perf_counter()
        for row in rows:
            with connection.begin():
                connection.exec_driver_sql(statement, row)
        seconds = time.perf_counter() - start
    engine.dispose()
    return seconds


def _batch(new: NewDatabase, many: list[Any], clock: Callable[[], float]) -> float:
    trial = _opened(new())
    start = clock()
    trial.assign(many, DAY)
    seconds = clock() - start
    trial.close()
    return seconds


def _executemany(new: NewDatabase, tables: tuple[list[Any], ...], clock: Callable[[], float]) -> float:
    engine, statements = _bare(new())
    start = clock()
    with engine.begin() as connection:
        for statement, rows in zip(statements, tables, strict=True):
            connection.exec_driver_sql(statement, rows)
    seconds = clock() - start
    engine.dispose()
    return seconds


def _verify(url: str) -> float:
    from trial.keys import SecretKey
    from trial.ledger.proof import verify_store
    from trial.ledger.store import Store

    store = Store.open(url)
    start = time.perf_counter()
    assert verify_store(store, SecretKey("trial", "test", SECRET)).holds
    seconds = time.perf_counter() - start
    store.close()
    return seconds


def _read(url: str) -> float:
    import orjson

    from trial.ledger.store import Store

    store = Store.open(url)
    start = time.perf_counter()
    with store.read() as transaction:
        for *_, payload, _prev, _hash in transaction.raw_entries():
            orjson.loads(payload)
    seconds = time.perf_counter() - start
    store.close()
    return seconds
