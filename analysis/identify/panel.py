"""The panel: spells by spell week at risk, with the conversation held in each week.

1. One row a spell. Spell week 1 is the first week of unemployment; week w of a spell is column w - 1.
2. A week is at risk up to and with `last_week`, the week of exit or of censoring. After it no conversation is
   seen: the cell holds UNSEEN, never NONE, for what was not observed is not an absence.
3. Calendar weeks are whole ISO weeks counted from that of 1970-01-01, so that week 53 needs no arithmetic.
4. Nothing here knows a file or a register; one spell and one week cost one byte.
5. A comparison of first talks takes the spells whose first talk was held by the landmark week; one of arms takes
   every spell with an arm. Spells censored before the horizon are dropped and counted; another exit is no employment.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.identify.comparison import Comparison
from trial.errors import PlanError

UNSEEN, NONE, PHYSICAL, TELEPHONE, VIDEO = -1, 0, 1, 2, 3
CENSORED, EMPLOYMENT = 0, 1

Bytes = NDArray[np.int8]
Codes = NDArray[np.int32]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Panel:
    """Spells by week.

    talk: (n, weeks), UNSEEN NONE PHYSICAL TELEPHONE or VIDEO. first_week: (n,) calendar week of spell week 1.
    last_week: (n,) last spell week at risk, 1..weeks. cause: (n,) CENSORED, EMPLOYMENT or a competing cause from 2
    on, named by `causes`. jobcentre, municipality, target_group: (n,) codes into `labels`. covariates, past:
    (n,) known before the spell; `past` holds earlier values of the outcome. instruments: (n, weeks) of bool, as
    municipal closures. arm: (n,) 0 or 1 where randomised, -1 where not, None in observational data.
    """

    talk: Bytes
    first_week: Codes
    last_week: Codes
    cause: Bytes
    jobcentre: Codes
    municipality: Codes
    target_group: Codes
    labels: Mapping[str, tuple[str, ...]]
    causes: Mapping[int, str]
    covariates: Mapping[str, Floats] = field(default_factory=dict)
    past: Mapping[str, Floats] = field(default_factory=dict)
    instruments: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)
    arm: Bytes | None = None

    def __post_init__(self) -> None:
        """Refuse a panel whose parts do not fit each other."""
        n, weeks = self.talk.shape
        columns: list[NDArray[Any]] = [
            self.first_week, self.last_week, self.cause, self.jobcentre, self.municipality, self.target_group,
            *self.covariates.values(), *self.past.values(), *self.instruments.values(),
        ]  # fmt: skip
        if any(len(column) != n for column in columns):
            raise PlanError(
                "every column of a panel must have one value a spell", found=sorted({len(one) for one in columns}),
                mend="build all columns from the same spells", code="panel-length",
            )  # fmt: skip
        if n and not (self.last_week.min() >= 1 and self.last_week.max() <= weeks):
            raise PlanError(
                f"last_week must lie in 1..{weeks}", found=(int(self.last_week.min()), int(self.last_week.max())),
                mend="censor spells at the last week of the panel", code="panel-weeks",
            )  # fmt: skip

    def __len__(self) -> int:
        """Count spells."""
        return len(self.talk)

    @property
    def weeks(self) -> int:
        """Spell weeks covered."""
        return int(self.talk.shape[1])

    def at_risk(self) -> NDArray[np.bool_]:
        """Whether each spell is at risk in each week: (n, weeks)."""
        at: NDArray[np.bool_] = np.arange(1, self.weeks + 1)[None, :] <= self.last_week[:, None]
        return at

    def stratum(self) -> Codes:
        """Give each spell's jobcentre and target group as one code."""
        groups = int(self.target_group.max(initial=0)) + 1
        return (self.jobcentre.astype(np.int32) * groups + self.target_group).astype(np.int32)

    def first_talk(self, by_week: int) -> tuple[Codes, Bytes]:
        """Give the spell week of the first talk held by a week (0: none) and its mode (NONE: none)."""
        early = self.talk[:, :by_week]
        held = early > NONE
        week = np.where(held.any(axis=1), held.argmax(axis=1) + 1, 0).astype(np.int32)
        mode = early[np.arange(len(early)), np.maximum(week - 1, 0)]
        return week, np.where(week > 0, mode, NONE).astype(np.int8)

    def exits(self, horizon: int) -> tuple[Floats, NDArray[np.bool_]]:
        """Give who left to employment by a week, and whether that is known: censored before it is not."""
        out = (self.cause == EMPLOYMENT) & (self.last_week <= horizon)
        known = (self.cause != CENSORED) | (self.last_week >= horizon)
        return out.astype(np.float64), known


def landmark(panel: Panel, by_week: int, horizon: int) -> Comparison:
    """Compare digital with physical first talks held by a week, on exit to employment by the horizon."""
    week, mode = panel.first_talk(by_week)
    period = (panel.first_week + week - 1).astype(np.int32)
    return _comparison(panel, week > 0, (mode > PHYSICAL).astype(np.int8), period, horizon)


def assigned(panel: Panel, horizon: int) -> Comparison:
    """Compare the arms drawn, on exit to employment by the horizon; calendar time is that of the first week."""
    if panel.arm is None:
        raise PlanError(
            "a comparison of arms needs spells with an arm", found="a panel without arms",
            mend="judge it as observational: landmark()", code="panel-arm",
        )  # fmt: skip
    return _comparison(panel, panel.arm >= 0, (panel.arm == 1).astype(np.int8), panel.first_week, horizon)


def placed(row: NDArray[Any], week: NDArray[Any], mode: NDArray[Any], last_week: Codes, weeks: int) -> Bytes:
    """Place talks (spell, spell week from 1, mode) in a table of spells by week; UNSEEN after the last week at risk.

    Of two talks in a week the physical one counts, then the telephone: the order of rows decides nothing.
    """
    seen = (week >= 1) & (week <= np.minimum(last_week, weeks)[row])
    own, column, what = row[seen], week[seen] - 1, mode[seen]
    order = np.lexsort((-what, column, own))
    cells = np.zeros((len(last_week), weeks), dtype=np.int8)
    cells[own[order], column[order]] = what[order]
    cells[np.arange(1, weeks + 1)[None, :] > last_week[:, None]] = UNSEEN
    return cells


def rows_of(panel: Panel, by_week: int, horizon: int, *, arms: bool) -> NDArray[np.int64]:
    """Give the spells of a comparison, in its order."""
    taken = panel.arm >= 0 if arms and panel.arm is not None else panel.first_talk(by_week)[0] > 0
    return np.flatnonzero(taken & panel.exits(horizon)[1])


def _comparison(
    panel: Panel, taken: NDArray[np.bool_], treated: Bytes, period: Codes, horizon: int
) -> Comparison:  # fmt: skip
    outcome, known = panel.exits(horizon)
    rows = np.flatnonzero(taken & known)
    names = tuple(panel.covariates)
    columns = [np.asarray(panel.covariates[name], dtype=np.float64)[rows] for name in names]
    return Comparison(
        treated[rows], outcome[rows], np.column_stack(columns) if columns else np.zeros((len(rows), 0)), names,
        panel.stratum()[rows], period[rows], panel.municipality[rows],
        {name: np.asarray(past, dtype=np.float64)[rows] for name, past in panel.past.items()},
        dropped=int((taken & ~known).sum()),
    )  # fmt: skip
