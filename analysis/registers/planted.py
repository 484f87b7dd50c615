"""The planted effect: what it is, and what it does to each declared outcome.

1. A citizen's weekly job-finding hazard is multiplied by exp(theta x share of conversations not held physically).
   The share is the citizen's dose, known under every arm, so both worlds of the same citizen can be generated.
2. The true effect of an outcome is its mean over the citizens of this trial in the one world minus the other,
   over many life courses drawn apart from those that fill the registers; the Monte-Carlo error stands beside it.
3. Outcomes are measured by the function the pipeline uses, handed in; nothing here defines one.
4. Emigration hides an outcome and is no part of it. Pension and death end a working life and count in outcomes that
   count weeks; a time to exit is the time that would be seen without them, as a survival curve estimates it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Protocol as Shape

import numpy as np
from numpy.typing import NDArray

from analysis.registers import life as life_course
from analysis.registers.life import Bools, Floats, Hours, Ints, Life, Traits
from analysis.registers.pay import hourly_wages
from analysis.registers.people import Participants
from analysis.registers.scenario import Pauses, Scenario
from analysis.registers.weeks import THURSDAY, month_of, weeks_in_month

BEFORE = 6  # weeks before randomisation that matter: pay of the same month
LOOK_AHEAD = 12  # weeks after the last declared one: an exit is seen when four weeks have passed


class Outcome(Shape):
    """What the truth asks of a declared outcome."""

    @property
    def name(self) -> str: ...
    @property
    def variable(self) -> str: ...
    @property
    def by_week(self) -> int: ...


@dataclass(frozen=True)
class World:
    """What registers would show of the participants in one world, in the weeks 1, 2, ... of each (persons x weeks).

    hours: paid hours of the week's month; month_weeks: weeks of that month; whole_month: first week of a month that
    begins after week 0; earnings: pay of the week's month.
    """

    codes: Ints
    hours: Hours
    month_weeks: NDArray[np.uint8]
    whole_month: NDArray[np.int64]
    earnings: Floats


Measure = Callable[[Outcome, World], Floats]
"""Value of an outcome for every participant; a time is its restricted time."""


@dataclass(frozen=True)
class Truth:
    """Mean of an outcome in each world and, per arm against the first, the effect with its Monte-Carlo error."""

    outcome: str
    variable: str
    by_week: int
    mean: Mapping[str, float]
    effect: Mapping[str, float]
    monte_carlo_se: Mapping[str, float]


def spell_so_far(rng: np.random.Generator, n: int) -> Ints:
    """Draw how many weeks citizens have been unemployed when they are randomised."""
    return np.minimum(rng.geometric(0.28, n) - 1, 20).astype(np.int16)


def planted_truth(
    people: Participants,
    outcomes: Sequence[Outcome],
    measure: Measure,
    *,
    planted: Scenario,
    seed: int,
    replicates: int,
) -> list[Truth]:
    """Give the true effect of every arm against the first on every outcome; nothing where no outcome is asked for."""
    if not outcomes:
        return []
    arms = list(people.dose)
    values: dict[tuple[str, str], list[Floats]] = {(o.name, arm): [] for o in outcomes for arm in arms}
    horizon = max(outcome.by_week for outcome in outcomes) + LOOK_AHEAD
    calendar = _Calendar.of(people.week_0, horizon, people.pauses)
    for replicate in range(replicates):
        rng = np.random.default_rng([seed, 7, replicate])
        draw = _Draw.of(people, rng, horizon, planted.recalls)
        wage = hourly_wages(np.random.default_rng([seed, 8, replicate]), len(people))
        for arm in arms:
            world = _world(draw, calendar, (planted, people, arm), horizon, wage)
            ended = replace(world, codes=_ended(world.codes, draw))
            for outcome in outcomes:
                seen = world if outcome.variable == "time-to-exit" else ended
                values[outcome.name, arm].append(measure(outcome, seen))
    return [_truth(outcome, arms, values) for outcome in outcomes]


def _truth(outcome: Outcome, arms: list[str], values: Mapping[tuple[str, str], list[Floats]]) -> Truth:
    by_arm = {arm: np.concatenate(values[outcome.name, arm]) for arm in arms}
    first, *others = arms
    differences = {arm: by_arm[arm] - by_arm[first] for arm in others}
    return Truth(
        outcome.name,
        outcome.variable,
        outcome.by_week,
        {arm: float(value.mean()) for arm, value in by_arm.items()},
        {arm: float(value.mean()) for arm, value in differences.items()},
        {arm: float(value.std(ddof=1) / np.sqrt(len(value))) for arm, value in differences.items()},
    )


@dataclass(frozen=True)
class _Calendar:
    """Where each citizen's own weeks lie: ISO number, months of three weekdays, the Monday's share of days.

    at: rows of `closed`, which says what municipality is paused in what week.
    """

    number: Ints
    thursday: Ints
    monday: Ints
    sunday: Ints
    share: Hours
    months: int
    month_weeks: NDArray[np.uint8]
    whole_month: NDArray[np.int64]
    at: NDArray[np.int64]
    closed: Bools

    @classmethod
    def of(cls, week_0: Sequence[date], horizon: int, pauses: Pauses) -> "_Calendar":
        first = min(week_0) - timedelta(weeks=BEFORE)
        count = (max(week_0) - first).days // 7 + horizon + 1
        mondays = tuple(first + timedelta(weeks=k) for k in range(count))
        base = month_of(mondays[0])
        start = np.array([(day - first).days // 7 - BEFORE for day in week_0])
        at = start[None, :] + np.arange(BEFORE + horizon + 1)[:, None]

        def month(offset: timedelta) -> Ints:
            return np.array([month_of(day + offset) - base for day in mondays], dtype=np.int16)[at]

        first_days = [sum((day + timedelta(k)).month == day.month for k in range(7)) for day in mondays]
        thursday, sunday = month(THURSDAY), month(timedelta(days=6))
        return cls(
            number=life_course.iso_numbers(mondays)[at],
            thursday=thursday,
            monday=month(timedelta(0)),
            sunday=sunday,
            share=np.divide(first_days, 7, dtype=np.float32)[at],
            months=int(sunday.max()) + 1,
            month_weeks=np.array([weeks_in_month(day) for day in mondays], dtype=np.uint8)[at],
            whole_month=(thursday[BEFORE:] != thursday[BEFORE]).argmax(axis=0),
            at=at,
            closed=pauses.table(mondays),
        )


@dataclass(frozen=True)
class _Draw:
    """One draw of everything the arms share: traits, spell so far, and the uniforms of every week."""

    traits: Traits
    so_far: Ints
    from_work: Bools
    death: Ints
    move: NDArray[np.float32]
    coding: NDArray[np.float32]

    @classmethod
    def of(cls, people: Participants, rng: np.random.Generator, horizon: int, recalls: float) -> "_Draw":
        n = len(people)
        traits = life_course.draw_traits(rng, people.insured, people.age_from, people.age_to, recalls)
        so_far = spell_so_far(rng, n)
        from_work = rng.random(n) < FROM_WORK
        death = np.minimum(rng.geometric(life_course.DEATH, n), 30_000).astype(np.int16)
        shape = (BEFORE + horizon + 1, n)
        return cls(traits, so_far, from_work, death, rng.random(shape, np.float32), rng.random(shape, np.float32))


FROM_WORK = 0.8


def _world(
    draw: _Draw, calendar: _Calendar, lived: tuple[Scenario, Participants, str], horizon: int, wage: Floats
) -> World:
    planted, people, arm = lived
    n = len(draw.traits)
    person = np.arange(n)
    codes = np.zeros((n, horizon), dtype=np.int16, order="F")
    by_month = np.zeros((n, calendar.months), dtype=np.float32)
    before = np.where(draw.from_work, Life.WORK, Life.STUDY).astype(np.int8)
    life, since = before, np.zeros(n, dtype=np.int16)
    for step in range(BEFORE + horizon + 1):
        week = step - BEFORE
        if week <= 0:
            unemployed = week >= -draw.so_far
            life = np.where(unemployed, Life.UNEMPLOYED, before).astype(np.int8)
            since = np.where(unemployed, week + draw.so_far, 30).astype(np.int16)
        else:
            closed = calendar.closed[calendar.at[step], people.pauses.place]
            factor = planted.factor(people.dose[arm], since, closed)
            life, since = life_course.advance(
                life, since, draw.traits, effect=factor, week=calendar.number[step], u=draw.move[step]
            )
            codes[:, week - 1] = life_course.code(life, since, draw.traits, calendar.number[step], draw.coding[step])
        hours = life_course.weekly_hours(life, draw.traits)
        by_month[person, calendar.monday[step]] += hours * calendar.share[step]
        by_month[person, calendar.sunday[step]] += hours * (1 - calendar.share[step])
    hours_of_month = by_month[person[:, None], calendar.thursday[BEFORE + 1 :].T]
    month_weeks = calendar.month_weeks[BEFORE + 1 :].T
    return World(codes, hours_of_month, month_weeks, calendar.whole_month, hours_of_month * wage[:, None])


def _ended(codes: Ints, draw: _Draw) -> Ints:
    """Write pension and death over the codes from the week they begin."""
    week = np.arange(1, codes.shape[1] + 1)
    pension = np.ceil((life_course.PENSION_AGE - draw.traits.age) * 52.18)
    ended = np.where(week >= pension[:, None], 998, codes)
    return np.where(week >= draw.death[:, None], 999, ended).astype(np.int16)
