"""The digest of a protocol: what is locked when a trial begins.

1. SHA-256 over the canonical JSON (RFC 8785) of the parsed TOML; dates are ISO 8601 texts.
2. Comments, blanks, the order of keys and the way a value is written do not count; every value does.
3. Lists keep their order: the first arm is the comparison.
4. A file it refers to has a digest of its own (`references`), over its bytes.
"""

import hashlib
import tomllib
from collections.abc import Mapping
from datetime import date, datetime, time

import rfc8785

from trial.errors import ProtocolError
from trial.protocol.model import Protocol


def digest(protocol: bytes | str | Protocol | Mapping[str, object]) -> str:
    """Give the digest of a protocol file's content, of a parsed document or a loaded protocol: 64 hex digits."""
    return hashlib.sha256(canonical(protocol)).hexdigest()


def canonical(protocol: bytes | str | Protocol | Mapping[str, object]) -> bytes:
    """Give the canonical JSON the digest is taken over."""
    if isinstance(protocol, Protocol):
        found: Mapping[str, object] = document(protocol)
    elif isinstance(protocol, Mapping):
        found = protocol
    else:
        found = _parse(protocol)
    try:
        return rfc8785.dumps(_json(found))  # type: ignore[arg-type]
    except rfc8785.CanonicalizationError as error:
        raise ProtocolError(
            "every number must be finite and every whole number at most 2^53 - 1",
            found="a number that has no canonical form",
            mend="write a smaller number; a long identifier is a text in quotes",
            code="protocol-number",
        ) from error


def document(protocol: Protocol) -> dict[str, object]:
    """Give a loaded protocol as the document it was read from: what the file says, nothing filled in."""
    found: dict[str, object] = protocol.model_dump(by_alias=True, exclude_unset=True)
    factors = found["stratification"]
    assert isinstance(factors, (list, tuple))  # noqa: S101 - so declared in the model
    for factor in factors:
        if "levels_from" in factor:
            del factor["levels"]
    return found


def _parse(content: bytes | str) -> dict[str, object]:
    try:
        return tomllib.loads(content if isinstance(content, str) else content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ProtocolError(
            "a protocol must be TOML in UTF-8",
            found=str(error),
            mend="run `trial protocol check`",
            code="protocol-toml",
        ) from error


def _json(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _json(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_json(inner) for inner in value]
    if isinstance(value, (date, datetime, time)):
        return value.isoformat()
    return value
