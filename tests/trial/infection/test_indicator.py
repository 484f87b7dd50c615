"""Indicators against a twin that adds up one cell at a time, and against what must hold whatever the numbers are."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tests.trial.infection.made import COUNT, a_rule
from trial.infection.indicator import compute, parish_values, positivity
from trial.infection.series import Series

FIRST = date(2021, 5, 20)
POPULATION = np.arange(COUNT) * 1000.0 + 2000.0
TRUNCATION = [
    {"from": date(2020, 1, 1), "days": 2, "status": "verified", "source": "test"},
    {"from": date(2021, 5, 28), "days": 3, "status": "verified", "source": "test"},
]
RULE = a_rule(indicator={**a_rule().indicator.model_dump(by_alias=True), "truncation": TRUNCATION})
LAST = date(2021, 6, 8)

counts = arrays.arrays(np.int64, (25, COUNT), elements=st.integers(0, 500), fill=st.integers(0, 3))


def by_hand(cases, tested, day, area):
    """Add up the window of a day, one sampling day at a time."""
    cut = 2 if day < date(2021, 5, 28) else 3
    window = [day - timedelta(days=back) for back in range(cut, cut + 7)]
    rows = [(one - FIRST).days for one in window if 0 <= (one - FIRST).days < 25]
    found = sum(int(cases.counts[row][area]) for row in rows), sum(int(tested.counts[row][area]) for row in rows)
    incidence = found[0] / POPULATION[area] * 100_000
    expected = 7 * 0.0174 * POPULATION[area] / max(found[1], 1)
    return found[0], incidence, incidence * expected**0.56, found[0] / found[1] * 100 if found[1] else 0.0


@settings(max_examples=20)
@given(counts, counts, st.integers(0, 19), st.integers(0, COUNT - 1))
def test_every_indicator_is_what_the_twin_adds_up(positive, persons, index, area):
    cases, tested = Series(FIRST, positive), Series(FIRST, persons)
    found = compute(cases, tested, RULE.indicator, POPULATION, (FIRST, LAST))
    day = FIRST + timedelta(days=index)
    expected = by_hand(cases, tested, day, area)
    values = found.on(day)
    names = ("cases", "incidence", "adjusted_incidence", "positivity")
    for name, number in zip(names, expected, strict=True):
        assert values[name][area] == pytest.approx(number, abs=0.00501), (name, day)


def test_the_example_of_the_official_text():
    """28 May 2021 rests on tests from 19 to 25 May; 27 May, by the rule before it, on exactly the same tests."""
    positive = np.zeros((25, COUNT), dtype=np.int64)
    sampled = [(date(2021, 5, day) - FIRST).days for day in range(20, 26)]
    positive[sampled] = 1
    cases = Series(FIRST, positive)
    found = compute(cases, None, RULE.indicator, POPULATION, (date(2021, 5, 26), date(2021, 5, 29)))
    assert [found.on(date(2021, 5, day))["cases"][0] for day in (26, 27, 28, 29)] == [5, 6, 6, 6]
    assert "adjusted_incidence" not in found.values


@given(st.integers(1, 200), st.integers(200, 5000), st.integers(2, 9))
def test_testing_more_with_the_same_findings_lowers_the_adjusted_incidence(cases, tested, factor):
    def adjusted(persons):
        positive, tests = np.zeros((1, COUNT), dtype=np.int64), np.zeros((1, COUNT), dtype=np.int64)
        positive[0], tests[0] = cases, persons
        window = a_rule().indicator
        return compute(Series(FIRST, positive), Series(FIRST, tests), window, POPULATION, (FIRST, FIRST))

    few, many = adjusted(tested), adjusted(tested * factor)
    assert (few.values["adjusted_incidence"] >= many.values["adjusted_incidence"]).all()
    assert (few.values["incidence"] == many.values["incidence"]).all()


def test_nobody_tested_gives_numbers_all_the_same():
    assert positivity([0, 3, 0], [0, 0, 10]).tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("cases", "tested", "population", "expected"),
    [
        (16, 418, 2665, (600.38, 3.83)),  # Spentrup, official file of 14 June 2021
        (20, 95, 100, (20_000.0, 22.22)),  # fewer than ten untested: 95 tests count 90
        (95, 95, 100, (90_000.0, 100.0)),  # and cases count at most 90, too
        (5, 90, 100, (5_000.0, 5.56)),  # exactly ten untested: nothing is hidden
        (1, 5, 8, (0.0, 0.0)),  # a parish of eight shows nothing
    ],
)
def test_parishes_hide_who_was_not_tested(cases, tested, population, expected):
    found = parish_values([cases], [tested], [population])
    assert (found["incidence"][0], found["positivity"][0]) == expected
