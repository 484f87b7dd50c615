"""The queue of writers: requests that wait are committed together, first come, first served.

1. A trial has one chain, so its commits follow one another, and each waits for the disk. Whoever is first in the
   queue commits for those behind as well, TOGETHER requests at most: what the disk takes once, many share.
2. Requests are applied in the order they came, each as if it were alone: it sees what those before it wrote.
3. A request that is refused fails none of its neighbours: those that waited together are then committed one by one.
4. Nobody is answered before the commit. When it fails, everybody of the group is told; when it is not known whether
   it was done, that. Repeating the request does nothing twice.
5. A deadlock or a serialisation failure changed nothing: whoever waited together, or alone, is applied anew, from the
   same requests, ATTEMPTS times at most. A writer of another process is waited for by the database
   (`database.BUSY_SECONDS`).
6. Nothing here makes an answer right: that do the lock of the trial and the uniqueness rules (`schema`). The queue
   makes it fast and fair.
"""

import gc
import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import Any, TypeVar

from trial.errors import DatabaseError
from trial.ledger.chain import Head
from trial.ledger.database import unknown
from trial.ledger.store import Store, Transaction

T = TypeVar("T")
TOGETHER = 64
ATTEMPTS = 4
PAUSE_SECONDS = 0.02


@dataclass(eq=False, slots=True)
class _Request:
    """What somebody waits for."""

    at: str
    apply: Callable[[Transaction], Any]
    is_alone: bool = False  # it wants a transaction of its own
    turn: Event = field(default_factory=Event)  # it is first in the queue, or answered
    is_taken: bool = False
    is_answered: bool = False
    is_known: bool = False  # what became of it
    answer: Any = None
    error: BaseException | None = None


class WriterQueue:
    """The writers of one process, in the order they came."""

    def __init__(self, store: Store, written: Callable[[Head], None]) -> None:
        """`written` is told the end of the ledger after every commit that appended to it."""
        self._store, self._written = store, written
        self._waiting: deque[_Request] = deque()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._waiting)

    def submit(self, at: str, apply: Callable[[Transaction], T]) -> T:
        """Apply a request in a transaction, perhaps together with others, and give its answer once it is durable.

        `apply` may be called more than once, each time on the ledger as it then is; it must do nothing else.
        """
        return self._answer(_Request(at, apply))  # type: ignore[no-any-return]

    def alone(self, at: str, apply: Callable[[Transaction], T]) -> T:
        """Do the same in a transaction of one's own, when the turn has come."""
        return self._answer(_Request(at, apply, is_alone=True))  # type: ignore[no-any-return]

    def _answer(self, own: _Request) -> Any:
        self._wait(own)
        if not own.is_answered:
            group = self._group()
            try:
                self._commit(group)
            finally:
                self._leave(group)
        if own.error is not None:
            raise own.error
        if not own.is_known:
            raise unknown("a request must be answered by whoever commits it", "a program that was interrupted")
        return own.answer

    def _wait(self, own: _Request) -> None:
        with self._lock:
            self._waiting.append(own)
            if self._waiting[0] is own:
                return
        try:
            own.turn.wait()
        except BaseException:
            self._give_up(own)
            raise

    def _give_up(self, own: _Request) -> None:
        """Leave the queue before the turn has come, unless somebody is committing the request already."""
        with self._lock:
            if not own.is_taken:
                self._next_after([own])

    def _group(self) -> list[_Request]:
        group: list[_Request] = []
        with self._lock:
            for one in self._waiting:
                if group and (one.is_alone or group[0].is_alone or len(group) == TOGETHER):
                    break
                one.is_taken = True
                group.append(one)
        return group

    def _leave(self, group: list[_Request]) -> None:
        with self._lock:
            self._next_after(group)
        for one in group:
            one.is_answered = True
            one.turn.set()

    def _next_after(self, group: list[_Request]) -> None:
        for one in group:
            self._waiting.remove(one)
        if self._waiting:
            self._waiting[0].turn.set()

    def _commit(self, group: list[_Request]) -> None:
        """Commit a group and note what each is to be told. An interruption of this thread leaves it unknown."""
        try:
            transaction = self._applied(group)
        except DatabaseError as error:
            _settle(group, error)
        except Exception as error:  # noqa: BLE001 - told to whoever waits for it
            if len(group) > 1:
                for one in group:
                    self._commit([one])
            else:
                _settle(group, error)
        else:
            self._tell(transaction, group)

    def _tell(self, transaction: Transaction, group: list[_Request]) -> None:
        """Note that a group is committed; where what follows a commit fails, they are told that."""
        try:
            if transaction.has_appended:
                self._written(transaction.head)
        except Exception as error:  # noqa: BLE001 - told to whoever waits for it
            _settle(group, error)
        else:
            _settle(group, None)

    def _applied(self, group: list[_Request]) -> Transaction:
        for attempt in range(1, ATTEMPTS):
            try:
                return self._apply(group)
            except DatabaseError as error:
                if error.stable_code != "database-conflict":
                    raise
                time.sleep(PAUSE_SECONDS * attempt * (1 + os.getpid() % 7))  # not all processes at once
        return self._apply(group)

    def _apply(self, group: list[_Request]) -> Transaction:
        with _uncollected(), self._store.write(group[0].at) as transaction:
            for one in group:
                transaction.at = one.at
                one.answer = one.apply(transaction)
        return transaction


@contextmanager
def _uncollected() -> Iterator[None]:
    """Look for no cycles: a batch makes millions of objects that live until its end, and none of them is in one."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _settle(group: list[_Request], error: Exception | None) -> None:
    for one in group:
        one.error, one.is_known = error, True
