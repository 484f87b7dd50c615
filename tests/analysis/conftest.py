"""A small trial as plain tables, and its synthetic registers."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from analysis.outcomes import measure_codes, shipped_codes
from analysis.registers.people import participants
from analysis.registers.scenario import THETA, Scenario
from analysis.registers.synthetic import synthesise
from trial.protocol.load import load_protocol
from trial.protocol.shipped import shipped


def make_assignments(n, seed=0, arm=None):
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame(
        {
            "participant_id": [f"p{number:026d}" for number in range(n)],
            "arm": rng.choice(["physical", "digital"], n) if arm is None else [arm] * n,
            "jobcentre": rng.choice(["0101", "0461"], n),
            "target_group": rng.choice(["dagpenge", "jobparat-kontanthjaelp"], n, p=[0.8, 0.2]),
            "age_group": rng.choice(["18-29", "30-49", "50+"], n),
            "assigned_on": [date(2021, 1, 4) + timedelta(days=int(day)) for day in rng.integers(0, 361, n)],
            "prob_physical": 0.5,
            "prob_digital": 0.5,
            "calendar_block": "2021-03",
        }
    )
    rows["municipality_code"] = rows["jobcentre"]
    rows["stratum"] = rows["jobcentre"] + "/" + rows["target_group"] + "/" + rows["age_group"]
    return rows


@pytest.fixture(scope="session")
def protocol():
    """The shipped protocol."""
    return load_protocol(shipped("digital-samtaler.toml"))


@pytest.fixture(scope="session")
def write_registers(protocol):
    """Write synthetic registers of assignments into a folder."""

    def write(assignments, out, *, seed=1, theta=THETA, doses=None, others=50, replicates=1, pauses=None, **planted):
        return synthesise(
            participants(assignments, protocol.arms, doses, pauses),
            out,
            seed=seed,
            planted=Scenario(theta, **planted),
            outcomes=protocol.outcomes,
            estimands=protocol.estimands,
            measure=measure_codes(shipped_codes()),
            follow_up_weeks=protocol.follow_up.weeks,
            others=others,
            replicates=replicates,
        )

    return write


@pytest.fixture(scope="session")
def assignments():
    """Two thousand citizens of 2021."""
    return make_assignments(2000)


@pytest.fixture(scope="session")
def registers(assignments, write_registers, tmp_path_factory):
    """Their registers."""
    out = tmp_path_factory.mktemp("registers")
    write_registers(assignments, out)
    return out


@pytest.fixture(scope="session", name="make_assignments")
def _make_assignments():
    """Make assignments of any size."""
    return make_assignments
