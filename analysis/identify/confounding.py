"""How strong a confounder nobody saw must be: E-value, Oster's delta, Rosenbaum's gamma. Pure functions.

1. E-value: RR + sqrt(RR (RR - 1)) for a risk ratio above 1, of 1/RR below. VanderWeele & Ding (2017), Annals of
   Internal Medicine 167, 268-274.
2. Delta: the degree of proportional selection at which the effect is 0, proposition 3 of Oster (2019), Journal of
   Business & Economic Statistics 37, 187-204. Cells count as controls that belong to both regressions.
3. Gamma: bounds on the p-value when two units alike may differ in the odds of treatment by gamma at most. Rosenbaum
   (2002), Observational Studies, 4.3: the signed rank statistic for pairs, a pair without difference ranked and then
   left out. Mantel-Haenszel within strata: mean and variance of the extended hypergeometric distribution, exact in
   cells of up to 60 units, of large samples beyond. One-sided, in the direction found; normal approximation.
"""

import math
from collections.abc import Callable

import numpy as np
from scipy import optimize, special

from analysis.identify.comparison import Comparison
from analysis.identify.partial import Floats, Ints, partial

MOST = 1000.0
EXACT = 60  # units of a cell up to which every possible table is counted


def e_value(ratio: float) -> float:
    """Give the E-value of a risk ratio; 1 for none."""
    above = ratio if ratio >= 1 else 1 / max(ratio, 1e-12)
    return above + math.sqrt(above * (above - 1))


def oster_delta(units: Comparison, r_max_times: float) -> float | None:
    """Give the proportional selection that makes the effect 0; None where there are no controls or no slope."""
    if not units.covariates.shape[1]:
        return None
    none = np.zeros((len(units), 0))
    short, long = (partial((units.stratum, units.period), one) for one in (none, units.covariates))
    x, y = short(units.treatment.astype(np.float64)), short(units.outcome)
    left_x, left_y = long(units.treatment.astype(np.float64)), long(units.outcome)
    mass, left = float(x @ x), float(left_x @ left_x)
    total = float(y @ y)
    if min(mass, left, total) <= 1e-12 * len(x):
        return None
    beta_short, beta_long = float(x @ y) / mass, float(left_x @ left_y) / left
    r_short = beta_short**2 * mass / total
    r_long = 1 - (float(left_y @ left_y) - beta_long**2 * left) / total
    n = len(x)
    return delta_at_zero(
        beta_short, beta_long, r_short, r_long, r_max=min(1.0, r_max_times * r_long), var_y=total / n, var_x=mass / n,
        var_left=left / n,
    )  # fmt: skip


def delta_at_zero(
    beta_short: float, beta_long: float, r_short: float, r_long: float, *, r_max: float, var_y: float, var_x: float,
    var_left: float,
) -> float | None:  # fmt: skip
    """Give delta for an effect of 0 (Oster 2019, proposition 3); None where no finite one exists."""
    moved, b, t = beta_short - beta_long, beta_long, var_left
    shared = b**2 * t * moved * var_x + b**3 * (t * var_x - t**2)
    above = b * (r_long - r_short) * var_y * t + b * var_x * t * moved**2 + shared + b**2 * t * moved * var_x
    below = (r_max - r_long) * var_y * moved * var_x + b * (r_max - r_long) * var_y * (var_x - t) + shared
    return above / below if abs(below) > 1e-300 else None


def signed_rank_gamma(differences: Floats, alpha: float) -> float | None:
    """Give the gamma at which the upper p-value of the signed rank test of pairs reaches alpha."""
    all_ranks = mean_ranks(np.abs(differences))
    used = differences != 0
    if used.sum() < 2:
        return None
    ranks, own = all_ranks[used], float(all_ranks[differences > 0].sum())
    towards = max(own, float(ranks.sum()) - own)
    return _crossing(lambda gamma: signed_rank_p(ranks, towards, gamma), alpha)


def mean_ranks(values: Floats) -> Floats:
    """Rank values from 1; equal ones share the mean of their ranks."""
    _, position, count = np.unique(values, return_inverse=True, return_counts=True)
    ranks: Floats = (np.cumsum(count) - (count - 1) / 2)[position]
    return ranks


