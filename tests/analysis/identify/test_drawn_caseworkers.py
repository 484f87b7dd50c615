"""A bundle whose arms were drawn by caseworker: from the ledger to the analysis set, the verdict and the effects."""

from dataclasses import replace

import numpy as np
import pytest

from analysis.identify.judge import evidence_of_panel, judge
from analysis.identify.ledger import lots_of, prove
from analysis.identify.trial_data import arms_of, background_of, panel_of_trial, rows_of_trial, strata_of
from analysis.outcomes import build_analysis_set
from analysis.plan import run_plan
from analysis.plan.judged import judge_trial
from tests import bundles
from tests.clustered import clustered
from tests.opened import DAY, KEYS, PROTOCOL, TickingClock, url
from trial.bundle import export_bundle, read_bundle
from trial.service import Trial

POSTS = tuple(f"{town}-{number:03d}" for town in bundles.CODES[:2] for number in range(1, 51))
AMONG = '{ procedure = "permuted-block@1", sizes = [2, 4] }'


def met(number):
    """Somebody who meets one of a hundred caseworkers, fifty in each of two towns."""
    one = bundles.someone(number)
    post = f"{one.levels['jobcentre']}-{number // 2 * 37 % 50 + 1:03d}"
    levels = {**one.levels, "caseworker": post}
    return one._replace(levels=levels, stratum="/".join(levels.values()))


@pytest.fixture(scope="module", name="trial")
def _trial(tmp_path_factory, write_registers):
    folder = tmp_path_factory.mktemp("caseworkers")
    path = folder / "protocol.toml"
    path.write_text(clustered(PROTOCOL.read_text("utf-8"), "caseworker", AMONG, posts=POSTS), "utf-8")
    opened = Trial.init(url(folder), path, KEYS, "test", clock=TickingClock())
    opened.assign([met(number) for number in range(400)], DAY)
    export_bundle(opened, folder / "bundle")
    opened.close()
    bundle = read_bundle(folder / "bundle")
    write_registers(bundle.assignments.to_pandas(), folder / "registers")
    return bundle, folder / "registers"


def test_the_ledger_tells_who_share_a_draw(trial):
    bundle, _ = trial
    rows, proof = rows_of_trial(bundle), prove(bundle, arms_of(bundle.protocol), replay=True)
    assert proof.holds, proof.problems
    assert len(set(proof.lots)) == rows["caseworker"].nunique() == 100
    for lot in range(100):
        assert rows["arm"][proof.lots == lot].nunique() == rows["caseworker"][proof.lots == lot].nunique() == 1


def test_a_caseworker_has_a_draw_in_each_epoch(trial):
    rows = rows_of_trial(trial[0])
    twice = rows.assign(epoch=np.arange(len(rows)) % 2 + 1)
    lots = lots_of(twice, trial[0].protocol)
    pairs = set(zip(twice["epoch"], twice["caseworker"], lots, strict=True))
    assert len(pairs) == len(set(lots)) > 100
    frame = twice.drop(columns=["age_group", "target_group"]).assign(age_group="a", target_group="b")
    assert len(np.unique(strata_of(frame, trial[0].protocol))) == 2


def test_the_analysis_set_has_the_caseworker_and_the_plan_its_degrees_of_freedom(trial):
    bundle, registers = trial
    frame = build_analysis_set(bundle, registers, bundle.protocol).frame
    assert set(frame["caseworker"]) == set(POSTS)
    effects = run_plan(bundle.protocol, frame)
    row = effects.row("itt-weeks-employed", "strata-regression")
    assert (row.status, row.se_type) == ("estimated", "CR2")
    assert row.df < 100
    assert {tuple(name.split("/")[1:3]) for one in effects.joined[:1] for name in one.members} == {
        ("dagpenge", "18-29")
    }


def test_the_trial_is_judged_by_its_caseworkers(trial):
    bundle, registers = trial
    frame = build_analysis_set(bundle, registers, bundle.protocol).frame
    made = judge_trial(bundle, frame)
    assert made.finding("precision").details["df"] == 99
    held = frame.assign(held=6, share_physical=np.where(frame["arm"] == "physical", 0.9, 0.1))
    assert judge_trial(bundle, held).verdict.slug == "identified-by-design"


def test_a_code_of_a_caseworker_is_no_covariate(trial):
    bundle, registers = trial
    covariates, _ = background_of(rows_of_trial(bundle), registers, bundle.protocol)
    assert "age_group" in covariates
    assert not any("caseworker" in name for name in covariates)


def test_spells_are_compared_within_target_groups(trial, trial_plan):
    bundle, registers = trial
    panel = panel_of_trial(bundle, registers, 26)
    proof = prove(bundle, arms_of(bundle.protocol), replay=False)
    evidence = evidence_of_panel(panel, trial_plan, proof)
    assert len(np.unique(evidence.comparison.stratum)) == 2
    assert len(evidence.drawn.lots) == len(evidence.ledger.received) == len(evidence.drawn)
    details = judge(evidence, trial_plan).finding("placebo").details
    alone = judge(evidence_of_panel(panel, trial_plan, replace(proof, lots=None)), trial_plan)
    assert details["unadjusted"] == alone.finding("placebo").details["unadjusted"]
    assert details["low"] != alone.finding("placebo").details["low"]
