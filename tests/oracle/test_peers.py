"""Ours against the committed figures of packages that are not ours (`make oracle` asks the packages again).

Every figure of the file is compared; the digits that a package's own convergence lacks are stated at the comparison.
"""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.estimate.aalen_johansen import aalen_johansen
from analysis.estimate.adaptive import bugni_canay_shaikh
from analysis.estimate.bounds import Bounds, lee
from analysis.estimate.cells import tabulate
from analysis.estimate.counts import Counts, count
from analysis.estimate.covariates import adjusted_regression, lin
from analysis.estimate.cox import cox
from analysis.estimate.fixed_effects import fit_fixed_effects
from analysis.estimate.hazards import grouped_hazards
from analysis.estimate.instrument import two_stage
from analysis.estimate.kaplan_meier import kaplan_meier, restricted_mean, restricted_mean_difference
from analysis.estimate.logrank import log_rank, stratified_log_rank
from analysis.estimate.multiplicity import romano_wolf, westfall_young
from analysis.estimate.regression import strata_regression
from analysis.estimate.result import Estimate, HypothesisTest, Result
from analysis.estimate.sandwich import combination_variance
from tests.oracle.peers import FIGURES, LEVEL, TAU
from tests.oracle.trials import attrition, citizens, durations, family

DIGITS = 1e-9


def numbers(result: Result) -> list[float]:
    assert isinstance(result, Estimate)
    return [result.value, result.se]


def statistic(result: object) -> float:
    assert isinstance(result, HypothesisTest)
    return result.statistic


