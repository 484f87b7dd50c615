"""Malformed DREAM files through the whole command: file, column, count and mend; nothing half-written."""

from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from analysis.cli import main
from analysis.registers.weeks import column_of, weeks_between

MONDAYS = weeks_between(date(2020, 11, 2), date(2021, 6, 28))
PERSONS = 900


def register():
    rng = np.random.default_rng(3)
    columns = {"pnr": [f"R{row:06d}" for row in range(PERSONS)]}
    for monday in MONDAYS:
        codes = rng.choice(np.array([0, 111, 890], dtype=np.int16), PERSONS)
        columns[column_of(monday)] = pa.array(codes, mask=codes == 0)
    return pa.table(columns)


def with_column(table, name, cells):
    return table.set_column(table.column_names.index(name), name, pa.array(cells))


def letters(table):
    codes = table["y_2101"].to_pylist()
    return with_column(table, "y_2101", ["A11", "1,1", *[None if code is None else str(code) for code in codes[2:]]])


def flipped(path):
    """A file whose last columns' pages are overwritten; its footer is whole."""
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 400] = b"\xff" * 400
    path.write_bytes(bytes(content))


CASES = {
    "an unknown column": (
        lambda table: table.append_column("salary", pa.array(range(PERSONS))),
        30, ["dream has the columns", "salary", "remove or rename"],
    ),
    "letters in codes": (letters, 30, ["y_2101", "2 cells", "one to three digits"]),
    "a code of five digits": (
        lambda table: with_column(table, "y_2101", pa.array([70_000] * PERSONS, pa.int32())),
        30, ["y_2101", "at most three digits"],
    ),
    "a fraction": (
        lambda table: with_column(table, "y_2101", [111.5, *[111.0] * (PERSONS - 1)]), 30, ["y_2101", "whole number"],
    ),
    "an undeclared code": (
        lambda table: with_column(table, "y_2101", pa.array([555] * PERSONS, pa.int16())),
        30, ["555 (900 weeks)", "protocols/codes/dream.csv"],
    ),
    "a person twice": (
        lambda table: pa.concat_tables([table, table.slice(3, 2)]), 30, ["one row in DREAM", "2 rows too many"],
    ),
    "a person twice, the next row": (
        lambda table: pa.concat_tables([table.slice(0, 5), table.slice(4)]), 30, ["1 rows too many"],
    ),
    "a row without a key": (
        lambda table: with_column(table, "pnr", [None, " ", *table["pnr"].to_pylist()[2:]]),
        30, ["pnr", "2 rows without a key"],
    ),
    "two weeks missing in the middle": (
        lambda table: table.drop_columns(["y_2101", "y_2102"]),
        30, ["2 week(s) missing between y_2053 and y_2103", "deliver every week once"],
    ),
    "a week the year does not have": (
        lambda table: table.rename_columns(["y_2153" if name == "y_2124" else name for name in table.column_names]),
        30, ["week 53 must exist in 2021", "y_2153"],
    ),
    "a week twice": (
        lambda table: table.append_column("Y_2101", table["y_2101"]), 30, ["each column once", "y_2101"],
    ),
    "no week at all": (lambda table: table.select(["pnr"]), 30, ["must have the column y_YYWW"]),
    "no key": (lambda table: table.drop_columns(["pnr"]), 30, ["must have the column pnr"]),
}  # fmt: skip


def refused(folder, out, status, words):
    run = CliRunner().invoke(main, ["registers", "spells", str(folder), "--out", str(out)])
    assert run.exit_code == status, run.output
    assert not run.stdout
    for word in ["dream.", "Mend: ", *words]:
        assert word in run.stderr
    assert "Traceback" not in run.output
    assert "R00000" not in run.output
    assert not out.exists() or list(out.iterdir()) == []


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_what_does_not_hold_is_told_and_nothing_is_written(tmp_path, case, suffix):
    spoil, status, words = CASES[case]
    table = spoil(register())
    if suffix == "parquet":
        pq.write_table(table, tmp_path / "dream.parquet", row_group_size=256)
    else:
        pa_csv.write_csv(table, tmp_path / "dream.csv")
        if case == "a fraction":
            words = ["y_2101", "1 cells"]
        elif case == "a code of five digits":
            words = ["y_2101", "900 cells"]
    refused(tmp_path, tmp_path / "out", status, words)


@pytest.mark.parametrize("size", [0, 1, 200, 0.5, 0.999])
def test_a_truncated_file(tmp_path, size):
    pq.write_table(register(), tmp_path / "dream.parquet")
    whole = (tmp_path / "dream.parquet").read_bytes()
    (tmp_path / "dream.parquet").write_bytes(whole[: int(size * len(whole)) if isinstance(size, float) else size])
    refused(tmp_path, tmp_path / "out", 11, ["whole parquet file", "cut short"])


def test_a_file_spoilt_in_the_middle(tmp_path):
    pq.write_table(register(), tmp_path / "dream.parquet")
    flipped(tmp_path / "dream.parquet")
    refused(tmp_path, tmp_path / "out", 11, ["whole parquet file", "copy the file anew"])


def test_a_csv_file_cut_in_a_line(tmp_path):
    pa_csv.write_csv(register(), tmp_path / "dream.csv")
    whole = (tmp_path / "dream.csv").read_bytes()
    (tmp_path / "dream.csv").write_bytes(whole[:-30])
    refused(tmp_path, tmp_path / "out", 11, ["columns of its first line"])


def test_nothing_at_all(tmp_path):
    refused(tmp_path, tmp_path / "out", 11, ["must hold dream.parquet"])


def test_what_was_there_before_stays(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "spells.parquet").write_text("of last month")
    pq.write_table(letters(register()), tmp_path / "dream.parquet")
    run = CliRunner().invoke(main, ["registers", "spells", str(tmp_path), "--out", str(tmp_path / "out")])
    assert run.exit_code == 30
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["spells.parquet"]
    assert (tmp_path / "out" / "spells.parquet").read_text() == "of last month"
