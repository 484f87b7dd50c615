"""Every kind has its declared fields and no others; the one-match check agrees with a check field by field."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.opened import trial_of_every_kind
from trial.ledger.entry import Entry, canonical
from trial.ledger.kinds import KINDS, malformed
from trial.ledger.proof import stored


@pytest.fixture(scope="module")
def entries(tmp_path_factory: pytest.TempPathFactory) -> list[Entry]:
    trial = trial_of_every_kind(tmp_path_factory.mktemp("kinds"))
    with trial.store.read() as transaction:
        return list(stored(transaction))


def payloads(entries: list[Entry]) -> Iterator[tuple[str, dict[str, object]]]:
    for entry in entries:
        yield entry.kind, json.loads(entry.payload)


def judge(kind: str, payload: object) -> str | None:
    return malformed(kind, payload, canonical(payload))  # type: ignore[arg-type]


def test_every_kind_occurs_and_is_lawful(entries: list[Entry]) -> None:
    assert {entry.kind for entry in entries} == set(KINDS) - {"beacon@1", "clock-moved@1"}  # only where they happen
    assert all(judge(kind, payload) is None for kind, payload in payloads(entries))


def test_a_missing_an_added_and_a_mistyped_field_are_named(entries: list[Entry]) -> None:
    wrong_values = [[], "", 1.5, -1, "\n", {"a": 1}, "1/0 "]
    for kind, payload in payloads(entries):
        for name in payload:
            assert "exactly the fields" in str(judge(kind, {key: payload[key] for key in payload if key != name}))
            for value in wrong_values:
                fits = re.fullmatch(KINDS[kind][name], canonical(value), re.ASCII | re.DOTALL)
                found = judge(kind, {**payload, name: value})
                assert (found is None) == (fits is not None)
                assert found is None or name in found
        assert "exactly the fields" in str(judge(kind, {**payload, "more": 1}))


@settings(max_examples=200)
@given(st.text() | st.integers() | st.none() | st.booleans() | st.dictionaries(st.text(), st.text(), max_size=2))
def test_no_value_slips_through_because_another_field_surrounds_it(value: object) -> None:
    payload = {"participant_id": "p1", "on": "2021-03-01", "reason": value, "recorded_by": "x"}
    try:
        text = canonical(payload)
    except (TypeError, ValueError):
        return
    assert (malformed("erased@1", payload, text) is None) == (isinstance(value, str) and value != "")


@pytest.mark.parametrize("shares", [{"a": "1/2", "b": "1/3"}, {"a": "1/2"}, {}, {"a": "2", "b": "-1"}, {"a": "01"}])
def test_probabilities_must_add_up_to_one(entries: list[Entry], shares: dict[str, str]) -> None:
    kind, payload = next((kind, payload) for kind, payload in payloads(entries) if kind == "assigned@1")
    assert "probabilities" in str(judge(kind, {**payload, "probabilities": shares}))


def test_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    assert "its kind must be one of" in str(judge("assigned@2", {}))
