"""The statement follows from the numbers: each picture of the CONSORT figure has its conclusion."""

import pytest
from scipy import stats

from analysis.estimate.noninferiority import equivalence, non_inferiority
from analysis.estimate.result import Estimate, estimated
from trial.errors import PlanError


def effect(value: float, se: float, df: float | None = None) -> Estimate:
    return estimated(value, se**2, level=0.95, n={}, se_type="HC2", estimator="x", df=df)


@pytest.mark.parametrize(
    ("value", "se", "conclusion"),
    [(2.0, 0.5, "superior"), (0.0, 0.5, "non-inferior"), (-0.5, 0.2, "non-inferior-but-worse"),
     (-1.0, 0.5, "inconclusive"), (-3.0, 0.5, "inferior"), (5.0, 10.0, "inconclusive")],
)  # fmt: skip
@pytest.mark.parametrize("higher_is_better", [True, False])
def test_conclusions_from_best_to_worst(value: float, se: float, conclusion: str, higher_is_better: bool) -> None:
    sign = 1 if higher_is_better else -1
    said = non_inferiority(effect(sign * value, se), margin=1.5, higher_is_better=higher_is_better, level=0.95)
    assert said.conclusion == conclusion
    assert said.limit == -sign * 1.5
    assert said.bound == pytest.approx(sign * (value - 1.6448536 * se))


def test_bound_and_p_agree_at_every_level() -> None:
    estimate = effect(-0.7, 0.45, df=40)
    p = stats.t.sf((-0.7 + 1.5) / 0.45, 40)
    for level in (0.9, 0.95, 1 - p - 1e-6, 1 - p + 1e-6, 0.975, 0.99):
        said = non_inferiority(estimate, margin=1.5, higher_is_better=True, level=level)
        assert said.p == pytest.approx(p)
        assert (said.bound > -1.5) == (said.p < 1 - level)
        assert (said.conclusion == "non-inferior") == (said.p < 1 - level)


@pytest.mark.parametrize(("value", "equivalent"), [(0.0, True), (0.9, False), (-0.9, False), (3.0, False)])
def test_equivalence_is_two_one_sided_tests(value: float, equivalent: bool) -> None:
    said = equivalence(effect(value, 0.5), margin=1.5, level=0.95)
    assert said.equivalent is equivalent
    assert (said.p < 0.05) is equivalent
    assert said.high - said.low == pytest.approx(2 * 1.6448536 * 0.5)


def test_a_margin_must_be_above_zero() -> None:
    for margin in (0.0, -1.0):
        with pytest.raises(PlanError, match="margin"):
            non_inferiority(effect(0, 1), margin=margin, higher_is_better=True, level=0.95)
    with pytest.raises(PlanError, match="level"):
        equivalence(effect(0, 1), margin=1.0, level=0.05)
