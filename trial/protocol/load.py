"""From a protocol file to the declared trial, or to every problem of the file at once.

1. The file is read, its references are resolved, its values are checked one by one, then against each other.
2. A cross-check runs when the tables it needs are in order, whatever is wrong elsewhere.
3. All problems of a file are reported together, in the order of the file.
"""

from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from trial.errors import ProtocolError
from trial.protocol import check
from trial.protocol.declared import frozen, validate
from trial.protocol.explain import json_schema
from trial.protocol.lines import Key
from trial.protocol.model import Protocol
from trial.protocol.references import code_file, read_codes
from trial.protocol.source import Fault, Source, read_toml, toml_value


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
    data, unresolved = _with_levels(frozen(source.data), folder)
    protocol, faults = validate(Protocol, data, protocol_schema())
    faults += unresolved
    broken = {fault.path[0] for fault in faults}
    sound = _sound_tables(data, broken) if broken or protocol is None else protocol
    faults += check.run(sound, folder)
    return (None if faults else protocol), source.place(faults)


@cache
def protocol_schema() -> dict[str, Any]:
    """Give the JSON Schema of a protocol file."""
    schema = json_schema(Protocol)
    factor = schema["$defs"]["Factor"]  # in a file, levels stand there or are read from a code file
    factor["required"] = ["factor"]
    factor["oneOf"] = [{"required": ["levels"]}, {"required": ["levels_from"]}]
    return schema


def _sound_tables(data: dict[str, Any], broken: set[str | int]) -> Protocol:
    """Give a protocol that holds the tables in order and no others."""
    tables: dict[str, Any] = {}
    for name, field in Protocol.model_fields.items():
        if name in data and name not in broken:
            declared: Any = field.annotation
            tables[name] = TypeAdapter(declared).validate_python(data[name])
    return Protocol.model_construct(**tables)


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
