"""Every layout with its traps: what is read, what is tolerated, what is refused with line and mend."""

from datetime import date

import numpy as np
import pytest

from tests.trial.infection.made import CODES, COUNT, span, wide
from trial.errors import InfectionError
from trial.infection import areas
from trial.infection.decisions import Decisions
from trial.infection.publication import recognise
from trial.infection.series import CASES, TESTED, Series
from trial.infection.totals import Totals

DAYS = span("2021-06-01", 5)
ISHOEJ = CODES.index("0183")
COPENHAGEN = CODES.index("0101")


def read(content, name="file.csv"):
    found = recognise(content, name)
    assert found is not None
    return found


def refused(content, name="file.csv"):
    with pytest.raises(InfectionError) as caught:
        recognise(content, name)
    for problem in caught.value.problems():
        assert problem.where.startswith("file.csv")
        assert problem.mend
    return caught.value


def without_last(cells, text):
    return "\n".join(line.rsplit(";", cells)[0] for line in text.splitlines()) + "\n"


def municipal(rows=None, header=None):
    """Make a decision file of two days for all municipalities; rows replace the line of a code."""
    head = header or (
        "Kommune;Kommunekode;Indbyggertal i kommunen;Testjusteret incidens pr. 14-06-2021;"
        "Antal nye smittede i kommunen pr. 14-06-2021;Status for automatisk nedlukning;"
        "Påbegyndelsesdato for seneste automatiske nedlukning af kommunen;"
        "Antal dage i træk med opfyldt genåbningskriterie;Testjusteret incidens pr. 13-06-2021;"
        "Antal nye smittede i kommunen pr. 13-06-2021"
    )
    lines = {
        one.code: f"{one.name};{one.code.lstrip('0')};{one.population_2020q1};147,30;83;"
        "Lav incidens ikke nedlukket;-;;1,5;7"
        for one in areas.municipalities()
    }
    return ("\n".join([head, *(lines | (rows or {})).values()]) + "\n").encode()


PARISH_HEAD = (
    "Sognekode;Sogn;Kommune1;Kommune2;Kommune3;Kommunekode1;Kommunekode2;Kommunekode3;Indbyggertal i sogn;"
    "Incidens i sogn beregnet pr. 14-06-2021;Antal nye smittede i sogn beregnet pr. 14-06-2021;"
    "Positivprocent i sogn beregnet pr. 14-06-2021;Status for automatisk nedlukning;"
    "Påbegyndelsesdato for seneste automatiske nedlukning af sognet;Antal dage i træk med opfyldt genåbningskriterie"
)


def parish(*extra):
    lines = [
        f"{7000 + index};Sogn {index};{one.name};NA;NA;{one.code.lstrip('0')};NA;NA;1000;"
        "0,00;0;0,00;Ikke nedlukket;NA;"
        for index, one in enumerate(areas.municipalities())
    ]
    return ("\n".join([PARISH_HEAD, *lines, *extra]) + "\n").encode()


def test_a_wide_series_has_a_column_a_municipality_whatever_their_order():
    content = wide(CASES, DAYS, {"0183": [1, 2, 3, 4, 5], "0101": [9] * 5})
    lines = [line.split(";") for line in content.decode().splitlines()]
    turned = "\n".join(";".join([line[0], *reversed(line[1:])]) for line in lines) + "\n"
    moved = "\n".join(";".join([*line[1:], line[0]]) for line in lines) + "\n"
    for text in (content, turned.encode(), moved.encode()):
        found = read(text)
        assert found.kind == "cases-series"
        assert isinstance(found.data, Series)
        assert (found.data.first_on, found.data.last_on) == (DAYS[0], DAYS[-1])
        assert found.data.counts[:, ISHOEJ].tolist() == [1, 2, 3, 4, 5]
        assert found.data.counts[:, COPENHAGEN].tolist() == [9] * 5
        assert found.data.counts.shape == (5, COUNT)


