"""Summons: the table is the specification; beside it every case against the rules said in another way."""

import itertools
from datetime import date, timedelta

import pytest

from trial.conduct import Booking, next_step
from trial.protocol import load_protocol, shipped

PROTOCOL = load_protocol(shipped("digital-samtaler.toml"))
KNOWN_ON = date(2021, 3, 1)

# The day is so many days after what is known; the pause covers it, or ended so many days before it.
TABLE = """
    mode       summoned   days  pause       | act         mode
    physical   -          8     covers      | summons     telephone
    physical   -          7     covers      | telephone   telephone
    physical   -          8     none        | summons     physical
    physical   -          3     none        | summons     physical
    physical   physical   8     covers      | re-summons  telephone
    physical   physical   20    covers      | re-summons  telephone
    physical   physical   7     covers      | telephone   telephone
    physical   physical   0     covers      | telephone   telephone
    physical   physical   0     none        | stays       physical
    physical   telephone  20    covers      | stays       telephone
    physical   telephone  20    ended-0     | stays       telephone
    physical   telephone  20    ended-30    | stays       telephone
    physical   telephone  20    ended-31    | re-summons  physical
    physical   telephone  8     ended-31    | re-summons  physical
    physical   telephone  7     ended-31    | stays       telephone
    physical   telephone  8     none        | re-summons  physical
    telephone  -          3     covers      | summons     telephone
    telephone  telephone  3     covers      | stays       telephone
    video      video      20    covers      | stays       video
    video      telephone  20    none        | stays       telephone
"""


def step(mode, summoned, days, pause, protocol=PROTOCOL):
    due_on = KNOWN_ON + timedelta(days=days)
    ended = timedelta(days=int(pause.partition("-")[2])) if pause.startswith("ended") else None
    found = next_step(
        Booking(due_on, mode, None if summoned == "-" else summoned),
        KNOWN_ON,
        protocol,
        paused=pause == "covers",
        reopened_on=None if ended is None else due_on - ended,
    )
    return found.act, found.mode


@pytest.mark.parametrize("row", TABLE.strip().splitlines()[1:])
def test_the_table(row):
    mode, summoned, days, pause, _, act, held = row.split()
    assert step(mode, summoned, int(days), pause) == (act, held)


def changed(**values):
    summons = PROTOCOL.conversations.summons.model_copy(update=values)
    return PROTOCOL.model_copy(
        update={"conversations": PROTOCOL.conversations.model_copy(update={"summons": summons})}
    )


def test_a_protocol_may_say_otherwise():
    assert step("physical", "physical", 7, "covers", changed(short_notice="not-held")) == ("not-held", "none")
    assert step("physical", "physical", 7, "covers", changed(notice_days=5)) == ("re-summons", "telephone")
    assert step("physical", "telephone", 20, "ended-0", changed(transition_days=0)) == ("re-summons", "physical")


def test_the_precedent_of_2021():
    """BEK 1576: physical again from 1 August; conversations already summoned digitally until 1 September."""
    for day, act in ((date(2021, 8, 1), "stays"), (date(2021, 8, 31), "stays"), (date(2021, 9, 1), "re-summons")):
        booking = Booking(day, "physical", "telephone")
        found = next_step(booking, date(2021, 7, 20), PROTOCOL, paused=False, reopened_on=date(2021, 8, 1))
        assert found.act == act


def test_every_case_keeps_the_promises():
    """No physical conversation in a pause; no new summons without notice; the arm's own mode when nothing hinders."""
    modes = ("physical", "telephone", "video")
    for mode, summoned, days, pause in itertools.product(
        modes, (*modes, "-"), range(15), ("covers", "none", "ended-1", "ended-40")
    ):
        act, held = step(mode, summoned, days, pause)
        if mode == "physical" and pause == "covers":
            assert held != "physical"
        if act == "re-summons":
            assert days >= 8
            assert held != summoned
        if act == "stays":
            assert held == summoned
        if act == "telephone":
            assert days < 8
            assert pause == "covers"
        if summoned == "-" and pause != "covers":
            assert held == mode
