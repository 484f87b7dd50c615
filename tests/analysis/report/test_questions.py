"""Corrections, subgroups, looks and spillovers in the report: told where declared, withheld where few."""

from dataclasses import replace

import pytest

from analysis.disclosure import WITHHELD, release_effects
from analysis.plan.effects import LookRow, SpilloverRow
from analysis.report.render import render

LOOKS = (
    LookRow("itt-weeks-employed", 1, 0.5, 2.963, 0.003, "obrien-fleming", "estimated", None, 1.2, False, -3.0, 5.0,
            1.0, 0.95),
    LookRow("itt-weeks-employed", 2, 1.0, 1.969, 0.049, "obrien-fleming", "planned"),
)  # fmt: skip
SPREAD = (
    SpilloverRow("itt-exit-26", "exit_26", 0.5, "direct", "estimated", None, 0.02, 0.01, 0.0, 0.04, 0.05, 9.0,
                 {"physical": 50, "digital": 60}),
    SpilloverRow("itt-exit-26", "exit_26", 0.5, "spillover", "estimated", None, -0.01, 0.01, -0.03, 0.01, 0.3, 9.0,
                 {"physical": 50, "digital": 3}),
)  # fmt: skip


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("da", ["korrigeret efter Holm", "p, korrigeret", "Efter alder", "Test for ens effekt",
                "Planlagte opgørelser", "2,963", "O’Brien og Fleming", "direkte", "vises ikke"]),
        ("en", ["corrected after Holm", "p, corrected", "By age", "Test of equal effects", "Planned looks", "2.963",
                "O’Brien and Fleming", "direct", "not shown"]),
    ],
)  # fmt: skip
def test_every_declared_question_is_told(made, lang, said):
    effects = replace(made.effects, looks=LOOKS, spillovers=SPREAD)
    html = render(made.bundle, made.analysis_set, effects, lang).html
    for words in said:
        assert words in html, words


def test_a_subgroup_of_few_takes_its_test_with_it(made):
    rows = list(made.effects.subgroups)
    rows[3] = replace(rows[3], n={"physical": 2, "digital": 30})
    released = release_effects(replace(made.effects, subgroups=tuple(rows), spillovers=SPREAD)).effects
    assert [row.status for row in released.subgroups].count(WITHHELD) == 1
    assert released.subgroups[3].estimate is None
    assert all(row.n == {} for row in released.subgroups)
    group, age = released.interactions
    assert (age.status, age.p) == (WITHHELD, None)
    assert group.p is not None
    assert [row.status for row in released.spillovers] == ["estimated", WITHHELD]
    assert released.spillovers[1].estimate is None
