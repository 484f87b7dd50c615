"""Seeded series in exactly the published layouts, for tests and for a machine that has no real files.

1. A year of waves: the country follows declared knots over the day of the year, each municipality its own slow drift
   around them, so that some are closed while others are open.
2. Tests are a share of the population with a weekly rhythm; cases are drawn from the infection and seen the more the
   more is tested, by the same power as in the test adjustment.
3. The newest days are thin, as they were: answers were still missing on the day of publication.
4. Layout: the columns stand in another order in each series; Copenhagen is so spelt and "NA" stands in quotes;
   Christiansø is there; tests reach into the day of publication, cases to the day before; totals have points for
   thousands, blanks and a byte order mark.

The same seed and days give the same bytes.
"""

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np

from trial.infection import areas
from trial.infection.indicator import PER, Floats
from trial.infection.series import CASES, TESTED, Counts

BEFORE = 40  # days before the first one asked for, so that its window is full

# Day of the year and cases a week per 100,000 at an ordinary test activity.
KNOTS = ((1, 190), (35, 60), (80, 75), (120, 75), (140, 90), (170, 30), (200, 90), (230, 110), (265, 35), (300, 110))
KNOTS_LATE = ((325, 330), (345, 600), (366, 1100))

DRIFT = 0.10  # standard deviation of a day's step in the logarithm of a municipality's level
PULL = 0.03  # share of the way back to the country's level a day
SHARE_TESTED = 0.0174
BETA = 0.56
WEEKDAY = (1.15, 1.1, 1.05, 1.0, 0.95, 0.85, 0.9)
COMPLETE = (0.02, 0.6, 0.9)  # share of answers known on the day itself, the day before, two days before


def synthetic_series(seed: int, from_on: date, to_on: date) -> dict[str, bytes]:
    """Give the files published on to_on, by name."""
    random = np.random.Generator(np.random.PCG64(seed))
    days = [from_on + timedelta(days=index) for index in range(-BEFORE, (to_on - from_on).days + 1)]
    population = np.array([one.population_2020q1 for one in areas.municipalities()], dtype=np.float64)
    tested = _tested(random, days, population)
    cases = _cases(random, days, population, tested)
    order = random.permutation(len(population)).tolist()
    return {
        "Municipality_cases_time_series.csv": _wide(CASES, days[:-1], cases[:-1], order),
        "Municipality_tested_persons_time_series.csv": _wide(TESTED, days, tested, list(range(len(population)))),
        "Municipality_test_pos.csv": _totals(tested.sum(axis=0), cases.sum(axis=0)),
    }


def _tested(random: np.random.Generator, days: Sequence[date], population: Floats) -> Counts:
    share = SHARE_TESTED * np.exp(random.normal(0, 0.15, len(population)))
    rhythm = np.array([WEEKDAY[day.weekday()] for day in days])
    return random.poisson(_thinned(np.outer(rhythm, share * population)))


def _cases(random: np.random.Generator, days: Sequence[date], population: Floats, tested: Counts) -> Counts:
    knots = np.array(KNOTS + KNOTS_LATE)
    country = np.exp(np.interp([day.timetuple().tm_yday for day in days], knots[:, 0], np.log(knots[:, 1])))
    steps = random.normal(0, DRIFT, (len(days), len(population)))
    level = random.normal(0, DRIFT / np.sqrt(2 * PULL), len(population))
    weekly = np.zeros_like(steps)
    for index, step in enumerate(steps):
        level = level * (1 - PULL) + step
        weekly[index] = country[index] * np.exp(level)
    activity = tested / (SHARE_TESTED * population)
    seen = weekly / 7 / PER * population * activity**BETA
    return np.minimum(random.poisson(seen), tested)


def _thinned(expected: Floats) -> Floats:
    thin = np.ones(len(expected))
    for back, share in enumerate(COMPLETE[: len(expected)]):
        thin[len(expected) - 1 - back] = share
    return expected * thin[:, None]


def _wide(first: str, days: Sequence[date], counts: Counts, order: Sequence[int]) -> bytes:
    names = [areas.municipalities()[index].ssi_column for index in order]
    lines = [";".join([first, *names, '"NA"', "Christiansø"])]
    for day, row in zip(days, counts.tolist(), strict=True):
        lines.append(";".join([day.isoformat(), *(str(row[index]) for index in order), "0", "0"]))
    return ("\n".join(lines) + "\n").encode("utf-8")


def _totals(tested: Counts, cases: Counts) -> bytes:
    lines = [
        "Kommune_(id);Kommune_(navn);Antal_testede;Antal_bekræftede_COVID-19;Befolkningstal;"
        "Kumulativ_incidens_(per_100000)"
    ]
    rows = [
        (one.code, one.name, min(int(tests), one.population_2020q1), int(positive), one.population_2020q1)
        for one, tests, positive in zip(areas.municipalities(), tested, cases, strict=True)
    ]
    rows.append((areas.CHRISTIANSOE, "Christiansø", 0, 0, 84))
    for code, name, tests, positive, persons in sorted(rows):
        numbers = (tests, positive, persons, round(positive / persons * PER))
        cells = (f"{number:,}".replace(",", ".").rjust(8) for number in numbers)
        lines.append(";".join([code.lstrip("0"), name, *cells]))
    return ("\n".join(lines) + "\n").encode("utf-8-sig")
