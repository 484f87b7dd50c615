"""`analysis report` as a person meets it; the page itself is tested beside."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from click.testing import CliRunner

import analysis.outcomes
import analysis.plan.judged
import trial.bundle
from analysis.cli import main
from analysis.identify.evidence import LedgerProof


@pytest.fixture
def problems():
    """Whatever speaks against the ledger of the hand-made trial."""
    return []


@pytest.fixture
def folders(made, problems, tmp_path, monkeypatch):
    """Bundle and registers read as the hand-made trial, whose draw was simulated."""
    frame = made.analysis_set.frame.assign(prob_physical=0.5, prob_digital=0.5)
    drawn = np.full(len(frame), 0.5)
    monkeypatch.setattr(
        analysis.plan.judged, "prove",
        lambda *_, **__: LedgerProof("simulated", "by hand", tuple(problems), probability=drawn),
    )  # fmt: skip
    manifest = {**made.bundle.manifest}
    bundle = SimpleNamespace(**{**vars(made.bundle), "manifest": manifest, "not_randomised": None})
    monkeypatch.setattr(trial.bundle, "read_bundle", lambda _: bundle)
    monkeypatch.setattr(analysis.outcomes, "build_analysis_set", lambda *_: replace(made.analysis_set, frame=frame))
    for name in ("bundle", "registers"):
        (tmp_path / name).mkdir()
    (tmp_path / "registers" / "truth.json").write_text('{"estimands": []}')
    return tmp_path


def run(folders, *more):
    arguments = ["report", folders / "bundle", folders / "registers", "--out", folders / "out", *more]
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_it_writes_the_page_and_says_so(folders):
    done = run(folders, "--lang", "en")
    assert done.exit_code == 0
    assert "Wrote" in done.stderr
    page = (folders / "out" / "report.html").read_text(encoding="utf-8")
    assert "registers/truth.json" in page
    assert "The citizens in this report are synthetic" in page


@pytest.mark.parametrize(
    ("lang", "refusal"),
    [("en", "The effect cannot be learnt from these data."), ("da", "Effekten kan ikke læres af disse data.")],
)
def test_without_proof_of_the_draw_the_page_holds_reasons_and_no_effect(folders, problems, lang, refusal):
    assert run(folders, "--lang", lang).exit_code == 0
    proved = (folders / "out" / "report.html").read_text(encoding="utf-8")
    problems.append("ledger row 7 does not follow from the row before")
    assert run(folders, "--lang", lang).exit_code == 0
    page = (folders / "out" / "report.html").read_text(encoding="utf-8")
    assert refusal in page
    assert refusal not in proved
    effects = page.split('aria-labelledby="effects"')[1].split("</section>")[0]
    assert "(HC" not in effects


def test_a_dry_run_writes_nothing(folders):
    done = run(folders, "--dry-run")
    assert (done.exit_code, (folders / "out").exists()) == (0, False)
    assert "Would write" in done.stderr


@pytest.mark.parametrize("wrong", [("--threshold", "2"), ("--lang", "sv")])
def test_wrong_usage_exits_2(folders, wrong):
    assert run(folders, *wrong).exit_code == 2
