"""Amendments: a new epoch under a new key; what was answered stands, what is in flight is refused, all verifies."""

import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.amended import AMENDED_ON, BLOCKS, COARSER, TWO_TO_ONE, amend, amended
from tests.bundles import protocol
from tests.opened import (
    DAY,
    KEYS,
    PRODUCTION,
    PROTOCOL,
    TickingClock,
    arms,
    arrival,
    arrivals,
    dry_run,
    in_production,
    keys_here,
    open_trial,
    payloads,
    url,
)
from trial.cli import main
from trial.errors import LedgerError, ProtocolError, StateError
from trial.intake import Arrival
from trial.ledger.proof import rebuild, verify_store
from trial.service import Request, Trial, amending

LATER = datetime(2021, 4, 1, 7, tzinfo=UTC)


@pytest.fixture
def clock() -> TickingClock:
    return TickingClock()


def coarse(number: int) -> Arrival:
    return arrival(number, age_group="30+" if number % 3 else "18-29")


def test_a_new_version_begins_an_epoch_and_the_old_one_stands(
    database_url: str, tmp_path: Path, clock: TickingClock
) -> None:
    """Strata and ratio change; both epochs are drawn anew by verify, every projection is what the ledger gives."""
    trial = open_trial(database_url, clock=clock)
    first = arms(trial.assign(arrivals(range(30)), DAY))
    clock.now = LATER
    made = amend(trial, amended(tmp_path, COARSER, TWO_TO_ONE))
    assert (made.epoch, made.closed_scopes, made.closed_citizens) == (2, 1, 30)
    assert ("arms[2].ratio", "1", "2") in made.changes and ("trial.version", "1", "2") in made.changes
    second = trial.assign([coarse(number) for number in range(100, 190)], AMENDED_ON)
    assert arms(trial.assign(arrivals(range(30)), AMENDED_ON)) == first  # whoever asks again gets the first answer
    rows = payloads(trial, "assigned@1")
    assert Counter(row["epoch"] for row in rows) == {1: 30, 2: 90}
    steps = [row["step"] for row in rows if row["epoch"] == 2 and row["stratum"] == "0461/dagpenge/18-29"]
    assert steps == list(range(30))  # the same name, another scope
    assert {row["stratum"] for row in rows if row["epoch"] == 2} == {"0461/dagpenge/18-29", "0461/dagpenge/30+"}
    assert abs(Counter(arms(second).values())["digital"] - 60) <= 6
    chances = [Fraction(row["probabilities"]["digital"]) for row in rows if row["epoch"] == 2]  # type: ignore[index]
    assert chances[0] == Fraction(2, 3)
    for key in (KEYS.trial, None):
        assert verify_store(trial.store, key).holds
    assert KEYS.trial and rebuild(trial.store, KEYS.trial, "2021-04-01T09:00:00.000000Z") in (None, [])
    assert verify_store(trial.store, KEYS.trial).holds
    trial.close()
    again = Trial.open(database_url, KEYS, clock)
    assert again.epoch.number == 2 and again.protocol.trial.version == 2
    assert arms(again.assign([coarse(number) for number in range(100, 190)], AMENDED_ON)) == arms(second)
    again.close()


def test_open_blocks_are_closed_and_the_new_epoch_begins_its_own(tmp_path: Path, clock: TickingClock) -> None:
    table = 'procedure = "permuted-block@1"\nsizes = [6]'
    trial = Trial.init(url(tmp_path), protocol(tmp_path, table), KEYS, "test", clock=clock)
    trial.assign([arrival(number, ("0461", "0101")[number % 4 == 3]) for number in range(16)], DAY)
    clock.now = LATER
    folder = tmp_path / "later"
    folder.mkdir()
    amend(trial, amended(folder, source=tmp_path / "protocol.toml"))
    assert payloads(trial, "trial-amended@1")[0]["closed"] == {
        "0101/dagpenge/18-29": 4,
        "0461/dagpenge/18-29": 12,
    }
    trial.assign(arrivals(range(100, 106), "0101"), AMENDED_ON)
    drawn = [row for row in payloads(trial, "assigned@1") if row["epoch"] == 2]
    assert Counter(row["arm"] for row in drawn) == {
        "physical": 3,
        "digital": 3,
    }  # a whole block
    assert verify_store(trial.store, KEYS.trial).holds


