"""Against what the authority itself published: the decision files of 14 June 2021 and the closures of 2021."""

from datetime import date

import numpy as np
import pytest

from trial.infection import closures, collect, load_rule
from trial.infection.feasibility import paused_days
from trial.infection.feed import municipal_feed
from trial.infection.indicator import PER
from trial.infection.status import municipal_status, parish_status

THAT_DAY = date(2021, 6, 14)
RULE = load_rule("municipal-closure-2021")


@pytest.fixture(scope="module")
def published(shared_data):
    return collect([shared_data / "ssi"]).publications


@pytest.fixture(scope="module")
def that_day(published):
    return [one for one in published if one.vintage_on == THAT_DAY]


@pytest.fixture(scope="module")
def only_series(that_day):
    return [one for one in that_day if "decisions" not in one.kind]


def file_of(publications, kind):
    return next(one.data for one in publications if one.kind == kind)


def test_every_file_of_the_folder_is_recognised_or_named(shared_data):
    found = collect([shared_data / "ssi"])
    kinds = sorted((one.kind, one.vintage_on) for one in found.publications)
    latest = date(2023, 2, 8)
    assert kinds == [
        ("cases-series", THAT_DAY),
        ("cases-series", latest),
        ("municipal-decisions", THAT_DAY),
        ("municipal-totals", THAT_DAY),
        ("municipal-totals", latest),
        ("parish-decisions", THAT_DAY),
        ("tested-series", THAT_DAY),
        ("tested-series", latest),
    ]
    assert [name.split("/")[1] for name in found.passed_over] == [
        "0_read_me.txt",
        "SOURCE.txt",
        "kommuner_derived.csv",
        "readme.txt",
    ]


def test_adjusted_incidence_and_cases_agree_with_the_official_file(that_day, only_series):
    official = file_of(that_day, "municipal-decisions")
    feed = municipal_feed(RULE, only_series, THAT_DAY, "latest")
    assert len(official.days) == 7
    errors = []
    for index, day in enumerate(official.days):
        ours, theirs = feed[day].values["adjusted_incidence"], official.values["adjusted_incidence"][index]
        some = (ours > 0) & (theirs > 0)
        assert (np.nan_to_num(theirs[~some]) == 0).all()
        assert (ours[~some] == 0).all()
        errors.append(np.log(ours[some] / theirs[some]))
        assert np.nanmax(np.abs(feed[day].values["cases"] - official.values["cases"][index])) <= 2
    error = np.concatenate(errors)
    assert len(error) > 600
    assert np.sqrt((error**2).mean()) <= 0.02


@pytest.mark.parametrize("vintage", ["latest", "as-published"])
def test_status_and_counters_of_the_municipalities_are_equal(that_day, vintage):
    official = file_of(that_day, "municipal-decisions")
    for found in (
        municipal_status(RULE, that_day, THAT_DAY, vintage),
        municipal_status(RULE, [one for one in that_day if one.kind != "parish-decisions"], THAT_DAY, vintage),
    ):
        assert [one.code for one in found] == list(official.codes)
        assert [one.status for one in found] == list(official.status)
        assert [one.days_clear for one in found] == list(official.days_clear)
        assert [one.closed_since for one in found] == list(official.closed_since)


def test_status_of_the_municipalities_follows_from_the_series_alone(that_day, only_series):
    official = file_of(that_day, "municipal-decisions")
    found = municipal_status(RULE, only_series, THAT_DAY, "latest")
    assert [one.status for one in found] == list(official.status)
    assert [one.days_clear for one in found] == list(official.days_clear)


def test_status_counters_and_first_days_of_all_parishes_are_equal(that_day):
    official = file_of(that_day, "parish-decisions")
    found = parish_status(RULE, that_day, THAT_DAY, "latest")
    assert len(found) == 2141
    assert [one.status for one in found] == list(official.status)
    assert [one.days_clear for one in found] == list(official.days_clear)
    assert [one.closed_since for one in found] == list(official.closed_since)
    assert sorted(one.name for one in found if one.closed_since) == ["Budolfi", "Spentrup", "Vor Frelsers"]


def test_incidence_of_every_parish_and_day_follows_from_its_cases(that_day):
    official = file_of(that_day, "parish-decisions")
    computed = np.round(official.values["cases"] / official.population * PER, 2)
    assert np.abs(computed - official.values["incidence"]).max() <= 0.011


def test_the_closures_of_2021(published):
    found = closures(RULE, published, date(2021, 2, 1), date(2021, 9, 1), "latest")
    assert [(one.municipality, str(one.decided_on), str(one.closed_on), str(one.reopened_on)) for one in found] == [
        ("Ishøj", "2021-04-12", "2021-04-13", "2021-04-20"),
        ("Hørsholm", "2021-05-07", "2021-05-08", "2021-05-17"),
    ]
    assert [(one.value, one.cases) for one in found] == [(246.25, 90), (269.48, 77)]


def test_the_vintage_of_june_gives_the_same_closures(only_series):
    found = closures(RULE, only_series, date(2021, 2, 1), THAT_DAY, "latest")
    assert [(one.municipality, one.decided_on, one.reopened_on) for one in found] == [
        ("Ishøj", date(2021, 4, 12), date(2021, 4, 20)),
        ("Hørsholm", date(2021, 5, 7), date(2021, 5, 17)),
    ]


def test_what_was_published_in_the_press_is_near_what_is_computed(only_series):
    """Values printed in newspapers on the day; the series of June are already revised, hence within 4 %."""
    feed = municipal_feed(RULE, only_series, THAT_DAY, "latest")
    printed = {
        ("0183", date(2021, 4, 14)): 196,
        ("0223", date(2021, 5, 7)): 270,
        ("0223", date(2021, 5, 13)): 187.54,
        ("0223", date(2021, 5, 17)): 128,
        ("0147", date(2021, 5, 14)): 159.92,
        ("0155", date(2021, 6, 2)): 279.73,
        ("0155", date(2021, 6, 3)): 288.86,
    }
    codes = file_codes()
    for (code, day), number in printed.items():
        assert feed[day].values["adjusted_incidence"][codes.index(code)] == pytest.approx(number, rel=0.04)


def file_codes():
    from trial.infection.areas import codes

    return codes()


@pytest.mark.parametrize(
    ("first", "last", "share"),
    [(date(2020, 10, 1), date(2020, 12, 31), 0.26), (date(2021, 10, 1), date(2021, 12, 31), 0.61)],
)
def test_share_paused_by_the_raw_rule(published, first, last, share):
    found = closures(load_rule("raw-incidence-200"), published, first, last, "latest")
    assert paused_days(found, first, last).mean() == pytest.approx(share, abs=0.02)


def test_the_trial_pauses_a_fifth_to_a_third_of_2021(published):
    first, last = date(2021, 1, 1), date(2021, 12, 31)
    found = closures(load_rule("trial-pause-2021"), published, first, last, "latest")
    assert 0.20 <= paused_days(found, first, last).mean() <= 0.35


def test_the_trial_is_paused_wherever_a_municipality_is_closed(published):
    first, last = date(2021, 4, 12), date(2021, 8, 31)
    official = paused_days(closures(RULE, published, first, last, "latest"), first, last)
    own = paused_days(closures(load_rule("trial-pause-2021"), published, first, last, "latest"), first, last)
    assert official.any()
    assert not (official & ~own).any()
