"""Published examples of what hidden confounding would take, and exact twins of the approximations."""

from itertools import product

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from analysis.identify.comparison import Comparison
from analysis.identify.confounding import (
    cell_counts,
    delta_at_zero,
    e_value,
    mantel_haenszel_gamma,
    mantel_haenszel_p,
    oster_delta,
    signed_rank_gamma,
    signed_rank_p,
)

# Lead in the blood of 33 children of workers exposed to lead and of neighbours' children (Morton et al. 1982), as in
# Rosenbaum (2002), Observational Studies, section 3.2.
EXPOSED = [38, 23, 41, 18, 37, 36, 23, 62, 31, 34, 24, 14, 21, 17, 16, 20, 15, 10, 45, 39, 22, 35, 49, 48, 44, 35, 43,
           39, 34, 13, 73, 25, 27]  # fmt: skip
NEIGHBOURS = [16, 18, 18, 24, 19, 11, 10, 15, 16, 18, 18, 13, 19, 10, 16, 16, 24, 13, 9, 14, 21, 19, 7, 18, 19, 12,
              11, 22, 25, 16, 13, 11, 13]  # fmt: skip


@pytest.mark.parametrize(
    ("ratio", "published"),
    [(3.9, 7.2), (1.8, 3.0), (10.73, 20.9), (8.02, 15.5), (1.0, 1.0)],
    ids=["breastfeeding", "its lower limit", "smoking", "its lower limit ", "none"],
)  # VanderWeele & Ding (2017): figures as printed, cut to one decimal
def test_e_values_as_published(ratio, published):
    assert int(10 * e_value(ratio) + 1e-9) / 10 == pytest.approx(published, abs=0.101)
    assert e_value(1 / ratio) == pytest.approx(e_value(ratio))


@pytest.mark.parametrize(
    ("gamma", "published"), [(1, 0.0001), (2, 0.0018), (3, 0.0136), (4, 0.0388), (4.25, 0.0468), (5, 0.0740)]
)  # Rosenbaum (2002), table 4.1
def test_lead_in_childrens_blood(gamma, published):
    differences = np.array(EXPOSED, dtype=float) - np.array(NEIGHBOURS)
    ranks = stats.rankdata(np.abs(differences))  # one pair has no difference: it is ranked and then left out
    statistic = float(ranks[differences > 0].sum())
    assert statistic == 527
    assert signed_rank_p(ranks[differences != 0], statistic, gamma) == pytest.approx(published, abs=0.0001)
    assert 4.25 < signed_rank_gamma(differences, 0.05) < 4.5


def test_signed_ranks_against_every_sign():
    differences = np.array([1.0, -2.0, 3.5, 4.0, 5.5, -0.5, 6.0, 7.5])
    ranks = stats.rankdata(np.abs(differences))
    own = ranks[differences > 0].sum()
    for gamma in (1.0, 2.0):
        chance = gamma / (1 + gamma)
        exact = sum(
            np.prod(np.where(signs, chance, 1 - chance))
            for signs in (np.array(one) for one in product((False, True), repeat=8))
            if ranks[signs].sum() >= own
        )
        assert signed_rank_p(ranks, own, gamma) == pytest.approx(exact, abs=0.03)


def _tables(seed, cells=40, size=60):
    rng = np.random.default_rng(seed)
    cell = np.repeat(np.arange(cells), size)
    treated = (rng.random(len(cell)) < 0.4).astype(np.int8)
    outcome = (rng.random(len(cell)) < 0.3 + 0.15 * treated).astype(float)
    return outcome, treated, cell, cells


def test_mantel_haenszel_without_confounding_is_the_known_test():
    outcome, treated, cell, cells = _tables(1)
    n, taken, events, both = cell_counts(outcome, treated, cell, cells)
    p = mantel_haenszel_p(n, taken, events, float(both.sum()), 1.0)
    tables = [[[b, t - b], [e - b, m - t - e + b]] for m, t, e, b in zip(n, taken, events, both, strict=True)]
    known = sm.stats.StratifiedTable(np.transpose(np.array(tables), (1, 2, 0))).test_null_odds(correction=False)
    assert 2 * p == pytest.approx(known.pvalue, rel=1e-9)


