"""The digest: canonical JSON written by hand, and what does and does not count."""

import hashlib
import json
import tomllib
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trial.errors import ProtocolError
from trial.protocol import canonical, digest, document, load_protocol, references, shipped

SHIPPED = shipped("digital-samtaler.toml")

# TOML beside its canonical JSON, written by hand after RFC 8785.
BY_HAND = [
    ('b = 1\na = "x"', '{"a":"x","b":1}'),
    ("# words\n\n  a   =   1  ", '{"a":1}'),
    ("a = 1.0", '{"a":1}'),
    ("a = 1.5\nb = 1e21\nc = 0.000001\nd = 1e-7\ne = -0.0", '{"a":1.5,"b":1e+21,"c":0.000001,"d":1e-7,"e":0}'),
    ("a = 0x1F\nb = 1_000", '{"a":31,"b":1000}'),
    ("on = 2021-01-04", '{"on":"2021-01-04"}'),
    ("at = 2021-01-04T08:00:00Z", '{"at":"2021-01-04T08:00:00+00:00"}'),
    ('a = "æ\\u20ac\\n\\"/"', '{"a":"æ€\\n\\"/"}'),
    ("a = '\\n'", '{"a":"\\\\n"}'),
    ("[t]\nx = true\n[[l]]\ny = 1\n[[l]]\ny = []", '{"l":[{"y":1},{"y":[]}],"t":{"x":true}}'),
    ("t.x.y = 1", '{"t":{"x":{"y":1}}}'),
    ("t = { x = { y = 1 } }", '{"t":{"x":{"y":1}}}'),
    ('"" = 1\nA = 2\na = 3\n"é" = 4\n"10" = 5\n"9" = 6', '{"":1,"10":5,"9":6,"A":2,"a":3,"é":4}'),
    # keys are ordered by UTF-16 units: the emoji (D83D...) before the private-use letter (E000)
    ('"\\uE000" = 1\n"\\U0001F600" = 2', '{"\U0001f600":2,"\ue000":1}'),
]


@pytest.mark.parametrize(("toml", "by_hand"), BY_HAND)
def test_canonical_json_is_what_a_hand_writes(toml: str, by_hand: str) -> None:
    assert canonical(toml) == by_hand.encode()
    assert digest(toml) == hashlib.sha256(by_hand.encode()).hexdigest()
    assert digest(toml.encode()) == digest(toml) == digest(tomllib.loads(toml))


def test_the_digest_of_the_empty_document() -> None:
    assert digest("# nothing") == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"  # sha256("{}")


def test_file_and_loaded_protocol_have_one_digest() -> None:
    assert digest(load_protocol(SHIPPED)) == digest(SHIPPED.read_bytes())


def test_a_loaded_protocol_gives_back_its_document() -> None:
    def lists(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: lists(inner) for key, inner in value.items()}
        return [lists(inner) for inner in value] if isinstance(value, (list, tuple)) else value

    assert lists(document(load_protocol(SHIPPED))) == tomllib.loads(SHIPPED.read_text("utf-8"))


def test_comments_blanks_and_line_ends_do_not_count() -> None:
    text = SHIPPED.read_text("utf-8")
    spread = "\r\n\r\n".join(row if '"""' in row else f"{row}   # a comment" for row in text.splitlines())
    assert digest(spread) == digest(text)


def test_every_value_counts() -> None:
    text = SHIPPED.read_text("utf-8")
    changes = {"version = 1": "version = 2", "2021-12-31": "2021-12-30", "Fysisk": "fysisk", "0.60": "0.61"}
    digests = {digest(text.replace(old, new, 1)) for old, new in changes.items()}
    assert len(digests | {digest(text)}) == len(changes) + 1


def test_the_order_of_arms_counts() -> None:
    document = tomllib.loads(SHIPPED.read_text("utf-8"))
    reversed_arms = {**document, "arms": document["arms"][::-1]}
    assert digest(reversed_arms) != digest(document)


plain = st.none().map(lambda _: True) | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=5) | st.dates()
trees = st.recursive(
    plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=4)
)


@given(st.dictionaries(st.text(max_size=3), trees, max_size=5), st.randoms(use_true_random=False))
def test_the_order_of_keys_never_counts(document: dict[str, Any], random: Any) -> None:
    def shuffled(value: Any) -> Any:
        if isinstance(value, dict):
            keys = list(value)
            random.shuffle(keys)
            return {key: shuffled(value[key]) for key in keys}
        return [shuffled(inner) for inner in value] if isinstance(value, list) else value

    assert digest(shuffled(document)) == digest(document)


@given(st.dictionaries(st.text(st.characters(max_codepoint=0x7F), max_size=3), trees, max_size=5))
def test_without_fractions_and_rare_letters_it_is_sorted_compact_json(document: dict[str, Any]) -> None:
    def default(value: object) -> str:
        assert isinstance(value, date)
        return value.isoformat()

    twin = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=default)
    if all(ord(letter) < 0xD800 for letter in twin):  # above, UTF-16 and code points order differently
        assert canonical(document) == twin.encode()


@pytest.mark.parametrize("number", ["nan", "inf", "-inf", "9007199254740992", "1" + 400 * "0"])
def test_a_number_without_canonical_form_is_refused(number: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        digest(f"a = {number}")
    assert caught.value.stable_code == "protocol-number"


@pytest.mark.parametrize(
    "content", [b"a = ", b"a = 1\na = 2", b"\xff = 1", b"[" * 9_999, b"a = " + b"[" * 9_999, b"a = " + b"1" * 5000]
)
def test_what_is_not_toml_has_no_digest(content: bytes) -> None:
    with pytest.raises(ProtocolError) as caught:
        digest(content)
    assert caught.value.stable_code == "protocol-toml"


def test_every_file_referred_to_has_its_own_digest() -> None:
    found = references(load_protocol(SHIPPED), SHIPPED.parent)
    codes = hashlib.sha256(shipped("codes/municipalities.csv").read_bytes()).hexdigest()
    assert found["codes/municipalities.csv"] == codes
    assert set(found) == {"codes/municipalities.csv", "rules/trial-pause-2021.toml"}
