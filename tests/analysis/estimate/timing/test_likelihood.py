"""The likelihood against a twin that walks every week of every spell, finite differences, and two ordinary GLMs."""

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from numpy.typing import NDArray

from analysis.estimate.result import NotEstimable
from analysis.estimate.timing import BEFORE, NEVER, Spells, Timing, spells_of_panel, timing_of_events
from analysis.estimate.timing.likelihood import At, layout
from analysis.estimate.timing.spells import Prepared, prepare

PIECES, TALK_PIECES = (1, 4, 8), (1, 5)


def spells(seed: int, n: int = 300, kinds: Sequence[str] = ("digital",)) -> Spells:
    """Spells of up to 13 weeks; talks before, in and after any week, or never."""
    rng = np.random.default_rng(seed)
    last = rng.integers(1, 14, n)
    first = {}
    for kind in kinds:
        week = np.where(rng.random(n) < 0.65, rng.integers(0, 14, n), NEVER)
        first[kind] = np.minimum(week, last)
    x = np.column_stack([rng.integers(0, 2, n), rng.normal(size=n).round(1)])
    return Spells(last, rng.random(n) < 0.6, first, x, ("a", "b"))


def walked(data: Spells, value: NDArray[np.float64], points: int, lag: int) -> float:
    """The log-likelihood by its definition: chances of each week multiplied, points averaged."""
    kinds, q = list(data.first), len(data.names)
    at = iter(np.split(value, np.cumsum([
        len(PIECES) + len(kinds), q, *itertools.chain(*[(len(TALK_PIECES), q)] * len(kinds)),
        *[points - 1] * (1 + len(kinds)),
    ])))  # fmt: skip
    exit_, slopes = next(at), next(at)
    talks = [(next(at), next(at)) for _ in kinds]
    places = [[0.0, *next(at)] for _ in range(1 + len(kinds))]
    logits = np.array([0.0, *next(at)])
    chance = np.exp(logits) / np.exp(logits).sum()
    total = 0.0
    for i in range(len(data)):
        mixed = 0.0
        for k in range(points):
            product = chance[k]
            for week in range(1, int(data.last_week[i]) + 1):
                index = exit_[sum(week >= s for s in PIECES) - 1] + data.covariates[i] @ slopes + places[0][k]
                for m, kind in enumerate(kinds):
                    first = int(data.first[kind][i])
                    if first == BEFORE or (first > 0 and week >= first + lag):
                        index += exit_[len(PIECES) + m]
                    if first == NEVER or week <= first:
                        own, slope = talks[m]
                        part = own[sum(week >= s for s in TALK_PIECES) - 1]
                        stay = math.exp(-math.exp(part + data.covariates[i] @ slope + places[1 + m][k]))
                        product *= 1 - stay if week == first else stay
                stay = math.exp(-math.exp(index))
                product *= 1 - stay if data.exited[i] and week == data.last_week[i] else stay
            mixed += product
        total += math.log(mixed)
    return total


def prepared(data: Spells, works: Any = "next-week") -> Prepared:
    return prepare(data, pieces=PIECES, talk_pieces=TALK_PIECES, works=works)


@pytest.mark.parametrize("points", [1, 2, 3])
@pytest.mark.parametrize("kinds", [("digital",), ("digital", "physical")])
@pytest.mark.parametrize("works", ["same-week", "next-week"])
def test_the_twin_that_walks_the_weeks_gives_the_same(points: int, kinds: tuple[str, ...], works: Any) -> None:
    data = spells(points, 120, kinds)
    found = prepared(data, works)
    value = np.random.default_rng(points).normal(-1, 0.4, layout(found, points).size)
    expected = walked(data, value, points, 1 if works == "next-week" else 0)
    assert At(found, value, points).likelihood == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("points", [1, 2, 3])
@pytest.mark.parametrize("kinds", [("digital",), ("digital", "physical")])
def test_gradient_and_hessian_are_those_of_finite_differences(points: int, kinds: tuple[str, ...]) -> None:
    data = prepared(spells(7, 400, kinds))
    where = layout(data, points)
    value = np.random.default_rng(points).normal(-0.5, 0.5, where.size)
    at = At(data, value, points)
    near = [
        (At(data, value + 1e-5 * axis, points), At(data, value - 1e-5 * axis, points)) for axis in np.eye(where.size)
    ]
    slope = np.array([(up.likelihood - down.likelihood) / 2e-5 for up, down in near])
    curve = np.array([(up.gradient - down.gradient) / 2e-5 for up, down in near])
    np.testing.assert_allclose(at.gradient, slope, atol=1e-8 * np.abs(at.gradient).max())
    np.testing.assert_allclose(at.hessian, curve, atol=1e-7 * np.abs(at.hessian).max())


