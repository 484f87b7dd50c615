"""Forms: answers of a kind that differ in citizen and step only, judged once and filled in many times.

1. A filled form is, byte for byte, the canonical JSON of the payload it stands for.
2. What is filled in is judged each time: a record id of letters and digits, a whole number from 0.
"""

from trial.errors import LedgerError
from trial.ledger.entry import canonical
from trial.ledger.kinds import check_payload
from trial.ledger.projection import Row, participant_row


class Form:
    """An assignment of a kind without its citizen and its step."""

    def __init__(self, kind: str, payload: Row, scope: str) -> None:
        whole = {**payload, "participant_id": "-", "step": 0}
        check_payload(kind, whole, canonical(whole))
        names = sorted(payload)
        before, between, after = (
            canonical({name: payload[name] for name in names if low < name < high})[1:-1]
            for low, high in (("", "participant_id"), ("participant_id", "step"), ("step", "~"))
        )
        self.kind = kind
        self._before, self._between, self._after = (
            f'{{{before},"participant_id":"', f'",{between},"step":', f",{after}}}",
        )  # fmt: skip
        self._row = participant_row(0, whole, scope)

    def text(self, record: str, step: int) -> str:
        """Give the payload of a citizen's assignment, as canonical JSON."""
        if not (record.isascii() and record.isalnum()) or type(step) is not int or step < 0:
            raise LedgerError(
                "an assignment must be of a record id at a step from 0", found=f"step {step}",
                mend="report this as a fault of the program",
            )  # fmt: skip
        return f"{self._before}{record}{self._between}{step}{self._after}"

    def row(self, seq: int, record: str, step: int) -> Row:
        """Give the citizen's row of `participants`."""
        return {**self._row, "participant_id": record, "seq": seq, "step": step}
