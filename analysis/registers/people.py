"""The participants as synthetic registers need them, from the assignments of a trial and the doses of both worlds.

1. Insurance and age follow the factors `target_group` and `age_group` where the trial has them.
2. A dose is the share of conversations held physically under an arm; without doses every arm is complied with.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from analysis.registers.life import Bools, Floats
from analysis.registers.scenario import Pauses
from analysis.registers.weeks import week_of
from trial.errors import RegisterError

YOUNGEST, OLDEST = 18, 67
INSURED = "dagpenge"
_BOUNDS = re.compile(r"(\d+)(?:-(\d+)|\+)")


@dataclass(frozen=True)
class Participants:
    """The randomised citizens as the life courses need them.

    week_0: the Monday of the week of randomisation; dose: the share held physically under each arm.
    """

    ids: tuple[str, ...]
    arm: tuple[str, ...]
    week_0: tuple[date, ...]
    insured: Bools
    age_from: Floats
    age_to: Floats
    dose: Mapping[str, Floats]
    pauses: Pauses

    def __len__(self) -> int:
        return len(self.ids)


def participants(
    assignments: pd.DataFrame, arms: Iterable[Any], doses: pd.DataFrame | None, pauses: pd.DataFrame | None = None
) -> Participants:
    """Make the participants, in the order of their ids; `arms` are the protocol's, the comparison first.

    pauses: municipality_code, closed_on, reopened_on, as a bundle has them.
    """
    rows = assignments.sort_values("participant_id", ignore_index=True)
    if rows.empty:
        raise RegisterError("a trial needs participants", found="none", mend="export a bundle with assignments")
    n = len(rows)
    groups = rows["target_group"] if "target_group" in rows else pd.Series([INSURED] * n)
    ages = rows["age_group"] if "age_group" in rows else pd.Series([f"{YOUNGEST}+"] * n)
    bounds = {level: age_bounds(str(level)) for level in ages.unique()}
    return Participants(
        ids=tuple(rows["participant_id"]),
        arm=tuple(rows["arm"]),
        week_0=tuple(week_of(day) for day in pd.to_datetime(rows["assigned_on"]).dt.date),
        insured=np.asarray(groups == INSURED),
        age_from=np.array([bounds[level][0] for level in ages]),
        age_to=np.array([bounds[level][1] for level in ages]),
        dose={arm.name: _dose(rows["participant_id"], arm.name, arm.modes, doses) for arm in arms},
        pauses=_pauses(rows, pauses),
    )


def _pauses(rows: pd.DataFrame, pauses: pd.DataFrame | None) -> Pauses:
    if pauses is None or "municipality_code" not in rows:
        return Pauses.none(len(rows))
    first, last = (pd.to_datetime(pauses[name]) for name in ("closed_on", "reopened_on"))
    spans = zip(pauses["municipality_code"], first, last, strict=True)
    days = [(code, start.date(), None if pd.isna(stop) else stop.date()) for code, start, stop in spans]
    return Pauses.of(list(rows["municipality_code"]), days)


def age_bounds(level: str) -> tuple[float, float]:
    """Give the bounds of an age group such as `30-49` or `50+`, in years, the upper one excluded."""
    match = _BOUNDS.fullmatch(level)
    if match is None:
        return float(YOUNGEST), float(OLDEST)
    upper = int(match[2]) + 1 if match[2] else max(OLDEST, int(match[1]) + 1)
    return float(match[1]), float(upper)


def _dose(ids: "pd.Series[str]", arm: str, modes: Sequence[str], doses: pd.DataFrame | None) -> Floats:
    if doses is None:
        return np.full(len(ids), 1.0 if "physical" in modes else 0.0)
    column = f"dose_physical_if_{arm}"
    if column not in doses or "participant_id" not in doses:
        raise RegisterError(
            f"a file of doses has the columns participant_id and {column}",
            found=", ".join(doses.columns),
            mend="write it with the trial simulator",
            code="register-column",
        )
    dose = ids.map(doses.set_index("participant_id")[column])
    if not dose.between(0, 1).all():
        raise RegisterError(
            f"{column} must lie between 0 and 1 for every participant",
            found=f"{int((~dose.between(0, 1)).sum())} participants without a lawful dose",
            mend="make doses for exactly the participants of this bundle",
            code="register-range",
        )
    return np.asarray(dose, dtype=np.float64)
