"""Adjusted log-rank against the paper's sums written out citizen by citizen, and under minimisation."""

import numpy as np
import pytest

from analysis.estimate.adjusted_logrank import adjusted_log_rank
from analysis.estimate.counts import count
from analysis.estimate.logrank import log_rank, stratified_log_rank
from analysis.estimate.replay import assign_again
from analysis.estimate.result import HypothesisTest, NotEstimable
from tests.analysis.coverage.trials import procedure, stream


def trial(seed: int, size: int = 150, ratio: float = 1.0) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(size, 2))
    s, z = rng.integers(0, 3, size), rng.random(size) < 0.45
    hazard = 1 - (1 - 0.06) ** (np.exp(0.9 * x[:, 0] - 0.4 * x[:, 1] + 0.3 * s) * np.where(z, ratio, 1.0))
    exit_week = rng.geometric(np.clip(hazard, 1e-4, 0.9))
    stop = rng.integers(8, 30, size)
    return np.minimum(exit_week, stop), (exit_week <= stop).astype(int), z, x, s


def written_out(week, event, z, x, s):
    """The sums of the paper, one citizen after the other; ties enter the variance as in the log-rank test."""
    size = len(week)
    derived, variance = np.zeros(size), 0.0
    for stratum in np.unique(s):
        own = s == stratum
        for u in np.unique(week[own & (event == 1)]):
            risk = own & (week >= u)
            r, r1, d = risk.sum(), (risk & z).sum(), (own & (week == u) & (event == 1)).sum()
            for i in np.flatnonzero(risk):
                other = (r - r1) / r if z[i] else r1 / r
                derived[i] += other * (float(week[i] == u and event[i] == 1) - d / r)
            if r > 1:
                variance += d * r1 / r * (1 - r1 / r) * (r - d) / (r - 1)
    slopes = []
    for arm in (True, False):
        rows = np.flatnonzero(z == arm)
        apart = np.array([x[i] - x[(s == s[i]) & (z == arm)].mean(axis=0) for i in rows])
        slopes.append(np.linalg.lstsq(apart, derived[rows], rcond=None)[0])
    centred = np.array([x[i] - x[s == s[i]].mean(axis=0) for i in range(size)])
    total = sum((derived[i] - centred[i] @ slopes[0]) if z[i] else -(derived[i] - centred[i] @ slopes[1])
                for i in range(size))  # fmt: skip
    both = slopes[0] + slopes[1]
    return total**2 / (variance - z.mean() * (1 - z.mean()) * (both @ (centred.T @ centred) @ both))


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("stratified", [True, False])
def test_the_paper_written_out_gives_the_same(seed: int, stratified: bool) -> None:
    week, event, z, x, s = trial(seed)
    strata = s if stratified else np.zeros_like(s)
    own = adjusted_log_rank(week, event, z, x, s if stratified else None, names=["a", "b"])
    assert isinstance(own, HypothesisTest)
    assert own.statistic == pytest.approx(written_out(week, event, z, x, strata))


def test_covariates_that_say_nothing_change_nothing() -> None:
    """A covariate of pure noise, many citizens: the statistic is that of the log-rank test, nearly."""
    week, event, z, _, s = trial(4, size=20_000)
    noise = np.random.default_rng(1).normal(size=(len(week), 1))
    for strata, test in ((None, log_rank(count(week, event, z))), (s, stratified_log_rank(count(week, event, z, s)))):
        own = adjusted_log_rank(week, event, z, noise, strata, names=["noise"])
        assert isinstance(own, HypothesisTest)
        assert isinstance(test, HypothesisTest)
        assert own.extra["observed_minus_expected"] == pytest.approx(test.extra["observed_minus_expected"])
        assert own.extra["variance"] == pytest.approx(test.extra["variance"])
        assert own.statistic == pytest.approx(test.statistic, abs=0.05)


def test_it_has_its_size_under_minimisation_and_more_power() -> None:
    """600 trials under minimisation without effect: 5 % (+- 2.7); 300 with one: the adjusted test finds more."""
    rng, rejected = np.random.default_rng(3), {"size": 0, "adjusted": 0, "plain": 0}
    own = [stream("minimisation", seed) for seed in range(20)]
    for run in range(900):
        with_effect = run >= 600
        people = own[run % 20]
        size = 250
        z = people.digital[:size]
        x = rng.normal(size=size)
        risk = np.exp(1.2 * x) * np.where(z & with_effect, 0.72, 1.0)
        week = np.minimum(rng.geometric(1 - (1 - 0.05) ** risk), 40)
        event = (week < 40).astype(int)
        found = adjusted_log_rank(week, event, z, x, people.stratum[:size], names=["x"])
        assert isinstance(found, HypothesisTest)
        if not with_effect:
            rejected["size"] += found.p < 0.05
            continue
        plain = stratified_log_rank(count(week, event, z, people.stratum[:size]))
        assert isinstance(plain, HypothesisTest)
        rejected["adjusted"] += found.p < 0.05
        rejected["plain"] += plain.p < 0.05
    assert 0.023 <= rejected["size"] / 600 <= 0.077
    assert rejected["adjusted"] > 1.15 * rejected["plain"]


def test_nothing_to_test_gives_a_reason() -> None:
    week, event, z, x, s = trial(5)
    assert isinstance(adjusted_log_rank(week, 0 * event, z, x, s, names=["a", "b"]), NotEstimable)
    assert isinstance(adjusted_log_rank(week, event, np.ones_like(z), x, s, names=["a", "b"]), NotEstimable)
    twice = np.column_stack([x[:, 0], 2 * x[:, 0]])
    found = adjusted_log_rank(week, event, z, twice, s, names=["a", "a again"])
    assert isinstance(found, NotEstimable)
    assert "a again" in found.reason


def test_the_designs_here_are_the_procedures_themselves() -> None:
    people = stream("minimisation", 0)
    again = assign_again(procedure("minimisation"), people.units, "digital", None, np.random.default_rng(0))
    assert abs(int(again.sum()) * 2 - len(people)) < 12
