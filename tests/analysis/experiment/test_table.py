"""The table: what replications add up to, by hand; expectations and published figures held against it."""

import json
import math
from dataclasses import replace

import pytest

from analysis.experiment.declare import Expectation, load_experiment
from analysis.experiment.expect import check_expectations, contradictions
from analysis.experiment.run import Replication, Said
from analysis.experiment.show import rows, summary, to_markdown, verdict_rows, write_between_marks
from analysis.experiment.table import read_table, summarise

DECLARED = load_experiment()
ITT, NAIVE = "stratified-difference", "naive-difference"


def said(tool: str, value: float | None, truth: float = -0.05, p: float = 0.5) -> Said:
    return Said(tool, truth) if value is None else Said(tool, truth, value, 0.01, value - 0.02, value + 0.02, p)


def replication(value: float | None, verdict: str | None = "identified-by-design", route: str | None = "design"):
    return Replication("trial", "planted", (said(ITT, value), said(NAIVE, 0.03)), verdict, route, ("design",))


def none_world(p: float, truth: float = 0.0) -> Replication:
    return Replication("trial", "none", (said(ITT, 0.01, truth, p),))


@pytest.fixture
def table():
    made = [replication(-0.05), replication(-0.04), replication(-0.06), replication(-0.01), replication(None)]
    return summarise(DECLARED, [*made, none_world(0.04), none_world(0.2), none_world(0.9), none_world(0.01, 0.1)])


def test_bias_coverage_and_size_by_hand(table):
    row = table.tool("trial", ITT)
    assert row.bias.value == pytest.approx((0 + 0.01 - 0.01 + 0.04) / 4)
    assert row.bias.error == pytest.approx(math.sqrt(sum((e - 0.01) ** 2 for e in (0, 0.01, -0.01, 0.04)) / 3 / 4))
    assert row.coverage.value == 0.75
    assert row.size.value == pytest.approx(1 / 3)  # a world with a truth that is not zero tells nothing of the size
    assert row.refused == 1
    assert row.printed.value == 1.0


def test_the_error_of_a_share_is_not_zero_at_its_ends(table):
    assert 0 < table.tool("trial", ITT).printed.error < 0.2


def test_a_tool_is_printed_by_its_own_route_alone(table):
    assert table.tool("trial", NAIVE).printed.value == 0.0


def test_a_verdict_lets_a_biased_number_through_where_its_route_carries_biased_tools():
    biased = [replication(-0.05, "identified-under-assumptions", "unconfoundedness") for _ in range(3)]
    table = summarise(DECLARED, [*biased, replication(-0.05), replication(-0.05, "not-identified", None)])
    assert table.verdict("trial").let_through.value == pytest.approx(3 / 5)
    instrument = summarise(DECLARED, [replication(-0.05, "identified-under-assumptions", "instrument")] * 2)
    assert instrument.verdict("trial").let_through.value == 1.0


def test_a_table_is_read_as_it_was_written(table, tmp_path):
    path = tmp_path / "table.json"
    path.write_text(json.dumps(table.to_json()), encoding="utf-8")
    assert read_table(path) == table
    assert list(contradictions(read_table(path), table, 2)) == []


def test_figures_too_far_apart_are_named(table):
    row = table.tools[0]
    other = replace(table, tools=(replace(row, bias=replace(row.bias, value=row.bias.value + 1)), *table.tools[1:]))
    assert [text.split(":")[0] for text in contradictions(table, other, 3)] == [f"trial {ITT} bias"]
    missing = replace(table, tools=(replace(row, size=None), *table.tools[1:]))
    assert list(contradictions(missing, table, 3)) == [f"trial {ITT} size: there is no published figure"]
    assert list(contradictions(table, missing, 3)) == []


@pytest.mark.parametrize(
    ("figure", "least", "most", "holds"),
    [("coverage", 0.94, 0.96, True), ("coverage", 0.999, None, False), ("bias", 0.0, 0.0, True),
     ("bias", 0.2, None, False), ("printed", None, 0.0, False), ("printed", 1.0, None, True)],
)  # fmt: skip
def test_an_expectation_holds_within_two_errors_of_its_bound(table, figure, least, most, holds):
    one = Expectation(regime="trial", tool=ITT, figure=figure, least=least, most=most)
    declared = DECLARED.model_copy(update={"expectations": (one,)})
    (shown,) = check_expectations(declared, table)
    assert shown.holds is holds
    assert summary([shown]).startswith(f"{int(holds)} of 1 expectations hold")
    assert shown.to_json()["holds"] is holds


def test_expectations_of_what_was_not_run_are_left_out(table):
    assert {one.name for one in check_expectations(DECLARED, table)} == {
        "trial verdict identified-by-design", f"trial {ITT} coverage", f"trial {ITT} size", f"trial {ITT} bias",
    }  # fmt: skip
    assert check_expectations(DECLARED, summarise(DECLARED, [])) == []


def test_the_table_is_shown_with_its_errors(table, tmp_path):
    text = to_markdown(table)
    assert "+1.00 (1.08)" in text
    assert all(len(row) == 10 for row in rows(table))
    assert verdict_rows(table)[0][0] == "trial"
    assert verdict_rows(table)[0][1].startswith("100.0% (")
    path = tmp_path / "experiment.md"
    path.write_text("# Head\n<!-- table: analysis experiment --markdown -->\nold\n<!-- end of table -->\ntail\n")
    write_between_marks(path, text)
    written = path.read_text()
    assert written.startswith("# Head\n")
    assert written.endswith("tail\n")
    assert "old" not in written
    assert text in written
    write_between_marks(tmp_path / "new.md", text)
    assert (tmp_path / "new.md").read_text() == text