def signed_rank_p(ranks: Floats, statistic: float, gamma: float) -> float:
    """Give the upper bound of the one-sided p-value of a signed rank statistic at gamma."""
    chance = gamma / (1 + gamma)
    spread = math.sqrt(chance * (1 - chance) * float(ranks @ ranks))
    return float(special.ndtr((chance * float(ranks.sum()) - statistic) / spread))


def mantel_haenszel_gamma(
    outcome: Floats, treatment: np.ndarray[tuple[int], np.dtype[np.int8]], cell: Ints, size: int, alpha: float
) -> float | None:
    """Give the gamma at which the upper p-value of the Mantel-Haenszel test reaches alpha."""
    n, treated, events, both = cell_counts(outcome, treatment, cell, size)
    if not len(n):
        return None
    if float(both.sum()) < float((treated * events / n).sum()):  # the direction found: fewer events if treated
        events, both = n - events, treated - both
    return _crossing(lambda gamma: mantel_haenszel_p(n, treated, events, float(both.sum()), gamma), alpha)


def cell_counts(
    outcome: Floats, treatment: np.ndarray[tuple[int], np.dtype[np.int8]], cell: Ints, size: int
) -> tuple[Floats, Floats, Floats, Floats]:
    """Count units, treated, events and treated events of the cells that carry information."""
    taken = treatment.astype(np.float64)

    def count(weight: Floats) -> Floats:
        own: Floats = np.bincount(cell, weights=weight, minlength=size).astype(np.float64)
        return own

    n, treated, events, both = (count(weight) for weight in (np.ones(len(cell)), taken, outcome, taken * outcome))
    informs = (treated > 0) & (treated < n) & (events > 0) & (events < n)
    return n[informs], treated[informs], events[informs], both[informs]


def mantel_haenszel_p(n: Floats, treated: Floats, events: Floats, statistic: float, gamma: float) -> float:
    """Give the upper bound of the one-sided p-value of treated events at gamma."""
    small = n <= EXACT
    own = [_exact(n[small], treated[small], events[small], gamma)] if small.any() else []
    own += [_large(n[~small], treated[~small], events[~small], gamma)] if not small.all() else []
    mean, variance = (sum(one[at] for one in own) for at in (0, 1))
    return float(special.ndtr((mean - statistic) / math.sqrt(variance)))


def _exact(n: Floats, treated: Floats, events: Floats, gamma: float) -> tuple[float, float]:
    """Add up means and variances of the extended hypergeometric distribution, over every possible table."""
    count = np.arange(EXACT + 1)[None, :]
    n, treated, events = n[:, None], treated[:, None], events[:, None]
    possible = (count >= np.maximum(0, treated + events - n)) & (count <= np.minimum(treated, events))
    with np.errstate(invalid="ignore", divide="ignore"):
        logs = count * math.log(gamma) - sum(
            special.gammaln(np.maximum(one, 0) + 1.0)
            for one in (count, treated - count, events - count, n - treated - events + count)
        )
    logs = np.where(possible, logs, -np.inf)
    chance = np.exp(logs - logs.max(axis=1, keepdims=True))
    chance /= chance.sum(axis=1, keepdims=True)
    mean = (chance * count).sum(axis=1)
    return float(mean.sum()), float(((chance * count * count).sum(axis=1) - mean * mean).sum())


def _large(n: Floats, treated: Floats, events: Floats, gamma: float) -> tuple[float, float]:
    """Add up large-sample means and variances.

    The mean solves gamma = mean (n - treated - events + mean) / ((treated - mean) (events - mean)).
    """
    if gamma == 1:
        mean = treated * events / n
        return float(mean.sum()), float((mean * (n - treated) * (n - events) / (n * (n - 1))).sum())
    b = (gamma - 1) * (treated + events) + n
    mean = (b - np.sqrt(b * b - 4 * (gamma - 1) * gamma * treated * events)) / (2 * (gamma - 1))
    parts = (mean, treated - mean, events - mean, n - treated - events + mean)
    variance = 1 / np.sum([1 / np.maximum(part, 1e-12) for part in parts], axis=0)
    return float(mean.sum()), float(variance.sum())


def _crossing(p: Callable[[float], float], alpha: float) -> float:
    """Give the gamma of at least 1 at which an increasing p-value crosses alpha."""
    if p(1.0) >= alpha:
        return 1.0
    if p(MOST) < alpha:
        return MOST
    return float(optimize.brentq(lambda gamma: p(gamma) - alpha, 1.0, MOST, xtol=1e-9))
