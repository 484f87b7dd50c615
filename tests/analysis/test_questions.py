"""Many questions as declared: each part against a plain computation of it, through the whole plan."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.multitest import multipletests

from analysis.plan import run_plan
from analysis.plan.looks import look_at
from tests.drawn import drawn_people
from trial.errors import PlanError
from trial.protocol import Protocol, load_protocol, shipped

SIZE = 1200
TEXT = shipped("digital-samtaler.toml").read_text("utf-8")
COVARIATES = """
[[covariates]]
name = "worked_before"
variable = "weeks-employed-before"
weeks = 52
label = { da = "Uger i arbejde", en = "Weeks in work" }
"""
MONITORING = """
[monitoring]
estimand = "itt-weeks-employed"
information = [0.5, 1.0]
spending = "obrien-fleming"
tuned_for = 1000
"""
MEANS = ["bugni-canay-shaikh", "car-difference", "inverse-probability-weights", "lin", "strata-regression-adjusted",
         "anhecova"]  # fmt: skip


def protocol_with(tmp_path: Any, *changes: tuple[str, str], more: str = "") -> Protocol:
    """The shipped protocol with other text, and tables put before [legal]."""
    text = TEXT
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    path = tmp_path / "trial.toml"
    path.write_text(text.replace("[legal]", f"{more}\n[legal]"), "utf-8")
    return load_protocol(path)


@pytest.fixture(scope="module")
def shipped_protocol() -> Protocol:
    return load_protocol(shipped("digital-samtaler.toml"))


@pytest.fixture(scope="module")
def trial(shipped_protocol: Protocol) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The analysis set and the assignments of a small trial drawn by the declared procedure."""
    rng = np.random.default_rng(5)
    people = drawn_people(shipped_protocol, rng, SIZE, [0.5, 0.3, 0.2])
    digital = people["arm"].eq("digital").to_numpy()
    people["calendar_block"] = people["assigned_at"].dt.strftime("%Y-%m")
    worked = np.round(26 + 10 * rng.normal(size=SIZE)).clip(0, 52)
    old = people["age_group"].eq("50+").to_numpy()
    weeks = np.clip(np.round(0.5 * worked + 8 * rng.normal(size=SIZE) - 8 * digital * old), 0, 52)
    exit_week = np.minimum(rng.geometric(np.where(digital, 0.03, 0.045)), 60)
    frame = people.assign(
        worked_before=np.where(rng.random(SIZE) < 0.05, np.nan, worked), weeks_employed_52=weeks,
        exit_26=(exit_week <= 26).astype(float),
        share_physical=np.where(digital & (rng.random(SIZE) < 0.9), 0.0, 1.0),
        paused_week=np.where(rng.random(SIZE) < 0.3, rng.integers(1, 40, SIZE), np.nan),
        **{f"{name}_week": np.minimum(exit_week, 52) for name in ("time_to_exit", "time_to_benefit_free")},
        **{f"{name}_event": (exit_week < 52).astype(int) for name in ("time_to_exit", "time_to_benefit_free")},
    )  # fmt: skip
    return frame.sample(frac=1, random_state=1), people.sample(frac=1, random_state=2)


@pytest.mark.parametrize(("method", "theirs"), [("holm", "holm"), ("benjamini-hochberg", "fdr_bh")])
def test_the_family_is_corrected_as_statsmodels_does(
    trial: tuple[pd.DataFrame, pd.DataFrame], tmp_path: Any, method: str, theirs: str
) -> None:
    protocol = protocol_with(tmp_path, ('method = "holm"', f'method = "{method}"'))
    effects = run_plan(protocol, trial[0])
    part = protocol.inference.multiplicity
    assert part is not None
    asked = [row for row in effects.rows if row.p_adjusted is not None]
    assert [row.estimand for row in asked] == list(part.family)
    expected = multipletests([row.p for row in asked], method=theirs)[1]
    assert [row.p_adjusted for row in asked] == pytest.approx(list(expected))
    assert {row.adjusted_by for row in asked} == {f"{method} over 4 estimands"}
    assert [row.p_adjusted for row in effects.rows if row.role == "primary"] == [None, None]


