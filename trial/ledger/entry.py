"""An entry of the ledger, and its one written form.

1. An entry is a number, a versioned kind, a time, a payload, the hash of the entry before it and its own hash.
2. The payload is canonical JSON (RFC 8785): one text for one value, so a hash of the text is a hash of the value.
3. Payloads hold text, whole numbers, true, false, null, lists and objects; no floats: a fraction is text, "1/3".
4. The hash is SHA-256 over the canonical JSON of all other fields.
5. A payload is immutable. A kind never changes: another shape is another version.
"""

import hashlib
from typing import Any, NamedTuple

import orjson

GENESIS = "0" * 64

# For text, whole numbers within 2^53 and ASCII keys orjson writes exactly RFC 8785 (tested against rfc8785), fifty
# times as fast: a batch of 100,000 would spend its time here.
_CANONICAL = (
    orjson.OPT_SORT_KEYS
    | orjson.OPT_STRICT_INTEGER
    | orjson.OPT_PASSTHROUGH_DATETIME
    | orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_SUBCLASS
)


EntryRow = tuple[int, str, str, str, str, str]  # the fields of an entry, in their order


class Entry(NamedTuple):
    """One row of the ledger; `payload` is its canonical text."""

    seq: int
    kind: str
    at: str
    payload: str
    prev: str
    hash: str

    def line(self) -> str:
        """Give the entry as one line of canonical JSON, as `ledger.jsonl` holds it."""
        return (
            f'{{"at":"{self.at}","hash":"{self.hash}","kind":"{self.kind}",'
            f'"payload":{self.payload},"prev":"{self.prev}","seq":{self.seq}}}'
        )


def canonical(value: object) -> str:
    """Write a payload value as canonical JSON."""
    return orjson.dumps(value, option=_CANONICAL).decode()


def digest(seq: int, kind: str, at: str, payload: str, prev: str) -> str:
    """Give the hash of an entry from its other fields; time, kind and prev hold nothing that JSON would escape."""
    text = f'{{"at":"{at}","kind":"{kind}","payload":{payload},"prev":"{prev}","seq":{seq}}}'
    return hashlib.sha256(text.encode()).hexdigest()


def read_line(line: str) -> Entry:
    """Read an entry from its line; raise ValueError where the text is not exactly the entry's own line."""
    record: dict[str, Any] = orjson.loads(line)
    if not isinstance(record, dict) or set(record) != {"at", "hash", "kind", "payload", "prev", "seq"}:
        raise ValueError("an entry has the fields at, hash, kind, payload, prev, seq")
    texts = (record["kind"], record["at"], record["prev"], record["hash"])
    if type(record["seq"]) is not int or not all(type(text) is str for text in texts):
        raise ValueError("a field of the entry has the wrong type")
    kind, at, prev, own = texts
    entry = Entry(record["seq"], kind, at, canonical(record["payload"]), prev, own)
    if entry.line() != line:
        raise ValueError("the line is not canonical JSON")
    return entry
