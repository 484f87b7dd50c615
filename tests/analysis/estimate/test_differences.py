"""Two-way fixed effects against linearmodels; what they average against published and hand-made decompositions."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import optimize

from analysis.estimate.differences import CellMeans, cell_means, two_way
from analysis.estimate.result import Estimate, NotEstimable
from analysis.estimate.staggered import Decomposition, EffectWeights, effect_weights, two_by_twos


def panel(
    seed: int, units: int = 24, periods: int = 10, *, growth: float = 0.0, switching: bool = False
) -> pd.DataFrame:
    """Units first treated in periods 3 to 12 (so some never); the effect is 1 and grows by period since."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame([(u, t) for u in range(units) for t in range(periods)], columns=["u", "t"])
    start = rng.integers(3, 13, units)
    since = frame["t"] - start[frame["u"]]
    frame["d"] = ((since >= 0) & (rng.random(len(frame)) < 0.6 if switching else True)).astype(float)
    frame["n"] = rng.integers(5, 60, len(frame)).astype(float)
    frame["y"] = rng.normal(size=units)[frame["u"]] + 0.1 * frame["t"] + frame["d"] * (1 + growth * since)
    frame["y"] += rng.normal(0, 0.3, len(frame))
    return frame


def cells_of(frame: pd.DataFrame) -> CellMeans:
    return CellMeans(
        frame["y"].to_numpy(), frame["d"].to_numpy(), frame["n"].to_numpy(), frame["u"].to_numpy(np.int64),
        frame["t"].to_numpy(np.int64), tuple(map(str, range(frame["u"].max() + 1))),
        tuple(map(str, range(frame["t"].max() + 1))),
    )  # fmt: skip


@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("switching", [True, False])
def test_linearmodels_gives_the_same(weighted: bool, switching: bool) -> None:
    from linearmodels.panel import PanelOLS

    frame = panel(1, switching=switching)
    own = frame.set_index(["u", "t"])
    model = PanelOLS(
        own["y"], own[["d"]], entity_effects=True, time_effects=True, weights=own["n"] if weighted else None
    )
    theirs = model.fit(cov_type="clustered", cluster_entity=True, group_debias=True)
    found = two_way(cells_of(frame), se_type="CR1", level=0.95, weighted=weighted)
    assert isinstance(found, Estimate)
    assert found.value == pytest.approx(theirs.params["d"], rel=1e-10)
    assert found.se == pytest.approx(theirs.std_errors["d"], rel=1e-10)


def test_conventions_of_clustered_errors_and_a_coarser_cluster() -> None:
    frame = panel(2)
    cells = cells_of(frame)
    region = np.arange(24) // 4
    dummies = pd.get_dummies(frame[["u", "t"]].astype(str), drop_first=True).astype(float)
    fit = sm.WLS(frame["y"], sm.add_constant(pd.concat([frame["d"], dummies], axis=1)), weights=frame["n"]).fit(
        cov_type="cluster", cov_kwds={"groups": region[frame["u"]]}, use_t=True
    )
    found = two_way(cells, se_type="CR1", level=0.95, cluster=region.tolist())
    assert isinstance(found, Estimate)
    assert (found.se, found.p) == (pytest.approx(fit.bse["d"], rel=1e-8), pytest.approx(fit.pvalues["d"], rel=1e-6))
    assert found.df == 5
    raw, nested, groups = (two_way(cells, se_type=one, level=0.95) for one in ("CR0", "CR1-nested", "CR1-groups"))
    assert isinstance(raw, Estimate)
    assert isinstance(nested, Estimate)
    assert isinstance(groups, Estimate)
    assert nested.se**2 == pytest.approx(raw.se**2 * 24 / 23 * 239 / (240 - 11))  # periods and treatment are counted
    assert groups.se**2 == pytest.approx(raw.se**2 * 24 / 23)


def test_persons_and_their_cell_means_give_one_coefficient() -> None:
    frame = panel(3, units=8, periods=6)
    rng = np.random.default_rng(3)
    person = frame.loc[frame.index.repeat(frame["n"].astype(int))].copy()
    person["y"] += rng.normal(size=len(person))
    cells = cell_means(person["y"], person["d"], person["u"], person["t"])
    dummies = pd.get_dummies(person[["u", "t"]].astype(str), drop_first=True).astype(float)
    fit = sm.OLS(person["y"], sm.add_constant(pd.concat([person["d"], dummies], axis=1))).fit()
    found = two_way(cells, se_type="CR1-groups", level=0.95)
    assert isinstance(found, Estimate)
    assert found.value == pytest.approx(fit.params["d"], rel=1e-9)
    assert found.n == {"untreated": int((person["d"] == 0).sum()), "treated": int((person["d"] == 1).sum())}


CASTLE = {  # R bacondecomp 0.1.1, vignette: weight and average estimate of each type
    "earlier against later": (0.05976, -0.00554),
    "later against earlier": (0.03190, 0.07032),
    "against never treated": (0.90834, 0.08796),
}


def test_published_decomposition_of_the_castle_doctrine_laws() -> None:
    """Cheng & Hoekstra (2013). The R data switch in the year of the law, those of causaldata the year after."""
    from causaldata import castle

    frame = castle.load_pandas().data.sort_values(["sid", "year"])
    law = frame.groupby("sid")["post"].shift(-1).fillna(frame["post"])
    cells = cell_means(frame["l_homicide"], law.astype(float), frame["sid"], frame["year"])
    found = two_by_twos(cells)
    assert isinstance(found, Decomposition)
    assert {
        kind: (round(weight, 5), round(average, 5)) for kind, (weight, average) in found.by_kind().items()
    } == CASTLE
    assert found.coefficient == pytest.approx(0.0818116169306475, rel=1e-12)  # printed by the same package


