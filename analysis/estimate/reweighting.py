"""Inverse-probability weighting and the doubly robust estimator, with a propensity estimated from the data.

1. Weights are normalised (Hajek). ATE: 1/e for the treated, 1/(1-e) for the untreated. ATT: 1 and e/(1-e).
2. The doubly robust estimator adds, to the difference of two linear predictions, the weighted residuals (Robins,
   Rotnitzky & Zhao 1994); it is right when either the propensity or the outcome model is.
3. The standard error is that of the influence function with the estimation of the propensity and of the outcome
   models accounted for (M-estimation: valid for both targets, also when one of the two models is wrong).
   `influence-function-clustered` adds it up within clusters, with G/(G-1).
4. Each result carries what weighting cost: the extreme propensities, the share outside 0.1 to 0.9, and the effective
   number of citizens of each arm.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from analysis.estimate.cells import Bools, Floats, Ints, sums
from analysis.estimate.dummies import Columns, columns_of, independent
from analysis.estimate.observational import ARMS, Absorbed, Compared, cluster_codes, labels, read_treatment, sizes
from analysis.estimate.propensity import OneSided, Propensity, fit_propensity, one_sided_rows
from analysis.estimate.result import DegenerateError, Result, estimated, estimator

WEIGHTED = "estimated-propensity-weights"
DOUBLY = "doubly-robust"
SE_TYPES = ("influence-function", "influence-function-clustered")
Target = Literal["ATE", "ATT"]


@dataclass(frozen=True)
class _Sample:
    """The rows in use, their propensity and the weights of the target."""

    outcome: Floats
    treated: Floats
    propensity: Propensity
    target: Target
    cluster: Ints | None
    notes: tuple[str, ...]

    @property
    def weights(self) -> tuple[Floats, Floats]:
        """The weight of a row as a treated and as an untreated one; zero where it is not."""
        chance = self.propensity.chance
        if self.target == "ATT":
            return self.treated, (1 - self.treated) * chance / (1 - chance)
        return self.treated / chance, (1 - self.treated) / (1 - chance)

    @property
    def slopes(self) -> tuple[Floats, Floats]:
        """The derivative of those weights by the linear index of the propensity."""
        chance = self.propensity.chance
        odds = (1 - self.treated) * chance / (1 - chance)
        return (np.zeros(len(odds)) if self.target == "ATT" else -self.treated * (1 - chance) / chance), odds


@estimator(WEIGHTED)
def propensity_weighted(
    data: Compared,
    *,
    target: Target,
    absorb: Sequence[Absorbed],
    one_sided: OneSided,
    se_type: str,
    level: float,
    arms: tuple[str, str] = ARMS,
) -> Result:
    """Estimate the ATE or ATT by inverse-probability weights from a logit of covariates and absorbed dummies.

    absorb: as in `covariate_regression`. one_sided: "refuse" or "leave-out" strata and periods in which everybody or
    nobody is treated. se_type: "influence-function" or "influence-function-clustered".
    """
    sample = _sample(data, target, absorb, one_sided)
    first, second = sample.weights
    treated, untreated = (float(weight @ sample.outcome / weight.sum()) for weight in (first, second))
    size = len(sample.outcome)
    scale = (first.sum() / size, second.sum() / size)
    own = first * (sample.outcome - treated) / scale[0] - second * (sample.outcome - untreated) / scale[1]
    slopes = sample.slopes
    along = slopes[0] * (sample.outcome - treated) / scale[0] - slopes[1] * (sample.outcome - untreated) / scale[1]
    own = own + _through_propensity(sample, along)
    return _estimated(sample, treated - untreated, own, arms, se_type=se_type, level=level, name=WEIGHTED)


@estimator(DOUBLY)
def doubly_robust(
    data: Compared,
    *,
    target: Target,
    absorb: Sequence[Absorbed],
    one_sided: OneSided,
    se_type: str,
    level: float,
    arms: tuple[str, str] = ARMS,
) -> Result:
    """Estimate the ATE or ATT by augmented inverse-probability weights; arguments as in `propensity_weighted`."""
    sample = _sample(data, target, absorb, one_sided)
    first, second = sample.weights
    slopes, taken = sample.slopes, sample.treated
    below = _predict(sample, taken == 0)
    residual = sample.outcome - below.predicted
    if target == "ATT":
        share = float(taken.mean())
        terms = (taken - second) * residual / share
        value = float(terms.mean())
        own = terms - taken * value / share + _through_propensity(sample, -slopes[1] * residual / share)
        own = own + below.through(-(taken - second) / share)
    else:
        above = _predict(sample, taken == 1)
        beyond = sample.outcome - above.predicted
        terms = above.predicted - below.predicted + first * beyond - second * residual
        value = float(terms.mean())
        own = terms - value + _through_propensity(sample, slopes[0] * beyond - slopes[1] * residual)
        own = own + above.through(1 - first) - below.through(1 - second)
    return _estimated(sample, value, own, arms, se_type=se_type, level=level, name=DOUBLY)


def _sample(data: Compared, target: Target, absorb: Sequence[Absorbed], one_sided: OneSided) -> _Sample:
    if target not in ("ATE", "ATT"):
        raise DegenerateError(f"no target is called {target}: there are ATE and ATT")
    treated, outcome = read_treatment(data)
    columns = columns_of(labels(data, absorb), data.covariates, data.names, len(outcome))
    cluster = cluster_codes(data)
    keep = one_sided_rows(treated, columns.sets if absorb else (), one_sided)
    notes: tuple[str, ...] = ()
    if not keep.all():
        left = int((~keep).sum())
        notes = (f"{left} citizens left out: everybody or nobody of their stratum or period is treated",)
        treated, outcome, columns = treated[keep], outcome[keep], columns.part(keep)
        cluster = None if cluster is None else cluster[keep]
    fitted = fit_propensity(columns, treated)
    groups = None if cluster is None else np.unique(cluster, return_inverse=True)[1].astype(np.int64)
    return _Sample(outcome, treated, fitted, target, groups, (*notes, *fitted.notes))


@dataclass(frozen=True)
class _Prediction:
    """A linear model of the outcome fitted on one arm and predicted for every row."""

    columns: Columns
    kept: Ints
    inverse: Floats  # of the Gram matrix of the arm, over the kept columns
    predicted: Floats
    score: Floats  # residual of each row of the arm, zero elsewhere

    def through(self, along: Floats) -> Floats:
        """Give each row's influence on the mean of `along x prediction` through the fitted coefficients."""
        full = np.zeros(self.columns.width)
        full[self.kept] = self.inverse @ self.columns.sums(along)[self.kept]
        own: Floats = self.columns.times(full) * self.score
        return own


