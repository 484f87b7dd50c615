"""What must not matter: the order of rows, the names of strata, the unit a covariate is measured in."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.identify.judge import evidence_of_comparison, evidence_of_panel, judge
from analysis.identify.plan import find_plan, load_plan
from tests.analysis.identify.conftest import make_comparison, make_panel

COVID = load_plan(find_plan("covid-registers"))
FEW = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def told(judgement):
    """Statuses exactly, figures to nine digits: sums in another order round otherwise."""
    return judgement.verdict.slug, {
        one.gate: (one.status, None if one.figure is None else pytest.approx(one.figure, rel=1e-7, abs=1e-9))
        for one in judgement.findings
    }


def same(one, other):
    (slug, known), (other_slug, found) = told(one), told(other)
    assert slug == other_slug
    for gate, (status, figure) in known.items():
        assert found[gate][0] == status, gate
        assert (None if found[gate][1] is None else found[gate][1].expected) == figure, gate


def taken(units, rows):
    return replace(
        units, treatment=units.treatment[rows], outcome=units.outcome[rows], covariates=units.covariates[rows],
        stratum=units.stratum[rows], period=units.period[rows], cluster=units.cluster[rows],
        placebo={name: past[rows] for name, past in units.placebo.items()},
    )  # fmt: skip


def judged(units):
    return judge(evidence_of_comparison(units, COVID), COVID)


@given(st.integers(0, 10_000), st.booleans())
@FEW
def test_the_order_of_rows(seed, binary):
    units = make_comparison(150, seed, binary=binary)
    order = np.random.default_rng(seed).permutation(len(units))
    same(judged(units), judged(taken(units, order)))


@given(st.integers(0, 10_000))
@FEW
def test_the_names_of_strata_weeks_and_clusters(seed):
    units = make_comparison(150, seed)
    names = np.random.default_rng(seed).permutation(50).astype(np.int32)
    other = replace(
        units, stratum=names[units.stratum], period=names[units.period] * 7, cluster=names[units.cluster] - 20
    )
    same(judged(units), judged(other))


@given(st.integers(0, 10_000), st.floats(0.01, 100), st.floats(-50, 50))
@FEW
def test_the_unit_of_a_covariate(seed, scale, shift):
    units = make_comparison(150, seed)
    other = replace(
        units, covariates=units.covariates * scale + shift,
        placebo={name: past * scale + shift for name, past in units.placebo.items()},
    )  # fmt: skip
    same(judged(units), judged(other))


@given(st.integers(0, 10_000))
@FEW
def test_the_order_of_spells_and_the_names_of_places(seed):
    panel = make_panel(300, seed=seed)
    rng = np.random.default_rng(seed)
    order, names = rng.permutation(300), rng.permutation(9).astype(np.int32)
    columns = {
        name: getattr(panel, name)[order]
        for name in ("talk", "first_week", "last_week", "cause", "jobcentre", "municipality", "target_group")
    }
    columns |= {name: names[columns[name]] for name in ("jobcentre", "municipality")}
    maps = {
        name: {key: values[order] for key, values in getattr(panel, name).items()}
        for name in ("covariates", "past", "instruments")
    }
    other = replace(panel, **columns, **maps)
    # Permutations of clusters are drawn or listed in another order: their p-value is a detail, not the figure.
    same(*(judge(evidence_of_panel(one, COVID), COVID) for one in (panel, other)))


@given(st.integers(0, 10_000))
@FEW
def test_shifting_the_calendar_moves_nothing(seed):
    panel = make_panel(300, seed=seed)
    later = replace(panel, first_week=(panel.first_week + 104).astype(np.int32))
    same(*(judge(evidence_of_panel(one, COVID), COVID) for one in (panel, later)))