@pytest.mark.parametrize("seed", range(6))
def test_comparisons_add_up_to_the_coefficient(seed: int) -> None:
    frame = panel(seed, units=15, periods=9, growth=0.3)
    if seed % 2:
        frame.loc[frame["u"] < 2, "d"] = 1.0  # treated all the time
    cells = cells_of(frame)
    found = two_by_twos(cells)
    coefficient = two_way(cells, se_type="CR0", level=0.95, weighted=False)
    assert isinstance(found, Decomposition)
    assert isinstance(coefficient, Estimate)
    assert found.coefficient == pytest.approx(coefficient.value, rel=1e-10)
    assert sum(one.weight for one in found.comparisons) == pytest.approx(1)
    assert min(one.weight for one in found.comparisons) > 0
    assert ("against always treated" in found.by_kind()) == bool(seed % 2)


def tiny(effects: tuple[float, float, float]) -> CellMeans:
    """Two units, three periods; unit 1 is treated from period 2, unit 0 in period 3 alone."""
    d = np.array([0, 0, 1, 0, 1, 1.0])
    y = np.array([0, 0, effects[0], 0, effects[1], effects[2]])
    return CellMeans(y, d, np.ones(6), np.repeat([0, 1], 3), np.tile([0, 1, 2], 2), ("a", "b"), ("1", "2", "3"))


def test_hand_computed_weights_of_the_smallest_example() -> None:
    """de Chaisemartin & D'Haultfoeuille (2020), section I: 1/2, 1, -1/2; effects 1, 1 and 4 give minus one half."""
    found = effect_weights(tiny((1, 1, 4)))
    assert isinstance(found, EffectWeights)
    np.testing.assert_allclose(found.weight, [0.5, 1, -0.5], atol=1e-12)
    assert found.coefficient == pytest.approx(-0.5)
    assert (found.negative, found.share_negative) == (1, pytest.approx(1 / 3))
    assert found.negative_sum == pytest.approx(-0.5)


def deviation(weights: EffectWeights, mass: np.ndarray, opposite: bool) -> float:
    """Search for the least differing effects that give the coefficient."""
    target, width = weights.coefficient, len(mass)
    rules = [{"type": "eq", "fun": lambda x: weights.weight @ x - target}]
    if not opposite:
        rules.append({"type": "eq", "fun": lambda x: mass @ x})
    side = (None, 0) if target > 0 else (0, None)
    least = optimize.minimize(
        lambda x: mass @ (x - mass @ x) ** 2, np.zeros(width), constraints=rules, method="SLSQP",
        bounds=[side] * width if opposite else None, options={"maxiter": 500, "ftol": 1e-14},
    )  # fmt: skip
    return float(least.fun**0.5)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_two_deviations_are_the_least_there_are(seed: int) -> None:
    frame = panel(seed, units=5, periods=5, switching=True)
    frame.loc[frame["t"] > 1, "d"] = np.random.default_rng(seed).integers(0, 2, int((frame["t"] > 1).sum()))
    frame.loc[(frame["u"] == 0) & (frame["t"] > 0), "d"] = 1.0
    cells = cells_of(frame)
    found = effect_weights(cells)
    assert isinstance(found, EffectWeights)
    mass = cells.citizens[found.cell] / cells.citizens[found.cell].sum()
    assert found.weight.sum() == pytest.approx(1)
    assert found.deviation_for_none == pytest.approx(deviation(found, mass, opposite=False), rel=1e-4)
    assert found.deviation_for_opposite == pytest.approx(deviation(found, mass, opposite=True), rel=1e-3)


def test_growing_effects_turn_the_sign_and_the_weights_warn() -> None:
    """Every effect is positive and grows and everybody is treated in the end; the coefficient is negative."""
    frame = panel(7, growth=1.0)
    frame = frame[frame["u"] % 2 == 0].copy()
    frame["u"] //= 2
    frame["d"] = (frame["t"] >= 2 + frame["u"] % 7).astype(float)
    frame["y"] = frame["d"] * (frame["t"] - 1 - frame["u"] % 7) ** 2 + 0.1 * frame["t"]
    cells = cells_of(frame)
    mean = float(frame.loc[frame["d"] == 1, "y"].mean() - 0.1 * frame.loc[frame["d"] == 1, "t"].mean())
    weights, parts = effect_weights(cells, weighted=False), two_by_twos(cells)
    assert isinstance(weights, EffectWeights)
    assert isinstance(parts, Decomposition)
    assert weights.coefficient < 0 < mean
    assert weights.negative_sum < -0.1
    assert parts.by_kind()["later against earlier"][1] < 0 < parts.by_kind()["earlier against later"][1]


def test_what_cannot_be_decomposed_says_why() -> None:
    frame = panel(4)
    off = frame.copy()
    off.loc[(off["u"] == 0), "d"] = (off["t"] == 4).astype(float)
    reasons = {
        "the treatment ends again somewhere: the decomposition needs one that stays": off,
        "the panel is not balanced: 1 unit x period cells have nobody": frame.drop(index=5),
        "a unit is treated in part: the decomposition takes 0 and 1 only": frame.assign(d=frame["d"] * 0.5),
    }
    for reason, data in reasons.items():
        assert two_by_twos(cells_of(data)) == NotEstimable(reason, "two-by-twos")
    shut = frame.assign(d=(frame["t"] >= 5).astype(float))
    assert isinstance(effect_weights(cells_of(shut)), NotEstimable)
    refused = two_way(cells_of(shut), se_type="CR1", level=0.95)
    assert refused == NotEstimable(
        "the treatment does not vary within strata beyond the other columns", "two-way-fixed-effects"
    )
    assert isinstance(two_way(cells_of(frame), se_type="HC2", level=0.95), NotEstimable)
