"""A claimed draw must prove itself: honest draws pass, what is not one does not."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from analysis.identify.comparison import Comparison
from analysis.identify.evidence import Evidence, LedgerProof
from analysis.identify.gates import design, displacement, placebo, precision
from analysis.identify.judge import evidence_of_panel, judge


def drawn(n=400, seed=1, tolerance=3):
    """Citizens drawn by big stick within strata, with the probabilities as they were."""
    rng = np.random.default_rng(seed)
    stratum = rng.integers(0, 8, n).astype(np.int32)
    lead = np.zeros(8)
    chance, arm = np.zeros(n), np.zeros(n, dtype=np.int8)
    for row in range(n):
        own = lead[stratum[row]]
        chance[row] = 0.5 if abs(own) < tolerance else float(own < 0)
        arm[row] = rng.random() < chance[row]
        lead[stratum[row]] += 1 if arm[row] else -1
    x = rng.normal(size=(n, 3))
    units = Comparison(arm, rng.integers(0, 2, n).astype(float), x, ("a", "b", "c"), stratum, randomised=True)
    received = np.where(arm == 1, rng.random(n) < 0.9, rng.random(n) < 0.05).astype(float)
    return units, LedgerProof("chained", "a ledger", (), chance, received)


def assessed(units, proof, plan):
    return design.assess(Evidence(comparison=units, ledger=proof, drawn=units), plan)


def test_an_honest_draw_passes(trial_plan):
    finding = assessed(*drawn(), trial_plan)
    assert finding.status == "passes"
    assert finding.details["compliance"] == pytest.approx(0.85, abs=0.1)


def test_ratio_is_the_sum_of_surprises():
    units, proof = drawn()
    surprise = sum(int(arm) - chance for arm, chance in zip(units.treatment, proof.probability, strict=True))
    spread = np.sqrt(sum(chance * (1 - chance) for chance in proof.probability))
    assert design.ratio_p(units, proof) == pytest.approx(2 * stats.norm.sf(abs(surprise / spread)))


def test_a_stated_share_is_tried_exactly():
    units, _ = drawn(445)
    proof = LedgerProof("stated", "a study", (), np.full(445, 0.4114))
    known = stats.binomtest(int(units.treatment.sum()), 445, 0.4114).pvalue
    assert design.ratio_p(units, proof) == pytest.approx(known)


def test_balance_of_a_stated_draw_is_that_of_every_permutation():
    """Mean and covariance over all ways to draw 2 of 4 and 3 of 5 within two strata."""
    rng = np.random.default_rng(5)
    stratum = np.array([0] * 4 + [1] * 5, dtype=np.int32)
    x = rng.normal(size=(9, 2))
    treated = np.array([1, 0, 1, 0, 1, 1, 0, 1, 0], dtype=np.int8)
    units = Comparison(treated, np.zeros(9), x, ("a", "b"), stratum, randomised=True)
    totals = []
    for first in combinations(range(4), 2):
        for second in combinations(range(4, 9), 3):
            totals.append(x[[*first, *second]].sum(axis=0))
    totals = np.array(totals)
    apart = x[treated == 1].sum(axis=0) - totals.mean(axis=0)
    statistic = apart @ np.linalg.inv(np.cov(totals.T, bias=True)) @ apart
    p, rank = design.balance_p(units, LedgerProof("stated", "a study"))
    assert rank == 2
    assert p == pytest.approx(stats.chi2.sf(statistic, 2))


@pytest.mark.parametrize("basis", ["chained", "stated"])
def test_the_tests_have_their_size(basis):
    found = []
    for seed in range(300):
        units, proof = drawn(160, seed)
        own = proof if basis == "chained" else LedgerProof("stated", "a study")
        found.append((design.ratio_p(units, proof), design.balance_p(units, own)[0]))
    for p in np.array(found, dtype=float).T:
        assert 0.02 <= (p < 0.05).mean() <= 0.09


def test_a_cluster_is_one_draw():
    """Members alike and drawn together: counted one by one they would refuse every second honest draw."""
    rng = np.random.default_rng(3)
    together, alone = [], []
    for _ in range(300):
        lots = np.repeat(np.arange(40), 20).astype(np.int32)
        arm = (rng.random(40) < 0.5).astype(np.int8)[lots]
        x = rng.normal(size=(40, 1))[lots] + 0.3 * rng.normal(size=(800, 1))
        units = Comparison(arm, np.zeros(800), x, ("x",), lots, randomised=True)
        proof = LedgerProof("chained", "a ledger", (), np.full(800, 0.5), lots=lots)
        together.append((design.ratio_p(units, proof), design.balance_p(units, proof)[0]))
        alone.append(design.ratio_p(units, replace(proof, lots=None)))
    for p in np.array(together).T:
        assert 0.02 <= (p < 0.05).mean() <= 0.09
    assert (np.array(alone) < 0.05).mean() > 0.4


def of_clusters(rng):
    """Eight hundred citizens of forty caseworkers, half of whom are digital; past and present correlate within."""
    lots = rng.choice(40, 800, p=rng.dirichlet(np.full(40, 5.0))).astype(np.int32)
    arm = np.isin(lots, rng.permutation(40)[:20]).astype(np.int8)
    past, now = (0.4 * rng.normal(size=40)[lots] + rng.normal(size=800) for _ in range(2))
    habit = np.clip(0.9 * arm + 0.05 + 0.05 * rng.normal(size=40)[lots], 0, 1)
    group = rng.integers(0, 2, 800).astype(np.int32)
    units = Comparison(
        arm, now, rng.normal(size=(800, 1)), ("age",), group, placebo={"before": past}, randomised=True, lots=lots
    )
    received = (rng.random(800) < habit).astype(float)
    return units, LedgerProof("chained", "a ledger", (), np.full(800, 0.5), received, lots)


def test_placebo_and_precision_count_whom_one_draw_decides_together():
    """400 honest draws of forty caseworkers, none of whom a past difference could have moved: 5 % seem to differ.

    Each rate has a Monte-Carlo error of 1.1 points; CR1 with forty clusters of unlike size may be wrong in up to 3 %
    more. Counted one by one, with a correlation of 0.14 within twenty citizens, the design effect is about 4.
    """
    rng = np.random.default_rng(12)
    together, alone, errors, values = [], [], [], []
    for _ in range(400):
        units, _ = of_clusters(rng)
        for found, own in ((together, units), (alone, replace(units, lots=None))):
            one = placebo.difference(own, "before", 0.95, 0.04)
            found.append(not one.low <= 0 <= one.high)
        left = precision.slope_left(units)
        errors.append(left.se)
        values.append(left.value)
        assert left.df <= 39
    assert 0.05 - 4 * 0.011 < np.mean(together) < 0.05 + 4 * 0.011 + 0.03
    assert np.mean(alone) > 0.25
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.15)  # the spread of 400 is known to 4 %


def test_compliance_is_as_uncertain_as_caseworkers_differ():
    """The interval over 400 draws holds the mean of all of them 95 times in 100."""
    rng = np.random.default_rng(13)
    found = [design.compliance(*of_clusters(rng), 0.95) for _ in range(400)]
    truth = np.mean([one.value for one in found])
    covered = np.mean([one.low <= truth <= one.high for one in found])
    assert 0.95 - 4 * 0.011 - 0.03 < covered < 0.95 + 4 * 0.011


def test_compliance_of_an_arm_with_one_caseworker_is_not_known(trial_plan):
    units, proof = of_clusters(np.random.default_rng(14))
    few = np.where(units.treatment == 1, 0, proof.lots + 1).astype(np.int32)
    found = design.compliance(units, replace(proof, lots=few), 0.95)
    assert (found.low, found.high) == (found.value - 2, found.value + 2)
    assert "compliance" in " ".join(assessed(units, replace(proof, lots=few), trial_plan).details["problems"])


def test_compliance_by_lots_of_one_is_that_of_citizens():
    units, proof = drawn(4000)
    alone = design.compliance(units, proof, 0.95)
    own = design.compliance(units, replace(proof, lots=np.arange(4000, dtype=np.int32)), 0.95)
    assert (own.low, own.high) == pytest.approx((alone.low, alone.high), rel=1e-3)


def test_a_panel_of_drawn_jobcentres_is_compared_across_them(make_panel, trial_plan):
    panel = make_panel(2000, arm=True)
    rng = np.random.default_rng(4)
    lots = rng.integers(0, 40, 2000).astype(np.int32)
    arm = np.isin(lots, rng.permutation(40)[:20]).astype(np.int8)
    panel = replace(panel, arm=arm, jobcentre=lots)
    proof = LedgerProof("simulated", "40 draws", (), np.full(2000, 0.5), lots=lots)
    evidence = evidence_of_panel(panel, trial_plan, proof)
    for units in (evidence.comparison, evidence.drawn, *evidence.later.values()):
        assert len(units.lots) == len(units)
        assert len(np.unique(units.stratum)) == 2
        assert all(len(np.unique(units.treatment[units.lots == lot])) == 1 for lot in range(40))
    made = judge(evidence, trial_plan)
    assert made.finding("precision").details["df"] == 39
    assert made.finding("mode").status == "passes"


@pytest.mark.parametrize(
    ("what", "problem"),
    [
        ("chosen by a covariate", "balanced"),
        ("too many treated", "ratio"),
        ("nobody complied", "compliance"),
        ("a certain arm was not given", "ratio"),
        ("the ledger does not hold", "row 7"),
    ],
)
def test_what_is_no_draw_is_refused(trial_plan, what, problem):
    units, proof = drawn(400)
    if what == "chosen by a covariate":
        units = replace(units, treatment=(units.covariates[:, 0] > 0).astype(np.int8))
        proof = replace(proof, probability=np.full(400, 0.5), received=None)
    elif what == "too many treated":
        units = replace(units, treatment=(np.arange(400) % 3 > 0).astype(np.int8))
        proof = replace(proof, probability=np.full(400, 0.5), received=None)
    elif what == "nobody complied":
        proof = replace(proof, received=np.full(400, 0.5) + 0.1 * (np.arange(400) % 2))
    elif what == "a certain arm was not given":
        proof = replace(proof, probability=np.where(np.arange(400) == 5, 1 - units.treatment, proof.probability))
    else:
        proof = replace(proof, problems=("ledger row 7 does not follow from the row before",))
    finding = assessed(units, proof, trial_plan)
    assert finding.status == "fails"
    assert any(problem in one for one in finding.details["problems"])


def test_a_claim_without_a_proof_fails_and_no_claim_is_not_assessed(trial_plan, covid):
    assert design.assess(Evidence(), trial_plan).status == "fails"
    assert design.assess(Evidence(), covid).status == "not-assessed"


def test_a_drawn_panel_is_identified_by_design_and_a_biased_one_is_not(make_panel, trial_plan):
    panel = make_panel(2000, arm=True)
    proof = LedgerProof("simulated", "2000 draws", (), np.full(2000, 0.5))
    made = judge(evidence_of_panel(panel, trial_plan, proof), trial_plan)
    assert made.verdict.slug == "identified-by-design"
    assert [one.name for one in made.verdict.assumptions] == ["no-displacement"]
    assert made.finding("bounds").figure < 0.2
    assert made.would_have_been_printed() is None
    chosen = replace(panel, arm=(panel.covariates["age"] > 0).astype(np.int8))
    refused = judge(evidence_of_panel(chosen, trial_plan, proof), trial_plan)
    assert not refused.verdict.is_identified
    assert refused.verdict.reasons[0].gate == "design"
    none = judge(evidence_of_panel(panel, trial_plan), trial_plan)
    assert not none.verdict.is_identified


def test_everybody_drawn_is_tried_also_who_was_lost(make_panel, trial_plan):
    panel = make_panel(500, arm=True)
    lost = np.arange(500) % 5 == 0
    panel = replace(panel, cause=np.where(lost, 0, panel.cause).astype(np.int8),
                    last_week=np.where(lost, 1, panel.last_week).astype(np.int32))  # fmt: skip
    evidence = evidence_of_panel(panel, trial_plan, LedgerProof("simulated", "draws", (), np.full(500, 0.5)))
    assert len(evidence.drawn) == 500
    assert np.isnan(evidence.drawn.outcome).sum() == 500 - len(evidence.comparison) == evidence.comparison.dropped


def test_two_drawn_shares_show_displacement(make_panel, trial_plan):
    panel = make_panel(300, arm=True)
    for shares, status in (((0.25, 0.75), "passes"), ((), "warns"), ((0.5,), "warns")):
        proof = LedgerProof("simulated", "draws", (), np.full(300, 0.5), saturations=shares)
        evidence = evidence_of_panel(panel, trial_plan, proof)
        assert displacement.assess(evidence, trial_plan).status == status
