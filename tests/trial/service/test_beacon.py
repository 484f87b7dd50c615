"""A beacon: nobody is answered before its value; the value changes every draw; it is entered once and in time."""

import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from tests.bundles import protocol, someone
from tests.opened import DAY, KEYS, PRODUCTION, TickingClock, arms, url
from trial import verifier as alone
from trial.bundle import export_bundle, verify_bundle
from trial.errors import LedgerError, StateError
from trial.ledger.beacon import published_at, read_value
from trial.ledger.entry import canonical
from trial.ledger.kinds import malformed
from trial.protocol import load_protocol
from trial.protocol.model import Beacon
from trial.roles import Role
from trial.service import Trial

DECLARED = 'procedure = "simple@1"\n[randomisation.beacon]\nname = "drand"\nround = 600000'
VALUE, OTHER = "ab" * 32, "cd" * 32
PEOPLE = [someone(number) for number in range(60)]
KEY = {"format": "lodtraek-key/1", "purpose": "trial", "mode": "test", "key": (b"T" * 32).hex()}


def opened(folder: Path, table: str = DECLARED, mode: str = "test", value: str | None = None) -> Trial:
    keys, clock = PRODUCTION if mode == "production" else KEYS, TickingClock()
    path, role = protocol(folder, table), Role.DESIGNER if mode == "production" else None
    kept = folder / "kept"
    return Trial.init(url(folder), path, keys, mode, clock=clock, checkpoint_dir=kept, beacon_value=value, role=role)


def refused(caught: pytest.ExceptionInfo[StateError]) -> str:
    return caught.value.stable_code


def test_nobody_is_answered_before_the_value_is_in_the_ledger(tmp_path: Path) -> None:
    trial = opened(tmp_path)
    for ask in (trial.assign, trial.preview):
        with pytest.raises(StateError) as caught:
            ask(PEOPLE, DAY)
        assert refused(caught) == "beacon-missing"
    other_process = Trial.open(url(tmp_path), KEYS, TickingClock())
    other_process.enter_beacon(f" {VALUE.upper()}\n")
    assert all(one.arm or one.reason for one in trial.assign(PEOPLE, DAY)) and trial.head.length == 62
    with pytest.raises(StateError) as caught:
        trial.enter_beacon(OTHER)
    assert refused(caught) == "beacon-known"


def test_the_value_changes_the_draws_and_both_verify(tmp_path: Path) -> None:
    found = []
    for number, value in enumerate((VALUE, OTHER, None)):
        folder = tmp_path / str(number)
        folder.mkdir()
        trial = opened(folder, DECLARED if value else 'procedure = "simple@1"', value=value)
        found.append(tuple(arms(trial.assign(PEOPLE, DAY)).values()))
        export_bundle(trial, folder / "bundle")
        assert verify_bundle(folder / "bundle", KEYS.trial).holds
        assert "58 arms drawn anew" in alone.verify_bundle(folder / "bundle", KEY)
    assert len(set(found)) == 3


def test_another_value_in_the_ledger_gives_other_arms(tmp_path: Path) -> None:
    trial = opened(tmp_path, value=VALUE)
    trial.assign(PEOPLE, DAY)
    export_bundle(trial, tmp_path / "bundle")
    entries = [json.loads(line) for line in (tmp_path / "bundle" / "ledger.jsonl").read_text().splitlines()]
    entries[1]["payload"]["value"] = OTHER
    ledger = alone.Ledger(tmp_path / "bundle", (KEY,))
    with pytest.raises(ValueError, match="must be the one the key draws"):
        for ledger.wrong, entry in enumerate(entries, start=1):
            entry["prev"] = ledger.head
            del entry["hash"]
            entry["hash"] = sha256(canonical(entry).encode()).hexdigest()
            ledger.take(canonical(entry))


def test_an_undeclared_beacon_and_an_unlawful_value_are_refused(tmp_path: Path) -> None:
    trial = opened(tmp_path, 'procedure = "simple@1"')
    with pytest.raises(StateError) as caught:
        trial.enter_beacon(VALUE)
    assert refused(caught) == "beacon-undeclared"
    for value in ("", "ab", "g" * 64, "ab" * 33):
        with pytest.raises(LedgerError, match="64 hex digits"):
            read_value(value)
    payload = {"epoch": 1, "name": "drand", "round": 0, "value": VALUE}
    assert malformed("beacon@1", payload, json.dumps(payload, sort_keys=True, separators=(",", ":"))) is not None


def test_in_production_the_round_comes_out_after_the_opening(tmp_path: Path) -> None:
    """Round 600,000 of drand came out in February 2021, before the opening of 1 March: keys could have been tried."""
    assert published_at(Beacon(name="drand", round=600_000)) < datetime(2021, 3, 1, tzinfo=UTC)
    trial = opened(tmp_path, mode="production")
    with pytest.raises(StateError) as caught:
        trial.enter_beacon(VALUE)
    assert refused(caught) == "beacon-early"
    later = tmp_path / "later"
    later.mkdir()
    trial = opened(later, DECLARED.replace("600000", "700000"), mode="production")
    trial.enter_beacon(VALUE)
    assert trial.head.length == 2
    early = tmp_path / "early"
    early.mkdir()
    with pytest.raises(StateError, match="after the epoch began"):
        opened(early, mode="production", value=VALUE)


def test_rounds_come_out_when_the_networks_say() -> None:
    """Genesis and period as the networks state them."""
    assert published_at(Beacon(name="drand", round=1)) == datetime(2020, 7, 22, 15, 17, 30, tzinfo=UTC)
    first = published_at(Beacon(name="drand-quicknet", round=1))
    assert first == datetime(2023, 8, 23, 15, 9, 27, tzinfo=UTC)
    assert published_at(Beacon(name="drand-quicknet", round=21)) == first + timedelta(minutes=1)


def test_the_beacon_is_part_of_the_digest_and_of_nothing_else(tmp_path: Path) -> None:
    declared = load_protocol(protocol(tmp_path, DECLARED)).randomisation
    assert declared.parameters == {} and declared.beacon == Beacon(name="drand", round=600_000)
