"""The run: seeds by place, the same in one process or several; what it must show at a reduced size."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from analysis.cli.experiment import experiment as command
from analysis.experiment.declare import load_experiment
from analysis.experiment.expect import check_expectations, contradictions
from analysis.experiment.regimes import REGIMES
from analysis.experiment.run import NONE, PLANTED, Task, replicate, run, tasks
from analysis.experiment.show import to_markdown
from analysis.experiment.table import read_table, summarise
from analysis.report.figures.picture import Picture
from trial.protocol import shipped

DECLARED = load_experiment()
SMALL = DECLARED.sized(1500)
DOCS = Path(__file__).resolve().parents[3] / "docs" / "experiment.md"


def test_every_data_set_has_a_seed_of_its_own():
    seeds = [tuple(task.seed().generate_state(4)) for task in tasks(SMALL, 5, judged=2)]
    assert len(set(seeds)) == len(seeds) == 4 * 2 * 5
    assert [tuple(task.seed().generate_state(4)) for task in tasks(SMALL, 5, judged=0)] == seeds


def test_only_the_planted_world_is_judged_and_only_so_often():
    judged = [task for task in tasks(SMALL, 5, judged=2) if task.judged]
    assert {(task.world, task.number) for task in judged} == {(PLANTED, 0), (PLANTED, 1)}


def test_a_replication_is_what_its_task_says():
    task = Task(SMALL, "trial", PLANTED, 3, judged=True)
    assert replicate(task) == replicate(task)
    assert replicate(task) != replicate(Task(SMALL, "trial", PLANTED, 4, judged=True))
    none = replicate(Task(SMALL, "trial", NONE, 3, judged=False))
    assert none.verdict is None
    assert {said.truth for said in none.said if said.tool == "stratified-difference"} == {0.0}


@pytest.mark.slow
def test_the_number_of_processes_changes_nothing():
    tiny = DECLARED.sized(600)
    assert run(tiny, 2, judged=1, jobs=2) == run(tiny, 2, judged=1, jobs=1)  # each computes with one thread


@pytest.fixture(scope="module")
def reduced():
    """Two data sets of each regime at the published size, the first one judged."""
    made = [Task(DECLARED, regime, PLANTED, number, judged=number == 0) for regime in REGIMES for number in (0, 1)]
    return summarise(DECLARED, list(map(replicate, made)))


def test_what_must_be_shown_is_not_contradicted_by_a_few_data_sets(reduced):
    shown = check_expectations(DECLARED, reduced)
    assert [one.name for one in shown if not one.holds and one.expectation.tool is None] == []
    assert {one.expectation.regime for one in shown} == {"pre-2020", "calendar-2020-21", "trial", "two-stage"}


def test_the_published_verdicts_are_those_of_today(reduced):
    published = read_table(shipped("experiments/conversation-mode.json"))
    assert (published.spells, published.seed) == (DECLARED.size.spells, DECLARED.size.seed)
    again = [line for line in contradictions(published, reduced, 4) if "identified" in line or "printed" in line]
    assert again == []


@pytest.mark.slow
def test_the_published_table_is_computed_again_at_reduced_size():
    published = read_table(shipped("experiments/conversation-mode.json"))
    table = summarise(DECLARED, run(DECLARED, 12, judged=6, jobs=2))
    assert list(contradictions(published, table, 4.5)) == []
    assert [one.name for one in check_expectations(DECLARED, published) if not one.holds] == []


def test_everything_declared_holds_in_the_published_table():
    shown = check_expectations(DECLARED, read_table(shipped("experiments/conversation-mode.json")))
    assert len(shown) == len(DECLARED.expectations)
    assert [one.name for one in shown if not one.holds] == []


def test_the_page_holds_the_published_table():
    assert to_markdown(read_table(shipped("experiments/conversation-mode.json"))) in DOCS.read_text(encoding="utf-8")


def test_a_page_of_two_regimes(tmp_path, monkeypatch):
    blank = Picture("gate", "alt", b"<svg/>", b"")
    monkeypatch.setattr("analysis.report.verdict.draw_gate", lambda finding, words: blank)
    page = tmp_path / "verdict.html"
    done = CliRunner().invoke(command, ["--page", str(page), "--spells", "1500", "--lang", "en"])
    assert done.exit_code == 0, done.output
    html = page.read_text(encoding="utf-8")
    assert "Not identified" in html
    assert "Identified by design" in html
    assert "synthetic" in html
    assert "http" not in html.replace("http-equiv", "")


def test_an_unknown_regime_is_refused(tmp_path):
    done = CliRunner().invoke(command, ["--page", str(tmp_path / "page.html"), "--regime", "2022"])
    assert done.exit_code == 2
    assert "pre-2020" in done.output
