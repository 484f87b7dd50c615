"""DREAM in long form gives the same follow-up as the wide file it was made from."""

from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analysis.outcomes import analysis_set, shipped_codes
from analysis.registers.codes import look_up
from analysis.registers.long import week_named
from analysis.registers.read import read_dream
from analysis.registers.weeks import is_week_column
from trial.errors import RegisterError

TABLE = look_up(shipped_codes())
NOBODY = pd.DataFrame({"participant_id": [], "held_mode": []}).astype(str)


def long(folder, **columns):
    pq.write_table(pa.table(columns), folder / "dream_long.parquet")
    return folder


def test_wide_and_long_give_one_analysis_set(assignments, registers, protocol, tmp_path):
    wide = pq.read_table(registers / "dream.parquet").to_pandas()
    weeks = [name for name in wide if is_week_column(name)]
    rows = wide.melt("pnr", weeks, "week", "code").dropna().sample(frac=1, random_state=1)
    rows["code"] = rows["code"].astype("int16")
    rows.to_csv(tmp_path / "dream_long.csv", sep=";", index=False)
    for name in ("bfl", "link"):
        (tmp_path / f"{name}.parquet").write_bytes((registers / f"{name}.parquet").read_bytes())
    found = analysis_set(assignments, NOBODY, tmp_path, protocol)
    expected = analysis_set(assignments, NOBODY, registers, protocol)
    pd.testing.assert_frame_equal(found.frame, expected.frame)


@pytest.mark.parametrize("name", ["y_2053", "2020-W53", "2020W53", "202053"])
def test_a_week_in_four_spellings(name):
    assert week_named(name, "x") == date(2020, 12, 28)


@pytest.mark.parametrize("name", ["2021-W53", "202100", "53/2020", "y_2153", ""])
def test_a_week_that_is_none(name):
    with pytest.raises(RegisterError):
        week_named(name, "dream_long.csv")


def test_only_the_persons_and_weeks_asked_for(tmp_path):
    folder = long(tmp_path, pnr=["R1", "R2", "R1"], week=["202052", "202053", "202053"], code=[111, 890, 121])
    read = read_dream(folder, TABLE, np.array(["R1"], dtype=object), since=date(2020, 12, 28))
    assert (read.pnr.tolist(), read.codes.tolist(), read.mondays) == (["R1"], [[121]], (date(2020, 12, 28),))


def test_a_person_with_two_codes_in_a_week(tmp_path):
    folder = long(tmp_path, pnr=["R1", "R1"], week=["202052", "2020-W52"], code=[111, 890])
    with pytest.raises(RegisterError, match="1 rows too many"):
        read_dream(folder, TABLE)


def test_a_hole_in_the_delivery(tmp_path):
    folder = long(tmp_path, pnr=["R1", "R1"], week=["202052", "202102"], code=[111, 890])
    with pytest.raises(RegisterError, match=r"2 week\(s\) missing between y_2052 and y_2102"):
        read_dream(folder, TABLE)
