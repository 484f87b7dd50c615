"""`analysis identify --page`: a published study refused and a trial's bundle, told to whoever opens the page."""

import re

import pytest
from click.testing import CliRunner

from analysis.cli import main
from tests import bundles
from trial.bundle import read_bundle


def first_screen(page) -> str:
    html = page.read_text(encoding="utf-8").split("<nav")[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", re.sub(r"<style>.*?</style>", "", html, flags=re.S)))


@pytest.fixture(scope="module", name="trial")
def _trial(tmp_path_factory, write_registers):
    folder = tmp_path_factory.mktemp("trial")
    bundle = bundles.bundle(folder, bundles.ANY_RATIO["big stick"])
    write_registers(read_bundle(bundle).assignments.to_pandas(), folder / "registers")
    return bundle, folder / "registers"


def test_a_study_against_a_survey_is_refused_in_plain_words(tmp_path):
    page = tmp_path / "nsw.html"
    given = ["identify", "nsw-dehejia-wahba", "--plan", "nsw-cps1", "--lang", "en", "--page", str(page)]
    done = CliRunner().invoke(main, given)
    assert done.exit_code == 1, done.output
    said = first_screen(page)
    assert "The two groups differed before anybody was treated" in said
    assert "No number for the effect" in said
    assert "−8,498" in page.read_text(encoding="utf-8")


def test_a_trials_own_bundle_says_why_it_can(trial, tmp_path):
    page = tmp_path / "trial.html"
    bundle, registers = trial
    given = [
        "identify",
        str(bundle),
        "--plan",
        "digital-samtaler",
        "--registers",
        str(registers),
        "--page",
        str(page),
    ]
    done = CliRunner().invoke(main, given)
    assert done.exit_code == 0, done.output
    assert "Lodtrækning afgjorde, hvem der fik hvilken form" in first_screen(page)
    assert str(bundle.parent) not in page.read_text(encoding="utf-8")
