"""Log-rank, Cox and grouped hazards against R's golden values, published ties, statsmodels and rows written out."""

import math

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.duration.hazard_regression import PHReg
from statsmodels.duration.survfunc import survdiff

from analysis.estimate.counts import Counts, count
from analysis.estimate.cox import cox
from analysis.estimate.hazards import grouped_hazards
from analysis.estimate.logrank import log_rank, stratified_log_rank
from analysis.estimate.result import Estimate, HypothesisTest, NotEstimable

# Freireich et al. (1963): 6-mercaptopurine (21 citizens) and placebo.
DRUG = ([6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35],
        [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0])  # fmt: skip
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]


def remission() -> Counts:
    return count(DRUG[0] + PLACEBO, DRUG[1] + [1] * 21, [False] * 21 + [True] * 21)


@pytest.fixture(scope="module")
def golden_counts(golden: pd.DataFrame) -> Counts:
    return count(golden["t"], golden["e"], golden["z"] == 1, golden["strata"])


def test_golden_log_ranks(golden_counts: Counts) -> None:
    plain, stratified = log_rank(golden_counts), stratified_log_rank(golden_counts)
    assert isinstance(plain, HypothesisTest)
    assert isinstance(stratified, HypothesisTest)
    assert plain.statistic == pytest.approx(101.31459021, abs=5e-9)
    assert stratified.statistic == pytest.approx(102.97686518, abs=5e-9)


@pytest.mark.parametrize(
    ("ties", "value", "se"), [("efron", 0.06900455, 0.00680061), ("breslow", 0.06811233, 0.00680039)]
)
def test_golden_cox(golden_counts: Counts, ties: str, value: float, se: float) -> None:
    result = cox(golden_counts, level=0.95, ties=ties)
    assert isinstance(result, Estimate)
    assert (result.value, result.se) == (pytest.approx(value, abs=5e-9), pytest.approx(se, abs=5e-9))


def test_golden_cluster_robust_cox(golden: pd.DataFrame, golden_counts: Counts) -> None:
    cluster = golden.groupby("strata")["cl"].first().astype(str)
    cluster.index = cluster.index.astype(str)
    result = cox(golden_counts, level=0.95, cluster=cluster.loc[list(golden_counts.strata)])
    assert isinstance(result, Estimate)
    assert result.se == pytest.approx(0.00617459, abs=5e-9)


@pytest.mark.parametrize(("ties", "value", "se"), [("efron", 1.5721, 0.4124), ("breslow", 1.5092, 0.4096)])
def test_the_remission_trial_as_r_prints_it(ties: str, value: float, se: float) -> None:
    result = cox(remission(), level=0.95, ties=ties)
    assert isinstance(result, Estimate)
    assert (round(result.value, 4), round(result.se, 4)) == (value, se)
    test = log_rank(remission())
    assert isinstance(test, HypothesisTest)
    assert round(test.statistic, 2) == 16.79


def few(seed: int, size: int = 200, strata: int = 4) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    z, s = rng.random(size) < 0.5, rng.integers(0, strata, size)
    leave = rng.geometric(np.where(z, 0.12, 0.2))
    stop = rng.integers(3, 20, size)
    return pd.DataFrame({"t": np.minimum(leave, stop), "e": (leave <= stop).astype(int), "z": z, "s": s})


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_statsmodels_gives_the_same(seed: int) -> None:
    frame = few(seed)
    counts = count(frame["t"], frame["e"], frame["z"], frame["s"])
    for ties in ("efron", "breslow"):
        oracle = PHReg(frame["t"], frame[["z"]].astype(float), frame["e"], strata=frame["s"], ties=ties).fit()
        result = cox(counts, level=0.95, ties=ties)
        assert isinstance(result, Estimate)
        assert result.value == pytest.approx(oracle.params[0], rel=1e-5)
        assert result.se == pytest.approx(oracle.bse[0], rel=1e-5)
    for test, strata in ((log_rank, None), (stratified_log_rank, frame["s"])):
        statistic, p = survdiff(frame["t"], frame["e"], frame["z"], strata=strata)
        found = test(counts)
        assert isinstance(found, HypothesisTest)
        assert (found.statistic, found.p) == (pytest.approx(statistic), pytest.approx(p))


