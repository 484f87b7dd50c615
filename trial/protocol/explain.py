"""From a refused document to errors a person can act on.

1. The model's own descriptions say what must hold; the words of the validating library are never shown.
2. An unknown key that resembles a missing one is one problem, not two: "did you mean".
3. A missing key stands where its table stands; a wrong value on the line of its key.
4. What is wrong inside a table or list is told there, and not again of the table or list.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError

from trial.protocol.lines import Key
from trial.protocol.source import Fault, dotted, toml_key, toml_value

Schema = Mapping[str, Any]


def json_schema(model: type[BaseModel]) -> dict[str, Any]:
    """Give the JSON Schema of a declared file; editors that know TOML check against it."""
    found: dict[str, Any] = _without_null(model.model_json_schema())
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **found}


def explain(
    error: ValidationError, data: Mapping[str, Any], schema: Schema, told: Collection[Key] = ()
) -> list[Fault]:
    """Give the problems a validation found, in words of the file; problems of a told key are not told twice."""
    declared = Declared(schema)
    records = [(tuple(record["loc"]), record["type"]) for record in error.errors(include_url=False)]
    around = {path[:length] for path, _ in records for length in range(1, len(path))}
    records = [(path, kind) for path, kind in records if path not in told and path not in around]
    faults = [declared.unknown(path) for path, kind in records if kind == "extra_forbidden"]
    meant = {(*fault.path[:-1], guess) for fault in faults if (guess := declared.nearest(fault.path))}
    for path, kind in records:
        if kind == "missing" and path not in meant:
            faults.append(_misspelt(declared, path, data) or declared.missing(path))
        elif kind not in {"missing", "extra_forbidden"}:
            faults.append(declared.wrong(path, _value(data, path)))
    return faults


def nearest_of(word: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """Give the known word that resembles a word most, if any does; capitals do not count."""
    words = {other.casefold(): other for other in known}
    return next((words[close] for close in get_close_matches(word.casefold(), words, n=1, cutoff=cutoff)), None)


@dataclass(frozen=True)
class Declared:
    """What a schema declares of a path, and the problems that follow from it."""

    schema: Schema

    def unknown(self, path: Key, guess: str | None = None) -> Fault:
        """A key nobody declared, and the one that may be meant."""
        known, guess = self.keys(path[:-1]), guess or self.nearest(path)
        return Fault(
            path,
            "must be a known key",
            found="no key of that name",
            mend=f"did you mean {toml_key(guess)}?" if guess else f"remove it; the keys here are {', '.join(known)}",
            code="protocol-unknown-key",
        )

    def missing(self, path: Key) -> Fault:
        """A declared key that is not there."""
        description = self.description(path)
        line = f"add {description}" if self.is_table(path) else f"add to {dotted(path[:-1])}: {self.example(path)}"
        return Fault(
            path, f"must be given: {description}", found="no such key", mend=line, code="protocol-missing-key"
        )

    def wrong(self, path: Key, found: object) -> Fault:
        """A value that is not what was declared."""
        description = self.description(path)
        return Fault(
            path,
            f"must be {description}",
            found=toml_value(found),
            mend=f"write {description}" if self.is_table(path) else f"for example: {self.example(path)}",
            code="protocol-value",
        )

    def keys(self, path: Key) -> tuple[str, ...]:
        """Name the declared keys of a table."""
        return tuple(self.node(path).get("properties", {}))

    def nearest(self, path: Key) -> str | None:
        """Give the declared key that resembles the last of a path most, if any does."""
        return nearest_of(str(path[-1]), self.keys(path[:-1]))

    def example(self, path: Key) -> str:
        """Give a lawful line for a key, a lawful value for a list element."""
        examples = self.place(path).get("examples") or self.node(path).get("examples") or ["..."]
        value = toml_value(examples[0])
        return value if isinstance(path[-1], int) else f"{toml_key(path[-1])} = {value}"

    def description(self, path: Key) -> str:
        """Say what must hold for the value of a path."""
        return str(self.place(path).get("description", "a table with its keys"))

    def is_table(self, path: Key) -> bool:
        """Tell whether a path is a table, or a list of tables, that no single line can give."""
        place = self.place(path)
        refers = "$ref" in place or "$ref" in place.get("items", {})
        return refers and place.get("examples") in (None, [{}], [[]])

    def place(self, path: Key) -> Schema:
        """Give what is declared at a path itself, references not followed."""
        if not path:
            return self.schema
        around = self.node(path[:-1])
        if isinstance(path[-1], int):
            return dict(around.get("items", {}))
        return dict(around.get("properties", {}).get(path[-1], around.get("additionalProperties") or {}))

    def node(self, path: Key) -> Schema:
        """Give what is declared at a path, references followed."""
        place = self.place(path)
        if "$ref" in place:
            return dict(self.schema["$defs"][place["$ref"].removeprefix("#/$defs/")])
        return place


def _misspelt(declared: Declared, path: Key, data: Mapping[str, Any]) -> Fault | None:
    """Find a missing key under another name, in a table that lets further keys stand."""
    *around, key = path
    table = _value(data, tuple(around))
    if isinstance(table, Mapping) and declared.node(tuple(around)).get("additionalProperties") is True:
        others = [other for other in table if other not in declared.keys(tuple(around))]
        close = nearest_of(str(key), others, cutoff=0.8)
        return declared.unknown((*around, close), str(key)) if close else None
    return None


def _value(data: Any, path: Key) -> object:
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
