"""The daily intake file: who is an arrival, in which stratum, who is not randomised, and what refuses the file."""

import traceback
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.clustered import clustered
from trial.errors import FileError, IntakeError
from trial.identity import Pseudonymiser
from trial.intake import Intake, age_on, read_intake
from trial.protocol import load_protocol, shipped

PSEUDONYMISER = Pseudonymiser(bytes(32))
ON = date(2021, 3, 1)
HEADER = (
    "citizen", "jobcentre", "target_group", "birth_on", "spell_start_on",
    "less_intensive_effort", "needs_interpreter", "digital_post_exempt", "protected_address",
)  # fmt: skip
USUAL = dict(
    zip(HEADER, ["SYN-1", "0461", "dagpenge", "1990-05-17", "2021-02-20", "no", "no", "no", "no"], strict=True)
)
HISTORIC = f"{date(1870, 5, 17):%d%m%y}-{5}001"  # a person born in 1870: nobody's number any more


@pytest.fixture(scope="module")
def protocol():
    return load_protocol(shipped("digital-samtaler.toml"))


def file(*changes: dict[str, str], delimiter=";", end="\r\n", header=HEADER) -> str:
    """An intake file of one row a change; the citizens are SYN-1, SYN-2, ..."""
    rows = [{**USUAL, "citizen": f"SYN-{number}", **change} for number, change in enumerate(changes, start=1)]
    lines = [header, *[[row[name] for name in header] for row in rows]]
    return "".join(delimiter.join(line) + end for line in lines)


def read(protocol, content: str | bytes, on=ON, **options) -> Intake:
    content = content if isinstance(content, bytes) else content.encode()
    return read_intake(content, protocol, PSEUDONYMISER, on, name="day.csv", **options)


def refused(protocol, content, **options) -> list[tuple[str, str]]:
    """The problems of a refused file: where and which."""
    with pytest.raises(IntakeError) as caught:
        read(protocol, content, **options)
    return [(problem.where, problem.stable_code) for problem in caught.value.problems()]


def test_an_arrival(protocol):
    intake = read(protocol, file({"jobcentre": "0101"}))
    (arrival,) = intake.arrivals
    assert arrival.participant_id == PSEUDONYMISER.participant("SYN-1")
    assert (arrival.jobcentre, arrival.municipality_code) == ("0101", "0101")  # the leading zero is kept
    assert dict(arrival.levels) == {"jobcentre": "0101", "target_group": "dagpenge", "age_group": "30-49"}
    assert arrival.stratum == "0101/dagpenge/30-49"
    assert (arrival.age, arrival.exclusion, arrival.line) == (30, None, 2)
    assert arrival.spell_start_on == date(2021, 2, 20)
    assert (intake.encoding, intake.delimiter, intake.kept_first, intake.warnings) == ("utf-8", ";", (), 0)


@pytest.mark.parametrize("delimiter", [";", ","])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252"])
def test_the_same_file_written_in_another_way_gives_the_same_arrivals(protocol, delimiter, end, encoding):
    changes = [{"target_group": "Jobparat-kontanthjælp"}, {"target_group": "ledighedsydelse"}, {"jobcentre": "0101"}]
    usual = read(protocol, file(*changes))
    other = read(protocol, file(*changes, delimiter=delimiter, end=end, header=HEADER[::-1]).encode(encoding))
    assert other.arrivals == usual.arrivals
    assert other.delimiter == delimiter
    assert other.encoding == ("cp1252" if encoding == "latin-1" else encoding)
    assert [arrival.stratum for arrival in usual.arrivals] == [
        "0461/jobparat-kontanthjaelp/30-49",
        "0461/ledighedsydelse/30-49",
        "0101/dagpenge/30-49",
    ]


