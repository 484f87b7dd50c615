"""Simulated intake files: lawful, reproducible, and distributed as declared."""

import hashlib
from collections import Counter
from datetime import date

import pytest
from scipy.stats import chisquare

from trial.identity import Pseudonymiser
from trial.intake import read_intake
from trial.protocol import load_municipalities, load_protocol, shipped
from trial.simulator import Arrivals
from trial.simulator.arrivals import COMES_AGAIN, MONTHS, WEEKDAYS

COUNT = 20_000
PSEUDONYMISER = Pseudonymiser(bytes(32))
YEAR = {"from_on": date(2021, 1, 4), "to_on": date(2021, 12, 31)}


@pytest.fixture(scope="module")
def protocol():
    return load_protocol(shipped("digital-samtaler.toml"))


@pytest.fixture(scope="module")
def files(protocol):
    return list(Arrivals(protocol, COUNT, 7, **YEAR).files())


@pytest.fixture(scope="module")
def intakes(protocol, files):
    """Every file is lawful: reading raises nothing."""
    return [(file, read_intake(file.content, protocol, PSEUDONYMISER, file.on)) for file in files]


@pytest.fixture(scope="module")
def citizens(intakes):
    """The first arrival of every citizen, with its day."""
    first = {}
    for file, intake in intakes:
        for arrival in intake.arrivals:
            first.setdefault(arrival.participant_id, (file.on, arrival))
    return list(first.values())


def test_every_citizen_comes_and_few_come_again(intakes, citizens):
    rows = sum(file.rows for file, _ in intakes)
    assert len(citizens) == COUNT
    assert rows == sum(len(intake.arrivals) for _, intake in intakes)
    again = rows - COUNT
    assert 0 < again < 1.3 * COMES_AGAIN * COUNT


def test_files_are_of_weekdays_in_order_and_of_every_way_of_writing(intakes):
    days = [file.on for file, _ in intakes]
    assert days == sorted(set(days))
    assert days[0] == date(2021, 1, 4)
    assert days[-1] == date(2021, 12, 31)
    assert all(day.weekday() < 5 for day in days)
    ways = {(intake.encoding, intake.delimiter) for _, intake in intakes}
    assert {("utf-8", ","), ("cp1252", ";"), ("utf-8-sig", ";"), ("cp1252", ",")} <= ways


def test_the_same_seed_gives_the_same_bytes_for_ever(protocol, files):
    """The digest was taken when the simulator was written: chance is by seed, whatever machine or version."""
    again = Arrivals(protocol, COUNT, 7, **YEAR).files()
    assert [file.content for file in again] == [file.content for file in files]
    few = b"".join(file.content for file in Arrivals(protocol, 50, 1, **YEAR).files())
    assert hashlib.sha256(few).hexdigest() == "5964c4de5118e7ad446fe309600dcad1323433dfc5588e7fc71dfa85cef88bc1"
    other = b"".join(file.content for file in Arrivals(protocol, 50, 2, **YEAR).files())
    assert other != few


def test_more_arrivals_leave_the_first_as_they_are(protocol):
    few, more = (Arrivals(protocol, count, 3, **YEAR) for count in (20, 40))
    assert [cells for _, cells in few._citizens()] == [cells for _, cells in more._citizens()][:20]


def test_jobcentres_in_proportion_to_population(citizens):
    """Chi-squared by scipy; the seed is fixed, so a p below 0.001 is an error in the code, not bad luck."""
    people = {town.code: town.population_2020q1 for town in load_municipalities()}
    seen = Counter(arrival.jobcentre for _, arrival in citizens)
    expected = [COUNT * number / sum(people.values()) for number in people.values()]
    assert chisquare([seen[code] for code in people], expected).pvalue > 0.001


def test_days_by_month_and_weekday(protocol, citizens):
    days = Arrivals(protocol, 1, 1, **YEAR).days
    weights = [MONTHS[day.month - 1] * WEEKDAYS[day.weekday()] for day in days]
    seen = Counter(on for on, _ in citizens)
    expected = [COUNT * weight / sum(weights) for weight in weights]
    assert chisquare([seen[day] for day in days], expected).pvalue > 0.001


def test_who_is_excluded(citizens):
    seen = Counter(arrival.exclusion for _, arrival in citizens)
    assert set(seen) == {
        None, "less-intensive-effort", "interpreter", "digital-post-exempt", "protected-address", "target-group",
        "spell-too-long", "age-under-18",
    }  # fmt: skip
    assert 0.80 < seen[None] / COUNT < 0.86
    assert 0.035 < seen["interpreter"] / COUNT < 0.045
    groups = Counter(arrival.levels["target_group"] for _, arrival in citizens)
    assert 0.68 < groups["dagpenge"] / COUNT < 0.72
    ages = Counter(arrival.levels["age_group"] for _, arrival in citizens)
    assert set(ages) == {"18-29", "30-49", "50+", "under-18"}


def test_a_short_period_and_few_jobcentres(protocol):
    factor = protocol.stratification[0].model_copy(update={"levels": ("0461", "0751")})
    few = protocol.model_copy(update={"stratification": (factor, *protocol.stratification[1:])})
    arrivals = Arrivals(few, 100, 1, from_on=date(2021, 5, 7), to_on=date(2021, 5, 10))
    files = list(arrivals.files())
    assert [file.on for file in files] == [date(2021, 5, 7), date(2021, 5, 10)]
    assert sum(file.rows for file in files) == 100
    towns = {row.jobcentre for f in files for row in read_intake(f.content, few, PSEUDONYMISER, f.on).arrivals}
    assert towns == {"0461", "0751"}
    weekend = Arrivals(few, 100, 1, from_on=date(2021, 5, 8), to_on=date(2021, 5, 9))
    assert list(weekend.files()) == []
