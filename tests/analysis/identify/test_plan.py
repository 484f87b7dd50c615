"""Plans: the shipped ones are lawful; what is not is refused at its line."""

import re

import pytest

from analysis.identify.plan import find_plan, load_plan, shipped_plans
from trial.errors import FileError, ProtocolError


@pytest.mark.parametrize("name", shipped_plans())
def test_shipped_plans_are_lawful(name):
    plan = load_plan(find_plan(name))
    assert plan.id == name
    assert plan.claims_randomised == (name in {"digital-samtaler", "nsw-experiment"})


def test_the_five_plans_are_shipped():
    assert {"covid-registers", "digital-samtaler", "nsw-experiment", "nsw-cps1", "nsw-psid1"} <= set(shipped_plans())


def changed(tmp_path, name, old, new):
    text = find_plan(name).read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "plan.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "change", "line", "message"),
    [
        ("covid-registers", ("most_with_talk", "most_with_talks"), "most_with_talks", "did you mean most_with_talk"),
        ("covid-registers", ("least_residual = 0.50", 'least_residual = "half"'), "least_residual", "a share"),
        ("covid-registers", ("level = 0.95", "level = 95"), "level", "above 0.5 and below 1"),
        ("covid-registers", ("[thresholds.talk]", "[thresholds.tlak]"), "tlak", "did you mean talk"),
        ("covid-registers", ('name = "no-anticipation"', 'name = "no-worries"'), "no-worries", "a known assumption"),
        ("covid-registers", ('name = "no-anticipation"', 'name = "unconfoundedness"'), "[[assumptions]]", "once"),
        ("covid-registers", ('kind = "panel"', 'kind = "cross-section"'), "format", "[columns]"),
        ("covid-registers", ("upper = 0.9", "upper = 0.4"), "upper", "above 0.5"),
        ("covid-registers", ("highest = 1", "highest = 0"), "highest", "above the lowest"),
        ("nsw-cps1", ('table = "trained-and-cps"', ""), "[source]", "study and table together"),
        ("nsw-cps1", ('treatment = "treat"', ""), "[columns]", "treatment"),
        ("nsw-experiment", ("share = 0.4114", "share = 1.4"), "share", "below 1"),
    ],
)
def test_a_mistake_is_told_at_its_line(tmp_path, name, change, line, message):
    path = changed(tmp_path, name, *change)
    with pytest.raises(ProtocolError) as error:
        load_plan(path)
    told = str(error.value)
    assert message in told
    where = re.search(r"plan\.toml:(\d+)", told)
    rows = path.read_text(encoding="utf-8").splitlines()
    at = int(where[1]) if line != "format" else 1
    assert line in rows[at - 1] or line == "format"


def test_a_bundle_is_its_own_proof(tmp_path):
    stated = '[randomised]\nby = "somebody"\nsource = "a letter"\n\n[thresholds.design]'
    path = changed(tmp_path, "digital-samtaler", "[thresholds.design]", stated)
    with pytest.raises(ProtocolError, match="ledger is the proof"):
        load_plan(path)


def test_an_unknown_plan_names_those_there_are():
    with pytest.raises(FileError, match="covid-registers"):
        find_plan("no-such-plan")
