"""The state of a trial is a function of its entries: `state = replay(entries)`.

1. The first entry opens the trial, and only the first. The value of a declared beacon comes before any answer, once.
   In production a passed dry run of the protocol in force comes before any answer. An amendment begins an epoch: it
   changes only what may change, closes the scopes of the epoch before, and no answer goes back behind its day.
2. A citizen has one answer for good: assigned once, or not randomised once. Whoever asks again gets that answer.
3. The steps of a scope (a stratum, or the whole trial where the procedure sees it all) are 0, 1, 2 ... without a gap.
   A batch that is drawn as one stands together, in the order drawn, and is judged when it is whole.
4. Nobody is assigned in a municipality whose pause covers the day, as the ledger knew it then; nobody is recorded as
   paused where none did. Pauses themselves: `pauses`.
5. Levels, arms and reasons are those of the protocol; the stratum is its levels joined by "/"; the day lies within
   enrolment.
6. Arms are drawn anew where the key is known; probabilities wherever they can be told.
7. Conversations and corrections (`corrections`) speak of citizens who were assigned; a settled conversation stands.
8. A citizen who was answered may be erased, once; nothing more is recorded of them. What was drawn stands.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import orjson

from trial.clock import utc_text
from trial.errors import LedgerError
from trial.ledger import corrections
from trial.ledger.beacon import published_at
from trial.ledger.chain import EMPTY, broken, head_of
from trial.ledger.entry import Entry, canonical
from trial.ledger.epoch import BATCH, Epoch, protocol_of
from trial.ledger.kinds import malformed
from trial.ledger.pauses import Pauses, covers, take
from trial.ledger.projection import Row, conversation_row, epoch_row, participant_row
from trial.procedures import Chosen, Subject
from trial.protocol import digest, unlawful_changes

PAUSED = "paused:"
EXCLUDED = "excluded:"
TRIED = frozenset({"ratio", "bounds", "imbalance", "predictability", "verification"})
TRIED_ON = 1_000
WHOLE_BATCH = "a batch must be recorded whole, in its order"
NOT_ITS_KEY = "the commitment of its epoch's key must be that of the key"
NOT_ITS_PROTOCOL = "trial, epoch and procedure must be those of the protocol"


class State:
    """What the entries so far amount to; `apply` takes the next one."""

    def __init__(self, secrets: Sequence[bytes] = ()) -> None:
        """`secrets`: the trial keys that are known; each epoch is drawn with the one it commits to."""
        self._secrets = tuple(secrets)
        self.head = EMPTY
        self.opening: Row = {}
        self._began_at, self._began_on, self._last_on = "", "", ""
        self.declared: list[Epoch] = []
        self.epochs: list[Row] = []
        self.participants: dict[str, Row] = {}
        self.scopes: dict[tuple[int, str], tuple[int, Any]] = {}
        self.batch: list[tuple[int, Row]] = []
        self.wrong_in_batch: int | None = None
        self.pauses: Pauses = {}
        self.conversations: dict[tuple[str, int], Row] = {}
        self.corrections: corrections.Standing = {}
        self.sealed: dict[str, str] = {}
        self.erased: dict[str, int] = {}
        self.publications: set[tuple[str, str | None]] = set()
        self.evidence: list[tuple[int, str]] = []

    @property
    def seals(self) -> dict[str, str]:
        """Give every seal of the ledger, with the record of the citizen it is about."""
        return {**{record: record for record in self.participants}, **self.sealed}

    @property
    def epoch(self) -> Epoch:
        """Give the epoch in force; `apply` refuses every entry before the opening."""
        return self.declared[-1]

    def apply(self, entry: Entry) -> Row:
        """Take the next entry and give its payload; raise LedgerError naming the row where it breaks a rule."""
        problem = broken(self.head, entry)
        payload: Any = None
        if problem is None:
            payload, problem = _read(entry.payload)
        problem = problem or malformed(entry.kind, payload, entry.payload) or self._out_of_place(entry)
        problem = problem or _RULES[entry.kind](self, entry, payload)
        if problem:
            raise wrong(entry.seq, problem)
        self.head = head_of(entry)
        return payload  # type: ignore[no-any-return]

    def paused(self, municipality_code: str, on: str) -> bool:
        """Tell whether a pause known so far covers the day."""
        return any(covers(pause, on) for pause in self.pauses.get(municipality_code, ()))

    def _out_of_place(self, entry: Entry) -> str | None:
        if (entry.kind == "trial-opened@1") != (entry.seq == 1):
            return "the first entry, and only the first, must open the trial"
        return WHOLE_BATCH if self.batch and entry.kind != "assigned-together@1" else None

    def _open(self, entry: Entry, payload: Row) -> str | None:
        epoch = begun(payload, self._secrets, entry.seq)
        if payload["trial_id"] != epoch.protocol.trial.id or epoch.number != 1:
            return NOT_ITS_PROTOCOL
        known = {hashlib.sha256(one).hexdigest() for one in self._secrets}
        if (payload["key_commitment"] in known) != (epoch.secret is not None):
            return NOT_ITS_KEY
        self.opening, self._began_at = payload, entry.at
        self.declared, self.epochs = [epoch], [epoch_row(entry.seq, payload)]
        return None

    def _amend(self, entry: Entry, payload: Row) -> str | None:
        before, after = self.epoch, begun(payload, self._secrets, entry.seq)
        if (payload["epoch"], payload["amends"]) != (before.number + 1, before.digest):
            return "an amendment must follow the protocol in force"
        if self._secrets and after.secret is None:
            return NOT_ITS_KEY
        on = _day(payload["on"])
        if on is None or payload["on"] < max(self._last_on, self._began_on):
            return "its day must not be before the last answer, nor before the last amendment"
        closed = {scope: steps for (epoch, scope), (steps, _) in self.scopes.items() if epoch == before.number}
        if payload["closed"] != closed:
            return "it must close every scope of the epoch before, with the citizens it had"
        has_assigned = any(row["arm"] is not None for row in self.participants.values())
        for fault in unlawful_changes(before.protocol, after.protocol, on, has_assigned=has_assigned):
            return str(fault.must)
        self._began_at, self._began_on = entry.at, payload["on"]
        self.declared.append(after)
        self.epochs.append(epoch_row(entry.seq, payload))
        return None

    def _enter_beacon(self, _entry: Entry, payload: Row) -> str | None:
        beacon = self.epoch.protocol.randomisation.beacon
        if beacon is None or (beacon.name, beacon.round) != (payload["name"], payload["round"]):
            return "beacon and round must be those of the protocol"
        if not self.epoch.awaits_beacon or payload["epoch"] != self.epoch.number:
            return "the value of a beacon must be entered once"
        if self.opening["mode"] == "production" and utc_text(published_at(beacon)) <= self._began_at:
            return "in production the round of a beacon must come out after the epoch began"
        self.declared[-1] = self.epoch.with_beacon(payload["value"])
        self.epochs[-1]["beacon_value"] = payload["value"]
        return None

    def _tell_time(self, _entry: Entry, payload: Row) -> str | None:
        return None if payload["read"] < payload["last"] == self.head.at else "it must tell the time of the row above"

    def _try(self, entry: Entry, payload: Row) -> str | None:
        if (payload["epoch"], payload["protocol"]) != (self.epoch.number, self.epoch.digest):
            return "epoch and protocol must be those in force"
        if payload["passed"] != has_passed(payload):
            return "a dry run must pass exactly when it is large enough and each of its checks holds"
        if payload["passed"] and self.epochs[-1]["dry_run_seq"] is None:
            self.epochs[-1]["dry_run_seq"] = entry.seq
        return None

    def _arrive(self, payload: Row) -> str | None:
        if payload["participant_id"] in self.participants:
            return "a citizen must have one answer"
        if self.epoch.awaits_beacon:
            return "nobody may be answered before the value of the beacon is entered"
        if self.opening["mode"] == "production" and self.epochs[-1]["dry_run_seq"] is None:
            return "in production nobody may be answered before a dry run has passed"
        if (payload["epoch"], payload["protocol"]) != (self.epoch.number, self.epoch.digest):
            return "epoch and protocol must be those in force"
        on = _day(payload["on"])
        if on is None or on not in self.epoch.protocol.trial.enrolment or payload["on"] < self._began_on:
            return "its day must lie within enrolment, and not before the amendment in force"
        self._last_on = max(self._last_on, payload["on"])
        return None

    def _assign(self, entry: Entry, payload: Row) -> str | None:
        problem = self._arrive(payload) or self._eligible(payload)
        if problem:
            return problem
        if self.epoch.procedure.together_in_batches:
            return "a batch must be drawn as one"
        unit = Subject(payload["participant_id"], payload["levels"], payload["stratum"])
        scope = self.epoch.procedure.scope_of(unit)
        steps, state = self.scopes.get((self.epoch.number, scope)) or (0, self.epoch.procedure.begin())
        if payload["step"] != steps:
            return f"its step must be {steps}"
        if self.epoch.secret is None:
            probabilities, state = self.epoch.follow(state, unit, payload["arm"])
        else:
            drawn = self.epoch.draw(scope, state, unit, steps)
            probabilities, state = drawn.probabilities, drawn.state
            if drawn.arm != payload["arm"]:
                return "its arm must be the one the key draws"
        if probabilities is not None and probabilities.texts != payload["probabilities"]:
            return "its probabilities must be those of the procedure"
        self.scopes[self.epoch.number, scope] = (steps + 1, state)
        self.participants[payload["participant_id"]] = participant_row(entry.seq, payload, scope)
        return None

    def _assign_together(self, entry: Entry, payload: Row) -> str | None:
        problem = self._arrive(payload) or self._eligible(payload)
        if problem:
            return problem
        procedure, units = self.epoch.procedure, len(self.batch)
        steps, _ = self.scopes.get((self.epoch.number, BATCH)) or (0, None)
        size = self.batch[0][1]["size"] if self.batch else payload["size"]
        if (payload["batch"], payload["size"], payload["step"]) != (steps, size, steps + units):
            return WHOLE_BATCH
        if not procedure.together_in_batches:
            return "its procedure must be one that draws batches as one"
        self.batch.append((entry.seq, payload))
        self.participants[payload["participant_id"]] = participant_row(entry.seq, payload, BATCH)
        if units + 1 == size:
            self._judge_batch(steps)
        return None

    def _judge_batch(self, steps: int) -> None:
        """Draw a whole batch anew, and count it; raise LedgerError naming its first wrong row."""
        rows, self.batch = self.batch, []
        units = [Subject(row["participant_id"], row["levels"], row["stratum"]) for _, row in rows]
        _, state = self.scopes.get((self.epoch.number, BATCH)) or (0, self.epoch.procedure.begin())
        drawn: Sequence[Chosen | None] = [None] * len(rows)
        if self.epoch.secret is not None:
            drawn, _ = self.epoch.draw_all(BATCH, state, units, steps)
        for (seq, row), unit, chosen in zip(rows, units, drawn, strict=True):
            probabilities, state = self.epoch.follow(state, unit, row["arm"])
            if chosen is not None:
                probabilities = chosen.probabilities
            self.wrong_in_batch = seq
            if probabilities is not None and probabilities.texts != row["probabilities"]:
                raise wrong(seq, "its probabilities must be those of the procedure")
            if chosen is not None and chosen.arm != row["arm"]:
                raise wrong(seq, "its arm must be the one the key draws")
        self.wrong_in_batch = None
        self.scopes[self.epoch.number, BATCH] = (steps + len(rows), state)

    def _eligible(self, payload: Row) -> str | None:
        levels, epoch = payload["levels"], self.epoch
        if levels.keys() != epoch.levels.keys() or any(levels[name] not in epoch.levels[name] for name in levels):
            return "its levels must be those of the protocol"
        if payload["stratum"] != "/".join(levels[name] for name in epoch.levels):
            return "its stratum must be its levels"
        if payload["probabilities"].get(payload["arm"], "0") == "0":
            return "its arm must be one that could be drawn"
        if payload["procedure"] != epoch.procedure_name:
            return "its procedure must be the declared one"
        if self.paused(payload["municipality_code"], payload["on"]):
            return "nobody may be assigned in a pause"
        return None

    def _turn_away(self, entry: Entry, payload: Row) -> str | None:
        problem = self._arrive(payload)
        if problem:
            return problem
        reason = payload["reason"]
        if reason.startswith(PAUSED):
            code = payload["municipality_code"]
            if reason != PAUSED + code or not self.paused(code, payload["on"]):
                return "a pause must cover who is recorded as paused"
        elif not reason.startswith(EXCLUDED):
            return "its reason must be an exclusion or a pause"
        self.participants[payload["participant_id"]] = participant_row(entry.seq, payload, None)
        return None

    def _pause(self, entry: Entry, payload: Row) -> str | None:
        self.evidence += [(entry.seq, sha256) for sha256 in payload["evidence"]]
        return take(self.pauses, entry, payload)

    def _correct(self, entry: Entry, payload: Row) -> str | None:
        if payload["participant_id"] in self.erased:
            return "nothing may be recorded of a citizen who was erased"
        self.sealed[payload["sealed"]] = payload["participant_id"]
        answer = self.participants.get(payload["participant_id"])
        return corrections.take(self.corrections, answer, entry.seq, payload)

    def _erase(self, entry: Entry, payload: Row) -> str | None:
        record = payload["participant_id"]
        if record not in self.participants or record in self.erased:
            return "a citizen must have been answered to be erased, and be erased once"
        self.erased[record] = entry.seq
        return None

    def _converse(self, entry: Entry, payload: Row) -> str | None:
        if payload["participant_id"] in self.erased:
            return "nothing may be recorded of a citizen who was erased"
        key = (payload["participant_id"], payload["number"])
        if key in self.conversations and self.conversations[key]["held_mode"] is not None:
            return "a conversation that was settled must stand"
        reason = payload["override_reason"]
        if reason is not None and reason not in self.epoch.protocol.conversations.override.reasons:
            return "its reason must be one of the protocol"
        if (held := payload["held_mode"]) is not None and (held == "none") != (payload["held_on"] is None):
            return "a conversation must have a day exactly when it was held"
        self.conversations[key] = conversation_row(entry.seq, payload)
        row = self.participants.get(payload["participant_id"], {})
        if payload["assigned_mode"] != row.get("arm"):
            return "its assigned mode must be the citizen's arm"
        return None

    def _import(self, entry: Entry, payload: Row) -> str | None:
        publication = (payload["sha256"], payload["vintage_on"])
        if publication in self.publications:
            return "a publication must be imported once"
        self.publications.add(publication)
        self.evidence.append((entry.seq, payload["sha256"]))
        return None


_RULES: dict[str, Callable[[State, Entry, Row], str | None]] = {
    "trial-opened@1": State._open,
    "trial-amended@1": State._amend,
    "beacon@1": State._enter_beacon,
    "dry-run@1": State._try,
    "assigned@1": State._assign,
    "assigned-together@1": State._assign_together,
    "not-randomised@1": State._turn_away,
    "pause-opened@1": State._pause,
    "pause-closed@1": State._pause,
    "pause-corrected@1": State._pause,
    "conversation@1": State._converse,
    "infection-imported@1": State._import,
    "corrected@1": State._correct,
    "erased@1": State._erase,
    "clock-moved@1": State._tell_time,
}


def begun(payload: Row, secrets: Sequence[bytes], seq: int) -> Epoch:
    """Give the epoch that an opening or an amendment begins; raise LedgerError where its protocol is another.

    Its secret is the trial key whose epoch key it commits to, None where that is not among those known.
    """
    if digest(payload["protocol_toml"]) != payload["protocol"]:
        raise wrong(seq, "the protocol's digest must be that of its text")
    protocol = protocol_of(payload["protocol_toml"], payload["references"])
    if payload["procedure"] != protocol.randomisation.procedure:
        raise wrong(seq, NOT_ITS_PROTOCOL)
    held = {"protocol.toml": payload["protocol_toml"], **payload["references"]}
    on = _day(payload.get("on", ""))
    epoch = Epoch(payload["epoch"], protocol, payload["protocol"], began_on=on, texts=held)
    keyed = (replace(epoch, secret=one) for one in secrets)
    return next((one for one in keyed if one.key_commitment == payload["epoch_key_commitment"]), epoch)


def replay(entries: Iterable[Entry], secrets: Sequence[bytes] = ()) -> State:
    """Give the state the entries amount to; raise LedgerError naming the first row that breaks a rule."""
    state = State(secrets)
    for entry in entries:
        state.apply(entry)
    return state


def has_passed(payload: Mapping[str, Any]) -> bool:
    """Tell whether a dry run was large enough, tried everything it must, and found everything to hold."""
    checks = payload["checks"]
    return bool(payload["arrivals"] >= TRIED_ON and checks.keys() >= TRIED and all(checks.values()))


def wrong(seq: int, problem: str) -> LedgerError:
    """Make the error that names a wrong row."""
    return LedgerError(
        "every row must be as it was written", found=problem, where=f"ledger row {seq}",
        mend="stop assigning; compare with the last checkpoint and a backup", code="ledger-row",
    )  # fmt: skip


def _day(text: str) -> date | None:
    """Read a day of the ledger; None where the calendar has none such, 2021-02-30."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _read(text: str) -> tuple[Any, str | None]:
    try:
        payload = orjson.loads(text)
        own = canonical(payload)
    except (ValueError, TypeError):  # orjson's errors of reading and of writing
        return None, "its payload must be JSON"
    return payload, None if own == text else "its payload must be canonical JSON"