# what the row says                                                                    not randomised because
EXCLUSIONS = [
    ({}, None),
    ({"less_intensive_effort": "yes"}, "less-intensive-effort"),
    ({"needs_interpreter": "ja"}, "interpreter"),
    ({"digital_post_exempt": "JA"}, "digital-post-exempt"),
    ({"protected_address": "Yes"}, "protected-address"),
    ({"protected_address": "ja", "needs_interpreter": "ja"}, "interpreter"),  # the first declared
    ({"target_group": "sygedagpenge"}, "target-group"),
    ({"target_group": "uddannelseshjælp"}, "target-group"),
    ({"target_group": "sygedagpenge", "protected_address": "ja"}, "protected-address"),
    ({"spell_start_on": "2020-08-31"}, None),  # 26 weeks to the day
    ({"spell_start_on": "2020-08-30"}, "spell-too-long"),
    ({"spell_start_on": "2021-03-01"}, None),
    ({"birth_on": "2003-03-01"}, None),  # 18 today
    ({"birth_on": "2003-03-02"}, "age-under-18"),
    ({"birth_on": "2003-03-02", "spell_start_on": "2020-08-30"}, "spell-too-long"),
]


@pytest.mark.parametrize(("change", "exclusion"), EXCLUSIONS)
def test_who_is_not_randomised(protocol, change, exclusion):
    assert read(protocol, file(change)).arrivals[0].exclusion == exclusion


# born         on the day     age  age group
AGES = """
    2003-03-01   2021-03-01   18   18-29
    1991-03-02   2021-03-01   29   18-29
    1991-03-01   2021-03-01   30   30-49
    1971-03-02   2021-03-01   49   30-49
    1971-03-01   2021-03-01   50   50+
    1955-12-31   2021-03-01   65   50+
    1992-02-29   2021-02-28   28   18-29
    1992-02-29   2021-03-01   29   18-29
    1992-02-29   2024-02-29   32   30-49
    2003-03-02   2021-03-01   17   under-18
"""


@pytest.mark.parametrize("row", AGES.strip().splitlines())
def test_age_groups(protocol, row):
    born, on, age, group = row.split()
    day = date.fromisoformat(on)
    arrival = read(protocol, file({"birth_on": born, "spell_start_on": on}), on=day).arrivals[0]
    assert (arrival.age, arrival.levels["age_group"]) == (int(age), group)


def test_age_is_counted_as_birthdays_are():
    """Brute force: count the birthdays lived, day after day; 29 February is kept on 1 March."""
    for born in (date(2000, 2, 29), date(2000, 3, 1), date(1999, 12, 31), date(2000, 1, 1)):
        years, day = 0, born
        while day < date(2009, 1, 2):
            day += timedelta(1)
            feast = date(day.year, 3, 1) if (born.month, born.day) == (2, 29) and day.year % 4 else None
            years += day == (feast or date(day.year, born.month, born.day))
            assert age_on(born, day) == years


# what the row says                                                 code
PROBLEMS = [
    ({"citizen": ""}, "cpr-form"),
    ({"citizen": "SYN-"}, "cpr-form"),
    ({"citizen": "311399" + "-0001"}, "cpr-date"),
    ({"jobcentre": "461"}, "jobcentre"),  # a spreadsheet ate the zero of 0461
    ({"jobcentre": "9999"}, "jobcentre"),
    ({"jobcentre": ""}, "jobcentre"),
    ({"jobcentre": "Odense"}, "jobcentre"),
    ({"jobcentre": "٠٤٦١"}, "jobcentre"),
    ({"target_group": ""}, "target-group"),
    ({"target_group": "123456"}, "target-group"),
    ({"target_group": "a" * 64}, "target-group"),
    ({"birth_on": ""}, "date"),
    ({"birth_on": "17-05-1990"}, "date"),
    ({"birth_on": "19900517"}, "date"),
    ({"birth_on": "1990-W20-4"}, "date"),
    ({"birth_on": "1990-02-30"}, "date"),
    ({"birth_on": "2021-03-02"}, "date"),
    ({"birth_on": "0990-05-17"}, "date"),
    ({"birth_on": "１９９０-05-17"}, "date"),
    ({"spell_start_on": ""}, "date"),
    ({"spell_start_on": "2021-03-02"}, "date"),
    ({"spell_start_on": "2021-02-20 00:00"}, "date"),
    ({"needs_interpreter": ""}, "yes-no"),
    ({"needs_interpreter": "1"}, "yes-no"),
    ({"needs_interpreter": "True"}, "yes-no"),
    ({"needs_interpreter": "maybe"}, "yes-no"),
    ({"citizen": HISTORIC, "birth_on": "1870-05-18"}, "birth"),
    ({"jobcentre": "=1+1"}, "formula"),
    ({"target_group": "+dagpenge"}, "formula"),
    ({"birth_on": "\t1990-05-17"}, "formula"),
    ({"citizen": "@SUM(A1)"}, "formula"),
    ({"citizen": "-1"}, "formula"),
]


