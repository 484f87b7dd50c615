"""Forms: answers of a kind that differ in citizen and step only, judged once and filled in many times.

1. A filled form is, byte for byte, the canonical JSON of the payload it stands for.
2. What is filled in is judged each time: a record id of letters and digits, a whole number from 0.
3. An answer without an arm has neither scope nor step.
4. A row of `participants` is written without its empty columns: the driver of SQLite takes as long over an empty
   value as over five others.
"""

from typing import Any

from trial.errors import LedgerError
from trial.ledger.entry import canonical
from trial.ledger.kinds import check_payload
from trial.ledger.projection import Row, participant_row

DRAWN = ("participant_id", "seq", "arrived_on", "municipality_code", "arm", "epoch", "scope", "step")
TURNED_AWAY = ("participant_id", "seq", "arrived_on", "municipality_code", "reason", "epoch")


class Form:
    """An answer of a kind without its citizen and its step."""

    def __init__(self, kind: str, payload: Row, scope: str | None) -> None:
        blank = {"participant_id": "-"} if scope is None else {"participant_id": "-", "step": 0}
        whole = {**payload, **blank}
        text = canonical(whole)
        check_payload(kind, whole, text)
        self.kind = kind
        self.arm, self.reason = payload.get("arm"), payload.get("reason")
        # The last of these marks is the payload's own: what is declared to come after it holds no object like it.
        before, mark, rest = text.rpartition('"participant_id":"')
        self._before, self._after = before + mark, rest[1:]
        if scope is not None:
            between, mark, after = self._after.rpartition('"step":')
            self._between, self._after = between + mark, after[1:]
        self.columns = TURNED_AWAY if scope is None else DRAWN
        row = participant_row(0, whole, scope)
        self._row = [row[name] for name in self.columns if name not in ("participant_id", "seq", "step")]

    def text(self, record: str, step: int | None) -> str:
        """Give the payload of a citizen's answer, as canonical JSON."""
        if not record.encode().isalnum() or (step is not None and (type(step) is not int or step < 0)):
            raise LedgerError(
                "an answer must be of a record id, at a step from 0", found=f"step {step}",
                mend="report this as a fault of the program",
            )  # fmt: skip
        if step is None:
            return f"{self._before}{record}{self._after}"
        return f"{self._before}{record}{self._between}{step}{self._after}"

    def row(self, seq: int, record: str, step: int | None) -> tuple[Any, ...]:
        """Give the citizen's row of `participants`, in the order of `columns`."""
        return (record, seq, *self._row) if step is None else (record, seq, *self._row, step)


Filled = tuple[Form, str, int | None]  # with its citizen and step
