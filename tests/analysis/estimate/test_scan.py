"""One pass over a file gives what tabulating its rows gives, bit for bit, in any order, on any number of threads."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analysis.estimate.cells import Cells, tabulate
from analysis.estimate.counts import Counts, count
from analysis.estimate.covariates import lin
from analysis.estimate.cox import cox
from analysis.estimate.instrument import two_stage
from analysis.estimate.regression import strata_regression
from analysis.estimate.result import DegenerateError, Estimate
from analysis.estimate.scan import Columns, scan_cells, scan_counts
from trial.errors import FileError

Written = Callable[[pd.DataFrame], Path]


@pytest.fixture(name="written")
def _written(tmp_path: Path) -> Written:
    def write(frame: pd.DataFrame) -> Path:
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.parquet"
        pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), path, row_group_size=150)
        return path

    return write


def trial(seed: int = 1, size: int = 700) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    stratum = rng.integers(0, 9, size)
    return pd.DataFrame({
        "y": rng.integers(0, 53, size).astype(np.int8), "z": rng.integers(0, 3, size).astype(np.int8),
        "d": rng.integers(0, 7, size).astype(np.int16), "s": stratum.astype(np.int16), "c": stratum // 2,
        "t": rng.integers(1, 30, size).astype(np.int16), "e": rng.integers(0, 3, size).astype(np.int8),
    })  # fmt: skip


def same(one: Cells, other: Cells) -> None:
    for name in ("n", "y", "yy", "d", "dd", "dy", "treated"):
        assert getattr(one, name).tolist() == getattr(other, name).tolist(), name
    assert one.centre == other.centre
    assert [one.strata[code] for code in one.stratum] == [other.strata[code] for code in other.stratum]


def test_cells_are_those_of_the_rows(written: Written) -> None:
    frame = trial()
    two = frame[frame["z"] != 2]
    for columns, options in (
        (Columns("z", "s"), {}),
        (Columns("z", "s", dose="d", cluster="c"), {"dose": two["d"], "cluster": two["c"]}),
    ):
        scanned = scan_cells(written(frame), "y", columns)
        same(scanned, tabulate(two["y"], two["z"] == 1, two["s"], arms=("0", "1"), **options))
        assert scanned.arms == ("0", "1")


def test_arms_and_strata_may_be_words(written: Written) -> None:
    frame = trial()
    words = frame.assign(z=frame["z"].map({0: "physical", 1: "digital", 2: "video"}), s="0" + frame["s"].astype(str))
    scanned = scan_cells(written(words), "y", Columns("z", "s", of="digital", against="physical"))
    two = words[words["z"] != "video"]
    same(scanned, tabulate(two["y"], two["z"] == "digital", two["s"], arms=("physical", "digital")))


def test_fractions_are_tabulated_in_order(written: Written) -> None:
    frame = trial().assign(y=lambda own: own["y"] / 7)
    scanned = scan_cells(written(frame), "y", Columns("z", "s"))
    two = frame[frame["z"] != 2]
    same(scanned, tabulate(two["y"], two["z"] == 1, two["s"], arms=("0", "1")))


def test_the_same_bits_in_any_order_and_on_any_number_of_threads(written: Written) -> None:
    frame = trial(size=3000)
    reference = scan_cells(written(frame), "y", Columns("z", "s", dose="d"), threads=1)
    counts = scan_counts(written(frame), "t", "e", Columns("z", "s"), threads=1)
    for seed in range(3):
        path = written(frame.sample(frac=1, random_state=seed))
        same(scan_cells(path, "y", Columns("z", "s", dose="d"), threads=1 + seed), reference)
        again = scan_counts(path, "t", "e", Columns("z", "s"), threads=1 + seed)
        assert again.table.tobytes() == counts.table.tobytes()


def test_counts_are_those_of_the_rows(written: Written) -> None:
    frame = trial()
    two = frame[frame["z"] != 2]
    scanned = scan_counts(written(frame), "t", "e", Columns("z", "s"))
    direct = count(two["t"], two["e"], two["z"] == 1, two["s"], arms=("0", "1"))
    assert scanned.table.tolist() == direct.table.tolist()


def test_golden_values_from_the_file(shared_data: Path) -> None:
    path = shared_data / "golden" / "trial_100000.parquet"
    itt = strata_regression(scan_cells(path, "y", Columns("z", "strata")), se_type="HC2", level=0.95)
    dose = two_stage(scan_cells(path, "y", Columns("z", "strata", dose="d")), se_type="HC1", level=0.95)
    hazard = cox(scan_counts(path, "t", "e", Columns("z", "strata")), level=0.95)
    for result, value, se in ((itt, 1.28772293, 0.16788321), (dose, 2.15077862, 0.28028316),
                              (hazard, 0.06900455, 0.00680061)):  # fmt: skip
        assert isinstance(result, Estimate)
        assert (result.value, result.se) == (pytest.approx(value, abs=5e-9), pytest.approx(se, abs=5e-9))


def test_lin_has_the_same_bits_on_any_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = trial(size=2000)
    own = frame[frame["z"] != 2]
    arguments = (own["y"], own["z"], own["s"], own[["d", "t"]])
    many = lin(*arguments, names=["d", "t"], se_type="HC2", level=0.95)
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    assert lin(*arguments, names=["d", "t"], se_type="HC2", level=0.95) == many


@pytest.mark.parametrize("column", ["y", "s", "z"])
def test_a_missing_value_is_counted_by_name(written: Written, column: str) -> None:
    frame = trial().astype({column: "float"})
    frame.loc[:2, column] = np.nan
    frame[column] = frame[column].astype("Int16")
    with pytest.raises(DegenerateError, match=f"3 citizens have no {column}"):
        scan_cells(written(frame), "y", Columns("z", "s"))


def test_no_file_no_column_no_citizen(written: Written, tmp_path: Path) -> None:
    with pytest.raises(FileError):
        scan_cells(tmp_path / "absent.parquet", "y", Columns("z", "s"))
    with pytest.raises(FileError):
        scan_cells(written(trial()), "income", Columns("z", "s"))
    for frame in (trial().head(0), trial().assign(z=9)):
        with pytest.raises(DegenerateError):
            scan_cells(written(frame), "y", Columns("z", "s"))
        with pytest.raises(DegenerateError):
            scan_counts(written(frame), "t", "e", Columns("z", "s"))
    with pytest.raises(DegenerateError, match="whole numbers"):
        scan_counts(written(trial().assign(t=1.5)), "t", "e", Columns("z", "s"))


def test_a_counts_table_is_a_counts_table(written: Written) -> None:
    assert isinstance(scan_counts(written(trial()), "t", "e", Columns("z", "s")), Counts)