def person_weeks(data: Spells, lag: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Long rows for the exit and for the talk."""
    exits, talks = [], []
    for i in range(len(data)):
        first, x = int(data.first["digital"][i]), data.covariates[i]
        for week in range(1, int(data.last_week[i]) + 1):
            out = bool(data.exited[i]) and week == data.last_week[i]
            had = first == BEFORE or (first > 0 and week >= first + lag)
            exits.append((out, *(np.searchsorted(PIECES, week, "right") == k for k in (1, 2, 3)), had, *x))
            if first == NEVER or week <= first:
                piece = np.searchsorted(TALK_PIECES, week, "right")
                talks.append((week == first, piece == 1, piece == 2, *x))
    return pd.DataFrame(exits).astype(float), pd.DataFrame(talks).astype(float)


@pytest.mark.parametrize("works", ["same-week", "next-week"])
def test_one_point_is_two_ordinary_regressions(works: Any) -> None:
    data = spells(11, 500)
    found = timing_of_events(
        data, pieces=PIECES, talk_pieces=TALK_PIECES, works=works, max_points=1, criterion="bic", level=0.95
    )
    assert isinstance(found, Timing)
    link = sm.families.Binomial(sm.families.links.CLogLog())
    fits = [
        sm.GLM(rows[0], rows.drop(columns=0), family=link).fit(tol=1e-13, maxiter=100)
        for rows in person_weeks(data, 1 if works == "next-week" else 0)
    ]
    expected = np.concatenate([fit.params for fit in fits])
    np.testing.assert_allclose(list(found.parameters.values()), expected, rtol=1e-6, atol=1e-8)
    assert found.log_likelihood == pytest.approx(sum(fit.llf for fit in fits), rel=1e-10)
    effect = found.effects["digital"]
    assert effect.value == pytest.approx(fits[0].params[4], rel=1e-6)
    # statsmodels gives the expected information for a link that is not canonical; ours is the observed one
    rows = person_weeks(data, 1 if works == "next-week" else 0)[0]
    model = sm.GLM(rows[0], rows.drop(columns=0), family=link)
    observed = -model.hessian(fits[0].params, observed=True)
    assert effect.se == pytest.approx(float(np.sqrt(np.linalg.inv(observed)[3, 3])), rel=1e-6)


def test_equal_spells_are_counted_together_and_order_is_nothing() -> None:
    data = spells(3, 200)
    index = np.random.default_rng(0).permutation(np.tile(np.arange(200), 3))
    thrice = Spells(
        data.last_week[index], data.exited[index], {"digital": data.first["digital"][index]}, data.covariates[index],
        data.names,
    )  # fmt: skip
    one, three = prepared(data), prepared(thrice)
    assert len(one.count) == len(three.count)
    np.testing.assert_array_equal(3 * one.count, three.count)
    value = np.random.default_rng(1).normal(-1, 0.5, layout(one, 2).size)
    assert At(three, value, 2).likelihood == pytest.approx(3 * At(one, value, 2).likelihood, rel=1e-12)


def test_a_panel_of_codes_becomes_spells() -> None:
    """Codes 2 and 3 count as digital; what stands after the last week is not looked at."""
    talk = np.array([[0, 2, 0, 3], [0, 1, 0, 2], [3, 0, 0, 0], [0, 0, -1, -1]], dtype=np.int8)
    found = spells_of_panel(
        talk, [4, 3, 1, 2], [1, 0, 1, 1], kinds={"digital": (2, 3), "physical": (1,)},
        covariates=[1.0, 2.0, 3.0, 4.0], names=("age",),
    )  # fmt: skip
    assert found.first["digital"].tolist() == [2, NEVER, 1, NEVER]
    assert found.first["physical"].tolist() == [NEVER, 2, NEVER, NEVER]
    assert (found.exited.tolist(), found.covariates[:, 0].tolist()) == ([True, False, True, True], [1, 2, 3, 4])


def refused(data: Spells, **changes: Any) -> str:
    options: dict[str, Any] = {
        "pieces": PIECES, "talk_pieces": TALK_PIECES, "works": "next-week", "max_points": 1, "criterion": "bic",
        "level": 0.95,
    } | changes  # fmt: skip
    found = timing_of_events(data, **options)
    assert isinstance(found, NotEstimable)
    return found.reason


def test_what_carries_no_estimate_is_refused_by_name() -> None:
    data = spells(5)
    nobody = Spells(data.last_week, data.exited, {"digital": np.full(300, NEVER)}, data.covariates, data.names)
    assert refused(nobody) == (
        "no event for: effect of a digital talk; no finite hazard exists (join pieces, or follow longer)"
    )
    late = Spells(data.last_week, data.exited & (data.last_week < 8), data.first, data.covariates, data.names)
    assert refused(late).startswith("no event for: exit, weeks 8-13; no finite hazard")
    all_before = Spells(data.last_week, data.exited, {"digital": np.full(300, BEFORE)}, data.covariates, data.names)
    assert refused(all_before) == (
        "the effect of a talk cannot be told from the weeks: all at risk have had it, or nobody"
    )
    outside = Spells(data.last_week, data.exited, {"digital": data.last_week + 1}, data.covariates, data.names)
    assert refused(outside) == "a digital talk lies outside its spell"
    steady = Spells(data.last_week, data.exited, data.first, np.ones((300, 1)), ("age",))
    assert refused(steady) == "covariates that do not vary: age"
    assert refused(data, pieces=(2, 5)).startswith("pieces must start at 1")
    assert refused(data, criterion="cv") == "no criterion is called cv: there are aic, bic and hannan-quinn"
    assert refused(data, max_points=0) == "at least one point is needed"
    assert (
        refused(Spells(data.last_week, data.exited, {})) == "no kind of talk is given: there is no effect to estimate"
    )
