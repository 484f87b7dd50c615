"""`analysis report` as a person meets it; the page itself is tested beside."""

from types import SimpleNamespace

import pytest
from click.testing import CliRunner

import analysis.outcomes
import trial.bundle
from analysis.cli import main


@pytest.fixture
def folders(made, tmp_path, monkeypatch):
    """Bundle and registers read as the hand-made trial."""
    manifest = {**made.bundle.manifest}
    bundle = SimpleNamespace(**{**vars(made.bundle), "manifest": manifest, "not_randomised": None})
    monkeypatch.setattr(trial.bundle, "read_bundle", lambda _: bundle)
    monkeypatch.setattr(analysis.outcomes, "build_analysis_set", lambda *_: made.analysis_set)
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


def test_a_dry_run_writes_nothing(folders):
    done = run(folders, "--dry-run")
    assert (done.exit_code, (folders / "out").exists()) == (0, False)
    assert "Would write" in done.stderr


@pytest.mark.parametrize("wrong", [("--threshold", "2"), ("--lang", "sv")])
def test_wrong_usage_exits_2(folders, wrong):
    assert run(folders, *wrong).exit_code == 2
