"""The same small registers in every format a statistician may receive: the same cells come out."""

from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analysis.outcomes import shipped_codes
from analysis.registers.cells import as_dates, as_numbers
from analysis.registers.codes import look_up
from analysis.registers.read import read_dream, read_link, read_pay
from trial.errors import FileError, RegisterError

TABLE = look_up(shipped_codes())
DREAM = pd.DataFrame(
    {
        "pnr": ["0101", "0202", "0303"],
        "y_2052": [111.0, np.nan, 890.0],
        "y_2053": [np.nan, 121, 890],
        "y_2101": [np.nan] * 3,
    }
)
BFL = pd.DataFrame(
    {
        "pnr": ["0101", "0101", "0303"],
        "AJO_JOB_START_DATO": pd.to_datetime(["2021-01-04", "2021-01-20", "2021-02-01"]),
        "AJO_JOB_SLUT_DATO": pd.to_datetime(["2021-01-10", "2021-01-31", "2021-02-28"]),
        "AJO_LOENTIMER": [37.5, 20.25, 160.33],
    }
)
CODES = [[111, 0, 0], [0, 121, 0], [890, 890, 0]]


def as_text(frame, comma, day):
    text = frame.copy()
    for name in frame:
        if name.startswith("y_"):
            text[name] = [("" if np.isnan(cell) else f"{cell:.0f}") for cell in frame[name]]
        elif "DATO" in name:
            text[name] = frame[name].dt.strftime(day)
        elif name == "AJO_LOENTIMER":
            text[name] = [str(cell).replace(".", comma) for cell in frame[name]]
    return text


def write(folder, kind, capitals=False):
    for name, frame in (("dream", DREAM), ("bfl", BFL)):
        shown = frame.rename(columns=str.upper) if capitals else frame
        if kind == "parquet":
            pq.write_table(pa.Table.from_pandas(shown), folder / f"{name}.parquet")
        elif kind == "dta":
            shown.to_stata(folder / f"{name}.dta", write_index=False, version=118)
        else:
            delimiter, encoding, comma, day = kind
            text = as_text(frame, comma, day).rename(columns=str.upper if capitals else str)
            text.to_csv(folder / f"{name}.csv", sep=delimiter, encoding=encoding, index=False)
    return folder


KINDS = [
    "parquet",
    "dta",
    (";", "utf-8", ",", "%d-%m-%Y"),
    (";", "utf-8-sig", ",", "%d.%m.%Y"),
    (",", "cp1252", ".", "%Y-%m-%d"),
    ("\t", "latin-1", ",", "%d/%m/%Y"),
    ("|", "utf-8", ".", "%Y%m%d"),
]


@pytest.mark.parametrize("capitals", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_the_same_cells_from_every_format(tmp_path, kind, capitals):
    folder = write(tmp_path, kind, capitals)
    dream = read_dream(folder, TABLE)
    assert dream.pnr.tolist() == ["0101", "0202", "0303"]
    assert dream.codes.tolist() == CODES
    pay = read_pay(folder, np.array(["0303", "0101"], dtype=object))
    january = 2021 * 12 - pay.first_month
    assert np.allclose(pay.hours[:, january:], [[0, 160.33], [57.75, 0]], atol=1e-4)


def test_danish_letters_and_a_leading_zero_survive(tmp_path):
    (tmp_path / "link.csv").write_bytes("participant_id;pnr\nsørenæå;0012\n".encode("cp1252"))
    assert read_link(tmp_path).to_pylist() == [{"participant_id": "sørenæå", "pnr": "0012"}]


def test_a_cell_in_quotes_may_hold_the_delimiter(tmp_path):
    (tmp_path / "link.csv").write_text('participant_id,pnr\n"a,b",0012\n')
    assert read_link(tmp_path)["participant_id"].to_pylist() == ["a,b"]


def test_a_line_of_another_width_is_refused(tmp_path):
    (tmp_path / "link.csv").write_text("participant_id,pnr\na,1\nb,2,3\n")
    with pytest.raises(FileError, match="must have the columns of its first line"):
        read_link(tmp_path)


def test_an_empty_file_and_a_file_of_one_line(tmp_path):
    (tmp_path / "link.csv").write_text("")
    with pytest.raises(FileError, match="whole csv file"):
        read_link(tmp_path)
    (tmp_path / "link.csv").write_text("participant_id,pnr\n")
    assert read_link(tmp_path).num_rows == 0


@pytest.mark.parametrize("suffix", ["sas7bdat", "xpt", "dta"])
def test_something_else_under_the_name_of_a_format(tmp_path, suffix):
    (tmp_path / f"link.{suffix}").write_bytes(b"PK\x03\x04" + bytes(4000))
    with pytest.raises(FileError, match=f"whole {suffix} file"):
        read_link(tmp_path)


def test_two_files_of_one_register_are_no_choice(tmp_path):
    for suffix in ("csv", "dta"):
        (tmp_path / f"link.{suffix}").write_text("x")
    with pytest.raises(RegisterError, match="holds one file of link"):
        read_link(tmp_path)


@pytest.mark.parametrize("cell", ["1.234,5", "x", "1,,5", "12h"])
def test_a_number_is_never_guessed(cell):
    with pytest.raises(RegisterError, match="1 cells that do not"):
        as_numbers(pa.chunked_array([["1,5", cell]]), "bfl.csv: AJO_LOENTIMER")


@pytest.mark.parametrize("cell", ["2021-13-01", "31-02-2021", "yesterday", "", None, "3/4/21"])
def test_a_date_is_never_guessed(cell):
    with pytest.raises(RegisterError, match="1 cells that are not"):
        as_dates(pa.chunked_array([pa.array(["2021-03-01", cell])]), "bfl.csv: AJO_JOB_START_DATO")


def test_dates_with_a_time_of_day_are_days():
    cells = pa.chunked_array([pa.array([pd.Timestamp("2021-03-01 23:59")], pa.timestamp("us"))])
    assert as_dates(cells, "x").to_pylist() == [date(2021, 3, 1)]


def test_a_row_without_a_key_is_counted(tmp_path):
    (tmp_path / "link.csv").write_text("participant_id,pnr\na,1\nb,\n")
    with pytest.raises(RegisterError, match="1 rows without a key"):
        read_link(tmp_path)
