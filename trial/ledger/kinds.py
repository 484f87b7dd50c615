"""The kinds of entry, each declared once: the fields of its payload, and what each looks like in canonical JSON.

1. A payload has exactly the declared fields, in the order of their names: none missing, none beside.
2. The opening holds the whole protocol text, its digest, and the commitments of the keys: nothing is drawn before it.
   Where the protocol declares a beacon, nothing is drawn before the value of its round either.
3. An amendment holds the same of a later version, and closes every scope of the version before: how many it had.
4. An assignment holds everything its arm follows from, save the key; one of a batch drawn together also the first
   step and the size of the batch, whose rows stand together in the order drawn.
5. A dry run says what was tried, and with it that the protocol in force may be used in production.
6. A clock that was set back is told of with what it read: the entries after it have the last time again.
7. Nothing here names a citizen: `participant_id` is a record id that opens only with a salt kept elsewhere (`seal`).
   Who decided a pause by hand, corrected or erased is named: they want to be known.

Each field is a regular expression over its JSON text, so that one match judges a whole payload.
"""

import re
from collections.abc import Mapping
from fractions import Fraction
from functools import cache

from trial.errors import LedgerError
from trial.ledger.corrections import SCOPES, WHAT
from trial.ledger.entry import canonical

TEXT = r'"(?!")[^"\\]*+(?:\\.[^"\\]*+)*+"'
DAY = r'"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"'
AT = r'"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"'
SHA256 = r'"[0-9a-f]{64}"'
CODE = r'"\d{4}"'
REASON = r'"[a-z][a-z0-9-]*(?::[a-z0-9-]+)?"'
COUNT = r"[1-9]\d*"
WHOLE = r"(?:0|[1-9]\d*)"
FLAG = r"(?:true|false)"
_SCOPE = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'  # empty where one state serves the whole trial
_FRACTION = r'"(?:0|[1-9]\d*)(?:/[1-9]\d*)?"'


def _mapping(value: str) -> str:
    return rf"\{{(?:{TEXT}:{value}(?:,{TEXT}:{value})*)?\}}"


def _or_null(value: str) -> str:
    return f"(?:{value}|null)"


TEXTS = _mapping(TEXT)
PROBABILITIES = _mapping(_FRACTION)
PERSONS = rf"\[(?:{TEXT}(?:,{TEXT})*)?\]"
CHECKS = _mapping(FLAG)
CLOSED = rf"\{{(?:{_SCOPE}:{COUNT}(?:,{_SCOPE}:{COUNT})*)?\}}"
EVIDENCE = rf"\[(?:{SHA256}(?:,{SHA256})*)?\]"

_DECIDED = {"reason": _or_null(TEXT), "decided_by": PERSONS, "evidence": EVIDENCE}

_ASSIGNED = {
    "participant_id": TEXT,
    "on": DAY,
    "municipality_code": CODE,
    "levels": TEXTS,
    "stratum": TEXT,
    "step": WHOLE,
    "arm": TEXT,
    "probabilities": PROBABILITIES,
    "procedure": TEXT,
    "epoch": COUNT,
    "protocol": SHA256,
}

