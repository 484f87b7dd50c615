"""Synthetic citizens: where and when their spell begins, what a register shows of them and what it does not.

1. A jobcentre is drawn by its population, a first day evenly over the enrolment.
2. Prospects are hidden. Earlier employment tells of them with noise: it is what a placebo test may look at.
3. Everything is drawn from the generator given, in one order: the same seed gives the same citizens.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.experiment.calendar import jobcentres, week_of
from analysis.experiment.declare import Experiment
from trial.protocol.values import Period

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TARGET_GROUPS = ("dagpenge", "jobparat-kontanthjaelp")
INSURED = 0.75  # a choice of this experiment: the share insured changes no comparison, only the size of the strata
AGE_GROUPS = ("18-29", "30-49", "50+")


@dataclass(frozen=True)
class People:
    """Citizens, one a spell. start: day number from the Monday of the first week; the rest one value a citizen."""

    first_week: Ints
    start: Ints
    place: Ints
    insured: NDArray[np.bool_]
    age: Floats
    education: Floats
    female: Floats
    prospects: Floats
    past: dict[str, Floats]

    def __len__(self) -> int:
        """Count citizens."""
        return len(self.place)

    @property
    def age_group(self) -> Ints:
        """The age group's place in AGE_GROUPS."""
        return np.digitize(self.age, (30.0, 50.0)).astype(np.int64)

    @property
    def covariates(self) -> dict[str, Floats]:
        """What a register shows before the spell."""
        return {"age": self.age, "education": self.education, "female": self.female}


def draw_people(experiment: Experiment, period: Period, random: np.random.Generator) -> People:
    """Draw the citizens whose spells begin in a period."""
    n, life = experiment.size.spells, experiment.life
    origin = week_of(period.from_)
    monday_offset = (period.from_.weekday(), (period.to - period.from_).days + 1)
    start = np.sort(monday_offset[0] + random.integers(0, monday_offset[1], n))
    place = random.choice(len(jobcentres()[1]), n, p=jobcentres()[1])
    kinds = random.choice(len(life.prospects.values), n, p=life.prospects.shares)
    prospects = np.array(life.prospects.values)[kinds]
    insured = random.random(n) < INSURED
    age = 18 + 46 * random.beta(1.6, 1.9, n)
    education = (random.random(n) < np.where(insured, 0.6, 0.3)).astype(np.float64)
    female = (random.random(n) < 0.48).astype(np.float64)
    return People(
        origin + start // 7, start, place, insured, age, education, female, prospects,
        _past(life.past_signal, prospects, education, random),
    )  # fmt: skip


def _past(signal: float, prospects: Floats, education: Floats, random: np.random.Generator) -> dict[str, Floats]:
    """Draw the weeks employed in each of the two years before: earlier outcomes, moved by prospects alone."""
    latent = signal * prospects + 0.3 * education
    return {
        f"weeks_employed_{year}_years_before": np.round(
            52 / (1 + np.exp(-(latent + random.normal(0, 1.2, len(latent)))))
        )
        for year in (1, 2)
    }
