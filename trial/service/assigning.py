"""Assigning: every arrival gets one answer, for good.

1. Who has an answer gets it again, whatever a later file says and whatever was amended: an arm, or the reason it was
   not an arm. Who has none is answered under the protocol in force; arrivals read under another are refused.
2. A declared exclusion comes first, then a pause of the municipality; neither uses up a draw, neither is made good
   later (nobody is back-filled).
3. Everybody else is drawn with the exact probabilities that what happened before gives, and those are recorded.
4. A batch is one transaction, drawn in keyed order: sorting a file, or cutting it in two and joining it again, moves
   nobody within it by design of the sender. Where the procedure draws batches as one, the batch is whoever of a
   request is new and to be randomised; one citizen alone is refused.
5. A preview tells who would be randomised, and no arm: otherwise one could look, and then choose when to ask.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import date
from operator import itemgetter
from typing import Any, NamedTuple

from trial.errors import IntakeError, StateError
from trial.intake import Arrival
from trial.ledger import schema
from trial.ledger.entry import canonical
from trial.ledger.epoch import BATCH, Epoch
from trial.ledger.form import Form
from trial.ledger.pauses import covers
from trial.ledger.projection import Row, participant_row
from trial.ledger.replay import EXCLUDED, PAUSED
from trial.ledger.store import Transaction
from trial.procedures import Drawn, Unit
from trial.service.citizens import Randomness, admit


class Outcome(NamedTuple):
    """The answer for one arrival: an arm, or the reason there is none; `new` where it was given just now."""

    participant_id: str
    arm: str | None
    reason: str | None
    new: bool


def assign(
    transaction: Transaction,
    epoch: Epoch,
    arrivals: Sequence[Arrival],
    on: date,
    randomness: Randomness,
    *,
    read_under: str | None = None,
    alone: bool = False,
) -> list[Outcome]:
    """Answer every arrival, in the order given; draw in keyed order.

    read_under: the digest of the protocol the arrivals were read with; that of the epoch given where it is not said.
    alone: one citizen is asked for, not the file of a day.
    """
    batch = {arrival.participant_id: arrival for arrival in reversed(arrivals)}
    strata = {one.stratum: one for one in batch.values() if one.exclusion is None}
    scopes = {epoch.procedure.scope_of(_unit(one)) for one in strata.values()}
    known, states, pauses = transaction.standing(batch, epoch.number, scopes, on.isoformat())
    answers = _answers(known)
    fresh = [participant for participant in batch if participant not in answers]
    if not fresh:
        return [answers[arrival.participant_id] for arrival in arrivals]
    _check_answerable(epoch, on, read_under, alone)
    paused = _paused(pauses, on)
    session = _Session(transaction, epoch, on.isoformat())
    session.prepare([batch[participant] for participant in fresh], states, randomness)
    together: list[Arrival] = []
    for participant in epoch.in_order(fresh):
        arrival = batch[participant]
        reason = _reason(arrival, paused)
        if reason is not None:
            session.turn_away(arrival, reason)
            answers[participant] = Outcome(participant, None, reason, True)
        elif epoch.procedure.together_in_batches:
            together.append(arrival)
        else:
            answers[participant] = Outcome(participant, session.draw(arrival), None, True)
    for participant, arm in session.draw_together(together):
        answers[participant] = Outcome(participant, arm, None, True)
    session.write()
    return [answers[arrival.participant_id] for arrival in arrivals]


def preview(
    transaction: Transaction, epoch: Epoch, arrivals: Sequence[Arrival], on: date, *, alone: bool = False
) -> list[Outcome]:
    """Tell who has an answer, and who of the others would not be randomised; an arm not drawn yet stays undrawn."""
    _check_answerable(epoch, on, None, alone)
    known, _, pauses = transaction.standing(
        {one.participant_id for one in arrivals}, epoch.number, (), on.isoformat()
    )
    answers, paused = _answers(known), _paused(pauses, on)
    return [
        answers.get(one.participant_id) or Outcome(one.participant_id, None, _reason(one, paused), True)
        for one in arrivals
    ]


def _check_answerable(epoch: Epoch, on: date, read_under: str | None, alone: bool) -> None:
    """Raise StateError where nobody new can be answered now, on that day, so."""
    check_in_force(epoch, read_under)
    check_enrolment(epoch, on)
    epoch.check_drawable()
    if alone:
        check_alone(epoch)


def check_alone(epoch: Epoch) -> None:
    """Raise StateError where citizens are drawn a batch at a time, and one alone is asked for."""
    if epoch.procedure.together_in_batches:
        raise StateError(
            f"{epoch.procedure_name} must be drawn a batch at a time", found="one citizen alone",
            mend="send the file of the day: trial assign FILE", code="batch-only",
        )  # fmt: skip


def check_in_force(epoch: Epoch, read_under: str | None) -> None:
    """Raise StateError where arrivals were read with a protocol that is not in force any more."""
    if read_under not in (None, epoch.digest):
        raise StateError(
            "arrivals must be read with the protocol in force", found="an amendment since they were read",
            mend="repeat the request: it is read with the amended protocol", code="protocol-amended",
        )  # fmt: skip


def check_enrolment(epoch: Epoch, on: date) -> None:
    """Raise StateError for a day outside enrolment."""
    enrolment = epoch.protocol.trial.enrolment
    if epoch.began_on is not None and on < epoch.began_on:
        raise StateError(
            f"nobody is answered for a day before the amendment of {epoch.began_on}", found=on,
            mend=f"--on {epoch.began_on} or later; who arrived before it and was not sent is not made good",
            code="before-amendment",
        )  # fmt: skip
    if on not in enrolment:
        raise StateError(
            f"citizens are enrolled from {enrolment.from_} to {enrolment.to}", found=on,
            mend="name the day the citizens arrived: --on YEAR-MONTH-DAY", code="outside-enrolment",
        )  # fmt: skip


def _answers(known: dict[str, Row]) -> dict[str, Outcome]:
    return {name: Outcome(name, row["arm"], row["reason"], False) for name, row in known.items()}


def _paused(pauses: Iterable[Row], on: date) -> frozenset[str]:
    day = on.isoformat()
    return frozenset(row["municipality_code"] for row in pauses if covers(row, day))


def _reason(arrival: Arrival, paused: frozenset[str]) -> str | None:
    if arrival.exclusion is not None:
        return EXCLUDED + arrival.exclusion
    return PAUSED + arrival.municipality_code if arrival.municipality_code in paused else None


class _Session:
    """The draws of one transaction: scopes read when first needed, everything written at the end."""

    def __init__(self, transaction: Transaction, epoch: Epoch, on: str) -> None:
        self._transaction, self._epoch, self._on = transaction, epoch, on
        self._forms: dict[tuple[str, ...], Form] = {}
        self._scopes: dict[str, tuple[int, Any]] = {}
        self._rows: list[Row] = []
        self._citizens: dict[str, Row] = {}

    def prepare(self, arrivals: Sequence[Arrival], states: Iterable[Row], randomness: Randomness) -> None:
        """Take the scopes that arrivals draw from, give them record ids; refuse levels the protocol has not."""
        strata: dict[str, Arrival] = {}
        for one in arrivals:
            if one.exclusion is None and (one.stratum not in strata or strata[one.stratum].levels != one.levels):
                _check_levels(self._epoch, one)
                strata[one.stratum] = one
        begin = self._epoch.procedure.begin()
        self._citizens = admit((arrival.participant_id for arrival in arrivals), randomness)
        self._scopes = {self._epoch.procedure.scope_of(_unit(one)): (0, begin) for one in strata.values()}
        for row in states:
            if row["scope"] in self._scopes:
                self._scopes[row["scope"]] = (row["steps"], json.loads(row["state"]))

    def draw(self, arrival: Arrival) -> str:
        """Draw the arm of an arrival and append the assignment."""
        epoch = self._epoch
        unit = _unit(arrival)
        scope = epoch.procedure.scope_of(unit)
        step, state = self._scopes[scope]
        drawn = epoch.draw(scope, state, unit, step)
        self._scopes[scope] = (step + 1, drawn.state)
        self._append("assigned@1", arrival, scope, drawn, step)
        return drawn.arm

    def draw_together(self, arrivals: Sequence[Arrival]) -> list[tuple[str, str]]:
        """Draw the arms of a batch as one and append its assignments; the arrivals stand in keyed order."""
        if not arrivals:
            return []
        first, state = self._scopes[BATCH]
        assigned = self._epoch.draw_together(state, [_unit(arrival) for arrival in arrivals], first)
        self._scopes[BATCH] = (first + len(arrivals), assigned.state)
        for step, arrival in enumerate(arrivals, start=first):
            drawn = assigned.drawn[arrival.participant_id]
            self._append("assigned-together@1", arrival, BATCH, drawn, step, batch=first, size=len(arrivals))
        return [(arrival.participant_id, assigned.drawn[arrival.participant_id].arm) for arrival in arrivals]

    def _append(self, kind: str, arrival: Arrival, scope: str, drawn: Drawn, step: int, **batch: int) -> None:
        texts = drawn.probabilities.texts
        alike = (arrival.stratum, arrival.municipality_code, drawn.arm, *texts.values())
        form = self._forms.get(alike)
        if form is None:
            payload = {
                **self._payload(arrival),
                "stratum": arrival.stratum,
                "arm": drawn.arm,
                "probabilities": texts,
                "procedure": self._epoch.procedure_name,
                **batch,
            }
            form = self._forms[alike] = Form(kind, payload, scope)
        record = self._citizens[arrival.participant_id]["record"]
        entry = self._transaction.append_filled(form, record, step)
        self._rows.append(form.row(entry.seq, record, step))

    def turn_away(self, arrival: Arrival, reason: str) -> None:
        """Append that an arrival is not randomised, and why."""
        record = self._citizens[arrival.participant_id]["record"]
        payload = {**self._payload(arrival), "participant_id": record, "reason": reason}
        entry = self._transaction.append("not-randomised@1", payload)
        self._rows.append(participant_row(entry.seq, payload, None))

    def _payload(self, arrival: Arrival) -> Row:
        epoch, levels = self._epoch, dict(arrival.levels)
        return {
            "on": self._on,
            "epoch": epoch.number,
            "protocol": epoch.digest,
            "municipality_code": arrival.municipality_code,
            "levels": levels,
        }

    def write(self) -> None:
        """Write entries, answers and the scopes' states."""
        self._rows.sort(key=itemgetter("participant_id"))  # an index is filled fastest in its own order
        self._transaction.insert(schema.PARTICIPANTS, self._rows)
        self._transaction.insert(schema.CITIZENS, [self._citizens[name] for name in sorted(self._citizens)])
        number = self._epoch.number
        self._transaction.replace(
            schema.STRATA,
            [
                {"epoch": number, "scope": scope, "steps": steps, "state": canonical(state)}
                for scope, (steps, state) in self._scopes.items()
                if steps
            ],
        )


def _unit(arrival: Arrival) -> Unit:
    return Unit(arrival.participant_id, arrival.levels, arrival.stratum)


def _check_levels(epoch: Epoch, arrival: Arrival) -> None:
    lawful = arrival.levels.keys() == epoch.levels.keys() and all(
        level in epoch.levels[factor] for factor, level in arrival.levels.items()
    )
    if not lawful or arrival.stratum != "/".join(arrival.levels[factor] for factor in epoch.levels):
        raise IntakeError(
            "the levels of an arrival must be those of the protocol", found=arrival.stratum,
            where=f"line {arrival.line}", mend="read the file with the protocol of the trial", code="intake-levels",
        )  # fmt: skip
