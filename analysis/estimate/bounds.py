"""Attrition: what can be said when outcomes are missing, without a model of why. Lee (2009) and Manski bounds.

1. Manski: every missing outcome may lie anywhere in the declared range; the bounds fill the worst and the best in.
2. Lee: assignment moves being observed in one direction only. The arm observed more often is trimmed from below and
   from above by the excess share; the bounds hold the effect on those observed in either arm. Tied values are
   trimmed by fractions, so that exactly the excess share goes.
3. With groups (strata, covariate cells) each is bounded apart and weighted by its share of those observed in either
   arm: never wider than without. A group may have its own direction; the notes say how many go against the
   majority.
4. Standard errors are Lee's for plain bounds, a seeded bootstrap within arm and group for groups or weights. The
   interval is that of Imbens & Manski (2004): it covers the effect, not the whole identified set.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import optimize, special

from analysis.estimate.cells import Bools, Floats, Ints, codes, tabulate
from analysis.estimate.difference import stratified_difference
from analysis.estimate.result import DegenerateError, Estimate, NotEstimable, estimator

LEE, MANSKI = "lee-bounds", "manski-bounds"


@dataclass(frozen=True)
class Bounds:
    """The effect lies between `low` and `high`; with the stated level between ci_low and ci_high."""

    low: float
    high: float
    low_se: float
    high_se: float
    ci_low: float
    ci_high: float
    level: float
    n: Mapping[str, int]
    estimator: str
    notes: tuple[str, ...] = ()


@estimator(MANSKI)
def manski(
    y: npt.ArrayLike,
    treated: npt.ArrayLike,
    stratum: npt.ArrayLike,
    *,
    lowest: float,
    highest: float,
    level: float,
    arms: tuple[str, str] = ("control", "treated"),
) -> Bounds | NotEstimable:
    """Bound the stratified difference when missing outcomes (NaN) may be anything from lowest to highest."""
    outcome, taken = np.asarray(y, dtype=np.float64), np.asarray(treated, dtype=bool)
    missing = np.isnan(outcome)
    if not lowest < highest:
        raise DegenerateError("the lowest possible outcome must be below the highest")
    if (outcome[~missing] < lowest).any() or (outcome[~missing] > highest).any():
        raise DegenerateError(f"an observed outcome lies outside {lowest:g} to {highest:g}")
    sides = []
    for of, against in ((lowest, highest), (highest, lowest)):
        filled = np.where(missing, np.where(taken, of, against), outcome)
        result = stratified_difference(tabulate(filled, taken, stratum, arms=arms), level=level)
        if not isinstance(result, Estimate):
            raise DegenerateError(result.reason)
        sides.append(result)
    low, high = sides
    notes = (f"{int(missing.sum())} missing outcomes",)
    return _bounds((low.value, high.value), (low.se, high.se), level=level, n=low.n, name=MANSKI, notes=notes)


@estimator(LEE)
def lee(
    y: npt.ArrayLike,
    treated: npt.ArrayLike,
    *,
    level: float,
    group: npt.ArrayLike | None = None,
    weight: npt.ArrayLike | None = None,
    draws: int = 500,
    seed: int = 0,
    arms: tuple[str, str] = ("control", "treated"),
) -> Bounds | NotEstimable:
    """Bound the effect on those observed in either arm; missing outcomes are NaN."""
    outcome, taken = np.asarray(y, dtype=np.float64), np.asarray(treated, dtype=bool)
    if np.isinf(outcome).any():
        raise DegenerateError(f"{int(np.isinf(outcome).sum())} citizens have an infinite outcome")
    names, groups = codes(np.zeros(len(outcome), dtype=np.int64) if group is None else group)
    masses = np.ones(len(outcome)) if weight is None else np.asarray(weight, dtype=np.float64)
    sizes = {arm: int((own & ~np.isnan(outcome)).sum()) for arm, own in zip(arms, (~taken, taken), strict=True)}
    low, high, against = _grouped(outcome, taken, groups, masses, len(names))
    notes = (f"{against} of {len(names)} groups trimmed in the other arm",) if against else ()
    if group is None and weight is None:
        errors = _analytic(outcome, taken)
    else:
        errors = _bootstrap(outcome, taken, groups, masses, draws=draws, seed=seed)
        notes = (*notes, f"standard errors from {draws} bootstrap draws, seed {seed}")
    return _bounds((low, high), errors, level=level, n=sizes, name=LEE, notes=notes)


def _grouped(outcome: Floats, taken: Bools, groups: Ints, weight: Floats, size: int) -> tuple[float, float, int]:
    parts = [_trimmed(outcome[groups == g], taken[groups == g], weight[groups == g]) for g in range(size)]
    shares = np.array([part[2] for part in parts])
    if shares.sum() <= 0:
        raise DegenerateError("nobody is observed in either arm")
    share = shares / shares.sum()
    low, high = (float(sum(s * part[side] for s, part in zip(share, parts, strict=True))) for side in (0, 1))
    directions = [part[3] for part in parts]
    return low, high, min(directions.count(True), directions.count(False))


def _trimmed(outcome: Floats, taken: Bools, weight: Floats) -> tuple[float, float, float, bool]:
    """Give the bounds of one group, the mass observed in either arm, and whether the second arm was trimmed."""
    seen = ~np.isnan(outcome)
    for own in (taken, ~taken):
        if not (own & seen).any():
            raise DegenerateError("an arm of a group has nobody observed")
    rates = [float(weight[own & seen].sum() / weight[own].sum()) for own in (~taken, taken)]
    second = rates[1] >= rates[0]
    more, fewer = (taken & seen, ~taken & seen) if second else (~taken & seen, taken & seen)
    keep = min(rates) / max(rates)
    bottom = _mean_of_share(outcome[more], weight[more], keep)
    top = -_mean_of_share(-outcome[more], weight[more], keep)
    other = float(np.average(outcome[fewer], weights=weight[fewer]))
    mass = min(rates) * float(weight.sum())
    return (bottom - other, top - other, mass, True) if second else (other - top, other - bottom, mass, False)


def _mean_of_share(values: Floats, weight: Floats, keep: float) -> float:
    """Give the mean of the lowest share of the mass, the value at the edge taken by a fraction."""
    order = np.argsort(values, kind="stable")
    mass = weight[order]
    target = keep * mass.sum()
    taken = np.clip(target - (np.cumsum(mass) - mass), 0, mass)
    return float((values[order] * taken).sum() / taken.sum())


def _analytic(outcome: Floats, taken: Bools) -> tuple[float, float]:
    """Standard errors after Lee (2009), proposition 3, for each bound."""
    seen = ~np.isnan(outcome)
    second = seen[taken].mean() >= seen[~taken].mean()
    more, fewer = (taken, ~taken) if second else (~taken, taken)
    rate, size = float(seen[fewer].mean()), len(outcome)
    keep = rate / float(seen[more].mean())
    share = float(more.mean())
    values, other = np.sort(outcome[more & seen]), outcome[fewer & seen]
    excess = keep**2 * ((1 - rate / keep) / (share * rate / keep) + (1 - rate) / ((1 - share) * rate))
    errors = []
    for own in (values, -values[::-1]):
        kept = own[: max(1, math.ceil(keep * len(own)))]
        edge, mean = float(kept[-1]), _mean_of_share(own, np.ones(len(own)), keep)
        observed = len(own) / size * keep
        variance = (kept.var() + (edge - mean) ** 2 * (1 - keep)) / observed
        variance += ((edge - mean) / keep) ** 2 * excess + other.var() / (len(other) / size)
        errors.append(math.sqrt(float(variance) / size))
    return (errors[0], errors[1]) if second else (errors[1], errors[0])


def _bootstrap(
    outcome: Floats, taken: Bools, groups: Ints, weight: Floats, *, draws: int, seed: int
) -> tuple[float, float]:
    rng = np.random.default_rng(seed)
    size = int(groups.max()) + 1
    cells = [np.flatnonzero((groups == g) & (taken == arm)) for g in range(size) for arm in (False, True)]
    found = []
    for _ in range(draws):
        rows = np.concatenate([rng.choice(own, len(own)) for own in cells])
        try:
            found.append(_grouped(outcome[rows], taken[rows], groups[rows], weight[rows], size)[:2])
        except DegenerateError:
            continue
    if len(found) < draws / 2:
        raise DegenerateError("the groups are too small for a bootstrap: most draws leave an arm unobserved")
    errors = np.std(np.array(found), axis=0, ddof=1)
    return float(errors[0]), float(errors[1])


def _bounds(
    ends: tuple[float, float], errors: tuple[float, float], *, level: float, n: Mapping[str, int], name: str,
    notes: tuple[str, ...],
) -> Bounds:  # fmt: skip
    (low, high), (low_se, high_se) = ends, errors
    if not all(math.isfinite(number) for number in (*ends, *errors)) or min(errors) <= 0:
        raise DegenerateError("the outcome does not vary within the arms: no standard error exists")
    width = (high - low) / max(errors)

    def excess(critical: float) -> float:
        return float(special.ndtr(critical + width) - special.ndtr(-critical)) - level

    critical = float(optimize.brentq(excess, 0.0, 20.0))
    bounds = Bounds(low, high, low_se, high_se, low, high, level, dict(n), name, notes)
    return replace(bounds, ci_low=low - critical * low_se, ci_high=high + critical * high_se)
