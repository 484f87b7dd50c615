"""Every declarable estimator on degenerate data: a finite number with its uncertainty, or a reason; nothing else."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.plan import run_plan
from analysis.plan.estimators import ESTIMATORS
from trial.protocol import Protocol, load_protocol, shipped
from trial.protocol.analysis_model import Covariate
from trial.protocol.check_plan import ESTIMATORS as DECLARABLE

SIZE = 120


@pytest.fixture(scope="module")
def protocol() -> Protocol:
    """The shipped protocol with every estimator that fits each estimand, and a covariate."""
    own = load_protocol(shipped("digital-samtaler.toml"))
    estimands = tuple(one.model_copy(update={"estimators": DECLARABLE[one.summary]}) for one in own.estimands)
    hazard = own.estimands[2].model_copy(
        update={"name": "hazard", "summary": "hazard-ratio", "estimators": DECLARABLE["hazard-ratio"]}
    )
    pauseless = own.estimands[2].model_copy(update={
        "name": "pauseless", "estimators": ("inverse-probability-of-pause",),
        "intercurrent": {**own.estimands[2].intercurrent, "pause": "hypothetical"},
    })  # fmt: skip
    worked = Covariate.model_validate({
        "name": "worked_before", "variable": "weeks-employed-before", "weeks": 52, "label": {"da": "x", "en": "x"},
    })  # fmt: skip
    inference = own.inference.model_copy(update={"covariates": ("worked_before",)})
    return own.model_copy(
        update={"estimands": (*estimands, hazard, pauseless), "covariates": (worked,), "inference": inference}
    )


def frame() -> pd.DataFrame:
    rng = np.random.default_rng(8)
    digital = np.arange(SIZE) % 2 == 0
    own = {
        "participant_id": [f"p{row}" for row in range(SIZE)], "arm": np.where(digital, "digital", "physical"),
        "stratum": np.where(np.arange(SIZE) < 60, "0101/dagpenge/18-29", "0461/dagpenge/18-29"),
        "jobcentre": np.where(np.arange(SIZE) < 60, "0101", "0461"), "target_group": "dagpenge",
        "age_group": "18-29", "calendar_block": "2021-03", "share_physical": np.where(digital, 0.2, 0.9),
        "weeks_employed_52": rng.integers(0, 53, SIZE), "exit_26": rng.integers(0, 2, SIZE),
        "paused_week": np.nan, "worked_before": rng.integers(0, 53, SIZE).astype(float),
    }  # fmt: skip
    own["share_physical"][:20] = 0.5
    for name in ("time_to_exit", "time_to_benefit_free"):
        own[f"{name}_week"] = rng.integers(1, 53, SIZE)
        own[f"{name}_event"] = rng.integers(0, 2, SIZE)
    return pd.DataFrame(own)


def lonely(own: pd.DataFrame) -> pd.DataFrame:
    own.loc[0, ["stratum", "jobcentre"]] = ["0147/dagpenge/18-29", "0147"]
    return own


def early(own: pd.DataFrame) -> pd.DataFrame:
    """In one stratum everybody is censored before the first exit of the trial."""
    times = [name for name in own if name.startswith("time_to") and name.endswith("week")]
    own[times] += 10
    own.loc[own["jobcentre"] == "0461", times] = 3
    events = [name for name in own if name.endswith("_event")]
    own.loc[own["jobcentre"] == "0461", events] = 0
    return own


def separated(own: pd.DataFrame) -> pd.DataFrame:
    digital = own["arm"] == "digital"
    own["exit_26"] = digital.astype(int)
    own["weeks_employed_52"] = np.where(digital, 52, 0)
    own["time_to_exit_week"] = np.where(digital, 5, 40)
    own["time_to_exit_event"] = 1
    return own


def infinite(own: pd.DataFrame) -> pd.DataFrame:
    own["weeks_employed_52"] = own["weeks_employed_52"].astype(float)
    own.loc[3, "weeks_employed_52"] = np.inf
    own.loc[4, "worked_before"] = np.inf
    return own


def missing(own: pd.DataFrame) -> pd.DataFrame:
    for name in ("weeks_employed_52", "exit_26", "time_to_exit_week", "time_to_exit_event"):
        own[name] = own[name].astype("Float64")
        own.loc[own.index % 3 == 0, name] = pd.NA
    return own


CASES: dict[str, Any] = {
    "one arm empty": lambda own: own[own["arm"] == "digital"],
    "nobody": lambda own: own.head(0),
    "one citizen an arm": lambda own: own.head(2),
    "a stratum with one person": lonely,
    "no events": lambda own: own.assign(time_to_exit_event=0, time_to_benefit_free_event=0, exit_26=0),
    "all censored before the first event": early,
    "perfect separation": separated,
    "constant outcome": lambda own: own.assign(
        weeks_employed_52=7, exit_26=1, time_to_exit_week=9, time_to_exit_event=1
    ),
    "narrow integers": lambda own: own.assign(
        weeks_employed_52=(own["weeks_employed_52"] + 75).astype(np.int8), exit_26=own["exit_26"].astype(np.int8)
    ),
    "infinite outcome": infinite,
    "missing weeks": missing,
    "everybody complies": lambda own: own.assign(share_physical=(own["arm"] == "physical").astype(float)),
    "nobody has a dose": lambda own: own.assign(share_physical=0.0),
    "covariate unknown": lambda own: own.assign(worked_before=np.nan),
    "covariate constant": lambda own: own.assign(worked_before=26.0),
    "everybody paused at once": lambda own: own.assign(paused_week=1.0),
}  # fmt: skip


def test_every_estimator_is_asked(protocol: Protocol) -> None:
    assert {name for one in protocol.estimands for name in one.estimators} == set(ESTIMATORS)
    assert {row.status for row in run_plan(protocol, frame()).rows} >= {"estimated"}


@pytest.mark.parametrize("case", CASES)
def test_a_number_or_a_reason(protocol: Protocol, case: str) -> None:
    effects = run_plan(protocol, CASES[case](frame()))
    assert len(effects.rows) == sum(len(one.estimators) for one in protocol.estimands)
    for row in (*effects.rows, *effects.subgroups):
        numbers = [row.estimate, row.se, row.ci_low, row.ci_high, row.p]
        if row.status == "estimated":
            assert all(number is not None and math.isfinite(number) for number in numbers), row
            assert row.se is not None
            assert row.se > 0
            assert all(math.isfinite(value) for value in row.extra.values())
        else:
            assert numbers == [None] * 5
            assert row.reason


def test_narrow_integers_are_widened_before_they_are_squared(protocol: Protocol) -> None:
    wide = frame().assign(weeks_employed_52=lambda own: own["weeks_employed_52"] + 75)
    narrow = wide.assign(weeks_employed_52=wide["weeks_employed_52"].astype(np.int8))
    one, other = (run_plan(protocol, own).rows for own in (wide, narrow))
    assert [row.estimate for row in one] == [row.estimate for row in other]
    assert [row.se for row in one] == [row.se for row in other]


def test_the_right_number_where_there_is_one(protocol: Protocol) -> None:
    """One person alone in a stratum is joined with others, as declared: nobody is dropped."""
    row = run_plan(protocol, lonely(frame())).row("itt-weeks-employed", "stratified-difference")
    assert sum(row.n.values()) == SIZE
    assert row.pooled_strata == 2