def test_rows_may_stand_in_any_order():
    lines = wide(TESTED, DAYS, {"0183": [1, 2, 3, 4, 5]}).decode().splitlines()
    found = read(("\n".join([lines[0], *reversed(lines[1:])]) + "\n").encode())
    assert found.kind == "tested-series"
    assert found.data.counts[:, ISHOEJ].tolist() == [1, 2, 3, 4, 5]


def test_bom_latin_1_quotes_carriage_returns_and_blank_lines_do_not_matter():
    text = wide(CASES, DAYS, {"0183": [1, 2, 3, 4, 5]}).decode()
    quoted = ";".join(f'"{name}"' for name in text.splitlines()[0].split(";"))
    variants = [
        text.encode("utf-8-sig"),
        text.encode("latin-1"),
        text.replace("\n", "\r\n").encode(),
        text.replace("\n", "\n\n").encode(),
        "\n".join([quoted.replace('""NA""', '"NA"'), *text.splitlines()[1:], ""]).encode(),
    ]
    for content in variants:
        assert read(content).data.counts[:, ISHOEJ].tolist() == [1, 2, 3, 4, 5]


def test_copenhagen_may_be_spelt_in_danish():
    content = wide(CASES, DAYS, {"0101": [9] * 5}).decode().replace("Copenhagen", "København").encode()
    assert read(content).data.counts[:, COPENHAGEN].tolist() == [9] * 5


def test_christiansoe_and_na_are_passed_over():
    text = wide(CASES, DAYS, {}).decode().replace(";0;0\n", ";7;9\n")
    assert int(read(text.encode()).data.counts.sum()) == 0


def test_days_absent_in_february_2020_count_nothing():
    days = [date(2020, 2, 26), date(2020, 2, 28), *span("2020-03-01", 3)]
    found = read(wide(CASES, days, {"0183": [1, 2, 3, 4, 5]}))
    assert found.data.counts[:, ISHOEJ].tolist() == [1, 0, 2, 0, 3, 4, 5]


