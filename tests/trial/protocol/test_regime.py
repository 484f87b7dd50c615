"""The legal regime as a table: which form of conversation is lawful for whom on which day, and who decides.

day        the day of the conversation
group      number of LAB § 6
week       whole weeks since unemployment began
talk       1 for the first conversation
where      municipality-closed: wholly or partly; already-summoned: to a digital conversation
"""

from datetime import date, timedelta
from pathlib import Path

import pytest

from trial.errors import ProtocolError
from trial.protocol import load_protocol, shipped
from trial.protocol.regime import (
    Conflict,
    can_override,
    check_legal_regime,
    lawful_modes,
    load_regime,
    unlawful_arms,
)

REGIME = load_regime()
SHIPPED = shipped("digital-samtaler.toml")
TABLE = """
day        | group | week | talk | where               | lawful                    | decided by
2019-12-31 |     1 |    0 |    1 |                     | not known                 |
2020-01-01 |     1 |    0 |    1 |                     | physical                  | statute
2020-03-11 |     1 |   26 |    3 |                     | physical                  | statute
2020-03-11 |     1 |   27 |    3 |                     | not known                 |
2020-03-12 |     1 |    0 |    1 |                     | telephone, video          | nobody
2020-05-25 |     2 |    0 |    1 |                     | telephone, video          | nobody
2020-05-26 |     1 |    0 |    1 |                     | physical, telephone, video| authority
2020-12-31 |     1 |    0 |    1 |                     | physical, telephone, video| authority
2021-01-04 |     2 |   12 |    2 |                     | physical, telephone, video| authority
2021-02-28 |     1 |    0 |    1 |                     | physical, telephone, video| authority
2021-04-30 |     1 |    0 |    1 |                     | physical, telephone, video| authority
2021-05-01 |     1 |    0 |    1 |                     | physical, telephone, video| authority
2021-06-13 |     1 |   30 |    4 |                     | physical, telephone, video| authority
2021-07-10 |    10 |    0 |    1 |                     | physical, telephone, video| authority
2021-07-31 |     1 |    0 |    1 |                     | physical, telephone, video| authority
2021-08-01 |     1 |    0 |    1 |                     | physical                  | statute
2021-08-01 |     1 |    0 |    1 | already-summoned    | physical, telephone, video| authority
2021-08-31 |     2 |   26 |    4 | already-summoned    | physical, telephone, video| authority
2021-09-01 |     1 |    0 |    1 | already-summoned    | physical                  | statute
2021-10-01 |     1 |    0 |    1 | municipality-closed | physical, telephone, video| authority
2021-12-31 |     1 |    0 |    1 |                     | physical                  | statute
2022-01-01 |     1 |   26 |    1 |                     | physical                  | statute
2022-01-01 |     1 |   26 |    1 | municipality-closed | physical                  | statute
2022-01-01 |     1 |   27 |    5 |                     | physical, telephone, video| citizen
2023-03-19 |     1 |    0 |    2 |                     | physical                  | statute
2023-03-20 |     1 |    0 |    1 |                     | physical                  | statute
2023-03-20 |     1 |    0 |    2 |                     | physical, telephone, video| citizen
2026-01-01 |     3 |   40 |    7 |                     | physical, telephone, video| citizen
2021-01-04 |     6 |    0 |    1 |                     | not known                 |
2021-01-04 |    11 |    0 |    1 |                     | not known                 |
"""
ROWS = [[cell.strip() for cell in row.split("|")] for row in TABLE.strip().splitlines()[1:]]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: " ".join(row[:5]))
def test_lawful_modes(row: list[str]) -> None:
    day, group, week, talk, where, modes, decided_by = row
    lawful = lawful_modes(
        REGIME, int(group), int(week), date.fromisoformat(day), number=int(talk), circumstances=frozenset([where])
    )
    assert (", ".join(lawful.modes) if lawful else "not known") == modes
    assert (lawful.decided_by if lawful else "") == decided_by
    if lawful:  # what a lottery may assign: nothing where the citizen, or nobody, decides
        assert lawful.assignable == (lawful.modes if decided_by in ("statute", "authority") else ())


def test_one_row_speaks_of_every_day_since_2020() -> None:
    """In the first six months, for every group of LAB § 31: no day in doubt, no day with two answers."""
    for days in range((date(2025, 1, 1) - date(2020, 1, 1)).days):
        on = date(2020, 1, 1) + timedelta(days)
        for group in (1, 2, 3, 4, 5, 7, 8, 9, 10):
            for number in (1, 2):
                rows = [row for row in REGIME.rows if row.holds(group, 13, on, number) and row.when == "always"]
                assert len(rows) == 1, (on, group, number)


def test_every_row_has_a_source_and_says_what_is_not_verified() -> None:
    for row in REGIME.rows:
        assert row.source
        assert row.status == "verified" or row.note or "not read" in row.source, row.name


def test_an_override_goes_one_way() -> None:
    modes = ("physical", "telephone", "video")
    assert {(mode, to) for mode in modes for to in modes if can_override(mode, to)} == {
        ("telephone", "physical"),
        ("video", "physical"),
    }


