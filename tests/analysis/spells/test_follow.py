"""Outcomes from runs against the exits of the same persons, found week by week, for every week 0."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.outcomes import shipped_codes
from analysis.registers.codes import State, look_up
from analysis.spells import FollowUp, look_for_exits
from analysis.spells.changes import runs_of
from analysis.spells.follow import HORIZONS, follow
from analysis.spells.kernel import PayOfMonths

TABLE = look_up(shipped_codes())
BENEFITS = (111, 121, 890, 651)


def both_ways(codes, paid_months, week_0, definition):
    """Compare `follow` with `look_for_exits` for one week 0."""
    persons, weeks = codes.shape
    month = np.arange(weeks) // 4
    pay = PayOfMonths(month, np.ascontiguousarray(paid_months[:, : month[-1] + 1].T.astype(np.uint8)))
    found = follow(runs_of(list(codes.T)), TABLE, np.full(persons, week_0, dtype=np.int32), definition, pay)
    state = TABLE[codes[:, week_0 + 1 :]]
    hours = paid_months[:, month[week_0 + 1 :]].astype(np.float32)
    exits = look_for_exits(FollowUp(state, hours), definition)
    assert found.exit.tolist() == exits.exit.tolist()
    assert found.known.tolist() == exits.known.tolist()
    assert found.end.tolist() == exits.end.tolist()
    assert found.ended_by.tolist() == exits.ended_by.tolist()
    for at, horizon in enumerate(HORIZONS):
        assert found.weeks_out[:, at].tolist() == exits.out[:, :horizon].sum(axis=1).tolist()
        followed = np.arange(1, state.shape[1] + 1) < exits.end[:, None]
        benefit = followed & ~np.isin(state, (State.FREE, State.NEUTRAL))
        assert found.benefit_weeks[:, at].tolist() == benefit[:, :horizon].sum(axis=1).tolist()


@pytest.mark.parametrize("definition", ["a", "b"])
def test_ten_thousand_generated_histories(definition):
    rng = np.random.default_rng(5)
    chance = np.array([0.45, 0.35, 0.05, 0.1, 0.04, 0.004, 0.003, 0.003])
    codes = rng.choice(np.array([0, *BENEFITS, 997, 998, 999], dtype=np.int16), (10_000, 130), p=chance)
    stay = rng.random(codes.shape) < 0.8
    for week in range(1, codes.shape[1]):
        codes[:, week] = np.where(stay[:, week], codes[:, week - 1], codes[:, week])
    paid = rng.random((10_000, 40)) < 0.7
    for week_0 in (0, 7, 50):
        both_ways(codes, paid, week_0, definition)


history = st.integers(2, 40).flatmap(
    lambda n: st.tuples(
        st.lists(st.sampled_from([0, 0, 0, 111, 121, 890, 997, 999]), min_size=n, max_size=n),
        st.lists(st.booleans(), min_size=n, max_size=n),
        st.integers(0, n - 2),
        st.sampled_from("ab"),
    )
)


@given(history)
def test_any_history(drawn):
    codes, paid, week_0, definition = drawn
    both_ways(np.array([codes], dtype=np.int16), np.array([paid]), week_0, definition)


def test_who_is_not_asked_for_holds_nothing():
    found = follow(runs_of([np.zeros(2, dtype=np.int16)] * 9), TABLE, np.array([-1, 0], dtype=np.int32))
    assert found.exit.tolist() == [0, 1]
    assert found.weeks_out[:, 0].tolist() == [0, 8]


def test_without_an_income_register_nobody_is_employed():
    runs = runs_of([np.zeros(1, dtype=np.int16)] * 9)
    assert follow(runs, TABLE, np.array([0], dtype=np.int32), "b").exit.tolist() == [0]
