"""Checking a folder of registers: what is there, how far it reaches, what cannot be used.

Counts and weeks only; no row and no key of a person is ever shown.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis.registers.cells import as_numbers
from analysis.registers.codes import CODES, Code, look_up
from analysis.registers.read import read_dream, read_link
from analysis.registers.schema import BACKGROUND, BFL
from analysis.registers.sources import Source, open_source
from analysis.registers.weeks import column_of
from trial.errors import RegisterError


def check_registers(
    folder: Path, codes: tuple[Code, ...], table: NDArray[np.uint8] | None = None
) -> dict[str, object]:
    """Check every register of a folder and give what it holds; the first contradiction raises RegisterError."""
    dream = read_dream(folder, look_up(codes) if table is None else table)
    declared = {one.code for one in codes} | {0}
    used = np.flatnonzero(np.bincount(dream.codes.ravel(), minlength=CODES))
    remembered = [one.code for one in codes if one.code in used and one.status == "remembered"]
    facts: dict[str, object] = {
        "persons in DREAM": len(dream.pnr),
        "weeks in DREAM": f"{column_of(dream.mondays[0])} to {column_of(dream.mondays[-1])}",
        "codes used": len(used) - (0 in used),
        "codes not declared": ", ".join(str(code) for code in used if code not in declared) or "none",
        "codes resting on memory": ", ".join(map(str, remembered)) or "none",
        "links": len(read_link(folder)),
    }
    for register in (BFL, BACKGROUND):
        source = open_source(folder, register)
        columns = [(name, register.column(name)) for name in source.names]
        ranged = [(name, column.range) for name, column in columns if column is not None and column.range]
        facts[f"rows in {register.name}"] = _check_ranges(source, ranged)
    return facts


def _check_ranges(source: Source, ranged: list[tuple[str, tuple[float, float]]]) -> int:
    rows = 0
    outside = dict.fromkeys((name for name, _ in ranged), 0)
    for part in source.read([name for name, _ in ranged]):
        rows += len(part)
        for name, (low, high) in ranged:
            numbers = as_numbers(part[name], f"{source.path}: {name}")
            outside[name] += int(((numbers < low) | (numbers > high)).sum())
    faults = [
        RegisterError(
            f"{name} must lie between {low:g} and {high:g}",
            found=f"{outside[name]} rows outside",
            where=str(source.path),
            mend="correct the delivery or the declaration",
            code="register-range",
        )
        for name, (low, high) in ranged
        if outside[name]
    ]
    if faults:
        raise RegisterError.gather(faults)
    return rows
