"""A trial that was opened: its ledger, its keys, its clock, and the one way to change it.

1. A change is whole and durable when it returns, or nothing has changed.
2. Clock, keys, randomness and database come in as arguments; nothing here asks for the time. Randomness makes salts
   (`citizens`); no arm rests on it.
3. Requests of several threads are committed together (`ledger.queue`).
4. Where a checkpoint folder is given, a ledger that is shorter or other than its newest checkpoint is refused, and a
   new checkpoint is written after each change; in production nothing is changed without one (`signing`).
5. A rehearsal does what would be done and undoes it: it is refused where that would be, and tells what that would
   tell. No arm is drawn in it: one that was seen is no secret.
"""

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Self, TypeVar

from trial.clock import Clock, check_come, danish_date, danish_date_after, system_clock, utc_text
from trial.keys import Keys
from trial.ledger import checkpoint as checkpoints
from trial.ledger.chain import Head
from trial.ledger.epoch import Epoch
from trial.ledger.projection import Row
from trial.ledger.queue import WriterQueue
from trial.ledger.store import Store, Transaction
from trial.protocol import Protocol
from trial.roles import Role, check
from trial.service import epochs, opening, proving
from trial.service.citizens import Randomness
from trial.service.rehearsing import rehearse
from trial.service.signing import Signer

T = TypeVar("T")


class Opened:
    """An opened trial, without what can be done with it (`Trial`)."""

    def __init__(
        self,
        store: Store,
        opened: Row,
        *,
        epoch: Epoch,
        keys: Keys,
        clock: Clock,
        checkpoint_dir: Path | None,
        randomness: Randomness,
        role: Role | None,
        rehearsal: bool,
    ) -> None:
        self.role = role
        self._is_rehearsal = rehearsal
        self.store = store
        self.opened = opened
        self.epoch = epoch
        self._keys = keys
        self._clock = clock
        self._randomness = randomness
        self.signer = Signer(store, opened, keys, checkpoint_dir)
        self._queue = WriterQueue(store, self.signer.written)

    @classmethod
    def init(
        cls,
        db_url: str,
        protocol_file: Path,
        keys: Keys,
        mode: str,
        *,
        clock: Clock = system_clock,
        checkpoint_dir: Path | None = None,
        beacon_value: str | None = None,
        randomness: Randomness = os.urandom,
        role: Role | None = None,
    ) -> Self:
        """Open a new trial in an empty database: lock its protocol, commit to its keys."""
        check("open", role, mode)
        payload = opening.opening(protocol_file, keys, mode, checkpoint_dir)
        store = Store.create(db_url)
        try:
            with store.write(utc_text(clock())) as transaction:
                opening.append_opening(transaction, payload, beacon_value)
        finally:
            store.close()
        return cls.open(db_url, keys, clock, checkpoint_dir, randomness=randomness, role=role)

    @classmethod
    def open(
        cls,
        db_url: str,
        keys: Keys | None = None,
        clock: Clock = system_clock,
        checkpoint_dir: Path | None = None,
        *,
        randomness: Randomness = os.urandom,
        role: Role | None = None,
        rehearsal: bool = False,
        any_clock: bool = False,
    ) -> Self:
        """Open a trial that was begun; a key that is given must be the one it was begun with.

        rehearsal: whatever is done is undone. any_clock: the clock may be far behind the ledger.
        """
        keys = keys or Keys()
        store = Store.open(db_url, any_clock=any_clock)
        try:
            with store.read() as transaction:
                opened, epoch = epochs.opened(transaction, keys)
                if checkpoint_dir is not None:
                    proving.check_against_newest(transaction, checkpoint_dir, opened)
        except BaseException:
            store.close()
            raise
        return cls(
            store,
            opened,
            epoch=epoch,
            keys=keys,
            clock=clock,
            checkpoint_dir=checkpoint_dir,
            randomness=randomness,
            role=role,
            rehearsal=rehearsal,
        )

    def close(self) -> None:
        """Close the database."""
        self.store.close()

    @property
    def protocol(self) -> Protocol:
        """Give the protocol in force, as the ledger holds it."""
        return self.epoch.protocol

    @property
    def trial_id(self) -> str:
        """Give the trial's name."""
        return self.protocol.trial.id

    @property
    def mode(self) -> str:
        """Give the trial's mode: test, training or production."""
        return str(self.opened["mode"])

    @property
    def head(self) -> Head:
        """Give the end of the ledger."""
        with self.store.read() as transaction:
            return transaction.head

    def require(self, right: str) -> None:
        """Raise RoleError where the role lacks a right."""
        check(right, self.role, self.mode)

    def today(self) -> date:
        """Give the Danish date by the trial's clock."""
        return danish_date(self._clock())

    def day(self, named: date | None) -> date:
        """Give the day that is named, or the clock's; raise StateError where the ledger is further on than that.

        In production a day that is named must have come.
        """
        if named is None:
            return danish_date_after(self._clock(), self.head.at)
        check_come(named, self._come)
        return named

    @property
    def _come(self) -> date | None:
        """The last day that has come, where nothing can be told of a later one: in production."""
        return self.today() if self.mode == "production" else None

    def checkpoint(self) -> checkpoints.Checkpoint | None:
        """Sign where the ledger ends now; None without a signing key. Written to the checkpoint folder, if any."""
        return self.signer.sign(self.head)

    def _change(self, change: Callable[[Transaction], T]) -> T:
        """Write what changes the epoch in force, knowing it as it is; take note of it afterwards."""

        def known(transaction: Transaction) -> T:
            self.epoch = epochs.in_force(transaction, self.epoch, self.mode, self._keys)
            return change(transaction)

        answer = self._write(known)
        with self.store.read() as transaction:
            self.epoch = epochs.in_force(transaction, self.epoch, self.mode, self._keys)
        return answer

    def _write(self, change: Callable[[Transaction], T]) -> T:
        """Make a change in a transaction of its own. It may be made more than once: see `WriterQueue.submit`."""
        self.signer.check()
        at = utc_text(self._clock())
        return rehearse(self._queue, at, change) if self._is_rehearsal else self._queue.alone(at, change)
