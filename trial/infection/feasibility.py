"""What a rule would have cost: municipality-days paused, pauses and their lengths, expected loss of enrolment.

1. The period is cut into calendar quarters; a day belongs to the quarter it lies in, a pause to that of its first
   day.
2. A pause that began before the period counts its days inside it, and is no pause of the period's.
3. Arrivals are expected in proportion to population and evenly over the days of the period: those of a paused
   municipality-day are lost, for they are never back-filled.
4. The week map has a row a municipality, most paused first, and a column an ISO week: the share of its days paused.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

import numpy as np
from numpy.typing import NDArray

from trial.infection import areas
from trial.infection.indicator import Floats
from trial.infection.replay import Closure

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Cost:
    """What a rule cost in a period (a quarter, or all of it)."""

    period: str
    municipality_days: int
    paused_days: int
    share_paused: float
    pauses: int
    median_days: float | None
    longest_days: int | None
    expected_arrivals: float
    expected_lost: float


def paused_days(closures: Iterable[Closure], from_on: date, to_on: date) -> Bools:
    """Give which municipality (column) is paused on which day (row) of a period, both ends included."""
    found = np.zeros(((to_on - from_on).days + 1, len(areas.codes())), dtype=np.bool_)
    for one in closures:
        first = max((one.closed_on - from_on).days, 0)
        end = len(found) if one.reopened_on is None else max((one.reopened_on - from_on).days, 0)
        found[first:end, areas.position()[one.municipality_code]] = True
    return found


def costs(closures: Sequence[Closure], from_on: date, to_on: date, arrivals: float) -> list[Cost]:
    """Give the cost in every quarter of the period, and in all of it; arrivals: expected over the whole period."""
    paused = paused_days(closures, from_on, to_on)
    days = [from_on + timedelta(days=index) for index in range(len(paused))]
    quarters = np.array([f"{day.year} Q{(day.month + 2) // 3}" for day in days])
    found = []
    for name in [*dict.fromkeys(quarters.tolist()), "all"]:
        rows = np.flatnonzero(quarters == name) if name != "all" else np.arange(len(days))
        period = days[rows[0]], days[rows[-1]]
        found.append(_cost(name, closures, paused[rows], period, arrivals / len(days)))
    return found


def by_week(paused: Bools, from_on: date) -> tuple[list[str], Floats]:
    """Give the ISO weeks of a period, and the share of each municipality's days (row) paused in each (column)."""
    labels = []
    for index in range(len(paused)):
        year, week, _ = (from_on + timedelta(days=index)).isocalendar()
        labels.append(f"{year}-W{week:02d}")
    weeks = list(dict.fromkeys(labels))
    shares = np.array([paused[np.array(labels) == week].mean(axis=0) for week in weeks])
    return weeks, shares.T


def _cost(name: str, closures: Sequence[Closure], paused: Bools, period: tuple[date, date], daily: float) -> Cost:
    population = np.array([one.population_2020q1 for one in areas.municipalities()], dtype=np.float64)
    weights = daily * population / population.sum()
    first_on, last_on = period
    began = [one for one in closures if first_on <= one.closed_on <= last_on]
    lengths = [((one.reopened_on or last_on + timedelta(days=1)) - one.closed_on).days for one in began]
    return Cost(
        period=name,
        municipality_days=paused.size,
        paused_days=int(paused.sum()),
        share_paused=round(float(paused.mean()), 4),
        pauses=len(began),
        median_days=float(median(lengths)) if lengths else None,
        longest_days=max(lengths, default=None),
        expected_arrivals=round(daily * len(paused), 1),
        expected_lost=round(float((paused * weights).sum()), 1),
    )
