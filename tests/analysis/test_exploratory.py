"""What is not declared is labelled so, stands after what is, and comes from the design that was run."""

import numpy as np
import pandas as pd
import pytest

from analysis.estimate.cells import tabulate
from analysis.estimate.subgroups import subgroup_effects
from analysis.plan import Chance, Effects, explore, run_plan
from tests.drawn import drawn_people
from trial.protocol import Protocol, load_protocol, shipped

SIZE = 900


@pytest.fixture(scope="module")
def protocol() -> Protocol:
    return load_protocol(shipped("digital-samtaler.toml"))


@pytest.fixture(scope="module")
def trial(protocol: Protocol) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The analysis set and the assignments of a small trial drawn by the declared procedure."""
    rng = np.random.default_rng(3)
    people = drawn_people(protocol, rng, SIZE, [0.6, 0.3, 0.1])
    digital = people["arm"].eq("digital").to_numpy()
    weeks = np.clip(np.round(rng.normal(20, 12, SIZE)), 0, 52)
    frame = people.assign(
        weeks_employed_52=np.where(rng.random(SIZE) < 0.05, np.nan, weeks), exit_26=(weeks > 20).astype(float),
        share_physical=np.where(digital, 0.1, 0.9), exposed_to_pause=people["jobcentre"] != "0147",
        **{f"{name}_week": rng.integers(1, 53, SIZE) for name in ("time_to_exit", "time_to_benefit_free")},
        paused_week=np.where(rng.random(SIZE) < 0.3, rng.integers(1, 40, SIZE), np.nan), calendar_block="2021-01",
        **{f"{name}_event": 1 for name in ("time_to_exit", "time_to_benefit_free")},
    )  # fmt: skip
    return frame.sample(frac=1, random_state=1), people.sample(frac=1, random_state=2)


@pytest.fixture(scope="module")
def explored(protocol: Protocol, trial: tuple[pd.DataFrame, pd.DataFrame]) -> Effects:
    frame, assignments = trial
    weeks = np.arange(52) < frame["weeks_employed_52"].fillna(0).to_numpy()[:, None]
    return explore(
        run_plan(protocol, frame), protocol, frame, assignments, Chance(seed=4, draws=400),
        weekly={"weeks_employed_52": weeks},
    )  # fmt: skip


def test_declared_rows_stay_and_the_others_are_labelled(
    protocol: Protocol, trial: tuple[pd.DataFrame, pd.DataFrame], explored: Effects
) -> None:
    declared_rows = run_plan(protocol, trial[0]).rows
    assert explored.rows[: len(declared_rows)] == declared_rows
    added = explored.rows[len(declared_rows) :]
    times = ["hazard", "weeks 1-13", "weeks 14-26", "weeks 27-52", "without-pauses"]
    means = ["never-exposed-to-pause", "exposed-to-pause", "difference", "median"]
    assert [row.population for row in added] == [*means, *times, *times]
    assert {row.status for row in added} == {"estimated"}
    assert {row.role for row in added} == {"exploratory"}
    assert {row.conclusion for row in added} == {None}


def test_pause_cohorts_are_subgroups_of_the_randomised(
    trial: tuple[pd.DataFrame, pd.DataFrame], explored: Effects
) -> None:
    seen = trial[0].dropna(subset=["weeks_employed_52"])
    direct = subgroup_effects(
        seen["weeks_employed_52"], seen["arm"] == "digital", seen["stratum"], seen["exposed_to_pause"].astype(str),
        level=0.95, arms=("physical", "digital"),
    )  # fmt: skip
    never = explored.row("itt-weeks-employed", "stratified-difference", "never-exposed-to-pause")
    assert never.estimate == pytest.approx(direct.effects["False"].value)  # type: ignore[union-attr]
    difference = explored.row("itt-weeks-employed", "subgroup-interaction", "difference")
    exposed = explored.row("itt-weeks-employed", "stratified-difference", "exposed-to-pause")
    assert difference.estimate == pytest.approx((exposed.estimate or 0) - (never.estimate or 0))


def test_without_pauses_there_are_no_pause_cohorts(
    protocol: Protocol, trial: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    frame = trial[0].assign(exposed_to_pause=False)
    found = explore(run_plan(protocol, frame), protocol, frame, trial[1], Chance(1, 10))
    assert not any("pause" in row.population for row in found.rows if row.estimator == "stratified-difference")


def test_the_replay_is_that_of_the_declared_procedure(explored: Effects) -> None:
    replay, dose = explored.replays
    (region,) = explored.regions
    assert (dose.test, dose.draws) == ("anderson-rubin-replay", 400)
    assert dose.low == pytest.approx(region.low, abs=0.4)
    assert dose.high == pytest.approx(region.high, abs=0.4)
    assert (replay.procedure, replay.draws, replay.seed) == ("big-stick", 400, 4)
    itt = explored.row("itt-weeks-employed", "strata-regression")
    assert replay.low is not None
    assert replay.high is not None
    assert replay.low < (itt.estimate or 0) < replay.high
    assert replay.high - replay.low == pytest.approx((itt.ci_high or 0) - (itt.ci_low or 0), rel=0.25)


def test_bounds_hold_the_estimate_and_the_set_the_dose(explored: Effects) -> None:
    estimate = explored.row("itt-weeks-employed", "stratified-difference").estimate or 0
    for row in explored.bounds:
        assert row.status == "estimated"
        assert (row.ci_low or 0) < estimate < (row.ci_high or 0)
    (region,) = explored.regions
    dose = explored.row("late-share-physical", "two-stage-least-squares")
    assert region.kind == "interval"
    assert region.low == pytest.approx(dose.ci_low, rel=0.05, abs=0.05)


def test_everything_is_in_the_file(explored: Effects) -> None:
    document = explored.to_json()
    for part in ("bounds", "randomisation_tests", "anderson_rubin"):
        assert document[part]


def test_strata_are_labels_not_numbers() -> None:
    """Renaming strata changes nothing: a code is never used as a number."""
    rng = np.random.default_rng(1)
    y, z, s = rng.integers(0, 50, 200), rng.random(200) < 0.5, rng.integers(0, 5, 200)
    one, other = tabulate(y, z, s), tabulate(y, z, (s * 7919) % 104729)
    assert sorted(zip(one.n, one.y, one.yy, strict=True)) == sorted(zip(other.n, other.y, other.yy, strict=True))


def test_paths_end_where_the_totals_are(protocol: Protocol, explored: Effects) -> None:
    employed, *survived = explored.paths
    assert [one.outcome for one in explored.paths] == ["weeks_employed_52", "time_to_exit", "time_to_benefit_free"]
    total = explored.row("itt-weeks-employed", "stratified-difference")
    assert employed.path is not None
    last = employed.path.points[-1]
    assert (last.week, last.value, last.se) == (52, pytest.approx(total.estimate), pytest.approx(total.se))
    assert last.band_low < last.low
    curves = {item.curve.arm: item.curve for item in explored.curves if item.outcome == "time_to_exit"}
    point = survived[0].path.points[9]  # type: ignore[union-attr]
    apart = curves["digital"].survival_at(point.week) - curves["physical"].survival_at(point.week)
    assert point.value == pytest.approx(apart)
