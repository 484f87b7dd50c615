"""The kinds of entry, each declared once: the fields of its payload and what each must be.

1. A payload has exactly the declared fields: none missing, none beside.
2. The opening holds the whole protocol text, its digest, and the commitments of the keys: nothing is drawn before it.
3. An assignment holds everything its arm follows from, save the key.
4. Nothing here names a person: participants are keyed pseudonyms.
"""

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

Check = Callable[[Any], bool]

_DAY = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_CODE = re.compile(r"\d{4}", re.ASCII)
_FRACTION = re.compile(r"(0|[1-9]\d*)(/[1-9]\d*)?", re.ASCII)
_REASON = re.compile(r"[a-z][a-z0-9-]*(:[a-z0-9-]+)?", re.ASCII)


def _text(value: Any) -> bool:
    return type(value) is str and value != ""


def _matches(pattern: re.Pattern[str]) -> Check:
    return lambda value: type(value) is str and pattern.fullmatch(value) is not None


def _or_none(check: Check) -> Check:
    return lambda value: value is None or check(value)


def _count(value: Any) -> bool:
    return type(value) is int and value >= 1


def _whole(value: Any) -> bool:
    return type(value) is int and value >= 0


def _flag(value: Any) -> bool:
    return type(value) is bool


def _texts(value: Any) -> bool:
    return type(value) is dict and all(type(name) is str and type(part) is str for name, part in value.items())


def _probabilities(value: Any) -> bool:
    if not (type(value) is dict and value and all(type(part) is str for part in value.values())):
        return False
    key = tuple(value.values())
    if key not in _LAWFUL:  # few distinct ones occur; the memory is small and saves the arithmetic of 10^5 rows
        _LAWFUL[key] = all(_FRACTION.fullmatch(part) for part in key) and sum(map(Fraction, key)) == 1
    return _LAWFUL[key]


_LAWFUL: dict[tuple[str, ...], bool] = {}
_day, _sha256, _code, _reason = map(_matches, (_DAY, _SHA256, _CODE, _REASON))

KINDS: Mapping[str, Mapping[str, Check]] = {
    "trial-opened@1": {
        "format": lambda value: value == "lodtraek-ledger/1",
        "trial_id": _text,
        "mode": lambda value: value in {"test", "training", "production"},
        "protocol": _sha256,
        "protocol_toml": _text,
        "references": _texts,
        "procedure": _text,
        "epoch": _count,
        "key_commitment": _sha256,
        "identity_commitment": _sha256,
        "signing_public_key": _or_none(_sha256),
        "software": _text,
    },
    "assigned@1": {
        "participant_id": _text,
        "on": _day,
        "municipality_code": _code,
        "levels": _texts,
        "stratum": _text,
        "step": _whole,
        "arm": _text,
        "probabilities": _probabilities,
        "procedure": _text,
        "epoch": _count,
        "protocol": _sha256,
    },
    "not-randomised@1": {
        "participant_id": _text,
        "on": _day,
        "municipality_code": _code,
        "levels": _texts,
        "reason": _reason,
        "epoch": _count,
        "protocol": _sha256,
    },
    "pause-opened@1": {
        "municipality_code": _code,
        "closed_on": _day,
        "decided_on": _day,
        "rule": _or_none(_text),
        "value": _or_none(_text),
        "cases": _or_none(_whole),
        "evidence_sha256": _or_none(_sha256),
    },
    "pause-closed@1": {
        "municipality_code": _code,
        "closed_on": _day,
        "reopened_on": _day,
        "rule": _or_none(_text),
        "evidence_sha256": _or_none(_sha256),
    },
    "conversation@1": {
        "participant_id": _text,
        "number": _count,
        "due_on": _day,
        "assigned_mode": _text,
        "summoned_mode": _text,
        "held_mode": _or_none(_text),
        "held_on": _or_none(_day),
        "override_reason": _or_none(_text),
        "in_pause": _flag,
    },
    "infection-imported@1": {
        "sha256": _sha256,
        "name": _text,
        "publication": _text,
        "vintage_on": _or_none(_day),
        "published_at": _or_none(_text),
    },
    "withdrawn@1": {"participant_id": _text, "on": _day, "reason": _text},
    "correction@1": {"participant_id": _text, "on": _day, "field": _text, "value": _text, "reason": _text},
}


def malformed(kind: str, payload: object) -> str | None:
    """Say what is wrong with a payload of a kind, or None where it is as declared."""
    fields = KINDS.get(kind)
    if fields is None:
        return f"its kind must be one of {', '.join(KINDS)}"
    if type(payload) is not dict or payload.keys() != fields.keys():
        return f"its payload must have exactly the fields {', '.join(fields)}"
    for name, check in fields.items():
        if not check(payload[name]):
            return f"its field {name} is not lawful"
    return None