def test_the_draws_of_the_epochs_have_nothing_to_do_with_each_other(tmp_path: Path, clock: TickingClock) -> None:
    """The same stratum, the same steps, another key."""
    table = 'procedure = "simple@1"'
    trial = Trial.init(url(tmp_path), protocol(tmp_path, table), KEYS, "test", clock=clock)
    trial.assign(arrivals(range(200)), DAY)
    clock.now = LATER
    folder = tmp_path / "later"
    folder.mkdir()
    amend(trial, amended(folder, source=tmp_path / "protocol.toml"))
    trial.assign(arrivals(range(200, 400)), AMENDED_ON)
    rows = payloads(trial, "assigned@1")
    same = sum(one["arm"] == other["arm"] for one, other in zip(rows[:200], rows[200:], strict=True))
    assert 60 < same < 140
    commitments = [payloads(trial, kind)[0]["epoch_key_commitment"] for kind in ("trial-opened@1", "trial-amended@1")]
    assert len(set(commitments)) == 2


def test_what_is_in_flight_under_the_old_protocol_is_refused(
    database_url: str, tmp_path: Path, clock: TickingClock
) -> None:
    trial = open_trial(database_url, clock=clock)
    other = Trial.open(database_url, KEYS, clock)
    first = arms(trial.assign(arrivals(range(5)), DAY))
    clock.now = LATER
    old = trial.epoch.digest
    amend(trial, amended(tmp_path, BLOCKS))
    length = trial.head.length
    with pytest.raises(StateError) as caught:
        other.assign(arrivals(range(3, 8)), AMENDED_ON)
    assert (caught.value.stable_code, caught.value.http_status) == ("protocol-amended", 409)
    assert trial.head.length == length
    with pytest.raises(StateError, match="amendment since"):
        trial.assign(arrivals([9]), AMENDED_ON, read_under=old)
    assert arms(other.assign(arrivals(range(5)), AMENDED_ON, read_under=old)) == first
    assert other.assign(arrivals([9]), AMENDED_ON)[0].new  # read again, it is answered
    for one in (trial, other):
        one.close()


def test_no_answer_goes_back_behind_an_amendment_nor_an_amendment_behind_an_answer(
    tmp_path: Path, clock: TickingClock
) -> None:
    trial = open_trial(tmp_path, clock=clock)
    trial.assign(arrivals(range(5)), DAY + timedelta(days=20))
    path = amended(tmp_path)
    for on in (DAY, DAY + timedelta(days=19), date(2021, 7, 1)):
        clock.now = max(clock.now, LATER)
        with pytest.raises(StateError) as caught:
            amend(trial, path, on)
        assert caught.value.stable_code == "amendment-day"
    amend(trial, path)
    for ask in (trial.assign, trial.preview):
        with pytest.raises(StateError) as caught:
            ask(arrivals([9]), AMENDED_ON - timedelta(days=1))
        assert caught.value.stable_code == "before-amendment"
    with pytest.raises(StateError, match="reach back"):
        amend(trial, amended(tmp_path, version=3), AMENDED_ON - timedelta(days=1))
    clock.now = LATER + timedelta(days=30)
    assert amend(trial, amended(tmp_path, version=3), AMENDED_ON + timedelta(days=30)).epoch == 3
    assert verify_store(trial.store, KEYS.trial).holds


