"""People who change CPR number: the same life under two keys, the old one until a week, the new one from it on.

1. In DREAM both keys have a row; each has the weeks and months of its own time and is empty in the other's.
2. In BFL a job belongs to the key of its first day's month. The link table names both keys of a participant.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa

from analysis.registers.weeks import is_week_column, monday_of


@dataclass(frozen=True)
class NewKey:
    """The new key of a person and the Monday from which it holds."""

    key: str
    since: date

    @property
    def month(self) -> date:
        """The first day of the month after that Monday: a month is not divided."""
        year, month = divmod(self.since.year * 12 + self.since.month, 12)
        return date(year, month + 1, 1)


def renumbered(tables: Mapping[str, pa.Table], changes: Mapping[str, NewKey]) -> dict[str, pa.Table]:
    """Divide the rows of the persons in `changes` (by old key) between their two keys."""
    ways = {"dream": _dream, "bfl": _bfl, "background": _background}
    return {name: _divided(table, changes, ways[name]) for name, table in tables.items()}


def _divided(table: pa.Table, changes: Mapping[str, NewKey], way: object) -> pa.Table:
    mine = np.isin(table["pnr"].to_numpy(zero_copy_only=False), list(changes))
    if not mine.any():
        return table
    rows = table.filter(pa.array(mine)).to_pandas(types_mapper=pd.ArrowDtype)
    divided = way(rows, changes) if callable(way) else rows
    return pa.concat_tables(
        [table.filter(pa.array(~mine)), pa.Table.from_pandas(divided, schema=table.schema, preserve_index=False)]
    )


def _dream(rows: pd.DataFrame, changes: Mapping[str, NewKey]) -> pd.DataFrame:
    later = rows.copy()
    later["pnr"] = [changes[key].key for key in rows["pnr"]]
    for name in rows.columns[1:]:
        if is_week_column(name):
            after = np.array([monday_of(name) >= changes[key].since for key in rows["pnr"]])
        else:
            first = date(int(name[5:9]), int(name[10:12]), 1)
            after = np.array([first >= changes[key].month for key in rows["pnr"]])
        rows[name], later[name] = rows[name].mask(after), later[name].mask(~after)
    return pd.concat([rows, later])


def _bfl(rows: pd.DataFrame, changes: Mapping[str, NewKey]) -> pd.DataFrame:
    starts = rows["AJO_JOB_START_DATO"]
    new = [start >= changes[key].month for key, start in zip(rows["pnr"], starts, strict=True)]
    rows["pnr"] = [changes[key].key if after else key for key, after in zip(rows["pnr"], new, strict=True)]
    return rows


def _background(rows: pd.DataFrame, changes: Mapping[str, NewKey]) -> pd.DataFrame:
    return pd.concat([rows, rows.assign(pnr=[changes[key].key for key in rows["pnr"]])])
