"""Declared outcomes, one value a citizen, or the reason why there is none.

1. Weeks employed by week N: weeks 1..N after randomisation that count as employed. Exit by week N: whether an exit
   began by then. Time to exit: its week, or the week of censoring, at most N.
   Benefit weeks by week N: weeks with any benefit but holiday benefit. Health inflow by week N, a harm: whether four
   weeks of health or disability benefit began by then. Full-time months by week N: paid hours of whole months, spread
   evenly over a month's weeks, over 160.33. Earnings by week N: the narrow pay of whole months in kroner, likewise.
   These four look at the weeks that the definition's registers cover.
2. Pension and death are known: no employment follows, so counts are complete. Emigration and the end of the register
   hide what follows: a count is missing unless every week's answer is known, also where an exit came before, so
   that being missing never depends on the value.
3. A time to exit is censored at emigration, pension, death and the end of the register alike; who is lost before any
   exit could be seen has no time at risk and is missing with that reason.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.registers.codes import Code, State, look_up, read_codes
from analysis.registers.life import Bools, Floats
from analysis.registers.planted import Measure, World
from analysis.registers.schema import FULL_TIME_HOURS
from analysis.spells import GAP, NEEDS_PAY, Exits, FollowUp, look_for_exits, runs
from trial.errors import PlanError
from trial.protocol.shipped import shipped

REASONS = {
    State.EMIGRATED: "emigrated",
    State.PENSION: "old-age-pension",
    State.DEAD: "dead",
    State.UNSEEN: "end-of-register",
}
_KNOWN_ENDS = np.array([State.PENSION, State.DEAD], dtype=np.uint8)
_HEALTH = np.array([State.HEALTH, State.DISABILITY], dtype=np.uint8)
_OTHERS = (State.UNEMPLOYED, State.EDUCATION, State.LEAVE, State.RETIREMENT, State.SUPPORTED)
BENEFITS = np.array([*_HEALTH, *_OTHERS], dtype=np.uint8)


@dataclass(frozen=True)
class Measured:
    """One value a citizen: a count, or the week of a time with its `event`; NaN where there is a `reason`.

    weekly: the weeks a count of weeks employed adds up, citizens x weeks.
    """

    value: NDArray[np.float64]
    event: NDArray[np.int8] | None
    reason: NDArray[Any]
    weekly: NDArray[np.bool_] | None = None


def check_measurable(outcome: Any) -> None:
    """Raise PlanError unless the registers can give the outcome."""
    if outcome.variable not in _MEASURES or outcome.definition not in NEEDS_PAY:
        raise PlanError(
            f"a variable is one of {', '.join(_MEASURES)} and a definition one of {', '.join(NEEDS_PAY)}",
            found=f"{outcome.variable}, {outcome.definition}",
            where=f"outcomes.{outcome.name}",
            mend="declare one of these",
        )


def measure(outcome: Any, follow_up: FollowUp) -> Measured:
    """Measure a declared outcome for every person of the follow-up."""
    check_measurable(outcome)
    exits = look_for_exits(follow_up, outcome.definition)
    return _MEASURES[outcome.variable](exits, int(outcome.by_week), follow_up)


def _benefit_weeks(exits: Exits, by_week: int, follow_up: FollowUp) -> Measured:
    week = np.arange(1, follow_up.state.shape[1] + 1)
    benefit = np.isin(follow_up.state, BENEFITS) & (week < exits.end[:, None]) & (week <= by_week)
    return _counted(benefit.sum(axis=1).astype(np.float64), exits, _followed(exits, by_week))


def _health_inflow(exits: Exits, by_week: int, follow_up: FollowUp) -> Measured:
    week = np.arange(1, follow_up.state.shape[1] + 1)
    ill = np.isin(follow_up.state, _HEALTH) & (week < exits.end[:, None])
    lasting = runs(ill.astype(np.uint8), follow_up.state == State.NEUTRAL, GAP)
    began = np.asarray(lasting[:, :by_week].any(axis=1), dtype=np.float64)
    return _counted(began, exits, _seen(exits, by_week))


def _full_time_months(exits: Exits, by_week: int, follow_up: FollowUp) -> Measured:
    return _counted(
        _of_whole_months(follow_up.hours, exits, by_week, follow_up) / FULL_TIME_HOURS,
        exits,
        _followed(exits, by_week),
    )


def _earnings(exits: Exits, by_week: int, follow_up: FollowUp) -> Measured:
    if follow_up.earnings is None:
        raise PlanError(
            "earnings are measured where the pay was read",
            found="paid hours alone",
            where="outcomes",
            mend="link the cohort with its earnings",
        )
    pay = _of_whole_months(follow_up.earnings, exits, by_week, follow_up)
    return _counted(pay, exits, _followed(exits, by_week))


def _of_whole_months(amount: NDArray[Any], exits: Exits, by_week: int, follow_up: FollowUp) -> NDArray[np.float64]:
    """Add up a monthly amount, spread evenly over the month's weeks; a month begun before week 1 is left out."""
    week = np.arange(1, follow_up.state.shape[1] + 1)
    own = (week < exits.end[:, None]) & (week <= by_week)
    if follow_up.whole_month is not None:
        own &= week >= follow_up.whole_month[:, None]
    share = amount / (4.0 if follow_up.month_weeks is None else follow_up.month_weeks)
    return np.asarray(np.where(own, share, 0.0).sum(axis=1), dtype=np.float64)


