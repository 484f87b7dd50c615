"""Coverage: how often the declared intervals hold a planted effect, under the designs that can be declared.

Monte-Carlo error of a share near 95 % in 1,000 runs is 0.7 points, in 2,000 runs 0.5 points.
"""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.estimate.adaptive import anhecova, bugni_canay_shaikh, car_difference
from analysis.estimate.cells import tabulate
from analysis.estimate.replay import assign_again
from analysis.estimate.result import Estimate
from analysis.plan import run_plan
from trial.procedures import Arms, Factor, Procedure, Subject, Unit, build
from trial.protocol import load_protocol, shipped

ARMS = Arms.of([SimpleNamespace(name="physical", ratio=1), SimpleNamespace(name="digital", ratio=1)])
FACTORS = tuple(
    Factor.of(SimpleNamespace(factor=name, levels=levels))
    for name, levels in (("jobcentre", ("0101", "0147", "0461")), ("age_group", ("18-29", "30-49", "50+")))
)
SIZE = 400
WEEKS, EFFECT, HAZARD, RATIO = 52, -1.0, 0.04, 0.9
DESIGNS: dict[str, dict[str, Any]] = {
    "big-stick@1": {"tolerance": 3}, "permuted-block@1": {"sizes": [2, 4]}, "pocock-simon@1": {"probability": 0.8},
    "simple@1": {},
}  # fmt: skip


def procedure(name: str) -> Procedure:
    return build(name, DESIGNS[name], ARMS, FACTORS)


def citizens(rng: np.random.Generator) -> tuple[list[Unit], pd.DataFrame]:
    """Citizens in the order they arrive: three jobcentres of very unequal size, three age groups."""
    jobcentre = rng.choice(["0101", "0147", "0461"], SIZE, p=[0.7, 0.2, 0.1])
    age = rng.choice(["18-29", "30-49", "50+"], SIZE)
    units = [Subject(f"p{row}", {"jobcentre": jobcentre[row], "age_group": age[row]}, f"{jobcentre[row]}/{age[row]}")
             for row in range(SIZE)]  # fmt: skip
    frame = pd.DataFrame({"jobcentre": jobcentre, "age_group": age, "target_group": "dagpenge"})
    return units, frame.assign(stratum=frame["jobcentre"] + "/dagpenge/" + frame["age_group"])


def analysis_set(seed: int, name: str) -> pd.DataFrame:
    """One trial: heavy ties at 0 and 52, exits in weeks, overrides to physical, outcomes missing at random."""
    rng = np.random.default_rng(seed)
    units, frame = citizens(rng)
    digital = assign_again(procedure(name), units, "digital", None, rng)
    override = rng.random(SIZE) < 0.2
    level = frame["jobcentre"].map({"0101": 0.0, "0147": 4.0, "0461": 9.0}) + frame["age_group"].eq("50+") * -5.0
    weeks = np.clip(np.round(20 + level + rng.normal(0, 18, SIZE)), 1, 51) + EFFECT / 0.8 * (digital & ~override)
    exits = rng.geometric(np.where(digital, HAZARD * RATIO, HAZARD))
    stop = np.where(rng.random(SIZE) < 0.2, rng.integers(5, WEEKS, SIZE), WEEKS)
    columns = {
        "arm": np.where(digital, "digital", "physical"), "exit_26": (exits <= 26).astype(float),
        "weeks_employed_52": np.where(rng.random(SIZE) < 0.03, np.nan, weeks),
        "share_physical": np.where(digital & ~override, 0.0, 1.0),
    }  # fmt: skip
    for outcome in ("time_to_exit", "time_to_benefit_free"):
        columns[f"{outcome}_week"] = np.minimum(exits, stop)
        columns[f"{outcome}_event"] = (exits <= stop).astype(np.int8)
    return frame.assign(**columns)


def restricted(hazard: float) -> float:
    return float(((1 - hazard) ** np.arange(WEEKS)).sum())


TRUTH = {
    ("itt-weeks-employed", "stratified-difference"): EFFECT,
    ("itt-weeks-employed", "strata-regression"): EFFECT,
    ("itt-exit-26", "stratified-difference"): (1 - HAZARD) ** 26 - (1 - HAZARD * RATIO) ** 26,
    ("itt-exit-26", "strata-regression"): (1 - HAZARD) ** 26 - (1 - HAZARD * RATIO) ** 26,
    ("rmst-time-to-exit", "kaplan-meier"): restricted(HAZARD * RATIO) - restricted(HAZARD),
    ("late-share-physical", "two-stage-least-squares"): -EFFECT / 0.8,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["big-stick@1", "pocock-simon@1"])
def test_the_planted_effect_lies_in_the_interval_of_every_declared_row(name: str) -> None:
    """400 trials of 400 citizens through the whole plan: inside in 92 to 98 % (docs/coverage.md has the digits).

    One in five overrides to physical and has no effect: the dose has that of assignment over the .8 moved.
    """
    protocol = load_protocol(shipped("digital-samtaler.toml"))
    inside = dict.fromkeys(TRUTH, 0)
    runs = 400
    for seed in range(runs):
        frame = analysis_set(seed, name)
        effects = run_plan(protocol, frame)
        for key, truth in TRUTH.items():
            row = effects.row(*key)
            assert row.ci_low is not None
            assert row.ci_high is not None
            inside[key] += row.ci_low <= truth <= row.ci_high
    for key, number in inside.items():
        assert 0.92 <= number / runs <= 0.98, (key, number / runs)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(DESIGNS))
def test_coverage_under_every_design_with_effects_that_differ(name: str) -> None:
    """2,000 trials, effect depends on stratum and covariate: inference for the population; 94 to 96 % (+- 1 point).

    The design-based intervals (Neyman, HC2) may be too short where effects differ between strata in the population;
    here the strata shares are drawn anew, so only the estimators that say they cover that are asked.
    """
    rng = np.random.default_rng(17)
    rule = procedure(name)
    estimators = ["bugni-canay-shaikh", "anhecova", *([] if name in ("simple@1", "pocock-simon@1") else ["car"])]
    inside, runs = dict.fromkeys(estimators, 0), 2000
    for _ in range(runs):
        units, frame = citizens(rng)
        z = assign_again(rule, units, "digital", None, rng)
        big = frame["jobcentre"].eq("0101").to_numpy()
        x = rng.normal(size=SIZE) + big
        y = np.round(10 * np.exp(0.3 * rng.normal(size=SIZE)) + 2 * x + z * (1.0 + 2.0 * big + 0.5 * (x - 0.7)), 1)
        strata = np.where(big, frame["age_group"], "small")
        cells = tabulate(y, z, strata)
        results = {
            "bugni-canay-shaikh": bugni_canay_shaikh(cells, level=0.95),
            "car": car_difference(cells, level=0.95),
            "anhecova": anhecova(y, z, strata, x, names=["x"], level=0.95),
        }
        for key in estimators:
            result = results[key]
            assert isinstance(result, Estimate)
            inside[key] += result.ci_low <= 1.0 + 2.0 * 0.7 <= result.ci_high
    for key, number in inside.items():
        assert 0.935 <= number / runs <= 0.965, (key, number / runs)
