"""The plan computes what the protocol declares, row by row, and nothing else; files are whole or absent."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from analysis.plan import Effects, Sources, read_effects, run_plan
from trial.errors import FileError, PlanError
from trial.protocol import Protocol, load_protocol, shipped

SIZE = 1500


@pytest.fixture(scope="module")
def protocol() -> Protocol:
    return load_protocol(shipped("digital-samtaler.toml"))


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return analysis_set(seed=20)


def analysis_set(seed: int, effect: float = -1.0) -> pd.DataFrame:
    """A seeded analysis set of the shape `build_analysis_set` gives, with 40 outcomes missing."""
    rng = np.random.default_rng(seed)
    jobcentre = rng.choice(["0101", "0147", "0461", "0751"], SIZE, p=[0.6, 0.3, 0.07, 0.03])
    group = rng.choice(["dagpenge", "jobparat-kontanthjaelp"], SIZE, p=[0.9, 0.1])
    age = rng.choice(["18-29", "30-49", "50+"], SIZE)
    digital = rng.random(SIZE) < 0.5
    weeks = np.clip(np.round(20 + effect * digital + rng.normal(0, 12, SIZE)), 0, 52)
    weeks[:40] = np.nan
    exit_week = rng.geometric(np.where(digital, 0.03, 0.035))
    stop = np.where(rng.random(SIZE) < 0.1, rng.integers(20, 52, SIZE), 52)
    columns = {
        "participant_id": [f"p{row}" for row in range(SIZE)], "arm": np.where(digital, "digital", "physical"),
        "stratum": [f"{a}/{b}/{c}" for a, b, c in zip(jobcentre, group, age, strict=True)],
        "jobcentre": jobcentre, "target_group": group, "age_group": age, "weeks_employed_52": weeks,
        "weeks_employed_52_missing_reason": ["emigrated"] * 40 + [None] * (SIZE - 40),
        "exit_26": (exit_week <= 26).astype(float), "share_physical": np.where(digital, 0.1, 0.9) * rng.random(SIZE),
    }  # fmt: skip
    for name in ("time_to_exit", "time_to_benefit_free"):
        columns[f"{name}_week"] = np.minimum(exit_week, stop)
        columns[f"{name}_event"] = (exit_week <= stop).astype(np.int8)
    return pd.DataFrame(columns)


def change(protocol: Protocol, **parts: Any) -> Protocol:
    return protocol.model_copy(update=parts)


def test_every_declared_estimand_and_estimator_has_its_row_in_order(protocol: Protocol, frame: pd.DataFrame) -> None:
    effects = run_plan(protocol, frame)
    declared = [(estimand.name, name) for estimand in protocol.estimands for name in estimand.estimators]
    assert [(row.estimand, row.estimator) for row in effects.rows] == declared
    assert {row.status for row in effects.rows} == {"estimated"}
    assert {row.role for row in effects.rows} == {"primary", "secondary"}
    assert {(row.of, row.against) for row in effects.rows} == {("digital", "physical")}


def test_the_primary_row_by_pandas(protocol: Protocol, frame: pd.DataFrame) -> None:
    large = frame[frame["jobcentre"].isin(["0101", "0147"]) & (frame["target_group"] == "dagpenge")]
    row = run_plan(protocol, large).row("itt-weeks-employed", "stratified-difference")
    seen = large.dropna(subset=["weeks_employed_52"])
    means = seen.groupby(["stratum", "arm"])["weeks_employed_52"].mean().unstack()
    share = seen["stratum"].value_counts(normalize=True)
    assert row.estimate == pytest.approx(((means["digital"] - means["physical"]) * share).sum())
    assert row.pooled_strata == 0
    assert row.n == {arm: int((seen["arm"] == arm).sum()) for arm in ("physical", "digital")}
    assert row.missing == {arm: int(large["weeks_employed_52"].isna()[large["arm"] == arm].sum()) for arm in row.n}
    assert row.se_type == "Neyman"
    assert row.conclusion in ("non-inferior", "inconclusive", "non-inferior-but-worse", "superior", "inferior")
    assert row.bound == pytest.approx(row.estimate - 1.6449 * row.se, abs=2e-3 * row.se)  # t on 900 degrees


def test_small_strata_are_counted_and_named(protocol: Protocol, frame: pd.DataFrame) -> None:
    effects = run_plan(protocol, frame)
    joined = [item for item in effects.joined if item.outcome == "weeks_employed_52"]
    assert joined
    assert all("0751" in name or "0461" in name or "kontant" in name for item in joined for name in item.members)
    row = effects.row("itt-weeks-employed", "strata-regression")
    assert row.pooled_strata == sum(len(item.members) for item in joined)


def test_missing_outcomes_are_counted_by_arm_and_reason(protocol: Protocol, frame: pd.DataFrame) -> None:
    missing = run_plan(protocol, frame).missing
    assert {item.reason for item in missing} == {"emigrated"}
    assert sum(item.n for item in missing) == 40


def test_the_dose_row_names_its_unit_and_its_first_stage(protocol: Protocol, frame: pd.DataFrame) -> None:
    effects = run_plan(protocol, frame)
    row = effects.row("late-share-physical", "two-stage-least-squares")
    (stage,) = effects.first_stage
    itt = effects.row("itt-weeks-employed", "strata-regression")
    assert row.per == "unit of share_physical"
    assert stage.estimate is not None
    assert stage.estimate < 0
    assert row.estimate == pytest.approx((itt.estimate or 0) / stage.estimate)
    assert stage.f == pytest.approx((stage.estimate / (stage.se or 1)) ** 2)


def test_curves_are_given_by_arm_for_every_declared_time(protocol: Protocol, frame: pd.DataFrame) -> None:
    effects = run_plan(protocol, frame)
    names = [(item.outcome, item.curve.arm) for item in effects.curves]
    assert names == [
        (outcome, arm) for outcome in ("time_to_exit", "time_to_benefit_free") for arm in ("physical", "digital")
    ]
    row = effects.row("rmst-time-to-exit", "kaplan-meier")
    area = [sum(point.survival for point in item.curve.points[:52]) for item in effects.curves[:2]]
    assert row.estimate == pytest.approx(area[1] - area[0])


def test_another_arm_takes_no_part(protocol: Protocol, frame: pd.DataFrame) -> None:
    other = frame.assign(arm="video", participant_id="v")
    two = run_plan(protocol, frame)
    three = run_plan(protocol, pd.concat([other.head(300), frame]))
    assert [row.estimate for row in two.rows] == [row.estimate for row in three.rows]


def test_declared_clusters_and_se_types_are_what_is_computed(protocol: Protocol, frame: pd.DataFrame) -> None:
    inference = protocol.inference.model_copy(update={"se_type": "CR1", "clusters": "jobcentre", "level": 0.9})
    effects = run_plan(change(protocol, inference=inference), frame)
    row = effects.row("itt-weeks-employed", "strata-regression")
    assert (row.se_type, row.level, row.df) == ("CR1", 0.9, 3.0)
    refused = effects.row("itt-weeks-employed", "stratified-difference")
    assert refused.status == "not-estimable"
    assert refused.reason is not None
    assert "clusters" in refused.reason


def test_declared_covariates_are_absorbed_by_the_strata_and_said_so(protocol: Protocol, frame: pd.DataFrame) -> None:
    inference = protocol.inference.model_copy(update={"covariates": ("age_group",)})
    plain, adjusted = (
        run_plan(one, frame).row("itt-weeks-employed", "strata-regression")
        for one in (protocol, change(protocol, inference=inference))
    )
    assert (adjusted.estimate, adjusted.se) == (plain.estimate, plain.se)
    assert adjusted.notes == ("the strata absorb the declared covariates age_group",)


def test_a_strategy_no_estimator_honours_gives_no_number(protocol: Protocol, frame: pd.DataFrame) -> None:
    first, *rest = protocol.estimands
    changed = first.model_copy(update={"intercurrent": {"pause": "principal-stratum"}})
    row = run_plan(change(protocol, estimands=(changed, *rest)), frame).rows[0]
    assert row.status == "not-estimable"
    assert row.reason == "no estimator here honours the strategy principal-stratum"


def test_an_estimator_that_does_not_fit_its_outcome_gives_no_number(protocol: Protocol, frame: pd.DataFrame) -> None:
    first, *rest = protocol.estimands
    changed = first.model_copy(update={"estimators": ("kaplan-meier", "two-stage-least-squares")})
    rows = run_plan(change(protocol, estimands=(changed, *rest)), frame).rows[:2]
    assert [row.status for row in rows] == ["not-estimable"] * 2
    assert rows[0].reason == "kaplan-meier does not apply to weeks_employed_52, which is one number a citizen"


@pytest.mark.parametrize("keep", [0, 1, 5])
def test_almost_nobody_gives_reasons(protocol: Protocol, frame: pd.DataFrame, keep: int) -> None:
    effects = run_plan(protocol, frame.tail(keep))
    assert len(effects.rows) == 7
    for row in effects.rows:
        assert (row.status == "estimated") == (row.estimate is not None)
        assert (row.status == "not-estimable") == (row.reason is not None)


def test_a_missing_column_is_an_error_that_names_it(protocol: Protocol, frame: pd.DataFrame) -> None:
    with pytest.raises(PlanError, match="must have a column exit_26") as caught:
        run_plan(protocol, frame.drop(columns="exit_26"))
    assert caught.value.stable_code == "plan-column"


def test_the_same_bits_in_any_row_order(protocol: Protocol, frame: pd.DataFrame) -> None:
    again = run_plan(protocol, frame.sample(frac=1, random_state=3))
    assert run_plan(protocol, frame).to_json() == again.to_json()


def written(effects: Effects, out: Path) -> dict[str, Any]:
    effects.write(out, Sources("d" * 64, "h" * 64, {"bundle/assignments.parquet": "a" * 64}))
    return dict(json.loads((out / "manifest.json").read_text(encoding="utf-8")))


def test_files_hold_the_effects_and_the_manifest_their_hashes(
    protocol: Protocol, frame: pd.DataFrame, tmp_path: Path
) -> None:
    effects = run_plan(protocol, frame)
    manifest = written(effects, tmp_path / "effects")
    assert manifest["protocol_digest"] == "d" * 64
    assert sorted(path.name for path in (tmp_path / "effects").iterdir()) == [
        "effects.json", "effects.parquet", "manifest.json"]  # fmt: skip
    table = pq.read_table(tmp_path / "effects" / "effects.parquet").to_pylist()
    assert [line["estimate"] for line in table] == [row.estimate for row in (*effects.rows, *effects.subgroups)]
    assert table[0]["n_of"] == effects.rows[0].n["digital"]
    assert read_effects(tmp_path / "effects")["trial"] == "digital-samtaler"
    again = tmp_path / "again"
    assert written(effects, again) == manifest
    assert (again / "effects.parquet").read_bytes() == (tmp_path / "effects" / "effects.parquet").read_bytes()


def test_a_changed_file_is_not_read(protocol: Protocol, frame: pd.DataFrame, tmp_path: Path) -> None:
    written(run_plan(protocol, frame), tmp_path)
    path = tmp_path / "effects.json"
    path.write_text(
        path.read_text(encoding="utf-8").replace("digital-samtaler", "digital-samtalex"), encoding="utf-8"
    )
    with pytest.raises(FileError) as caught:
        read_effects(tmp_path)
    assert caught.value.stable_code == "effects-hash"
    with pytest.raises(FileError):
        read_effects(tmp_path / "absent")


def test_the_table_for_people_has_a_line_a_row(protocol: Protocol, frame: pd.DataFrame) -> None:
    columns, lines = run_plan(protocol, frame).table()
    assert all(len(line) == len(columns) for line in lines)
    assert len(lines) == 7 + 2 + 3  # the subgroups follow
