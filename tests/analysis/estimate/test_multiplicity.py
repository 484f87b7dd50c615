"""Adjusted p-values against statsmodels and definitions, boundaries against printed tables, size by simulation."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from analysis.estimate.monitoring import AnytimeInterval, boundaries, confidence_sequence, spend
from analysis.estimate.multiplicity import (
    benjamini_hochberg,
    benjamini_yekutieli,
    holm,
    replay_p_values,
    romano_wolf,
    sharpened,
    westfall_young,
)
from analysis.estimate.result import DegenerateError


@pytest.mark.parametrize("seed", range(12))
def test_statsmodels_gives_the_same(seed: int) -> None:
    """Families of one to twelve, with ties, zeros and ones among them."""
    rng = np.random.default_rng(seed)
    p = [*np.round(rng.random(seed + 1) ** 3, 3), *([0.0, 1.0, 1.0] if seed % 3 == 0 else [])]
    for adjust, name in ((holm, "holm"), (benjamini_hochberg, "fdr_bh"), (benjamini_yekutieli, "fdr_by")):
        assert adjust(p) == pytest.approx(multipletests(p, method=name)[1], abs=1e-12)


@given(st.lists(st.floats(0.0001, 1), min_size=2, max_size=12), st.sampled_from([0.01, 0.05, 0.1, 0.2]))
@settings(max_examples=30, deadline=None)
def test_sharpened_values_claim_what_the_two_stages_claim(p: list[float], level: float) -> None:
    """The two stages written out at one level (Benjamini, Krieger & Yekutieli 2006, definition 6)."""
    size, ranked = len(p), np.sort(p)

    def claims(at: float) -> int:
        return max((rank for rank in range(1, size + 1) if ranked[rank - 1] <= at * rank / size), default=0)

    first = claims(level / (1 + level))
    second = size if first == size else claims(level / (1 + level) * size / (size - first)) if first else 0
    assert (sharpened(p, step=0.0005) <= level + 1e-9).sum() >= second


def test_anderson_2008_ranks() -> None:
    """One p-value of .001 among three: claimed at the smallest step that admits it."""
    found = sharpened([0.001, 0.5, 0.9])
    assert found[0] == pytest.approx(0.004)
    assert found[1] > 0.5


def step_down(own: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Romano & Wolf (2005), algorithm 4.1: the largest statistic of those not yet claimed, one after the other."""
    order = list(np.argsort(-own, kind="stable"))
    found = np.zeros(len(own))
    highest = 0.0
    for place, test in enumerate(order):
        p = (1 + (drawn[:, order[place:]].max(axis=1) >= own[test]).sum()) / (1 + len(drawn))
        highest = max(highest, p)
        found[test] = highest
    return found


def test_romano_wolf_is_its_algorithm_and_westfall_young_its_twin() -> None:
    rng = np.random.default_rng(1)
    own, drawn = np.abs(rng.normal(1, 1, 6)), np.abs(rng.normal(size=(500, 6)))
    assert romano_wolf(own, drawn) == pytest.approx(step_down(own, drawn))
    p = np.array([(1 + (drawn[:, test] >= own[test]).sum()) / 501 for test in range(6)])
    adjusted = westfall_young(p, replay_p_values(drawn))
    assert (adjusted >= p - 1e-12).all()
    assert adjusted == pytest.approx(romano_wolf(own, drawn), abs=0.06)


def test_tests_that_say_the_same_cost_nothing() -> None:
    rng = np.random.default_rng(2)
    one = rng.normal(size=2000)
    same = np.column_stack([one] * 5)
    adjusted = romano_wolf([2.2] * 5, same)
    alone = (1 + (np.abs(one) >= 2.2).sum()) / 2001
    assert adjusted == pytest.approx([alone] * 5)
    assert holm([alone] * 5) == pytest.approx([5 * alone] * 5)


