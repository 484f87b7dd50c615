"""Two-stage saturation: planted direct and spillover effects, cluster arithmetic, and what cannot be shown."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from analysis.estimate.result import Estimate, NotEstimable
from analysis.estimate.spillovers import CANNOT_SHOW, SaturationEffects, saturation_effects


def saturated(seed: int, centres: int = 40, size: int = 30) -> dict[str, np.ndarray]:
    """Direct effect 1 at every share; the untreated lose 2 for each unit of the share treated around them."""
    rng = np.random.default_rng(seed)
    share = np.repeat(rng.permutation(np.tile([0.0, 0.25, 0.5, 0.75], centres // 4)), size)
    centre = np.repeat(np.arange(centres), size)
    z = np.concatenate([rng.permutation(size) < round(size * own) for own in share[::size]])
    y = rng.normal(size=centres)[centre] + rng.normal(size=centres * size) + z - 2 * share
    return {"y": y, "treated": z, "jobcentre": centre, "saturation": share}


def effects(trial: dict[str, Any]) -> tuple[SaturationEffects, ...]:
    found = saturation_effects(**trial, level=0.95)
    assert not isinstance(found, NotEstimable)
    return found


def test_planted_effects_are_covered() -> None:
    """600 trials of 40 jobcentres: each interval holds its planted effect in 92.5 to 97.5 %."""
    inside = {(share, name): 0 for share in (0.25, 0.5, 0.75) for name in ("direct", "spillover", "total", "overall")}
    for seed in range(600):
        for found in effects(saturated(seed)):
            z_share = round(30 * found.saturation) / 30
            truth = {"direct": 1.0, "spillover": -2 * found.saturation, "total": 1 - 2 * found.saturation,
                     "overall": z_share - 2 * found.saturation}  # fmt: skip
            for name, value in truth.items():
                result = getattr(found, name)
                assert isinstance(result, Estimate)
                inside[(found.saturation, name)] += result.ci_low <= value <= result.ci_high
    for key, number in inside.items():
        assert 0.925 <= number / 600 <= 0.975, key


def test_with_equal_jobcentres_it_is_the_t_test_of_their_means() -> None:
    trial = saturated(1)
    centres, share = trial["jobcentre"].reshape(40, 30)[:, 0], trial["saturation"].reshape(40, 30)[:, 0]
    assert len(set(centres)) == 40
    means = {own: trial["y"].reshape(40, 30).mean(axis=1)[share == own] for own in (0.0, 0.5)}
    oracle = stats.ttest_ind(means[0.5], means[0.0], equal_var=False)
    result = effects(trial)[1].overall
    assert isinstance(result, Estimate)
    assert result.value / result.se == pytest.approx(oracle.statistic)
    assert result.p == pytest.approx(oracle.pvalue)
    assert (result.ci_low, result.ci_high) == pytest.approx(tuple(oracle.confidence_interval()))


def test_individual_randomisation_alone_cannot_show_displacement() -> None:
    trial = saturated(2)
    trial["saturation"] = np.full(1200, 0.5)
    found = saturation_effects(**trial, level=0.95)
    assert found == NotEstimable(CANNOT_SHOW, "saturation")


def test_without_untouched_jobcentres_only_direct_effects_remain() -> None:
    trial = saturated(3)
    keep = trial["saturation"] > 0
    for found in effects({name: values[keep] for name, values in trial.items()}):
        assert isinstance(found.direct, Estimate)
        assert isinstance(found.spillover, NotEstimable)
        assert "saturation 0" in found.spillover.reason


def test_a_jobcentre_with_two_shares_or_alone_has_its_reason() -> None:
    trial = saturated(4)
    mixed = {**trial, "saturation": np.where(np.arange(1200) == 0, 0.33, trial["saturation"])}
    assert isinstance(saturation_effects(**mixed, level=0.95), NotEstimable)
    few = saturated(5, centres=4)
    for found in effects(few):
        assert isinstance(found.direct, NotEstimable)
        assert "fewer than 2 jobcentres" in found.direct.reason
