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
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from trial.clock import check_come
from trial.errors import IntakeError, LedgerError, StateError
from trial.intake import Arrival
from trial.ledger import schema
from trial.ledger.entry import canonical
from trial.ledger.epoch import Epoch
from trial.ledger.form import Filled, Form, Given
from trial.ledger.pauses import covers
from trial.ledger.projection import Row
from trial.ledger.replay import EXCLUDED, PAUSED
from trial.ledger.store import Transaction
from trial.procedures import Chosen
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
    come: date | None = None,
) -> list[Outcome]:
    """Answer every arrival, in the order given; draw in keyed order.

    read_under: the digest of the protocol the arrivals were read with; that of the epoch given where it is not said.
    alone: one citizen is asked for, not the file of a day.
    come: the last day that has come; None where days to come may be tried.
    """
    batch = {arrival.participant_id: arrival for arrival in reversed(arrivals)}
    strata = {one.stratum: one for one in batch.values() if one.exclusion is None}
    scopes = {stratum: epoch.procedure.scope_of(one) for stratum, one in strata.items()}
    known, states, pauses = transaction.standing(batch, epoch.number, set(scopes.values()), on.isoformat())
    answers = _answers(known)
    fresh = [arrival for arrival in batch.values() if arrival.participant_id not in answers]
    if fresh:
        _check_answerable(epoch, on, read_under, alone, come)
        _check_levels(epoch, fresh)
        records = admit(transaction, [arrival.participant_id for arrival in fresh], randomness)
        order = [batch[participant] for participant in epoch.in_order(records)]
        session = _Session(epoch, on.isoformat(), order, [records[one.participant_id] for one in order])
        drawn = session.turn_away(_paused(pauses, on), scopes)
        rows = session.draw(drawn, states)
        transaction.append_answers(session.answers())
        transaction.replace(schema.STRATA, rows)
        answers |= session.outcomes()
    return [answers[arrival.participant_id] for arrival in arrivals]


def preview(
    transaction: Transaction,
    epoch: Epoch,
    arrivals: Sequence[Arrival],
    on: date,
    *,
    alone: bool = False,
    come: date | None = None,
) -> list[Outcome]:
    """Tell who has an answer, and who of the others would not be randomised; an arm not drawn yet stays undrawn."""
    _check_answerable(epoch, on, None, alone, come)
    known, _, pauses = transaction.standing(
        {one.participant_id for one in arrivals}, epoch.number, (), on.isoformat()
    )
    answers, paused = _answers(known), _paused(pauses, on)
    return [
        answers.get(one.participant_id) or Outcome(one.participant_id, None, _reason(one, paused), True)
        for one in arrivals
    ]


