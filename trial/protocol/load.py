"""From a protocol file to the declared trial, or to every problem of the file at once.

1. The file is read, its references are resolved, its values are checked one by one, then against each other.
2. A cross-check runs when the tables it needs are in order, whatever is wrong elsewhere.
3. All problems of a file are reported together, in the order of the file.
"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from trial.errors import ProtocolError
from trial.protocol import check
from trial.protocol.explain import explain
from trial.protocol.lines import Path as Key
from trial.protocol.model import Protocol
from trial.protocol.references import code_file, read_codes
from trial.protocol.source import Fault, Source, read_toml, toml_value

EXACT = 2**53 - 1  # beyond it a number has no canonical form


def load_protocol(path: str | Path) -> Protocol:
    """Read and check a protocol file.

    Raises FileError when it cannot be read, ProtocolError with every problem at its file:line otherwise.
    """
    protocol, faults = examine(read_toml(Path(path)))
    if protocol is None:
        raise ProtocolError.gather(faults)
    return protocol


def examine(source: Source) -> tuple[Protocol | None, list[Fault]]:
    """Give the protocol of a file and no problem, or None and every problem found."""
    folder = source.path.parent
    data: dict[str, Any] = _frozen(source.data)
    faults = list(_numbers(data))
    data, unresolved = _with_levels(data, folder)
    faults += unresolved
    protocol: Protocol | None = None
    try:
        protocol = Protocol.model_validate(data)
    except ValidationError as error:
        faults += explain(error, data, known={fault.path for fault in faults})
    broken = {fault.path[0] for fault in faults}
    sound = _sound_tables(data, broken) if broken or protocol is None else protocol
    faults += check.run(sound, folder)
    return (None if faults else protocol), source.place(faults)


def _sound_tables(data: dict[str, Any], broken: set[str | int]) -> Protocol:
    """Give a protocol that holds the tables in order and no others."""
    fields = {name: field for name, field in Protocol.model_fields.items() if name in data and name not in broken}
    return Protocol.model_construct(
        **{name: TypeAdapter(field.annotation).validate_python(data[name]) for name, field in fields.items()}
    )


def _with_levels(data: dict[str, Any], folder: Path) -> tuple[dict[str, Any], list[Fault]]:
    """Read the levels of each factor that names a code file; what is no list of tables is left to the model."""
    factors = data.get("stratification")
    if not isinstance(factors, tuple):
        return data, []
    resolved, faults = [], []
    for index, factor in enumerate(factors):
        if isinstance(factor, dict) and isinstance(name := factor.get("levels_from"), str):
            path = ("stratification", index, "levels_from")
            levels, fault = _levels(factor, name, folder, path)
            faults += [fault] if fault else []
            resolved.append({**factor, "levels": levels})
        else:
            resolved.append(factor)
    return {**data, "stratification": tuple(resolved)}, faults


def _levels(factor: dict[str, Any], name: str, folder: Path, path: Key) -> tuple[object, Fault | None]:
    if "levels" in factor:
        return factor["levels"], Fault(
            path,
            "must not stand beside levels",
            found="both",
            mend="keep the one that is meant",
            code="protocol-conflict",
        )
    file = code_file(name, folder)
    if file is None:
        return ("unknown",), Fault(
            path,
            "must name a code file beside the protocol or in protocols/",
            found=toml_value(name),
            mend='levels_from = "codes/municipalities.csv"',
            code="protocol-reference",
        )
    return read_codes(file), None


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


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _frozen(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return tuple(_frozen(inner) for inner in value)
    return value