@pytest.mark.parametrize(("change", "code"), PROBLEMS)
def test_one_unlawful_row_refuses_the_file_with_its_line(protocol, change, code):
    assert refused(protocol, file({}, change, {})) == [("day.csv:3", code)]


def test_all_problems_of_a_file_are_told_at_once(protocol):
    content = file({"jobcentre": "461", "birth_on": "x"}, {}, {"citizen": "?"}) + "short;row\r\n"
    assert refused(protocol, content) == [
        ("day.csv:2", "date"),
        ("day.csv:2", "jobcentre"),
        ("day.csv:4", "cpr-form"),
        ("day.csv:5", "ragged"),
    ]


def test_birth_on_may_be_left_out_where_the_number_gives_it(protocol):
    header = tuple(name for name in HEADER if name != "birth_on")
    (arrival,) = read(protocol, file({"citizen": HISTORIC}, header=header)).arrivals
    assert arrival.age == age_on(date(1870, 5, 17), ON)
    assert refused(protocol, file({}, header=header)) == [("day.csv:2", "date")]


def test_columns_are_those_the_protocol_asks_for(protocol):
    assert refused(protocol, file({}, header=HEADER[:-1])) == [("day.csv:1", "columns")]
    population = protocol.population.model_copy(update={"exclusions": protocol.population.exclusions[:-1]})
    smaller = protocol.model_copy(update={"population": population})
    assert len(read(smaller, file({}, header=HEADER[:-1])).arrivals) == 1
    assert refused(smaller, file({})) == [("day.csv:1", "columns")]


def test_only_jobcentres_of_the_trial(protocol):
    factor = protocol.stratification[0].model_copy(update={"levels": ("0101", "0461")})
    few = protocol.model_copy(update={"stratification": (factor, *protocol.stratification[1:])})
    assert len(read(few, file({})).arrivals) == 1
    assert refused(few, file({"jobcentre": "0751"})) == [("day.csv:2", "jobcentre")]


same_citizen = pytest.mark.parametrize(
    "again", [HISTORIC, HISTORIC.replace("-", ""), f"  {HISTORIC} "], ids=["hyphen", "without", "blanks"]
)


@same_citizen
def test_a_repeated_citizen_refuses_the_file_with_both_lines(protocol, again):
    content = file({}, {"citizen": HISTORIC, "birth_on": ""}, {}, {"citizen": again, "birth_on": ""})
    with pytest.raises(IntakeError) as caught:
        read(protocol, content)
    assert [(problem.where, problem.stable_code) for problem in caught.value.problems()] == [
        ("day.csv:5", "duplicate")
    ]
    assert "the citizen of line 3" in str(caught.value)
    assert "keep line 3 or line 5" in str(caught.value)


@same_citizen
def test_the_first_row_is_kept_and_the_others_reported_where_the_protocol_says_so(protocol, again):
    rule = protocol.intake.model_copy(update={"duplicates": "keep-first"})
    lenient = protocol.model_copy(update={"intake": rule})
    first = {"citizen": HISTORIC, "birth_on": ""}
    intake = read(lenient, file({}, first, {}, {**first, "citizen": again, "jobcentre": "0751"}, first))
    assert [arrival.line for arrival in intake.arrivals] == [2, 3, 4]
    assert [(row.line, row.first_line) for row in intake.kept_first] == [(5, 3), (6, 3)]
    assert {row.participant_id for row in intake.kept_first} == {PSEUDONYMISER.participant(HISTORIC)}


