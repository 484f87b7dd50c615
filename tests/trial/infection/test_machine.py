"""The state machine: tables that are its specification, and a twin that says the same in another way."""

from datetime import date, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trial.infection.made import a_rule, check_table, seen_from, span, thresholds
from trial.infection.machine import OPEN, Seen, Sight, Spell, Standing, advance, in_effect, spells, standings


def test_closes_when_all_thresholds_are_reached_on_one_day_and_reopens_after_seven_days():
    check_table(
        """
        day         incidence  cases  | standing after the day
        2021-03-01        199     25  | open
        2021-03-02        200     19  | open      (one threshold suffices to stay open)
        2021-03-03        200     20  | closed    ("at least", not "above")
        2021-03-04        310     19  | 1 of 7    (one threshold suffices)
        2021-03-05        190     40  | 2 of 7    (another one, too)
        2021-03-06        301     20  | closed    (counter starts again)
        2021-03-07        199     19  | 1 of 7
        2021-03-08        199     19  | 2 of 7
        2021-03-09        199     19  | 3 of 7
        2021-03-10        199     19  | 4 of 7
        2021-03-11        199     19  | 5 of 7
        2021-03-12        199     19  | 6 of 7
        2021-03-13        199     19  | open
        2021-03-14        200     20  | closed
        """,
        a_rule(),
    )


def test_days_without_publication_decide_nothing():
    check_table(
        """
        day         incidence  cases  | standing after the day
        2021-03-01        250     30  | closed
        2021-03-02        100     10  | 1 of 3
        2021-03-03          -         | 1 of 3
        2021-03-04        100     10  | 2 of 3
        2021-03-05          -         | 2 of 3
        2021-03-06        100     10  | open
        2021-03-07          -         | open
        """,
        a_rule(reopening={"days": 3, "delay_days": 0}),
    )


def test_a_hysteresis_pair_counts_only_days_below_the_lower_threshold():
    lower = [thresholds("2021-03-01", incidence=100)]
    check_table(
        """
        day         incidence  cases  | standing after the day
        2021-03-01        150     40  | open      (between the two: an open one stays open)
        2021-03-02        210     40  | closed
        2021-03-03        150     10  | closed    (between the two: a closed one stays closed)
        2021-03-04         99     10  | 1 of 2
        2021-03-05        100     10  | closed    (the lower one is reached: counter starts again)
        2021-03-06         99     10  | 1 of 2
        2021-03-07         80     10  | open
        """,
        a_rule(reopening={"days": 2, "delay_days": 0, "thresholds": lower}),
    )


RAISED = [
    thresholds("2021-03-01", incidence=200),
    thresholds("2021-03-05", incidence=300, cases=20),
]


def test_raised_thresholds_hold_from_their_day():
    check_table(
        """
        day         incidence  cases  | standing after the day
        2021-03-01        250     10  | closed
        2021-03-02        250     10  | closed
        2021-03-03        250     10  | closed
        2021-03-04        250     10  | closed
        2021-03-05        250     10  | 1 of 3
        2021-03-06        310     10  | 2 of 3
        2021-03-07        250     25  | open
        """,
        a_rule(thresholds=RAISED, reopening={"days": 3, "delay_days": 0}),
    )


def test_raised_thresholds_that_hold_backwards_reopen_at_once():
    check_table(
        """
        day         incidence  cases  | standing after the day
        2021-03-01        310     25  | closed
        2021-03-02        310     25  | closed
        2021-03-03        250     25  | closed
        2021-03-04        310     10  | closed
        2021-03-05        250     10  | open      (3, 4 and 5 March are clear by the new thresholds)
        """,
        a_rule(thresholds=[RAISED[0], {**RAISED[1], "retroactive": True}], reopening={"days": 3, "delay_days": 0}),
    )


def test_thresholds_that_hold_backwards_count_only_clear_days():
    check_table(
        """
        day         incidence  cases  | standing after the day
        2021-03-01        250     25  | closed
        2021-03-02        310     25  | closed
        2021-03-03        250     25  | closed
        2021-03-04        250     25  | closed
        2021-03-05        250     25  | 3 of 7    (3, 4 and 5 March)
        2021-03-06        250     25  | 4 of 7
        """,
        a_rule(thresholds=[RAISED[0], {**RAISED[1], "retroactive": True}]),
    )


SILENCE = """
        day         incidence  cases  | standing after the day
        2021-03-01        150     30  | open
        2021-03-02          -         | open
        2021-03-03          -         | open
        2021-03-04          -         | {three}   (longer than two days)
        2021-03-05          -         | {three}
        2021-03-06        150     30  | open
        """


@pytest.mark.parametrize(("then", "three"), [("hold", "open"), ("pause", "closed"), ("go-on", "open")])
def test_a_stale_feed_does_what_the_rule_declares(then, three):
    check_table(SILENCE.format(three=three), a_rule(stale={"max_age_days": 2, "then": then}))


