"""A small finished trial made by hand: bundle tables, analysis set with its flow, effects by the real plan."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from analysis.cohort import FlowStep
from analysis.plan import run_plan
from trial.protocol import load_protocol, shipped

ARMS = ("physical", "digital")
N = 240


@dataclass(frozen=True)
class Bundle:
    """The tables the report reads of a bundle."""

    protocol: Any
    manifest: dict[str, Any]
    assignments: pa.Table
    conversations: pa.Table
    pauses: pa.Table
    events: pa.Table


@dataclass(frozen=True)
class AnalysisSet:
    """Frame and flow."""

    frame: pd.DataFrame
    flow: list[FlowStep]


@dataclass(frozen=True)
class Made:
    """Everything the report is rendered from."""

    bundle: Bundle
    analysis_set: AnalysisSet
    effects: Any


def assignments(rng):
    codes = rng.choice(["0101", "0461", "0751"], N)
    group = rng.choice(["dagpenge", "jobparat-kontanthjaelp"], N)
    age = rng.choice(["18-29", "30-49", "50+"], N)
    return pd.DataFrame(
        {
            "participant_id": [f"q{number:04}" for number in range(N)],
            "arm": np.array(ARMS)[np.arange(N) % 2],
            "jobcentre": codes,
            "municipality_code": codes,
            "target_group": group,
            "age_group": age,
            "epoch": 1,
            "step": np.arange(N),
            "stratum": [f"{a}/{b}/{c}" for a, b, c in zip(codes, group, age, strict=True)],
            "assigned_on": [date(2021, 3, 1) + timedelta(days=int(day)) for day in rng.integers(0, 60, N)],
        }
    )


def with_times(rows):
    return rows.assign(assigned_at=pd.to_datetime(rows["assigned_on"]).dt.tz_localize("UTC"))


def conversations(rows, rng):
    talks = rows[["participant_id", "arm"]].loc[rows.index.repeat(3)].reset_index(drop=True)
    talks["override_reason"] = None
    override = (talks["arm"] == "digital") & (rng.random(len(talks)) < 0.1)
    talks.loc[override, "override_reason"] = "citizen-demands"
    talks["held_mode"] = np.where((talks["arm"] == "physical") | override, "physical", "telephone")
    talks.loc[::9, "held_mode"] = "none"
    talks["in_pause"] = rng.random(len(talks)) < 0.1
    return talks.drop(columns="arm")


def frame_of(rows, talks, rng):
    frame = rows.drop(columns="municipality_code").copy()
    held = talks[talks["held_mode"] != "none"]
    physical = held["held_mode"].eq("physical").groupby(held["participant_id"]).mean()
    frame["share_physical"] = frame["participant_id"].map(physical).fillna(0.0)
    frame["exposed_to_pause"] = rng.random(N) < 0.3
    frame["weeks_employed_52"] = rng.integers(0, 53, N).astype(float)
    frame["weeks_employed_52_missing_reason"] = None
    frame.loc[:6, "weeks_employed_52"] = np.nan
    frame.loc[:6, "weeks_employed_52_missing_reason"] = "emigrated"
    frame["exit_26"] = rng.integers(0, 2, N).astype(float)
    for name in ("time_to_exit", "time_to_benefit_free"):
        frame[f"{name}_week"] = rng.integers(1, 53, N)
        frame[f"{name}_event"] = (rng.random(N) < 0.7).astype(np.int8)
    return frame


def flow_of(frame):
    missing = frame["weeks_employed_52"].isna()

    def by_arm(rows):
        return {arm: int((rows & frame["arm"].eq(arm)).sum()) for arm in ARMS}

    everybody = pd.Series(True, index=frame.index)
    return [
        FlowStep("arrived", N + 40 + 3 + 22, {}, "intake files"),
        FlowStep("not-randomised", 40, {}, "excluded:interpreter"),
        FlowStep("not-randomised", 3, {}, "excluded:age-under-18"),
        FlowStep("not-randomised", 22, {}, "paused"),
        FlowStep("randomised", N, by_arm(everybody), "an arm was drawn"),
        FlowStep("not-linked", 0, by_arm(~everybody), "no row in the link table"),
        FlowStep("analysed", int((~missing).sum()), by_arm(~missing), "weeks_employed_52"),
        FlowStep("missing", int(missing.sum()), by_arm(missing), "weeks_employed_52: emigrated"),
    ]


@pytest.fixture(scope="session")
def protocol():
    return load_protocol(shipped("digital-samtaler.toml"))


@pytest.fixture(scope="session")
def made(protocol):
    rng = np.random.default_rng(7)
    rows = with_times(assignments(rng))
    talks = conversations(rows, rng)
    frame = frame_of(rows, talks, rng)
    pauses = pd.DataFrame(
        {
            "municipality_code": ["0101", "0492", "0101"],
            "closed_on": [date(2021, 3, 3), date(2021, 12, 28), date(2021, 6, 1)],
            "reopened_on": [date(2021, 3, 12), None, date(2021, 6, 2)],
        }
    )
    events = pd.DataFrame({"participant_id": ["q0001"] * 9, "kind": ["withdrawal"] * 6 + ["pause"] * 3})
    manifest = {
        "protocol_digest": "ab" * 32, "ledger_length": 12345, "ledger_head": "cd" * 32, "mode": "test",
        "files": {"assignments.parquet": "ef" * 32}, "versions": {"lodtraek": "0.1.0"},
    }  # fmt: skip
    tables = (pa.Table.from_pandas(table) for table in (rows, talks, pauses, events))
    bundle = Bundle(protocol, manifest, *tables)
    return Made(bundle, AnalysisSet(frame, flow_of(frame)), run_plan(protocol, frame))


@pytest.fixture
def without(made):
    """The same trial with something replaced in its bundle."""

    def replaced(**changes):
        tables = {
            name: value if isinstance(value, (dict, pa.Table)) else pa.Table.from_pandas(value)
            for name, value in changes.items()
        }
        return replace(made, bundle=replace(made.bundle, **tables))

    return replaced