@pytest.mark.parametrize(
    ("change", "code", "before_the_first_arm"),
    [
        (('id = "digital-samtaler"', 'id = "another-trial"'), "amendment-trial", False),
        (('modes = ["telephone", "video"]', 'modes = ["telephone"]'), "amendment-arms", False),
        (("enrolment = { from = 2021-01-04", "enrolment = { from = 2021-01-11"), "amendment-begin", False),
        (("to = 2021-12-31 }\n\n# The first arm", "to = 2021-03-31 }\n\n# The first arm"), "amendment-end", False),
        (("margin = 1.5 ", "margin = 2.5 "), "amendment-margin", True),
        (('estimators = ["stratified-difference", "strata-regression"]\nmargin',
          'estimators = ["strata-regression"]\nmargin'), "amendment-primary", True),
        (('by_week = 52\ndefinition = "b"\nrole = "primary"', 'by_week = 40\ndefinition = "b"\nrole = "primary"'),
         "amendment-outcome", True),
        (("\nlevel = 0.95", "\nlevel = 0.9"), "amendment-inference", True),
        (("weeks = 104", "weeks = 60"), "amendment-follow-up", True),
        (("due_weeks = [1, 5, 9, 13, 17, 22]", "due_weeks = [1, 5, 9, 13, 17, 21]"), "amendment-conversations", True),
        (('"caseworker-demands", ', ""), "amendment-conversations", True),
    ],
)  # fmt: skip
def test_what_an_amendment_may_not_change_is_refused_by_name(
    tmp_path: Path, clock: TickingClock, change: tuple[str, str], code: str, before_the_first_arm: bool
) -> None:
    trial = open_trial(tmp_path, clock=clock)
    clock.now = LATER
    path = amended(tmp_path, change)
    if before_the_first_arm:
        rehearsal = Trial.open(url(tmp_path), KEYS, clock, rehearsal=True)
        assert rehearsal.amend(Request(path, AMENDED_ON, "a test")).epoch == 2
        rehearsal.close()
    trial.assign(arrivals([1]), DAY)
    length = trial.head.length
    with pytest.raises(ProtocolError) as caught:
        trial.amend(Request(path, AMENDED_ON, "a test"))
    assert caught.value.stable_code == code and f"{path}:" in str(caught.value.where)
    assert trial.head.length == length
    # Whoever writes it all the same, past the service, is found by replay.
    _write_unchecked(trial, path)
    [found] = verify_store(trial.store, KEYS.trial).findings
    assert found.where == f"ledger row {length + 1}" and "must" in found.problem


def _write_unchecked(trial: Trial, path: Path) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(amending, "unlawful_changes", lambda *_, **__: [])
        trial.amend(Request(path, AMENDED_ON, "a test"))


def test_the_same_version_and_several_faults_are_told_at_once(tmp_path: Path, clock: TickingClock) -> None:
    trial = open_trial(tmp_path, clock=clock)
    trial.assign(arrivals([1]), DAY)
    clock.now = LATER
    path = amended(tmp_path, ("margin = 1.5 ", "margin = 2.5 "), ("weeks = 104", "weeks = 60"), version=1)
    with pytest.raises(ProtocolError) as caught:
        amend(trial, path)
    codes = [one.stable_code for one in caught.value.problems()]
    assert codes == ["amendment-version", "amendment-follow-up", "amendment-margin"]


@pytest.mark.parametrize(
    ("change", "must"),
    [
        ({"epoch": 3}, "must follow the protocol in force"),
        ({"amends": "0" * 64}, "must follow the protocol in force"),
        ({"on": "2021-02-28"}, "must not be before the last answer"),
        ({"on": "2021-02-30"}, "must not be before"),
        ({"closed": {}}, "must close every scope"),
        ({"epoch_key_commitment": "0" * 64}, "must be that of the key"),
        ({"protocol": "0" * 64}, "digest"),
        ({"procedure": "simple@1"}, "must be those of the protocol"),
    ],
)
def test_a_forged_amendment_breaks_a_rule(
    tmp_path: Path, clock: TickingClock, change: dict[str, object], must: str
) -> None:
    trial = open_trial(tmp_path, clock=clock)
    trial.assign(arrivals(range(5)), DAY)
    clock.now = LATER
    amend(trial, amended(tmp_path))
    [lawful] = payloads(trial, "trial-amended@1")
    folder = tmp_path / "forged"
    folder.mkdir()
    other = open_trial(folder, clock=TickingClock())
    other.assign(arrivals(range(5)), DAY)
    with other.store.write("2021-04-01T09:00:00.000000Z") as transaction:
        transaction.append("trial-amended@1", {**lawful, **change})
    found = verify_store(other.store, KEYS.trial).findings[0]
    assert found.where == "ledger row 7" and must in found.problem


