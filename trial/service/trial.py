"""What can be done with a trial, one transaction a use case.

1. Each method either is done whole and durable when it returns, or has changed nothing (`opened`).
2. Repeating a request gives the first answer.
3. Who may do what stands in `trial.roles`, and is checked before anything is read or written.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from trial.clock import utc_text
from trial.conduct import Conversation
from trial.infection import ByHand, Closure, Publication
from trial.intake import Arrival, Intake
from trial.keys import EpochKey
from trial.ledger import checkpoint as checkpoints
from trial.ledger.projection import Row
from trial.ledger.store import Transaction
from trial.roles import needs
from trial.service import amending, assigning, correcting, epochs, erasing, pausing, proving, recording
from trial.service.assigning import Outcome
from trial.service.correcting import Correction
from trial.service.erasing import Erasure
from trial.service.opened import Opened
from trial.service.pausing import Pause, PauseChange


class Trial(Opened):
    """An opened trial."""

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
                transaction,
                self.epoch,
                arrivals,
                on,
                self._randomness,
                read_under=read_under,
                alone=alone,
                come=self._come,
            )

        return self._queue.submit(utc_text(self._clock()), answer)

    @needs("assign")
    def preview(self, intake: Intake | Sequence[Arrival], on: date, *, alone: bool = False) -> list[Outcome]:
        """Tell what `assign` would answer, without drawing: an arm that was not drawn before is not told."""
        with self.store.read() as transaction:
            return assigning.preview(transaction, self.epoch, _arrivals(intake), on, alone=alone, come=self._come)

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
        day = self.day(decided_on)

        def change(transaction: Transaction, decided: Row) -> PauseChange:
            return pausing.open_by_hand(transaction, municipality_code, from_on, day, decided)

        return self._by_hand(municipality_code, by, evidence, change)

    @needs("pause")
    def close_pause(
        self, municipality_code: str, reopened_on: date, by: ByHand, evidence: tuple[str, bytes] | None = None
    ) -> PauseChange:
        """Close the open pause of a municipality: `reopened_on` is the first day that is not paused."""

        def change(transaction: Transaction, decided: Row) -> PauseChange:
            return pausing.close_pause(transaction, municipality_code, reopened_on, **decided)

        return self._by_hand(municipality_code, by, evidence, change)

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

        def change(transaction: Transaction, decided: Row) -> PauseChange:
            return pausing.correct_pause(transaction, municipality_code, closed_on, reopened_on, **decided)

        return self._by_hand(municipality_code, by, evidence, change)

    def _by_hand(
        self,
        municipality_code: str,
        by: ByHand,
        evidence: tuple[str, bytes] | None,
        change: Callable[[Transaction, Row], PauseChange],
    ) -> PauseChange:
        """Make a change of pauses that two persons decided, and keep what it rests on."""
        pausing.check_municipality(municipality_code)
        return self._write(
            lambda transaction: change(transaction, pausing.by_hand(by, recording.keep(transaction, evidence)))
        )

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


def _arrivals(intake: Intake | Sequence[Arrival]) -> Sequence[Arrival]:
    return intake.arrivals if isinstance(intake, Intake) else intake
