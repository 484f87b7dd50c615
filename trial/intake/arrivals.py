"""A daily intake file becomes arrivals under pseudonym, or is refused as a whole.

1. Columns: citizen (CPR number or own id), jobcentre (four digits), target_group, spell_start_on, caseworker where it
   is a factor of the protocol, the yes/no column of every declared exclusion, and birth_on where the CPR number does
   not give it.
2. A citizen stands in a file once. A repeated one refuses the file with both lines, or the first row counts and the
   others are reported: the protocol says which.
3. An unknown jobcentre or caseworker refuses the file: a stratum is never guessed.
4. Nothing is half-used: one unlawful row refuses the file, and all problems are told at once.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from trial.errors import FileError
from trial.identity import Pseudonymiser
from trial.intake.rows import BIRTH, COLUMNS, Arrival, Judge, own_columns
from trial.protocol import Protocol
from trial.table import Problems, read_table


@dataclass(frozen=True, slots=True)
class Repeated:
    """A row left out because its citizen stands on an earlier line."""

    participant_id: str
    line: int
    first_line: int


@dataclass(frozen=True)
class Intake:
    """A lawful intake file: its arrivals in the order of the file, and how it was written.

    warnings: CPR numbers without modulus 11; they are lawful, but many of them are worth a look.
    """

    arrivals: tuple[Arrival, ...]
    kept_first: tuple[Repeated, ...]
    encoding: str
    delimiter: str
    sha256: str
    warnings: int


def read_intake(
    source: Path | bytes,
    protocol: Protocol,
    pseudonymiser: Pseudonymiser,
    on: date,
    *,
    name: str | None = None,
    allow_empty: bool = False,
) -> Intake:
    """Read a daily intake file as of the day `on`, from a path or from its bytes.

    Raises FileError when it cannot be read or has no rows, IntakeError with all its problems otherwise.
    """
    problems = Problems(name or (str(source) if isinstance(source, Path) else "intake"))
    table = read_table(source, problems, (*COLUMNS[:4], *own_columns(protocol)), optional=(BIRTH,))
    if not table.rows and not problems.count and not allow_empty:
        raise FileError(
            "an intake file must have rows",
            found="a header only",
            where=problems.name,
            mend="send the citizens of the day; where a day without any is meant, say so",
            code="file-no-rows",
        )
    judge = Judge(protocol, pseudonymiser, on, problems)
    judged = (judge.arrival(row) for row in table.rows)
    arrivals, repeated = _once(arrival for arrival in judged if arrival is not None)
    if protocol.intake.duplicates == "refuse-file":
        _refuse(repeated, problems)
    problems.check()
    return Intake(arrivals, repeated, table.encoding, table.delimiter, table.sha256, judge.warnings)


def _once(arrivals: Iterable[Arrival]) -> tuple[tuple[Arrival, ...], tuple[Repeated, ...]]:
    """Part the first row of each citizen from the repeated ones."""
    first: dict[str, Arrival] = {}
    repeated = []
    for arrival in arrivals:
        known = first.setdefault(arrival.participant_id, arrival)
        if known is not arrival:
            repeated.append(Repeated(arrival.participant_id, arrival.line, known.line))
    return tuple(first.values()), tuple(repeated)


def _refuse(repeated: Iterable[Repeated], problems: Problems) -> None:
    for row in repeated:
        problems.add(
            row.line,
            "a citizen must stand in a file once",
            found=f"the citizen of line {row.first_line}",
            mend=f"keep line {row.first_line} or line {row.line}",
            code="duplicate",
        )
