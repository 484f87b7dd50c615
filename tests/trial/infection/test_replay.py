"""From publications to closures: what was known when, silence, parishes, orders."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trial.infection.made import CODES, COUNT, a_rule, at_two, pair, span, thresholds, wide
from tests.trial.infection.test_readers import municipal, parish
from trial.errors import InfectionError
from trial.infection import areas, closures
from trial.infection.feasibility import paused_days
from trial.infection.feed import municipal_feed
from trial.infection.publication import recognise
from trial.infection.rule import Order
from trial.infection.series import CASES

FIRST = date(2021, 3, 1)
BEFORE = span(FIRST - timedelta(days=10), 61)  # to 20 April
LAEGSOE = "0825"  # 1,786 inhabitants: 20 cases a week are 1,120 per 100,000


def case_days(*closing):
    """Give daily cases of one municipality: 30 on each of these days, else none."""
    return {LAEGSOE: [30 if str(day) in closing else 0 for day in BEFORE]}


def one_day_rule(**changes):
    """A rule that looks at the cases of the day itself."""
    indicator = {**a_rule().indicator.model_dump(by_alias=True), "window_days": 1}
    return a_rule(indicator=indicator, thresholds=[thresholds("2020-01-01", cases=20)], **changes)


def periods(found):
    return [(one.municipality_code, str(one.closed_on), one.reopened_on and str(one.reopened_on)) for one in found]


def published_daily(cases, until):
    """Publish the series anew on every day, as far as it had come."""
    found = []
    for day in span(FIRST, (until - FIRST).days + 1):
        known = [one for one in BEFORE if one <= day]
        counts = {code: values[: len(known)] for code, values in cases.items()}
        found += pair(day, known, counts)
    return found


def test_latest_uses_the_newest_series_for_every_day():
    files = pair(date(2021, 4, 20), BEFORE, case_days("2021-03-05"))
    found = closures(one_day_rule(), files, FIRST, date(2021, 4, 20), "latest")
    assert periods(found) == [(LAEGSOE, "2021-03-06", "2021-03-12")]
    assert (found[0].value, found[0].cases, found[0].known_on) == (30.0, 30, date(2021, 4, 20))
    assert found[0].evidence == tuple(one.sha256 for one in files)


def test_as_published_a_day_without_publication_decides_nothing():
    files = pair(date(2021, 4, 20), BEFORE, case_days("2021-03-05", "2021-04-20"))
    found = closures(one_day_rule(), files, FIRST, date(2021, 4, 30), "as-published")
    assert periods(found) == [(LAEGSOE, "2021-04-21", None)]


def test_as_published_daily_is_as_latest_when_nothing_is_revised():
    cases = case_days("2021-03-05", "2021-03-20")
    until = date(2021, 3, 31)
    daily = published_daily(cases, until)
    found = closures(one_day_rule(), daily, FIRST, until, "as-published")
    assert periods(found) == periods(closures(one_day_rule(), daily, FIRST, until, "latest"))
    assert periods(found) == [(LAEGSOE, "2021-03-06", "2021-03-12"), (LAEGSOE, "2021-03-21", "2021-03-27")]


counts = st.lists(st.integers(0, 40), min_size=61, max_size=61)


@settings(max_examples=15, deadline=None)
@given(first=counts, revised=counts, data=st.data())
def test_no_revision_changes_a_decision_taken_on_an_earlier_vintage(first, revised, data):
    """Metamorphic: publish, decide; publish any revision later; what was decided before is what it was."""
    cut = data.draw(st.integers(2, 20))
    until = FIRST + timedelta(days=25)
    rule = one_day_rule(stale={"max_age_days": 30, "then": "hold"})
    day_of_cut = FIRST + timedelta(days=cut)
    earlier = [one for one in published_daily({LAEGSOE: first}, day_of_cut) if one.vintage_on < day_of_cut]
    later = [one for one in published_daily({LAEGSOE: revised}, until) if one.vintage_on >= day_of_cut]
    before = closures(rule, earlier, FIRST, day_of_cut - timedelta(days=1))
    after = closures(rule, [*earlier, *later], FIRST, until)
    old, new = (paused_days(found, FIRST, day_of_cut - timedelta(days=1)) for found in (before, after))
    assert (old == new).all()
    decided = [one for one in after if one.decided_on < day_of_cut]
    assert [(one.decided_on, one.value, one.evidence) for one in decided] == [
        (one.decided_on, one.value, one.evidence) for one in before
    ]
    for one, same in zip(before, decided, strict=True):
        assert one.reopened_on in {None, same.reopened_on}


@settings(max_examples=10, deadline=None)
@given(first=counts, until=st.integers(1, 25))
def test_asking_earlier_gives_the_beginning_of_what_is_known_later(first, until):
    daily = published_daily({LAEGSOE: first}, FIRST + timedelta(days=25))
    rule = one_day_rule()
    day = FIRST + timedelta(days=until)
    then = closures(rule, daily, FIRST, day)
    now = closures(rule, daily, FIRST, FIRST + timedelta(days=25))
    assert [one.decided_on for one in then] == [one.decided_on for one in now if one.decided_on <= day]


def test_the_window_must_be_reached_by_both_series():
    files = pair(date(2021, 3, 10), BEFORE[:15], {})  # the series end on 5 March
    rule = a_rule()
    assert max(municipal_feed(rule, files, date(2021, 3, 31), "latest")) == BEFORE[14]
    truncated = a_rule(
        indicator={
            **rule.indicator.model_dump(by_alias=True),
            "truncation": [{"from": date(2020, 1, 1), "days": 3, "status": "declared", "source": "test"}],
        }
    )
    assert max(municipal_feed(truncated, files, date(2021, 3, 31), "latest")) == BEFORE[17]


def test_series_that_end_far_apart_are_refused():
    files = pair(date(2021, 4, 20), BEFORE, {})
    short = recognise(wide(CASES, BEFORE[:-5], {}), "cases.csv", at_two(date(2021, 4, 20)))
    with pytest.raises(InfectionError) as caught:
        municipal_feed(a_rule(), [short, files[1]], date(2021, 4, 20), "latest")
    assert caught.value.stable_code == "infection-pair"


def test_two_different_files_of_one_day_are_refused():
    files = [*pair(FIRST, BEFORE, {}), *pair(FIRST, BEFORE, case_days("2021-03-05"))]
    with pytest.raises(InfectionError) as caught:
        closures(a_rule(), files, FIRST, FIRST)
    assert caught.value.stable_code == "infection-vintage"


def test_cases_alone_serve_a_rule_that_needs_no_tests():
    cases = pair(date(2021, 4, 20), BEFORE, case_days("2021-03-05"))[:1]
    assert closures(one_day_rule(), cases, FIRST, date(2021, 4, 20), "latest")
    adjusted = a_rule(thresholds=[thresholds("2020-01-01", adjusted_incidence=200)])
    assert closures(adjusted, cases, FIRST, date(2021, 4, 20), "latest") == []


@pytest.mark.parametrize(("then", "expected"), [("hold", 0), ("go-on", 0), ("pause", COUNT)])
def test_before_any_publication_only_a_rule_that_pauses_pauses(then, expected):
    found = closures(a_rule(stale={"max_age_days": 3, "then": then}), [], FIRST, date(2021, 3, 20))
    assert len(found) == expected
    assert all(one.basis == "no publication" and one.value is None for one in found)


def test_a_pause_for_silence_ends_with_the_first_good_news():
    rule = one_day_rule(stale={"max_age_days": 2, "then": "pause"})
    daily = published_daily(case_days("2021-03-02"), date(2021, 3, 12))
    files = [one for one in daily if not date(2021, 3, 4) <= one.vintage_on <= date(2021, 3, 8)]
    found = {one.municipality_code: one for one in closures(rule, files, FIRST, date(2021, 3, 12))}
    assert len(found) == COUNT
    quiet, own = found["0101"], found[LAEGSOE]
    assert (quiet.decided_on, quiet.reopened_on, quiet.basis) == (
        date(2021, 3, 6),
        date(2021, 3, 9),
        "no publication",
    )
    assert (own.decided_on, own.reopened_on, own.value) == (date(2021, 3, 2), None, 30.0)


def order(**changes):
    declared = {
        "area": "1084",
        "decided_on": date(2021, 3, 10),
        "closed_on": date(2021, 3, 11),
        "reopened_on": date(2021, 3, 15),
        "reason": "test",
        "decided_by": ("A", "B"),
    }
    return Order.model_validate({**declared, **changes})


def test_a_region_and_the_country_close_all_their_municipalities():
    assert len(closures(a_rule(), [], FIRST, date(2021, 4, 1), orders=[order()])) == 29
    found = closures(a_rule(), [], FIRST, date(2021, 4, 1), orders=[order(area="DK")])
    assert {one.municipality_code for one in found} == set(CODES)
    assert found[0].basis == "order (national): test [A and B]"


def test_an_order_is_not_known_before_it_was_decided():
    assert closures(a_rule(), [], FIRST, date(2021, 3, 9), orders=[order()]) == []


def test_closures_that_overlap_or_touch_are_one():
    files = pair(date(2021, 4, 20), BEFORE, case_days("2021-03-05"))  # closed from 6 to 11 March
    rule = one_day_rule(
        orders=[
            order(area=LAEGSOE).model_dump(),
            order(area=LAEGSOE, closed_on=date(2021, 3, 15), reopened_on=date(2021, 3, 16)).model_dump(),
            order(area=LAEGSOE, closed_on=date(2021, 3, 18), reopened_on=None).model_dump(),
        ]
    )
    found = closures(rule, files, FIRST, date(2021, 4, 20), "latest")
    assert periods(found) == [(LAEGSOE, "2021-03-06", "2021-03-16"), (LAEGSOE, "2021-03-18", None)]
    assert (found[0].decided_on, found[0].value) == (date(2021, 3, 5), 30.0)


PARISH = {"thresholds": [thresholds("2020-01-01", incidence=400, cases=20, positivity=2.0)]}


@pytest.mark.parametrize("counts_for_municipality", [True, False])
def test_a_closed_parish_closes_its_municipalities_where_the_rule_says_so(counts_for_municipality):
    rule = a_rule(parish={**PARISH, "counts_for_municipality": counts_for_municipality})
    file = recognise(
        parish("9999;Sædder;Køge;Faxe;NA;259;320;NA;1441;1665,51;24;2,50;Nedlukket;14-06-2021;"), "f.csv"
    )
    found = closures(rule, [file], FIRST, date(2021, 6, 14))
    expected = [("0259", "2021-06-15", None), ("0320", "2021-06-15", None)]
    assert periods(found) == (expected if counts_for_municipality else [])
    if counts_for_municipality:
        assert {one.basis for one in found} == {"parish 9999 Sædder"}


def test_a_rule_may_start_from_the_official_verdict():
    line = {"0101": "København;101;632340;147,30;83;Nedlukket;03-06-2021;5;350,0;700"}
    official = [thresholds("2020-01-01", adjusted_incidence=300, cases=20)]
    files = [recognise(municipal(line), "day14.csv")]
    for day in (15, 16):
        text = municipal(line).decode().replace("13-06-2021", "12-05-2021").replace("14-06-2021", f"{day}-06-2021")
        files.append(recognise(text.replace("12-05-2021", f"{day - 1}-06-2021").encode(), f"day{day}.csv"))
    found = closures(a_rule(start="official-status", thresholds=official), files, FIRST, date(2021, 6, 20))
    assert [(one.municipality, str(one.decided_on), str(one.reopened_on)) for one in found] == [
        ("København", "2021-06-03", "2021-06-16")
    ]
    assert closures(a_rule(thresholds=official), files, FIRST, date(2021, 6, 20)) == []


def test_a_value_not_published_decides_nothing():
    line = {"0101": "København;101;632340;NA;NA;Lav;-;;350,0;700"}
    feed = municipal_feed(a_rule(), [recognise(municipal(line), "f.csv")], date(2021, 6, 20), "as-published")
    row = feed[date(2021, 6, 14)]
    assert np.isnan(row.values["adjusted_incidence"][0])
    assert row.number("adjusted_incidence", 0) is None
    rule = a_rule(thresholds=[thresholds("2020-01-01", adjusted_incidence=100)])
    found = closures(rule, [recognise(municipal(line), "f.csv")], FIRST, date(2021, 6, 14))
    assert {one.municipality_code for one in found} == set(CODES) - {"0101"}


def test_published_values_win_over_computed_ones_also_in_the_latest_vintage():
    series = pair(date(2021, 6, 30), span("2021-05-01", 61), {}, tested=100)
    feed = municipal_feed(a_rule(), [*series, recognise(municipal(), "f.csv")], date(2021, 6, 20), "latest")
    index = areas.position()["0101"]
    assert feed[date(2021, 6, 12)].values["adjusted_incidence"][index] == 0
    assert feed[date(2021, 6, 13)].values["adjusted_incidence"][index] == 1.5
    assert feed[date(2021, 6, 14)].values["adjusted_incidence"][index] == 147.3


def test_a_rule_that_lapses_opens_what_is_closed():
    rule = one_day_rule(in_force={"from": FIRST, "to": date(2021, 3, 7)})
    files = pair(date(2021, 4, 20), BEFORE, case_days("2021-03-05"))
    assert periods(closures(rule, files, FIRST, date(2021, 4, 20), "latest")) == [
        (LAEGSOE, "2021-03-06", "2021-03-08")
    ]
    assert periods(closures(rule, files, FIRST, date(2021, 3, 6), "latest")) == [(LAEGSOE, "2021-03-06", None)]
    assert closures(rule, files, FIRST, date(2021, 2, 20), "latest") == []


def two_parish_files(later_lies_in):
    """Two days: a parish is closed on the first; the second file may say that it lies elsewhere, or leave it out."""
    first = recognise(parish("9999;Sædder;Køge;NA;NA;259;NA;NA;1441;1665,51;24;2,50;Nedlukket;14-06-2021;"), "a.csv")
    lines = (
        [f"9999;Sædder;x;NA;NA;{later_lies_in};NA;NA;1441;0,00;0;0,00;Ikke nedlukket;NA;"] if later_lies_in else []
    )
    second = recognise(parish(*lines).replace(b"14-06-2021", b"15-06-2021"), "b.csv")
    return [first, second]


@pytest.mark.parametrize("later_lies_in", ["259", "320", None])
def test_a_later_parish_file_moves_no_parish_and_opens_none_by_leaving_it_out(later_lies_in):
    rule = a_rule(parish={**PARISH, "counts_for_municipality": True})
    found = closures(rule, two_parish_files(later_lies_in), FIRST, date(2021, 6, 15))
    assert periods(found) == [("0259", "2021-06-15", None)]


def test_the_population_may_be_that_of_the_newest_file_by_then():
    def totals(persons, day):
        lines = [f"{code};x;{persons}" for code in CODES]
        content = ("\n".join(["Kommune_(id);Kommune_(navn);Befolkningstal", *lines]) + "\n").encode()
        return recognise(content, f"{day}/totals.csv", at_two(day))

    basis = [{"from": date(2020, 1, 1), "basis": "published", "status": "declared", "source": "test"}]
    rule = a_rule(indicator={**a_rule().indicator.model_dump(by_alias=True), "population": basis})
    series = pair(date(2021, 4, 20), BEFORE, case_days("2021-03-05"))
    files = [totals("1.000", date(2021, 4, 1)), totals("2.000", date(2021, 4, 20)), totals("9.000", date(2021, 5, 1))]
    feed = municipal_feed(rule, [*series, *files], date(2021, 4, 20), "latest")
    assert feed[date(2021, 3, 5)].values["incidence"][CODES.index(LAEGSOE)] == 30 / 2000 * 100_000
    with pytest.raises(InfectionError) as caught:
        municipal_feed(rule, [*series, files[2]], date(2021, 4, 20), "latest")
    assert caught.value.stable_code == "infection-population"
