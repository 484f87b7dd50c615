"""Folders and archives as they were published, and the day they were published on."""

import io
import zipfile
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from tests.trial.infection.made import at_two, span, wide
from tests.trial.infection.test_readers import municipal
from trial.errors import FileError, InfectionError
from trial.infection import collect, import_paths, recognise
from trial.infection.series import CASES, TESTED

DAYS = span("2021-06-01", 10)  # to 10 June
CASE_FILE = wide(CASES, DAYS, {})
TEST_FILE = wide(TESTED, [*DAYS, date(2021, 6, 11)], {}, rest=9)


def put(folder, **files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / f"{name}.csv").write_bytes(content)
    return folder


def zipped(**files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(f"folder/{name}.csv", content)
    return buffer.getvalue()


def vintages(found):
    return {one.kind: one.vintage_on for one in found.publications}


def test_files_of_one_folder_are_published_together_on_the_last_day_of_tests(tmp_path):
    found = collect([put(tmp_path, cases=CASE_FILE, tested=TEST_FILE)])
    assert vintages(found) == {"cases-series": date(2021, 6, 11), "tested-series": date(2021, 6, 11)}
    assert found.publications[0].published_at == datetime(2021, 6, 11, 14, tzinfo=ZoneInfo("Europe/Copenhagen"))


def test_cases_alone_were_published_the_day_after_their_last_one(tmp_path):
    assert vintages(collect([put(tmp_path, cases=CASE_FILE)])) == {"cases-series": date(2021, 6, 11)}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("2021-06-12_Data-Epidemiologiske-Rapport", date(2021, 6, 12)),  # up to three days later
        ("data-14062021-9wg3", date(2021, 6, 14)),
        ("2021-06-20_copied", date(2021, 6, 11)),  # a day somebody copied it
        ("2021-06-01_early", date(2021, 6, 11)),
        ("2021-13-45_nonsense", date(2021, 6, 11)),
    ],
)
def test_a_day_in_the_name_counts_only_near_the_content(tmp_path, name, expected):
    found = collect([put(tmp_path / name, cases=CASE_FILE, tested=TEST_FILE)])
    assert set(vintages(found).values()) == {expected}


def test_what_the_user_says_comes_first(tmp_path):
    found = collect([put(tmp_path, cases=CASE_FILE)], at_two(date(2021, 6, 30)))
    assert vintages(found) == {"cases-series": date(2021, 6, 30)}


def test_a_time_just_before_midnight_belongs_to_the_danish_day():
    late = datetime.fromisoformat("2021-06-14T23:30:00+00:00")
    assert recognise(CASE_FILE, "cases.csv", late).vintage_on == date(2021, 6, 15)
    winter = datetime.fromisoformat("2021-01-14T22:30:00+00:00")
    assert recognise(CASE_FILE, "cases.csv", winter).vintage_on == date(2021, 1, 14)


def test_a_decision_file_tells_its_day_itself(tmp_path):
    assert vintages(collect([put(tmp_path / "2021-06-16", decisions=municipal())])) == {
        "municipal-decisions": date(2021, 6, 14)
    }


def test_a_file_without_any_day_asks_for_it(tmp_path):
    head = "Kommune_(id);Kommune_(navn);Befolkningstal\n"
    content = (
        head + "\n".join(line.split(";")[1] + ";x; 1.000" for line in municipal().decode().splitlines()[1:]) + "\n"
    ).encode()
    with pytest.raises(InfectionError) as caught:
        collect([put(tmp_path, totals=content)])
    assert caught.value.stable_code == "infection-vintage"
    assert "--published-at" in caught.value.mend
    found = collect([put(tmp_path, totals=content, tested=TEST_FILE)])
    assert set(vintages(found).values()) == {date(2021, 6, 11)}


def test_archives_are_read_as_published_alone_or_in_a_folder(tmp_path):
    archive = tmp_path / "Data-Epidemiologiske-Rapport-11062021-x1.zip"
    archive.write_bytes(zipped(cases=CASE_FILE, tested=TEST_FILE, other=b"something;else\n1;2\n"))
    for path in (archive, tmp_path):
        found = collect([path])
        assert vintages(found) == {"cases-series": date(2021, 6, 11), "tested-series": date(2021, 6, 11)}
        assert found.passed_over == (f"{archive.name}/other.csv",)
    renamed = tmp_path / "no-ending"
    renamed.write_bytes(archive.read_bytes())
    assert len(collect([renamed]).publications) == 2


def test_the_same_bytes_are_one_publication(tmp_path):
    put(tmp_path / "a", cases=CASE_FILE, tested=TEST_FILE)
    put(tmp_path / "b", renamed=CASE_FILE, also=TEST_FILE)
    assert len(collect([tmp_path]).publications) == 2
    assert len(collect([tmp_path / "a", tmp_path / "b", tmp_path / "a" / "cases.csv"]).publications) == 2


def test_importing_gives_each_publication_with_its_bytes(tmp_path):
    pairs = import_paths([put(tmp_path, cases=CASE_FILE, tested=TEST_FILE)])
    assert [(one.kind, content) for one, content in pairs] == [
        ("cases-series", CASE_FILE),
        ("tested-series", TEST_FILE),
    ]


def test_a_file_named_alone_must_fit_a_layout(tmp_path):
    path = tmp_path / "readme.txt"
    path.write_text("hello")
    with pytest.raises(InfectionError) as caught:
        collect([path])
    assert caught.value.stable_code == "infection-layout"
    assert "SampleDate" in caught.value.mend
    assert collect([tmp_path]).passed_over == (f"{tmp_path.name}/readme.txt",)


def test_broken_files_of_a_folder_are_told_together(tmp_path):
    put(tmp_path, cases=CASE_FILE[:-1], tested=TEST_FILE.replace(b"2021-06-05", b"2021-06-04"))
    with pytest.raises(InfectionError) as caught:
        collect([tmp_path])
    assert [problem.where.split("/")[1].split(":")[0] for problem in caught.value.problems()] == [
        "cases.csv",
        "tested.csv",
    ]


@pytest.mark.parametrize("cut", [10, 100, 500])
def test_a_broken_archive_is_refused(tmp_path, cut):
    path = tmp_path / "x.zip"
    path.write_bytes(zipped(cases=CASE_FILE)[:-cut])
    with pytest.raises(InfectionError) as caught:
        collect([path])
    assert caught.value.stable_code == "infection-archive"


def test_an_archive_within_an_archive_is_passed_over(tmp_path):
    path = tmp_path / "x.zip"
    path.write_bytes(zipped(inner=zipped(cases=CASE_FILE)))
    assert collect([path]).publications == ()


def test_a_missing_file_is_a_file_error(tmp_path):
    with pytest.raises(FileError):
        collect([tmp_path / "gone.csv"])
