"""The strict CSV reader: what is read, what is refused, and with which line."""

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trial.errors import FileError, IntakeError
from trial.table import TOLD, Problems, Table, read_table

COLUMNS = ("name", "town")


def read(content: bytes, optional=("age",), required=COLUMNS) -> Table:
    problems = Problems("day.csv")
    table = read_table(content, problems, required, optional)
    problems.check()
    return table


def cells(content: bytes):
    return [row.cells for row in read(content).rows]


# what stands in the file               encoding     delimiter   cells
LAWFUL = [
    (b"name,town\nAda,Aarhus\n", "utf-8", ",", ("Ada", "Aarhus", "")),
    (b"name;town\r\nAda;Aarhus\r\n", "utf-8", ";", ("Ada", "Aarhus", "")),
    (b"name;town\rAda;Aarhus\r", "utf-8", ";", ("Ada", "Aarhus", "")),
    (b"name,town\nAda,Aarhus", "utf-8", ",", ("Ada", "Aarhus", "")),
    (b"\xef\xbb\xbfname,town\nAda,Aarhus\n", "utf-8-sig", ",", ("Ada", "Aarhus", "")),
    ("name,town\nÆrø,Åbenrå\n".encode(), "utf-8", ",", ("Ærø", "Åbenrå", "")),
    ("name,town\nÆrø,Åbenrå\n".encode("latin-1"), "cp1252", ",", ("Ærø", "Åbenrå", "")),
    ("name,town\nÆrø,50 € – så\n".encode("cp1252"), "cp1252", ",", ("Ærø", "50 € – så", "")),
    ("name,town\na\u030a,o\n".encode(), "utf-8", ",", ("å", "o", "")),
    (b"town,age,name\n0101,007,0001\n", "utf-8", ",", ("0001", "0101", "007")),
    (b'"town";"name"\n"0101";"A ""B"" ; C"\n', "utf-8", ";", ('A "B" ; C', "0101", "")),
    (b"name;town\nA, B;C\n", "utf-8", ";", ("A, B", "C", "")),
    (b" Name , TOWN \n  Ada , Aarhus \n\n\n", "utf-8", ",", ("Ada", "Aarhus", "")),
    (b"name,town\nNA,None\n", "utf-8", ",", ("NA", "None", "")),
    (b"name,town\n1e5,1.234\n", "utf-8", ",", ("1e5", "1.234", "")),
    ("name,town\nÅ\xa0,\xa0B\n".encode(), "utf-8", ",", ("Å", "B", "")),
]


@pytest.mark.parametrize(("content", "encoding", "delimiter", "expected"), LAWFUL)
def test_lawful_files(content, encoding, delimiter, expected):
    table = read(content)
    assert [(row.line, row.cells) for row in table.rows] == [(2, expected)]
    assert (table.encoding, table.delimiter) == (encoding, delimiter)


# what stands in the file                                    code             where        words of the message
UNREADABLE = [
    (b"", "file-empty", "day.csv", "0 bytes"),
    (b"\xef\xbb\xbf", "file-empty", "day.csv", "3 bytes"),
    (b"\r\n \n", "file-empty", "day.csv", "without text"),
    ("name,town\nA,B\n".encode("utf-16"), "file-utf-16", "day.csv:1", "UTF-16"),
    ("name,town\nA,B\n".encode("utf-16-le"), "file-utf-16", "day.csv:1", "UTF-16"),
    ("name,town\nA,B\n".encode("utf-16-be"), "file-utf-16", "day.csv:1", "UTF-16"),
    ("name,town\nA,B\n".encode("utf-32"), "file-utf-16", "day.csv:1", "UTF-16"),
    (b"name,town\nA,B\nA\x00,B\n", "file-nul", "day.csv:3", "NUL"),
    (b"name,town\nA,B\nC,\xe6\nD,\x81\n", "file-encoding", "day.csv:4", "lawful in neither"),
    (b"name,town\r\nA,B\r\nC,\x9d\r\n", "file-encoding", "day.csv:3", "lawful in neither"),
    ("name,town\nA,Ærø\n".encode() + b"B,\xe6r\xf8\n", "file-encoding", "day.csv:3", "mixture"),
    (b"\xef\xbb\xbfname,town\nA,B\nA,\xe6\n", "file-encoding", "day.csv:3", "mixture"),
    (b"name,town\nA,B\nA,x\xed\xa0\x80y\n", "file-encoding", "day.csv:3", "mixture"),  # a lone surrogate
]


@pytest.mark.parametrize(("content", "code", "where", "words"), UNREADABLE)
def test_unreadable_files(content, code, where, words):
    with pytest.raises(FileError) as caught:
        read(content)
    error = caught.value
    assert (error.stable_code, error.where, error.exit_status) == (code, where, 11)
    assert words in str(error)


