"""Exact inverse-probability weights against the weighted regression and a design with unequal chances."""

from types import SimpleNamespace

import numpy as np
import pytest
import statsmodels.api as sm

from analysis.estimate.replay import assign_again
from analysis.estimate.result import Estimate, NotEstimable
from analysis.estimate.weighting import weighted_difference
from trial.procedures import Arms, Subject, build


@pytest.mark.parametrize("se_type", ["HC0", "HC1", "HC2", "HC3"])
def test_it_is_the_weighted_regression(se_type: str) -> None:
    rng = np.random.default_rng(1)
    chance = rng.choice([0.2, 0.5, 0.8], 300)
    z = rng.random(300) < chance
    y = rng.normal(size=300) + 5 * chance + z
    weight = 1 / np.where(z, chance, 1 - chance)
    oracle = sm.WLS(y, sm.add_constant(z.astype(float)), weights=weight).fit(cov_type=se_type)
    result = weighted_difference(y, z, chance, se_type=se_type, level=0.95)
    assert isinstance(result, Estimate)
    assert (result.value, result.se) == (pytest.approx(oracle.params[1]), pytest.approx(oracle.bse[1]))
    naive = y[z].mean() - y[~z].mean()
    assert abs(result.value - 1) < abs(naive - 1)


RULES: list[tuple[str, dict[str, object]]] = [("big-stick@1", {"tolerance": 2}), ("permuted-block@1", {"sizes": [3]})]


@pytest.mark.parametrize(("name", "parameters"), RULES)
def test_the_declared_share_is_the_chance_at_every_place(name: str, parameters: dict[str, object]) -> None:
    """Two to one: at each place of the sequence two thirds, whatever the coin was when the turn came."""
    arms = Arms.of([SimpleNamespace(name="physical", ratio=1), SimpleNamespace(name="digital", ratio=2)])
    rule, units = build(name, parameters, arms), [Subject(f"p{row}", {}, "s") for row in range(7)]
    taken = np.array(
        [assign_again(rule, units, "digital", None, np.random.default_rng(seed)) for seed in range(3000)]
    )
    assert taken.mean(axis=0) == pytest.approx(np.full(7, 2 / 3), abs=4 * (2 / 9 / 3000) ** 0.5)


def test_who_was_certain_of_the_arm_is_counted_and_refused() -> None:
    chance = [0.5, 0.0, 1.0, 0.5]
    result = weighted_difference([1, 2, 3, 4], [True, False, True, False], chance, se_type="HC2", level=0.95)
    assert isinstance(result, NotEstimable)
    assert result.reason == "2 citizens were certain of their arm: no weight exists for them"
