"""The connections that transactions are begun on, one of them kept from one transaction to the next.

1. A transaction begins with its first questions (`database`), and ends with its block, whole or not at all.
2. A kept connection may be dead. Beginning asks nothing that would be done twice, so the next one is taken.
3. Taking a connection from SQLAlchemy's pool and giving it back is an eighth of what a single assignment computes:
   writers, who come one after the other, find theirs where it was. Where several come at once, the others are given
   one of the pool.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from trial.ledger import database

_MOST_DEAD = database.KEPT + 1  # those of the pool, and the one kept here


class Connections:
    """The connections for transactions of one kind."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._kept: list[sa.Connection] = []

    @contextmanager
    def begun(self) -> Iterator[sa.Connection]:
        """Begin a transaction with its first questions."""
        connection, transaction = self._begin()
        try:
            with transaction:
                yield connection
        except BaseException:
            connection.close()
            raise
        if self._kept:
            connection.close()
        else:
            self._kept.append(connection)

    def close(self) -> None:
        """Give back what is kept."""
        while self._kept:
            self._kept.pop().close()

    def _begin(self) -> tuple[sa.Connection, sa.RootTransaction]:
        for left in reversed(range(_MOST_DEAD + 1)):
            connection = self._take()
            try:
                return connection, connection.begin()
            except BaseException as error:
                connection.close()
                if not left or not isinstance(error, sa.exc.DBAPIError) or not error.connection_invalidated:
                    raise
        raise AssertionError

    def _take(self) -> sa.Connection:
        try:
            return self._kept.pop()
        except IndexError:  # asking first whether there is one would let two threads take the same
            return self._engine.connect()