def test_a_file_without_rows(protocol):
    with pytest.raises(FileError) as caught:
        read(protocol, file())
    assert (caught.value.stable_code, caught.value.where) == ("file-no-rows", "day.csv")
    assert read(protocol, file(), allow_empty=True).arrivals == ()
    with pytest.raises(FileError) as caught:
        read(protocol, b"", allow_empty=True)
    assert caught.value.stable_code == "file-empty"


def test_numbers_without_modulus_11_are_counted_not_refused(protocol):
    numbers = [f"{date(1870, 5, 17):%d%m%y}{6}{serial:03d}" for serial in range(200)]
    intake = read(protocol, file(*({"citizen": number, "birth_on": ""} for number in numbers)))
    weights = [int(digit) for digit in "4327654321"]
    without = [number for number in numbers if sum(w * int(d) for w, d in zip(weights, number, strict=True)) % 11]
    assert len(intake.arrivals) == 200
    assert intake.warnings == len(without) > 100


@pytest.mark.parametrize("column", HEADER)
@pytest.mark.parametrize(
    "canary", ["311399" + "-4321", "3113994321", "311399 4321", HISTORIC, "=3113994321", '"311399']
)
def test_no_message_shows_a_number_in_whatever_column_it_stands(protocol, column, canary):
    content = file({}, {column: canary, "jobcentre": canary if column == "jobcentre" else "x"}, {})
    with pytest.raises(IntakeError) as caught:
        read(protocol, content)
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    told += str([problem.to_json() for problem in caught.value.problems()])
    bare = canary.replace("-", "").replace(" ", "").strip('="')
    assert bare not in told.replace("-", "").replace(" ", "")
    assert "311399" not in told


def test_a_path_is_named_in_the_problems(protocol, tmp_path):
    path: Path = tmp_path / "intake-2021-03-01.csv"
    path.write_bytes(file({}, {"jobcentre": "1"}).encode())
    with pytest.raises(IntakeError) as caught:
        read_intake(path, protocol, PSEUDONYMISER, ON)
    assert caught.value.where == f"{path}:3"


def test_a_hundred_thousand_rows_are_read(protocol):
    arrivals = read(protocol, file(*({} for _ in range(100_000)))).arrivals
    assert len({arrival.participant_id for arrival in arrivals}) == 100_000


def test_of_a_hundred_thousand_bad_rows_the_first_twenty_are_told(protocol):
    problems = refused(protocol, file(*({"jobcentre": "1", "citizen": "SYN-1"} for _ in range(100_000))))
    assert len(problems) == 21


@pytest.fixture(scope="module")
def by_caseworker(tmp_path_factory):
    path = tmp_path_factory.mktemp("protocol") / "protocol.toml"
    path.write_text(clustered(shipped("digital-samtaler.toml").read_text("utf-8"), "caseworker"), "utf-8")
    return load_protocol(path)


def with_caseworker(code: str) -> str:
    lines = file({}, {}).splitlines()
    return "\r\n".join(line + cell for line, cell in zip(lines, (";caseworker", ";0101-02", code), strict=True))


def test_a_caseworker_is_a_level_where_the_protocol_has_that_factor(by_caseworker):
    first, second = read(by_caseworker, with_caseworker(";0147-06")).arrivals
    assert first.stratum == "0461/dagpenge/30-49/0101-02"
    assert second.levels["caseworker"] == "0147-06"


@pytest.mark.parametrize("code", [";0101-99", ";", ";Hanne Jensen"])
def test_an_unknown_caseworker_refuses_the_file_and_is_not_repeated(by_caseworker, code):
    """It may be a name: no message holds it."""
    with pytest.raises(IntakeError) as caught:
        read(by_caseworker, with_caseworker(code))
    [problem] = caught.value.problems()
    assert (problem.where, problem.stable_code) == ("day.csv:3", "caseworker")
    assert code == ";" or code[1:] not in str(problem)


def test_the_column_is_asked_for_where_caseworkers_are_a_factor_and_nowhere_else(protocol, by_caseworker):
    with pytest.raises(IntakeError, match="caseworker"):
        read(by_caseworker, file({}))
    assert refused(protocol, with_caseworker(";0101-02")) == [("day.csv:1", "columns")]
