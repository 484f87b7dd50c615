"""DREAM codes: read from an editable file with label, group, status and source; unknown codes are refused by count.

1. A code has one group; a group has one state. The kernel sees states only, one byte each.
2. An empty cell is FREE: no transfer that week. It is not employment.
3. NEUTRAL (holiday benefit) is transparent: it neither cuts nor lengthens a run, on either side.
4. EMIGRATED, PENSION and DEAD end what can be followed; UNSEEN is a week outside the register.
5. `status` tells how sure the file is of a code; a remembered code works, and is named by `analysis registers check`.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trial.errors import RegisterError

CODES = 1000


class State(IntEnum):
    """What a week means for a person."""

    FREE = 0
    UNEMPLOYED = 1
    NEUTRAL = 2
    EDUCATION = 3
    HEALTH = 4
    LEAVE = 5
    RETIREMENT = 6
    SUPPORTED = 7
    DISABILITY = 8
    EMIGRATED = 9
    PENSION = 10
    DEAD = 11
    UNSEEN = 254
    UNKNOWN = 255


CENSORING = (State.EMIGRATED, State.PENSION, State.DEAD)

GROUPS = {
    "unemployed-insured": State.UNEMPLOYED,
    "unemployed-uninsured": State.UNEMPLOYED,
    "activated-insured": State.UNEMPLOYED,
    "education-directed": State.UNEMPLOYED,
    "integration": State.UNEMPLOYED,
    "holiday": State.NEUTRAL,
    "education": State.EDUCATION,
    "sickness": State.HEALTH,
    "rehabilitation": State.HEALTH,
    "resource-course": State.HEALTH,
    "job-clarification": State.HEALTH,
    "leave": State.LEAVE,
    "parental-leave": State.LEAVE,
    "early-retirement": State.RETIREMENT,
    "flexi-job": State.SUPPORTED,
    "flexi-job-unemployed": State.SUPPORTED,
    "disability": State.DISABILITY,
    "emigrated": State.EMIGRATED,
    "old-age-pension": State.PENSION,
    "dead": State.DEAD,
}
STATUSES = ("group-verified", "remembered", "declared")
COLUMNS = ("code", "label_da", "label_en", "group", "status", "source")


@dataclass(frozen=True)
class Code:
    """One DREAM code as the code file declares it."""

    code: int
    label_da: str
    label_en: str
    group: str
    status: str
    source: str

    @property
    def state(self) -> State:
        """The state the code's group stands for."""
        return GROUPS[self.group]


def read_codes(path: Path) -> tuple[Code, ...]:
    """Read a code file; every faulty line is reported at once."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise RegisterError(
                f"a code file has the columns {','.join(COLUMNS)}",
                found=",".join(reader.fieldnames or ()),
                where=f"{path}:1",
                mend="name the columns so, in this order",
                code="register-codes",
            )
        rows = [(reader.line_num, row) for row in reader]
    faults = [fault for line, row in rows for fault in _faults(row, f"{path}:{line}")]
    seen: dict[str, int] = {}
    for line, row in rows:
        if seen.setdefault(row["code"], line) != line:
            faults.append(_fault("a code stands once", row["code"], f"{path}:{line}", "remove one of the two lines"))
    if faults:
        raise RegisterError.gather(faults)
    return tuple(Code(int(row["code"]), *(row[name] for name in COLUMNS[1:])) for _, row in rows)


def _fault(must: str, found: object, where: str, mend: str) -> RegisterError:
    return RegisterError(must, found=found, where=where, mend=mend, code="register-codes")


def _faults(row: dict[str, str], where: str) -> Iterable[RegisterError]:
    if not (row["code"].isdecimal() and 0 < int(row["code"]) < CODES):
        yield _fault("a code is a whole number from 1 to 999", row["code"], where, "write it in digits, e.g. 111")
    if row["group"] not in GROUPS:
        yield _fault(f"a group is one of {', '.join(GROUPS)}", row["group"], where, "choose one of these groups")
    if row["status"] not in STATUSES:
        yield _fault(f"a status is one of {', '.join(STATUSES)}", row["status"], where, "choose one of these")


def look_up(codes: Iterable[Code], unknown_as: str | None = None) -> NDArray[np.uint8]:
    """Give the table from code (0 for an empty cell) to state byte.

    unknown_as: the group of every code that is not declared; without it such a code is refused where it is met.
    """
    table = np.full(CODES, GROUPS[unknown_as] if unknown_as else State.UNKNOWN, dtype=np.uint8)
    table[0] = State.FREE
    for code in codes:
        table[code.code] = code.state
    return table


def check_known(cells: NDArray[np.int16], table: NDArray[np.uint8], where: str) -> None:
    """Raise RegisterError if a code is not declared; the message counts the cells of each."""
    outside = (cells < 0) | (cells >= CODES)
    if outside.any():
        worst = int(cells[outside][0])
        raise RegisterError(
            "a DREAM code has at most three digits",
            found=f"{worst} ({int(outside.sum())} such cells)",
            where=where,
            mend="check the type of the weekly columns",
            code="register-unknown-code",
        )
    counts = np.bincount(cells.ravel(), minlength=CODES)
    unknown = np.flatnonzero((counts > 0) & (table == State.UNKNOWN))
    if unknown.size:
        raise RegisterError(
            "every code must be declared in the code file",
            found=", ".join(f"{code} ({counts[code]} cells)" for code in unknown[:20]),
            where=where,
            mend="add the code to a copy of protocols/codes/dream.csv and give it with --codes, or use --unknown-as",
            code="register-unknown-code",
        )
