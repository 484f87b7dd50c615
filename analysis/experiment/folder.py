"""A simulated policy written as a folder of spells and conversations: what `analysis identify` reads.

1. `spells.csv`, `conversations.csv` and `closures.csv` have the columns of `analysis.identify.folder`.
2. Nothing of the truth is in it, and no hidden prospects: only what a register would show.
3. A trial is not written so: its proof is a ledger, which a folder of spells has not.
"""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv

from analysis.experiment.calendar import closures, day_of, jobcentres
from analysis.experiment.declare import Experiment
from analysis.experiment.regimes import REGIMES
from analysis.experiment.run import PLANTED, Task
from analysis.identify.panel import CENSORED, NONE, PHYSICAL, TELEPHONE, VIDEO, Panel
from trial.errors import PlanError

MODES = {PHYSICAL: "physical", TELEPHONE: "telephone", VIDEO: "video"}
THURSDAY = timedelta(days=3)


def write_folder(experiment: Experiment, regime: str, folder: Path) -> None:
    """Write the first data set of a policy regime. Raises PlanError for a trial."""
    simulated = REGIMES[regime](experiment, Task(experiment, regime, PLANTED, 0, judged=False).seed())
    if simulated.lots is not None:
        raise PlanError(
            "a regime without a lottery can be written as spells and conversations", found=regime,
            mend="write calendar-2020-21 or pre-2020; a trial is written by `trial simulate` and `trial export`",
            code="experiment-folder",
        )  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    rule = {"pre-2020": experiment.pre_2020, "calendar-2020-21": experiment.calendar}[regime].closures
    tables = {"spells": _spells(simulated.panel), "conversations": _conversations(simulated.panel)}
    if rule is not None:
        tables["closures"] = _closures(rule)
    for name, table in tables.items():
        csv.write_csv(table, folder / f"{name}.csv")


def _keys(rows: np.ndarray) -> list[str]:
    return [f"SYN-{row:06d}" for row in rows.tolist()]


def _spells(panel: Panel) -> pa.Table:
    places, groups = panel.labels["jobcentre"], panel.labels["target_group"]
    causes = {CENSORED: "censored", **panel.causes}
    first = [day_of(week) for week in panel.first_week.tolist()]
    last = [day_of(week - 1) for week in (panel.first_week + panel.last_week).tolist()]
    columns: dict[str, object] = {
        "spell": _keys(np.arange(len(panel))), "start_on": first, "end_on": [_sunday(monday) for monday in last],
        "cause": [causes[one] for one in panel.cause.tolist()],
        "jobcentre": [places[one] for one in panel.jobcentre.tolist()],
        "municipality_code": [places[one] for one in panel.municipality.tolist()],
        "target_group": [groups[one] for one in panel.target_group.tolist()],
    }  # fmt: skip
    columns |= {f"x_{name}": values for name, values in panel.covariates.items()}
    columns |= {f"past_{name}": values for name, values in panel.past.items()}
    return pa.table(columns)


def _conversations(panel: Panel) -> pa.Table:
    row, week = np.nonzero(panel.talk > NONE)
    held = [day_of(one) + THURSDAY for one in (panel.first_week[row] + week).tolist()]
    modes = [MODES[mode] for mode in panel.talk[row, week].tolist()]
    return pa.table({"spell": _keys(row), "held_on": held, "mode": modes})


def _closures(rule: str) -> pa.Table:
    codes, _ = jobcentres()
    found = closures(rule)
    return pa.table({
        "municipality_code": [codes[one.place] for one in found], "closed_on": [one.closed_on for one in found],
        "reopened_on": [one.reopened_on for one in found],
    })  # fmt: skip


def _sunday(monday: date) -> date:
    return monday + timedelta(days=6)