# what stands in the file                          code        lines
REFUSED = [
    (b"name,town,shoe\nA,B,C\n", "columns", [1]),
    (b"name\nA\n", "columns", [1]),
    (b"name,town,name\nA,B,C\n", "columns", [1]),
    (b"name\ttown\nA\tB\n", "columns", [1, 1, 1]),
    (b"name;town,\nA;B\n", "columns", [1, 1, 1, 1]),
    (b"name;town;\nA;B;\n", "columns", [1]),
    (b"\nname,town\nA,B\n", "columns", [1, 1, 1]),
    (b"Ada,Aarhus\n", "columns", [1, 1, 1, 1]),
    (b"name,town\nA,B,C\nA,B\nA\n", "ragged", [2, 4]),
    (b"name,town\nA,B\n\nA,B\n", "ragged", [3]),
    (b"name;town\nA,B\n", "ragged", [2]),
    (b'name,town\nA,B\n"A,B\nC,D\n', "quotes", [3]),
    (b'name,town\nA,"B\nC"\nD,E\n', "quotes", [2]),  # the second half is a ragged row
    (b'name,town\nA,"B"C\n', "quotes", [2]),
    (b"name,town\n=1+1,B\n", "formula", [2]),
    (b"name,town\nA,+1\n", "formula", [2]),
    (b"name,town\nA,-1\n", "formula", [2]),
    (b"name,town\n@SUM(A1),B\n", "formula", [2]),
    (b"name,town\n\tA,B\n", "formula", [2]),
    (b'name,town\n"=cmd|x",B\n', "formula", [2]),
    (b"name;town\nA;  =B1\n", "formula", [2]),
    (b"name,town\nA,B\x1b[31m\n", "cell", [2]),
    (b"name,town\nA,B\x0bC\n", "cell", [2]),
    (b"name,town\nA\tB,C\n", "cell", [2]),
    ("name,town\nA,B\u202eC\n".encode(), "cell", [2]),
    ("name,town\nA,B\u2028C\n".encode(), "cell", [2]),
    (b"name,town\nA," + b"B" * 201 + b"\n", "cell", [2]),
]


@pytest.mark.parametrize(("content", "code", "lines"), REFUSED)
def test_refused_files(content, code, lines):
    with pytest.raises(IntakeError) as caught:
        read(content)
    problems = [problem for problem in caught.value.problems() if problem.stable_code == code]
    assert [problem.where for problem in problems] == [f"day.csv:{line}" for line in lines]
    assert caught.value.exit_status == 13
    assert all(problem.mend for problem in problems)


def test_all_problems_are_told_at_once_and_the_rest_counted():
    with pytest.raises(IntakeError) as caught:
        read(b"name,town\n" + b"A\n" * 137)
    told = caught.value.problems()
    assert [problem.where for problem in told[:TOLD]] == [f"day.csv:{line}" for line in range(2, 2 + TOLD)]
    assert told[-1].stable_code == "intake-more"
    assert "117 further problems" in str(caught.value)


def test_the_earliest_problems_are_told_also_when_found_late():
    problems = Problems("day.csv")
    for line in [*range(100, 150), 7]:
        problems.add(line, "x", mend="y")
    with pytest.raises(IntakeError) as caught:
        problems.check()
    lines = [int(problem.where.split(":")[1]) for problem in caught.value.problems()[:TOLD]]
    assert lines == [7, *range(100, 100 + TOLD - 1)]


def test_a_file_without_header_shows_no_citizen():
    canary = "311399" + "-" + "0001"
    with pytest.raises(IntakeError) as caught:
        read(f"{canary},Aarhus\n{canary},B\n".encode())
    assert "0001" not in str(caught.value)
    assert "0001" not in str([problem.to_json() for problem in caught.value.problems()])


def test_a_missing_file_says_so(tmp_path):
    with pytest.raises(FileError) as caught:
        read_table(tmp_path / "none.csv", Problems("none.csv"), COLUMNS)
    assert caught.value.stable_code == "file-missing"
    with pytest.raises(FileError):
        read_table(tmp_path, Problems("folder"), COLUMNS)


plain_text = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp", "Zs"]), max_size=20
).filter(lambda text: not text.startswith(("=", "+", "-", "@")) and "\u037e" not in text)  # NFC makes a ; of it


@given(
    st.lists(st.tuples(plain_text, plain_text), min_size=1, max_size=8),
    st.sampled_from([",", ";"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.booleans(),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_what_the_csv_module_writes_is_read_back(rows, delimiter, end, bom, quoting):
    import unicodedata

    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=delimiter, lineterminator=end, quoting=quoting)
    writer.writerows([("town", "name"), *[(town, "x" + name) for name, town in rows]])
    table = read(file.getvalue().encode("utf-8-sig" if bom else "utf-8"))
    normal = [tuple(unicodedata.normalize("NFC", text) for text in ("x" + name, town)) for name, town in rows]
    assert [row.cells[:2] for row in table.rows] == normal
    assert [row.line for row in table.rows] == list(range(2, 2 + len(rows)))


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content):
    try:
        read(b"name,town\n" + content)
    except (FileError, IntakeError) as error:
        assert re.match(r"day\.csv", str(error))


def test_the_sum_of_the_bytes_is_kept():
    import hashlib

    content = b"\xef\xbb\xbfname,town\r\nA,B\r\n"
    assert read(content).sha256 == hashlib.sha256(content).hexdigest()
