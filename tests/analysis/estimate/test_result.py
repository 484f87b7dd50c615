"""A result is a number with its uncertainty, or a reason: the constructor holds that."""

import math

import pytest

from analysis.estimate.result import DegenerateError, Estimate, NotEstimable, estimated, estimator
from trial.errors import PlanError

GOOD = {"value": 1.0, "se": 0.5, "ci_low": 0.0, "ci_high": 2.0, "p": 0.05, "level": 0.95, "n": {"a": 3, "b": 4},
        "se_type": "HC2", "estimator": "x"}  # fmt: skip


@pytest.mark.parametrize(
    "bad",
    [{"value": math.nan}, {"se": math.nan}, {"se": 0.0}, {"se": -1.0}, {"ci_low": -math.inf}, {"ci_high": math.nan},
     {"p": math.nan}, {"p": 1.5}, {"level": 1.0}, {"ci_low": 1.5}, {"extra": {"f": math.inf}}],
)  # fmt: skip
def test_an_estimate_refuses_what_is_no_number_with_uncertainty(bad: dict[str, object]) -> None:
    Estimate(**GOOD)
    with pytest.raises(PlanError) as caught:
        Estimate(**{**GOOD, **bad})
    assert caught.value.stable_code == "estimate-number"


def test_interval_and_p_of_the_normal_and_the_t() -> None:
    normal = estimated(1.96, 1.0, level=0.95, n={}, se_type="HC2", estimator="x")
    assert normal.p == pytest.approx(0.04999579, abs=1e-8)  # 2 (1 - Phi(1.96))
    assert normal.ci_low == pytest.approx(1.96 - 1.959963985, abs=1e-9)
    student = estimated(2.0, 1.0, level=0.95, n={}, se_type="HC2", estimator="x", df=10)
    assert student.p == pytest.approx(0.07338803, abs=1e-8)  # R: 2 * pt(-2, 10)
    assert student.ci_high == pytest.approx(2 + 2.228138852, abs=1e-9)  # R: qt(.975, 10)


@pytest.mark.parametrize("variance", [0.0, -1.0, math.nan, math.inf])
def test_without_a_variance_there_is_no_estimate(variance: float) -> None:
    with pytest.raises(DegenerateError):
        estimated(1.0, variance, level=0.95, n={}, se_type="HC2", estimator="x")


def test_degenerate_data_become_not_estimable_with_their_reason() -> None:
    @estimator("nobody")
    def fails() -> Estimate:
        raise DegenerateError("nobody came")

    assert fails() == NotEstimable("nobody came", "nobody")
