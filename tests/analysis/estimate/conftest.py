"""What the estimator tests share: the golden trial (values of R and others known) and small seeded trials."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest


@pytest.fixture(scope="session")
def golden(shared_data: Path) -> pd.DataFrame:
    """100,000 citizens in 399 strata of unequal size."""
    return pd.read_parquet(shared_data / "golden" / "trial_100000.parquet")


def small_trial(seed: int, size: int = 240, strata: int = 12) -> pd.DataFrame:
    """Strata of unequal size and share; clusters are unions of strata."""
    rng = np.random.default_rng(seed)
    stratum = rng.integers(0, strata, size)
    z = rng.random(size) < 0.3 + 0.4 * (stratum % 2)
    y = np.round(10 + stratum + 2 * z + rng.normal(0, 3, size) * (1 + z))
    d = 0.2 + 0.5 * z + 0.1 * rng.random(size)
    return pd.DataFrame({"y": y, "z": z, "s": stratum, "c": stratum % 6, "d": d, "w": rng.integers(1, 4, size) / 2})


def dummies(frame: pd.DataFrame) -> pd.DataFrame:
    design = pd.get_dummies(frame["s"], prefix="s").astype(float)
    design.insert(0, "z", frame["z"].astype(float))
    return design


@pytest.fixture(name="make_trial")
def _make_trial() -> Callable[..., pd.DataFrame]:
    return small_trial


@pytest.fixture(name="dummies")
def _dummies() -> Callable[[pd.DataFrame], pd.DataFrame]:
    return dummies
