"""Robust variances of a fit of rows, for one linear combination of its coefficients.

1. The conventions and their names are those of `robust`: HC0 to HC3, CR0, CR1 (three kinds), CR2 with Satterthwaite
   degrees of freedom.
2. CR2 holds for any clusters, also those that cut across strata: within a cluster the hat matrix lives in the space
   of its stratum dummies and columns, so only matrices of that size are decomposed (Pustejovsky & Tipton 2018).
"""

import numpy as np

from analysis.estimate.cells import Floats, Ints, sums
from analysis.estimate.linear import Fit
from analysis.estimate.result import DegenerateError
from analysis.estimate.robust import CR, HC


def combination_variance(fit: Fit, combination: Floats, se_type: str) -> tuple[float, float]:
    """Give the variance of `combination @ coefficients` and its degrees of freedom."""
    direction = fit.bread @ np.asarray(combination, dtype=np.float64)
    if se_type in HC:
        return _hc(fit, direction, se_type), float(fit.size - fit.parameters)
    if se_type not in CR:
        raise DegenerateError(f"no standard error is called {se_type}: there are {', '.join((*HC, *CR))}")
    if fit.cluster is None:
        raise DegenerateError(f"{se_type} needs clusters and none are declared")
    return _cr(fit, direction, se_type)


def _hc(fit: Fit, direction: Floats, se_type: str) -> float:
    left = fit.size - fit.parameters
    if left <= 0:
        raise DegenerateError("no degrees of freedom are left: there are as many parameters as citizens")
    if se_type == "classical":
        spread = float((fit.weight * fit.residual**2).sum()) / left
        return spread * float(direction @ np.linalg.solve(fit.bread, direction))
    regressor = fit.columns @ direction
    squared = (fit.weight * regressor * fit.residual) ** 2
    if se_type in ("HC0", "HC1"):
        return float(squared.sum()) * (fit.size / left if se_type == "HC1" else 1.0)
    moving = np.abs(regressor) > 1e-10 * np.abs(regressor).max()
    kept = np.where(moving, 1 - fit.leverage(), 1.0)
    if (kept <= 1e-10).any():
        raise DegenerateError("a citizen alone decides the fit (leverage 1): no robust standard error exists")
    return float((squared / kept ** (1 if se_type == "HC2" else 2)).sum())


def _cr(fit: Fit, direction: Floats, se_type: str) -> tuple[float, float]:
    assert fit.cluster is not None  # noqa: S101 - checked by the caller
    groups = int(fit.cluster.max()) + 1
    if groups < 2:
        raise DegenerateError("all citizens belong to one cluster")
    if se_type == "CR2":
        return _cr2(fit, direction, groups)
    score = sums(fit.cluster, fit.weight * fit.residual * (fit.columns @ direction), groups)
    factor = 1.0
    if se_type == "CR1-groups":
        factor = groups / (groups - 1)
    elif se_type != "CR0":
        nested = se_type == "CR1-nested" and _nested(fit)
        counted = len(fit.names) + 1 if nested else fit.parameters
        factor = groups / (groups - 1) * (fit.size - 1) / (fit.size - counted)
    return factor * float((score**2).sum()), float(groups - 1)


def _nested(fit: Fit) -> bool:
    assert fit.cluster is not None  # noqa: S101 - checked by the caller
    if fit.strata is None:
        return False
    return len(set(zip(fit.strata.tolist(), fit.cluster.tolist(), strict=True))) == fit.absorbed


def _cr2(fit: Fit, direction: Floats, groups: int) -> tuple[float, float]:
    if (fit.weight != 1).any() or fit.strata is None:
        raise DegenerateError("CR2 takes no weights and one set of strata")
    cluster, strata = np.asarray(fit.cluster), fit.strata
    mass = np.bincount(strata).astype(np.float64)
    order = np.argsort(cluster, kind="stable")
    bounds = np.searchsorted(cluster[order], np.arange(groups + 1))
    value = 0.0
    own = np.zeros(groups)
    shared = np.zeros((groups, len(mass)))
    through = np.zeros((groups, len(fit.names)))
    for group in range(groups):
        rows = order[bounds[group] : bounds[group + 1]]
        adjusted = _adjusted(fit, rows, strata[rows], mass, direction)
        value += float(adjusted @ fit.residual[rows]) ** 2
        own[group] = adjusted @ adjusted
        shared[group] = sums(strata[rows], adjusted, len(mass))
        through[group] = fit.columns[rows].T @ adjusted
    matrix = np.diag(own) - (shared / mass) @ shared.T - through @ fit.bread @ through.T
    squares = float((matrix**2).sum())
    if squares <= 0:
        raise DegenerateError("the clusters leave nothing to estimate a variance from")
    return value, float(np.trace(matrix)) ** 2 / squares


def _adjusted(fit: Fit, rows: Ints, members: Ints, mass: Floats, direction: Floats) -> Floats:
    """Give A_g X_g (X'X)^-1 c, where A_g is the symmetric root of the pseudo-inverse of (I - H)_gg."""
    present, position = np.unique(members, return_inverse=True)
    basis = np.zeros((len(rows), len(present) + len(fit.names)))
    basis[np.arange(len(rows)), position] = 1
    basis[:, len(present) :] = fit.columns[rows]
    core = np.zeros((basis.shape[1], basis.shape[1]))
    core[: len(present), : len(present)] = np.diag(1 / mass[present])
    core[len(present) :, len(present) :] = fit.bread
    q, r = np.linalg.qr(basis)
    values, vectors = np.linalg.eigh(np.eye(r.shape[0]) - r @ core @ r.T)
    roots = np.where(values > 1e-9, 1 / np.sqrt(np.maximum(values, 1e-300)), 0.0)
    target = r[:, len(present) :] @ direction
    adjusted: Floats = q @ (vectors @ (roots * (vectors.T @ target)))
    return adjusted
