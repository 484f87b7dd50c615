"""The chain: pure rules that bind each entry to the one before it.

1. Entries are numbered 1, 2, 3 ... without a gap.
2. The first entry's `prev` is 64 zeros; every other's is the hash of the entry before it.
3. Times are UTC with microseconds and never run backwards: a clock that was set back gives the last time again, and
   one that is more than BEHIND back is told of first. Writers that wait for one another are less than that apart. One
   that is more than FAR_BEHIND back writes nothing until somebody says that it may.
4. A chain alone does not see a cut tail, nor a whole rewriting: that is what checkpoints are for.
"""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from trial.clock import utc_text
from trial.errors import StateError
from trial.ledger.entry import GENESIS, Entry, EntryRow, digest

BEHIND, FAR_BEHIND = timedelta(minutes=1), timedelta(hours=1)
_AT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)


class Head(NamedTuple):
    """The end of the chain: its length, last hash and last time."""

    length: int = 0
    hash: str = GENESIS
    at: str = ""


EMPTY = Head()


def link(head: Head, kind: str, at: str, payload: str) -> Entry:
    """Give the next entry after `head`; `at` is the clock's time as `utc_text` writes it."""
    return Entry(*linked(head, at, [(kind, payload)])[0])


def linked(head: Head, at: str, contents: Iterable[tuple[str, str]]) -> list[EntryRow]:
    """Give the next entries after `head` as rows, all of one time: of each its kind and its payload.

    Plain rows: a batch is written a tenth faster than from entries with named fields.
    """
    at, prev = max(at, head.at), head.hash
    rows = []
    for seq, (kind, payload) in enumerate(contents, start=head.length + 1):
        own = digest(seq, kind, at, payload, prev)
        rows.append((seq, kind, at, payload, prev, own))
        prev = own
    return rows


def head_of(entry: Entry) -> Head:
    """Give the end of the chain after an entry."""
    return Head(entry.seq, entry.hash, entry.at)


def is_behind(head: Head, at: str, by: timedelta = BEHIND) -> bool:
    """Tell whether a clock reads so long before the last time that it was set back."""
    return at < head.at and utc_text(datetime.fromisoformat(at) + by) < head.at


def check_clock(head: Head, at: str) -> None:
    """Raise StateError where a clock reads so long before the last time that one of the two is wrong."""
    if is_behind(head, at, FAR_BEHIND):
        raise StateError(
            "the clock must be at most an hour behind the last entry of the ledger",
            found=f"{at}, and a last entry of {head.at}",
            mend="set the clock right; where the ledger was once written by a clock ahead of time: --accept-clock",
            code="clock-behind",
        )


def broken(head: Head, entry: Entry) -> str | None:
    """Say what breaks the chain at this entry, or None where it holds."""
    if entry.seq != head.length + 1:
        return f"its number must be {head.length + 1}"
    if not _AT.fullmatch(entry.at):
        return "its time must be UTC with microseconds"
    if entry.at < head.at:
        return "its time must not be before the entry above it"
    if entry.prev != head.hash:
        return "its prev must be the hash of the entry above it"
    if entry.hash != digest(entry.seq, entry.kind, entry.at, entry.payload, entry.prev):
        return "its hash must be that of its content"
    return None
