"""Weeks of the registers against the calendar of the standard library."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.registers.weeks import (
    check_consecutive,
    column_of,
    is_week_column,
    monday_of,
    month_of,
    week_months,
    week_of,
    weeks_between,
    weeks_in_month,
)
from trial.errors import RegisterError


@pytest.mark.parametrize("year", [2015, 2020, 2026])
def test_week_53_is_a_week_like_others(year):
    last = weeks_between(date(year, 12, 1), date(year + 1, 1, 10))
    names = [column_of(monday) for monday in last]
    yy = year % 100
    assert [f"y_{yy}52", f"y_{yy}53", f"y_{yy + 1}01"] == names[names.index(f"y_{yy}52") :][:3]
    assert monday_of(f"y_{yy}53") == date.fromisocalendar(year, 53, 1)


@pytest.mark.parametrize("column", ["y_2153", "y_2000", "y_2054", "y_1999"])
def test_a_week_the_year_does_not_have_is_refused(column):
    with pytest.raises(RegisterError, match="must exist in") as caught:
        monday_of(column)
    assert caught.value.stable_code == "register-week"


def test_the_same_week_in_two_centuries():
    assert monday_of("y_9127") == date(1991, 7, 1)
    assert monday_of("y_9052").year == 1990
    assert monday_of("y_8952").year == 2089
    assert monday_of("Y_2053") == date(2020, 12, 28)


@given(st.dates(date(1991, 7, 1), date(2088, 12, 31)))
def test_naming_a_week_and_reading_the_name_are_inverse(day):
    monday = week_of(day)
    assert monday.weekday() == 0
    assert timedelta(0) <= day - monday < timedelta(7)
    assert monday_of(column_of(monday)) == monday
    assert is_week_column(column_of(monday))


@given(st.dates(date(1991, 7, 1), date(2088, 12, 31)))
def test_a_week_belongs_to_the_month_that_holds_most_of_its_days(day):
    monday = week_of(day)
    days = [month_of(monday + timedelta(offset)) for offset in range(7)]
    assert week_months([monday]) == [max(set(days), key=days.count)]


def test_week_53_of_2020_belongs_to_december_2020():
    assert week_months([monday_of("y_2053")]) == [2020 * 12 + 11]
    assert week_months([monday_of("y_2101")]) == [2021 * 12 + 0]


def test_two_weeks_missing_in_the_middle():
    weeks = list(weeks_between(date(2020, 12, 1), date(2021, 3, 1)))
    check_consecutive(weeks, "dream.parquet")
    with pytest.raises(RegisterError) as caught:
        check_consecutive(weeks[:3] + weeks[5:], "dream.parquet")
    assert "2 week(s) missing between y_2051 and y_2101" in str(caught.value)


def test_a_week_that_stands_twice():
    with pytest.raises(RegisterError, match="stands twice"):
        check_consecutive([date(2021, 1, 4), date(2021, 1, 4)], "dream.parquet")


@given(st.dates(date(1991, 7, 1), date(2088, 12, 31)))
def test_a_month_has_as_many_weeks_as_thursdays(day):
    monday = week_of(day)
    thursday = monday + timedelta(3)
    first = thursday.replace(day=1)
    days = [first + timedelta(offset) for offset in range(31)]
    count = sum(one.weekday() == 3 and one.month == thursday.month for one in days)
    assert weeks_in_month(monday) == count
