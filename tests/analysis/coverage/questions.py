"""What is asked of every trial: each interval whether it holds the truth, each test whether it rejects none.

A question gives True, False, or None where nothing could be estimated. Intervals are asked with an effect planted,
tests without one. `at least` marks what promises no more: bounds, and inference that leaves the strata out.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from analysis.estimate.aalen_johansen import incidence_difference
from analysis.estimate.adaptive import anhecova, bugni_canay_shaikh, car_difference
from analysis.estimate.bounds import Bounds, lee, manski
from analysis.estimate.cells import tabulate
from analysis.estimate.counts import count
from analysis.estimate.covariates import adjusted_regression, lin
from analysis.estimate.cox import cox
from analysis.estimate.difference import stratified_difference
from analysis.estimate.hazards import grouped_hazards
from analysis.estimate.instrument import FirstStage, first_stage, two_stage
from analysis.estimate.kaplan_meier import kaplan_meier, restricted_mean_difference
from analysis.estimate.logrank import log_rank, stratified_log_rank
from analysis.estimate.noninferiority import non_inferiority
from analysis.estimate.pauses import restricted_mean_without_pauses
from analysis.estimate.randomisation import Randomisation, randomisation_test
from analysis.estimate.regression import strata_regression
from analysis.estimate.replay import replay_procedure
from analysis.estimate.result import Estimate, HypothesisTest
from analysis.estimate.subgroups import difference_of_effects, subgroup_effects
from analysis.estimate.weak import ConfidenceSet, anderson_rubin
from analysis.estimate.weighting import weighted_difference
from tests.analysis.coverage.trials import Means, Stream, Times, procedure, rare_exit, times, weeks_employed

LEVEL = 0.95
TAU, CURVE_WEEK, INCIDENCE_WEEK = 40, 13, 26
OFTEN, RARE = 0.04, 0.0012  # weekly hazards
Answer = tuple[str, bool | None]


@dataclass(frozen=True)
class Condition:
    """A kind of outcome: what is asked with an effect, and what without."""

    name: str
    intervals: Callable[[Stream, np.random.Generator, str], Iterator[Answer]]
    tests: Callable[[Stream, np.random.Generator, str], Iterator[Answer]]


def _holds(result: object, truth: float) -> bool | None:
    return result.ci_low <= truth <= result.ci_high if isinstance(result, Estimate) else None


def _rejects(result: object) -> bool | None:
    return result.p < 1 - LEVEL if isinstance(result, (Estimate, HypothesisTest)) else None


def _linear(own: Stream, data: Means, design: str) -> dict[str, object]:
    """Every estimator of a mean that can be declared."""
    seen = ~np.isnan(data.y)
    y, z, s, x, d = (values[seen] for values in (data.y, own.digital, own.stratum, data.x, data.dose))
    cells = tabulate(y, z, s, dose=d)
    found: dict[str, object] = {
        "stratified difference (Neyman)": stratified_difference(cells, level=LEVEL),
        "strata regression (HC2)": strata_regression(cells, se_type="HC2", level=LEVEL),
        "saturated (Bugni-Canay-Shaikh)": bugni_canay_shaikh(cells, level=LEVEL, adjusted=True),
        "Lin (HC2)": lin(y, z, s, x, names=["x"], se_type="HC2", level=LEVEL),
        "strata and covariate (HC2)": adjusted_regression(y, z, s, x, names=["x"], se_type="HC2", level=LEVEL),
        "ANHECOVA": anhecova(y, z, s, x, names=["x"], level=LEVEL),
        "two-stage least squares (HC2)": two_stage(cells, se_type="HC2", level=LEVEL),
        "Anderson-Rubin set (HC2)": anderson_rubin(cells, se_type="HC2", level=LEVEL),
        "probability weights, strata left out (HC2)": weighted_difference(
            y, z, np.full(len(y), 0.5), se_type="HC2", level=LEVEL
        ),
    }
    if design != "minimisation":  # it balances the margins, not every stratum
        found["difference under adaptive randomisation"] = car_difference(cells, level=LEVEL)
    return found


def _mean_intervals(own: Stream, data: Means, design: str) -> Iterator[Answer]:
    for name, result in _linear(own, data, design).items():
        if name.startswith("Anderson"):
            yield name, data.unit in result if isinstance(result, ConfidenceSet) else None
        else:
            yield name, _holds(result, data.unit if name.startswith("two-stage") else data.effect)


def _mean_tests(own: Stream, data: Means, design: str) -> Iterator[Answer]:
    for name, result in _linear(own, data, design).items():
        if isinstance(result, ConfidenceSet):
            yield name, 0.0 not in result
        else:
            yield name, _rejects(result)


def _weeks_intervals(own: Stream, rng: np.random.Generator, design: str) -> Iterator[Answer]:
    data = weeks_employed(own, rng, 1.5)
    yield from _mean_intervals(own, data, design)
    seen = ~np.isnan(data.y)
    y, z, s = data.y[seen], own.digital[seen], own.stratum[seen]
    cells = tabulate(y, z, s, dose=data.dose[seen])
    stage = first_stage(cells, se_type="HC2", level=LEVEL)
    yield "first stage (HC2), at least", _holds(stage.effect, data.moved) if isinstance(stage, FirstStage) else None
    effect = stratified_difference(cells, level=LEVEL)
    if isinstance(effect, Estimate):  # at a margin that is just missed, non-inferiority may be claimed in 5 %
        said = non_inferiority(effect, margin=-data.effect, higher_is_better=True, level=LEVEL)
        yield "bound against the margin", said.p >= 1 - LEVEL
    groups = subgroup_effects(y, z, s, own.age[seen], level=LEVEL)
    yield "subgroup", _holds(groups.effects["2"], data.by_age[2])
    apart = difference_of_effects(groups.effects, "0", "2", level=LEVEL)
    yield "difference of two subgroups", _holds(apart, data.by_age[2] - data.by_age[0])
    bounds = {
        "Lee bounds (at least)": lee(data.y, own.digital, level=LEVEL),
        "Manski bounds (at least)": manski(data.y, own.digital, own.stratum, lowest=0, highest=52, level=LEVEL),
    }
    for name, one in bounds.items():
        yield name, one.ci_low <= data.effect <= one.ci_high if isinstance(one, Bounds) else None


def _weeks_tests(own: Stream, rng: np.random.Generator, design: str) -> Iterator[Answer]:
    data = weeks_employed(own, rng, 0.0)
    yield from _mean_tests(own, data, design)
    seen = ~np.isnan(data.y)
    groups = subgroup_effects(data.y[seen], own.digital[seen], own.stratum[seen], own.age[seen], level=LEVEL)
    yield "interaction of three subgroups", _rejects(groups.equality)
    if design != "minimisation":  # a replay of minimisation asks the procedure itself: too slow to be repeated here
        replay = replay_procedure(procedure(design), own.units, "digital")
        for name, studentised in (("replayed design", False), ("replayed design, studentised", True)):
            found = randomisation_test(
                data.y, own.digital, replay, draws=199, seed=int(rng.integers(2**31)), level=LEVEL,
                studentised=studentised, interval=False,
            )  # fmt: skip
            yield name, found.test.p <= 1 - LEVEL if isinstance(found, Randomisation) else None


def _rare_intervals(own: Stream, rng: np.random.Generator, design: str) -> Iterator[Answer]:
    yield from _mean_intervals(own, rare_exit(own, rng, 0.7), design)


def _rare_tests(own: Stream, rng: np.random.Generator, design: str) -> Iterator[Answer]:
    yield from _mean_tests(own, rare_exit(own, rng, 1.0), design)


def _restricted(hazard: float) -> float:
    return float(((1 - hazard) ** np.arange(TAU)).sum())


def _incidence(hazard: float, other: float) -> float:
    return float((((1 - hazard) * (1 - other)) ** np.arange(INCIDENCE_WEEK) * hazard).sum())


def _time_intervals(hazard: float) -> Callable[[Stream, np.random.Generator, str], Iterator[Answer]]:
    ratio = 0.8

    def ask(own: Stream, rng: np.random.Generator, design: str) -> Iterator[Answer]:
        data = times(own, rng, hazard, ratio)
        work = (data.cause == 1).astype(int)
        counts, together = count(data.week, work, own.digital, own.stratum), count(data.week, work, own.digital)
        slower = 1 - (1 - hazard) ** ratio
        apart = _restricted(slower) - _restricted(hazard)
        yield "restricted mean", _holds(restricted_mean_difference(together, week=TAU, level=LEVEL), apart)
        yield "Cox, stratified (Efron)", _holds(cox(counts, level=LEVEL), data.log_ratio)
        (interval,) = grouped_hazards(together, level=LEVEL)
        yield "hazards in weeks", _holds(interval.result, data.log_ratio)
        both = count(data.week, data.cause, own.digital)
        found = incidence_difference(both, cause=1, week=INCIDENCE_WEEK, level=LEVEL)
        truth = _incidence(slower, data.other) - _incidence(hazard, data.other)
        yield "Aalen-Johansen difference", _holds(found, truth)
        if hazard > RARE:
            yield "Cox, stratified, robust", _holds(cox(counts, level=LEVEL, robust=True), data.log_ratio)
            yield "Kaplan-Meier band at week 13", _band(together, hazard)
        if hazard > RARE and design == "big stick":  # 150 bootstrap draws a trial: under one design
            paused = np.where(rng.random(len(own)) < 0.4, rng.integers(1, 53, len(own)), np.nan)
            without = restricted_mean_without_pauses(
                data.week, work, paused, own.digital, own.month, by_week=TAU, level=LEVEL, seed=1, draws=150
            )
            yield "restricted mean without pauses", _holds(without, apart)

    return ask


def _band(counts: object, hazard: float) -> bool | None:
    curve, _ = kaplan_meier(counts, level=LEVEL)  # type: ignore[arg-type]
    point = curve.points[CURVE_WEEK]
    if point.low is None or point.high is None:
        return None
    return point.low <= (1 - hazard) ** CURVE_WEEK <= point.high


def _time_tests(hazard: float) -> Callable[[Stream, np.random.Generator, str], Iterator[Answer]]:
    def ask(own: Stream, rng: np.random.Generator, design: str) -> Iterator[Answer]:
        data: Times = times(own, rng, hazard, 1.0)
        counts = count(data.week, (data.cause == 1).astype(int), own.digital, own.stratum)
        yield "log-rank", _rejects(log_rank(counts))
        yield "stratified log-rank", _rejects(stratified_log_rank(counts))
        yield "Cox, stratified (Efron)", _rejects(cox(counts, level=LEVEL))
        yield "restricted mean", _rejects(restricted_mean_difference(counts, week=TAU, level=LEVEL))

    return ask


CONDITIONS = (
    Condition(
        "weeks employed, ties at both ends, pauses, overrides, 3 % not observed", _weeks_intervals, _weeks_tests
    ),
    Condition("an exit that 3 % have: pauses, overrides", _rare_intervals, _rare_tests),
    Condition("weeks to exit: twenty a week at first, competing exits", _time_intervals(OFTEN), _time_tests(OFTEN)),
    Condition("weeks to exit: 3 % by week 26", _time_intervals(RARE), _time_tests(RARE)),
)