def test_a_question_without_an_answer_leaves_the_family(
    shipped_protocol: Protocol, trial: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    effects = run_plan(shipped_protocol, trial[0].assign(exit_26=1.0))
    (first, *_) = [row for row in effects.rows if row.p_adjusted is not None]
    assert first.adjusted_by == "holm over 3 estimands"
    assert effects.row("itt-exit-26", "stratified-difference").p_adjusted is None


def test_replays_of_the_design_correct_the_family(trial: tuple[pd.DataFrame, pd.DataFrame], tmp_path: Any) -> None:
    """The two times are the same here: replays know that, Holm does not."""
    protocol = protocol_with(tmp_path, ('method = "holm"', 'method = "romano-wolf"\ndraws = 999\nseed = 3'))
    frame, assignments = trial
    effects = run_plan(protocol, frame, assignments)
    found = {row.estimand: row for row in effects.rows if row.p_adjusted is not None}
    assert len(found) == 4
    twice = found["rmst-time-to-exit"].p_adjusted, found["rmst-time-to-benefit-free"].p_adjusted
    assert twice[0] == twice[1]
    for row in found.values():
        assert row.p is not None
        assert row.p_adjusted is not None
        assert row.p_adjusted >= min(row.p * 0.5, 0.001)
    again = run_plan(protocol, frame.sample(frac=1, random_state=9), assignments.sample(frac=1, random_state=8))
    assert [row.p_adjusted for row in again.rows] == [row.p_adjusted for row in effects.rows]
    with pytest.raises(PlanError) as caught:
        run_plan(protocol, frame)
    assert caught.value.stable_code == "plan-assignments"


def test_subgroups_are_strata_means_and_their_test_is_cochrans(
    shipped_protocol: Protocol, trial: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    frame = trial[0]
    effects = run_plan(shipped_protocol, frame)
    assert [row.population for row in effects.subgroups] == [
        "target_group=dagpenge", "target_group=jobparat-kontanthjaelp", "age_group=18-29", "age_group=30-49",
        "age_group=50+"]  # fmt: skip
    for row in effects.subgroups:
        factor, level = row.population.split("=")
        own = frame[frame[factor] == level]
        means = own.groupby(["stratum", "arm"])["weeks_employed_52"].mean().unstack()
        share = own["stratum"].value_counts(normalize=True)
        assert row.estimate == pytest.approx(((means["digital"] - means["physical"]) * share).sum())
        assert row.role == "subgroup"
        assert row.conclusion is None
    group, age = effects.interactions
    ages = effects.subgroups[2:]
    weight = np.array([1 / (row.se or 1) ** 2 for row in ages])
    values = np.array([row.estimate for row in ages], dtype=float)
    assert age.statistic == pytest.approx((weight * (values - np.average(values, weights=weight)) ** 2).sum())
    assert (age.df, group.df) == (2, 1)
    assert age.p is not None
    assert age.p < 0.01


def test_a_level_nobody_has_gives_a_reason_and_no_test(
    shipped_protocol: Protocol, trial: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    frame = trial[0][trial[0]["age_group"] != "50+"]
    effects = run_plan(shipped_protocol, frame)
    assert [row.status for row in effects.subgroups[2:]] == ["estimated", "estimated", "not-estimable"]
    assert effects.interactions[1].reason == "subgroup 50+ has no estimate: no citizen has an observed outcome"


def test_looks_have_their_boundaries_and_the_one_made_its_z(
    trial: tuple[pd.DataFrame, pd.DataFrame], tmp_path: Any
) -> None:
    """Boundaries 2.963 and 1.969: O'Brien-Fleming type spending at 5 %, two equal looks (Lan & DeMets; gsDesign)."""
    protocol = protocol_with(tmp_path, more=MONITORING)
    effects = run_plan(protocol, trial[0], None, 1)
    first, last = effects.looks
    assert [first.boundary, last.boundary] == pytest.approx([2.9626, 1.9686], abs=1e-3)
    row = effects.row("itt-weeks-employed", "stratified-difference")
    assert first.z == pytest.approx((row.estimate or 0) / (row.se or 1))
    assert (first.status, last.status) == ("estimated", "planned")
    assert (first.anytime_low or 0) < (row.ci_low or 0) < (row.ci_high or 0) < (first.anytime_high or 0)
    assert run_plan(protocol, trial[0]).looks[1].status == "estimated"
    for number in (0, 3):
        with pytest.raises(PlanError):
            look_at(protocol, effects.rows, number)


def test_no_look_is_made_where_none_is_declared(
    shipped_protocol: Protocol, trial: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    assert run_plan(shipped_protocol, trial[0]).looks == ()
    with pytest.raises(PlanError):
        look_at(shipped_protocol, (), 1)


def test_every_estimator_of_a_mean_can_be_declared(trial: tuple[pd.DataFrame, pd.DataFrame], tmp_path: Any) -> None:
    """Adjusting for weeks in work before halves the variance here, and all agree on the effect."""
    changes = [
        ('estimators = ["stratified-difference", "strata-regression"]',
         f"estimators = {['stratified-difference', *MEANS]}".replace("'", '"')),
        ('estimators = ["two-stage-least-squares"]', 'estimators = ["two-stage-least-squares-adjusted"]'),
        ("covariates = []", 'covariates = ["worked_before", "age_group"]'),
    ]  # fmt: skip
    effects = run_plan(protocol_with(tmp_path, *changes, more=COVARIATES), trial[0])
    rows = {row.estimator: row for row in effects.rows if row.estimand == "itt-weeks-employed"}
    assert {row.status for row in rows.values()} == {"estimated"}
    plain = rows["stratified-difference"]
    for name in MEANS:
        assert rows[name].estimate == pytest.approx(plain.estimate, abs=3 * (plain.se or 0))
    for name in ("lin", "strata-regression-adjusted", "anhecova"):
        assert (rows[name].se or 1) < 0.95 * (plain.se or 0)
        assert any("missing values of worked_before are filled" in note for note in rows[name].notes)
    assert plain.notes == ("the strata absorb the declared covariates age_group",)
    dose = effects.row("late-share-physical", "two-stage-least-squares-adjusted")
    assert dose.status == "estimated"


def test_durations_beyond_the_restricted_mean_can_be_declared(
    trial: tuple[pd.DataFrame, pd.DataFrame], tmp_path: Any
) -> None:
    rmst = 'summary = "restricted-mean-difference"\nestimators = ["kaplan-meier"]'
    hazard = 'summary = "hazard-ratio"\nestimators = ["cox", "grouped-hazards"]'
    changes = [(rmst, hazard), ("covariates = []", 'covariates = ["worked_before"]')]
    effects = run_plan(protocol_with(tmp_path, *changes, more=COVARIATES), trial[0])
    cox, grouped = (effects.row("rmst-time-to-exit", name) for name in ("cox", "grouped-hazards"))
    assert cox.estimate == pytest.approx(np.log(0.03 / 0.045), abs=3 * (cox.se or 0))
    assert grouped.estimate == pytest.approx(cox.estimate, abs=0.1)
    assert cox.extra["log_rank_p"] < 0.01
    assert cox.extra["adjusted_log_rank_p"] < 0.01


def test_a_world_without_pauses_is_its_own_strategy(trial: tuple[pd.DataFrame, pd.DataFrame], tmp_path: Any) -> None:
    both = 'estimators = ["inverse-probability-of-pause", "kaplan-meier"]'
    own = protocol_with(tmp_path, ('estimators = ["kaplan-meier"]', both))
    kept = run_plan(own, trial[0]).row("rmst-time-to-exit", "inverse-probability-of-pause")
    assert kept.reason is not None
    assert 'answers pause = "hypothetical"' in kept.reason
    first = next(one for one in own.estimands if one.name == "rmst-time-to-exit")
    changed = first.model_copy(update={"intercurrent": {**first.intercurrent, "pause": "hypothetical"}})
    asked = own.model_copy(update={"estimands": (changed,), "subgroups": ()})
    effects = run_plan(asked, trial[0])
    without, plain = effects.rows
    assert without.status == "estimated"
    assert without.se is not None
    assert plain.reason == "no estimator here honours the strategy hypothetical"


def test_spillovers_are_computed_where_shares_were_drawn(
    trial: tuple[pd.DataFrame, pd.DataFrame], tmp_path: Any
) -> None:
    shares = 'factor = "jobcentre"\nshares = [0, "1/2", 1]\nwithin = { procedure = "simple@1" }'
    protocol = protocol_with(
        tmp_path, ('procedure = "big-stick@1"\ntolerance = 3', f'procedure = "saturation@1"\n{shares}'),
        more='[spillovers]\nestimands = ["itt-exit-26"]',
    )  # fmt: skip
    rng = np.random.default_rng(2)
    frame = trial[0].assign(jobcentre=rng.choice([f"{n:04}" for n in range(1, 19)], SIZE))
    share = frame["jobcentre"].astype(int) % 3 / 2
    frame = frame.assign(saturation=share, arm=np.where(rng.random(SIZE) < share, "digital", "physical"))
    effects = run_plan(protocol, frame)
    assert [(row.saturation, row.effect) for row in effects.spillovers] == [
        (s, kind) for s in (0.5, 1.0) for kind in ("direct", "spillover", "total", "overall")
    ]
    spill = effects.spillovers[1]
    untreated = frame[(share == 0.5) & (frame["arm"] == "physical")]["exit_26"].mean()
    assert spill.estimate == pytest.approx(untreated - frame[share == 0]["exit_26"].mean())
