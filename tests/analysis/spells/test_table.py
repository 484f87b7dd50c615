"""Spells of a register against a twin in plain Python, and every trap of a weekly register by name."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.outcomes import shipped_codes
from analysis.registers.codes import look_up
from analysis.spells.causes import Cause
from analysis.spells.table import PayOfMonths, find_spells

TABLE = look_up(shipped_codes())
CODES = {".": 0, "u": 111, "v": 130, "h": 121, "s": 890, "e": 651, "b": 881, "X": 997, "P": 998, "D": 999}
STATE = {"v": "u"}
STAYS = {
    "s": Cause.HEALTH,
    "e": Cause.EDUCATION,
    "b": Cause.LEAVE,
    "X": Cause.EMIGRATED,
    "P": Cause.PENSION,
    "D": Cause.DEAD,
}
PAY = {"-": Cause.SELF_SUPPORT, "+": Cause.EMPLOYMENT, "?": Cause.BENEFIT_FREE}
Row = tuple[int, int, int, Cause, bool]


def twin(weeks: str, paid: str) -> list[Row]:
    """One person: first, last, exit (-1: censored), cause, truncated; plain Python, week by week."""
    counted = [(week, STATE.get(letter, letter)) for week, letter in enumerate(weeks) if letter != "h"]
    spells: list[Row] = []
    at = 0
    while at < len(counted):
        if counted[at][1] != "u":
            at += 1
            continue
        begin, last = at, at
        gap: list[tuple[int, str]] = []
        final = None
        at += 1
        while at < len(counted) and len(gap) < 4 and final is None:
            week, letter = counted[at]
            if letter == "u":
                last, gap = at, []
            else:
                gap.append((week, letter))
                final = letter if letter in "XPD" else None
            at += 1
        if final is not None:
            cause = STAYS[final]
        elif len(gap) == 4:
            causes = [PAY[paid[week]] if letter == "." else STAYS[letter] for week, letter in gap]
            cause = Counter(causes).most_common(1)[0][0]  # the first met on a tie
        else:
            cause, gap = Cause.CENSORED, []
        spells.append((counted[begin][0], counted[last][0], gap[0][0] if gap else -1, cause, begin < 4))
    return spells


def kernel(histories: list[tuple[str, str]]) -> list[list[Row]]:
    weeks = len(histories[0][0])
    codes = np.array([[CODES[letter] for letter in history] for history, _ in histories], dtype=np.int16)
    pay = np.array([["-+?".index(sign) for sign in paid] for _, paid in histories], dtype=np.uint8)
    codes, pay = codes.reshape(len(histories), weeks), pay.reshape(len(histories), weeks)
    months = PayOfMonths(np.arange(weeks), np.ascontiguousarray(pay.T))
    spells = find_spells(list(codes.T), TABLE, months)
    found: list[list[Row]] = [[] for _ in histories]
    for row, *rest, cause, truncated in zip(
        spells.row, spells.start, spells.end, spells.exit, spells.cause, spells.truncated, strict=True
    ):
        found[row].append((*map(int, rest), Cause(int(cause)), bool(truncated)))
    assert np.all(np.diff(spells.row) >= 0)
    return found


def one(weeks: str, paid: str | None = None) -> list[Row]:
    paid = paid or "+" * len(weeks)
    found = kernel([(weeks, paid)])[0]
    assert found == twin(weeks, paid)
    return found


def test_a_spell_with_its_first_last_and_exit_week():
    assert one("....uuu......") == [(4, 6, 7, Cause.EMPLOYMENT, False)]


def test_recurrent_spells():
    assert [row[:3] for row in one("....uu....uu....uu")] == [(4, 5, 6), (10, 11, 12), (16, 17, -1)]


def test_gaps_of_fewer_than_four_weeks_do_not_cut():
    assert [row[:3] for row in one("....u.u..u...u....")] == [(4, 13, 14)]


def test_a_change_of_code_within_unemployment_does_not_cut():
    assert [row[:3] for row in one("....uuvvuu....")] == [(4, 9, 10)]


def test_holiday_benefit_does_not_cut_a_spell_however_long():
    assert [row[:3] for row in one("....uuhhhhhhhhuu....")] == [(4, 15, 16)]


def test_holiday_benefit_between_free_weeks_is_passed_over():
    assert [row[:3] for row in one("....uu..hh..")] == [(4, 5, 6)]
    assert [row[:3] for row in one("....uu..hh.u")] == [(4, 11, -1)]


def test_a_one_day_code_of_another_benefit_does_not_cut_a_spell():
    assert [row[:3] for row in one("....uuusuuuu....")] == [(4, 11, 12)]


def test_a_one_day_code_in_employment_is_a_spell_of_one_week():
    assert [row[:3] for row in one("......u......")] == [(6, 6, 7)]


@pytest.mark.parametrize(
    ("after", "cause"),
    [
        ("....", Cause.EMPLOYMENT),
        ("ssss", Cause.HEALTH),
        ("eeee", Cause.EDUCATION),
        ("bbbb", Cause.LEAVE),
        (".sss", Cause.HEALTH),
        ("..ss", Cause.EMPLOYMENT),
        ("ss..", Cause.HEALTH),
        ("sseb", Cause.HEALTH),
        ("X", Cause.EMIGRATED),
        ("..P", Cause.PENSION),
        ("sssD", Cause.DEAD),
    ],
)
def test_competing_exits(after, cause):
    assert one("....uuu" + after)[0][3] == cause


def test_without_pay_it_is_self_support_and_without_register_only_benefit_free():
    assert one("....uu....", "----------")[0][3] == Cause.SELF_SUPPORT
    assert one("....uu....", "??????????")[0][3] == Cause.BENEFIT_FREE
    codes = [np.array([code], dtype=np.int16) for code in (111, 0, 0, 0, 0)]
    assert find_spells(codes, TABLE).cause.tolist() == [Cause.BENEFIT_FREE]


def test_the_end_of_the_register_censors_a_spell_and_its_short_gap():
    assert one("....uuuu") == [(4, 7, -1, Cause.CENSORED, False)]
    assert one("....uu...") == [(4, 5, -1, Cause.CENSORED, False)]


def test_a_spell_that_may_have_begun_before_the_register_is_marked():
    assert [row[4] for row in one("uuuu....uu")] == [True, False]
    assert [row[4] for row in one("...uuuuu....")] == [True]
    assert [row[4] for row in one("...huuuu....")] == [True]


def test_who_comes_back_after_emigration_may_have_a_new_spell():
    assert [(row[0], row[3]) for row in one("....uXXXXXuuu")] == [(4, Cause.EMIGRATED), (10, Cause.CENSORED)]


def test_week_53_is_a_week():
    """Three benefit-free weeks around the seam of 2020 are three, with week 53 between 52 and 1."""
    assert [row[:3] for row in one("....uuuu" + "..." + "uuuu....")] == [(4, 14, 15)]


def test_unknown_codes_are_counted_in_weeks():
    codes = [np.array(row, dtype=np.int16) for row in ([111, 555], [555, 555], [555, 0], [0, 3000], [0, -7])]
    assert find_spells(codes, TABLE).unknown == {555: 4, 1000: 2}


def test_no_column_no_person_and_one_week():
    assert len(find_spells([], TABLE)) == 0
    assert len(find_spells([np.zeros(0, dtype=np.int16)] * 3, TABLE)) == 0
    assert find_spells([np.array([111, 0, 111], dtype=np.int16)], TABLE).row.tolist() == [0, 2]


histories = st.integers(1, 40).flatmap(
    lambda n: st.lists(
        st.tuples(
            st.text("..uuvhseb", min_size=n, max_size=n) | st.text("u.hXPDs", min_size=n, max_size=n),
            st.text("++-?", min_size=n, max_size=n),
        ),
        min_size=1,
        max_size=11,
    )
)


@given(histories)
def test_twin_agrees_on_any_history(people):
    assert kernel(people) == [twin(weeks, paid) for weeks, paid in people]


def test_twin_agrees_on_ten_thousand_generated_histories():
    rng = np.random.default_rng(20210105)
    letters = np.array(list(CODES))
    chance = np.array([6, 5, 1, 1, 1, 1, 0.5, 0.1, 0.1, 0.1])
    fresh = rng.choice(letters, size=(10_000, 80), p=chance / chance.sum())
    stay = rng.random(fresh.shape) < 0.7
    for week in range(1, fresh.shape[1]):  # sticky: most weeks are like the week before
        fresh[:, week] = np.where(stay[:, week], fresh[:, week - 1], fresh[:, week])
    paid = np.where(rng.random(fresh.shape) < 0.8, "+", "-")
    people = [("".join(weeks), "".join(signs)) for weeks, signs in zip(fresh, paid, strict=True)]
    found = kernel(people)
    assert found == [twin(weeks, paid) for weeks, paid in people]
    assert sum(map(len, found)) > 30_000