def test_going_on_counts_the_last_values_again():
    check_table(
        """
        day         incidence  cases  | standing after the day
        2021-03-01        250     30  | closed
        2021-03-02        150     30  | 1 of 3
        2021-03-03          -         | 1 of 3
        2021-03-04          -         | 2 of 3    (older than one day: the last values stand)
        2021-03-05          -         | open
        """,
        a_rule(stale={"max_age_days": 1, "then": "go-on"}, reopening={"days": 3, "delay_days": 0}),
    )


def test_without_any_publication_a_rule_that_pauses_pauses_from_its_first_day():
    check_table(
        """
        day         incidence  cases  | standing after the day
        2021-03-01          -         | closed
        2021-03-02        250     30  | closed    (the first news is bad: an ordinary closure from here on)
        2021-03-03        150     30  | 1 of 2
        2021-03-04        150     30  | open
        """,
        a_rule(stale={"max_age_days": 3, "then": "pause"}, reopening={"days": 2, "delay_days": 0}),
    )


def closed_by_definition(letters: str, days_to_reopen: int) -> list[bool]:
    """Say it without a state: closed while no long enough run of clear days has followed the last met day."""
    found = []
    for end in range(1, len(letters) + 1):
        heard = letters[:end].replace("s", "")
        after = heard[heard.rfind("m") + 1 :] if "m" in heard else ""
        longest = max((len(run) for run in after.split("b")), default=0)
        found.append("m" in heard and longest < days_to_reopen)
    return found


@given(st.text("scbm", max_size=60), st.integers(1, 9))
def test_the_machine_says_what_the_definition_says(letters, days_to_reopen):
    found = [standing.decided_on is not None for standing in standings(seen_from(letters), days_to_reopen)]
    assert found == closed_by_definition(letters, days_to_reopen)


@pytest.mark.parametrize("days_to_reopen", [1, 2, 3])
def test_the_machine_says_what_the_definition_says_on_every_short_history(days_to_reopen):
    for letters in map("".join, product("scbm", repeat=6)):
        found = [standing.decided_on is not None for standing in standings(seen_from(letters), days_to_reopen)]
        assert found == closed_by_definition(letters, days_to_reopen), letters


@given(st.text("scbmx", max_size=80), st.integers(1, 9))
def test_spells_are_the_closed_days_and_nothing_else(letters, days_to_reopen):
    days = seen_from(letters)
    closed = {day.on for day, now in zip(days, standings(days, days_to_reopen), strict=True) if now.decided_on}
    found = list(spells(days, days_to_reopen))
    end = days[-1].on + timedelta(days=1) if days else date(2021, 3, 1)
    covered = [
        day
        for spell in found
        for day in span(spell.decided_on, ((spell.reopening_decided_on or end) - spell.decided_on).days)
    ]
    assert sorted(covered) == sorted(closed)
    assert all(spell.reopening_decided_on is not None for spell in found[:-1])


@given(st.text("scbmx", max_size=60), st.integers(0, 60), st.integers(1, 9))
def test_what_comes_later_never_changes_an_earlier_standing(letters, cut, days_to_reopen):
    days = seen_from(letters)
    assert list(standings(days, days_to_reopen))[:cut] == list(standings(days[:cut], days_to_reopen))


def test_an_official_count_is_carried_on():
    start = Standing(date(2021, 2, 20), 5)
    found = list(spells(seen_from("cc"), 7, start))
    assert found == [Spell(date(2021, 2, 20), date(2021, 3, 2))]


def test_a_recount_replaces_the_count_of_a_closed_area_only():
    assert advance(OPEN, Seen(date(2021, 3, 1), Sight.CLEAR, 9), 7) == OPEN
    closed = Standing(date(2021, 3, 1))
    assert advance(closed, Seen(date(2021, 3, 2), Sight.CLEAR, 6), 7).days_clear == 6
    assert advance(closed, Seen(date(2021, 3, 2), Sight.CLEAR, 7), 7) == OPEN
    assert advance(closed, Seen(date(2021, 3, 2), Sight.MET, 7), 7) == closed


@pytest.mark.parametrize(
    ("decided", "reopening", "expected"),
    [
        ("2021-05-07", "2021-05-17", ("2021-05-08", "2021-05-17")),
        ("2021-05-07", None, ("2021-05-08", None)),
        ("2021-08-29", "2021-09-03", ("2021-08-30", "2021-09-01")),  # the rule lapses first
        ("2021-08-31", None, None),  # would begin only when the rule has lapsed
    ],
)
def test_a_decision_takes_effect_the_day_after_and_ends_when_the_rule_lapses(decided, reopening, expected):
    spell = Spell(date.fromisoformat(decided), date.fromisoformat(reopening) if reopening else None)
    found = in_effect(spell, close_after=1, reopen_after=0, lapses_on=date(2021, 9, 1))
    assert found == (expected and tuple(day and date.fromisoformat(day) for day in expected))