def test_the_family_wise_error_is_kept() -> None:
    rng = np.random.default_rng(3)
    wrong = sum((romano_wolf(rng.normal(size=6), rng.normal(size=(199, 6))) <= 0.05).any() for _ in range(2000))
    assert 0.035 <= wrong / 2000 <= 0.065


@pytest.mark.parametrize("p", [[], [0.5, 1.2], [-0.1], [float("nan")]])
def test_what_is_no_family_is_refused(p: list[float]) -> None:
    for adjust in (holm, benjamini_hochberg, sharpened):
        with pytest.raises(DegenerateError):
            adjust(p)
    with pytest.raises(DegenerateError):
        romano_wolf(p, np.zeros((0, len(p))))


# ldbounds / Reboussin et al. (2000), two-sided .05, five equal looks; Lan-DeMets O'Brien-Fleming and Pocock types.
PRINTED = {"obrien-fleming": [4.8769, 3.3569, 2.6803, 2.2898, 2.0310],
           "pocock": [2.4380, 2.4268, 2.4101, 2.3966, 2.3859]}  # fmt: skip


@pytest.mark.parametrize("kind", PRINTED)
def test_boundaries_as_printed(kind: str) -> None:
    looks = boundaries([0.2, 0.4, 0.6, 0.8, 1.0], alpha=0.05, kind=kind)
    assert [look.boundary for look in looks] == pytest.approx(PRINTED[kind], abs=2e-4)
    assert looks[-1].spent == pytest.approx(0.05)
    assert looks[0].nominal_p == pytest.approx(2 * stats.norm.sf(looks[0].boundary))


def test_one_look_is_the_ordinary_test() -> None:
    (look,) = boundaries([1.0], alpha=0.05, kind="pocock")
    assert look.boundary == pytest.approx(1.959964, abs=1e-5)


def test_the_error_spent_is_exact_by_the_multivariate_normal() -> None:
    shares = [0.3, 0.55, 1.0]
    looks = boundaries(shares, alpha=0.05, kind="pocock")
    correlation = np.array([[min(a, b) / (a * b) ** 0.5 for b in shares] for a in shares])
    edges = np.array([look.boundary for look in looks])
    inside = 0.0
    for signs in itertools.product((1, -1), repeat=3):
        inside += np.prod(signs) * stats.multivariate_normal(cov=correlation).cdf(edges * signs)
    assert 1 - inside == pytest.approx(0.05, abs=2e-4)


@pytest.mark.parametrize("shares", [[], [0.5, 0.5], [0.5, 0.4], [0.0, 1.0], [0.5, 1.2]])
def test_looks_must_go_forward(shares: list[float]) -> None:
    with pytest.raises(DegenerateError):
        boundaries(shares, alpha=0.05, kind="pocock")
    with pytest.raises(DegenerateError):
        spend("even", 0.05, 0.5)


def at_look(mean: float, size: int) -> AnytimeInterval:
    return confidence_sequence(mean, size**-0.5, size=size, tuned_for=500, level=0.95)


def test_the_sequence_holds_at_every_look_together() -> None:
    """2,000 trials watched after every 10 citizens from 50 to 3,000: outside at any look in at most 5 %."""
    rng = np.random.default_rng(4)
    outside, naive = 0, 0
    sizes = np.arange(50, 3001, 10)
    for _ in range(2000):
        means = rng.normal(size=3000).cumsum()[sizes - 1] / sizes
        reach = np.array([at_look(0.0, int(size)).high for size in sizes]) if _ == 0 else reach  # noqa: F821
        outside += bool((np.abs(means) > reach).any())
        naive += bool((np.abs(means) > 1.96 / sizes**0.5).any())
    assert outside / 2000 <= 0.06
    assert naive / 2000 > 0.3


def test_interval_and_p_of_the_sequence_agree() -> None:
    for mean in np.linspace(0, 0.4, 21):
        found = at_look(float(mean), 400)
        assert (found.low > 0) == (found.p < 0.05)
    tightest = [at_look(0.0, 500).high / (500**-0.5), at_look(0.0, 50).high / (50**-0.5)]
    assert tightest[0] < tightest[1]