@pytest.mark.parametrize(
    ("first", "last", "arms"),
    [
        ("2021-01-04", "2021-07-31", set()),  # the job centre chose the form: either arm is lawful
        ("2021-01-04", "2021-08-01", {"digital"}),  # from 1 August the physical rule holds again
        ("2020-02-01", "2020-03-11", {"digital"}),
        ("2020-03-12", "2020-05-25", {"digital", "physical"}),  # no duty to any conversation
        ("2019-12-31", "2019-12-31", {"digital", "physical"}),  # not known is not lawful
        ("2022-06-01", "2022-06-30", {"digital"}),
        ("2024-01-01", "2024-12-31", {"digital", "physical"}),  # the citizen chooses after the first
    ],
)
def test_arms_that_are_unlawful_without_an_order(first: str, last: str, arms: set[str], tmp_path: Path) -> None:
    text = SHIPPED.read_text("utf-8").replace('derogates = ["LAB § 33"]', "derogates = []")
    text = text.replace("from = 2021-01-04, to = 2021-12-31", f"from = {first}, to = {last}")
    text = text.replace("from = 2021-01-01, to = 2021-12-31", f"from = {first}, to = {last}")
    path = tmp_path / "trial.toml"
    path.write_text(text, "utf-8")
    if not arms:
        load_protocol(path)
        return
    with pytest.raises(ProtocolError) as caught:
        load_protocol(path)
    lines = {f"{path}:17": "physical", f"{path}:23": "digital"}  # on the line of the arm's modes
    assert {lines[str(problem.where)] for problem in caught.value.problems()} == arms
    assert {problem.stable_code for problem in caught.value.problems()} == {"protocol-unlawful"}


def test_the_shipped_trial_rests_on_its_order_from_august() -> None:
    protocol = load_protocol(SHIPPED)
    reason = "lawful: physical; decided by statute (bek-1576-physical, inferred)"
    assert unlawful_arms(protocol, REGIME) == [
        Conflict("digital", group, date(2021, 8, 1), date(2021, 12, 31), reason)
        for group in ("dagpenge", "jobparat-kontanthjaelp")
    ]
    check_legal_regime(protocol, REGIME)  # says nothing: the order, here an example, is named
    unnamed = protocol.model_copy(update={"legal": protocol.legal.model_copy(update={"derogates": ()})})
    with pytest.raises(ProtocolError, match=r"arms\[2\]\.modes must be lawful on every day of enrolment"):
        check_legal_regime(unnamed, REGIME)


def test_a_citizen_who_may_be_older_in_unemployment_meets_another_rule() -> None:
    protocol = load_protocol(SHIPPED)
    longer = protocol.model_copy(
        update={"population": protocol.population.model_copy(update={"max_spell_weeks": 27})}
    )
    conflicts = unlawful_arms(longer, REGIME)
    assert {conflict.arm for conflict in conflicts} == {"physical", "digital"}
    assert any("says nothing of LAB § 6 no. 1 in week 27" in conflict.reason for conflict in conflicts)


ROW = """
[[rows]]
name = "{name}"
from = {first}
to = {last}
groups = [1, 2]
spell_weeks = {{ from = 0, to = 26 }}
conversations = "{conversations}"
when = "always"
modes = ["physical"]
decided_by = "statute"
status = "remembered"
source = "a source"
"""


def regime_of(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / "regime.toml"
    path.write_text('format = "lodtraek-regime/1"\n' + "".join(rows), "utf-8")
    return path


def test_two_answers_to_one_question_are_refused(tmp_path: Path) -> None:
    first = ROW.format(name="one", first="2020-01-01", last="2020-06-30", conversations="all")
    second = ROW.format(name="two", first="2020-06-30", last="2020-12-31", conversations="first")
    with pytest.raises(ProtocolError) as caught:
        load_regime(regime_of(tmp_path, first, second))
    assert caught.value.stable_code == "protocol-overlap"
    assert str(caught.value.where).endswith(":16")
    load_regime(regime_of(tmp_path, first, second.replace("2020-06-30", "2020-07-01")))
    load_regime(regime_of(tmp_path, first.replace('"all"', '"later"'), second))


def test_a_row_that_ends_before_it_begins_is_refused(tmp_path: Path) -> None:
    row = ROW.format(name="one", first="2020-06-30", last="2020-01-01", conversations="all")
    with pytest.raises(ProtocolError, match=r"rows\[1\]\.to must not be before from"):
        load_regime(regime_of(tmp_path, row))


def test_a_misspelt_regime_is_refused_at_its_line(tmp_path: Path) -> None:
    row = ROW.format(name="one", first="2020-01-01", last="2020-06-30", conversations="all")
    with pytest.raises(ProtocolError) as caught:
        load_regime(regime_of(tmp_path, row.replace("decided_by", "decided")))
    assert caught.value.stable_code == "protocol-unknown-key"
    assert str(caught.value.where).endswith(":12")
