"""Inference under covariate-adaptive randomisation (stratified blocks, big stick, biased coin, minimisation).

The citizens are seen as drawn from a population: the variance has a part for how the effect varies between strata,
which the design-based variance (Neyman, HC2 conditional on strata) leaves out.

1. `bugni-canay-shaikh` is the saturated estimator (2019): the stratified difference; variance within strata plus that
   of the stratum effects. se_type `BCS` has moments divided by n; `BCS-adjusted` multiplies the within part by
   n/(n - 2 strata), as the package sreg does.
2. `car-difference` is the plain difference in means; the variance takes out what balance within strata has removed
   (Ye, Yi & Shao 2022; RobinCar2 `pb`). It needs a design that balances every stratum: simple randomisation does not.
3. `anhecova` has strata and covariates interacted with the arm, then averages the predictions: valid under every
   covariate-adaptive design, minimisation included, without naming it (Ye, Shao, Yi & Zhao 2023).
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from analysis.estimate.cells import Cells, Floats, codes
from analysis.estimate.difference import arm_moments, check_arms, check_varies
from analysis.estimate.linear import finite, fit_rows
from analysis.estimate.result import DegenerateError, Result, estimated, estimator

BCS = "bugni-canay-shaikh"
DIFFERENCE = "car-difference"
ANHECOVA = "anhecova"


@estimator(BCS)
def bugni_canay_shaikh(cells: Cells, *, level: float, adjusted: bool = False) -> Result:
    """Estimate the saturated difference with the variance of Bugni, Canay & Shaikh (2019)."""
    counts, means, variances = _plain(cells)
    size, share, each = counts.sum(), counts.sum(axis=0) / counts.sum(), means[1] - means[0]
    effect = float((share * each).sum())
    biased = variances * (counts - 1) / counts
    probability = counts / counts.sum(axis=0)
    within = float((share * (biased / probability).sum(axis=0)).sum())
    if adjusted:
        left = size - 2 * counts.shape[1]
        if left <= 0:
            raise DegenerateError("no degrees of freedom are left: there are as many parameters as citizens")
        within *= size / left
    between = float((share * (each - effect) ** 2).sum())
    check_varies(within, cells)
    return estimated(
        effect, (within + between) / size, level=level, n=cells.per_arm(),
        se_type="BCS-adjusted" if adjusted else "BCS", estimator=BCS,
    )  # fmt: skip


@estimator(DIFFERENCE)
def car_difference(cells: Cells, *, level: float) -> Result:
    """Estimate the difference of the two arm means under a design that balances every stratum."""
    counts, means, _ = _plain(cells)
    per_arm, size = counts.sum(axis=1), counts.sum()
    if (per_arm < 2).any():
        raise DegenerateError("an arm has fewer than 2 citizens")
    totals = (counts * means).sum(axis=1) / per_arm
    squares = np.array([cells.yy[cells.treated == taken].sum() for taken in (False, True)])
    spread = np.maximum(squares - per_arm * totals**2, 0) / (per_arm - 1)
    check_varies(float(spread.sum()), cells)
    probability = per_arm / size
    away = ((means - totals[:, None]) / probability[:, None]).sum(axis=0)
    removed = float((counts.sum(axis=0) / size * probability.prod() * away**2).sum())
    variance = (float((spread / probability).sum()) - removed) / size
    return estimated(
        float(totals[1] - totals[0]), variance, level=level, n=cells.per_arm(), se_type="CAR", estimator=DIFFERENCE
    )


@estimator(ANHECOVA)
def anhecova(
    y: npt.ArrayLike,
    treated: npt.ArrayLike,
    stratum: npt.ArrayLike,
    covariates: npt.ArrayLike,
    *,
    names: Sequence[str],
    level: float,
    arms: tuple[str, str] = ("control", "treated"),
) -> Result:
    """Estimate the effect with strata and covariates interacted with the arm, averaged over all citizens."""
    outcome, taken = finite(y, "outcome"), np.asarray(treated, dtype=bool)
    values = finite(covariates, "covariate").reshape(len(outcome), -1)
    labels, strata = codes(stratum)
    size, predictions, residual_parts = len(outcome), [], 0.0
    for arm, own in zip(arms, (~taken, taken), strict=True):
        counts = np.bincount(strata[own], minlength=len(labels))
        if (counts < 2).any():
            raise DegenerateError(f"arm {arm} has fewer than 2 citizens in a stratum")
        fit = fit_rows(outcome[own], values[own], strata[own], names=names)
        predictions.append(_predict(outcome[own], values, strata, own, fit.coefficients))
        residual_parts += float((fit.residual**2).sum()) / (own.sum() - fit.parameters) / (own.sum() / size)
    each: Floats = predictions[1] - predictions[0]
    variance = (residual_parts + float(each.var(ddof=1))) / size
    sizes = {arms[0]: int((~taken).sum()), arms[1]: int(taken.sum())}
    return estimated(float(each.mean()), variance, level=level, n=sizes, se_type="CAR", estimator=ANHECOVA)


def _predict(outcome: Floats, values: Floats, strata: npt.NDArray[np.int64], own: npt.NDArray[np.bool_],
             slopes: Floats) -> Floats:  # fmt: skip
    counts = np.bincount(strata[own])
    level = np.bincount(strata[own], weights=outcome - values[own] @ slopes) / counts
    predicted: Floats = level[strata] + values @ slopes
    return predicted


def _plain(cells: Cells) -> tuple[Floats, Floats, Floats]:
    check_arms(cells)
    if (cells.weight != 1).any() or cells.clustered:
        raise DegenerateError("weights and clusters need the regression: this estimator takes neither")
    counts, means, variances = arm_moments(cells)
    if (counts < 1).any():
        empty = cells.strata[int(np.flatnonzero((counts < 1).any(axis=0))[0])]
        raise DegenerateError(f"stratum {empty} has no citizen in one of the arms")
    return counts, means, variances
