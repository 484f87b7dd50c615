"""Adjustment for covariates: the common slope, and Lin (2013) with a slope for each arm; strata absorbed.

1. Lin's regression has the arm, the covariates centred at their means over all citizens, and their products with the
   arm: asymptotically never less precise than no adjustment, whatever the truth (Lin 2013).
2. `strata-regression-adjusted` has one slope for both arms (Freedman's case): shown when it is what was declared.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from analysis.estimate.cells import Bools, Floats
from analysis.estimate.lin_passes import LinFit, lin_in_passes
from analysis.estimate.linear import Fit, finite, fit_rows
from analysis.estimate.result import DegenerateError, Result, estimated, estimator
from analysis.estimate.sandwich import combination_variance

LIN = "lin"
POWERS = {"HC0": 0, "HC1": 0, "HC2": 1, "HC3": 2}
ADJUSTED = "strata-regression-adjusted"


@estimator(LIN)
def lin(
    y: npt.ArrayLike,
    treated: npt.ArrayLike,
    stratum: npt.ArrayLike,
    covariates: npt.ArrayLike,
    *,
    names: Sequence[str],
    se_type: str,
    level: float,
    arms: tuple[str, str] = ("control", "treated"),
    cluster: npt.ArrayLike | None = None,
    weight: npt.ArrayLike | None = None,
) -> Result:
    """Estimate the effect of the second arm with covariates interacted with the arm."""
    if not len(np.asarray(y)):
        raise DegenerateError("no citizen has an observed outcome")
    if weight is None and cluster is None and se_type in POWERS:
        taken = np.asarray(treated).astype(np.bool_)
        found = lin_in_passes(y, taken, stratum, covariates, names=names, power=POWERS[se_type])
        return _of_passes(found, taken, arms, se_type=se_type, level=level)
    arm = np.asarray(treated, dtype=np.float64)
    values = finite(covariates, "covariate").reshape(len(arm), -1)
    masses = None if weight is None else finite(weight, "weight")
    centred = values - np.average(values, axis=0, weights=masses)
    columns = np.column_stack([arm, centred, arm[:, None] * centred])
    labels = ["the arm", *names, *(f"arm x {name}" for name in names)]
    fit = fit_rows(y, columns, stratum, names=labels, weight=weight, cluster=cluster)
    return _of_arm(fit, arm, arms, se_type=se_type, level=level, name=LIN)


def _of_passes(found: LinFit, taken: Bools, arms: tuple[str, str], *, se_type: str, level: float) -> Result:
    size, left = len(taken), len(taken) - found.parameters
    if left <= 0:
        raise DegenerateError("no degrees of freedom are left: there are as many parameters as citizens")
    squared = found.variance * (size / left if se_type == "HC1" else 1.0)
    sizes = {arms[0]: int((~taken).sum()), arms[1]: int(taken.sum())}
    return estimated(found.effect, squared, level=level, n=sizes, se_type=se_type, estimator=LIN, df=float(left))


@estimator(ADJUSTED)
def adjusted_regression(
    y: npt.ArrayLike,
    treated: npt.ArrayLike,
    stratum: npt.ArrayLike,
    covariates: npt.ArrayLike,
    *,
    names: Sequence[str],
    se_type: str,
    level: float,
    arms: tuple[str, str] = ("control", "treated"),
    cluster: npt.ArrayLike | None = None,
    weight: npt.ArrayLike | None = None,
) -> Result:
    """Estimate the effect of the second arm with covariates that have one slope for both arms."""
    arm = np.asarray(treated, dtype=np.float64)
    values = finite(covariates, "covariate").reshape(len(arm), -1)
    columns = np.column_stack([arm, values])
    fit = fit_rows(y, columns, stratum, names=["the arm", *names], weight=weight, cluster=cluster)
    return _of_arm(fit, arm, arms, se_type=se_type, level=level, name=ADJUSTED)


def _of_arm(fit: Fit, arm: Floats, arms: tuple[str, str], *, se_type: str, level: float, name: str) -> Result:
    combination = np.zeros(len(fit.names))
    combination[0] = 1
    squared, df = combination_variance(fit, combination, se_type)
    sizes = {arms[0]: int((arm == 0).sum()), arms[1]: int((arm == 1).sum())}
    return estimated(
        float(fit.coefficients[0]), squared, level=level, n=sizes, se_type=se_type, estimator=name, df=df
    )
