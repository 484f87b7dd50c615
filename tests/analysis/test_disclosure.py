"""Small counts stay hidden, also from an attacker who subtracts; the attacker here is brute force."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.disclosure import Sum, check_text, check_threshold, release, release_curve, release_effects
from analysis.estimate.kaplan_meier import Curve, Point
from analysis.plan.effects import BoundsRow, Effects, OutcomeCurve, Row
from trial.errors import DisclosureError


def test_small_counts_are_hidden_and_zero_is_shown():
    assert release({"a": 0, "b": 1, "c": 4, "d": 5}) == {"a": 0, "b": None, "c": None, "d": 5}


def test_a_single_hidden_part_takes_the_next_smallest_with_it():
    counts = {"all": 107, "a": 2, "b": 35, "c": 70}
    shown = release(counts, [Sum("all", ("a", "b", "c"))])
    assert shown == {"all": 107, "a": None, "b": None, "c": 70}


def test_two_hidden_parts_that_add_up_to_a_small_number_are_not_enough():
    """1 + 1 of 102: the shown 100 leaves 2 for both, each known to be 0, 1 or 2."""
    shown = release({"all": 102, "a": 1, "b": 1, "c": 100}, [Sum("all", ("a", "b", "c"))])
    assert shown == {"all": 102, "a": None, "b": None, "c": None}


def test_without_sums_nothing_more_is_hidden():
    assert release({"a": 3, "b": 50}) == {"a": None, "b": 50}


def attack(shown, inner, sums, limit):
    """Every way to fill the hidden inner cells that gives the totals that are shown, by trying them all."""
    hidden = [key for key in inner if shown[key] is None]
    for values in itertools.product(range(limit + 1), repeat=len(hidden)):
        full = {**{key: shown[key] for key in inner}, **dict(zip(hidden, values, strict=True))}
        full |= {one.total: sum(full[part] for part in one.parts) for one in sums}
        if all(shown[one.total] in (None, full[one.total]) for one in sums):
            yield full


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(0, 5), min_size=2, max_size=2), min_size=2, max_size=3))
def test_brute_force_cannot_narrow_a_small_count(rows):
    """A two-way table with its margins: an attacker tries every number in every hidden cell."""
    counts, sums = {}, []
    for i, row in enumerate(rows):
        counts |= {(i, j): value for j, value in enumerate(row)} | {("row", i): sum(row)}
        sums.append(Sum(("row", i), tuple((i, j) for j in range(2))))
    for j in range(2):
        counts["column", j] = sum(row[j] for row in rows)
        sums.append(Sum(("column", j), tuple((i, j) for i in range(len(rows)))))
    shown = release(counts, sums, threshold=3)
    hidden = [key for key, value in shown.items() if value is None]
    small = [key for key, value in counts.items() if 0 < value < 3]
    assert set(small) <= set(hidden)
    assert all(shown[key] == counts[key] for key in counts if key not in hidden)
    inner = [(i, j) for i in range(len(rows)) for j in range(2)]
    if not small or sum(key in hidden for key in inner) > 4:
        return
    worlds = list(attack(shown, inner, sums, limit=8))
    for key in small:
        values = {world[key] for world in worlds}
        assert max(values) - min(values) >= 3


@pytest.mark.parametrize("threshold", [-1, 0, 1, 2])
def test_a_threshold_below_three_is_refused(threshold):
    with pytest.raises(DisclosureError, match="at least 3"):
        check_threshold(threshold)


def test_a_curve_steps_over_at_least_five_exits_and_ends_with_five_at_risk():
    exits = [0, 2, 3, 9, 1, 1, 0, 3, 2, 1]
    at_risk = [30, 30, 28, 25, 16, 15, 14, 14, 11, 4]
    points = [
        Point(week, at_risk[week], exits[week], 0, 1 - sum(exits[: week + 1]) / 30, None, None, None)
        for week in range(10)
    ]
    shown = release_curve(Curve("digital", 0.95, tuple(points)))
    assert [(point.week, point.exits) for point in shown.points] == [(0, 0), (2, 5), (3, 9), (7, 5)]
    assert [point.survival for point in shown.points] == [points[week].survival for week in (0, 2, 3, 7)]


def row(n, missing=None):
    return Row(
        "e", "stratified-difference", "y", "randomised", "primary", "difference-in-means", "digital", "physical",
        "assignment", {"da": "e", "en": "e"}, n=n, missing=missing or dict.fromkeys(n, 0), pooled_strata=0,
        status="estimated", estimate=1.0,
    )  # fmt: skip


def curve(at_risk):
    return Curve(
        "digital", 0.95, tuple(Point(week, n, 0, 0, 1.0, None, None, None) for week, n in enumerate(at_risk))
    )


def test_an_effect_of_a_small_arm_is_withheld_with_its_curve():
    drawn = OutcomeCurve("y", curve([50]))
    kept = release_effects(Effects("t", (row({"physical": 5, "digital": 50}),), (drawn,))).effects
    gone = release_effects(Effects("t", (row({"physical": 4, "digital": 50}),), (drawn,))).effects
    assert kept.rows[0].estimate == 1.0
    assert len(kept.curves) == 1
    assert (gone.rows[0].status, gone.rows[0].estimate, gone.rows[0].n, gone.curves) == ("withheld", None, {}, ())


def test_a_reason_does_not_tell_of_few_citizens():
    def told(reason):
        one = replace(row({"digital": 0}), status="not-estimable", estimate=None, reason=reason)
        return release_effects(Effects("t", (one,))).effects.rows[0].reason

    assert told("3 citizens have no dose") == "fewer than 5 citizens have no dose"
    assert told("12 citizens have no dose") == "12 citizens have no dose"
    assert told("an arm has fewer than 2 citizens") == "an arm has fewer than 2 citizens"


def test_a_size_that_tells_of_few_missing_is_hidden():
    """100 randomised: 97 tells of 3; beside 90, 88 tells of 2 more."""
    rows = [
        row({"digital": 97}, {"digital": 3}),
        row({"digital": 90}, {"digital": 10}),
        row({"digital": 88}, {"digital": 12}),
        row({"digital": 100}, {"digital": 0}),
    ]
    shown = release_effects(Effects("t", tuple(rows))).effects.rows
    assert [one.n for one in shown] == [{}, {"digital": 90}, {}, {"digital": 100}]


def test_sizes_within_a_part_of_the_randomised_are_hidden():
    whole, part = row({"digital": 100}), replace(row({"digital": 60}), population="exposed-to-pause")
    assert [one.n for one in release_effects(Effects("t", (whole, part))).effects.rows] == [{"digital": 100}, {}]


def test_bounds_of_a_small_arm_are_withheld():
    bounds = tuple(BoundsRow("e", "y", name, "estimated", n={"digital": n}) for name, n in (("a", 9), ("b", 4)))
    released = release_effects(Effects("t", (row({"digital": 100}),), bounds=bounds)).effects.bounds
    assert [(one.estimator, one.n) for one in released] == [("a", {})]


def test_numbers_at_risk_hide_few_who_left():
    drawn = OutcomeCurve("y", curve([50, 48, 40, 38, 20, 4]))
    released = release_effects(Effects("t", (row({"digital": 50}),), (drawn,)), every=1)
    expected = ((0, 50), (1, None), (2, 40), (3, None), (4, 20), (5, None))
    assert released.at_risk["y", "digital"] == expected
    few = release_effects(Effects("t", (row({"digital": 50}, {"digital": 2}),), (drawn,)), every=1)
    assert few.at_risk["y", "digital"][0] == (0, None)


@pytest.mark.parametrize("leak", ["311313-1234", "3113131234", "p" + "a2" * 13, "SYN-000123"])
def test_a_text_with_an_identifier_does_not_leave(leak):
    with pytest.raises(DisclosureError) as refused:
        check_text(f"<td>{leak}</td>", "the report")
    assert leak not in str(refused.value)


def test_hashes_numbers_and_words_are_no_identifiers():
    check_text(f"{'a1234567890b' * 5} 1.234.567,89 12345678901 2021-03-01 physical 0.1234567890", "the report")
