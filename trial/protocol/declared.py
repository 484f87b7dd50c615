"""Any declared TOML file read as its model: rules, regimes and protocols share one reader.

1. Values are taken as they stand: nothing is converted, no number may be without a canonical form.
2. All problems of a file are reported together, each at its line.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from trial.errors import ProtocolError
from trial.protocol.explain import explain, json_schema
from trial.protocol.lines import Key
from trial.protocol.source import Fault, read_toml, toml_value

EXACT = 2**53 - 1  # beyond it a number has no canonical form

Model = TypeVar("Model", bound=BaseModel)
schema_of = cache(json_schema)


def read_as(
    model: type[Model], path: Path, contradictions: Callable[[Model], Iterable[Fault]] = lambda _: ()
) -> Model:
    """Read a TOML file as a model.

    contradictions: finds what is wrong between values, each of which is right.

    Raises FileError when it cannot be read, ProtocolError with every problem at its file:line otherwise.
    """
    source = read_toml(path)
    found, faults = validate(model, frozen(source.data))
    if found is not None:
        faults = list(contradictions(found))
    if found is None or faults:
        raise ProtocolError.gather(source.place(faults))
    return found


def validate(model: type[Model], data: dict[str, Any], schema: Any = None) -> tuple[Model | None, list[Fault]]:
    """Give the model of frozen data and no problem, or None and every problem found."""
    faults = list(_numbers(data))
    try:
        found = model.model_validate(data)
    except ValidationError as error:
        told = {fault.path for fault in faults}
        return None, faults + explain(error, data, schema or schema_of(model), told)
    return (None if faults else found), faults


def frozen(value: Any) -> Any:
    """Give parsed TOML with its lists as tuples."""
    if isinstance(value, dict):
        return {key: frozen(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return tuple(frozen(inner) for inner in value)
    return value


def _numbers(value: object, path: Key = ()) -> Iterator[Fault]:
    """Find every number that has no canonical form: not finite, or beyond 2^53 - 1."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _numbers(inner, (*path, key))
    elif isinstance(value, tuple):
        for index, inner in enumerate(value):
            yield from _numbers(inner, (*path, index))
    elif (isinstance(value, float) and not math.isfinite(value)) or (isinstance(value, int) and abs(value) > EXACT):
        yield Fault(
            path,
            "must be a finite number of at most 2^53 - 1",
            found=toml_value(value),
            mend="write a smaller number; a long identifier is a text in quotes",
            code="protocol-number",
        )
