"""Conversations from a CSV file: the same strict reading as the daily intake, then the rules of conduct.

1. Columns: number, due_on, assigned_mode, summoned_mode, and beside them the citizen, either as `citizen` (CPR number
   or own id) or as `participant_id`; optional are held_mode, held_on, override_reason and in_pause.
2. An empty cell of an optional column says: not yet held, no override, not in a pause.
3. A conversation stands in a file once. One unlawful row refuses the file, and all problems are told at once.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from trial.conduct.rules import Conversation, violations
from trial.errors import FileError, IdentityError
from trial.identity import Pseudonymiser, is_participant_id
from trial.protocol import Protocol
from trial.table import Problems, iso_date, read_table, shape, yes_no

REQUIRED = ("number", "due_on", "assigned_mode", "summoned_mode")
OPTIONAL = ("citizen", "participant_id", "held_mode", "held_on", "override_reason", "in_pause")
COLUMNS = (*REQUIRED, *OPTIONAL)
_NUMBER = re.compile(r"[1-9][0-9]{0,2}")


@dataclass(frozen=True)
class Records:
    """A lawful conversation file: its conversations in the order of the file, and how it was written."""

    conversations: tuple[Conversation, ...]
    encoding: str
    delimiter: str
    sha256: str


def read_conversations(
    source: Path | bytes, protocol: Protocol, pseudonymiser: Pseudonymiser, *, name: str | None = None
) -> Records:
    """Read a conversation file from a path or from its bytes.

    Raises FileError when it cannot be read or has no rows, IntakeError with all its problems otherwise.
    """
    problems = Problems(name or (str(source) if isinstance(source, Path) else "conversations"))
    table = read_table(source, problems, REQUIRED, OPTIONAL)
    if not table.rows and not problems.count:
        raise FileError(
            "a conversation file must have rows",
            found="a header only",
            where=problems.name,
            mend="send the conversations again",
            code="file-no-rows",
        )
    first: dict[tuple[str, int], int] = {}
    conversations = []
    for line, cells in table.rows:
        conversation = _conversation(line, dict(zip(COLUMNS, cells, strict=True)), protocol, pseudonymiser, problems)
        if conversation is None:
            continue
        earlier = first.setdefault((conversation.participant_id, conversation.number), line)
        if earlier != line:
            must = "a conversation must stand in a file once"
            mend = f"keep line {earlier} or line {line}"
            problems.add(line, must, found=f"that of line {earlier}", mend=mend, code="duplicate")
        conversations.append(conversation)
    problems.check()
    return Records(tuple(conversations), table.encoding, table.delimiter, table.sha256)


def _conversation(
    line: int, cells: Mapping[str, str], protocol: Protocol, pseudonymiser: Pseudonymiser, problems: Problems
) -> Conversation | None:
    """Read a row; None when it is not lawful, with its problems noted."""
    before = problems.count
    participant_id = _participant(line, cells, pseudonymiser, problems)
    due_on = _day(line, "due_on", cells["due_on"], problems)
    held_on = _day(line, "held_on", cells["held_on"], problems) if cells["held_on"] else None
    if not _NUMBER.fullmatch(cells["number"]):
        must = "number must be a whole number from 1"
        problems.add(line, must, found=shape(cells["number"]), mend="write 1, 2, 3, ...", code="number")
    in_pause = yes_no(cells["in_pause"] or "no")
    if in_pause is None:
        must = "in_pause must be yes or no (ja or nej)"
        problems.add(line, must, found=shape(cells["in_pause"]), mend="write yes or no", code="yes-no")
    if problems.count > before or due_on is None:
        return None
    conversation = Conversation(
        participant_id,
        int(cells["number"]),
        due_on,
        cells["assigned_mode"],
        cells["summoned_mode"],
        cells["held_mode"] or None,
        held_on,
        cells["override_reason"] or None,
        bool(in_pause),
    )
    for must, mend, code in violations(conversation, protocol):
        problems.add(line, must, mend=mend, code=code)
    return conversation if problems.count == before else None


def _participant(line: int, cells: Mapping[str, str], pseudonymiser: Pseudonymiser, problems: Problems) -> str:
    citizen, participant_id = cells["citizen"], cells["participant_id"]
    if bool(citizen) == bool(participant_id) or (participant_id and not is_participant_id(participant_id)):
        must = "a row must name its citizen by citizen or by participant_id"
        mend = "fill one of the two; a participant_id is p and 26 letters or digits"
        problems.add(line, must, found="both, neither or another form", mend=mend, code="citizen")
        return ""
    if participant_id:
        return participant_id
    try:
        return pseudonymiser.participant(citizen)
    except IdentityError as error:
        problems.add(line, f"citizen: {error.must}", found=str(error.found), mend=error.mend, code=error.stable_code)
        return ""


def _day(line: int, column: str, text: str, problems: Problems) -> date | None:
    day = iso_date(text)
    if day is None:
        must = f"{column} must be a date year-month-day"
        problems.add(line, must, found=shape(text), mend="write it as 2021-03-01", code="date")
    return day