@pytest.mark.parametrize(("cells", "size", "close"), [(40, 8, 1e-9), (40, 60, 1e-9), (6, 400, 0.01)])
def test_mantel_haenszel_at_gamma_against_the_exact_distribution(cells, size, close):
    outcome, treated, cell, cells = _tables(2, cells, size)
    n, taken, events, both = cell_counts(outcome, treated, cell, cells)
    for gamma in (1.0, 1.3, 2.0):
        exact = [
            stats.nchypergeom_fisher.stats(int(m), int(e), int(t), gamma, moments="mv")
            for m, t, e in zip(n, taken, events, strict=True)
        ]
        mean, variance = (sum(float(one[at]) for one in exact) for at in (0, 1))
        known = stats.norm.sf((float(both.sum()) - mean) / np.sqrt(variance))
        assert mantel_haenszel_p(n, taken, events, float(both.sum()), gamma) == pytest.approx(known, abs=close)


def test_smoking_and_lung_cancer():
    """110 of 122 pairs in which one man of two died were those of the smoker (Hammond 1964; Rosenbaum 2002, 4.2)."""
    pairs = np.full(122, 2.0)
    alone = np.ones(122)
    published = {1: 0.0001, 2: 0.0001, 3: 0.0001, 4: 0.0036, 5: 0.03, 6: 0.1}
    for gamma, p in published.items():  # the book's are exact binomial, these have no continuity correction
        binomial = stats.binom.sf(109, 122, gamma / (1 + gamma))
        assert binomial == pytest.approx(p, abs=0.006) or binomial < p
        assert mantel_haenszel_p(pairs, alone, alone, 110.0, gamma) == pytest.approx(binomial, abs=0.03)


def test_gamma_is_where_the_p_value_crosses_and_the_direction_does_not_matter():
    outcome, treated, cell, cells = _tables(3)
    gamma = mantel_haenszel_gamma(outcome, treated, cell, cells, 0.05)
    assert gamma > 1
    assert mantel_haenszel_gamma(1 - outcome, treated, cell, cells, 0.05) == pytest.approx(gamma)
    assert mantel_haenszel_gamma(outcome, 1 - treated, cell, cells, 0.05) == pytest.approx(gamma, rel=0.05)


@pytest.mark.parametrize("delta", [0.5, 1.0, 2.0])
def test_delta_is_the_selection_that_was_planted(delta):
    """No effect at all; the unobserved selects delta times as much as the observed does (Oster 2019, section 2)."""
    observed, hidden, noise = 1.0, 0.6, 0.8  # variances of the two indices and of the outcome's noise
    slope_1, slope_2 = 0.4, delta * 0.4  # cov(index, x) / var(index), in the ratio delta
    var_x = 1.0
    left = var_x - slope_1**2 * observed
    short = (slope_1 * observed + slope_2 * hidden) / var_x
    long = slope_2 * hidden / left
    var_y = observed + hidden + noise
    r_short = short**2 * var_x / var_y
    r_long = (observed + long**2 * left) / var_y
    found = delta_at_zero(
        short, long, r_short, r_long, r_max=(observed + hidden) / var_y, var_y=var_y, var_x=var_x, var_left=left
    )
    assert found == pytest.approx(delta)


def test_delta_from_data_is_delta_of_their_moments():
    rng = np.random.default_rng(4)
    x = rng.normal(size=(400, 2))
    treated = (rng.random(400) < 1 / (1 + np.exp(-x[:, 0]))).astype(np.int8)
    y = treated + x @ [1.0, 0.5] + rng.normal(size=400)
    stratum = rng.integers(0, 3, 400).astype(np.int32)
    units = Comparison(treated, y, x, ("a", "b"), stratum)
    dummies = (stratum[:, None] == np.arange(3)).astype(float)
    within = lambda v: v - dummies @ np.linalg.lstsq(dummies, v, rcond=None)[0]  # noqa: E731
    yw, dw, xw = within(y), within(treated.astype(float)), within(x)
    short, long = sm.OLS(yw, dw).fit(), sm.OLS(yw, np.column_stack([dw, xw])).fit()
    left = sm.OLS(dw, xw).fit().resid
    r = [1 - fit.ssr / (yw @ yw) for fit in (short, long)]
    known = delta_at_zero(
        short.params[0], long.params[0], *r, r_max=min(1, 1.3 * r[1]), var_y=yw @ yw / 400, var_x=dw @ dw / 400,
        var_left=left @ left / 400,
    )  # fmt: skip
    assert oster_delta(units, 1.3) == pytest.approx(known)
    assert oster_delta(Comparison(treated, y, np.zeros((400, 0)), (), stratum), 1.3) is None
