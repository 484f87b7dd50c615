"""The propensity score: the chance of treatment given covariates, strata and periods, by logit (Newton).

1. Where everybody or nobody of a stratum or period is treated, or a covariate tells treated from untreated without
   error, no finite fit exists: under separation every Newton step moves some row's index by about one for ever, and
   that is how it is recognised. Refused with the reason, or, if `one_sided` says so, the one-sided strata and periods
   are left out first (again and again, for leaving out one may empty another) and counted.
2. The fit carries what a later standard error needs: each row's influence on any linear function of the coefficients.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import special

from analysis.estimate.cells import Floats, Ints
from analysis.estimate.dummies import Columns, independent, note_left_out
from analysis.estimate.result import DegenerateError

OneSided = Literal["refuse", "leave-out"]
SEPARATED = "the covariates tell some treated from untreated without error: there is no propensity to weight by"
_STEPS = 60


@dataclass(frozen=True)
class Propensity:
    """A fitted logit: each row's chance of treatment and its linear index; the columns used and their information."""

    columns: Columns
    kept: Ints
    chance: Floats
    index: Floats
    inverse: Floats  # of the information, over the kept columns
    notes: tuple[str, ...]

    def influence(self, direction: Floats, treated: Floats) -> Floats:
        """Give each row's influence (sums to a change) on `direction @ coefficients`; direction over all columns."""
        full = np.zeros(self.columns.width)
        full[self.kept] = self.inverse @ direction[self.kept]
        own: Floats = self.columns.times(full) * (treated - self.chance)
        return own


def one_sided_rows(treated: Floats, sets: Sequence[Ints], one_sided: OneSided) -> npt.NDArray[np.bool_]:
    """Give the rows to keep: those whose strata and periods have treated and untreated both."""
    keep = np.ones(len(treated), dtype=np.bool_)
    while True:
        before = int(keep.sum())
        for code in sets:
            size = int(code.max()) + 1
            present = np.bincount(code[keep], minlength=size)
            taken = np.bincount(code[keep], weights=treated[keep], minlength=size)
            both = (taken > 0) & (taken < present)
            lone = int(((present > 0) & ~both).sum())
            if lone and one_sided == "refuse":
                rows = int((keep & ~both[code]).sum())
                raise DegenerateError(
                    f"in {lone} strata or periods everybody or nobody is treated: {rows} citizens have no counterpart"
                )
            keep &= both[code]
        if not keep.any():
            raise DegenerateError("in every stratum or period everybody or nobody is treated")
        if int(keep.sum()) == before:
            return keep


def fit_propensity(columns: Columns, treated: Floats) -> Propensity:
    """Fit the logit; raises DegenerateError where treated and untreated are separated."""
    if not 0 < treated.sum() < len(treated):
        raise DegenerateError("everybody or nobody is treated: there is nobody to compare with")
    kept = independent(columns.gram(np.full(len(treated), 0.25)))
    value = np.zeros(columns.width)
    index = np.zeros(len(treated))
    for _ in range(_STEPS):
        chance = special.expit(index)
        information = columns.gram(chance * (1 - chance))[np.ix_(kept, kept)]
        step = np.zeros(columns.width)
        try:
            step[kept] = np.linalg.solve(information, columns.sums(treated - chance)[kept])
        except np.linalg.LinAlgError as error:
            raise DegenerateError(SEPARATED) from error
        value, index, moved = _damped(columns, treated, value, index, step)
        if not np.isfinite(moved):
            break
        if moved < 1e-9:
            return _fitted(columns, kept, index)
    raise DegenerateError(SEPARATED)


def _damped(
    columns: Columns, treated: Floats, value: Floats, index: Floats, step: Floats
) -> tuple[Floats, Floats, float]:
    """Take the step, halved until the likelihood does not fall; say how far the index of a row moved at most."""
    along, size = columns.times(step), 1.0
    before = _likelihood(index, treated)
    while _likelihood(index + size * along, treated) < before - 1e-9 * abs(before) and size > 1e-4:
        size /= 2
    return value + size * step, index + size * along, float(np.abs(size * along).max())


def _likelihood(index: Floats, treated: Floats) -> float:
    return float((treated * index - np.logaddexp(0, index)).sum())


def _fitted(columns: Columns, kept: Ints, index: Floats) -> Propensity:
    chance = special.expit(index)
    information = columns.gram(chance * (1 - chance))[np.ix_(kept, kept)]
    notes = note_left_out(columns, kept)
    return Propensity(columns, kept, chance, index, np.linalg.inv(information).astype(np.float64), notes)
