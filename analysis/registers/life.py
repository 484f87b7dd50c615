"""Life courses generated forward, week by week, and the codes they leave in DREAM.

1. A person is in one of six states. The chance of leaving one depends on time spent in it (duration dependence), on
   the person (insured or not, age, a gamma frailty nobody observes) and on the season.
2. One uniform a person and week decides the move. The interval of each target is fixed except that of finding a
   job, which lies last: two worlds fed with the same uniforms differ only through the job-finding hazard.
3. A second uniform decides how the week is coded: holiday benefit, a one-day code of somebody in work, a benefit week
   that was never paid out. The codes therefore say less than the life, as in the real register.
4. Rates are chosen so that 35 % of newly unemployed insured citizens work at week 13 (Lederne on 2020, as quoted in
   the ministry's hearing memo to L 67); every other rate is an assumption.
"""

from dataclasses import dataclass
from datetime import date
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from analysis.registers.weeks import THURSDAY

Ints = NDArray[np.int16]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Hours = NDArray[np.float32]


class Life(IntEnum):
    """What a person really does in a week."""

    WORK = 0
    UNEMPLOYED = 1
    SELF_SUPPORT = 2
    SICK = 3
    STUDY = 4
    LEAVE = 5


# Weekly chance of moving from (row) to (column), for a person with factor 1; work to unemployment and unemployment
# to work come on top, with their own factors.
_MOVES = np.array(
    [
        # work  unempl  self    sick    study   leave
        [0.000, 0.0000, 0.0003, 0.0006, 0.0002, 0.0005],
        [0.000, 0.0000, 0.0030, 0.0035, 0.0015, 0.0010],
        [0.020, 0.0300, 0.0000, 0.0005, 0.0030, 0.0005],
        [0.020, 0.0800, 0.0030, 0.0000, 0.0000, 0.0005],
        [0.010, 0.0080, 0.0010, 0.0005, 0.0000, 0.0010],
        [0.015, 0.0200, 0.0010, 0.0010, 0.0005, 0.0000],
    ]
)
_TARGETS = (Life.SELF_SUPPORT, Life.SICK, Life.STUDY, Life.LEAVE)
_LONGEST = 400
_SINCE = np.arange(_LONGEST)
FIND = 0.053 * (1 + _SINCE / 10) ** -0.30  # newly unemployed leave fastest
RECALL = np.where((_SINCE >= 4) & (_SINCE <= 9), 6.0, 1.0)  # the job comes back, if it does, in these weeks
LOSE = 0.0025 + 0.012 * np.exp(-_SINCE / 16) + 0.05 * (_SINCE < 2)  # a share of jobs ends before its fourth week
_WEEKS = np.arange(54)
FIND_SEASON = 1 + 0.15 * np.cos((_WEEKS - 14) / 52 * 2 * np.pi) - 0.35 * (_WEEKS >= 51)
LOSE_SEASON = 1 + 0.25 * np.cos((_WEEKS - 1) / 52 * 2 * np.pi)
STUDY_SEASON = np.where(np.isin(_WEEKS, (5, 6, 35, 36)), 5.0, 0.6)
HOLIDAY = np.where(np.isin(_WEEKS, (28, 29, 30, 31)), 0.12, np.where(np.isin(_WEEKS, (7, 42)), 0.03, 0.003))
ONE_DAY_CODE = 0.002
UNPAID_WEEK = 0.004
EMIGRATION = 0.0004
DEATH = 0.00004
PENSION_AGE = 67.0
SIDELINE_HOURS = 6.0


@dataclass(frozen=True)
class Traits:
    """What a person is, before anything happens; `rate` multiplies the job-finding hazard."""

    insured: Bools
    age: Floats
    rate: Floats
    stability: Floats
    study: Floats
    activated: Bools
    sideline: Bools
    hours: Floats
    recalled: Bools

    def __len__(self) -> int:
        return len(self.age)


