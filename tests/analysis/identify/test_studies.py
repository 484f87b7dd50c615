"""Studies somebody published, judged: the NSW experiment and its two notorious comparisons."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from analysis.cli import main

STUDY = "nsw-dehejia-wahba"


def judged(plan, *options):
    result = CliRunner().invoke(main, ["identify", STUDY, "--plan", plan, "--json", *options])
    return result.exit_code, json.loads(result.stdout)


def gates(made):
    return {one["gate"]: one for one in made["gates"]}


def test_the_nsw_experiment_is_identified_by_design():
    status, made = judged("nsw-experiment")
    assert (status, made["verdict"]) == (0, "identified-by-design")
    proof = gates(made)["design"]["details"]
    assert (proof["n"], proof["treated"], proof["basis"]) == (445, 185, "stated")
    assert "LaLonde (1986)" in proof["source"]
    assert proof["ratio_p"] > 0.5


@pytest.mark.parametrize(("plan", "printed", "error"), [("nsw-cps1", -8498, 583), ("nsw-psid1", -15205, 657)])
def test_survey_comparisons_are_refused_for_overlap_and_placebo(plan, printed, error):
    status, made = judged(plan)
    assert (status, made["verdict"]) == (1, "not-identified")
    assert made["reasons"][:2] == ["overlap", "placebo"]
    found = gates(made)
    assert found["overlap"]["figure"] > 0.85
    assert found["placebo"]["details"]["placebo"] == ["re75"]
    details = found["sensitivity"]["details"]
    assert round(details["would_have_been_printed"]) == printed
    assert round(details["would_have_been_printed_se"]) == error
    assert "estimate" not in json.dumps(made["gates"][:4])


@pytest.mark.parametrize(("lang", "words"), [("da", "Effekten kan ikke læres"), ("en", "cannot be learnt")])
def test_people_read_the_verdict_first_and_what_would_have_been_printed_last(lang, words):
    result = CliRunner().invoke(main, ["identify", STUDY, "--plan", "nsw-psid1", "--lang", lang])
    lines = result.stdout.splitlines()
    assert words in lines[0]
    assert ("-15.205" if lang == "da" else "-15,205") in lines[-1]
    assert result.exit_code == 1


def test_a_table_of_ones_own(tmp_path, make_comparison):
    units = make_comparison(400, effect=0.0)
    rows = np.column_stack([units.treatment, units.outcome, units.covariates, units.placebo["before"], units.stratum])
    table = tmp_path / "study.csv"
    text = "\n".join(",".join(f"{value:.6g}" for value in row) for row in rows)
    table.write_text(f"d,y,x1,x2,before,place\n{text}\n", encoding="utf-8")
    plan = tmp_path / "own.toml"
    plan.write_text(OWN, encoding="utf-8")
    result = CliRunner().invoke(main, ["identify", str(table), "--plan", str(plan), "--json"])
    made = json.loads(result.stdout)
    assert gates(made)["mode"]["details"]["strata"] == 3
    assert gates(made)["placebo"]["details"]["placebo"] == ["before"]
    assert gates(made)["talk"]["status"] == "not-assessed"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('treatment = "d"', 'treatment = "dose"', "the column dose"),
        ('treatment = "d"', 'treatment = "x1"', "0 or 1"),
        ('"x2"', '"place", "gap"', "finite number"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(tmp_path, old, new, message):
    table = tmp_path / "study.csv"
    table.write_text("d,y,x1,x2,before,place,gap\n1,2,3,4,5,6,\n0,1,2,3,4,5,1\n", encoding="utf-8")
    plan = tmp_path / "own.toml"
    plan.write_text(OWN.replace(old, new), encoding="utf-8")
    result = CliRunner().invoke(main, ["identify", str(table), "--plan", str(plan)])
    assert result.exit_code == 31
    assert message in result.stderr


def test_wrong_sources_are_told_what_is_asked(tmp_path):
    for source, plan, status in (
        (str(tmp_path / "none"), "covid-registers", 11),
        (str(tmp_path), "digital-samtaler", 2),
        ("no-such-study", "nsw-cps1", 11),
    ):
        result = CliRunner().invoke(main, ["identify", source, "--plan", plan])
        assert result.exit_code == status, result.output


OWN = """
format = "lodtraek-identification/1"
id = "own"
title = { da = "Egen", en = "Own" }
question = { da = "Hvad?", en = "What?" }
source = { kind = "cross-section" }

[columns]
treatment = "d"
outcome = "y"
covariates = ["x1", "x2"]
placebo = ["before"]
stratum = "place"

[inference]
margin = 0.1
level = 0.95
sidedness = "one-sided"
power = 0.8
seed = 1

[thresholds.mode]
least_residual = 0.5
least_effective = 0.5

[thresholds.placebo]
most_difference = 0.1
"""
