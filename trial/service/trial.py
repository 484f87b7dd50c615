"""A trial: what can be done with it, one transaction a use case.

1. Each method either is done whole and durable when it returns, or has changed nothing.
2. Clock, keys, randomness and database come in as arguments; nothing here asks for the time. Randomness makes salts
   (`citizens`); no arm rests on it.
3. Repeating a request gives the first answer. Requests of several threads are committed together (`ledger.queue`).
4. Who may do what stands in `trial.roles`, and is checked before anything is read or written.
5. Where a checkpoint folder is given, a ledger that is shorter or other than its newest checkpoint is refused, and a
   new checkpoint is written after each change; in production nothing is changed without one (`signing`).
6. A rehearsal does what would be done and undoes it: it is refused where that would be, and tells what that would
   tell. No arm is drawn in it: one that was seen is no secret.
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Self, TypeVar

from trial.clock import Clock, danish_date, danish_date_after, system_clock, utc_text
from trial.conduct import Conversation
from trial.infection import ByHand, Closure, Publication
from trial.intake import Arrival, Intake
from trial.keys import EpochKey, Keys
from trial.ledger import checkpoint as checkpoints
from trial.ledger.chain import Head
from trial.ledger.epoch import Epoch
from trial.ledger.projection import Row
from trial.ledger.queue import WriterQueue
from trial.ledger.store import Store, Transaction
from trial.protocol import Protocol
from trial.roles import Role, check, needs
from trial.service import amending, assigning, correcting, epochs, erasing, opening, pausing, proving, recording
from trial.service.assigning import Outcome
from trial.service.citizens import Randomness
from trial.service.correcting import Correction
from trial.service.erasing import Erasure
from trial.service.pausing import Pause, PauseChange
from trial.service.rehearsing import rehearse
from trial.service.signing import Signer

T = TypeVar("T")


class Trial:
    """An opened trial."""

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
        """Give the day that is named, or the clock's; raise StateError where the ledger is further on than that."""
        return named or danish_date_after(self._clock(), self.head.at)

    @needs("beacon")
    def enter_beacon(self, value: str) -> None:
        """Enter the value of the declared beacon, once, before anybody is answered."""
        self._change(lambda transaction: epochs.enter_beacon(transaction, self.epoch, self.mode, value))

    @needs("amend")
    def amend(self, request: amending.Request) -> amending.Amendment:
        """Go on with a later version of the protocol: a new epoch begins."""
        self._keys = self._keys.exchanged(request.new_key)

        def change(transaction: Transaction) -> amending.Amendment:
            payload, amendment = amending.prepare(transaction, self.epoch, request, self.today())
            amending.append(transaction, payload)
            return amendment

        return self._change(change)

    @needs("try")
    def record_dry_run(self, found: Mapping[str, Any]) -> None:
        """Record what a dry run of the protocol in force found: in production one must pass before any answer."""
        self._change(lambda transaction: epochs.record_dry_run(transaction, self.epoch, found))

    @needs("assign")
    def assign(
        self, intake: Intake | Sequence[Arrival], on: date, *, read_under: str | None = None, alone: bool = False
    ) -> list[Outcome]:
        """Answer every arrival of a day, in the order given: an arm, or the reason there is none.

        read_under: the digest of the protocol the arrivals were read with; the one known here where it is not said.
        Where an amendment came in between, whoever is new is refused, and whoever was answered is answered again.
        alone: one citizen is asked for; refused where the procedure draws the batches of days.
        """
        self._keys.need("trial")
        self.signer.check()
        arrivals, read_under = _arrivals(intake), read_under or self.epoch.digest
        if self._is_rehearsal:
            return self.preview(arrivals, on, alone=alone)

        def answer(transaction: Transaction) -> list[Outcome]:
            self.epoch = epochs.in_force(transaction, self.epoch, self.mode, self._keys)
            return assigning.assign(
                transaction, self.epoch, arrivals, on, self._randomness, read_under=read_under, alone=alone
            )

        return self._queue.submit(utc_text(self._clock()), answer)

    @needs("assign")
    def preview(self, intake: Intake | Sequence[Arrival], on: date, *, alone: bool = False) -> list[Outcome]:
        """Tell what `assign` would answer, without drawing: an arm that was not drawn before is not told."""
        with self.store.read() as transaction:
            return assigning.preview(transaction, self.epoch, _arrivals(intake), on, alone=alone)

    @needs("pauses")
    def pauses(self, known_at: datetime | None = None) -> list[Pause]:
        """Give every pause, as known now or at an earlier time."""
        with self.store.read() as transaction:
            return pausing.pauses(transaction, known_at)

    @needs("pauses")
    def is_paused(self, municipality_code: str, on: date, known_at: datetime | None = None) -> bool:
        """Tell whether a municipality is paused on a day, as far as the ledger knows, or knew at a time."""
        known = self.pauses(known_at)
        return any(pause.covers(on) for pause in known if pause.municipality_code == municipality_code)

    @needs("pause")
    def open_pause(
        self,
        municipality_code: str,
        from_on: date,
        by: ByHand,
        evidence: tuple[str, bytes] | None = None,
        decided_on: date | None = None,
    ) -> PauseChange:
        """Open a pause by hand; `evidence` is the name and content of the file it rests on.

        decided_on: the clock's day where it is not said; raises StateError where the ledger is further on than that.
        """
        pausing.check_municipality(municipality_code)
        day = self.day(decided_on)
        return self._write(
            lambda transaction: pausing.open_pause(
                transaction,
                from_on,
                municipality_code=municipality_code,
                decided_on=day.isoformat(),
                basis="hand",
                value=None,
                cases=None,
                **pausing.by_hand(by, recording.keep(transaction, evidence)),
            )
        )

    @needs("pause")
    def close_pause(
        self, municipality_code: str, reopened_on: date, by: ByHand, evidence: tuple[str, bytes] | None = None
    ) -> PauseChange:
        """Close the open pause of a municipality: `reopened_on` is the first day that is not paused."""
        pausing.check_municipality(municipality_code)

        def change(transaction: Transaction) -> PauseChange:
            decided = pausing.by_hand(by, recording.keep(transaction, evidence))
            return pausing.close_pause(transaction, municipality_code, reopened_on, **decided)

        return self._write(change)

    @needs("pause")
    def correct_pause(
        self,
        municipality_code: str,
        closed_on: date,
        reopened_on: date | None,
        by: ByHand,
        evidence: tuple[str, bytes] | None = None,
    ) -> PauseChange:
        """Record another end of the pause that began on a day; None where it has not ended after all."""
        pausing.check_municipality(municipality_code)

        def change(transaction: Transaction) -> PauseChange:
            decided = pausing.by_hand(by, recording.keep(transaction, evidence))
            return pausing.correct_pause(transaction, municipality_code, closed_on, reopened_on, **decided)

        return self._write(change)

    @needs("pause")
    def apply_closures(self, closures: Iterable[Closure], on: date) -> list[PauseChange]:
        """Open and close what the declared rule decided up to a day; doing it again changes nothing."""
        decided, rule = list(closures), self.protocol.infection.rule
        return self._write(lambda transaction: pausing.apply_closures(transaction, decided, on, rule))

    @needs("pause")
    def decide_pauses(self, on: date) -> list[PauseChange]:
        """Apply the declared rule to every imported file, as known on a day; doing it again changes nothing."""
        self._write(recording.record_imports)
        with self.store.read() as transaction:
            published = recording.publications(transaction)
        name = self.protocol.infection.rule
        closures = pausing.decide(self.epoch.texts[f"rules/{name}.toml"], published, self.protocol, on)
        return self.apply_closures(closures, on)

    @needs("import")
    def import_infection(self, published: Iterable[tuple[Publication, bytes]]) -> int:
        """Keep published files word for word; give how many were new."""
        files = list(published)
        return self._write(lambda transaction: recording.import_publications(transaction, files))

    @needs("conduct")
    def record_conversations(self, conversations: Sequence[Conversation]) -> int:
        """Record conversations; give how many were new."""
        return self._write(
            lambda transaction: recording.record_conversations(transaction, self.protocol, conversations)
        )

    @needs("correct")
    def correct(self, correction: Correction) -> int | None:
        """Record what turned out about a citizen, beside the assignment; give its row, None where it stands."""
        return self._write(
            lambda transaction: correcting.correct(transaction, self.protocol, correction, self._randomness)
        )

    @needs("corrections")
    def corrections(self) -> list[dict[str, Any]]:
        """Give the corrections that stand."""
        with self.store.read() as transaction:
            return correcting.listed(transaction)

    @needs("erase")
    def erasable(self, participant_id: str) -> Erasure:
        """Tell what would be erased of a citizen, and the code that `erase` must be given."""
        with self.store.read() as transaction:
            return erasing.erasable(transaction, participant_id)

    @needs("erase")
    def erase(self, participant_id: str, on: date, *, reason: str, recorded_by: str, code: str) -> Erasure:
        """Erase what leads from the ledger to a citizen, and write the files of the database anew; for good."""
        found = self._write(
            lambda transaction: erasing.erase(
                transaction, participant_id, on, reason=reason, recorded_by=recorded_by, code=code
            )
        )
        return found if self._is_rehearsal or self.store.compact() else erasing.with_old_pages(found)

    def checkpoint(self) -> checkpoints.Checkpoint | None:
        """Sign where the ledger ends now; None without a signing key. Written to the checkpoint folder, if any."""
        return self.signer.sign(self.head)

    @needs("prove")
    def prove(self, participant_id: str) -> dict[str, Any]:
        """Prove that a citizen's answer is in the ledger, against a checkpoint made now or the newest one kept."""
        signed = self.signer.newest(self.head)
        with self.store.read() as transaction:
            return proving.inclusion_proof(transaction, participant_id, signed)

    @needs("prove-growth")
    def prove_growth(self, earlier: checkpoints.Checkpoint) -> dict[str, Any]:
        """Prove that the ledger begins with what an earlier checkpoint speaks of."""
        signed = self.signer.newest(self.head)
        with self.store.read() as transaction:
            return proving.growth_proof(transaction, earlier, signed)

    @needs("reveal")
    def reveal(self, epoch: int) -> EpochKey:
        """Give the key of an epoch, to be published; in production only once nothing is drawn with it."""
        self._keys.need("trial")
        with self.store.read() as transaction:
            self.epoch = epochs.in_force(transaction, self.epoch, self.mode, self._keys)
            return epochs.reveal(transaction, self.epoch, epoch, self.today(), self._keys)

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


def _arrivals(intake: Intake | Sequence[Arrival]) -> Sequence[Arrival]:
    return intake.arrivals if isinstance(intake, Intake) else intake
