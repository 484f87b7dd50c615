"""Malformed registers: each gets its error, with file, column and count; nothing of a person in it."""

import shutil
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analysis.outcomes import shipped_codes
from analysis.registers.check import check_registers
from analysis.registers.codes import look_up
from analysis.registers.read import read_dream, read_link, read_pay
from trial.errors import FileError, RegisterError

TABLE = look_up(shipped_codes())


def dream(folder, **columns):
    pq.write_table(pa.table({"pnr": ["R1", "R2", "R3"], **columns}), folder / "dream.parquet")
    return folder


def test_texts_numbers_and_empty_cells_in_any_order_of_columns(tmp_path):
    small = pa.array([None, 890, 121], pa.int16())
    folder = dream(tmp_path, y_2101=["111", "", None], y_2053=small, y_2052=[0, 0, 999])
    read = read_dream(folder, TABLE)
    assert read.mondays == (date(2020, 12, 21), date(2020, 12, 28), date(2021, 1, 4))
    assert read.codes.tolist() == [[0, 0, 111], [0, 890, 0], [999, 121, 0]]


def test_only_the_persons_and_weeks_asked_for(tmp_path):
    folder = dream(tmp_path, y_2052=[1, 2, 111], y_2053=[111, 111, 890])
    read = read_dream(folder, TABLE, np.array(["R3", "R9"], dtype=object), since=date(2020, 12, 28))
    assert (read.pnr.tolist(), read.codes.tolist()) == (["R3"], [[890]])


def test_two_weeks_missing_in_the_middle(tmp_path):
    with pytest.raises(RegisterError, match=r"2 week\(s\) missing between y_2052 and y_2102"):
        read_dream(dream(tmp_path, y_2052=[0, 0, 0], y_2102=[0, 0, 0]), TABLE)


def test_a_missing_week_53_is_a_missing_week(tmp_path):
    with pytest.raises(RegisterError, match=r"1 week\(s\) missing between y_2052 and y_2101"):
        read_dream(dream(tmp_path, y_2052=[0, 0, 0], y_2101=[0, 0, 0]), TABLE)


def test_letters_in_codes(tmp_path):
    with pytest.raises(RegisterError) as caught:
        read_dream(dream(tmp_path, y_2052=["111", "A11", "1,1"]), TABLE)
    assert "y_2052" in caught.value.where
    assert "2 cells" in str(caught.value)


def test_fractions_in_codes(tmp_path):
    with pytest.raises(RegisterError, match="whole number of at most three digits"):
        read_dream(dream(tmp_path, y_2052=[111.0, 111.5, None]), TABLE)


def test_unknown_code_is_counted(tmp_path):
    with pytest.raises(RegisterError, match=r"555 \(2 cells\)"):
        read_dream(dream(tmp_path, y_2052=[555, 555, 111]), TABLE)


def test_a_person_twice(tmp_path):
    pq.write_table(pa.table({"pnr": ["R1", "R1", "R2"], "y_2052": [0, 0, 0]}), tmp_path / "dream.parquet")
    with pytest.raises(RegisterError) as caught:
        read_dream(tmp_path, TABLE)
    assert "1 rows too many" in str(caught.value)
    assert "R1" not in str(caught.value)


def test_a_column_nobody_declared_and_one_that_is_missing(tmp_path):
    with pytest.raises(RegisterError) as caught:
        pq.write_table(pa.table({"person": ["R1"], "y_2052": [0]}), tmp_path / "dream.parquet")
        read_dream(tmp_path, TABLE)
    assert {problem.found for problem in caught.value.problems()} == {"no such column", "person"}


@pytest.mark.parametrize("size", [0, 1, 100, 5000])
def test_truncated_and_empty_files(registers, tmp_path, size):
    (tmp_path / "dream.parquet").write_bytes((registers / "dream.parquet").read_bytes()[:size])
    with pytest.raises(FileError, match="whole parquet file"):
        read_dream(tmp_path, TABLE)


def test_a_missing_file(tmp_path):
    with pytest.raises(FileError, match=r"must hold dream.parquet"):
        read_dream(tmp_path, TABLE)


def test_a_key_belongs_to_one_participant_and_a_participant_may_have_two(tmp_path):
    rows = {"participant_id": ["p1", "p1", "p3"], "pnr": ["R1", "R2", "R3"]}
    pq.write_table(pa.table(rows), tmp_path / "link.parquet")
    assert read_link(tmp_path).num_rows == 3
    rows["pnr"][1] = "R3"
    pq.write_table(pa.table(rows), tmp_path / "link.parquet")
    with pytest.raises(RegisterError, match="each pnr stands once"):
        read_link(tmp_path)


def test_hours_of_all_jobs_of_a_month_are_added(tmp_path):
    rows = pd.DataFrame(
        {
            "PNR": ["R1", "R1", "R2", "R1"],
            "ajo_job_start_dato": [date(2021, 3, 1), date(2021, 3, 20), date(2021, 3, 1), date(2021, 5, 1)],
            "AJO_JOB_SLUT_DATO": [date(2021, 3, 19), date(2021, 3, 31), date(2021, 3, 1), date(2021, 5, 2)],
            "AJO_LOENTIMER": [80.0, 37.5, 3.0, 1.0],
        }
    )
    pq.write_table(pa.Table.from_pandas(rows), tmp_path / "bfl.parquet", row_group_size=2)
    pay = read_pay(tmp_path, np.array(["R3", "R1"], dtype=object))
    march = 2021 * 12 + 2 - pay.first_month
    assert pay.hours.shape == (2, march + 3)
    assert pay.hours[1, march:].tolist() == [117.5, 0, 1]
    assert not pay.hours[0].any()


def test_a_value_outside_its_range_is_counted(registers, tmp_path):
    for path in registers.glob("*.parquet"):
        shutil.copy(path, tmp_path)
    rows = pq.read_table(tmp_path / "background.parquet").to_pandas()
    rows.loc[:4, "birth_year"] = 2190
    rows.to_parquet(tmp_path / "background.parquet")
    with pytest.raises(RegisterError, match=r"birth_year must lie between 1900 and 2010; found 5 rows"):
        check_registers(tmp_path, shipped_codes())
