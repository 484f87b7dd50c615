"""Trials to cover: citizens who arrive over a year, pauses, an arm by the real procedure, and outcomes with ties.

1. Arms come from the procedures themselves, citizen by citizen. A stream of citizens with its arms is used for
   several outcomes, which are drawn anew: what varies most is drawn most.
2. In a pause nobody is randomised. Who was, and meets a pause later, talks by telephone in either arm: the arms then
   do the same for that citizen.
3. Weeks employed lie from 0 to 52 in whole weeks, many at the ends; exits fall in few weeks, many in each.
"""

from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.estimate.replay import assign_again
from trial.procedures import Arms, Factor, Procedure, Subject, Unit, build

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

ARMS = Arms.of([SimpleNamespace(name="physical", ratio=1), SimpleNamespace(name="digital", ratio=1)])
CENTRES, AGES = ("0101", "0147", "0461"), ("18-29", "30-49", "50+")
FACTORS = tuple(
    Factor.of(SimpleNamespace(factor=name, levels=levels))
    for name, levels in (("jobcentre", CENTRES), ("age_group", AGES))
)
DESIGNS: dict[str, tuple[str, dict[str, Any]]] = {
    "blocks": ("permuted-block@1", {"sizes": [2, 4]}),
    "big stick": ("big-stick@1", {"tolerance": 3}),
    "minimisation": ("pocock-simon@1", {"probability": 0.8}),
}
ARRIVALS, DAYS, EXPOSED_FOR = 620, 364, 154


@dataclass(frozen=True)
class Stream:
    """The randomised citizens of one trial, in the order of their arrival, with their arms."""

    units: tuple[Unit, ...]
    stratum: Ints
    age: Ints
    month: Ints
    paused_week: Floats  # first week in which the municipality pauses, NaN where it does not
    digital: Bools

    @property
    def exposed(self) -> Bools:
        """Who meets a pause before the last conversation."""
        return np.nan_to_num(self.paused_week, nan=np.inf) <= EXPOSED_FOR / 7

    def __len__(self) -> int:
        return len(self.units)


def procedure(design: str) -> Procedure:
    """Build the procedure of a design."""
    name, parameters = DESIGNS[design]
    return build(name, parameters, ARMS, FACTORS)


@cache
def stream(design: str, seed: int) -> Stream:
    """Let citizens arrive, pause municipalities, and draw an arm for everybody else."""
    rng = np.random.default_rng([seed, len(design)])
    centre, age = rng.choice(3, ARRIVALS, p=[0.5, 0.3, 0.2]), rng.choice(3, ARRIVALS, p=[0.3, 0.4, 0.3])
    day = np.sort(rng.integers(0, DAYS, ARRIVALS))
    first_pause = rng.integers(30, 300, 3)  # one pause of five weeks a municipality
    paused = (day >= first_pause[centre]) & (day < first_pause[centre] + 35)
    centre, age, day = centre[~paused], age[~paused], day[~paused]
    later = first_pause[centre] > day
    paused_week = np.where(later, np.maximum((first_pause[centre] - day) // 7, 1), np.nan)
    units = tuple(
        Subject(f"p{row}", {"jobcentre": CENTRES[c], "age_group": AGES[a]}, f"{CENTRES[c]}/{AGES[a]}")
        for row, (c, a) in enumerate(zip(centre, age, strict=True))
    )
    digital = assign_again(procedure(design), units, "digital", None, rng)
    return Stream(units, centre * 3 + age, age, day // 91, paused_week, digital)


@dataclass(frozen=True)
class Means:
    """An outcome of one number a citizen: y, dose, covariate, missing marked NaN; the truth of the citizens observed.

    effect: of assignment, on average over those observed; unit: of one unit of dose; moved: the dose, on average.
    """

    y: Floats
    dose: Floats
    x: Floats
    effect: float
    unit: float
    moved: float
    by_age: tuple[float, ...]


def weeks_employed(own: Stream, rng: np.random.Generator, unit: float) -> Means:
    """Weeks employed by week 52; one in five overrides to physical, 3 % are not observed."""
    n = len(own)
    x = np.round(rng.normal(26, 10, n)).clip(0, 52)
    level = np.array([0.0, 3.0, 6.0])[own.stratum // 3] - 4.0 * (own.age == 2) + 2.0 * np.cos(own.month)
    base = np.clip(np.round(20 + level + 0.3 * (x - 26) + rng.normal(0, 17, n)), 1, 50)
    stays = (rng.random(n) < 0.2) | own.exposed  # physical or telephone whatever the arm
    dose = np.where(own.digital & ~stays, 0.0, 1.0)
    seen = rng.random(n) >= 0.03
    effects = -unit * ~stays[seen]
    by_age = tuple(float(effects[own.age[seen] == age].mean()) for age in range(3))
    y = np.where(seen, base + unit * dose, np.nan)
    return Means(y, dose, x, float(effects.mean()), unit, -float((~stays[seen]).mean()), by_age)


def rare_exit(own: Stream, rng: np.random.Generator, kept: float) -> Means:
    """An exit that 3 % have; digital keeps a share of them."""
    n = len(own)
    chance = 0.03 * np.array([0.7, 1.0, 1.3])[own.age]
    x = np.round(rng.normal(26, 10, n)).clip(0, 52)
    exits = rng.random(n) < chance
    still = exits & (rng.random(n) < kept)
    stays = (rng.random(n) < 0.2) | own.exposed
    dose = np.where(own.digital & ~stays, 0.0, 1.0)
    y = np.where(dose == 1, exits, still).astype(float)
    moved = ~stays
    effects = (still.astype(float) - exits) * moved
    unit = -float(effects.sum() / moved.sum())
    by_age = tuple(float(effects[own.age == age].mean()) for age in range(3))
    return Means(y, dose, x, float(effects.mean()), unit, -float(moved.mean()), by_age)


@dataclass(frozen=True)
class Times:
    """Weeks to exit: week, cause (0 censored, 1 work, 2 other), and the truth."""

    week: Ints
    cause: Ints
    log_ratio: float
    hazard: float  # of work, in the comparison
    other: float


def times(own: Stream, rng: np.random.Generator, hazard: float, ratio: float) -> Times:
    """Exits week by week with proportional hazards, another cause, and censoring by the end of the register."""
    n, last, other = len(own), 52, hazard / 5
    treated = 1 - (1 - hazard) ** ratio
    work = rng.geometric(np.where(own.digital, treated, hazard), n)
    away = rng.geometric(other, n)
    stop = np.where(rng.random(n) < 0.25, rng.integers(30, last + 1, n), last)
    week = np.minimum(np.minimum(work, away), stop)
    # In a week with both, work comes first; an exit in the last week observed counts.
    cause = np.where(work == week, 1, np.where(away == week, 2, 0))
    return Times(week, cause, float(np.log(ratio)), hazard, other)
