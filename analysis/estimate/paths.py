"""Differences week by week with a simultaneous band: cumulative employment, and survival.

1. Cumulative employment: for each week the stratified difference of the weeks employed so far, with the Neyman
   covariance of all weeks together.
2. Survival: the difference of the two Kaplan-Meier curves; cov(S(s), S(t)) = S(s) S(t) times Greenwood's sum at the
   earlier week, arms independent.
3. The band has one critical value for all weeks: the quantile of the largest |t| over weeks under a normal law with
   the estimated correlation, from seeded draws. It covers the whole path at the stated level; the pointwise
   intervals do not.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.estimate.cells import Bools, Floats, codes
from analysis.estimate.counts import Counts
from analysis.estimate.kaplan_meier import survival
from analysis.estimate.linear import finite
from analysis.estimate.result import DegenerateError, NotEstimable, estimator, quantile

EMPLOYMENT = "employment-path"
SURVIVAL = "survival-path"


@dataclass(frozen=True)
class PathPoint:
    """One week of a path; `low`, `high` hold for the week alone, `band_low`, `band_high` for all weeks together."""

    week: int
    value: float
    se: float
    low: float
    high: float
    band_low: float
    band_high: float


@dataclass(frozen=True)
class Path:
    """A difference week by week; weeks whose difference has no variance are not in it."""

    name: str
    level: float
    critical: float
    draws: int
    seed: int
    points: tuple[PathPoint, ...]


@estimator(EMPLOYMENT)
def employment_path(
    employed: npt.ArrayLike,
    treated: npt.ArrayLike,
    stratum: npt.ArrayLike,
    *,
    level: float,
    seed: int,
    draws: int = 20_000,
) -> Path | NotEstimable:
    """Estimate the difference in weeks employed so far. `employed`: citizens x weeks, 0, 1 or a share of the week."""
    weeks = finite(employed, "week of employment")
    if weeks.ndim != 2 or not weeks.size:
        raise DegenerateError("no citizen has an observed week")
    so_far = weeks.cumsum(axis=1)
    taken = np.asarray(treated, dtype=bool)
    labels, strata = codes(stratum)
    value, covariance = np.zeros(so_far.shape[1]), np.zeros((so_far.shape[1],) * 2)
    for code, label in enumerate(labels):
        own = strata == code
        share = own.sum() / len(strata)
        for sign, arm in ((1, own & taken), (-1, own & ~taken)):
            mean, spread = _moments(so_far[arm], label)
            value += sign * share * mean
            covariance += share**2 * spread
    return _band(EMPLOYMENT, value, covariance, level=level, seed=seed, draws=draws)


@estimator(SURVIVAL)
def survival_path(counts: Counts, *, level: float, seed: int, draws: int = 20_000) -> Path | NotEstimable:
    """Estimate the difference of the survival curves, second arm minus first, while both arms are at risk."""
    at_risk, exits = counts.at_risk().sum(axis=1), counts.exits().sum(axis=1)
    last = int(min(np.flatnonzero(at_risk[arm] > exits[arm])[-1] for arm in (0, 1)))
    value, covariance = np.zeros(last), np.zeros((last, last))
    for sign, arm in ((-1, 0), (1, 1)):
        curve, greenwood = survival(at_risk[arm, : last + 1], exits[arm, : last + 1])
        own, sums = curve[1:], greenwood[1:]
        value += sign * own
        covariance += np.outer(own, own) * np.minimum.outer(sums, sums)
    return _band(SURVIVAL, value, covariance, level=level, seed=seed, draws=draws)


def _moments(rows: Floats, label: str) -> tuple[Floats, Floats]:
    if len(rows) < 2:
        raise DegenerateError(f"stratum {label} has fewer than 2 citizens in an arm")
    mean = rows.mean(axis=0)
    away = rows - mean
    return mean, away.T @ away / (len(rows) - 1) / len(rows)


def _band(name: str, value: Floats, covariance: Floats, *, level: float, seed: int, draws: int) -> Path:
    variance = np.diag(covariance)
    seen: Bools = variance > 1e-12 * max(float(variance.max(initial=0.0)), 1e-300)
    if not seen.any():
        raise DegenerateError("no week's difference has a variance")
    root = np.sqrt(variance[seen])
    critical = sup_t(covariance[np.ix_(seen, seen)] / np.outer(root, root), level=level, seed=seed, draws=draws)
    pointwise = quantile(0.5 + level / 2, None)
    points = tuple(
        PathPoint(int(week), float(v), float(r), float(v - pointwise * r), float(v + pointwise * r),
                  float(v - critical * r), float(v + critical * r))
        for week, v, r in zip(np.flatnonzero(seen) + 1, value[seen], root, strict=True)
    )  # fmt: skip
    return Path(name, level, critical, draws, seed, points)


def sup_t(correlation: Floats, *, level: float, seed: int, draws: int) -> float:
    """Give the quantile of the largest |t| under a normal law with this correlation, from seeded draws."""
    values, vectors = np.linalg.eigh(correlation)
    root = vectors * np.sqrt(np.maximum(values, 0))
    rng = np.random.default_rng(seed)
    largest = np.abs(rng.standard_normal((draws, len(values))) @ root.T).max(axis=1)
    return max(float(np.quantile(largest, level)), quantile(0.5 + level / 2, None))