def test_nobody_is_assigned_in_the_old_epoch_any_more(tmp_path: Path, clock: TickingClock) -> None:
    trial = open_trial(tmp_path, clock=clock)
    trial.assign(arrivals(range(5)), DAY)
    old = payloads(trial, "assigned@1")[-1]
    clock.now = LATER
    amend(trial, amended(tmp_path))
    with trial.store.write("2021-04-01T09:00:00.000000Z") as transaction:
        transaction.append("assigned@1", {**old, "participant_id": "late", "step": 5, "on": "2021-04-01"})
    [found] = verify_store(trial.store, KEYS.trial).findings
    assert found.where == "ledger row 8" and "must be those in force" in found.problem


def test_a_beacon_of_the_new_version_is_awaited_anew(tmp_path: Path, clock: TickingClock) -> None:
    trial = open_trial(tmp_path, clock=clock)
    trial.assign(arrivals(range(5)), DAY)
    clock.now = LATER
    beacon = ("predictability_budget = 0.60", 'predictability_budget = 0.60\nbeacon = { name = "drand", round = 9 }')
    amend(trial, amended(tmp_path, beacon))
    with pytest.raises(StateError) as caught:
        trial.assign(arrivals([9]), AMENDED_ON)
    assert caught.value.stable_code == "beacon-missing"
    assert not trial.assign(arrivals([1]), AMENDED_ON)[0].new
    trial.enter_beacon("ab" * 32)
    assert trial.assign(arrivals([9]), AMENDED_ON)[0].new
    assert verify_store(trial.store, KEYS.trial).holds and verify_store(trial.store).holds


def test_the_key_of_a_closed_epoch_can_be_revealed_in_production_and_the_open_one_cannot(
    tmp_path: Path, clock: TickingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = in_production(tmp_path, tmp_path / "kept", clock)
    trial.record_dry_run(dry_run(trial))
    trial.assign(arrivals(range(5)), DAY)
    clock.now = LATER
    amend(trial, amended(tmp_path))
    with pytest.raises(StateError) as caught:
        trial.assign(arrivals([9]), AMENDED_ON)
    assert caught.value.stable_code == "dry-run-missing"  # of the amended protocol
    assert not trial.assign(arrivals([1]), AMENDED_ON)[0].new
    trial.record_dry_run(dry_run(trial))
    trial.assign(arrivals([9]), AMENDED_ON)
    assert trial.reveal(1).epoch == 1 and len(trial.reveal(1).secret) == 32
    for number, code in ((2, "epoch-open"), (3, "epoch-unknown")):
        with pytest.raises(StateError) as caught:
            trial.reveal(number)
        assert caught.value.stable_code == code
    assert verify_store(trial.store, PRODUCTION.trial).holds


def test_an_amendment_before_anybody_came_may_change_the_question(tmp_path: Path, clock: TickingClock) -> None:
    trial = open_trial(tmp_path, clock=clock)
    clock.now = LATER
    amend(trial, amended(tmp_path, ("margin = 1.5 ", "margin = 2.5 ")))
    trial.assign(arrivals(range(5)), AMENDED_ON)
    assert verify_store(trial.store, KEYS.trial).holds


def test_a_malformed_amendment_never_reaches_the_ledger(tmp_path: Path, clock: TickingClock) -> None:
    trial = open_trial(tmp_path, clock=clock)
    clock.now = LATER
    with pytest.raises(LedgerError, match="reason"):
        amend(trial, amended(tmp_path), reason="")
    assert trial.head.length == 1 and trial.epoch.number == 1


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    keys_here("test")
    run = CliRunner().invoke
    assert run(main, ["init", str(PROTOCOL), "--mode", "test", "--on", "2021-03-01"]).exit_code == 0
    words = ["amend", str(amended(tmp_path, BLOCKS)), "--on", "2021-04-01", "--reason", "staff guess too well"]
    tried = run(main, [*words, "--dry-run"])
    assert (
        tried.exit_code == 0 and "Nothing was written" in tried.stderr and "randomisation.procedure" in tried.stdout
    )
    made = run(main, [*words, "--json", "--decided-by", "steering group"])
    assert made.exit_code == 0
    found = json.loads(made.stdout)
    assert found["epoch"] == 2 and {one["key"] for one in found["changes"]} >= {
        "trial.version",
        "randomisation.sizes",
    }
    assert run(main, ["verify"]).exit_code == 0
    refused = run(main, words)
    assert (
        refused.exit_code == 12 and "amendment-version" in refused.stderr and "trial.version must" in refused.stderr
    )
