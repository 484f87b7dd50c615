"""The analysts' usual tools on data nobody randomised: naive difference and regression.

1. They take any `Compared`: treatment 0 or 1, outcome, covariates, and codes of stratum, period and cluster. They say
   what an analyst would print; whether it may be printed is not for them to decide.
2. `absorb` declares which codes become fixed effects ("stratum", "period"); nothing is absorbed that is not named.
3. A covariate that the fixed effects or earlier covariates explain is left out and the result says so. A treatment
   that they explain has no effect to show: NotEstimable.

Weighting and the doubly robust estimator stand in `reweighting`.
"""

from collections.abc import Sequence
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from analysis.estimate.cells import Floats
from analysis.estimate.dummies import columns_of, independent, note_left_out, project
from analysis.estimate.linear import Fit, Rows, finite, fit_rows, solve
from analysis.estimate.result import DegenerateError, Result, estimated, estimator
from analysis.estimate.sandwich import combination_variance

NAIVE = "naive-difference"
REGRESSION = "covariate-regression"
Absorbed = Literal["stratum", "period"]
ARMS = ("untreated", "treated")


class Compared(Protocol):
    """Units with a binary treatment; covariates are rows x len(names). period and cluster may be None."""

    @property
    def treatment(self) -> npt.NDArray[np.int8]:
        """1 treated, 0 not."""

    @property
    def outcome(self) -> Floats:
        """The outcome of each unit."""

    @property
    def covariates(self) -> Floats:
        """Covariates, one column a name."""

    @property
    def names(self) -> tuple[str, ...]:
        """The covariates' names."""

    @property
    def stratum(self) -> npt.NDArray[np.int32]:
        """Codes of strata."""

    @property
    def period(self) -> npt.NDArray[np.int32] | None:
        """Codes of calendar time."""

    @property
    def cluster(self) -> npt.NDArray[np.int32] | None:
        """Codes of clusters."""


@estimator(NAIVE)
def naive_difference(data: Compared, *, se_type: str, level: float, arms: tuple[str, str] = ARMS) -> Result:
    """Estimate the mean of the treated minus the mean of the untreated.

    se_type: any of `robust` (HC0 to HC3; CR0 to CR2 with `data.cluster`). HC2 is the two-sample (Welch) variance.
    """
    treated, outcome = read_treatment(data)
    fit = fit_rows(
        outcome, treated, np.zeros(len(outcome), dtype=np.int64), names=["the treatment"], cluster=data.cluster
    )
    return _of_treatment(fit, treated, arms, se_type=se_type, level=level, name=NAIVE)


@estimator(REGRESSION)
def covariate_regression(
    data: Compared, *, absorb: Sequence[Absorbed], se_type: str, level: float, arms: tuple[str, str] = ARMS
) -> Result:
    """Estimate the coefficient of the treatment beside the covariates and the absorbed fixed effects.

    absorb: () | ("stratum",) | ("stratum", "period"). se_type as in `naive_difference`; CR2 takes one set at most.
    """
    treated, outcome = read_treatment(data)
    sets = labels(data, absorb)
    one = np.ones(len(outcome))
    columns = columns_of(sets, data.covariates, data.names, len(outcome))
    kept = independent(columns.gram(one))
    chosen = [place - columns.dummies for place in kept if place >= columns.dummies]
    design = np.column_stack([columns.dense[:, chosen], treated])
    names = [*(data.names[place] for place in chosen), "the treatment"]
    if len(columns.sets) == 1:
        fit = fit_rows(outcome, design, columns.sets[0], names=names, cluster=data.cluster)
    else:
        fixed = project(sets, one)
        moved = np.column_stack([fixed.take_out(column) for column in design.T])
        rows = Rows(outcome, design, one, cluster_codes(data), tuple(names))
        base = fixed.leverage()
        fit = solve(rows, fixed.take_out(outcome), moved, absorbed=fixed.rank, base=base, strata=None)
    notes = note_left_out(columns, kept)
    return _of_treatment(fit, treated, arms, se_type=se_type, level=level, name=REGRESSION, notes=notes)


def read_treatment(data: Compared) -> tuple[Floats, Floats]:
    """Give treatment and outcome as floats; raises DegenerateError unless the treatment is 0 and 1 with both."""
    treated, outcome = finite(data.treatment, "treatment"), finite(data.outcome, "outcome")
    if not np.isin(treated, (0.0, 1.0)).all():
        raise DegenerateError("a treatment is 0 or 1; other values were found")
    if not 0 < treated.sum() < len(treated):
        raise DegenerateError("everybody or nobody is treated: there is nobody to compare with")
    return treated, outcome


def labels(data: Compared, absorb: Sequence[Absorbed]) -> list[npt.ArrayLike]:
    """Give the codes of each declared set of fixed effects."""
    known = {"stratum": data.stratum, "period": data.period}
    found: list[npt.ArrayLike] = []
    for name in absorb:
        values = known.get(name)
        if values is None:
            raise DegenerateError(f"the data have no {name} to absorb")
        found.append(values)
    return found


def cluster_codes(data: Compared) -> npt.NDArray[np.int64] | None:
    """Give the clusters as codes from 0, None where there are none."""
    if data.cluster is None:
        return None
    return np.unique(data.cluster, return_inverse=True)[1].astype(np.int64)


def sizes(treated: Floats, arms: tuple[str, str]) -> dict[str, int]:
    """Count the units by arm."""
    return {arms[0]: int((treated == 0).sum()), arms[1]: int((treated == 1).sum())}


def _of_treatment(
    fit: Fit,
    treated: Floats,
    arms: tuple[str, str],
    *,
    se_type: str,
    level: float,
    name: str,
    notes: tuple[str, ...] = (),
) -> Result:
    direction = np.zeros(len(fit.names))
    direction[-1] = 1  # the treatment is the last column, so that a treatment others explain is refused by its name
    squared, df = combination_variance(fit, direction, se_type)
    value = float(fit.coefficients[-1])
    n = sizes(treated, arms)
    return estimated(value, squared, level=level, n=n, se_type=se_type, estimator=name, df=df, notes=notes)