@pytest.mark.parametrize(
    ("change", "code", "line"),
    [
        (lambda text: text.replace("2021-06-03;", "2021-06-02;"), "infection-duplicate", ":4"),
        (lambda text: "\n".join(text.splitlines()[:3] + text.splitlines()[4:]) + "\n", "infection-gap", ""),
        (lambda text: text.replace("2021-06-03;0", "2021-06-03;-1"), "infection-count", ":4"),
        (lambda text: text.replace("2021-06-03;0", "2021-06-03;1.5"), "infection-count", ":4"),
        (lambda text: text.replace("2021-06-03;0", "2021-06-03;"), "infection-count", ":4"),
        (lambda text: text.replace("2021-06-03;0", "2021-06-03;NA"), "infection-count", ":4"),
        (lambda text: text.replace("2021-06-03;0", "2021-06-03;²"), "infection-count", ":4"),
        (lambda text: text.replace("2021-06-03", "03-06-2021"), "infection-date", ":4"),
        (lambda text: text.replace("2021-06-03", "2021-06-31"), "infection-date", ":4"),
        (lambda text: text.replace("2021-06-03", "2201-06-03"), "infection-date", ":4"),
        (lambda text: text.replace("2021-06-03;0;", "2021-06-03;"), "infection-row", ":4"),
        (lambda text: text[:-1], "infection-row", ":6"),
        (lambda text: text[: len(text) // 2], "infection-row", ":"),
        (lambda text: text.replace("Ishøj", "Ishoej"), "infection-municipality", ":1"),
        (lambda text: text.replace("Ishøj", "Greve"), "infection-municipality", ":1"),
        (lambda text: without_last(60, text), "infection-municipality", ":1"),
        (lambda text: text.splitlines()[0] + "\n", "infection-empty", ":1"),
    ],
)  # fmt: skip
def test_a_broken_series_is_refused_with_its_line(change, code, line):
    error = refused(change(wide(CASES, DAYS, {}).decode()).encode())
    assert error.stable_code == code
    assert line in error.where


@pytest.mark.parametrize(
    "content",
    [
        wide(CASES, DAYS, {}).decode().encode("utf-16"),
        wide(CASES, DAYS, {}).decode().encode("utf-16-le"),
        wide(CASES, DAYS, {}).decode().encode("utf-8").decode("latin-1").encode("utf-8"),  # converted twice
        wide(CASES, DAYS, {}).replace(b"2021-06-03", b"2021-06\x0003"),
    ],
)
def test_other_encodings_are_never_read_as_something_else(content):
    try:
        assert recognise(content, "file.csv") is None
    except InfectionError as error:
        assert error.stable_code == "infection-encoding"


def test_several_problems_are_told_together():
    text = wide(CASES, DAYS, {}).decode().replace("2021-06-02;0", "2021-06-02;x").replace("2021-06-04", "junk")
    assert [problem.where.split(",")[0] for problem in refused(text.encode()).problems()] == [
        "file.csv:3",
        "file.csv:5",
    ]


def test_decisions_have_their_days_in_the_names_of_the_columns():
    found = read(municipal({"0101": "København;0101;632340;1.101,13;680;Nedlukket;11-06-2021;3;NA;NA"}))
    data = found.data
    assert isinstance(data, Decisions)
    assert (found.kind, found.vintage_on, data.days) == (
        "municipal-decisions",
        date(2021, 6, 14),
        (date(2021, 6, 13), date(2021, 6, 14)),
    )
    assert data.values["adjusted_incidence"][1][COPENHAGEN] == 1101.13
    assert np.isnan(data.values["cases"][0][COPENHAGEN])
    assert (data.is_closed(COPENHAGEN), data.closed_since[COPENHAGEN], data.days_clear[COPENHAGEN]) == (
        True,
        date(2021, 6, 11),
        3,
    )
    assert (data.is_closed(ISHOEJ), data.closed_since[ISHOEJ], data.days_clear[ISHOEJ]) == (False, None, None)
    assert data.codes == CODES


def test_before_28_may_decisions_had_no_cases():
    header = (
        "Kommune;Kommunekode;Indbyggertal i kommunen;Testjusteret incidens pr. 14-05-2021;"
        "Status for automatisk nedlukning;Påbegyndelsesdato for seneste automatiske nedlukning af kommunen;"
        "Antal dage i træk med opfyldt genåbningskriterie"
    )
    lines = {
        one.code: f"{one.name};{one.code};1000;147,30;Høj incidens, ikke nedlukket;-;"
        for one in areas.municipalities()
    }
    assert set(read(municipal(lines, header)).data.values) == {"adjusted_incidence"}


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("København;101;632340;147.30;680;Lav;-;;1,5;7", "infection-count"),  # point for a decimal
        ("København;101;632.340;147,30;680;Lav;-;;1,5;7", "infection-count"),
        ("København;101;632340;147,30;-3;Lav;-;;1,5;7", "infection-count"),
        ("København;101;632340;-;680;Lav;-;;1,5;7", "infection-count"),
        ("København;101;632340;147,30;680;Lav;2021-06-11;;1,5;7", "infection-date"),
        ("København;999;632340;147,30;680;Lav;-;;1,5;7", "infection-municipality"),
        ("København;147;632340;147,30;680;Lav;-;;1,5;7", "infection-duplicate"),
        ("København;101;632340;147,30;680;Lav;-;;1,5", "infection-row"),
    ],
)
def test_a_broken_decision_file_is_refused_with_its_line(line, code):
    error = refused(municipal({"0101": line}))
    assert error.stable_code == code
    assert error.where.startswith("file.csv:")


