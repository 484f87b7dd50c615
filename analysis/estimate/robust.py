"""Robust variances of one absorbed regressor, from cells: HC0 to HC3, CR0 to CR2, each by its own name.

1. `HC1` multiplies by n/(n-k) with k every parameter, strata included: as statsmodels with dummies, fixest, estimatr.
2. `HC2` divides by one minus the leverage of the whole design, strata included (estimatr; MacKinnon & White 1985).
   With strata of equal shares it is the Neyman variance: the default of a randomised design.
3. `CR1` multiplies by G/(G-1) (n-1)/(n-k) with k every parameter (Stata `regress`, statsmodels, estimatr "stata");
   `CR1-nested` leaves out strata nested in clusters (fixest, pyfixest); `CR1-groups` has G/(G-1) only
   (linearmodels with group_debias). Three numbers are called CR1 elsewhere.
4. `CR2` is Bell & McCaffrey (2002) with Satterthwaite degrees of freedom (Pustejovsky & Tipton 2018), working model
   identity. With absorbed strata nested in clusters the adjustment is a scalar for each cluster; with strata that cut
   across clusters, as where whole clusters are drawn, it is a matrix as large as the cluster has cells. Citizens of a
   cell have one row of the design, so nothing is lost by it.
5. A cell whose regressor equals its stratum mean (one arm only) tells nothing and has no weight.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from analysis.estimate.cells import Cells, Floats, sums
from analysis.estimate.result import DegenerateError

HC = ("classical", "HC0", "HC1", "HC2", "HC3")
CR = ("CR0", "CR1", "CR1-nested", "CR1-groups", "CR2")


@dataclass(frozen=True)
class Fit:
    """What a variance needs: the residualised regressor, residual sums and squares by cell, and the slope's scale."""

    cells: Cells
    regressor: Floats  # by cell, residualised within the stratum
    residual: Floats  # sum of residuals by cell
    residual_squares: Floats
    scale: float  # the slope is the score divided by this
    strata_mass: Floats
    parameters: int

    @property
    def leverage(self) -> Floats:
        """The leverage of one citizen of each cell in the design of strata and regressor."""
        weight, spread = self.cells.weight, self.regressor_squares
        return weight * (1 / self.strata_mass[self.cells.stratum] + self.regressor**2 / spread)

    @property
    def regressor_squares(self) -> float:
        """The weighted sum of squares of the residualised regressor."""
        return float((self.cells.weight * self.cells.n * self.regressor**2).sum())


def variance(fit: Fit, se_type: str) -> tuple[float, float]:
    """Give the variance of the slope and the degrees of freedom of its t distribution."""
    if se_type in HC:
        return _hc(fit, se_type), float(fit.cells.size - fit.parameters)
    if se_type not in CR:
        raise DegenerateError(f"no standard error is called {se_type}: there are {', '.join((*HC, *CR))}")
    if not fit.cells.clustered:
        raise DegenerateError(f"{se_type} needs clusters and none are declared")
    return _cr(fit, se_type)


def _hc(fit: Fit, se_type: str) -> float:
    size, left = fit.cells.size, fit.cells.size - fit.parameters
    if left <= 0:
        raise DegenerateError("no degrees of freedom are left: there are as many parameters as citizens")
    weight = fit.cells.weight
    if se_type == "classical":
        spread = float((weight * fit.residual_squares).sum()) / left
        return spread * fit.regressor_squares / fit.scale**2
    moving = np.abs(fit.regressor) > 1e-12
    kept = np.where(moving, 1 - fit.leverage, 1.0)
    if (kept <= 1e-10).any():
        raise DegenerateError("a citizen alone decides the fit (leverage 1): no robust standard error exists")
    power = {"HC2": 1, "HC3": 2}.get(se_type, 0)
    meat = float((weight**2 * fit.regressor**2 * fit.residual_squares / kept**power).sum())
    return meat * (size / left if se_type == "HC1" else 1.0) / fit.scale**2


