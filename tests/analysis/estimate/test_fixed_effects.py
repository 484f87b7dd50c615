"""Several sets of fixed effects against statsmodels with every dummy, and the rank against numpy."""

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.estimate import fixed_effects
from analysis.estimate.fixed_effects import fit_fixed_effects
from analysis.estimate.linear import fit_rows
from analysis.estimate.result import DegenerateError
from analysis.estimate.sandwich import combination_variance

ONE = np.array([1.0, 0.0])


def dummies(labels: np.ndarray) -> np.ndarray:
    return (labels[:, None] == np.unique(labels)).astype(float)


@pytest.fixture(name="trial")
def _trial() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(9)
    jobcentre, month = rng.integers(0, 8, 400), rng.integers(0, 12, 400)
    z = (rng.random(400) < 0.5).astype(float)
    x = rng.normal(size=400)
    y = jobcentre + np.sin(month) + z + x + rng.normal(size=400) * (1 + z)
    return {"y": y, "x": np.column_stack([z, x]), "jobcentre": jobcentre, "month": month, "third": month % 5}


@pytest.mark.parametrize("sets", [("jobcentre", "month"), ("jobcentre", "month", "third")])
@pytest.mark.parametrize("se_type", ["HC0", "HC1", "HC2", "HC3"])
def test_statsmodels_with_every_dummy_gives_the_same(
    trial: dict[str, np.ndarray], sets: tuple[str, ...], se_type: str
) -> None:
    # The third set lies within the second: its dummies say nothing new, and must not be counted.
    design = np.column_stack([trial["x"], dummies(trial["jobcentre"]), dummies(trial["month"])[:, 1:]])
    rank = design.shape[1]
    oracle = sm.OLS(trial["y"], design).fit()
    fit = fit_fixed_effects(trial["y"], trial["x"], [trial[name] for name in sets], names=["z", "x"])
    assert fit.parameters == rank
    assert fit.coefficients == pytest.approx(oracle.params[:2], rel=1e-8)
    squared, df = combination_variance(fit, ONE, se_type)
    assert df == 400 - rank
    factor = {"HC1": 400 / (400 - rank)}.get(se_type, 1.0)
    name = "HC0" if se_type == "HC1" else se_type
    assert squared == pytest.approx(getattr(oracle, f"cov_{name}")[0, 0] * factor, rel=1e-7)


def test_one_set_is_the_fit_with_strata(trial: dict[str, np.ndarray]) -> None:
    several = fit_fixed_effects(trial["y"], trial["x"], [trial["month"]], names=["z", "x"])
    one = fit_rows(trial["y"], trial["x"], trial["month"], names=["z", "x"])
    assert several.coefficients == pytest.approx(one.coefficients)
    for se_type in ("HC1", "HC2", "HC3"):
        assert combination_variance(several, ONE, se_type)[0] == pytest.approx(
            combination_variance(one, ONE, se_type)[0]
        )


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=3, max_size=12))
@settings(max_examples=60)
def test_the_rank_of_two_sets_is_exact(pairs: list[tuple[int, int]]) -> None:
    first, second = (np.array(column) for column in zip(*pairs, strict=True))
    expected = np.linalg.matrix_rank(np.column_stack([dummies(first), dummies(second)]))
    coded = [np.unique(labels, return_inverse=True) for labels in (first, second)]
    positions, sizes = [position for _, position in coded], [len(found) for found, _ in coded]
    matrix = fixed_effects._dummies(positions, sizes)
    assert fixed_effects._leverage_and_rank(matrix, positions, sizes)[1] == expected
    assert sum(sizes) - fixed_effects._components(positions, sizes) == expected


def test_many_levels_keep_hc1_and_refuse_hc2(trial: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch) -> None:
    sets = [trial["jobcentre"], trial["month"]]
    full = fit_fixed_effects(trial["y"], trial["x"], sets, names=["z", "x"])
    monkeypatch.setattr(fixed_effects, "MAX_DENSE", 5)
    many = fit_fixed_effects(trial["y"], trial["x"], sets, names=["z", "x"], cluster=trial["jobcentre"])
    assert many.parameters == full.parameters
    assert combination_variance(many, ONE, "HC1")[0] == pytest.approx(combination_variance(full, ONE, "HC1")[0])
    assert combination_variance(many, ONE, "CR1")[0] > 0
    with pytest.raises(DegenerateError, match="HC1 and CR1 need none"):
        combination_variance(many, ONE, "HC2")
