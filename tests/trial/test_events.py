"""Intercurrent events of the bundle: each from the ledger, at the time it was known, and none alters anything."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.opened import BY, DAY, KEYS, arrivals, conversation, open_trial
from tests.opened import withdrawal as withdrew
from trial.bundle import export_bundle, read_bundle, verify_bundle
from trial.service import Outcome, Trial

ONE = timedelta(days=1)


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    return open_trial(tmp_path)


def events(trial: Trial, folder: Path) -> list[tuple[str, dict[str, Any]]]:
    export_bundle(trial, folder / "bundle")
    assert verify_bundle(folder / "bundle", KEYS.trial).holds
    rows = read_bundle(folder / "bundle").events.to_pylist()
    assert rows == sorted(rows, key=lambda row: row["at"])
    return [(row["kind"], json.loads(row["detail"])) for row in rows]


def of_arm(outcomes: list[Outcome], arm: str) -> Outcome:
    return next(one for one in outcomes if one.arm == arm)


def test_an_override_a_pause_and_a_withdrawal(trial: Trial, tmp_path: Path) -> None:
    outcomes = trial.assign(arrivals(range(8)), DAY)
    digital, physical = of_arm(outcomes, "digital"), of_arm(outcomes, "physical")
    trial.open_pause("0461", DAY + 5 * ONE, BY)
    overridden = replace(
        conversation(digital),
        summoned_mode="physical",
        override_reason="citizen-demands",
        held_mode=None,
        held_on=None,
    )
    trial.record_conversations([overridden])
    assert events(trial, tmp_path) == []  # it is still to come
    held_on = DAY + 4 * ONE
    trial.record_conversations([replace(overridden, held_mode="physical", held_on=held_on)])
    switched = replace(conversation(physical), held_mode="telephone", in_pause=True)
    trial.record_conversations([switched])
    trial.correct(withdrew(physical.participant_id, DAY + 9 * ONE))
    (one, override), (two, pause), (three, withdrawal) = events(trial, tmp_path)
    assert (one, two, three) == ("override-to-physical", "pause", "withdrawal")
    assert (override["reason"], override["number"], override["held_mode"]) == ("citizen-demands", 1, "physical")
    assert (pause["summoned_mode"], pause["held_mode"], pause["number"]) == ("physical", "telephone", 1)
    assert withdrawal["reason"] == "moved"
    assert {row["arm"] for row in read_bundle(tmp_path / "bundle").assignments.to_pylist()} == {"physical", "digital"}


@pytest.mark.parametrize(("opened", "told"), [(0, True), (7, True), (8, False)])
def test_a_conversation_in_a_known_pause_is_told_of_even_where_the_record_does_not_say_so(
    trial: Trial, tmp_path: Path, opened: int, told: bool
) -> None:
    """Held on day 7, or due then and not held."""
    outcomes = trial.assign(arrivals(range(4)), DAY - ONE)
    trial.open_pause("0461", DAY + opened * ONE, BY)
    day = DAY - ONE
    records = [conversation(outcomes[0], assigned_on=day), conversation(outcomes[1], held=False, assigned_on=day)]
    records[1] = replace(records[1], held_mode="none")
    records = [replace(one, held_on=one.held_on and one.held_on + ONE) for one in records]
    trial.record_conversations(records)
    found = [detail["recorded_in_pause"] for kind, detail in events(trial, tmp_path) if kind == "pause"]
    assert found == ([] if not told else [False] if opened == 7 else [False, False])
