"""Counts and cells from the tables that a pass over the registers leaves behind: no person's row is needed again.

1. `durations`: arm, stratum, event, week, citizens. `moments`: outcome, arm, stratum, citizens, sum, sum_of_squares.
2. What comes out is, to the bit, what counting the citizens themselves gives. Rows of other arms are left out.
"""

import numpy as np
import pyarrow as pa

from analysis.estimate.cells import Cells, Ints, codes
from analysis.estimate.counts import Counts
from analysis.estimate.result import DegenerateError


def counts_of(durations: pa.Table, *, of: str, against: str) -> Counts:
    """Give the counts of two arms."""
    rows = _of_arms(durations, (against, of))
    names, stratum = codes(rows["stratum"].to_numpy())
    event, week = (rows[name].to_numpy().astype(np.int64) for name in ("event", "week"))
    arm = _second(rows, of)
    table = np.zeros((2, len(names), max(int(event.max()), 1) + 1, int(week.max()) + 1), dtype=np.int64)
    np.add.at(table, (arm, stratum, event, week), rows["citizens"].to_numpy())
    counts = Counts((against, of), names, table)
    _check_both(counts.per_arm())
    return counts


def cells_of(moments: pa.Table, outcome: str, *, of: str, against: str) -> Cells:
    """Give the cells of an outcome for two arms, centred as `tabulate` centres them."""
    import pyarrow.compute as pc  # noqa: PLC0415

    rows = _of_arms(moments.filter(pc.equal(moments["outcome"], outcome)), (against, of))
    names, stratum = codes(rows["stratum"].to_numpy())
    arm = _second(rows, of)
    order = np.lexsort((arm, stratum))
    n, total, squares = (rows[name].to_numpy()[order] for name in ("citizens", "sum", "sum_of_squares"))
    centre = int(np.round(total.sum() / n.sum()))
    none = np.zeros(len(n))
    cells = Cells(
        arms=(against, of), stratum=stratum[order], treated=arm[order] == 1, cluster=np.zeros(len(n), dtype=np.int64),
        weight=np.ones(len(n)), n=n, y=(total - centre * n).astype(np.float64),
        yy=(squares - 2 * centre * total + centre**2 * n).astype(np.float64), d=none, dd=none, dy=none,
        centre=float(centre), strata=names, clustered=False,
    )  # fmt: skip
    _check_both(cells.per_arm())
    return cells


def _of_arms(table: pa.Table, arms: tuple[str, str]) -> pa.Table:
    import pyarrow.compute as pc  # noqa: PLC0415

    rows = table.filter(pc.is_in(table["arm"], value_set=pa.array(arms)))
    if not len(rows):
        raise DegenerateError("no citizen has an observed outcome")
    return rows


def _second(rows: pa.Table, of: str) -> Ints:
    return np.asarray(rows["arm"].to_numpy() == of, dtype=np.int64)


def _check_both(per_arm: dict[str, int]) -> None:
    for name, number in per_arm.items():
        if not number:
            raise DegenerateError(f"arm {name} has no citizen with an observed outcome")
