"""Life courses: weekly hazards under either form of the first conversation, and the exit that follows.

1. The weekly hazard of exit to employment is level x duration x exp(prospects + background + season + labour market
   + jobcentre), a mixed proportional hazard; a competing exit has a constant one.
2. A conversation changes the hazard from the week after it. Only the form of the first one has an effect.
3. Every citizen has both futures, with the same chance in both: one exponential threshold, one uniform for the cause.
4. Effects are computed from the exact probabilities of the two futures of the very same citizens, without simulation.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from analysis.experiment.calendar import Calendar
from analysis.experiment.declare import Experiment
from analysis.experiment.people import People
from analysis.identify.panel import CENSORED, EMPLOYMENT

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
OTHER = 2
NEVER = 10_000  # the week of a first conversation that is not held


@dataclass(frozen=True)
class Future:
    """Weekly hazard of exit to employment, spell x week, under one form; `competing` the hazard of other exits."""

    hazard: Floats
    competing: float

    @cached_property
    def cumulative(self) -> Floats:
        """The integrated hazard of leaving at all, by the end of each week."""
        weeks = np.arange(1, self.hazard.shape[1] + 1)
        total: Floats = np.cumsum(self.hazard, axis=1) + self.competing * weeks
        return total

    @cached_property
    def staying(self) -> Floats:
        """The probability of being unemployed still at the end of each week, with a first column of ones."""
        left = np.exp(-self.cumulative)
        return np.concatenate([np.ones((len(left), 1)), left], axis=1)

    @cached_property
    def incidence(self) -> Floats:
        """The probability of exit to employment by the end of each week."""
        to_work = -np.diff(self.staying, axis=1) * (self.hazard / (self.hazard + self.competing))
        return np.cumsum(to_work, axis=1)


@dataclass(frozen=True)
class Lives:
    """Both futures of every citizen, and the week of the first conversation.

    physical: where others' conversations are as they are. alone: where nobody else's is digital.
    """

    physical: Future
    digital: Future
    alone: Future
    talk_week: Ints
    threshold: Floats
    chance: Floats

    def gain(self, horizon: int) -> Floats:
        """Give each citizen's effect of a digital instead of a physical first conversation on exit by the horizon."""
        found: Floats = self.digital.incidence[:, horizon - 1] - self.physical.incidence[:, horizon - 1]
        return found

    def gain_when_met(self, horizon: int) -> Floats:
        """Give the same among those still unemployed in the week of the conversation; 0 where there is none."""
        met = np.minimum(self.talk_week, self.physical.hazard.shape[1]) - 1
        found: Floats = self.gain(horizon) / self.physical.staying[np.arange(len(met)), met]
        return found

    def exits(self, digital: Bools) -> tuple[Ints, NDArray[np.int8]]:
        """Give last week at risk and cause of exit, where `digital` says which future comes true."""
        weeks = self.physical.hazard.shape[1]
        stayed = np.where(
            digital,
            (self.digital.cumulative < self.threshold[:, None]).sum(axis=1),
            (self.physical.cumulative < self.threshold[:, None]).sum(axis=1),
        )
        last = np.minimum(stayed + 1, weeks)
        row = np.arange(len(last))
        hazard = np.where(digital, self.digital.hazard[row, last - 1], self.physical.hazard[row, last - 1])
        to_work = self.chance < hazard / (hazard + self.physical.competing)
        cause = np.where(stayed == weeks, CENSORED, np.where(to_work, EMPLOYMENT, OTHER))
        return last, cause.astype(np.int8)


def draw_lives(
    experiment: Experiment,
    people: People,
    calendar: Calendar,
    talk_week: Ints,
    *,
    random: np.random.Generator,
    share_digital: Floats | None = None,
) -> Lives:
    """Give both futures. share_digital: of each citizen's jobcentre, where others' conversations displace."""
    hazard = _without(experiment, people, calendar, random)
    after = np.arange(1, experiment.size.weeks + 1) > talk_week[:, None]
    effect = experiment.effect
    competing = experiment.life.competing
    alone = Future(np.where(after, np.exp(effect.conversation), 1.0) * hazard, competing)
    digital = Future(np.where(after, np.exp(effect.conversation + effect.digital), 1.0) * hazard, competing)
    physical = alone
    if share_digital is not None:
        displaced = np.exp(effect.displacement * share_digital)[:, None]
        physical = Future(np.where(after, displaced, 1.0) * alone.hazard, competing)
    return Lives(
        physical, digital, alone, talk_week, random.exponential(size=len(people)), random.random(len(people))
    )


def _without(experiment: Experiment, people: People, calendar: Calendar, random: np.random.Generator) -> Floats:
    """Give the weekly hazard before any conversation."""
    life, weeks = experiment.life, np.arange(1, experiment.size.weeks + 1)
    begins, shifts = (np.array(one) for one in zip(*life.duration, strict=True))
    duration = np.exp(shifts[np.searchsorted(begins, weeks, side="right") - 1])
    local = random.normal(0, life.local_spread, len(calendar.closed))
    own = (
        people.prospects + local[people.place] + life.background.age * (people.age - 40) / 12
        + life.background.education * people.education + life.background.female * people.female
    )  # fmt: skip
    week = (people.first_week - calendar.first)[:, None] + weeks - 1
    known = np.minimum(week, len(calendar) - 1)
    found: Floats = np.exp(own)[:, None] * (life.level * duration) * np.exp(calendar.market)[known]
    return found
