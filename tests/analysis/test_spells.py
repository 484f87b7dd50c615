"""Exits against a twin in plain Python that does one person at a time, and every trap of weekly registers by name."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.registers.codes import State
from analysis.spells import FollowUp, look_for_exits

LETTERS = {
    ".": State.FREE,
    "u": State.UNEMPLOYED,
    "h": State.NEUTRAL,
    "s": State.HEALTH,
    "e": State.EDUCATION,
    "X": State.EMIGRATED,
    "P": State.PENSION,
    "D": State.DEAD,
    "?": State.UNSEEN,
}
ENDS = "XPD?"


def twin(weeks: str, paid: str | None, gap: int = 4) -> dict:
    """One person, one letter a week; `paid` has + where the week's month has paid hours (definition b)."""
    end = next((number for number, letter in enumerate(weeks, 1) if letter in ENDS), len(weeks) + 1)
    by = weeks[end - 1] if end <= len(weeks) else "?"
    counted = [number for number in range(1, end) if weeks[number - 1] != "h"]
    works = [weeks[number - 1] == "." and (paid is None or paid[number - 1] == "+") for number in counted]
    employed = set()
    for first in range(len(counted)):
        run = works[first : first + gap]
        if len(run) == gap and all(run):
            employed |= set(counted[first : first + gap])
    return {
        "employed": employed,
        "exit": min(employed, default=0),
        "known": counted[-gap] if len(counted) >= gap else 0,
        "end": end,
        "ended_by": LETTERS[by],
    }


def kernel(histories: list[tuple[str, str | None]], definition: str) -> list[dict]:
    state = np.array([[LETTERS[letter] for letter in weeks] for weeks, _ in histories], dtype=np.uint8)
    paid = np.array([[sign == "+" for sign in paid or "-" * len(weeks)] for weeks, paid in histories], dtype=np.bool_)
    exits = look_for_exits(FollowUp(state.reshape(len(histories), -1), paid.reshape(len(histories), -1)), definition)
    return [
        {
            "employed": set((np.flatnonzero(exits.employed[row]) + 1).tolist()),
            "exit": int(exits.exit[row]),
            "known": int(exits.known[row]),
            "end": int(exits.end[row]),
            "ended_by": State(exits.ended_by[row]),
        }
        for row in range(len(histories))
    ]


def one(weeks: str, paid: str | None = None) -> dict:
    found = kernel([(weeks, paid)], "a" if paid is None else "b")[0]
    assert found == twin(weeks, paid)
    return found


def test_four_weeks_without_benefit_are_an_exit_and_three_are_not():
    assert one("uuu....uu")["exit"] == 4
    assert one("uuu...uuu")["exit"] == 0


def test_the_first_week_can_be_an_exit():
    assert one("....")["exit"] == 1


def test_definition_b_asks_for_pay_in_every_week_of_the_run():
    assert one("uu......", "++++++++")["exit"] == 3
    assert one("uu......", "++--++++")["exit"] == 5
    assert one("uu......", "++++-+++")["exit"] == 0


def test_holiday_benefit_does_not_cut_unemployment():
    assert one("uuhhhhhuu")["exit"] == 0


def test_holiday_benefit_does_not_cut_employment_and_is_none():
    found = one("uu..h..u")
    assert found["exit"] == 3
    assert found["employed"] == {3, 4, 6, 7}


def test_holiday_benefit_does_not_make_a_run_longer():
    assert one("uu..h.uu")["exit"] == 0


def test_a_one_day_code_is_no_exit_and_cuts_employment_only_for_itself():
    found = one("uu" + "." * 6 + "u" + "." * 6)
    assert found["exit"] == 3
    assert found["employed"] == {*range(3, 9), *range(10, 16)}


def test_a_short_gap_in_unemployment_is_no_exit():
    assert one("uu.uu..uu...uu")["exit"] == 0


def test_sickness_and_education_are_benefits_not_employment():
    assert one("uussss....")["exit"] == 7
    assert one("uueeee....")["exit"] == 7


@pytest.mark.parametrize(("letter", "state"), [("X", State.EMIGRATED), ("P", State.PENSION), ("D", State.DEAD)])
def test_codes_997_998_and_999_censor(letter, state):
    """A known program's censoring never fired on these codes: a death then counts as a completed exit."""
    found = one("u" * 10 + letter * 10)
    assert found["exit"] == 0
    assert found["ended_by"] == state
    assert found["end"] == 11
    assert found["known"] == 7


def test_empty_weeks_after_emigration_are_not_employment():
    assert one("uuX......")["exit"] == 0
    assert one("uu...X...")["exit"] == 0


def test_a_run_cut_by_the_end_of_the_register_is_not_known():
    found = one("uuu...")
    assert found["exit"] == 0
    assert found["known"] == 3


def test_the_end_of_the_income_register_censors_definition_b_only():
    state = np.zeros((1, 8), dtype=np.uint8)
    follow_up = FollowUp(state, np.ones((1, 8), dtype=np.bool_), np.array([2]))
    assert look_for_exits(follow_up, "a").exit[0] == 1
    late = look_for_exits(follow_up, "b")
    assert (late.exit[0], late.end[0], late.ended_by[0]) == (0, 3, State.UNSEEN)


def test_no_week_at_all():
    found = kernel([("", "")], "b")[0]
    assert found == {"employed": set(), "exit": 0, "known": 0, "end": 1, "ended_by": State.UNSEEN}


def test_nobody_at_all():
    exits = look_for_exits(FollowUp(np.zeros((0, 9), np.uint8), np.zeros((0, 9), np.bool_)), "a")
    assert len(exits.exit) == 0


weeks_and_pay = st.integers(0, 40).flatmap(
    lambda n: st.lists(
        st.tuples(
            st.text("....uuuhse", min_size=n, max_size=n)
            | st.text("..uhX", min_size=n, max_size=n)
            | st.text("..huPD?", min_size=n, max_size=n),
            st.text("+++-", min_size=n, max_size=n),
        ),
        min_size=1,
        max_size=5,
    )
)


@given(weeks_and_pay)
def test_twin_agrees_on_any_history(histories):
    assert kernel([(weeks, None) for weeks, _ in histories], "a") == [twin(weeks, None) for weeks, _ in histories]
    assert kernel(histories, "b") == [twin(weeks, paid) for weeks, paid in histories]


def test_twin_agrees_on_ten_thousand_generated_histories():
    rng = np.random.default_rng(20210104)
    letters = np.array(list(LETTERS))
    chance = np.array([0.05, 0.05, 0.03, 0.02, 0.02, 0.002, 0.002, 0.002, 0.002])
    rows = []
    for _ in range(10_000):  # sticky histories: most weeks are like the week before
        fresh = rng.choice(letters, size=60, p=chance / chance.sum())
        stay = rng.random(60) < 0.75
        weeks = [str(fresh[0])]
        for week in range(1, 60):
            weeks.append(weeks[-1] if stay[week] else str(fresh[week]))
        rows.append(("".join(weeks), "".join(np.where(rng.random(60) < 0.9, "+", "-"))))
    assert kernel([(weeks, None) for weeks, _ in rows], "a") == [twin(weeks, None) for weeks, _ in rows]
    assert kernel(rows, "b") == [twin(weeks, paid) for weeks, paid in rows]
