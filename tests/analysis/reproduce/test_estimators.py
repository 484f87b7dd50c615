"""Each estimator against an implementation that is not ours: statsmodels, scipy, or the definition by brute force."""

import itertools
import math

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from scipy import optimize, stats
from statsmodels.duration.hazard_regression import PHReg
from statsmodels.duration.survfunc import survdiff

from analysis.reproduce.estimators import ESTIMATORS, NotComputable
from analysis.reproduce.study import Cell

N = 300
RNG = np.random.default_rng(11)
SCHOOL, LEVEL = RNG.integers(0, 9, N), RNG.choice(["low", "mid", "top"], N)
OFFERED = RNG.integers(0, 2, N)
TAKEN = np.where(OFFERED, RNG.random(N) < 0.7, RNG.random(N) < 0.1).astype(int)
AGE = RNG.normal(40, 9, N)
SCORE = 2 * TAKEN + SCHOOL + (LEVEL == "top") + RNG.normal(0, 1 + TAKEN, N)
WEEKS = np.ceil(RNG.weibull(1.3, N) * np.exp(2.2 + 0.4 * OFFERED)).astype(int)
ENDED = (RNG.random(N) < 0.75).astype(int)
FRAME = pl.DataFrame(
    {
        "score": SCORE, "taken": TAKEN, "offered": OFFERED, "age": AGE, "school": SCHOOL, "level": LEVEL,
        "weeks": WEEKS, "ended": ENDED,
    }
).with_columns(pl.selectors.numeric().cast(pl.Float64))  # fmt: skip


def run(estimator, frame=FRAME, **keys):
    cell = Cell(name="c", table="t", estimator=estimator, published={"estimate": "0"}, seen="M", **keys)
    return ESTIMATORS[estimator](frame, cell)


@pytest.mark.parametrize("se_type", ["classical", "HC0", "HC1", "HC2", "HC3"])
@pytest.mark.parametrize(("absorb", "factors"), [((), ()), (("school",), ()), (("school",), ("level",))])
def test_least_squares_is_that_of_statsmodels(se_type, absorb, factors):
    columns = [TAKEN, AGE]
    if absorb:
        columns += [school == SCHOOL for school in range(1, 9)]
    if factors:
        columns += [LEVEL == "mid", LEVEL == "top"]
    design = sm.add_constant(np.column_stack(columns).astype(float))
    kind = "nonrobust" if se_type == "classical" else se_type
    oracle = sm.OLS(SCORE, design).fit(cov_type=kind, use_t=True)
    found = run(
        "least-squares", outcome="score", treatment="taken", covariates=("age",), absorb=absorb, factors=factors,
        se_type=se_type,
    )  # fmt: skip
    expected = [oracle.params[1], oracle.bse[1], oracle.tvalues[1], oracle.pvalues[1]]
    assert [found[name] for name in ("estimate", "se", "t", "p")] == pytest.approx(expected, rel=1e-8)


def test_two_stages_are_two_stages_and_wald_without_covariates():
    instrument, exogenous = sm.add_constant(np.column_stack([OFFERED, AGE])), sm.add_constant(AGE)
    fitted = sm.OLS(TAKEN, instrument).fit().fittedvalues
    by_hand = sm.OLS(SCORE, np.column_stack([fitted, exogenous])).fit().params[0]
    keys = {"outcome": "score", "treatment": "taken", "instrument": "offered"}
    assert run("two-stage-least-squares", covariates=("age",), se_type="HC0", **keys)["estimate"] == pytest.approx(
        by_hand
    )
    assert run("wald", covariates=("age",), **keys)["estimate"] == pytest.approx(by_hand)
    plain = (SCORE[OFFERED == 1].mean() - SCORE[OFFERED == 0].mean()) / (
        TAKEN[OFFERED == 1].mean() - TAKEN[OFFERED == 0].mean()
    )
    assert run("wald", **keys)["estimate"] == pytest.approx(plain)


def test_through_and_direct_add_up_to_the_total():
    found = run("mediation", outcome="score", treatment="offered", mediator="taken", covariates=("age",))
    total = run("least-squares", outcome="score", treatment="offered", covariates=("age",), se_type="HC2")["estimate"]
    assert found["through"] + found["direct"] == pytest.approx(total)


def test_means_and_their_ratio():
    assert run("mean", outcome="age")["se"] == pytest.approx(stats.sem(AGE))
    ratio = SCORE[TAKEN == 1].mean() / SCORE[TAKEN == 0].mean()
    assert run("ratio-of-means", outcome="score", treatment="taken")["estimate"] == pytest.approx(ratio)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_two_arms_from_counts_are_cox_row_by_row(ties):
    keys = {"outcome": "weeks", "event": "ended", "treatment": "offered", "ties": ties}
    counts, rows = run("cox-two-arm", **keys), run("cox", **keys)
    oracle = PHReg(WEEKS.astype(float), OFFERED.astype(float), status=ENDED, ties=ties).fit()
    for found in (counts, rows):
        assert [found["estimate"], found["se"]] == pytest.approx([oracle.params[0], oracle.bse[0]], rel=1e-6)