def _followed(exits: Exits, by_week: int) -> Bools:
    return (exits.end > by_week) | np.isin(exits.ended_by, _KNOWN_ENDS)


def _weeks_employed(exits: Exits, by_week: int, _: FollowUp) -> Measured:
    weeks = exits.out[:, :by_week]
    counted = _counted(weeks.sum(axis=1).astype(np.float64), exits, _seen(exits, by_week))
    return replace(counted, weekly=weeks)


def _seen(exits: Exits, by_week: int) -> Bools:
    # An exit before emigration is not counted either: keeping only those who had one would flatter the outcome.
    return (exits.known >= by_week) | np.isin(exits.ended_by, _KNOWN_ENDS)


def _exit_by(exits: Exits, by_week: int, _: FollowUp) -> Measured:
    done = (exits.exit > 0) & (exits.exit <= by_week)
    return _counted(done.astype(np.float64), exits, _seen(exits, by_week))


def _counted(value: NDArray[np.float64], exits: Exits, seen: NDArray[np.bool_]) -> Measured:
    return Measured(np.where(seen, value, np.nan), None, _reasons(seen, exits))


def _time_to_exit(exits: Exits, by_week: int, _: FollowUp) -> Measured:
    event = (exits.exit > 0) & (exits.exit <= by_week)
    week = np.where(event, exits.exit, np.minimum(exits.known, by_week)).astype(np.float64)
    at_risk = week >= 1
    return Measured(np.where(at_risk, week, np.nan), event.astype(np.int8), _reasons(at_risk, exits))


def _reasons(seen: NDArray[np.bool_], exits: Exits) -> NDArray[Any]:
    reasons = np.full(len(seen), None, dtype=object)
    for row in np.flatnonzero(~seen):
        reasons[row] = REASONS[State(exits.ended_by[row])]
    return reasons


_MEASURES = {
    "weeks-employed": _weeks_employed,
    "exit-to-employment": _exit_by,
    "time-to-exit": _time_to_exit,
    "benefit-weeks": _benefit_weeks,
    "health-inflow": _health_inflow,
    "full-time-months": _full_time_months,
    "earnings": _earnings,
}


def shipped_codes() -> tuple[Code, ...]:
    """Read the code file that comes with the product."""
    return read_codes(shipped("codes/dream.csv"))


def measure_codes(codes: tuple[Code, ...]) -> Measure:
    """Give the function that measures an outcome from codes and hours; a time is its restricted time."""
    table = look_up(codes)

    def value(outcome: Any, world: World) -> Floats:
        follow_up = FollowUp(
            table[world.codes], world.hours, None, world.whole_month, world.month_weeks, world.earnings
        )
        return measure(outcome, follow_up).value

    return value
