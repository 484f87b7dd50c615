"""Assigning: one answer a citizen, drawn from what happened before, in an order nobody can choose."""

import json
import sqlite3
from collections import Counter
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.opened import (
    BY,
    CODES,
    DAY,
    KEYS,
    PROTOCOL,
    TickingClock,
    arms,
    arrival,
    arrivals,
    dry_run,
    full_trial,
    in_production,
    open_trial,
    payloads,
    url,
)
from trial.errors import IntakeError, KeyFileError, StateError
from trial.keys import Keys, SecretKey
from trial.ledger.proof import stored, verify_store
from trial.ledger.replay import State
from trial.ledger.store import Store
from trial.service import Trial

TOLERANCE = 3


def test_a_repeated_request_gets_the_first_answer_and_writes_nothing(tmp_path: Path) -> None:
    trial = open_trial(tmp_path)
    first = trial.assign(arrivals(range(50)), DAY)
    head = trial.head
    again = trial.assign(arrivals(range(50)), DAY + timedelta(days=7))
    assert arms(again) == arms(first) and not any(one.new for one in again) and trial.head == head
    assert all(one.new for one in first)


def test_a_citizen_twice_in_a_request_has_one_answer(tmp_path: Path) -> None:
    trial = open_trial(tmp_path)
    outcomes = trial.assign([*arrivals([1, 2, 1]), arrival(2)], DAY)
    assert len(outcomes) == 4 and outcomes[0] == outcomes[2] and outcomes[1] == outcomes[3]
    assert trial.head.length == 3


def test_answers_come_in_the_order_of_the_request(tmp_path: Path) -> None:
    wanted = arrivals([5, 3, 9, 1])
    outcomes = open_trial(tmp_path).assign(wanted, DAY)
    assert [one.participant_id for one in outcomes] == [one.participant_id for one in wanted]


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(24)))
def test_sorting_a_batch_changes_no_arm(tmp_path_factory: pytest.TempPathFactory, order: list[int]) -> None:
    people = [arrival(number, ("0461", "0101")[number % 2]) for number in range(24)]
    one = open_trial(tmp_path_factory.mktemp("one")).assign(people, DAY)
    other = open_trial(tmp_path_factory.mktemp("other")).assign([people[number] for number in order], DAY)
    assert arms(one) == arms(other)


def test_the_state_is_carried_over_from_day_to_day_and_from_process_to_process(tmp_path: Path) -> None:
    """In daily batches, opened anew each day: the lead in the stratum never exceeds the tolerance."""
    trial = open_trial(tmp_path)
    lead = 0
    for day in range(30):
        trial.close()
        trial = Trial.open(url(tmp_path), KEYS, TickingClock())
        for outcome in trial.assign(arrivals(range(day * 5, day * 5 + 1 + day % 5)), DAY + timedelta(days=day)):
            lead += 1 if outcome.arm == "digital" else -1
        assert abs(lead) <= TOLERANCE
    steps = [payload["step"] for payload in payloads(trial, "assigned@1")]
    assert steps == list(range(len(steps)))


def test_exact_probabilities_are_recorded(tmp_path: Path) -> None:
    """An oracle in four lines: big stick over the recorded arms."""
    trial = open_trial(tmp_path)
    trial.assign([arrival(number, CODES[number % 5]) for number in range(400)], DAY)
    lead: Counter[object] = Counter()
    for payload in payloads(trial, "assigned@1"):
        ahead = lead[payload["stratum"]]
        expected = Fraction(1, 2) if abs(ahead) < TOLERANCE else Fraction(int(ahead < 0))
        assert payload["probabilities"] == {"digital": str(expected), "physical": str(1 - expected)}
        lead[payload["stratum"]] += 1 if payload["arm"] == "digital" else -1


def test_exclusions_and_pauses_use_up_no_draw_and_are_never_made_good(tmp_path: Path) -> None:
    trial = open_trial(tmp_path)
    trial.open_pause("0101", DAY, BY, decided_on=DAY)
    asked = [arrival(1, exclusion="interpreter"), arrival(2, "0101"), arrival(3, "0101", exclusion="interpreter")]
    reasons = [one.reason for one in trial.assign(asked, DAY)]
    assert reasons == ["excluded:interpreter", "paused:0101", "excluded:interpreter"]
    trial.close_pause("0101", DAY + timedelta(days=7), BY)
    later = trial.assign([arrival(1), arrival(2, "0101"), arrival(3)], DAY + timedelta(days=8))
    assert [one.reason for one in later] == reasons and not any(one.new for one in later)
    assert trial.assign([arrival(4, "0101")], DAY + timedelta(days=8))[0].arm is not None
    assert [payload["step"] for payload in payloads(trial, "assigned@1")] == [0]


