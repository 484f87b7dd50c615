"""The feed as the service meets it: it stops, it comes late; the declared rule says what then, the ledger stands."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tests.opened import BY, DAY, KEYS, PROTOCOL, TickingClock, arrival, open_trial
from tests.trial.infection.made import pair, span
from trial.infection import Closure, Publication, load_rule
from trial.ledger.proof import verify_store
from trial.protocol import shipped
from trial.service import Trial

LAST = date(2021, 2, 20)  # the last publication
CALM = pair(LAST, span("2021-02-01", 20), {})
HIGH = pair(LAST, span("2021-02-01", 20), {"0101": [2000] * 20})
ONE = timedelta(days=1)


@pytest.fixture
def begin(tmp_path: Path) -> Callable[[str], Trial]:
    """Begin a trial whose rule says what to do when nothing has come for three days."""

    def begun(then: str) -> Trial:
        (tmp_path / "rules").mkdir()
        rule = shipped("rules/trial-pause-2021.toml").read_text("utf-8")
        stale = 'max_age_days = 7\nthen = "hold"'
        assert stale in rule
        rule = rule.replace(stale, f'max_age_days = 3\nthen = "{then}"').replace("trial-pause-2021", "feed")
        rule = rule.replace("in_force = { from = 2021-01-01", "in_force = { from = 2021-02-20")
        (tmp_path / "rules" / "feed.toml").write_text(rule, "utf-8")
        load_rule(tmp_path / "rules" / "feed.toml")
        protocol = tmp_path / "protocol.toml"
        protocol.write_text(PROTOCOL.read_text("utf-8").replace("trial-pause-2021", "feed"), "utf-8")
        clock = TickingClock(datetime(2021, 2, 20, 14, tzinfo=UTC))
        return Trial.init(f"sqlite:///{tmp_path / 'trial.db'}", protocol, KEYS, "test", clock=clock)

    return begun


def imported(trial: Trial, published: list[Publication]) -> None:
    trial.import_infection((one, one.content) for one in published)


def paused(trial: Trial, days: int, code: str = "0461") -> list[bool]:
    return [trial.is_paused(code, LAST + offset * ONE) for offset in range(days)]


# Nothing on 21, 22, 23 February is borne; on the 24th the rule speaks, from the 25th it holds.
STALE = {"pause": [False] * 5 + [True] * 5, "hold": [False] * 10, "go-on": [False] * 10}


@pytest.mark.parametrize("then", STALE)
def test_a_feed_that_stops(begin: Callable[[str], Trial], then: str) -> None:
    trial = begin(then)
    imported(trial, CALM)
    for offset in range(10):
        trial.decide_pauses(LAST + offset * ONE)
    assert paused(trial, 10) == STALE[then]
    if then == "pause":
        assert {one.basis for one in trial.pauses()} == {"no publication"} and len(trial.pauses()) == 98
        assert trial.assign([arrival(1)], LAST + 6 * ONE)[0].reason == "paused:0461"
    assert verify_store(trial.store, KEYS.trial).holds


@pytest.mark.parametrize("then", ["pause", "hold", "go-on"])
def test_a_pause_goes_on_when_the_feed_stops_and_a_calm_municipality_is_never_counted_as_zero_cases(
    begin: Callable[[str], Trial], then: str
) -> None:
    trial = begin(then)
    imported(trial, HIGH)
    for offset in range(15):
        trial.decide_pauses(LAST + offset * ONE)
    assert paused(trial, 15, "0101") == [False] + [True] * 14
    assert paused(trial, 10) == STALE[then]
    assert verify_store(trial.store, KEYS.trial).holds


def test_news_that_comes_late_ends_the_pause_on_the_day_it_is_found_and_never_before(
    begin: Callable[[str], Trial],
) -> None:
    """Paused for want of figures; then they come, published long ago: the rule has no ground any more."""
    trial = begin("pause")
    imported(trial, CALM)
    trial.decide_pauses(LAST + 6 * ONE)
    turned_away = trial.assign([arrival(1)], LAST + 6 * ONE)[0]
    for offset in range(1, 9):
        day = LAST + offset * ONE
        imported(trial, pair(day, span("2021-02-01", 20 + offset), {}))
    trial.decide_pauses(LAST + 8 * ONE)
    assert paused(trial, 10) == [False] * 5 + [True] * 3 + [False] * 2
    assert trial.assign([arrival(1)], LAST + 8 * ONE)[0].reason == turned_away.reason == "paused:0461"
    head = trial.head
    assert trial.decide_pauses(LAST + 8 * ONE) == [] and trial.head == head
    assert verify_store(trial.store, KEYS.trial).holds


def closure(first: int, last: int | None, decided: int | None = None) -> Closure:
    ends = None if last is None else DAY + last * ONE
    return Closure(
        "0101",
        "København",
        DAY + (first - 1 if decided is None else decided) * ONE,
        DAY + first * ONE,
        ends,
        310.0,
        9,
    )


def days_paused(trial: Trial) -> list[int]:
    return [offset for offset in range(20) if trial.is_paused("0101", DAY + offset * ONE)]


def test_what_stands_in_the_ledger_is_the_pause_that_goes_on(tmp_path: Path) -> None:
    """The rule, on late news, would have begun earlier or later: no second pause, and it ends as the rule says."""
    trial = open_trial(tmp_path)
    trial.apply_closures([closure(5, None)], DAY + 5 * ONE)
    assert trial.apply_closures([closure(2, None)], DAY + 6 * ONE) == []
    assert trial.apply_closures([closure(7, None)], DAY + 7 * ONE) == []
    [ended] = trial.apply_closures([closure(2, 10)], DAY + 10 * ONE)
    assert (ended.closed_on, ended.reopened_on) == (DAY + 5 * ONE, DAY + 10 * ONE)
    assert days_paused(trial) == [5, 6, 7, 8, 9]
    assert verify_store(trial.store, KEYS.trial).holds


def test_a_pause_by_hand_is_not_ended_by_the_rule_and_the_rule_goes_on_where_it_ends(tmp_path: Path) -> None:
    trial = open_trial(tmp_path)
    trial.open_pause("0101", DAY + 2 * ONE, BY)
    rule = [closure(4, 12)]
    assert trial.apply_closures(rule, DAY + 4 * ONE) == []
    trial.close_pause("0101", DAY + 6 * ONE, BY)
    [opened] = trial.apply_closures(rule, DAY + 6 * ONE)
    assert opened.closed_on == DAY + 6 * ONE
    for _ in range(2):
        trial.apply_closures(rule, DAY + 12 * ONE)
        assert days_paused(trial) == list(range(2, 12))
    assert [one.rule for one in trial.pauses()] == [None, "trial-pause-2021"]
    trial.open_pause("0101", DAY + 14 * ONE, BY)
    assert trial.apply_closures(rule, DAY + 18 * ONE) == [] and days_paused(trial)[-1] == 19
    assert verify_store(trial.store, KEYS.trial).holds
