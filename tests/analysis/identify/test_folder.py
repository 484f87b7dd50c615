"""A folder of spells read as a panel, from CSV and Parquet alike, and what it refuses."""

import csv
import re
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.csv as pv
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from analysis.cli import main
from analysis.identify.folder import panel_of_folder
from analysis.identify.panel import NONE, PHYSICAL, TELEPHONE, UNSEEN, VIDEO
from trial.errors import FileError, RegisterError

SPELLS = """
spell,start_on,end_on,cause,jobcentre,municipality_code,target_group,x_age,past_before
a,2020-12-30,2021-01-10,employment,0461,0461,dagpenge,30,1.5
b,2021-01-04,2021-12-31,censored,0461,0461,dagpenge,40,0
c,2021-01-04,2021-01-20,sickness,0101,0101,kontanthjaelp,50,2
d,2020-01-06,2021-12-31,employment,0101,0101,dagpenge,60,3
"""
TALKS = """
spell,held_on,mode
a,2021-01-04,video
a,2021-03-01,physical
b,2021-01-05,telephone
b,2021-01-06,physical
c,2021-01-19,telephone
"""
CLOSED = """
municipality_code,closed_on,reopened_on
0101,2021-01-11,2021-01-25
9999,2021-01-11,2021-01-25
"""


def write(folder, **files):
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text.lstrip(), encoding="utf-8")
    return folder


@pytest.fixture(name="folder")
def _folder(tmp_path):
    return write(tmp_path, spells=SPELLS, conversations=TALKS, closures=CLOSED)


def test_weeks_are_whole_iso_weeks(folder):
    panel = panel_of_folder(folder, 8)
    monday = lambda number: date(1969, 12, 29) + timedelta(weeks=int(number))  # noqa: E731
    assert [monday(number) for number in panel.first_week] == [
        date(2020, 12, 28), date(2021, 1, 4), date(2021, 1, 4), date(2020, 1, 6),
    ]  # fmt: skip
    assert panel.last_week.tolist() == [2, 8, 3, 8]
    assert panel.cause.tolist() == [1, 0, 2, 0]
    assert panel.causes == {1: "employment", 2: "sickness"}


def test_talks_stand_in_their_week_the_physical_one_first_and_none_after_the_end(folder):
    talk = panel_of_folder(folder, 8).talk
    assert talk[0].tolist() == [NONE, VIDEO] + [UNSEEN] * 6
    assert talk[1].tolist() == [PHYSICAL] + [NONE] * 7
    assert talk[2].tolist() == [NONE, NONE, TELEPHONE] + [UNSEEN] * 5
    assert (talk[3] == NONE).all()


def test_a_closed_municipality_is_an_instrument(folder):
    closed = panel_of_folder(folder, 8).instruments["closure"]
    assert closed[2].tolist() == [False, True, True, False, False, False, False, False]
    assert not closed[[0, 1, 3]].any()


def test_columns_are_covariates_and_the_past(folder):
    panel = panel_of_folder(folder, 8)
    assert panel.covariates["age"].tolist() == [30, 40, 50, 60]
    assert panel.past["before"].tolist() == [1.5, 0, 2, 3]
    assert panel.labels["jobcentre"] == ("0101", "0461")
    assert panel.jobcentre.tolist() == [1, 1, 0, 0]


def test_parquet_and_the_order_of_rows_give_the_same_panel(folder, tmp_path_factory):
    other = tmp_path_factory.mktemp("parquet")
    rng = np.random.default_rng(1)
    for name in ("spells", "conversations", "closures"):
        text = pv.ConvertOptions(column_types={
            "jobcentre": pa.string(), "municipality_code": pa.string()
        })  # fmt: skip
        table = pv.read_csv(folder / f"{name}.csv", convert_options=text)
        rows = np.arange(len(table)) if name == "spells" else rng.permutation(len(table))
        pq.write_table(table.take(rows), other / f"{name}.parquet")
    one, two = panel_of_folder(folder, 8), panel_of_folder(other, 8)
    for name in ("talk", "first_week", "last_week", "cause", "jobcentre", "target_group"):
        assert (getattr(one, name) == getattr(two, name)).all()
    assert (one.instruments["closure"] == two.instruments["closure"]).all()


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("spells", "2021-01-20", "2020-01-20", "end before it begins"),
        ("conversations", "telephone", "letter", "a mode is one of physical, telephone, video; found letter"),
        ("conversations", "c,2021-01-19", "z,2021-01-19", "belong to a spell; found 1 that do not"),
        ("spells", ",50,", ",,", "a value in every row"),
        ("spells", "x_age", "age", "has the columns"),
        ("spells", "jobcentre,", "centre,", "must have the column jobcentre"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_number(folder, name, old, new, message):
    path = folder / f"{name}.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(RegisterError, match=message):
        panel_of_folder(folder, 8)


def test_a_folder_without_conversations_is_refused(folder):
    (folder / "conversations.csv").unlink()
    with pytest.raises(FileError, match="conversations"):
        panel_of_folder(folder, 8)


def test_the_covid_years_in_miniature_are_refused(tmp_path):
    """Everybody has a talk in the first weeks; before 12 March 2020 physical, after it by telephone."""
    rng = np.random.default_rng(7)
    spells, talks = [], []
    for number in range(3000):
        start = date(2020, 1, 6) + timedelta(days=int(rng.integers(0, 140)))
        weeks = int(rng.geometric(0.05))
        end = start + timedelta(days=7 * weeks)
        place = ("0101", "0461", "0751", "0851")[rng.integers(4)]
        who = "dagpenge" if rng.random() < 0.8 else "kontanthjaelp"
        spells.append([number, start, end, "employment", place, place, who])
        for week in (1, 4, 8):
            held = start + timedelta(days=7 * week)
            if held < end:
                talks.append([number, held, "physical" if held < date(2020, 3, 12) else "telephone"])
    for name, head, rows in (
        ("spells", "spell,start_on,end_on,cause,jobcentre,municipality_code,target_group", spells),
        ("conversations", "spell,held_on,mode", talks),
    ):
        with (tmp_path / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([head.split(","), *rows])
    result = CliRunner().invoke(main, ["identify", str(tmp_path), "--plan", "covid-registers", "--lang", "en"])
    assert result.exit_code == 1, result.output
    assert "cannot be learnt" in result.stdout
    assert "Because: mode, overlap" in result.stdout
    assert re.search(r"the week alone 9\d%", result.stdout)  # the 12th was a Thursday
