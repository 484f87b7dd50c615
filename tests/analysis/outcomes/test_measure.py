"""Outcomes of single citizens, written out week by week."""

from types import SimpleNamespace

import numpy as np
import pytest

from analysis.outcomes import measure, shipped_codes
from analysis.registers.codes import look_up
from analysis.spells import FollowUp
from trial.errors import PlanError

TABLE = look_up(shipped_codes())
CODES = {".": 0, "u": 111, "h": 121, "s": 890, "X": 997, "P": 998, "D": 999}


def value(weeks, variable, by_week, definition="a"):
    state = TABLE[[[CODES[letter] for letter in weeks]]]
    outcome = SimpleNamespace(name="x", variable=variable, by_week=by_week, definition=definition)
    found = measure(outcome, FollowUp(state, np.ones(state.shape, dtype=np.bool_)))
    event = None if found.event is None else int(found.event[0])
    number = None if np.isnan(found.value[0]) else float(found.value[0])
    assert (number is None) == (found.reason[0] is not None)
    return number if event is None else (number, event), found.reason[0]


def test_weeks_employed_count_only_weeks_by_the_last_one():
    assert value("uu......uuuu", "weeks-employed", 5) == (3, None)
    assert value("uu......uuuu", "weeks-employed", 8) == (6, None)


def test_a_run_that_needs_later_weeks_counts_from_its_start():
    assert value("uuu....uuuuu", "weeks-employed", 4) == (1, None)
    assert value("uuu...uuuuuu", "weeks-employed", 4) == (0, None)


def test_emigration_hides_a_count_and_death_and_pension_complete_it():
    assert value("......XXXXXX", "weeks-employed", 8) == (None, "emigrated")
    assert value("......DDDDDD", "weeks-employed", 8) == (6, None)
    assert value("......PPPPPP", "weeks-employed", 8) == (6, None)


def test_emigration_after_the_window_and_its_four_weeks_hides_nothing():
    assert value("uuuuuuuuuuuX", "weeks-employed", 8) == (0, None)
    assert value("uuuuuuuuuuXX", "weeks-employed", 8) == (None, "emigrated")


def test_the_end_of_the_register_hides_a_count():
    assert value("uuuuuuuuuu", "weeks-employed", 8) == (None, "end-of-register")


def test_exit_by_week():
    assert value("uu....uuuuu", "exit-to-employment", 3) == (1, None)
    assert value("uu....uuuuu", "exit-to-employment", 2) == (0, None)


def test_an_exit_before_emigration_is_missing_too():
    """Keeping only those emigrants who had an exit would flatter the outcome."""
    assert value("....XXXXXXXX", "exit-to-employment", 8) == (None, "emigrated")


def test_time_to_exit_and_its_censoring():
    assert value("uu....uuuuuu", "time-to-exit", 8) == ((3, 1), None)
    assert value("uuuuuuuuuuuu", "time-to-exit", 8) == ((8, 0), None)
    assert value("uuuuuuuuuuuu", "time-to-exit", 12) == ((9, 0), None)
    assert value("uuuuuuuXXXXX", "time-to-exit", 8) == ((4, 0), None)
    assert value("uuuuuuuDDDDD", "time-to-exit", 8) == ((4, 0), None)


def test_time_at_risk_begins_with_the_first_answer():
    assert value("uuuXXXXX", "time-to-exit", 8) == ((None, 0), "emigrated")


def test_definition_b_without_pay_is_no_employment():
    state = TABLE[[[0] * 12]]
    outcome = SimpleNamespace(name="x", variable="weeks-employed", by_week=8, definition="b")
    assert measure(outcome, FollowUp(state, np.zeros((1, 12), dtype=np.bool_))).value[0] == 0


@pytest.mark.parametrize(("variable", "definition"), [("earnings-rank", "a"), ("weeks-employed", "q")])
def test_what_cannot_be_measured_is_refused(variable, definition):
    with pytest.raises(PlanError, match="a variable is one of"):
        value("uuuu", variable, 2, definition)


def test_benefit_weeks_count_every_benefit_but_holidays():
    assert value("uuss..hhuu", "benefit-weeks", 8) == (4, None)
    assert value("uussDDDDDD", "benefit-weeks", 8) == (4, None)
    assert value("uuuuuuuuuX", "benefit-weeks", 9) == (9, None)
    assert value("uuuuuuuuX.", "benefit-weeks", 9) == (None, "emigrated")


def test_health_inflow_asks_for_four_weeks_of_sickness():
    assert value("uuusssuuuuuuuuuu", "health-inflow", 8) == (0, None)
    assert value("uuusshssuuuuuuuu", "health-inflow", 8) == (1, None)
    assert value("uuuuuuussssuuuuu", "health-inflow", 8) == (1, None)
    assert value("uuuuuuuussssuuuu", "health-inflow", 8) == (0, None)


def test_full_time_months_spread_hours_over_the_weeks_of_a_month():
    state = TABLE[[[0] * 13]]
    hours = np.array([[160.33] * 4 + [80.165] * 5 + [0.0] * 4], dtype=np.float32)
    weeks = np.array([[4] * 4 + [5] * 5 + [4] * 4], dtype=np.uint8)
    outcome = SimpleNamespace(name="x", variable="full-time-months", by_week=13, definition="b")
    whole = FollowUp(state, hours, None, np.array([1]), weeks)
    assert measure(outcome, whole).value[0] == pytest.approx(1.5)
    later = FollowUp(state, hours, None, np.array([5]), weeks)
    assert measure(outcome, later).value[0] == pytest.approx(0.5)  # the first month began before week 1


def test_earnings_are_the_pay_of_whole_months_by_the_week():
    state = TABLE[[[0] * 13]]
    hours = np.full((1, 13), 160.33, dtype=np.float32)
    pay = np.array([[20_000.0] * 4 + [30_000.0] * 5 + [40_000.0] * 4])
    weeks = np.array([[4] * 4 + [5] * 5 + [4] * 4], dtype=np.uint8)
    outcome = SimpleNamespace(name="x", variable="earnings", by_week=13, definition="b")
    assert measure(outcome, FollowUp(state, hours, None, np.array([1]), weeks, pay)).value[0] == 90_000
    assert measure(outcome, FollowUp(state, hours, None, np.array([5]), weeks, pay)).value[0] == 70_000
    outcome.by_week = 6  # two of five weeks of the second month
    assert measure(outcome, FollowUp(state, hours, None, np.array([1]), weeks, pay)).value[0] == 32_000
    short = measure(outcome, FollowUp(state, hours, np.array([5]), np.array([1]), weeks, pay))
    assert short.reason[0] == "end-of-register"


def test_earnings_without_pay_are_refused():
    with pytest.raises(PlanError, match="paid hours alone"):
        value("uuuu", "earnings", 2, "b")
