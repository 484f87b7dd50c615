"""One pass over the whole register: everybody's spells, the participants' outcomes, and their count tables.

1. The participants' keys travel to the kernel; their rows are counted as they come, from either engine alike.
2. Who changed CPR number has several rows: they are kept, joined when the register has been read, and then counted.
3. Outcomes here are those of definitions (a) and (b) with the employment ratios DREAM itself carries (`grad_`);
   what the protocol declares, with the hours of the income register, is measured by `analysis registers build`.
4. Nobody is dropped: who has no link or no row in DREAM stands in the outcomes with the reason.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from analysis.cohort import check_coverage, linked
from analysis.outcomes.measure import REASONS
from analysis.outcomes.tally import Tally, duration, observed
from analysis.registers.codes import State
from analysis.registers.schema import DREAM
from analysis.registers.sources import open_source
from analysis.registers.weeks import week_of
from analysis.spells.exits import NEEDS_PAY
from analysis.spells.layout import Layout
from analysis.spells.persons import COUNTED, Task, joined
from trial.errors import PlanError

DEFINITIONS = ("a", "b")


def spells_task(folder: Path, table: NDArray[np.uint8]) -> Task:
    """Ask for spells alone."""
    return Task(Layout.of(open_source(folder, DREAM)), table)


@dataclass
class Gatherer:
    """The participants of a trial, met in the batches of a pass; `rows` must be sorted by participant_id."""

    rows: pd.DataFrame
    task: Task
    person: NDArray[np.int64]
    tally: Tally
    found: list[pa.StructArray] = field(default_factory=list)
    where: list[NDArray[np.int64]] = field(default_factory=list)
    kept: dict[int, list[dict[str, Any]]] = field(default_factory=dict)

    @classmethod
    def of(cls, assignments: pd.DataFrame, folder: Path, table: NDArray[np.uint8], definition: str) -> "Gatherer":
        """Look the participants up in the link table of a folder."""
        rows = assignments.sort_values("participant_id", ignore_index=True)
        layout = Layout.of(open_source(folder, DREAM))
        if definition not in DEFINITIONS or (NEEDS_PAY[definition] and not layout.grades):
            raise PlanError(
                "the whole register is followed under definition a, or b where DREAM has columns grad_YYYY_MM",
                found=f"definition {definition}, {len(layout.grades)} such columns",
                where=layout.path,
                mend="use definition a, or `analysis registers build` with the income register",
                code="plan-definition",
            )
        link = linked(rows, folder)
        person = link["row"].to_numpy(dtype=np.int64)
        alone = ~link["row"].duplicated(keep=False).to_numpy()
        week_0 = np.where(alone, _columns(rows, layout)[person], -1).astype(np.int32)
        task = Task(layout, table, pa.array(link["pnr"], pa.string()), week_0, definition)
        tally = Tally(tuple(sorted(set(rows["arm"]))), tuple(sorted(set(rows["stratum"]))))
        return cls(rows, task, person, tally)

    def see(self, batch: pa.RecordBatch) -> None:
        """Take the participants out of a batch."""
        here = pc.indices_nonzero(pc.is_valid(batch.column("followed")))
        if len(here):
            whose = pc.index_in(batch.column("pnr").take(here), value_set=self.task.keys).to_numpy()
            self._add(self.person[whose], batch.column("followed").take(here))
        for at in pc.indices_nonzero(pc.is_valid(batch.column("runs"))).to_pylist():
            row = {name: batch.column(name)[at].as_py() for name in ("pnr", "runs", "paid")}
            key = pc.index_in(pa.scalar(row["pnr"]), value_set=self.task.keys).as_py()
            self.kept.setdefault(int(self.person[key]), []).append(row)

    def _add(self, person: NDArray[np.int64], followed: pa.StructArray) -> None:
        self.found.append(followed)
        self.where.append(person)
        arm = np.searchsorted(self.tally.arms, self.rows["arm"].to_numpy(dtype=str)[person])
        stratum = np.searchsorted(self.tally.strata, self.rows["stratum"].to_numpy(dtype=str)[person])
        self.tally.add(arm, stratum, _as_numbers(followed))

    def tables(self) -> dict[str, pa.Table]:
        """Give outcomes and count tables when all batches have been seen."""
        outcomes = self._outcomes()
        return {"outcomes": outcomes, **self.tally.tables()}

    def _outcomes(self) -> pa.Table:
        weeks = _columns(self.rows, self.task.layout)
        for at, rows in sorted(self.kept.items()):
            rows.sort(key=lambda row: str(row["pnr"]))
            self._add(np.array([at]), joined(rows, self.task, int(weeks[at])))
        self.kept = {}
        frame = self.rows[["participant_id", "arm", "stratum"]].copy()
        frame["lost_reason"] = pd.Series("not-linked", index=frame.index, dtype="object")
        frame.loc[self.person, "lost_reason"] = "not-in-dream"
        person = np.concatenate(self.where) if self.where else np.zeros(0, dtype=np.int64)
        frame.loc[person, "lost_reason"] = None
        for name, values in (_measured(self.found) if self.found else {}).items():
            frame[name] = pd.Series(values, index=person).reindex(frame.index)
        return pa.Table.from_pandas(frame, preserve_index=False)


def _measured(found: list[pa.StructArray]) -> dict[str, Any]:
    followed = _as_numbers(pa.concat_arrays(found))
    columns: dict[str, Any] = {}
    for name in COUNTED:
        columns[name] = pd.array(followed[name], dtype="Int64")
        columns[name][~observed(followed, name)] = pd.NA
    week, event = duration(followed)
    columns["exit_week"], columns["exit_event"] = pd.array(week, dtype="Int64"), pd.array(event, dtype="Int64")
    for name in ("exit_week", "exit_event"):
        columns[name][week == 0] = pd.NA
    columns["ended_by"] = [REASONS[State(at)] for at in followed["ended_by"]]
    return columns


def _as_numbers(followed: pa.StructArray) -> dict[str, NDArray[np.int64]]:
    names = [field.name for field in followed.type]
    return {name: one.to_numpy().astype(np.int64) for name, one in zip(names, followed.flatten(), strict=True)}


def _columns(rows: pd.DataFrame, layout: Layout) -> NDArray[np.int64]:
    mondays = [week_of(day) for day in pd.to_datetime(rows["assigned_on"]).dt.date]
    if mondays:
        check_coverage(layout.mondays, min(mondays), "from the first randomisation on", Path(layout.path))
    return np.array([(monday - layout.mondays[0]).days // 7 for monday in mondays], dtype=np.int64)