def test_a_stay_in_another_municipality_keeps_the_first_arm(tmp_path: Path) -> None:
    trial = open_trial(tmp_path)
    first = trial.assign([arrival(1, "0461")], DAY)
    assert arms(trial.assign([arrival(1, "0101", "50+")], DAY)) == arms(first)


def test_a_preview_draws_nothing_and_tells_no_arm_to_come(tmp_path: Path) -> None:
    trial = open_trial(tmp_path)
    known = trial.assign([arrival(1)], DAY)
    head = trial.head
    seen = trial.preview([arrival(1), arrival(2), arrival(3, exclusion="interpreter")], DAY)
    assert (seen[0].arm, seen[0].new) == (known[0].arm, False)
    assert (seen[1].arm, seen[1].reason, seen[1].new) == (None, None, True)
    assert seen[2].reason == "excluded:interpreter" and trial.head == head


@pytest.mark.parametrize("on", [date(2021, 1, 3), date(2022, 1, 1)])
def test_nobody_is_enrolled_outside_enrolment(tmp_path: Path, on: date) -> None:
    trial = open_trial(tmp_path)
    for ask in (trial.assign, trial.preview):
        with pytest.raises(StateError) as caught:
            ask(arrivals([1]), on)
        assert caught.value.stable_code == "outside-enrolment"
    assert trial.head.length == 1


def test_levels_the_protocol_does_not_have_refuse_the_whole_batch(tmp_path: Path) -> None:
    trial = open_trial(tmp_path)
    with pytest.raises(IntakeError) as caught:
        trial.assign([arrival(1), arrival(2, age_group="0-17")], DAY)
    assert caught.value.stable_code == "intake-levels" and trial.head.length == 1


def test_an_empty_day_is_no_entry(tmp_path: Path) -> None:
    trial = open_trial(tmp_path)
    assert trial.assign([], DAY) == [] and trial.head.length == 1


def other(purpose: str, mode: str = "test", secret: bytes = b"X" * 32) -> Keys:
    keys = {"trial": KEYS.trial, "identity": KEYS.identity, "signing": KEYS.signing}
    return Keys(**{**keys, purpose: SecretKey(purpose, mode, secret)})


@pytest.mark.parametrize("purpose", ["trial", "identity", "signing"])
def test_a_key_that_was_not_committed_to_is_refused(tmp_path: Path, purpose: str) -> None:
    open_trial(tmp_path).close()
    with pytest.raises(KeyFileError) as caught:
        Trial.open(url(tmp_path), other(purpose), TickingClock())
    assert caught.value.stable_code == "key-wrong"


@pytest.mark.parametrize("mode", ["training", "production"])
def test_a_key_of_another_mode_is_refused(tmp_path: Path, mode: str) -> None:
    with pytest.raises(KeyFileError) as caught:
        open_trial(tmp_path, other("trial", mode))
    assert caught.value.stable_code == "key-mode" and not (tmp_path / "trial.db").exists()


def test_without_the_trial_key_nothing_is_drawn(tmp_path: Path) -> None:
    open_trial(tmp_path).close()
    trial = Trial.open(url(tmp_path), Keys(), TickingClock())
    with pytest.raises(KeyFileError) as caught:
        trial.assign(arrivals([1]), DAY)
    assert caught.value.stable_code == "key-missing" and trial.head.length == 1


def test_no_key_stands_anywhere_in_the_database_or_in_the_text_of_an_object(tmp_path: Path) -> None:
    trial = full_trial(tmp_path)
    content = (tmp_path / "trial.db").read_bytes()
    texts = repr(trial.epoch) + repr(KEYS) + str(vars(trial))
    for key in (KEYS.trial, KEYS.identity, KEYS.signing):
        assert key is not None
        for form in (key.secret, key.secret.hex().encode(), repr(key.secret)[2:-1].encode()):
            assert form not in content and form not in texts.encode()


