"""The chain binds each entry to the one before it."""

import pytest

from trial.ledger.chain import EMPTY, Head, broken, head_of, link
from trial.ledger.entry import GENESIS, Entry, digest

NINE, TEN = "2021-03-01T09:00:00.000000Z", "2021-03-01T10:00:00.000000Z"


def sealed(entry: Entry) -> Entry:
    return entry._replace(hash=digest(entry.seq, entry.kind, entry.at, entry.payload, entry.prev))


def test_the_first_entry_is_number_one_and_follows_nothing() -> None:
    first = link(EMPTY, "withdrawn@1", NINE, "{}")
    assert (first.seq, first.prev, broken(EMPTY, first)) == (1, GENESIS, None)


def test_a_clock_that_was_set_back_gives_the_last_time_again() -> None:
    head = head_of(link(EMPTY, "withdrawn@1", TEN, "{}"))
    assert link(head, "withdrawn@1", NINE, "{}").at == TEN


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"seq": 3}, "number must be 2"),
        ({"seq": 1}, "number must be 2"),
        ({"at": NINE}, "must not be before"),
        ({"at": "2021-03-01 11:00:00"}, "UTC with microseconds"),
        ({"at": "2021-03-01T11:00:00.000000Z\n"}, "UTC with microseconds"),
        ({"prev": GENESIS}, "prev"),
    ],
)
def test_even_with_the_right_hash_a_break_is_found(change: dict[str, object], problem: str) -> None:
    first = link(EMPTY, "withdrawn@1", TEN, "{}")
    second = link(head_of(first), "withdrawn@1", TEN, "{}")
    found = broken(head_of(first), sealed(second._replace(**change)))  # type: ignore[arg-type]
    assert found is not None and problem in found


@pytest.mark.parametrize("change", [{"payload": "[]"}, {"kind": "correction@1"}, {"hash": GENESIS}, {"at": TEN}])
def test_a_changed_field_breaks_the_hash(change: dict[str, str]) -> None:
    entry = link(EMPTY, "withdrawn@1", NINE, "{}")._replace(**change)
    assert broken(Head(), entry) == "its hash must be that of its content"
