"""The verdict page: its first screen, every gate's plot in both languages, words for a table of any study."""

import math
import re

import pytest

from analysis.estimate.result import Estimate, NotEstimable
from analysis.identify.finding import WEIGHTS, Finding, found, not_assessed
from analysis.identify.plan import find_plan, load_plan
from analysis.identify.verdict import verdict
from analysis.report.figures.gates import draw_covariates_balance, draw_gate
from analysis.report.figures.picture import Picture
from analysis.report.verdict import Judged, number, render_verdict
from analysis.report.words import DASH, Words

REGISTERS = load_plan(find_plan("covid-registers"))
TRIAL = load_plan(find_plan("digital-samtaler"))
NSW = load_plan(find_plan("nsw-cps1"))

DETAILS = {
    "talk": {"weeks": [4.0, 8.0, 13.0], "shares": [0.8, 0.95, 1.0]},
    "mode": {
        "period": [2609.0, 2610.0, 2611.0, 2640.0], "period_digital": [0.0, 0.5, 1.0, 1.0], "share_calendar": 0.8,
        "period_n": [10.0, 20.0, 30.0, 5.0], "period_weight": [0.0, 1.0, 0.0, 0.0],
    },
    "overlap": {
        "bins": [0.0, 0.5, 1.0], "untreated_by_bin": [9.0, 1.0], "treated_by_bin": [0.0, 5.0], "lower": 0.1,
        "upper": 0.9, "covariates": ["age", "re75"], "difference_before": [0.2, 0.0],
        "difference_after": [0.1, -0.3], "most_difference": 0.1,
    },
    "placebo": {
        "placebo": ["past", "other"], "difference": [0.2, 0.0], "low": [0.1, -math.inf], "high": [0.3, math.inf],
    },
    "survivorship": {
        "exits_ahead": [0.4, 0.38, 0.36], "waiting_digital": 2.5, "waiting_physical": 1.5, "horizon": 26.0,
    },
    "anticipation": {"low": -0.5, "high": 0.4, "change": -0.1},
    "instruments": {"treated_clusters": 2.0, "least_clusters": 20.0},
    "precision": {"se": 0.01},
    "bounds": {
        "lowest": 0.0, "highest": 1.0,
        "week_13": [{"assumptions": "worst-case", "low": -0.5, "high": 0.5},
                    {"assumptions": "monotone-response, monotone-selection", "low": 0.0, "high": 0.1}],
    },
    "displacement": {"levels": [0.0, 0.5], "share_treated_by_cluster": [0.0, 0.5, 0.5]},
    "sensitivity": {"e_value": 1.4},
    "design": {"ratio_p": 0.4, "balance_p": 1e-9, "received_in_treated": 0.9, "received_in_untreated": 0.1},
}  # fmt: skip


def finding(gate: str, status: str = "fails", figure: float | None = 0.3) -> Finding:
    return found(gate, status, figure, 0.1, da=f"Dansk om {gate}.", en=f"English on {gate}.", details=DETAILS[gate])


def judged(plan, *, fails: tuple[str, ...], passes: tuple[str, ...], printed=()) -> Judged:
    seen = [finding(gate) for gate in fails] + [finding(gate, "passes", 0.05) for gate in passes]
    rest = [not_assessed(gate, da="Ikke set.", en="Not seen.") for gate in WEIGHTS if gate not in (*fails, *passes)]
    findings = [*seen, *rest]
    return Judged("source", plan, findings, verdict(findings, plan), printed)


@pytest.mark.parametrize("gate", DETAILS)
def test_every_gate_has_a_plot_with_its_sentence(gate):
    picture = draw_gate(finding(gate), Words("da"))
    assert picture is not None
    assert picture.alt == f"Dansk om {gate}."
    assert picture.png.startswith(b"\x89PNG")


def test_every_gate_of_the_verdict_is_drawn_here():
    assert set(DETAILS) == set(WEIGHTS)


