"""Calendar time: weeks, the labour market, who decides the form, and which municipality is closed.

1. Weeks are whole ISO weeks counted from that of 1970-01-01, as in the panel. A rule holds in a week when it held on
   its Thursday, the day that gives an ISO week its year.
2. Who decides the form is read from the legal regime; before its first row the ordinary rule, a physical
   conversation by statute, is taken to hold.
3. Closures are those a declared rule gave on the real series of 2021, shipped as a file; an interval is half-open.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

import numpy as np
from numpy.typing import NDArray

from analysis.experiment.declare import Experiment
from trial.protocol import load_municipalities, shipped
from trial.protocol.regime import load_regime

ORIGIN = date(1969, 12, 29)  # the Monday of the ISO week of 1970-01-01
THURSDAY = timedelta(days=3)
INSURED, FIRST = 1, 1  # LAB § 6 no. 1; the first conversation


def week_of(day: date) -> int:
    """Number the ISO week of a day."""
    return (day - ORIGIN).days // 7


def day_of(week: int) -> date:
    """Give the Monday of a week."""
    return ORIGIN + timedelta(weeks=week)


@cache
def decides(week: int) -> str:
    """Say who decides the form of a first conversation in a week: statute, authority, citizen or nobody."""
    on = day_of(week) + THURSDAY
    rows = [row for row in load_regime().rows if row.when == "always" and row.holds(INSURED, 1, on, FIRST)]
    return rows[0].decided_by if rows else "statute"


@cache
def jobcentres() -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Give the municipalities' codes and their shares of the population; each has one jobcentre."""
    found = load_municipalities()
    people = np.array([one.population_2020q1 for one in found], dtype=np.float64)
    return tuple(one.code for one in found), people / people.sum()


@dataclass(frozen=True)
class Closure:
    """A closure of a municipality, by its place in `jobcentres`; half-open."""

    place: int
    closed_on: date
    reopened_on: date


@cache
def closures(rule: str) -> tuple[Closure, ...]:
    """Read the closures that a rule gave in 2021."""
    codes, _ = jobcentres()
    with shipped("experiments/closures-2021.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            Closure(
                codes.index(row["municipality_code"]),
                *map(date.fromisoformat, (row["closed_on"], row["reopened_on"])),
            )
            for row in csv.DictReader(file)
            if row["rule"] == rule
        )


@dataclass(frozen=True)
class Calendar:
    """Tables by calendar week from `first` on: log hazard of the labour market and season, who decides, closed."""

    first: int
    market: NDArray[np.float64]
    decided_by: tuple[str, ...]
    closed: NDArray[np.bool_]  # municipality x week, closed on the week's Thursday
    days: NDArray[np.bool_]  # municipality x day from the first Monday on

    def __len__(self) -> int:
        """Count weeks."""
        return len(self.market)


def calendar(experiment: Experiment, from_on: date, to_on: date, rule: str | None) -> Calendar:
    """Tabulate the weeks from a day to another; `rule` names the closures in force."""
    first, last = week_of(from_on), week_of(to_on)
    weeks = range(first, last + 1)
    days = np.zeros((len(jobcentres()[0]), 7 * len(weeks)), dtype=np.bool_)
    for one in closures(rule) if rule else ():
        start, end = ((day - day_of(first)).days for day in (one.closed_on, one.reopened_on))
        days[one.place, max(start, 0) : max(end, 0)] = True
    return Calendar(
        first, np.array([_market(experiment, week) for week in weeks]), tuple(decides(week) for week in weeks),
        days[:, 3::7], days,
    )  # fmt: skip


def _market(experiment: Experiment, week: int) -> float:
    """Give the shift of the log hazard in a week: the latest declared one, and the season."""
    on = day_of(week) + THURSDAY
    season = experiment.life.season
    wave = season.amplitude * np.cos(2 * np.pi * (on.isocalendar().week - season.best_week) / 52.18)
    return float(wave + (list(_before(experiment, on)) or [0.0])[-1])


def _before(experiment: Experiment, on: date) -> Iterator[float]:
    return (one.shift for one in experiment.labour_market if one.from_ <= on)