def _cr(fit: Fit, se_type: str) -> tuple[float, float]:
    cells = fit.cells
    groups = int(cells.cluster.max()) + 1
    if groups < 2:
        raise DegenerateError("all citizens belong to one cluster")
    score = _by_cluster(cells, cells.weight * fit.regressor * fit.residual, groups)
    if se_type == "CR2":
        return _cr2(fit, score, groups)
    nested = strata_nested(cells)
    counted = 2 if se_type == "CR1-nested" and nested else fit.parameters
    factor: dict[str, Callable[[], float]] = {
        "CR0": lambda: 1.0,
        "CR1-groups": lambda: groups / (groups - 1),
        "CR1": lambda: groups / (groups - 1) * (cells.size - 1) / (cells.size - counted),
    }
    return factor.get(se_type, factor["CR1"])() * float((score**2).sum()) / fit.scale**2, float(groups - 1)


def strata_nested(cells: Cells) -> bool:
    """Tell whether every stratum lies within one cluster."""
    pairs = set(zip(cells.stratum.tolist(), cells.cluster.tolist(), strict=True))
    return len(pairs) == len(cells.strata)


def _cr2(fit: Fit, score: Floats, groups: int) -> tuple[float, float]:
    cells = fit.cells
    if (cells.weight != 1).any():
        raise DegenerateError("CR2 from cells takes no weights; fit the rows instead")
    if not strata_nested(cells):
        return _cr2_across(fit, groups)
    share = _by_cluster(cells, cells.n * fit.regressor**2, groups) / fit.regressor_squares
    if (share >= 1 - 1e-10).any():
        raise DegenerateError("one cluster alone decides the fit: CR2 does not exist")
    value = float((score**2 / (1 - share)).sum()) / fit.scale**2
    return value, satterthwaite(share)


def _cr2_across(fit: Fit, groups: int) -> tuple[float, float]:
    """CR2 of strata that cut across clusters: the rows' own algebra in the unit vectors of a cluster's cells."""
    cells, mass, spread = fit.cells, fit.strata_mass, fit.regressor_squares
    root = np.sqrt(cells.n.astype(np.float64))
    order = np.argsort(cells.cluster, kind="stable")
    bounds = np.searchsorted(cells.cluster[order], np.arange(groups + 1))
    value, own = 0.0, np.zeros(groups)
    shared, through = np.zeros((groups, len(mass))), np.zeros(groups)
    for group in range(groups):
        rows = order[bounds[group] : bounds[group + 1]]
        stratum, target = cells.stratum[rows], root[rows] * fit.regressor[rows]
        same = (stratum[:, None] == stratum[None, :]) / mass[stratum]
        values, vectors = np.linalg.eigh(
            np.eye(len(rows)) - np.outer(root[rows], root[rows]) * same - np.outer(target, target) / spread
        )
        roots = np.where(values > 1e-9, 1 / np.sqrt(np.maximum(values, 1e-300)), 0.0)
        adjusted = vectors @ (roots * (vectors.T @ target))
        value += float((adjusted / root[rows]) @ fit.residual[rows]) ** 2
        own[group], through[group] = adjusted @ adjusted, adjusted @ target
        shared[group] = sums(stratum, adjusted * root[rows], len(mass))
    matrix = np.diag(own) - (shared / mass) @ shared.T - np.outer(through, through) / spread
    squares = float((matrix**2).sum())
    if squares <= 1e-20 * float((own**2).sum()):
        raise DegenerateError("the clusters leave nothing to estimate a variance from")
    return value / fit.scale**2, float(np.trace(matrix)) ** 2 / squares


def _by_cluster(cells: Cells, values: Floats, groups: int) -> Floats:
    return sums(cells.cluster, values, groups)


def satterthwaite(share: Floats) -> float:
    """Degrees of freedom of CR2 when cluster g holds this share of the regressor's sum of squares."""
    scaled = share / np.sqrt(1 - share)
    matrix = np.diag(share / (1 - share)) - np.outer(scaled, scaled)
    return float(np.trace(matrix) ** 2 / (matrix**2).sum())
