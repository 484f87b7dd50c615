"""Every gate's figure beside a twin that counts, loops or regresses the long way round."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
import statsmodels.api as sm

from analysis.identify.evidence import Evidence
from analysis.identify.gates import (
    anticipation,
    bounds,
    displacement,
    instruments,
    mode,
    overlap,
    placebo,
    precision,
    sensitivity,
    survivorship,
    talk,
)
from analysis.identify.judge import evidence_of_panel
from analysis.identify.panel import Panel, assigned, landmark
from analysis.identify.plan import Assumption, OutcomeRange
from trial.errors import PlanError
from trial.protocol import Text


def of(units):
    return Evidence(comparison=units)


def long_way(units, *codes, covariates=True, dummies=None):
    parts = [dummies(*codes)] + ([units.covariates] if covariates else [])
    return np.column_stack(parts)


def test_landmark_takes_first_talks_and_drops_the_censored(make_panel):
    panel = make_panel(300)
    panel = replace(panel, cause=np.where(np.arange(300) % 7 == 0, 0, panel.cause).astype(np.int8))
    made = landmark(panel, 4, 13)
    rows = []
    for row in range(300):
        held = [week for week in range(1, 5) if panel.talk[row, week - 1] > 0]
        censored = panel.cause[row] == 0 and panel.last_week[row] < 13
        if held and not censored:
            rows.append((
                panel.talk[row, held[0] - 1] > 1, panel.cause[row] == 1 and panel.last_week[row] <= 13,
                panel.first_week[row] + held[0] - 1, panel.covariates["age"][row], panel.past["before"][row],
            ))  # fmt: skip
    known = np.array(rows, dtype=float)
    assert (made.treatment == known[:, 0]).all()
    assert (made.outcome == known[:, 1]).all()
    assert (made.period == known[:, 2]).all()
    assert np.allclose(made.covariates[:, 0], known[:, 3])
    assert np.allclose(made.placebo["before"], known[:, 4])
    first = (panel.talk[:, :4] > 0).any(axis=1)
    assert made.dropped == int((first & (panel.cause == 0) & (panel.last_week < 13)).sum()) > 0


def test_arms_are_compared_by_arm_and_a_panel_without_is_refused(make_panel):
    panel = make_panel(200, arm=True)
    assert (assigned(panel, 13).treatment == panel.arm[(panel.cause > 0) | (panel.last_week >= 13)]).all()
    with pytest.raises(PlanError, match="arm"):
        assigned(make_panel(10), 13)


def test_talk_counts_who_had_one_among_those_at_risk(make_panel, covid):
    panel = make_panel(400)
    finding = talk.assess(Evidence(panel), covid)
    for week, share in zip((4, 8, 13), finding.details["shares"], strict=True):
        risk = [row for row in range(400) if panel.last_week[row] >= week]
        known = np.mean([(panel.talk[row, :week] > 0).any() for row in risk])
        assert share == pytest.approx(known)
    assert finding.figure == finding.details["shares"][-1]
    assert finding.status == ("passes" if finding.figure <= 0.9 else "fails")


def test_mode_is_the_adjusted_r_squared_of_dummies(make_comparison, covid, dummies):
    units = make_comparison(400)
    finding = mode.assess(of(units), covid)
    d = units.treatment.astype(float)
    for name, codes in (("stratum", [units.stratum]), ("calendar", [units.period])):
        assert finding.details[f"share_{name}"] == pytest.approx(sm.OLS(d, dummies(*codes)).fit().rsquared_adj)
    crossed = sm.OLS(d, dummies(units.stratum, units.period)).fit()
    assert finding.figure == pytest.approx(min(1, 1 - crossed.rsquared_adj))
    added = sm.OLS(d, np.column_stack([dummies(units.stratum), dummies(units.period)[:, 1:]])).fit()
    assert finding.details["share_additive"] == pytest.approx(added.rsquared_adj)


def test_effective_sample_is_that_of_the_squared_residuals(make_comparison, covid, dummies):
    units = make_comparison(400)
    finding = mode.assess(of(units), covid)
    design = long_way(units, units.stratum, units.period, dummies=dummies)
    weight = sm.OLS(units.treatment.astype(float), design).fit().resid ** 2
    assert finding.details["effective_n"] == pytest.approx(weight.sum() ** 2 / (weight**2).sum())
    assert finding.details["mean_of_effective"] == pytest.approx(np.average(units.covariates, axis=0, weights=weight))
    spread = units.treatment.mean() * (1 - units.treatment.mean())
    assert finding.details["lottery_n"] == pytest.approx(weight.sum() / spread)


def test_a_lottery_leaves_its_whole_sample(covid, make_comparison):
    units = make_comparison(20_000, strata=1, periods=1)
    drawn = (np.arange(20_000) % 5 == 0).astype(np.int8)
    assert mode.effective_sample((drawn - 0.2) ** 2.0, 0.2)[1] == pytest.approx(1)
    assert mode.assess(of(replace(units, treatment=drawn)), covid).status == "passes"


def test_one_mode_alone_leaves_nothing(covid, make_comparison):
    units = make_comparison(50)
    finding = mode.assess(of(replace(units, treatment=np.ones(50, dtype=np.int8))), covid)
    assert (finding.status, finding.figure) == ("fails", 0.0)


def test_a_mode_that_is_the_calendar_fails(covid, make_panel):
    panel = make_panel(4000, calendar=6.0)
    finding = mode.assess(evidence_of_panel(panel, covid), covid)
    assert finding.status == "fails"
    assert finding.details["share_calendar"] > 0.6


@pytest.mark.parametrize("seed", range(6))
def test_trimming_is_the_best_of_every_bound(seed):
    rng = np.random.default_rng(seed)
    chance = np.round(rng.beta(*((0.3, 3), (1, 1), (0.2, 0.2), (5, 5), (0.5, 9), (0.1, 2))[seed], 300), 3)
    chance = np.clip(chance, 0.001, 0.999)
    cost = 1 / (chance * (1 - chance))
    every = {bound: cost[cost <= bound].sum() / (cost <= bound).sum() ** 2 for bound in np.unique(cost)}
    best = min(every, key=lambda bound: (round(every[bound], 15), -bound))
    alpha, kept = overlap.optimal_trimming(chance)
    assert kept == pytest.approx((cost <= best).mean())
    inside = cost <= best
    assert alpha == pytest.approx(0.0 if inside.all() else 0.5 - np.sqrt(0.25 - 1 / (2 * cost[inside].mean())))


def test_nobody_is_trimmed_where_all_are_alike_and_the_certain_always():
    assert overlap.optimal_trimming(np.full(50, 0.3)) == (0.0, 1.0)
    alpha, kept = overlap.optimal_trimming(np.array([0.5] * 30 + [0.0] * 5 + [1.0] * 5))
    assert kept == pytest.approx(0.75)
    assert alpha == pytest.approx(0.5 - np.sqrt(0.25 - 1 / 8))
    assert overlap.optimal_trimming(np.array([0.0, 1.0])) == (0.5, 0.0)


def test_propensity_is_the_logit_with_dummies(make_comparison, dummies):
    units = make_comparison(500)
    design = np.column_stack([dummies(units.stratum), dummies(units.period)[:, 1:], units.covariates])
    known = sm.Logit(units.treatment, design).fit(disp=False).predict()
    assert np.allclose(overlap.propensity(units), known, atol=1e-8)


def test_a_stratum_where_all_are_treated_lies_outside(make_comparison, covid):
    units = make_comparison(500)
    treated = np.where(units.stratum == 0, 1, units.treatment).astype(np.int8)
    chance = overlap.propensity(replace(units, treatment=treated))
    assert (chance[units.stratum == 0] == 1).all()
    assert overlap.assess(of(replace(units, treatment=treated)), covid).figure >= (units.stratum == 0).mean()


def test_weights_balance_what_they_were_made_from(make_comparison):
    units = make_comparison(3000)
    chance = overlap.propensity(units)
    made = overlap.weighting(units, chance)
    taken = units.treatment == 1
    weight = np.where(taken, 1 / chance, 1 / (1 - chance))
    scale = np.sqrt((units.covariates[taken].var(axis=0, ddof=1) + units.covariates[~taken].var(axis=0, ddof=1)) / 2)
    means = [np.average(units.covariates[arm], axis=0, weights=weight[arm]) for arm in (taken, ~taken)]
    assert np.allclose(made.after, (means[0] - means[1]) / scale)
    assert np.abs(made.after).max() < 0.05 < np.abs(made.before).max()
    for arm, share in zip((~taken, taken), made.effective, strict=True):
        assert share == pytest.approx(weight[arm].sum() ** 2 / (weight[arm] ** 2).sum() / arm.sum())


@pytest.mark.parametrize("clustered", [True, False])
def test_placebo_is_a_regression_on_the_others(make_comparison, dummies, clustered):
    units = make_comparison(400)
    units = units if clustered else replace(units, cluster=None)
    made = placebo.difference(units, "x1", 0.95, 0.04)
    design = np.column_stack([
        units.treatment.astype(float), dummies(units.stratum, units.period), units.covariates[:, 1:]
    ])  # fmt: skip
    how = {"cov_type": "cluster", "cov_kwds": {"groups": units.cluster}} if clustered else {"cov_type": "HC1"}
    fit = sm.OLS(units.placebo["x1"], design).fit(use_t=True, **how)
    scale = units.placebo["x1"].std(ddof=1)
    assert made.value == pytest.approx(fit.params[0] / scale)
    assert (made.low, made.high) == pytest.approx(tuple(fit.conf_int()[0] / scale), rel=1e-4)


def test_a_placebo_passes_only_when_it_is_shown_to_be_small(make_comparison, covid):
    for n, status in ((40, "warns"), (20_000, "passes")):
        units = make_comparison(n)
        noise = np.random.default_rng(n).normal(size=n)
        assert placebo.assess(of(replace(units, placebo={"noise": noise})), covid).status == status
    units = make_comparison(2000)
    finding = placebo.assess(
        of(replace(units, placebo={"moved": units.treatment + 0.1 * units.covariates[:, 1]})), covid
    )
    assert finding.status == "fails"


def test_one_instrument_has_the_clustered_f(make_comparison, dummies):
    units = make_comparison(600)
    z = (units.covariates[:, 1] + units.cluster > 2).astype(float)
    treatment, moved, free = instruments.taken_out(units, z[:, None])
    cluster = np.unique(units.cluster, return_inverse=True)[1]
    found = instruments.effective_f(treatment, moved, cluster, cluster.max() + 1, free)
    design = np.column_stack([z, dummies(units.stratum), dummies(units.period)[:, 1:], units.covariates])
    fit = sm.OLS(units.treatment.astype(float), design).fit(cov_type="cluster", cov_kwds={"groups": cluster})
    assert found == pytest.approx(fit.tvalues[0] ** 2, rel=1e-9)


def test_several_instruments_weigh_by_their_variance(make_comparison, dummies):
    """Montiel Olea & Pflueger (2013), equation (9): the sum of squares fitted over the trace of its noise."""
    units = make_comparison(600)
    z = np.column_stack([units.covariates[:, 1] > 0, units.cluster % 2]).astype(float)
    treatment, moved, free = instruments.taken_out(units, z)
    cluster = np.unique(units.cluster, return_inverse=True)[1]
    groups = cluster.max() + 1
    value, vector = np.linalg.eigh(moved.T @ moved)
    unit = moved @ vector / np.sqrt(value)
    pi = unit.T @ treatment
    residual = treatment - unit @ pi
    scores = np.array([(unit[cluster == g] * residual[cluster == g, None]).sum(axis=0) for g in range(groups)])
    factor = groups / (groups - 1) * (600 - 1) / (free - 2)
    known = pi @ pi / (np.trace(scores.T @ scores) * factor)
    assert instruments.effective_f(treatment, moved, cluster, groups, free) == pytest.approx(known)


def test_every_permutation_of_few_clusters(make_comparison):
    units = replace(make_comparison(200), cluster=np.random.default_rng(2).integers(0, 4, 200).astype(np.int32))
    closed = ((units.cluster == 1) & (units.period > 1)).astype(float)[:, None]
    treatment, _, _ = instruments.taken_out(units, closed)
    p, ways = instruments.permutation_p(units, closed, treatment, 999, 1)
    history = {}
    for place in range(4):
        for week in range(4):
            own = closed[(units.cluster == place) & (units.period == week), 0]
            history[place, week] = own.mean() if len(own) else 0.0
    moves = []
    for way in permutations(range(4)):
        moves.append(
            sum(history[way[c], w] * t for c, w, t in zip(units.cluster, units.period, treatment, strict=True))
        )
    strong = np.square(moves) >= np.square(moves[0]) * (1 - 1e-9)
    assert ways == 24
    assert p == pytest.approx(strong.mean())


def test_a_few_closed_municipalities_are_too_few(make_panel, covid):
    panel = make_panel(2000)
    finding = instruments.assess(evidence_of_panel(panel, covid), covid)
    assert finding.status == "fails"
    assert (finding.details["treated_clusters"], finding.details["clusters"]) == (1, 4)


def test_precision_is_a_multiple_of_the_robust_error(make_comparison, covid, dummies):
    units = replace(make_comparison(400), cluster=None)
    finding = precision.assess(of(units), covid)
    design = np.column_stack([units.treatment.astype(float), dummies(units.stratum, units.period), units.covariates])
    fit = sm.OLS(units.outcome, design).fit(cov_type="HC1")
    assert finding.details["se"] == pytest.approx(fit.bse[0])
    assert finding.figure == pytest.approx((1.96 + 0.8416) * fit.bse[0], rel=0.01)
    assert finding.status == "fails"


def test_worst_case_is_the_least_and_most_of_every_filling(make_comparison, covid):
    units = make_comparison(9)
    limits = OutcomeRange(lowest=0.0, highest=1.0)
    treated = units.treatment == 1
    effects = []
    for code in range(2**9):
        unseen = np.array([code >> bit & 1 for bit in range(9)], dtype=float)
        if_treated, if_not = np.where(treated, units.outcome, unseen), np.where(treated, unseen, units.outcome)
        effects.append((if_treated - if_not).mean())
    assert bounds.worst_case(units, limits) == pytest.approx((min(effects), max(effects)))


def test_lost_spells_widen_every_bound(make_comparison, covid):
    units = replace(make_comparison(9), dropped=3)
    limits = OutcomeRange(lowest=0.0, highest=1.0)
    low, high = bounds.worst_case(units, limits)
    [made] = bounds.bounds_of(units, limits, covid)
    assert (made.low, made.high) == pytest.approx((0.75 * low - 0.25, 0.75 * high + 0.25))


def test_declared_monotonicity_narrows_and_undeclared_does_not(make_comparison, covid):
    units = make_comparison(500, effect=0.5)
    why = Text(da="Fordi.", en="Because.")
    names = ("monotone-response", "monotone-selection")
    more = covid.model_copy(update={"assumptions": tuple(Assumption(name=name, why=why) for name in names)})
    plain, narrow = (bounds.assess(of(units), plan) for plan in (covid, more))
    assert plain.figure == pytest.approx(1.0)
    assert plain.status == "fails"
    difference = units.outcome[units.treatment == 1].mean() - units.outcome[units.treatment == 0].mean()
    assert (narrow.details["low"], narrow.details["high"]) == pytest.approx((0.0, difference))
    assert narrow.status == "passes"


def test_displacement_needs_levels_that_were_drawn(make_comparison, covid):
    finding = displacement.assess(of(make_comparison(100)), covid)
    assert (finding.status, finding.assumption) == ("warns", "no-displacement")


def test_what_would_have_been_printed_is_the_plain_difference(make_comparison, covid):
    units = make_comparison(300)
    details = sensitivity.assess(of(units), covid).details
    taken = units.treatment == 1
    fit = sm.OLS(units.outcome, sm.add_constant(units.treatment.astype(float))).fit(cov_type="HC2")
    assert details["would_have_been_printed"] == pytest.approx(
        units.outcome[taken].mean() - units.outcome[~taken].mean()
    )
    assert details["would_have_been_printed_se"] == pytest.approx(fit.bse[1])


def test_every_gate_says_when_it_has_nothing_to_look_at(covid):
    empty = Evidence()
    for gate in (
        talk,
        mode,
        overlap,
        placebo,
        survivorship,
        anticipation,
        instruments,
        precision,
        bounds,
        sensitivity,
    ):
        finding = gate.assess(empty, covid)
        assert (finding.status, finding.figure) == ("not-assessed", None)


def test_a_panel_whose_columns_do_not_fit_is_refused(make_panel):
    panel = make_panel(20)
    with pytest.raises(PlanError, match="one value a spell"):
        Panel(**{**panel.__dict__, "cause": panel.cause[:5]})