ASSIGNED = ("assigned@1", "assigned-together@1")
KINDS: Mapping[str, Mapping[str, str]] = {
    "trial-opened@1": {
        "format": '"lodtraek-ledger/1"',
        "trial_id": TEXT,
        "mode": '"(?:test|training|production)"',
        "protocol": SHA256,
        "protocol_toml": TEXT,
        "references": TEXTS,
        "procedure": TEXT,
        "epoch": COUNT,
        "key_commitment": SHA256,
        "epoch_key_commitment": SHA256,
        "identity_commitment": SHA256,
        "signing_public_key": _or_null(SHA256),
        "software": TEXT,
    },
    "beacon@1": {"epoch": COUNT, "name": TEXT, "round": COUNT, "value": SHA256},
    "trial-amended@1": {
        "epoch": COUNT,
        "on": DAY,
        "reason": TEXT,
        "decided_by": PERSONS,
        "amends": SHA256,
        "protocol": SHA256,
        "protocol_toml": TEXT,
        "references": TEXTS,
        "procedure": TEXT,
        "epoch_key_commitment": SHA256,
        "closed": CLOSED,
        "software": TEXT,
    },
    "dry-run@1": {
        "epoch": COUNT,
        "protocol": SHA256,
        "seed": WHOLE,
        "arrivals": COUNT,
        "passed": FLAG,
        "checks": CHECKS,
        "figures": TEXTS,
        "head": SHA256,
        "software": TEXT,
    },
    "assigned@1": _ASSIGNED,
    "assigned-together@1": {**_ASSIGNED, "batch": WHOLE, "size": COUNT},
    "not-randomised@1": {
        "participant_id": TEXT,
        "on": DAY,
        "municipality_code": CODE,
        "levels": TEXTS,
        "reason": REASON,
        "epoch": COUNT,
        "protocol": SHA256,
    },
    "pause-opened@1": {
        "municipality_code": CODE,
        "closed_on": DAY,
        "decided_on": DAY,
        "rule": _or_null(TEXT),
        "basis": TEXT,
        "value": _or_null(TEXT),
        "cases": _or_null(WHOLE),
        **_DECIDED,
    },
    "pause-closed@1": {
        "municipality_code": CODE,
        "closed_on": DAY,
        "reopened_on": DAY,
        "rule": _or_null(TEXT),
        **_DECIDED,
    },
    "pause-corrected@1": {
        "municipality_code": CODE,
        "closed_on": DAY,
        "reopened_on": _or_null(DAY),
        "rule": "null",
        **_DECIDED,
    },
    "conversation@1": {
        "participant_id": TEXT,
        "number": COUNT,
        "due_on": DAY,
        "assigned_mode": TEXT,
        "summoned_mode": TEXT,
        "held_mode": _or_null(TEXT),
        "held_on": _or_null(DAY),
        "override_reason": _or_null(TEXT),
        "in_pause": FLAG,
    },
    "infection-imported@1": {
        "sha256": SHA256,
        "name": TEXT,
        "publication": TEXT,
        "vintage_on": _or_null(DAY),
        "published_at": _or_null(TEXT),
    },
    "corrected@1": {
        "participant_id": TEXT,
        "on": DAY,
        "what": f'"(?:{"|".join(WHAT)})"',
        "scope": _or_null(f'"(?:{"|".join(SCOPES)})"'),
        "about": COUNT,
        "recorded_by": TEXT,
        "sealed": SHA256,
    },
    "erased@1": {"participant_id": TEXT, "on": DAY, "reason": TEXT, "recorded_by": TEXT},
    "clock-moved@1": {"read": AT, "last": AT},
}


def check_payload(kind: str, payload: Mapping[str, object], text: str) -> None:
    """Raise LedgerError where a payload is not as its kind declares; `text` is its canonical JSON."""
    problem = malformed(kind, payload, text)
    if problem is not None:
        raise LedgerError(
            f"an entry {kind} must be as declared", found=problem, mend="report this as a fault of the program"
        )


def malformed(kind: str, payload: Mapping[str, object], text: str) -> str | None:
    """Say what is wrong with a payload of a kind, or None where it is as declared; `text` is its canonical JSON."""
    if kind not in KINDS:
        return f"its kind must be one of {', '.join(KINDS)}"
    if _whole(kind).fullmatch(text) is None:
        return _which(KINDS[kind], payload)
    if kind in ASSIGNED and not _is_distribution(tuple(payload["probabilities"].values())):  # type: ignore[attr-defined]
        return "its probabilities must add up to 1"
    return None


@cache
def _whole(kind: str) -> re.Pattern[str]:
    fields = sorted(KINDS[kind].items())
    return re.compile(r"\{" + ",".join(f'"{name}":{value}' for name, value in fields) + r"\}", re.ASCII | re.DOTALL)


def _which(fields: Mapping[str, str], payload: object) -> str:
    if not isinstance(payload, dict) or payload.keys() != fields.keys():
        return f"its payload must have exactly the fields {', '.join(sorted(fields))}"
    names = [
        name
        for name, value in fields.items()
        if not re.fullmatch(value, canonical(payload[name]), re.ASCII | re.DOTALL)
    ]
    return f"its {', '.join(names) or 'payload'} must be as declared"


@cache  # few distinct ones occur in a trial
def _is_distribution(probabilities: tuple[str, ...]) -> bool:
    return sum(map(Fraction, probabilities)) == 1
