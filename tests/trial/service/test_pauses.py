"""Pauses: half-open, both arms together, as known at the time, applied again without effect."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.opened import BY, DAY, KEYS, arrival, open_trial
from trial.errors import StateError
from trial.infection import Closure, closures, import_paths, load_rule, synthetic_series
from trial.ledger.proof import verify_store
from trial.service import Trial

WEEK = timedelta(days=7)


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    return open_trial(tmp_path)


def closure(decided: int, closed: int, reopened: int | None, code: str = "0101") -> Closure:
    def day(offset: int) -> date:
        return DAY + timedelta(days=offset)

    return Closure(
        code, "København", day(decided), day(closed), None if reopened is None else day(reopened), 310.5, 25
    )


def test_the_first_day_is_paused_and_the_day_it_reopens_is_not(trial: Trial) -> None:
    trial.open_pause("0101", DAY, BY, decided_on=DAY)
    trial.close_pause("0101", DAY + WEEK, BY)
    days = [DAY + timedelta(days=offset) for offset in (-1, 0, 6, 7)]
    assert [trial.is_paused("0101", day) for day in days] == [False, True, True, False]
    assert not trial.is_paused("0461", DAY)


def test_both_times_and_the_evidence_are_kept(trial: Trial) -> None:
    trial.open_pause("0101", DAY, BY, ("letter.pdf", b"letter"), decided_on=DAY - WEEK)
    [pause] = trial.pauses()
    assert (pause.closed_on, pause.decided_on, pause.basis, pause.rule) == (DAY, DAY - WEEK, "hand", None)
    assert pause.known_at.startswith("2021-03-01T08:00:0") and len(pause.evidence) == 1


@pytest.mark.parametrize("code", ["101", "9999", "København", "", "0101 "])
def test_an_unknown_municipality_is_refused(trial: Trial, code: str) -> None:
    for act in (trial.open_pause, trial.close_pause):
        with pytest.raises(StateError) as caught:
            act(code, DAY, BY)
        assert caught.value.stable_code == "municipality"
    assert trial.head.length == 1


def test_pauses_of_a_municipality_follow_one_another(trial: Trial) -> None:
    with pytest.raises(StateError, match="no open pause"):
        trial.close_pause("0101", DAY, BY)
    trial.open_pause("0101", DAY, BY, decided_on=DAY)
    for day in (DAY, DAY + WEEK, DAY - WEEK):
        with pytest.raises(StateError) as caught:
            trial.open_pause("0101", day, BY, decided_on=DAY)
        assert caught.value.stable_code == "pause-overlaps"
    with pytest.raises(StateError, match="later day"):
        trial.close_pause("0101", DAY, BY)
    trial.close_pause("0101", DAY + WEEK, BY)
    with pytest.raises(StateError, match="no open pause"):
        trial.close_pause("0101", DAY + 2 * WEEK, BY)
    with pytest.raises(StateError, match="has ended"):
        trial.open_pause("0101", DAY + timedelta(days=6), BY, decided_on=DAY)
    trial.open_pause("0101", DAY + WEEK, BY, decided_on=DAY)
    assert len(trial.pauses()) == 2 and verify_store(trial.store, KEYS.trial).holds


def test_what_is_decided_or_reopened_later_is_not_yet_known(trial: Trial) -> None:
    decided = [closure(0, 1, 9), closure(20, 21, None), closure(3, 4, None, "0461")]
    assert trial.apply_closures(decided, DAY - WEEK) == []
    [opened] = trial.apply_closures(decided, DAY)
    assert (opened.closed_on, opened.reopened_on) == (DAY + timedelta(days=1), None)
    assert trial.apply_closures(decided, DAY) == []
    assert [one.municipality_code for one in trial.apply_closures(decided, DAY + timedelta(days=8))] == ["0461"]
    [closed] = trial.apply_closures(decided, DAY + timedelta(days=9))
    assert (closed.municipality_code, closed.reopened_on) == ("0101", DAY + timedelta(days=9))
    [later] = trial.apply_closures(decided, DAY + timedelta(days=20))
    assert later.closed_on == DAY + timedelta(days=21)
    head = trial.head
    assert trial.apply_closures(decided, DAY + timedelta(days=30)) == [] and trial.head == head
    [first, second, _] = trial.pauses()
    assert (first.value, first.cases, first.rule) == ("310.5", 25, "trial-pause-2021") and second.reopened_on is None


@settings(max_examples=10, deadline=None)
@given(
    spans=st.lists(st.tuples(st.integers(0, 3), st.integers(1, 5), st.integers(1, 9)), max_size=5),
    days=st.lists(st.integers(0, 60), max_size=8),
)
def test_applied_day_by_day_or_at_once_the_pauses_are_the_same(
    tmp_path_factory: pytest.TempPathFactory, spans: list[tuple[int, int, int]], days: list[int]
) -> None:
    """Brute force: a day is paused when one of the closures covers it."""
    decided, at = [], 0
    for gap, delay, length in spans:
        decided.append(closure(at + gap, at + gap + delay, at + gap + delay + length))
        at += gap + delay + length
    one, other = (open_trial(tmp_path_factory.mktemp(name)) for name in ("daily", "once"))
    for day in [*sorted(days), 100]:
        one.apply_closures(decided, DAY + timedelta(days=day))
    other.apply_closures(decided, DAY + timedelta(days=100))
    for offset in range(at + 2):
        day = DAY + timedelta(days=offset)
        expected = any(span.closed_on <= day and (span.reopened_on or day) > day for span in decided)
        assert any(pause.covers(day) for pause in one.pauses()) == expected
        assert any(pause.covers(day) for pause in other.pauses()) == expected
    assert verify_store(one.store, KEYS.trial).holds


def test_the_declared_rule_is_applied_to_what_was_imported(trial: Trial, tmp_path: Path) -> None:
    """Day by day from the imported files, word for word: the same pauses as the rule replayed on the whole series."""
    to_on = date(2021, 4, 30)
    files = synthetic_series(7, date(2020, 12, 1), to_on)
    folder = tmp_path / "ssi"
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    published = [one for one, _ in import_paths([folder])]
    assert trial.import_infection((one, one.content) for one in published) == len(published) > 1
    assert trial.import_infection((one, one.content) for one in published) == 0
    assert verify_store(trial.store, KEYS.trial).holds
    trial.decide_pauses(to_on)
    expected = closures(load_rule("trial-pause-2021"), published, trial.protocol.trial.enrolment.from_, to_on)
    found = {(one.municipality_code, one.closed_on, one.evidence) for one in trial.pauses()}
    assert found == {(one.municipality_code, one.closed_on, one.evidence) for one in expected}
    head = trial.head
    assert trial.decide_pauses(to_on) == [] and trial.head == head


def test_a_pause_learnt_of_late_changes_no_answer_given_before(trial: Trial) -> None:
    first = trial.assign([arrival(1, "0101")], DAY)
    trial.open_pause("0101", DAY - WEEK, BY, decided_on=DAY)
    assert trial.assign([arrival(1, "0101")], DAY)[0].arm == first[0].arm
    assert trial.assign([arrival(2, "0101")], DAY)[0].reason == "paused:0101"
    assert verify_store(trial.store, KEYS.trial).holds
