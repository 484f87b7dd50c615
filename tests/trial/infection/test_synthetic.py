"""Synthetic series: exactly the published layouts, the same bytes for the same seed, waves worth pausing for."""

from datetime import date

import numpy as np
import pytest

from trial.infection import closures, collect, load_rule, synthetic_series
from trial.infection.feasibility import paused_days
from trial.infection.rows import read_rows

FIRST, LAST = date(2021, 1, 1), date(2021, 12, 31)


@pytest.fixture(scope="module")
def made():
    return synthetic_series(2021, FIRST, LAST)


@pytest.fixture(scope="module")
def published(made, tmp_path_factory):
    folder = tmp_path_factory.mktemp("synthetic")
    for name, content in made.items():
        (folder / name).write_bytes(content)
    return collect([folder]).publications


def test_the_same_seed_gives_the_same_bytes(made):
    assert synthetic_series(2021, FIRST, LAST) == made
    assert synthetic_series(2022, FIRST, LAST) != made


def test_it_is_read_as_published_on_the_last_day(published):
    assert {one.kind: one.vintage_on for one in published} == {
        "cases-series": LAST,
        "tested-series": LAST,
        "municipal-totals": LAST,
    }


def test_every_seed_pauses_something_and_not_everything(published):
    found = closures(load_rule("trial-pause-2021"), published, FIRST, LAST, "latest")
    assert 0.15 <= paused_days(found, FIRST, LAST).mean() <= 0.45
    assert 1 <= len(closures(load_rule("municipal-closure-2021"), published, FIRST, LAST, "latest")) <= 20


def test_the_layout_is_that_of_the_real_files(made, shared_data):
    for name, content in made.items():
        real = (shared_data / "ssi" / "vintage_2021-06-14" / name).read_bytes()
        ours, theirs = read_rows(content, name), read_rows(real, name)
        assert ours.header[0] == theirs.header[0]
        assert sorted(ours.header) == sorted(theirs.header)
        assert content.startswith(b"\xef\xbb\xbf") == real.startswith(b"\xef\xbb\xbf")
        assert content.count(b'"NA"') == real.count(b'"NA"')
        assert content.endswith(b"\n")
    assert [row[:2] for _, row in read_rows(made[name], name).body] == [row[:2] for _, row in theirs.body]


def test_the_newest_days_are_thin(published):
    tested = next(one.data for one in published if one.kind == "tested-series")
    daily = tested.counts.sum(axis=1)
    assert daily[-1] < 0.1 * np.median(daily)