def test_log_rank_is_that_of_statsmodels():
    chi2, p = survdiff(WEEKS, ENDED, OFFERED)
    found = run("log-rank", outcome="weeks", event="ended", treatment="offered")
    assert [found["chi2"], found["p"]] == pytest.approx([chi2, p], rel=1e-8)


def test_late_entry_is_at_risk_after_it_never_at_it():
    """The partial likelihood written down: the sum runs over rows with entry < time <= exit."""
    entry, exits = np.array([0.0, 0, 2, 3, 1, 0, 2]), np.array([2.0, 3, 5, 6, 4, 7, 8])
    ended, x = np.array([1.0, 1, 1, 0, 1, 1, 1]), np.array([1.0, 0, 1, 0, 0, 1, 0])

    def minus(b):
        total = 0.0
        for i in np.flatnonzero(ended):
            at_risk = (entry < exits[i]) & (exits >= exits[i])
            total += b * x[i] - math.log(np.exp(b * x[at_risk]).sum())
        return -total

    frame = pl.DataFrame({"from": entry, "weeks": exits, "ended": ended, "offered": x})
    found = run("cox", frame, outcome="weeks", event="ended", treatment="offered", entry="from", ties="breslow")
    assert found["estimate"] == pytest.approx(optimize.minimize_scalar(minus, tol=1e-12).x, abs=1e-6)
    assert found["log_likelihood"] == pytest.approx(-minus(found["estimate"]))


LAWS = {
    "exponential": lambda z: (stats.gumbel_l.logpdf(z), stats.gumbel_l.logsf(z)),
    "weibull": lambda z: (stats.gumbel_l.logpdf(z), stats.gumbel_l.logsf(z)),
    "log-normal": lambda z: (stats.norm.logpdf(z), stats.norm.logsf(z)),
    "log-logistic": lambda z: (stats.logistic.logpdf(z), stats.logistic.logsf(z)),
}


@pytest.mark.parametrize("law", LAWS)
def test_the_likelihood_is_highest_there_and_its_curvature_gives_the_errors(law):
    """scipy's own densities, climbed by scipy's own simplex, differentiated numerically."""
    y, x = np.log(WEEKS), np.column_stack([OFFERED, np.ones(N)])

    def minus(point):
        sigma = 1.0 if law == "exponential" else math.exp(point[2])
        density, survival = LAWS[law]((y - x @ point[:2]) / sigma)
        return -float(np.where(ENDED == 1, density - math.log(sigma), survival).sum())

    found = run(law, outcome="weeks", event="ended", treatment="offered")
    start = [0.0, y.mean()] if law == "exponential" else [0.0, y.mean(), 0.0]
    best = optimize.minimize(
        minus, start, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-11, "maxiter": 5000}
    )
    assert [found["estimate"], found["intercept"]] == pytest.approx(best.x[:2], abs=1e-5)
    assert found["sigma"] == pytest.approx(1.0 if law == "exponential" else math.exp(best.x[2]), rel=1e-5)
    step, size = 1e-3, len(start)
    curvature = np.empty((size, size))
    for i, j in itertools.product(range(size), repeat=2):
        moves = [(a * step * np.eye(size)[i] + b * step * np.eye(size)[j], a * b) for a in (1, -1) for b in (1, -1)]
        curvature[i, j] = sum(sign * minus(best.x + move) for move, sign in moves) / (4 * step**2)
    assert found["se"] == pytest.approx(np.linalg.inv(curvature)[0, 0] ** 0.5, rel=1e-4)


@pytest.mark.parametrize(
    ("estimator", "keys", "reason"),
    [
        (
            "weibull",
            {"outcome": "weeks", "event": "offered", "treatment": "ended", "covariates": ("ended",)},
            "collinear",
        ),
        ("weibull", {"outcome": "score", "event": "ended"}, "above zero"),
        ("cox", {"outcome": "weeks", "event": "ended", "treatment": "offered"}, "needs ties"),
        ("log-rank", {"outcome": "score", "event": "ended", "treatment": "offered"}, "whole number"),
        ("least-squares", {"outcome": "score", "treatment": "taken", "se_type": "HC9"}, "se_type"),
        ("least-squares", {"outcome": "score", "treatment": "taken", "factors": ("nope",), "se_type": "HC2"}, "nope"),
        ("mean", {}, "needs outcome"),
    ],
)
def test_what_cannot_be_computed_says_why(estimator, keys, reason):
    with pytest.raises(NotComputable, match=reason):
        run(estimator, **keys)