def efron_by_rows(frame: pd.DataFrame, value: float) -> tuple[float, float, np.ndarray]:
    """Score, information and score residuals, citizen by citizen and tied exit by tied exit."""
    score, information, residual = 0.0, 0.0, np.zeros(len(frame))
    t, e, z, s = (frame[name].to_numpy() for name in "tezs")
    z = z.astype(float)
    for stratum in np.unique(s):
        for week in np.unique(t[(s == stratum) & (e == 1)]):
            risk, out = (s == stratum) & (t >= week), (s == stratum) & (t == week) & (e == 1)
            m = int(out.sum())
            for tied in range(m):
                weight = np.exp(value * z) * risk * np.where(out, 1 - tied / m, 1.0)
                mean = (weight * z).sum() / weight.sum()
                score += (z[out] - mean).sum() / m
                information += (weight * z**2).sum() / weight.sum() - mean**2
                residual[out] += (z[out] - mean) / m
                residual -= weight * (z - mean) / weight.sum()
    return score, information, residual


@pytest.mark.parametrize("seed", [4, 5])
def test_the_closed_form_is_efron_written_out(seed: int) -> None:
    """Heavy ties, every citizen and every tied exit in turn; the robust variance from the same residuals."""
    frame = few(seed, size=120)
    counts = count(frame["t"], frame["e"], frame["z"], frame["s"])
    result, robust = cox(counts, level=0.95), cox(counts, level=0.95, robust=True)
    clustered = cox(counts, level=0.95, cluster=["a", "b", "b", "c"])
    assert isinstance(result, Estimate)
    assert isinstance(robust, Estimate)
    assert isinstance(clustered, Estimate)
    score, information, residual = efron_by_rows(frame, result.value)
    assert score == pytest.approx(0, abs=1e-8)
    assert result.se == pytest.approx(information**-0.5)
    assert robust.se == pytest.approx((residual**2).sum() ** 0.5 / information)
    sums = pd.Series(residual).groupby(frame["s"].map({0: "a", 1: "b", 2: "b", 3: "c"})).sum()
    assert clustered.se == pytest.approx((sums**2).sum() ** 0.5 / information)


def test_doubling_the_citizens_is_not_doubling_a_weight() -> None:
    """Case weights leave Efron's ties as they were; counts must not: R's coxph on the rows repeated."""
    frame = few(6, size=60)
    twice = pd.concat([frame, frame], ignore_index=True)
    result = cox(count(twice["t"], twice["e"], twice["z"], twice["s"]), level=0.95)
    oracle = PHReg(twice["t"], twice[["z"]].astype(float), twice["e"], strata=twice["s"], ties="efron").fit()
    once = cox(count(frame["t"], frame["e"], frame["z"], frame["s"]), level=0.95)
    assert isinstance(result, Estimate)
    assert isinstance(once, Estimate)
    assert result.value == pytest.approx(oracle.params[0], rel=1e-5)
    assert abs(result.value - once.value) > 1e-3


@pytest.mark.parametrize(
    ("weeks", "events", "arms"),
    [([1, 2, 3, 4], [0, 0, 0, 0], [0, 1, 0, 1]), ([1, 2, 3, 4], [1, 1, 0, 0], [0, 0, 1, 1]),
     ([5, 5, 1, 1], [1, 1, 0, 0], [0, 0, 1, 1]), ([1, 1, 5, 5], [1, 1, 1, 1], [0, 0, 1, 1])],
)  # fmt: skip
def test_no_finite_hazard_ratio_is_said(weeks: list[int], events: list[int], arms: list[int]) -> None:
    """No exits; exits in one arm only; everybody censored before the first exit; perfect separation in time."""
    counts = count(weeks, events, np.array(arms) == 1)
    for ties in ("efron", "breslow"):
        assert isinstance(cox(counts, level=0.95, ties=ties), NotEstimable)
    (effect,) = grouped_hazards(counts, level=0.95)
    assert isinstance(effect.result, NotEstimable)


