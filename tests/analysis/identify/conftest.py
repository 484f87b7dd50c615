"""Small data sets to judge: a panel of talks, a comparison, and the shipped plans."""

import numpy as np
import pytest

from analysis.identify.comparison import Comparison
from analysis.identify.panel import UNSEEN, Panel
from analysis.identify.plan import find_plan, load_plan


def make_panel(n=600, weeks=26, seed=1, arm=False, calendar=0.0):
    """Spells with talks in weeks 1, 4 and 8; `calendar` is how strongly the week decides the mode."""
    rng = np.random.default_rng(seed)
    place = rng.integers(0, 4, n).astype(np.int32)
    first = rng.integers(2600, 2612, n).astype(np.int32)
    last = np.minimum(rng.geometric(0.06, n), weeks).astype(np.int32)
    cause = np.where(last < weeks, np.where(rng.random(n) < 0.8, 1, 2), 0).astype(np.int8)
    talk = np.zeros((n, weeks), dtype=np.int8)
    drawn = (rng.random(n) < 0.5).astype(np.int8)
    for week in (0, 3, 7):
        chance = 1 / (1 + np.exp(-calendar * (first + week - 2608)))
        digital = drawn == 1 if arm else rng.random(n) < chance
        held = rng.random(n) < 0.5
        talk[:, week] = np.where(held, np.where(digital, rng.integers(2, 4, n), 1), 0)
    talk[np.arange(1, weeks + 1)[None, :] > last[:, None]] = UNSEEN
    closed = np.zeros((n, weeks), dtype=np.bool_)
    closed[place == 0, :4] = (first[place == 0] > 2606)[:, None]
    return Panel(
        talk, first, last, cause, place, place, rng.integers(0, 2, n).astype(np.int32), {}, {1: "employment"},
        {"age": rng.normal(size=n)}, {"before": rng.normal(size=n)}, {"closure": closed}, drawn if arm else None,
    )  # fmt: skip


def make_comparison(n=200, seed=1, *, strata=3, periods=4, binary=True, effect=0.1):
    rng = np.random.default_rng(seed)
    stratum = rng.integers(0, strata, n).astype(np.int32)
    period = rng.integers(0, periods, n).astype(np.int32)
    x = rng.normal(size=(n, 2))
    treated = (rng.random(n) < 1 / (1 + np.exp(-0.5 * x[:, 0] - 0.3 * stratum + 0.4))).astype(np.int8)
    latent = effect * treated + 0.3 * x[:, 0] + rng.normal(size=n)
    outcome = (latent > 0).astype(float) if binary else latent
    return Comparison(
        treated, outcome, x, ("x1", "x2"), stratum, period, (stratum * 2 + rng.integers(0, 2, n)).astype(np.int32),
        {"before": x[:, 1] + rng.normal(size=n), "x1": x[:, 0]},
    )  # fmt: skip


def dummies(*codes):
    """Columns of the cells that codes cross to."""
    cells = np.unique(np.column_stack(codes), axis=0, return_inverse=True)[1].reshape(-1)
    return (cells[:, None] == np.arange(cells.max() + 1)).astype(float)


@pytest.fixture(scope="session")
def covid():
    """The plan of the Covid registers."""
    return load_plan(find_plan("covid-registers"))


@pytest.fixture(scope="session")
def trial_plan():
    """The plan of the trial."""
    return load_plan(find_plan("digital-samtaler"))


@pytest.fixture(scope="session", name="make_panel")
def _make_panel():
    return make_panel


@pytest.fixture(scope="session", name="make_comparison")
def _make_comparison():
    return make_comparison


@pytest.fixture(scope="session", name="dummies")
def _dummies():
    return dummies
