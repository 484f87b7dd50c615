"""From a refused document to errors a person can act on.

1. The model's own descriptions say what must hold; the words of the validating library are never shown.
2. An unknown key that resembles a missing one is one problem, not two: "did you mean".
3. A missing key stands where its table stands; a wrong value on the line of its key.
"""

from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from typing import Any

from pydantic import ValidationError

from trial.protocol.lines import Path
from trial.protocol.model import Protocol
from trial.protocol.source import Fault, dotted, toml_key, toml_value

Schema = Mapping[str, Any]


@cache
def json_schema() -> dict[str, Any]:
    """Give the JSON Schema of a protocol file; editors that know TOML check against it."""
    found: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **_without_null(Protocol.model_json_schema()),
    }
    factor = found["$defs"]["Factor"]  # in a file, levels stand there or are read from a code file
    factor["required"] = ["factor"]
    factor["oneOf"] = [{"required": ["levels"]}, {"required": ["levels_from"]}]
    return found


def explain(error: ValidationError, data: Mapping[str, Any], known: Collection[Path] = ()) -> list[Fault]:
    """Give the problems a validation found, in words of the file; problems of a known path are not told twice."""
    records = [(tuple(record["loc"]), record["type"]) for record in error.errors(include_url=False)]
    around = {path[:length] for path, _ in records for length in range(1, len(path))}
    records = [(path, kind) for path, kind in records if path not in known and path not in around]
    faults = [_unknown(path) for path, kind in records if kind == "extra_forbidden"]
    meant = {(*fault.path[:-1], guess) for fault in faults if (guess := nearest(fault.path))}
    for path, kind in records:
        if kind == "missing" and path not in meant:
            faults.append(_missing(path))
        elif kind not in {"missing", "extra_forbidden"}:
            faults.append(_wrong(path, _value(data, path)))
    return faults


def nearest(path: Path) -> str | None:
    """Give the known key that resembles the last of a path most, if any does."""
    return nearest_of(str(path[-1]), tuple(_node(path[:-1]).get("properties", {})))


def nearest_of(word: str, known: Sequence[str]) -> str | None:
    """Give the known word that resembles a word most, if any does."""
    return next(iter(get_close_matches(word, known, n=1, cutoff=0.6)), None)


def _unknown(path: Path) -> Fault:
    known = tuple(_node(path[:-1]).get("properties", {}))
    guess = nearest(path)
    return Fault(
        path,
        "must be a known key",
        found="no key of that name",
        mend=f"did you mean {toml_key(guess)}?" if guess else f"remove it; the keys here are {', '.join(known)}",
        code="protocol-unknown-key",
    )


def _missing(path: Path) -> Fault:
    is_table, description = _is_table(path), _description(path)
    return Fault(
        path,
        f"must be given: {description}",
        found="no such key",
        mend=f"add {description}" if is_table else f"add to {dotted(path[:-1])}: {_example(path)}",
        code="protocol-missing-key",
    )


def _wrong(path: Path, found: object) -> Fault:
    example = _example(path)
    return Fault(
        path,
        f"must be {_description(path)}",
        found=toml_value(found),
        mend=f"write {_description(path)}" if _is_table(path) else f"for example: {example}",
        code="protocol-value",
    )


def _example(path: Path) -> str:
    """Give a lawful line for a key; for a list element, of the whole list's element."""
    examples = _raw(path).get("examples") or _node(path).get("examples") or ["..."]
    if isinstance(path[-1], int):
        return toml_value(examples[0])
    return f"{toml_key(path[-1])} = {toml_value(examples[0])}"


def _description(path: Path) -> str:
    """Say what must hold for the value of a path."""
    text = _raw(path).get("description", "a table with its keys")
    assert isinstance(text, str)  # noqa: S101 - every description is a text of the model
    return text


def _is_table(path: Path) -> bool:
    return _raw(path).get("examples") in (None, [{}], [[]]) and bool(
        "$ref" in _raw(path) or "$ref" in _raw(path).get("items", {})
    )


def _raw(path: Path) -> Schema:
    """Give the schema of a path as it is referred to, with the description of that place."""
    if not path:
        return json_schema()
    around = _node(path[:-1])
    if isinstance(path[-1], int):
        return dict(around.get("items", {}))
    return dict(around.get("properties", {}).get(path[-1], around.get("additionalProperties") or {}))


def _node(path: Path) -> Schema:
    """Give the schema of a path, references followed."""
    raw = _raw(path)
    if "$ref" in raw:
        found: Schema = json_schema()["$defs"][raw["$ref"].removeprefix("#/$defs/")]
        return found
    return raw


def _value(data: Any, path: Path) -> object:
    for part in path:
        data = data[part]
    return data


def _without_null(node: Any) -> Any:
    """Drop what TOML has no word for: null and its default."""
    if isinstance(node, list):
        return [_without_null(inner) for inner in node]
    if not isinstance(node, dict):
        return node
    node = {key: _without_null(inner) for key, inner in node.items() if not (key == "default" and inner is None)}
    choices = [choice for choice in node.pop("anyOf", []) if choice != {"type": "null"}]
    return {**node, **choices[0]} if choices else node
