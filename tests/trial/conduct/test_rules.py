"""Conduct: the schedule, and which combination of assigned, summoned and held mode is lawful."""

import itertools
from datetime import date, timedelta

import pytest

from trial.conduct import Conversation, check_conversation, due_conversations, violations
from trial.errors import IntakeError
from trial.protocol import load_protocol, shipped

ASSIGNED_ON = date(2021, 3, 1)
DUE_ON = date(2021, 3, 8)
WHO = "p" + "a" * 26


@pytest.fixture(scope="module")
def protocol():
    return load_protocol(shipped("digital-samtaler.toml"))


def conversation(**said) -> Conversation:
    usual = {"number": 1, "due_on": DUE_ON, "assigned_mode": "digital", "summoned_mode": "telephone"}
    return Conversation(WHO, **{**usual, **said})


def broken(protocol, arm=None, assigned_on=None, **said) -> list[str]:
    return [code for _, _, code in violations(conversation(**said), protocol, arm, assigned_on)]


def test_the_schedule(protocol):
    due = due_conversations(ASSIGNED_ON, protocol)
    assert [one.number for one in due] == [1, 2, 3, 4, 5, 6]
    assert [(one.due_on - ASSIGNED_ON).days / 7 for one in due] == [1, 5, 9, 13, 17, 22]
    assert {one.due_on.weekday() for one in due} == {ASSIGNED_ON.weekday()}


def test_the_schedule_crosses_the_end_of_summer_time_and_of_the_year(protocol):
    due = due_conversations(date(2021, 10, 15), protocol)
    assert [str(one.due_on) for one in due][:4] == ["2021-10-22", "2021-11-19", "2021-12-17", "2022-01-14"]


TABLE = """
    assigned   summoned    held        reason              pause   broken rules
    digital    telephone   telephone   -                   no      -
    digital    telephone   video       -                   no      -
    digital    video       none        -                   no      -
    digital    video       -           -                   no      -
    digital    telephone   physical    citizen-demands     no      -
    digital    physical    physical    caseworker-demands  no      -
    digital    physical    none        technical-failure   no      -
    digital    physical    -           citizen-demands     no      -
    digital    physical    telephone   citizen-demands     yes     -
    physical   physical    physical    -                   no      -
    physical   physical    none        -                   no      -
    physical   physical    telephone   -                   yes     -
    physical   telephone   telephone   -                   yes     -
    physical   physical    physical    -                   yes     -
    digital    physical    physical    -                   no      summoned-mode
    digital    telephone   physical    -                   no      held-mode
    digital    telephone   physical    because             no      override-reason
    digital    telephone   telephone   citizen-demands     no      override-one-way
    digital    physical    telephone   citizen-demands     no      held-mode
    digital    physical    video       citizen-demands     yes     held-mode
    physical   physical    physical    citizen-demands     no      override-one-way
    physical   telephone   telephone   -                   no      summoned-mode held-mode
    physical   physical    telephone   -                   no      held-mode
    physical   physical    video       -                   yes     held-mode
    physical   video       video       -                   yes     summoned-mode held-mode
    physical   physical    telephone   technical-failure   no      override-one-way held-mode
    digital    letter      -           -                   no      summoned-mode
    digital    telephone   letter      -                   no      held-mode
    telephone  telephone   telephone   -                   no      assigned-mode
"""


@pytest.mark.parametrize("row", TABLE.strip().splitlines()[1:])
def test_which_modes_are_lawful(protocol, row):
    assigned, summoned, held, reason, pause, *rules = row.split()
    said = {"assigned_mode": assigned, "summoned_mode": summoned, "in_pause": pause == "yes"}
    said["held_mode"] = None if held == "-" else held
    said["held_on"] = DUE_ON if held not in ("-", "none") else None
    said["override_reason"] = None if reason == "-" else reason
    assert broken(protocol, **said) == [rule for rule in rules if rule != "-"]


def test_every_combination_against_the_rules_in_words(protocol):
    """One way to physical with a reason; away from it only by telephone in a pause; else own modes."""
    modes = ("physical", "telephone", "video")
    for arm, summoned, held, reason, pause in itertools.product(
        ("physical", "digital"), modes, modes, (None, "citizen-demands"), (False, True)
    ):
        digital = arm == "digital"
        overridden = digital and "physical" in (summoned, held)
        lawful = (reason is not None) == overridden
        if not digital and summoned != "physical":
            lawful &= pause and summoned == "telephone"
        if not digital and held != "physical":
            lawful &= pause and held == "telephone"
        if digital and summoned == "physical" and held != "physical":
            lawful &= pause and held == "telephone"
        # A physical citizen summoned by telephone in a pause may come all the same once it is over.
        said = {"assigned_mode": arm, "summoned_mode": summoned, "held_mode": held, "held_on": DUE_ON}
        found = broken(protocol, **said, override_reason=reason, in_pause=pause)
        assert (found == []) is lawful, (arm, summoned, held, reason, pause, found)


def test_the_number_lies_in_the_schedule(protocol):
    assert broken(protocol, number=0) == ["number"]
    assert broken(protocol, number=6) == []
    assert broken(protocol, number=7) == ["number"]


def test_dates(protocol):
    known = {"arm": "digital", "assigned_on": ASSIGNED_ON}
    held = {"held_mode": "video"}
    assert broken(protocol, **known) == []
    assert broken(protocol, **known, due_on=DUE_ON + timedelta(1)) == ["due-on"]
    assert broken(protocol, **known, number=2) == ["due-on"]
    assert broken(protocol, **known, **held, held_on=ASSIGNED_ON) == []
    assert broken(protocol, **known, **held, held_on=ASSIGNED_ON - timedelta(1)) == ["held-before"]
    assert broken(protocol, **held) == ["held-on"]
    assert broken(protocol, held_mode="none", held_on=DUE_ON) == ["held-on"]
    assert broken(protocol, held_on=DUE_ON) == ["held-on"]
    assert broken(protocol, arm="physical") == ["assigned-mode"]


def test_an_error_names_every_rule(protocol):
    with pytest.raises(IntakeError) as caught:
        check_conversation(conversation(number=9, held_mode="letter"), protocol)
    assert [problem.stable_code for problem in caught.value.problems()] == ["number", "held-mode", "held-on"]
    assert f"conversation 9 of {WHO}" in str(caught.value)
    check_conversation(conversation(), protocol, "digital", ASSIGNED_ON)
