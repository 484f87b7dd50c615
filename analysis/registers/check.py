"""Checking a folder of registers: what is there, how far it reaches, what cannot be used.

Counts and weeks only; no row and no key of a person is ever shown.
"""

from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq

from analysis.registers.codes import CODES, Code, look_up
from analysis.registers.read import open_register, read_dream, read_link
from analysis.registers.schema import BACKGROUND, BFL, Column
from analysis.registers.weeks import column_of
from trial.errors import RegisterError


def check_registers(folder: Path, codes: tuple[Code, ...]) -> dict[str, object]:
    """Check every register of a folder and give what it holds; the first contradiction raises RegisterError."""
    dream = read_dream(folder, look_up(codes))
    used = np.flatnonzero(np.bincount(dream.codes.ravel(), minlength=CODES))
    remembered = [one.code for one in codes if one.code in used and one.status == "remembered"]
    facts: dict[str, object] = {
        "persons in DREAM": len(dream.pnr),
        "weeks in DREAM": f"{column_of(dream.mondays[0])} to {column_of(dream.mondays[-1])}",
        "codes used": len(used) - (0 in used),
        "codes resting on memory": ", ".join(map(str, remembered)) or "none",
        "links": len(read_link(folder)),
    }
    for register in (BFL, BACKGROUND):
        file = open_register(folder, register)
        facts[f"rows in {register.name}"] = file.metadata.num_rows
        for column in register.columns:
            if column.range is not None:
                _check_range(folder / f"{register.name}.parquet", column)
    return facts


def _check_range(path: Path, column: Column) -> None:
    low, high = column.range or (-np.inf, np.inf)
    file = pq.ParquetFile(path)
    names = [name for name in file.schema_arrow.names if column.fits(name)]
    for batch in file.iter_batches(columns=names):
        for name in names:
            cells = batch[name]
            outside = pc.sum(pc.or_(pc.less(cells, low), pc.greater(cells, high))).as_py() or 0
            if outside:
                raise RegisterError(
                    f"{name} must lie between {low:g} and {high:g}",
                    found=f"{outside} rows outside, in one batch",
                    where=str(path),
                    mend="correct the delivery or the declaration",
                    code="register-range",
                )
