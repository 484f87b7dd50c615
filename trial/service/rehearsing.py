"""Rehearsing: a change is made, and undone; what is refused, and what is told, are what they would be."""

from collections.abc import Callable
from typing import TypeVar

from trial.ledger.queue import WriterQueue
from trial.ledger.store import Transaction

T = TypeVar("T")


class _RehearsedError(Exception):
    """What undoes a rehearsal; it carries the answer."""


def rehearse(queue: WriterQueue, at: str, change: Callable[[Transaction], T]) -> T:
    """Give the answer of a change that is made in its turn, and undone."""

    def rehearsed(transaction: Transaction) -> T:
        answer = change(transaction)
        transaction.flush()  # what the database would refuse it refuses
        raise _RehearsedError(answer)

    try:
        return queue.alone(at, rehearsed)
    except _RehearsedError as undone:
        return undone.args[0]  # type: ignore[no-any-return]
