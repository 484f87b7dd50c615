"""Entries have one written form, that of RFC 8785, and one hash."""

import hashlib
import json

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from trial.ledger.entry import GENESIS, Entry, canonical, digest, read_line

KEY = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=8)
LEAF = (
    st.text(st.characters(exclude_categories=["Cs"]))
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.booleans()
    | st.none()
)
VALUE = st.recursive(LEAF, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEY, inner, max_size=4))


def entry(payload: object, seq: int = 7) -> Entry:
    at, text = "2021-03-01T08:00:00.000000Z", canonical(payload)
    return Entry(seq, "assigned@1", at, text, GENESIS, digest(seq, "assigned@1", at, text, GENESIS))


@given(VALUE)
def test_canonical_json_is_rfc_8785(value: object) -> None:
    assert canonical(value).encode() == rfc8785.dumps(value)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [2**53, "\ud800", {1: 2}, object(), b"x"])
def test_what_has_no_canonical_form_is_refused(value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        canonical(value)


@given(st.dictionaries(KEY, VALUE, max_size=5), st.integers(1, 10**9))
def test_hash_is_sha256_over_the_canonical_json_of_all_other_fields(payload: dict[str, object], seq: int) -> None:
    one = entry(payload, seq)
    others = {"seq": seq, "kind": one.kind, "at": one.at, "payload": payload, "prev": one.prev}
    assert one.hash == hashlib.sha256(rfc8785.dumps(others)).hexdigest()  # type: ignore[arg-type]
    assert json.loads(one.line()) == {**others, "hash": one.hash}
    assert read_line(one.line()) == one


def test_the_hash_of_a_fixed_entry_never_changes() -> None:
    """Computed by hand with sha256sum over the text."""
    text = (
        '{"at":"2021-03-01T08:00:00.000000Z","kind":"assigned@1","payload":{"a":1},"prev":"' + "0" * 64 + '","seq":7}'
    )
    assert entry({"a": 1}).hash == hashlib.sha256(text.encode()).hexdigest()
    assert entry({"a": 1}).hash == "0b169f1ab169191093eab4babcbecc8b79f5c08beb1053be0e56c7a12bc7f791"


@pytest.mark.parametrize(
    "change",
    [
        lambda line: line + " ",
        lambda line: " " + line,
        lambda line: line.replace('"seq":7', '"seq":7.0'),
        lambda line: line.replace('"seq":7', '"seq":"7"'),
        lambda line: line.replace('"seq":7', '"seq":7,"seq":7'),
        lambda line: line.replace('"a":1', '"a": 1'),
        lambda line: line.replace('"seq":7', '"more":1,"seq":7'),
        lambda line: line.replace(',"seq":7', ""),
        lambda line: line.replace('{"a":1}', '{"a":1,"a":1}'),
        lambda line: line.replace('"a":1', '"a":1e0'),
        lambda line: "[]",
        lambda line: "",
    ],
)
def test_another_text_of_the_same_entry_is_refused(change: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        read_line(change(entry({"a": 1}).line()))  # type: ignore[operator]
