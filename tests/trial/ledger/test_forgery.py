"""Forged entries whose hashes are right: the rules find them, and the key finds what the rules cannot.

Each case rewrites one payload of a lawful ledger and chains everything anew, as a forger with the database would.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.opened import DAY, KEYS, arrivals, full_trial, open_trial
from trial.errors import LodtraekError
from trial.ledger.chain import EMPTY, head_of, link
from trial.ledger.entry import Entry, canonical
from trial.ledger.proof import stored
from trial.ledger.replay import replay

SECRETS = KEYS.need("trial").secrets
Change = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="module")
def entries(tmp_path_factory: pytest.TempPathFactory) -> list[Entry]:
    trial = full_trial(tmp_path_factory.mktemp("forgery"))
    with trial.store.read() as transaction:
        return list(stored(transaction))


def chained(rows: list[tuple[str, dict[str, Any]]]) -> Iterator[Entry]:
    head = EMPTY
    for number, (kind, payload) in enumerate(rows):
        entry = link(head, kind, f"2021-03-01T08:00:{number:02d}.000000Z", canonical(payload))
        head = head_of(entry)
        yield entry


def rows(entries: list[Entry]) -> list[tuple[str, dict[str, Any]]]:
    return [(entry.kind, json.loads(entry.payload)) for entry in entries]


def refusal(forged: list[tuple[str, dict[str, Any]]], secrets: tuple[bytes, ...] = ()) -> str:
    with pytest.raises(LodtraekError) as caught:
        replay(chained(forged), secrets)
    return f"{caught.value.where} {caught.value.found}"


def test_chained_anew_and_unchanged_the_ledger_replays(entries: list[Entry]) -> None:
    assert replay(chained(rows(entries)), SECRETS).head.length == replay(chained(rows(entries))).head.length == 15


def put(**fields: object) -> Change:
    return lambda payload: payload.update(fields)


@pytest.mark.parametrize(
    ("kind", "change", "problem"),
    [
        ("trial-opened@1", put(protocol="0" * 64), "digest must be that of its text"),
        ("trial-opened@1", put(trial_id="other"), "must be those of the protocol"),
        ("trial-opened@1", put(procedure="simple@1"), "must be those of the protocol"),
        ("assigned@1", put(step=7), "its step must be 0"),
        ("assigned@1", put(stratum="0461/dagpenge/50+"), "its stratum must be its levels"),
        ("assigned@1", put(procedure="simple@1"), "its procedure must be the declared one"),
        ("assigned@1", put(epoch=2), "epoch and protocol must be those in force"),
        ("assigned@1", put(protocol="0" * 64), "epoch and protocol must be those in force"),
        ("assigned@1", put(on="2020-12-31"), "within enrolment"),
        ("assigned@1", put(on="2022-01-01"), "within enrolment"),
        ("assigned@1", put(municipality_code="0101"), "nobody may be assigned in a pause"),
        ("assigned@1", put(arm="third"), "its arm must be one that could be drawn"),
        ("assigned@1", put(probabilities={"physical": "2/3", "digital": "1/3"}), "those of the procedure"),
        ("assigned@1", put(probabilities={"physical": "1"}), "could be drawn|those of the procedure"),
        ("assigned@1", lambda payload: payload["levels"].update(age_group="0-17"), "levels must be those"),
        ("assigned@1", lambda payload: payload["levels"].pop("age_group"), "levels must be those"),
        ("not-randomised@1", put(reason="bored"), "must be an exclusion or a pause"),
        ("not-randomised@1", put(reason="paused:0461", municipality_code="0461"), "a pause must cover"),
        ("not-randomised@1", put(reason="paused:0101", municipality_code="0461"), "a pause must cover"),
        ("pause-closed@1", put(closed_on="2021-03-02"), "only an open pause"),
        ("pause-closed@1", put(reopened_on="2021-03-01"), "must last a day"),
        ("pause-closed@1", put(municipality_code="0751"), "only an open pause"),
        ("conversation@1", put(participant_id="p" + "9" * 26), "must be the citizen's arm"),
        ("conversation@1", put(assigned_mode="third"), "must be the citizen's arm"),
        ("conversation@1", put(override_reason="bored"), "must be one of the protocol"),
        ("conversation@1", put(held_mode="none"), "exactly when it was held"),
        ("corrected@1", put(participant_id="0" * 64), "must have been assigned"),
        ("corrected@1", put(about=1), "must be about the citizen's assignment"),
        ("corrected@1", put(what="retracted", scope=None), "must be about the citizen's assignment"),
        ("corrected@1", put(scope=None), "must say from what"),
        ("corrected@1", put(what="ineligible"), "must say from what"),
        ("corrected@1", put(on="2021-02-28"), "must not withdraw before"),
    ],
)
def test_a_forged_entry_breaks_a_rule(entries: list[Entry], kind: str, change: Change, problem: str) -> None:
    forged = rows(entries)
    number = next(index for index, (one, _) in enumerate(forged) if one == kind)
    change(forged[number][1])
    found = refusal(forged)
    assert any(part in found for part in problem.split("|")), found
    assert f"ledger row {number + 1}" in found


@pytest.mark.parametrize("kind", ["assigned@1", "not-randomised@1", "pause-opened@1", "infection-imported@1"])
def test_the_same_entry_twice_breaks_a_rule(entries: list[Entry], kind: str) -> None:
    forged = rows(entries)
    number = next(index for index, (one, _) in enumerate(forged) if one == kind)
    forged.insert(number + 1, forged[number])
    assert f"ledger row {number + 2}" in refusal(forged)


def test_a_second_opening_and_an_opening_that_is_not_first_break_a_rule(entries: list[Entry]) -> None:
    forged = rows(entries)
    assert "must open the trial" in refusal([*forged, forged[0]])
    assert "must open the trial" in refusal(forged[1:])


def test_a_swapped_arm_is_found_by_the_key_and_by_it_alone(tmp_path: Path) -> None:
    """One assignment: both arms were as likely, no rule can tell; the key can."""
    trial = open_trial(tmp_path)
    trial.assign(arrivals([1]), DAY)
    with trial.store.read() as transaction:
        forged = rows(list(stored(transaction)))
    drawn = forged[1][1]["arm"]
    forged[1][1]["arm"] = {"physical": "digital", "digital": "physical"}[drawn]
    assert replay(chained(forged)).head.length == 2
    assert "its arm must be the one the key draws" in refusal(forged, SECRETS)


def test_a_lead_beyond_the_tolerance_is_found_without_the_key(tmp_path: Path) -> None:
    """Ten in one arm: from the fourth on, the recorded one half is not what the procedure gives."""
    trial = open_trial(tmp_path)
    trial.assign(arrivals(range(10)), DAY)
    with trial.store.read() as transaction:
        forged = rows(list(stored(transaction)))
    for _, payload in forged[1:]:
        payload.update(arm="digital", probabilities={"physical": "1/2", "digital": "1/2"})
    assert refusal(forged) == "ledger row 5 its probabilities must be those of the procedure"


def test_files_of_a_forged_opening_do_not_leave_their_folder(entries: list[Entry]) -> None:
    for name in ("../escape.toml", "/tmp/escape.toml", "rules/../../escape.toml"):
        forged = rows(entries)
        forged[0][1]["references"][name] = "x"
        with pytest.raises(LodtraekError):
            replay(chained(forged))
    assert not Path("/tmp/escape.toml").exists()
