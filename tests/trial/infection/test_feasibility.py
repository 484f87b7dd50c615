"""The cost of a rule: counted by hand on two pauses, and drawn as a figure that can be opened."""

from datetime import date, timedelta

import numpy as np
import pytest

from tests.trial.infection.made import CODES, COUNT
from trial.infection.areas import municipalities
from trial.infection.feasibility import by_week, costs, paused_days
from trial.infection.heatmap import draw, save
from trial.infection.replay import Closure

FIRST, LAST = date(2021, 3, 22), date(2021, 4, 11)  # ten days of March, eleven of April


def closure(code, closed_on, reopened_on):
    return Closure(code, code, closed_on - timedelta(days=1), closed_on, reopened_on, 1.0, 1)


PAUSES = [
    closure("0101", date(2021, 3, 10), date(2021, 3, 24)),  # 22 and 23 March lie in the period
    closure("0101", date(2021, 3, 30), date(2021, 4, 4)),  # two days of March, three of April
    closure("0183", date(2021, 4, 10), None),  # 10 and 11 April
]


def test_days_are_half_open_and_cut_at_the_ends_of_the_period():
    paused = paused_days(PAUSES, FIRST, LAST)
    assert paused.shape == (21, COUNT)
    days = [str(FIRST + timedelta(days=index)) for index in np.flatnonzero(paused[:, CODES.index("0101")]).tolist()]
    assert days == [
        "2021-03-22",
        "2021-03-23",
        *(f"2021-03-{day}" for day in (30, 31)),
        *(f"2021-04-0{d}" for d in (1, 2, 3)),
    ]
    assert np.flatnonzero(paused[:, CODES.index("0183")]).tolist() == [19, 20]
    assert paused.sum() == 9


def test_costs_by_quarter_and_in_all():
    first, second, everything = costs(PAUSES, FIRST, LAST, arrivals=2100.0)
    population = {one.code: one.population_2020q1 for one in municipalities()}
    a_day = {code: 100.0 * persons / sum(population.values()) for code, persons in population.items()}
    assert (first.period, first.municipality_days, first.paused_days, first.pauses) == ("2021 Q1", 10 * COUNT, 4, 1)
    assert (second.paused_days, second.pauses, second.median_days, second.longest_days) == (5, 1, 2.0, 2)
    assert (everything.paused_days, everything.pauses, everything.median_days) == (9, 2, 3.5)
    assert everything.share_paused == pytest.approx(9 / (21 * COUNT), abs=1e-4)
    assert everything.expected_arrivals == 2100.0
    assert everything.expected_lost == pytest.approx(7 * a_day["0101"] + 2 * a_day["0183"], abs=0.06)
    assert first.expected_lost + second.expected_lost == pytest.approx(everything.expected_lost, abs=0.11)


def test_without_pauses_nothing_is_lost():
    everything = costs([], FIRST, LAST, arrivals=100.0)[-1]
    assert (everything.paused_days, everything.expected_lost, everything.median_days) == (0, 0.0, None)


def test_weeks_are_iso_weeks_also_around_new_year():
    weeks, shares = by_week(np.ones((10, COUNT), dtype=np.bool_), date(2020, 12, 30))
    assert weeks == ["2020-W53", "2021-W01"]
    assert (shares == 1).all()
    assert shares.shape == (COUNT, 2)


@pytest.mark.parametrize(("ending", "magic"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_the_figure_is_the_same_bytes_every_time(tmp_path, ending, magic):
    for name in ("a", "b"):
        save(draw(paused_days(PAUSES, FIRST, LAST), FIRST, "Pause", "da"), tmp_path / f"{name}.{ending}")
    content = (tmp_path / f"a.{ending}").read_bytes()
    assert content.startswith(magic)
    assert content == (tmp_path / f"b.{ending}").read_bytes()