def test_nothing_of_the_future_stands_in_the_database(tmp_path: Path) -> None:
    """The projections hold counts; with the same counts and another key the next arms are others."""
    trial = open_trial(tmp_path)
    trial.assign(arrivals(range(7)), DAY)
    connection = sqlite3.connect(tmp_path / "trial.db")
    rows = connection.execute("SELECT state FROM strata").fetchall()
    connection.close()
    assert [set(json.loads(state)) for (state,) in rows] == [{"physical", "digital"}]
    assert sum(json.loads(rows[0][0]).values()) == 7


def test_a_clock_that_was_set_back_never_turns_the_ledger_back(tmp_path: Path) -> None:
    clock = TickingClock()
    trial = open_trial(tmp_path, clock=clock, any_clock=True)
    trial.assign(arrivals([1]), DAY)
    clock.now -= timedelta(days=400)
    trial.assign(arrivals([2]), DAY)
    with trial.store.read() as transaction:
        times = [entry.at for entry in stored(transaction)]
    assert times == sorted(times) and verify_store(trial.store, KEYS.trial).holds


def test_projections_can_be_dropped_and_rebuilt(tmp_path: Path) -> None:
    from trial.ledger.proof import rebuild

    trial = full_trial(tmp_path)
    tables = ("participants", "strata", "pauses", "conversations")
    connection = sqlite3.connect(tmp_path / "trial.db", isolation_level=None)
    before = [sorted(connection.execute(f"SELECT * FROM {name}").fetchall()) for name in tables]
    for name in tables:
        connection.execute(f"DELETE FROM {name}")
    assert not verify_store(trial.store, KEYS.trial).holds
    rebuild(trial.store, KEYS.need("trial"), "2021-04-01T00:00:00.000000Z")
    after = [sorted(connection.execute(f"SELECT * FROM {name}").fetchall()) for name in tables]
    connection.close()
    assert before == after and all(before) and verify_store(trial.store, KEYS.trial).holds


def test_a_procedure_that_draws_block_sizes_replays_with_the_key_and_without(tmp_path: Path) -> None:
    text = PROTOCOL.read_text(encoding="utf-8")
    file = tmp_path / "blocks.toml"
    file.write_text(
        text.replace('"big-stick@1"\ntolerance = 3', '"permuted-block@1"\nsizes = [2, 4, 6]')
        .replace("predictability_budget = 0.60", "predictability_budget = 0.80"), encoding="utf-8"
    )  # fmt: skip
    trial = Trial.init(url(tmp_path), file, KEYS, "test", clock=TickingClock())
    outcomes = trial.assign([arrival(number, CODES[number % 3]) for number in range(120)], DAY)
    assert set(Counter(one.arm for one in outcomes)) == {"physical", "digital"}
    assert verify_store(trial.store, KEYS.trial).holds and verify_store(trial.store).holds
    state = State()
    with Store.open(url(tmp_path)).read() as transaction:
        for entry in stored(transaction):
            state.apply(entry)
    assert state.head.length == 121


def test_in_production_nobody_is_answered_for_a_day_to_come(tmp_path: Path) -> None:
    """Its pauses are not known yet. Who has an answer gets it again, also when the clock was set back since."""
    clock = TickingClock()
    trial = in_production(tmp_path, tmp_path / "kept", clock)
    trial.record_dry_run(dry_run(trial))
    tomorrow = DAY + timedelta(days=1)
    for ask in (trial.assign, trial.preview):
        with pytest.raises(StateError) as refused:
            ask([arrival(1)], tomorrow)
        assert refused.value.stable_code == "day-to-come" and str(tomorrow) in str(refused.value)
    with pytest.raises(StateError, match="must have come"):
        trial.day(tomorrow)
    with pytest.raises(StateError, match="must have come"):
        trial.open_pause("0101", tomorrow, BY, decided_on=tomorrow)
    clock.now += timedelta(days=1)
    [answer] = trial.assign([arrival(1)], tomorrow)
    trial.open_pause("0101", tomorrow + timedelta(days=1), BY, decided_on=tomorrow)
    clock.now -= timedelta(days=1)
    assert trial.assign([arrival(1)], tomorrow) == [answer._replace(new=False)]
    trial.close()


def test_in_a_test_days_to_come_are_tried(tmp_path: Path) -> None:
    trial = open_trial(tmp_path)
    assert trial.assign([arrival(1)], DAY + timedelta(days=30))[0].new
    trial.close()