def _predict(sample: _Sample, rows: Bools) -> _Prediction:
    columns, mass = sample.propensity.columns, rows.astype(np.float64)
    gram = columns.gram(mass)
    kept = independent(gram)
    inverse = np.linalg.inv(gram[np.ix_(kept, kept)]).astype(np.float64)
    value = np.zeros(columns.width)
    value[kept] = inverse @ columns.sums(mass * sample.outcome)[kept]
    predicted = columns.times(value)
    return _Prediction(columns, kept, inverse, predicted, mass * (sample.outcome - predicted))


def _through_propensity(sample: _Sample, along: Floats) -> Floats:
    """Give each row's influence, through the estimated propensity, on the mean of a term with this derivative."""
    direction = sample.propensity.columns.sums(along)
    return sample.propensity.influence(direction, sample.treated)


def _estimated(
    sample: _Sample, value: float, own: Floats, arms: tuple[str, str], *, se_type: str, level: float, name: str
) -> Result:
    size = len(own)
    if se_type == "influence-function":
        squared = float(own @ own) / size**2
    elif se_type == "influence-function-clustered":
        if sample.cluster is None:
            raise DegenerateError(f"{se_type} needs clusters and none are declared")
        groups = int(sample.cluster.max()) + 1
        if groups < 2:
            raise DegenerateError("all citizens belong to one cluster")
        squared = groups / (groups - 1) * float((sums(sample.cluster, own, groups) ** 2).sum()) / size**2
    else:
        raise DegenerateError(f"no standard error is called {se_type}: there are {', '.join(SE_TYPES)}")
    chance = sample.propensity.chance
    effective = [float(weight.sum() ** 2 / (weight**2).sum()) for weight in sample.weights]
    extra = {
        "smallest_propensity": float(chance.min()), "largest_propensity": float(chance.max()),
        "share_outside_10_90": float(((chance < 0.1) | (chance > 0.9)).mean()),
        "effective_untreated": effective[1], "effective_treated": effective[0],
    }  # fmt: skip
    notes = (f"target {sample.target}", *sample.notes)
    n = sizes(sample.treated, arms)
    return estimated(value, squared, level=level, n=n, se_type=se_type, estimator=name, notes=notes, extra=extra)
