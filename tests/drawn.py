"""Citizens of a small trial as plain tables, their arms drawn by the declared procedure."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.estimate.replay import assign_again
from trial.procedures import Subject, declared
from trial.protocol import Protocol


def drawn_people(protocol: Protocol, rng: np.random.Generator, size: int, shares: Sequence[float]) -> pd.DataFrame:
    """Draw citizens of three jobcentres with these shares; one arrives an hour."""
    people = pd.DataFrame({
        "participant_id": [f"p{row:04}" for row in range(size)],
        "jobcentre": rng.choice(["0101", "0147", "0461"], size, p=shares),
        "target_group": rng.choice(["dagpenge", "jobparat-kontanthjaelp"], size),
        "age_group": rng.choice(["18-29", "30-49", "50+"], size),
    })  # fmt: skip
    people["stratum"] = people["jobcentre"] + "/" + people["target_group"] + "/" + people["age_group"]
    units = [Subject(row["participant_id"], {}, row["stratum"]) for row in people.to_dict("records")]
    procedure = declared(protocol.randomisation, protocol.arms, protocol.stratification)
    digital = assign_again(procedure, units, "digital", None, rng)
    people["arm"] = np.where(digital, "digital", "physical")
    people["assigned_at"] = pd.date_range("2021-01-04", periods=size, freq="h", tz="UTC")
    people["step"], people["epoch"] = people.groupby("stratum").cumcount(), 1
    return people