def test_without_details_a_figure_is_still_held_against_its_threshold():
    bare = found("overlap", "fails", 0.4, 0.1, da="a", en="b")
    assert draw_gate(bare, Words("da")) is not None
    assert draw_gate(not_assessed("overlap", da="a", en="b"), Words("da")) is None
    assert draw_covariates_balance(bare, Words("da")) is None


def test_a_figure_at_zero_and_one_beyond_every_share_are_drawn():
    for figure in (0.0, 3.0):
        assert draw_gate(found("mode", "fails", figure, 0.5, da="a", en="b"), Words("en")) is not None


@pytest.fixture
def undrawn(monkeypatch):
    """Pages without their plots, which take longest: for tests of words."""
    blank = Picture("gate", "alt", b"<svg/>", b"")
    monkeypatch.setattr("analysis.report.verdict.draw_gate", lambda finding, words: blank)
    monkeypatch.setattr("analysis.report.verdict.draw_covariates_balance", lambda finding, words: blank)


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", re.sub(r"<style>.*?</style>", "", html, flags=re.S)))


def test_the_first_screen_says_why_the_registers_cannot_and_why_the_trial_can(undrawn):
    registers = judged(REGISTERS, fails=("mode", "overlap", "placebo", "talk", "precision", "bounds"), passes=())
    trial = judged(TRIAL, fails=("talk", "bounds"), passes=("design",))
    html = render_verdict([registers, trial], "en").html
    first = text_of(html.split("<nav")[0])
    assert "Not identified" in first
    assert "The form followed the calendar" in first
    assert "No number for the effect" in first
    assert "Identified by design" in first
    assert "A lottery decided who got which form" in first
    assert first.index("Not identified") < first.index("Identified by design")
    danish = text_of(render_verdict([registers, trial], "da").html.split("<nav")[0])
    assert "Formen fulgte kalenderen" in danish
    assert "Lodtrækning afgjorde" in danish


def test_reasons_come_in_the_verdicts_own_order_and_are_few(undrawn):
    registers = judged(REGISTERS, fails=("talk", "mode", "overlap", "placebo", "precision", "bounds"), passes=())
    first = render_verdict([registers], "en").html.split("<nav")[0]
    said = re.findall(r"<p>(.*?)</p>", first)
    assert len(said) == 3
    assert said[0].startswith("The form followed the calendar")
    assert said[1].startswith("For many citizens there is nobody")


def test_a_table_of_any_study_is_told_in_words_of_treatment(undrawn):
    study = judged(NSW, fails=("overlap", "placebo"), passes=("mode",))
    for lang, form in (("en", "conversation"), ("da", "samtale")):
        text = text_of(render_verdict([study], lang).html.split("<nav")[0])
        assert form not in text
        assert ("treated" if lang == "en" else "behandlet") in text


def test_what_would_have_been_printed_stands_apart_and_a_refusal_has_its_reason(undrawn):
    estimate = Estimate(-8498.0, 700.0, -9870.0, -7126.0, 0.001, 0.95, {"untreated": 1, "treated": 1}, "HC2", "naive")
    printed = (("naive-difference", estimate), ("doubly-robust", NotEstimable("nobody is alike", "doubly-robust")))
    html = render_verdict([judged(NSW, fails=("overlap",), passes=(), printed=printed)], "en").html
    text = text_of(html)
    assert "What would have been printed otherwise" in text
    assert "−8,498" in text
    assert "nobody is alike" in text


def test_the_page_is_the_same_every_time_and_asks_no_network():
    one = judged(REGISTERS, fails=("mode",), passes=("overlap",))
    first, second = render_verdict([one], "da"), render_verdict([one], "da")
    html = first.html
    assert html == second.html
    assert not re.search(r"(?:src|href)=\"(?!data:|#)", html)
    assert len(re.findall(r"<img ", html)) == len(first.pictures)


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, DASH), (math.inf, DASH), (0.0, "0"), (2.0, "2"), (0.1234, "0.123"), (12.34, "12.3"), (8497.6, "8,498")],
)
def test_numbers_have_about_three_digits(value, text):
    assert number(value, Words("en")) == text
