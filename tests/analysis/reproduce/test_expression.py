"""The expression language: what it can say, what it refuses, and the 8-bit trap."""

import math

import causaldata
import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm

from analysis.reproduce.expression import derive, keep, to_floats
from trial.errors import ReproductionError

PEOPLE = to_floats(pl.DataFrame({"age": [17, None, 55], "city": ["c", "b", "b"], "wage": [0.0, 10.0, 20.0]}))


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        ("POW(age, 2)", [289, None, 3025]),
        ("age < 18", [1, None, 0]),
        ("CASE WHEN wage > 0 THEN LN(wage) END", [None, math.log(10), math.log(20)]),
        ("city = 'b' AND wage BETWEEN 5 AND 15", [0, 1, 0]),
        ("COALESCE(age, 0)", [17, 0, 55]),
        ("age IS NULL", [0, 1, 0]),
        ("city IN ('a', 'c')", [1, 0, 0]),
        ("wage - AVG(wage)", [-10, 0, 10]),
        ("LAG(wage) OVER (PARTITION BY city ORDER BY wage)", [None, None, 10]),
    ],
)
def test_says(expression, values):
    assert derive(PEOPLE, "x", expression)["x"].to_list() == values


@pytest.mark.parametrize(
    "expression",
    [
        "__import__('os').system('true')",
        "age.__class__",
        "@pd.io.common",
        "read_csv('/etc/passwd')",
        "(SELECT 1)",
        "1 FROM t; DROP TABLE t",
        "age, wage",
        "open",
        "no_such_column + 1",
        "CAST(city AS DOUBLE)",
        "",
        "LN(wage)",
        "1 / wage",
    ],
)
def test_refuses(expression):
    with pytest.raises(ReproductionError) as refused:
        derive(PEOPLE, "x", expression)
    assert refused.value.stable_code == "replication-expression"


def test_a_filter_keeps_only_what_is_true():
    assert keep(PEOPLE, "age > 18").height == 1
    with pytest.raises(ReproductionError):
        keep(PEOPLE, "age + 1")


def test_8_bit_ages_do_not_wrap_around():
    """The published 1672 (638) needs age squared in floats; squared as loaded it would be 1680.6 (638.5)."""
    loaded = causaldata.nsw_mixtape.load_pandas().data
    covariates = ["age", "age2", "educ", "nodegree", "black", "hisp", "re74", "re75"]

    def adjusted(age2):
        frame = loaded.drop(columns="data_id").assign(age2=age2).astype(float)
        fit = sm.OLS(frame["re78"], sm.add_constant(frame[["treat", *covariates]])).fit()
        return round(fit.params["treat"], 1), round(fit.bse["treat"], 1)

    assert loaded["age"].dtype == np.int8
    assert adjusted(loaded["age"] ** 2) == (1680.6, 638.5)
    ours = derive(to_floats(pl.from_pandas(loaded)), "age2", "age * age")
    assert adjusted(ours["age2"].to_numpy()) == (1672.2, 638.4)
    assert ours["age2"].max() == 55**2
