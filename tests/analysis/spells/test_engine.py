"""One register, many ways through the engine: blocks, threads, formats and types change nothing."""

from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from analysis.outcomes import shipped_codes
from analysis.outcomes.national import spells_task
from analysis.registers.codes import look_up
from analysis.registers.weeks import column_of, week_months, weeks_between
from analysis.spells.engine import through
from analysis.spells.kernel import PayOfMonths
from analysis.spells.table import find_spells, spells_of
from analysis.spells.write import write_spells
from trial.errors import RegisterError

TABLE = look_up(shipped_codes())
MONDAYS = weeks_between(date(2020, 11, 2), date(2021, 12, 27))
PERSONS = 1003  # no multiple of four, of the threads or of the blocks


@pytest.fixture(scope="module")
def codes():
    rng = np.random.default_rng(8)
    kinds = np.array([0, 111, 121, 890, 999], dtype=np.int16)
    codes = rng.choice(kinds, (PERSONS, len(MONDAYS)), p=[0.5, 0.4, 0.04, 0.05, 0.01])
    stay = rng.random(codes.shape) < 0.8
    for week in range(1, len(MONDAYS)):
        codes[:, week] = np.where(stay[:, week], codes[:, week - 1], codes[:, week])
    return codes


@pytest.fixture(scope="module")
def grades():
    """Employment ratios of three months; the others are not in the file."""
    return np.random.default_rng(9).choice([0.0, np.nan, 0.4], (PERSONS, 3))


@pytest.fixture(scope="module")
def wide(codes, grades):
    columns = {"pnr": [f"R{person:06d}" for person in range(PERSONS)]}
    columns |= {
        column_of(monday): pa.array(codes[:, at], mask=codes[:, at] == 0) for at, monday in enumerate(MONDAYS)
    }
    names = ("grad_2021_02", "grad_2020_12", "grad_2021_01")
    return pa.table(columns | {name: pa.array(grades[:, at], from_pandas=True) for at, name in enumerate(names)})


@pytest.fixture(scope="module")
def expected(codes, grades):
    order = {2020 * 12 + 11: 1, 2021 * 12: 2, 2021 * 12 + 1: 0}
    rows = {month: at for at, month in enumerate(sorted(order))}
    pay = np.stack([np.nan_to_num(grades[:, order[month]]) > 0 for month in sorted(order)]).astype(np.uint8)
    month = np.array([rows.get(month, -1) for month in week_months(MONDAYS)])
    return find_spells(list(codes.T), TABLE, PayOfMonths(month, pay))


def deliver(folder, table, kind, row_group=400):
    folder.mkdir(exist_ok=True)
    if kind == "csv":
        pa_csv.write_csv(table, folder / "dream.csv")
    else:
        if kind == "texts":
            table = table.cast(pa.schema([(name, pa.string()) for name in table.column_names]))
            for at, name in enumerate(table.column_names):
                if name.startswith("grad"):  # as Danish programs write numbers
                    table = table.set_column(at, name, pc.replace_substring(table[name], ".", ","))
        pq.write_table(table, folder / "dream.parquet", row_group_size=row_group)
    return folder


def spelled(folder, table, out):
    return write_spells(folder, spells_task(folder, table), out)


def joined(folder, threads, block):
    keys, rows = [], []
    for at, spells in through(folder, lambda block: (block, spells_of(block.runs, TABLE, block.pay)), threads, block):
        keys += at.pnr.take(pa.array(spells.row)).to_pylist()
        rows += list(zip(spells.start, spells.end, spells.exit, spells.cause, spells.truncated, strict=True))
    return keys, rows


@pytest.mark.parametrize("kind", ["numbers", "texts", "csv"])
@pytest.mark.parametrize("cut", [(1, 10_000), (2, 400), (3, 900)])
def test_blocks_threads_formats_and_types_change_nothing(tmp_path, wide, expected, kind, cut):
    threads, block = cut
    keys, rows = joined(deliver(tmp_path, wide, kind), threads, block)
    assert keys == [f"R{person:06d}" for person in expected.row]
    assert rows == list(
        zip(expected.start, expected.end, expected.exit, expected.cause, expected.truncated, strict=True)
    )
    assert len(rows) > 2500


def test_fewer_persons_than_threads(tmp_path, wide):
    keys, _ = joined(deliver(tmp_path, wide.slice(0, 2), "numbers"), 3, 100)
    assert set(keys) <= {"R000000", "R000001"}


def test_spells_are_written_with_dates_and_names(tmp_path, wide, expected):
    census = spelled(deliver(tmp_path / "in", wide, "numbers"), TABLE, tmp_path / "out")
    written = pq.read_table(tmp_path / "out" / "spells.parquet").to_pandas()
    assert census.spells == len(written) == len(expected)
    assert (census.persons, census.first_week, census.last_week) == (PERSONS, "y_2045", "y_2152")
    assert written["start_on"].tolist() == [MONDAYS[week] for week in expected.start]
    assert written["exit_on"].isna().sum() == (expected.cause == 0).sum() == census.causes["censored"]
    assert (written["exit_on"].dropna() > written["end_on"][written["exit_on"].notna()]).all()
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"spells.parquet"}


def test_an_unknown_code_leaves_nothing_behind(tmp_path, wide):
    at = wide.column_names.index("y_2101")
    odd = wide.set_column(at, "y_2101", pa.array([555] * 3 + [None] * (PERSONS - 3), pa.int16()))
    with pytest.raises(RegisterError, match=r"555 \(3 weeks\)"):
        spelled(deliver(tmp_path / "in", odd, "numbers"), TABLE, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []
    mapped = look_up(shipped_codes(), unknown_as="sickness")
    assert spelled(tmp_path / "in", mapped, None).persons == PERSONS
    assert list((tmp_path / "out").iterdir()) == []
