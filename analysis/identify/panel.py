"""The panel: spells by spell week at risk, with the conversation held in each week.

1. One row a spell. Spell week 1 is the first week of unemployment; week w of a spell is column w - 1.
2. A week is at risk up to and with `last_week`, the week of exit or of censoring. After it no conversation is
   seen: the cell holds UNSEEN, never NONE, for what was not observed is not an absence.
3. Calendar weeks are whole ISO weeks counted from that of 1970-01-01, so that week 53 needs no arithmetic.
4. Nothing here knows a file or a register; one spell and one week cost one byte.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
