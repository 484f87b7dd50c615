"""Conduct, withdrawals and corrections stand beside the assignment and never change it."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.opened import DAY, KEYS, arrival, arrivals, conversation, open_trial, published
from trial.errors import InfectionError, IntakeError, StateError
from trial.ledger.proof import verify_store
from trial.service import Outcome, Trial


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    return open_trial(tmp_path)


@pytest.fixture
def outcomes(trial: Trial) -> list[Outcome]:
    return trial.assign([*arrivals(range(6)), arrival(9, exclusion="interpreter")], DAY)


def test_the_same_record_again_changes_nothing(trial: Trial, outcomes: list[Outcome]) -> None:
    records = [conversation(outcomes[0]), conversation(outcomes[1], 2), conversation(outcomes[0], 3, held=False)]
    assert trial.record_conversations(records) == 3
    head = trial.head
    assert trial.record_conversations([*records, *records]) == 0 and trial.head == head


def test_a_conversation_to_come_may_be_recorded_again_and_a_settled_one_stands(
    trial: Trial, outcomes: list[Outcome]
) -> None:
    digital = next(one for one in outcomes if one.arm == "digital")
    coming = conversation(digital, held=False)
    overridden = replace(coming, summoned_mode="physical", override_reason="citizen-demands")
    held = replace(overridden, held_mode="physical", held_on=coming.due_on)
    assert [trial.record_conversations([one]) for one in (coming, overridden, held, held)] == [1, 1, 1, 0]
    for later in (coming, replace(held, held_on=coming.due_on + timedelta(days=1))):
        with pytest.raises(StateError) as caught:
            trial.record_conversations([later])
        assert caught.value.stable_code == "conversation-differs"
    assert verify_store(trial.store, KEYS.trial).holds


def test_one_unlawful_record_refuses_all(trial: Trial, outcomes: list[Outcome]) -> None:
    head = trial.head
    good = conversation(outcomes[0])
    other_arm = {"physical": "digital", "digital": "physical"}[str(outcomes[1].arm)]
    for wrong in (
        replace(conversation(outcomes[1]), assigned_mode=other_arm),
        replace(conversation(outcomes[1]), number=7),
        replace(conversation(outcomes[1]), due_on=DAY),
        replace(good, participant_id=outcomes[6].participant_id),
        replace(good, participant_id="p" + "9" * 26),
    ):
        with pytest.raises(IntakeError):
            trial.record_conversations([good, wrong])
    assert trial.head == head


def test_a_file_of_the_same_bytes_published_on_another_day_is_another_publication(trial: Trial) -> None:
    later = DAY + timedelta(days=1)
    assert trial.import_infection([published(), published(vintage_on=later), published()]) == 2
    assert verify_store(trial.store, KEYS.trial).holds


def test_two_different_files_of_a_kind_for_one_day_are_refused_and_nothing_is_written(trial: Trial) -> None:
    trial.import_infection([published()])
    head = trial.head
    with pytest.raises(InfectionError) as caught:
        trial.import_infection([published(b"later", DAY + timedelta(days=1)), published(b"other")])
    assert caught.value.stable_code == "infection-vintage"
    assert trial.head == head and verify_store(trial.store, KEYS.trial).holds