def _check_answerable(epoch: Epoch, on: date, read_under: str | None, alone: bool, come: date | None) -> None:
    """Raise StateError where nobody new can be answered now, on that day, so."""
    check_in_force(epoch, read_under)
    check_enrolment(epoch, on)
    check_come(on, come)
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
            mend="name the day the citizens arrived: --on YYYY-MM-DD", code="outside-enrolment",
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
    """The new answers of one request, in keyed order: each a form, the record id and, where drawn, the step."""

    def __init__(self, epoch: Epoch, on: str, order: Sequence[Arrival], records: Sequence[str]) -> None:
        """`order`: who is to be answered, in keyed order; `records`: their record ids."""
        self._epoch, self._on, self._order, self._records = epoch, on, order, records
        self._forms: dict[tuple[Any, ...], Form] = {}
        self._given: dict[Chosen, Given | None] = {}
        self._filled: list[Any] = [None] * len(order)

    def turn_away(self, paused: frozenset[str], scopes: Mapping[str, str]) -> dict[str, list[int]]:
        """Answer those who are not randomised with the reason; give the places of the others in the order, by scope.

        scopes: the scope of every stratum.
        """
        drawn: dict[str, list[int]] = {}
        for place, one in enumerate(self._order):
            reason = _reason(one, paused)
            if reason is None:
                drawn.setdefault(scopes[one.stratum], []).append(place)
                continue
            alike = (reason, one.municipality_code, *one.levels.items())
            form = self._forms.get(alike)
            if form is None:
                payload = {**self._payload(one), "reason": reason}
                form = self._forms[alike] = Form("not-randomised@1", payload, None)
            self._filled[place] = (form, self._records[place], None, None)
        return drawn

    def draw(self, groups: Mapping[str, list[int]], states: Iterable[Row]) -> list[Row]:
        """Draw the arms of those at the places of each scope; give the rows of the scopes afterwards.

        states: the rows of the scopes so far; a new scope has none.
        """
        begun = {row["scope"]: (row["steps"], self._read(row)) for row in states}
        rows, nothing = [], (0, self._epoch.procedure.begin())
        for scope, places in groups.items():
            steps, state = begun.get(scope, nothing)
            text, steps = canonical(self._draw(scope, state, places, steps)), steps + len(places)
            seal = self._epoch.seal(scope, steps, text)
            rows.append({"epoch": self._epoch.number, "scope": scope, "steps": steps, "state": text, "seal": seal})
        return rows

    def _read(self, row: Row) -> Any:
        """Read the state of a scope; raise LedgerError where it is not as it was written."""
        if row["seal"] != self._epoch.seal(row["scope"], row["steps"], row["state"]):
            raise LedgerError(
                "the state of a scope must be the one that was written with the trial key", found="another",
                where=f"table strata, row {row['scope']}/{row['epoch']}",
                mend="do not assign: find out who changed it; trial verify, then trial rebuild", code="state-altered",
            )  # fmt: skip
        return json.loads(row["state"])

    def _draw(self, scope: str, state: Any, places: list[int], first: int) -> Any:
        """Draw the arms of a scope's citizens, and give its state afterwards."""
        arrivals = [self._order[place] for place in places]
        drawn, state = self._epoch.draw_all(scope, state, arrivals, first)
        kind, batch = "assigned@1", {}
        if self._epoch.procedure.together_in_batches:
            kind, batch = "assigned-together@1", {"batch": first, "size": len(arrivals)}
        for step, (place, one, chosen) in enumerate(zip(places, arrivals, drawn, strict=True), start=first):
            alike = (one.stratum, one.municipality_code)
            form = self._forms.get(alike)
            if form is None or chosen not in self._given:
                form = self._forms[alike] = Form(
                    kind, {**self._payload(one), **batch, **self._drawn(one, chosen)}, scope
                )
                self._given[chosen] = form.given
            self._filled[place] = (form, self._records[place], step, self._given[chosen])
        return state

    def _drawn(self, arrival: Arrival, chosen: Chosen) -> Row:
        return {
            "stratum": arrival.stratum,
            "arm": chosen.arm,
            "probabilities": chosen.probabilities.texts,
            "procedure": self._epoch.procedure_name,
        }

    def _payload(self, arrival: Arrival) -> Row:
        return {
            "on": self._on,
            "epoch": self._epoch.number,
            "protocol": self._epoch.digest,
            "municipality_code": arrival.municipality_code,
            "levels": dict(arrival.levels),
        }

    def answers(self) -> list[Filled]:
        """Give the answers as they are recorded: in keyed order; a batch that was drawn as one stands together."""
        if self._epoch.procedure.together_in_batches:
            return sorted(self._filled, key=lambda filled: filled[2] is not None)
        return self._filled

    def outcomes(self) -> dict[str, Outcome]:
        """Give what every citizen is answered."""
        pairs = zip(self._order, self._filled, strict=True)
        return {
            one.participant_id: Outcome(one.participant_id, given and given.arm, form.reason, True)
            for one, (form, _, _, given) in pairs
        }


def _check_levels(epoch: Epoch, arrivals: Iterable[Arrival]) -> None:
    """Raise IntakeError where the levels of an arrival that is to be drawn are not those of the protocol."""
    seen: dict[str, Mapping[str, str]] = {}
    for one in arrivals:
        if one.exclusion is None and seen.get(one.stratum) != one.levels:
            seen[one.stratum] = one.levels
            lawful = one.levels.keys() == epoch.levels.keys() and all(
                level in epoch.levels[factor] for factor, level in one.levels.items()
            )
            if not lawful or one.stratum != "/".join(one.levels[factor] for factor in epoch.levels):
                raise IntakeError(
                    "the levels of an arrival must be those of the protocol", found=one.stratum,
                    where=f"line {one.line}", mend="read the file with the protocol of the trial",
                    code="intake-levels",
                )  # fmt: skip