def test_a_decision_file_without_a_municipality_or_a_day_is_refused():
    assert "Ishøj" in str(
        refused(b"\n".join(line for line in municipal().splitlines() if b";183;" not in line) + b"\n")
    )
    odd = municipal().replace(b"kommunen pr. 13-06-2021", b"kommunen pr. 12-06-2021")
    assert refused(odd).stable_code == "infection-layout"


def test_parishes_lie_in_up_to_three_municipalities():
    found = read(parish("9999;Sædder;Køge;Faxe;NA;259;320;NA;1441;69,40;1;0,50;Nedlukket;11-06-2021;3"))
    data = found.data
    assert found.kind == "parish-decisions"
    assert data.municipalities[data.codes.index("9999")] == ("0259", "0320")
    assert data.values["positivity"][0][data.codes.index("9999")] == 0.5


def test_a_parish_file_must_reach_every_municipality():
    cut = b"\n".join(parish().splitlines()[:-1]) + b"\n"
    assert refused(cut).stable_code == "infection-municipality"


def test_totals_have_points_for_thousands_and_blanks():
    lines = [
        f"{one.code.lstrip('0')};{one.name}; 608.802; 335.468; 642.242;  52.234" for one in areas.municipalities()
    ]
    head = (
        "Kommune_(id);Kommune_(navn);Antal_testede;Antal_bekræftede_COVID-19;Befolkningstal;"
        "Kumulativ_incidens_(per_100000)"
    )
    found = recognise(("\n".join([head, *lines]) + "\n").encode("utf-8-sig"), "x_2021-06-14/totals.csv")
    assert found is not None
    assert isinstance(found.data, Totals)
    assert set(found.data.population.tolist()) == {642242.0}
    assert (found.kind, found.vintage_on) == ("municipal-totals", date(2021, 6, 14))


def test_the_later_dashboard_is_long_latin_1_and_sparse():
    days = span("2020-02-26", 6)
    lines = [f"{one.code.lstrip('0')};{one.name};{day};1" for day in days for one in areas.municipalities()]
    lines = [line for line in lines if line != "183;Ishøj;2020-02-28;1"]
    head = '"Kommune";"Kommunenavn";"Dato";"Bekræftede tilfælde i alt"'
    text = "\n".join([head, *lines, "411;Christiansø;2020-02-28;5", ";;2020-02-28;3"]) + "\n"
    text = text.replace("Aarhus", "Århus").replace("Høje-Taastrup", "Høje Tåstrup")
    found = read(text.encode("latin-1"))
    assert found.kind == "cases-long"
    assert found.data.counts[:, ISHOEJ].tolist() == [1, 1, 0, 1, 1, 1]
    assert int(found.data.counts.sum()) == 6 * COUNT - 1
    again = text + "183;Ishøj;2020-02-26;4\n"
    assert refused(again.encode("latin-1")).stable_code == "infection-duplicate"
    gone = "\n".join(line for line in text.splitlines() if not line.startswith("183;")) + "\n"
    assert refused(gone.encode("latin-1")).stable_code == "infection-municipality"


def test_the_dashboard_map_gives_a_population():
    lines = [f"{one.code};{one.name};100;5,0;{one.population_2020q1}" for one in areas.municipalities()]
    head = "Kommune;Kommunenavn;Bekræftede tilfælde i alt;Incidens;Antal borgere"
    found = recognise(("\n".join([head, *lines]) + "\n").encode("latin-1"), "SSI_2022-02-10/10_Kommune_kort.csv")
    assert found is not None
    assert found.kind == "municipal-snapshot"
    assert found.data.population[COPENHAGEN] == 632340


@pytest.mark.parametrize(
    "content", [b"", b"   \n", b"hello", b"a;b;c\n1;2;3\n", b"\xff\xfe\x00", b"PK\x05\x06", b"\n\n"]
)
def test_what_fits_no_layout_is_nothing(content):
    assert recognise(content, "file.csv") is None
