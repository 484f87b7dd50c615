"""Forms: answers of a kind that differ in citizen, step and arm only, judged once and filled in many times.

1. A filled form is, byte for byte, the canonical JSON of the payload it stands for.
2. A payload is judged whole, then parted: into the form, and what was drawn (the arm and every probability). As each
   field is judged by itself, what was drawn fits every form of its kind: a trial has many forms, few such draws.
3. What is filled in beside is judged each time: a record id of letters and digits, a whole number from 0.
4. An answer without an arm has neither scope nor step.
5. A row of `participants` is written without its empty columns: the driver of SQLite takes as long over an empty
   value as over five others.
"""

from typing import Any

from trial.errors import LedgerError
from trial.ledger.entry import canonical
from trial.ledger.kinds import check_payload
from trial.ledger.projection import Row, participant_row

DRAWN = ("participant_id", "seq", "arrived_on", "municipality_code", "epoch", "scope", "step", "arm")
TURNED_AWAY = ("participant_id", "seq", "arrived_on", "municipality_code", "reason", "epoch")
_FILLED_IN = ("participant_id", "seq", "step", "arm")


class Given:
    """An arm that was drawn, and every arm's probability, as an answer holds them."""

    def __init__(self, arm: str, probabilities: dict[str, str]) -> None:
        self.arm = arm
        self.begin = f'{{"arm":{canonical(arm)}'  # the first field
        self.chances = f'","probabilities":{canonical(probabilities)}'  # the one after the citizen


class Form:
    """An answer of a kind without its citizen, its step and its arm."""

    def __init__(self, kind: str, payload: Row, scope: str | None) -> None:
        """Part a payload that lacks citizen and step into its form and what was `given`, None where nothing was."""
        blank = {"participant_id": "-"} if scope is None else {"participant_id": "-", "step": 0}
        whole = {**payload, **blank}
        text = canonical(whole)
        check_payload(kind, whole, text)
        self.kind, self.reason = kind, payload.get("reason")
        self.given = None if scope is None else Given(payload["arm"], payload["probabilities"])
        begin, chances = ("", "") if self.given is None else (self.given.begin, self.given.chances)
        # The last of these marks is the payload's own: what is declared to come after it holds no object like it.
        before, _, after = text.removeprefix(begin).rpartition(f'"participant_id":"-{chances}')
        self._before, self._after = before + '"participant_id":"', after
        if scope is not None:
            between, mark, after = after.rpartition('"step":')
            self._between, self._after = between + mark, after[1:]
        row, columns = participant_row(0, whole, scope), TURNED_AWAY if scope is None else DRAWN
        self._row = [row[name] for name in columns if name not in _FILLED_IN]

    def text(self, record: str, step: int | None, given: Given | None) -> str:
        """Give the payload of a citizen's answer, as canonical JSON."""
        if not record.encode().isalnum() or (step is not None and (type(step) is not int or step < 0)):
            raise LedgerError(
                "an answer must be of a record id, at a step from 0", found=f"step {step}",
                mend="report this as a fault of the program",
            )  # fmt: skip
        if given is None:
            return f"{self._before}{record}{self._after}"
        return f"{given.begin}{self._before}{record}{given.chances}{self._between}{step}{self._after}"

    def row(self, seq: int, record: str, step: int | None, given: Given | None) -> tuple[Any, ...]:
        """Give the citizen's row of `participants`: the columns DRAWN, or TURNED_AWAY."""
        return (record, seq, *self._row) if given is None else (record, seq, *self._row, step, given.arm)


Filled = tuple[Form, str, int | None, Given | None]  # with its citizen, step and arm