def draw_traits(
    rng: np.random.Generator, insured: Bools, age_from: Floats, age_to: Floats, recalls: float = 0.0
) -> Traits:
    """Draw the traits of persons of whom the insurance and the bounds of the age are known.

    recalls: the share who wait to be called back to the job they left.
    """
    n = len(insured)
    age = age_from + rng.random(n) * (age_to - age_from)
    frailty = rng.gamma(2.5, 1 / 2.5, n)
    by_age = np.where(age < 30, 1.15, np.where(age < 50, 1.0, 0.80))
    return Traits(
        insured=insured,
        age=age,
        rate=frailty * by_age * np.where(insured, 1.0, 0.55),
        stability=np.where(insured, 1.0, 1.5) * np.exp(rng.normal(0, 0.3, n)),
        study=np.where(age < 30, 3.0, np.where(age < 50, 0.5, 0.1)),
        activated=rng.random(n) < 0.3,
        sideline=rng.random(n) < 0.06,
        hours=np.where(rng.random(n) < 0.75, 37.0, rng.uniform(12, 36, n).round()),
        recalled=rng.random(n) < recalls if recalls else np.zeros(n, dtype=np.bool_),
    )


def advance(
    life: NDArray[np.int8], since: Ints, traits: Traits, *, effect: Floats, week: Ints | int, u: Floats
) -> tuple[NDArray[np.int8], Ints]:
    """Move every person one week on; `since` counts the full weeks in the present state, `week` is the ISO number."""
    low = np.zeros(len(life))
    after = life.copy()
    spent = np.minimum(since, _LONGEST - 1)
    for target in _TARGETS:
        chance = _MOVES[:, target][life]
        if target == Life.STUDY:
            chance = chance * traits.study * STUDY_SEASON[week]
        after[(u >= low) & (u < low + chance)] = target
        low += chance
    lose = _MOVES[:, Life.UNEMPLOYED][life]
    at_work = life == Life.WORK
    lose = np.where(at_work, LOSE[spent] * traits.stability * LOSE_SEASON[week], lose)
    after[(u >= low) & (u < low + lose)] = Life.UNEMPLOYED
    low += lose
    find = _MOVES[:, Life.WORK][life]
    unemployed = life == Life.UNEMPLOYED
    recall = np.where(traits.recalled, RECALL[spent], 1.0)
    hazard = FIND[spent] * FIND_SEASON[week] * traits.rate * effect * recall
    find = np.where(unemployed, np.minimum(hazard, 0.9), find)
    after[(u >= low) & (u < low + find)] = Life.WORK
    return after, np.where(after == life, since + 1, 0).astype(np.int16)


def code(life: NDArray[np.int8], since: Ints, traits: Traits, week: Ints | int, u: Floats) -> Ints:
    """Give the DREAM code of the week, 0 for an empty cell."""
    activated = traits.activated & (since % 26 >= 13)
    benefit = np.where(traits.insured, np.where(activated, 211, 111), np.where(activated, 131, 130))
    unemployed = np.where(u < HOLIDAY[week], 121, np.where(u > 1 - UNPAID_WEEK, 0, benefit))
    work = np.where(u < ONE_DAY_CODE, benefit, 0)
    sick = np.where(since < 22, 890, 870)
    nothing = np.zeros_like(benefit)
    choices = [work, unemployed, nothing, sick, np.full_like(benefit, 651), np.full_like(benefit, 881)]
    return np.choose(life, choices).astype(np.int16)


def weekly_hours(life: NDArray[np.int8], traits: Traits) -> Floats:
    """Give the paid hours of the week: a job, or a small job beside the benefit."""
    beside = np.where(traits.sideline & (life == Life.UNEMPLOYED), SIDELINE_HOURS, 0.0)
    return np.where(life == Life.WORK, traits.hours, beside)


def iso_numbers(mondays: tuple[date, ...]) -> Ints:
    """Give the ISO week number of each week, 1 to 53."""
    return np.array([(monday + THURSDAY).isocalendar().week for monday in mondays], dtype=np.int16)
