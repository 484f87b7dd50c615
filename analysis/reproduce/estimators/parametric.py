"""Durations with a declared law: exponential, Weibull, log-normal, log-logistic; right-censored maximum likelihood.

1. log T = intercept + columns + sigma x error; the error is extreme-value, normal or logistic. Exponential is Weibull
   with sigma 1.
2. In (coefficients / sigma, 1 / sigma) the likelihood is concave (Olsen 1978): Newton's method with exact derivatives
   and halved steps climbs to its one maximum. Standard errors are those of the observed information.
3. estimate is the treatment's coefficient on log T, or the intercept where no treatment is named. For the Weibull law
   hazard is -estimate/sigma, the coefficient on the log hazard. shape is 1/sigma, rate is exp(-intercept).
"""

import math
from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import special

from analysis.reproduce.estimators.rows import Floats, NotComputable, Statistics, columns, needed
from analysis.reproduce.study import Cell

MOST_STEPS = 200

# Log density and log survival of the standardised error z, each with first and second derivative.
Law = Callable[[Floats], tuple[Floats, Floats, Floats]]


def _extreme_density(z: Floats) -> tuple[Floats, Floats, Floats]:
    grown = np.exp(z)
    return z - grown, 1 - grown, -grown


def _extreme_survival(z: Floats) -> tuple[Floats, Floats, Floats]:
    grown = np.exp(z)
    return -grown, -grown, -grown


def _normal_density(z: Floats) -> tuple[Floats, Floats, Floats]:
    return -0.5 * z**2 - 0.5 * math.log(2 * math.pi), -z, -np.ones_like(z)


def _normal_survival(z: Floats) -> tuple[Floats, Floats, Floats]:
    log_survival = special.log_ndtr(-z)
    ratio = np.exp(-0.5 * z**2 - 0.5 * math.log(2 * math.pi) - log_survival)
    return log_survival, -ratio, -ratio * (ratio - z)


def _logistic_density(z: Floats) -> tuple[Floats, Floats, Floats]:
    share = special.expit(z)
    return -z + 2 * special.log_expit(z), 1 - 2 * share, -2 * share * (1 - share)


def _logistic_survival(z: Floats) -> tuple[Floats, Floats, Floats]:
    share = special.expit(z)
    return special.log_expit(-z), -share, -share * (1 - share)


LAWS: dict[str, tuple[Law, Law]] = {
    "exponential": (_extreme_density, _extreme_survival),
    "weibull": (_extreme_density, _extreme_survival),
    "log-normal": (_normal_density, _normal_survival),
    "log-logistic": (_logistic_density, _logistic_survival),
}


def accelerated(frame: pl.DataFrame, cell: Cell) -> Statistics:
    """Fit the cell's law and give the coefficient, sigma and shape with their standard errors."""
    named = [cell.treatment, *cell.covariates] if cell.treatment else []
    time, event, *right = columns(frame, needed(cell, "outcome"), needed(cell, "event"), *named)
    if (time <= 0).any() or not event.any():
        raise NotComputable("durations must be above zero and some must have ended")
    scale = np.array([column.std() or 1.0 for column in right] + [1.0])
    design = np.column_stack([*right, np.ones(len(time))]) / scale
    point, covariance = _fit(cell.estimator, np.log(time), event == 1, design)
    errors = np.sqrt(np.diag(covariance))
    sigma, intercept = math.exp(point[-1]), float(point[-2])
    estimate, se = float(point[0] / scale[0]), float(errors[0] / scale[0])
    return {
        "estimate": estimate,
        "se": se,
        "hazard": -estimate / sigma,
        "intercept": intercept,
        "intercept_se": float(errors[-2]),
        "rate": math.exp(-intercept),
        "rate_se": math.exp(-intercept) * float(errors[-2]),
        "sigma": sigma,
        "sigma_se": sigma * float(errors[-1]),
        "shape": 1 / sigma,
        "shape_se": float(errors[-1]) / sigma,
    }


def _fit(name: str, logs: Floats, ended: NDArray[np.bool_], design: Floats) -> tuple[Floats, Floats]:
    """Maximise; give (coefficients, log sigma) and their covariance, zero for a fixed sigma."""
    fixed, ends, wide = name == "exponential", float(ended.sum()), np.column_stack([-design, logs])
    slope = np.linalg.lstsq(design, logs, rcond=None)[0]
    inverse = 1.0 if fixed else 1 / max(float((logs - design @ slope).std()), 1e-3)
    point = np.append(slope * inverse, inverse)
    free = slice(0, len(point) - 1 if fixed else len(point))

    def likelihood(at: Floats) -> tuple[float, Floats, Floats]:
        density, survival = (law(wide @ at) for law in LAWS[name])
        height, first, second = (np.where(ended, one, other) for one, other in zip(density, survival, strict=True))
        score, information = wide.T @ first, -(wide.T * second) @ wide
        score[-1] += ends / at[-1]
        information[-1, -1] += ends / at[-1] ** 2
        return float(height.sum() + ends * math.log(at[-1])), score[free], information[free, free]

    point, information = _climb(likelihood, point, free)
    covariance = np.zeros((len(point), len(point)))
    covariance[free, free] = np.linalg.inv(information)
    jacobian = np.eye(len(point)) / point[-1]
    jacobian[:-1, -1] = -point[:-1] / point[-1] ** 2
    jacobian[-1, -1] = -1 / point[-1]
    return np.append(point[:-1] / point[-1], -math.log(point[-1])), jacobian @ covariance @ jacobian.T


def _climb(
    likelihood: Callable[[Floats], tuple[float, Floats, Floats]], point: Floats, free: slice
) -> tuple[Floats, Floats]:
    """Climb a concave likelihood by Newton's steps, halved while they overshoot; give its top and the information."""
    value, score, information = likelihood(point)
    for _ in range(MOST_STEPS):
        step = np.zeros(len(point))
        try:
            step[free] = np.linalg.solve(information, score)
        except np.linalg.LinAlgError as error:
            raise NotComputable("the columns are collinear") from error
        size = 1.0
        while size > 1e-12 and ((point + size * step)[-1] <= 0 or likelihood(point + size * step)[0] < value):
            size /= 2
        point = point + size * step
        value, score, information = likelihood(point)
        if np.abs(size * step).max() <= 1e-11 * np.abs(point).max():
            return point, information
    raise NotComputable("the likelihood has no maximum")