@pytest.mark.parametrize("stratified", [False, True])
@pytest.mark.parametrize("intervals", [None, [(1, 4), (5, 8), (9, 20)]])
def test_grouped_hazards_are_statsmodels_glm(stratified: bool, intervals: list[tuple[int, int]] | None) -> None:
    counts = count(*(few(7, size=600)[name] for name in "tezs"))
    rows = []
    risk, exits = counts.at_risk(), counts.exits()
    if not stratified:
        risk, exits = risk.sum(axis=1, keepdims=True), exits.sum(axis=1, keepdims=True)
    for arm, stratum, week in np.ndindex(*risk.shape):
        if risk[arm, stratum, week] and exits[:, :, week].sum():
            rows.append((arm, stratum, week, risk[arm, stratum, week], exits[arm, stratum, week]))
    cells = pd.DataFrame(rows, columns=["arm", "stratum", "week", "risk", "exits"])
    chosen = intervals or [(1, counts.weeks)]
    design = pd.DataFrame({f"b{a}": cells["arm"] * cells["week"].between(a, b) for a, b in chosen})
    design = design.join(pd.get_dummies(cells["week"], prefix="w")).astype(float)
    if stratified:
        design = design.join(pd.get_dummies(cells["stratum"], prefix="s").iloc[:, 1:].astype(float))
    response = np.column_stack([cells["exits"], cells["risk"] - cells["exits"]])
    oracle = sm.GLM(response, design, family=sm.families.Binomial(sm.families.links.CLogLog())).fit(tol=1e-12)
    effects = grouped_hazards(counts, level=0.95, intervals=intervals, stratified=stratified)
    for index, effect in enumerate(effects):
        assert isinstance(effect.result, Estimate)
        assert effect.result.value == pytest.approx(oracle.params.iloc[index], rel=1e-6, abs=1e-8)
        assert effect.result.se == pytest.approx(oracle.bse.iloc[index], rel=1e-5)


def test_an_interval_without_exits_does_not_spoil_the_others() -> None:
    frame = few(8, size=500)
    frame = frame[~(frame["z"] & frame["t"].between(5, 6) & (frame["e"] == 1))]
    effects = grouped_hazards(
        count(frame["t"], frame["e"], frame["z"]), level=0.95, intervals=[(1, 4), (5, 6), (7, 12)]
    )
    assert [isinstance(effect.result, Estimate) for effect in effects] == [True, False, True]
    assert isinstance(effects[1].result, NotEstimable)
    assert effects[1].result.reason == "nobody in arm treated exits in weeks 5-6: no finite hazard ratio"


def test_overlapping_intervals_are_refused() -> None:
    (first, _) = grouped_hazards(remission(), level=0.95, intervals=[(1, 10), (10, 20)])
    assert isinstance(first.result, NotEstimable)
    assert "must not overlap" in first.result.reason


def test_the_grouped_model_finds_a_planted_hazard_ratio() -> None:
    """Exponential times seen in weeks: the log hazard ratio is that of the continuous time."""
    rng = np.random.default_rng(9)
    z = rng.random(200_000) < 0.5
    weeks = np.ceil(rng.exponential(1 / (0.05 * np.where(z, math.exp(0.2), 1)))).astype(int)
    counts = count(np.minimum(weeks, 40), (weeks <= 40).astype(int), z)
    (effect,) = grouped_hazards(counts, level=0.95)
    assert isinstance(effect.result, Estimate)
    assert abs(effect.result.value - 0.2) < 3 * effect.result.se
    assert effect.result.se < 0.01


CITIZEN = st.tuples(st.integers(1, 5), st.integers(0, 1), st.booleans(), st.integers(0, 1))


@given(st.lists(CITIZEN, min_size=2, max_size=15))
@settings(max_examples=60, deadline=None)
def test_few_citizens_give_a_finite_number_or_a_reason(rows: list[tuple[int, int, bool, int]]) -> None:
    week, event, z, s = (list(column) for column in zip(*rows, strict=True))
    if len(set(z)) < 2:
        return
    counts = count(week, event, z, s)
    for ties in ("efron", "breslow"):
        assert isinstance(cox(counts, level=0.95, ties=ties), (Estimate, NotEstimable))
    assert isinstance(cox(counts, level=0.95, robust=True), (Estimate, NotEstimable))
    for test in (log_rank, stratified_log_rank):
        assert isinstance(test(counts), (HypothesisTest, NotEstimable))
    for stratified in (True, False):
        for effect in grouped_hazards(counts, level=0.95, intervals=[(1, 2), (3, 5)], stratified=stratified):
            assert isinstance(effect.result, (Estimate, NotEstimable))
