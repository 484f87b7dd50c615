"""What the closure rules look at: indicators of a seven-day window that ends some days before the day they are for.

1. Truncation: the newest tests have no answer yet. With truncation 3 the indicator of 14 June counts tests taken from
   5 to 11 June; with 2, from 6 to 12 June. Which one holds on a day is part of the rule.
2. cases               positive cases in the window
   incidence           cases / population x 100,000
   positivity          cases / tested persons x 100
   adjusted_incidence  incidence x (7 r population / tested persons)^beta, which asks what would have been found had
                       a share r of the population been tested every day
3. Rates are rounded to two decimals, as they are published: a threshold is compared with what people could read.
4. Where nobody was tested positivity is 0, and the adjusted incidence takes one test.
5. Parishes: the same, but when fewer than ten inhabitants were not tested, cases and tested persons count at most
   population - 10, so that nobody's test can be read off.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trial.infection.rule import Adjustment, IndicatorPart, Measure
from trial.infection.series import Series

PER = 100_000
PARISH_MARGIN = 10

Floats = NDArray[np.float64]
Values = dict[Measure, Floats]  # one number an area


@dataclass(frozen=True, eq=False)
class Indicators:
    """Indicators by day (rows, from `first_on`) and area (columns)."""

    first_on: date
    values: Values

    def days(self) -> Iterator[date]:
        """Give the days, in order."""
        for index in range(len(self.values["cases"])):
            yield self.first_on + timedelta(days=index)

    def on(self, day: date) -> Values:
        """Give the values of a day."""
        index = (day - self.first_on).days
        return {measure: values[index] for measure, values in self.values.items()}


def compute(
    cases: Series, tested: Series | None, indicator: IndicatorPart, population: Floats, days: tuple[date, date]
) -> Indicators:
    """Compute the indicators of every day from the first to the last, one line of each matrix a day.

    Days before a series began count 0; the caller asks for no day whose window the series do not reach.
    """
    first_on, last_on = days
    every = [first_on + timedelta(days=index) for index in range((last_on - first_on).days + 1)]
    truncation = [indicator.truncation_on(day) for day in every]
    in_window = _window_sums(cases, every, truncation, indicator.window_days)
    values: Values = {"cases": in_window, "incidence": np.round(in_window / population * PER, 2)}
    if tested is not None:
        tests = _window_sums(tested, every, truncation, indicator.window_days)
        values["positivity"] = positivity(in_window, tests)
        adjustments = [indicator.adjustment_on(day) for day in every]
        values["adjusted_incidence"] = adjusted(in_window, tests, population, adjustments, indicator.window_days)
    return Indicators(first_on, values)


def adjusted(cases: Floats, tested: Floats, population: Floats, by_day: list[Adjustment], window_days: int) -> Floats:
    """Give the test-adjusted incidence; the parameters of each row are those of its day."""
    beta = np.array([[one.beta] for one in by_day])
    r = np.array([[one.r] for one in by_day])
    expected = window_days * r * population
    found: Floats = np.round(cases / population * PER * (expected / np.maximum(tested, 1)) ** beta, 2)
    return found


def positivity(cases: ArrayLike, tested: ArrayLike) -> Floats:
    """Give positive cases in per cent of tested persons; 0 where nobody was tested."""
    positive, persons = np.asarray(cases, dtype=np.float64), np.asarray(tested, dtype=np.float64)
    share = np.divide(positive, persons, out=np.zeros(np.broadcast(positive, persons).shape), where=persons > 0)
    found: Floats = np.round(share * 100, 2)
    return found


def parish_values(cases: ArrayLike, tested: ArrayLike, population: ArrayLike) -> Values:
    """Give the indicators of parishes from the counts of a window, with the privacy rule."""
    persons = np.asarray(population, dtype=np.float64)
    tests = np.asarray(tested, dtype=np.float64)
    positive = np.asarray(cases, dtype=np.float64)
    hidden = persons - tests < PARISH_MARGIN
    most = np.maximum(persons - PARISH_MARGIN, 0)
    tests = np.where(hidden, np.minimum(tests, most), tests)
    positive = np.where(hidden, np.minimum(positive, most), positive)
    incidence = np.round(positive / persons * PER, 2)
    return {"cases": positive, "incidence": incidence, "positivity": positivity(positive, tests)}


def _window_sums(series: Series, days: list[date], truncation: list[int], window: int) -> Floats:
    """Sum the window of each day: a difference of two running sums."""
    running = np.vstack([np.zeros((1, series.counts.shape[1]), dtype=np.int64), np.cumsum(series.counts, axis=0)])
    ends = np.array([(day - series.first_on).days - cut + 1 for day, cut in zip(days, truncation, strict=True)])
    last = len(running) - 1
    sums = running[np.clip(ends, 0, last)] - running[np.clip(ends - window, 0, last)]
    found: Floats = sums.astype(np.float64)
    return found
