"""Exits against a twin in plain Python that does one person at a time, and every trap of weekly registers by name."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.registers.codes import State
from analysis.spells import DEFINITIONS, FollowUp, look_for_exits

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


HOURS = {"-": 0.0, "+": 160.33, "~": 20.0}
Person = tuple[str, str, int]


def twin(definition: str, weeks: str, paid: str, whole_month: int = 1, gap: int = 4) -> dict:
    """One person, one letter a week; `paid` tells the hours of the week's month: full time, a little, none."""
    ends = "?" if definition == "d" else ENDS
    end = next((number for number, letter in enumerate(weeks, 1) if letter in ends), len(weeks) + 1)
    by = weeks[end - 1] if end <= len(weeks) else "?"
    if definition == "c":
        out = {number for number in range(max(1, whole_month), end) if paid[number - 1] == "+"}
        return {"out": out, "exit": min(out, default=0), "known": end - 1, "end": end, "ended_by": LETTERS[by]}
    counted = [number for number in range(1, end) if weeks[number - 1] != "h"]
    letters = [weeks[number - 1] for number in counted]
    if definition == "d":
        works = [letter != "u" for letter in letters]
    else:
        works = [
            letter == "." and (definition == "a" or paid[number - 1] != "-")
            for number, letter in zip(counted, letters, strict=True)
        ]
    out = set()
    for first in range(len(counted)):
        if not works[first] or (first and works[first - 1]):
            continue
        last = first
        while last + 1 < len(counted) and works[last + 1]:
            last += 1
        final = definition == "d" and any(letter in "XPD" for letter in letters[first : last + 1])
        if last - first + 1 >= gap or final:
            out |= set(counted[first : last + 1])
    return {
        "out": out,
        "exit": min(out, default=0),
        "known": counted[-gap] if len(counted) >= gap else 0,
        "end": end,
        "ended_by": LETTERS[by],
    }


def kernel(people: list[Person], definition: str) -> list[dict]:
    shape = (len(people), len(people[0][0]))
    state = np.array([[LETTERS[letter] for letter in weeks] for weeks, _, _ in people], dtype=np.uint8)
    hours = np.array([[HOURS[sign] for sign in paid] for _, paid, _ in people], dtype=np.float32)
    whole = np.array([month for _, _, month in people])
    exits = look_for_exits(FollowUp(state.reshape(shape), hours.reshape(shape), None, whole), definition)
    return [
        {
            "out": set((np.flatnonzero(exits.out[row]) + 1).tolist()),
            "exit": int(exits.exit[row]),
            "known": int(exits.known[row]),
            "end": int(exits.end[row]),
            "ended_by": State(exits.ended_by[row]),
        }
        for row in range(len(people))
    ]


def one(weeks: str, paid: str | None = None, definition: str | None = None, whole_month: int = 1) -> dict:
    definition = definition or ("a" if paid is None else "b")
    paid = paid or "-" * len(weeks)
    found = kernel([(weeks, paid, whole_month)], definition)[0]
    assert found == twin(definition, weeks, paid, whole_month)
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
    assert found["out"] == {3, 4, 6, 7}


def test_holiday_benefit_does_not_make_a_run_longer():
    assert one("uu..h.uu")["exit"] == 0


def test_a_one_day_code_is_no_exit_and_cuts_employment_only_for_itself():
    found = one("uu" + "." * 6 + "u" + "." * 6)
    assert found["exit"] == 3
    assert found["out"] == {*range(3, 9), *range(10, 16)}


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
    found = kernel([("", "", 1)], "b")[0]
    assert found == {"out": set(), "exit": 0, "known": 0, "end": 1, "ended_by": State.UNSEEN}


def test_nobody_at_all():
    exits = look_for_exits(FollowUp(np.zeros((0, 9), np.uint8), np.zeros((0, 9), np.bool_)), "a")
    assert len(exits.exit) == 0


def test_definition_c_asks_for_half_a_full_time_month_and_not_for_benefits():
    assert one("uuuuuuuu", "----++++", "c")["exit"] == 5
    assert one("uu......", "~~~~~~~~", "c")["exit"] == 0


def test_definition_c_does_not_count_a_month_that_began_before_randomisation():
    assert one("uuuuuuuu", "++++++++", "c", whole_month=4)["exit"] == 4


def test_definition_d_is_an_exit_to_anything_that_lasts():
    assert one("uussss", definition="d")["exit"] == 3
    assert one("uus.e.", definition="d")["exit"] == 3
    assert one("uusuuu", definition="d")["exit"] == 0


@pytest.mark.parametrize("letter", "XPD")
def test_definition_d_takes_a_state_nobody_leaves_at_once(letter):
    assert one("uuuu" + letter, definition="d")["exit"] == 5
    assert one("uu.." + letter, definition="d")["exit"] == 3


def test_definition_d_is_censored_by_the_end_of_the_register_alone():
    found = one("uuuuuu???", definition="d")
    assert (found["exit"], found["known"], found["ended_by"]) == (0, 3, State.UNSEEN)


people = st.integers(0, 40).flatmap(
    lambda n: st.lists(
        st.tuples(
            st.text("....uuuhse", min_size=n, max_size=n)
            | st.text("..uhX", min_size=n, max_size=n)
            | st.text("..huPD?", min_size=n, max_size=n),
            st.text("+++~-", min_size=n, max_size=n),
            st.integers(1, 6),
        ),
        min_size=1,
        max_size=5,
    )
)


@pytest.mark.parametrize("definition", DEFINITIONS)
@given(people)
def test_twin_agrees_on_any_history(definition, histories):
    assert kernel(histories, definition) == [twin(definition, *history) for history in histories]


@pytest.fixture(scope="module")
def generated() -> list[Person]:
    rng = np.random.default_rng(20210104)
    letters = np.array(list(LETTERS))
    chance = np.array([0.05, 0.05, 0.03, 0.02, 0.02, 0.002, 0.002, 0.002, 0.002])
    fresh = rng.choice(letters, size=(10_000, 60), p=chance / chance.sum())
    stay = rng.random(fresh.shape) < 0.75
    for week in range(1, 60):  # sticky: most weeks are like the week before
        fresh[:, week] = np.where(stay[:, week], fresh[:, week - 1], fresh[:, week])
    paid = rng.choice(np.array(list("++++~-")), size=(10_000, 15)).repeat(4, axis=1)
    return [
        ("".join(weeks), "".join(signs), int(month))
        for weeks, signs, month in zip(fresh, paid, rng.integers(1, 6, 10_000), strict=True)
    ]


@pytest.mark.parametrize("definition", DEFINITIONS)
def test_twin_agrees_on_ten_thousand_generated_histories(definition, generated):
    assert kernel(generated, definition) == [twin(definition, *history) for history in generated]