@pytest.fixture(scope="module")
def figures() -> dict[str, Any]:
    return dict(json.loads(FIGURES.read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    return pd.DataFrame(citizens())


@pytest.fixture(scope="module")
def exits() -> pd.DataFrame:
    return pd.DataFrame(durations())


@pytest.fixture(scope="module")
def weeks(exits: pd.DataFrame) -> Counts:
    """One cause: exits for another cause are censored in their week."""
    return count(exits["week"], (exits["cause"] == 1).astype(int), exits["z"], exits["s"], arms=("0", "1"))


@pytest.mark.parametrize(("se_type", "theirs"), [("HC1", "HC1"), ("CR1-nested", "CR1")])
def test_linear_estimators_are_those_of_pyfixest(
    figures: dict[str, Any], people: pd.DataFrame, se_type: str, theirs: str
) -> None:
    peer, p = figures["pyfixest"], people
    cluster = p["c"] if theirs == "CR1" else None
    cells = tabulate(p["y"], p["z"], p["s"], dose=p["d"], cluster=cluster)
    covariates = {"names": ["age", "prior"], "se_type": se_type, "level": LEVEL, "cluster": cluster}
    own = {
        "strata": strata_regression(cells, se_type=se_type, level=LEVEL),
        "2SLS": two_stage(cells, se_type=se_type, level=LEVEL),
        "adjusted": adjusted_regression(p["y"], p["z"], p["s"], p[["age", "prior"]], **covariates),
        "Lin": lin(p["y"], p["z"], p["s"], p[["age", "prior"]], **covariates),
    }
    for name, result in own.items():
        assert numbers(result) == pytest.approx(peer[f"{name}, {theirs}"], rel=DIGITS), name


def test_two_sets_of_effects_and_weights_are_those_of_pyfixest(figures: dict[str, Any], people: pd.DataFrame) -> None:
    peer, p = figures["pyfixest"], people
    fit = fit_fixed_effects(p["y"], p["z"], [p["s"], p["m"]], names=["z"])
    squared, _ = combination_variance(fit, np.ones(1), "HC1")
    assert [fit.coefficients[0], squared**0.5] == pytest.approx(peer["two sets, HC1"], rel=1e-8)
    weighted = tabulate(p["y"], p["z"], p["s"], weight=p["w"])
    own = numbers(strata_regression(weighted, se_type="HC1", level=LEVEL))
    assert own == pytest.approx(peer["strata, weighted, HC1"], rel=DIGITS)


def test_the_saturated_estimator_is_that_of_its_authors(figures: dict[str, Any], people: pd.DataFrame) -> None:
    cells = tabulate(people["y"], people["z"], people["s"])
    for name, adjusted in (("BCS", False), ("BCS-adjusted", True)):
        own = numbers(bugni_canay_shaikh(cells, level=LEVEL, adjusted=adjusted))
        assert own == pytest.approx(figures["sreg"][name], rel=DIGITS)


def test_curves_and_bands_are_those_of_lifelines(figures: dict[str, Any], weeks: Counts) -> None:
    for curve in kaplan_meier(weeks, level=LEVEL):
        own = [[point.survival, point.low, point.high] for point in curve.points[1 : TAU + 1]]
        theirs = figures["lifelines"][f"Kaplan-Meier, arm {curve.arm}"]
        assert np.array(own, dtype=float) == pytest.approx(np.array(theirs), rel=DIGITS)
        mean = restricted_mean(weeks, curve.arm, week=TAU, level=LEVEL)
        assert numbers(mean)[0] == pytest.approx(
            figures["lifelines"][f"restricted mean, arm {curve.arm}"], rel=DIGITS
        )


def test_the_restricted_mean_difference_is_that_of_greenwood(figures: dict[str, Any], weeks: Counts) -> None:
    """Greenwood takes the first arm minus the second."""
    value, se = numbers(restricted_mean_difference(weeks, week=TAU, level=LEVEL))
    assert [-value, se] == pytest.approx(figures["greenwood"]["restricted mean difference"], rel=DIGITS)


def test_competing_exits_are_those_of_scikit_survival(figures: dict[str, Any], exits: pd.DataFrame) -> None:
    both = count(exits["week"], exits["cause"], exits["z"], arms=("0", "1"))
    for incidence in aalen_johansen(both, level=LEVEL):
        if incidence.cause == 1:
            own = [[point.share, point.low, point.high] for point in incidence.points[1 : TAU + 1]]
            theirs = figures["sksurv"][f"Aalen-Johansen, arm {incidence.arm}"]
            assert np.array(own, dtype=float) == pytest.approx(np.array(theirs), rel=DIGITS)


def test_log_ranks_are_those_of_four_packages(figures: dict[str, Any], weeks: Counts) -> None:
    plain, stratified = log_rank(weeks), stratified_log_rank(weeks)
    assert isinstance(plain, HypothesisTest)
    for peer in ("lifelines", "sksurv"):
        assert [plain.statistic, plain.p] == pytest.approx(figures[peer]["log-rank"], rel=1e-8)
    assert plain.statistic == pytest.approx(figures["survival"]["log-rank"], rel=DIGITS)
    for peer in ("survival", "greenwood"):
        assert statistic(stratified) == pytest.approx(figures[peer]["stratified log-rank"], rel=DIGITS)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_cox_is_that_of_rs_survival_in_rust_and_scikit_survival(
    figures: dict[str, Any], exits: pd.DataFrame, weeks: Counts, ties: str
) -> None:
    own = numbers(cox(weeks, level=LEVEL, ties=ties))
    assert own == pytest.approx(figures["survival"][f"Cox, strata, {ties}"], rel=1e-8)
    together = count(exits["week"], (exits["cause"] == 1).astype(int), exits["z"])
    alone = numbers(cox(together, level=LEVEL, ties=ties))
    assert alone[0] == pytest.approx(figures["sksurv"][f"Cox, {ties}"], rel=DIGITS)


def test_cox_is_that_of_lifelines_and_surpyval_and_clusters_those_of_r(
    figures: dict[str, Any], exits: pd.DataFrame, weeks: Counts
) -> None:
    """Lifelines stops at six digits."""
    own = numbers(cox(weeks, level=LEVEL))
    assert own == pytest.approx(figures["lifelines"]["Cox, strata, Efron"], rel=1e-6)
    for name in ("Cox, strata, Efron", "Cox, strata, Efron, counts"):
        assert own[0] == pytest.approx(figures["surpyval"][name], rel=1e-8)
    cluster = [(int(name) + 1) // 2 for name in weeks.strata]
    clustered = numbers(cox(weeks, level=LEVEL, robust=True, cluster=cluster))
    assert clustered == pytest.approx(figures["survival"]["Cox, strata, efron, clusters"], rel=1e-8)


def test_grouped_hazards_are_the_regression_of_person_weeks(figures: dict[str, Any], weeks: Counts) -> None:
    (interval,) = grouped_hazards(weeks, level=LEVEL, stratified=True)
    assert numbers(interval.result) == pytest.approx(figures["statsmodels"]["grouped hazards, strata"], rel=1e-7)


def test_lee_bounds_are_those_of_pyleebounds(figures: dict[str, Any]) -> None:
    data = attrition()
    y = np.where(np.array(data["r"]) == 1, data["y"], np.nan)
    found = lee(y, np.array(data["z"]) == 1, level=LEVEL)
    assert isinstance(found, Bounds)
    assert [found.low, found.high] == pytest.approx(figures["pyleebounds"]["Lee bounds"], rel=DIGITS)


def test_step_down_is_that_of_pyfixest(figures: dict[str, Any]) -> None:
    """Pyfixest's Westfall-Young may be 0; ours counts the observed draw as one of them."""
    from scipy import stats

    own, replays = family()
    assert list(romano_wolf(own, replays)) == pytest.approx(figures["pyfixest"]["Romano-Wolf"], rel=DIGITS)
    p, drawn = 2 * stats.norm.sf(own), 2 * stats.norm.sf(np.abs(replays))
    without = np.array(figures["pyfixest"]["Westfall-Young, without the added one"])
    size = len(replays)
    assert list(westfall_young(list(p), drawn)) == pytest.approx(list((1 + size * without) / (1 + size)), rel=DIGITS)


def test_every_figure_was_compared(figures: dict[str, Any]) -> None:
    """The file holds nothing that no test here reads: a new figure needs a comparison."""
    assert {name: len(found) for name, found in figures.items() if name != "versions"} == {
        "greenwood": 2, "lifelines": 6, "pyfixest": 13, "pyleebounds": 1, "sksurv": 5, "sreg": 2, "statsmodels": 1,
        "surpyval": 2, "survival": 5,
    }  # fmt: skip
