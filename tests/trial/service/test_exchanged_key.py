"""A trial key that may have leaked is exchanged where a new epoch begins: nothing later follows from the old one."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.amended import AMENDED_ON, amend, amended
from tests.bundles import verifier
from tests.opened import DAY, KEYS, TickingClock, arms, arrivals, open_trial, url
from trial.bundle import export_bundle, verify_bundle
from trial.cli import main
from trial.errors import KeyFileError
from trial.keys import Keys, SecretKey, new_key_file
from trial.ledger.chain import link
from trial.ledger.entry import canonical
from trial.ledger.proof import rebuild, verify_store
from trial.ledger.schema import LEDGER
from trial.procedures import epoch_key
from trial.service import Request, Trial
from trial.service.amending import prepare

LATER = datetime(2021, 4, 1, 7, tzinfo=UTC)
OLD, NEW = KEYS.need("trial"), SecretKey("trial", "test", b"N" * 32)
RENEWED = replace(KEYS, trial=NEW)
BOTH = NEW.after(OLD)


@pytest.fixture
def clock() -> TickingClock:
    return TickingClock()


@pytest.fixture
def trial(database_url: str, tmp_path: Path, clock: TickingClock) -> Iterator[Trial]:
    """Thirty citizens under the old key, then an amendment with a new one; nobody since."""
    trial = open_trial(database_url, clock=clock)
    trial.assign(arrivals(range(30)), DAY)
    clock.now = LATER
    trial.amend(Request(amended(tmp_path), AMENDED_ON, "the key was seen", new_key=NEW))
    yield trial
    trial.close()


def again(trial: Trial, keys: Keys) -> Trial:
    return Trial.open(trial.store._engine.url.render_as_string(hide_password=False), keys, trial._clock)


def test_the_new_key_draws_from_the_new_epoch_on(trial: Trial) -> None:
    """The old one gives another epoch key: other arms, and no seal of a state."""
    drawn = arms(trial.assign(arrivals(range(100, 160)), AMENDED_ON))
    assert trial.epoch.key == epoch_key(NEW.secret, "digital-samtaler", 2)
    assert trial.epoch.key_commitment != sha256(epoch_key(OLD.secret, "digital-samtaler", 2)).hexdigest()
    renewed = again(trial, RENEWED)  # needs nothing of the old key
    assert arms(renewed.assign(arrivals(range(100, 170)), AMENDED_ON)).items() >= drawn.items()
    renewed.close()
    assert verify_store(trial.store, BOTH).holds and verify_store(trial.store).holds


def test_the_old_key_draws_nobody_any_more(trial: Trial) -> None:
    with pytest.raises(KeyFileError) as refused:
        again(trial, KEYS)
    assert refused.value.stable_code == "key-wrong" and "the new one" in str(refused.value)


def test_a_program_that_runs_when_the_key_is_exchanged_draws_nobody_with_the_old_one(
    database_url: str, tmp_path: Path, clock: TickingClock
) -> None:
    first = open_trial(database_url, clock=clock)
    answered = first.assign(arrivals(range(5)), DAY)
    other = again(first, KEYS)
    clock.now = LATER
    other.amend(Request(amended(tmp_path), AMENDED_ON, "the key was seen", new_key=NEW))
    head = other.head
    with pytest.raises(KeyFileError) as refused:
        first.assign(arrivals(range(100, 105)), AMENDED_ON)
    assert refused.value.stable_code == "key-wrong" and first.head == head
    assert arms(other.assign(arrivals(range(5)), AMENDED_ON)) == arms(answered)
    for one in (first, other):
        one.close()


def test_who_looks_back_needs_both(trial: Trial) -> None:
    trial.assign(arrivals(range(100, 130)), AMENDED_ON)
    with pytest.raises(KeyFileError, match="--earlier-key"):
        verify_store(trial.store, NEW)
    [found] = verify_store(trial.store, OLD).findings
    assert found.where == "ledger row 32" and "commitment of its epoch's key" in found.problem
    assert verify_store(trial.store, BOTH).holds
    assert rebuild(trial.store, BOTH, "2021-04-01T09:00:00.000000Z") == []
    renewed = again(trial, RENEWED)
    with pytest.raises(KeyFileError, match="--earlier-key"):
        renewed.reveal(1)
    assert renewed.reveal(2).secret == epoch_key(NEW.secret, "digital-samtaler", 2)
    renewed.close()
    assert trial.reveal(1).secret == epoch_key(OLD.secret, "digital-samtaler", 1)


def test_an_epoch_that_somebody_begins_under_a_key_of_their_own_is_found(trial: Trial, tmp_path: Path) -> None:
    """Who may write to the database, and has no key, appends an amendment with a rightly computed hash."""
    forged_key = SecretKey("trial", "test", b"F" * 32)
    with trial.store.read() as transaction:
        request = Request(amended(tmp_path, version=3), AMENDED_ON, "r", new_key=forged_key)
        payload, _ = prepare(transaction, trial.epoch, request, AMENDED_ON)
        head = transaction.head
    forged = link(head, "trial-amended@1", head.at, canonical(payload))
    with trial.store._engine.begin() as connection:
        connection.execute(LEDGER.insert(), forged._asdict())
    [found] = verify_store(trial.store, BOTH).findings
    assert found.where == "ledger row 33" and "commitment of its epoch's key" in found.problem


def test_the_verifier_takes_both_keys_and_names_what_is_left_out(trial: Trial, tmp_path: Path) -> None:
    trial.assign(arrivals(range(100, 130)), AMENDED_ON)
    export_bundle(trial, tmp_path / "bundle")
    for key, holds in ((BOTH, True), (None, True), (OLD, False)):
        assert verify_bundle(tmp_path / "bundle", key).holds == holds
    names = []
    for key in (OLD, NEW):
        names.append(tmp_path / f"{key.secret[:1].decode()}.key")
        content = {"format": "lodtraek-key/1", "purpose": "trial", "mode": "test", "key": key.secret.hex()}
        names[-1].write_text(json.dumps(content))
    old, new = names
    for files in ([old, new], [new, old]):
        done = verifier(tmp_path / "bundle", "--key", *files)
        assert done.returncode == 0 and "60 of 60 arms drawn anew" in done.stdout, done.stdout
    for file, row in ((old, 32), (new, 1)):
        done = verifier(tmp_path / "bundle", "--key", file)
        assert done.returncode == 1 and f"ledger row {row}: it must commit to the key" in done.stdout
    revealed = tmp_path / "epoch-2.key"
    revealed.write_text(trial.reveal(2).line())
    assert "30 of 60 arms drawn anew" in verifier(tmp_path / "bundle", "--key", revealed).stdout
    assert "60 of 60 arms drawn anew" in verifier(tmp_path / "bundle", "--key", revealed, old).stdout


def test_a_key_of_another_mode_is_refused_and_changes_nothing(
    database_url: str, tmp_path: Path, clock: TickingClock
) -> None:
    trial = open_trial(database_url, clock=clock)
    clock.now = LATER
    head = trial.head
    request = Request(amended(tmp_path), AMENDED_ON, "r", new_key=SecretKey("trial", "production", b"P" * 32))
    with pytest.raises(KeyFileError) as refused:
        trial.amend(request)
    assert refused.value.stable_code == "key-mode" and trial.head == head
    amend(trial, amended(tmp_path))  # the old key goes on
    trial.assign(arrivals(range(3)), AMENDED_ON)
    assert verify_store(trial.store, OLD).holds
    trial.close()


def test_the_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exchange, go on, prove: a rehearsal first, which leaves the old key in force."""
    monkeypatch.chdir(tmp_path)
    for name in ("old", "new", "identity"):
        new_key_file(Path(f"{name}.key"), "identity" if name == "identity" else "trial", "test")
    monkeypatch.setenv("TRIAL_DB", url(tmp_path))
    monkeypatch.setenv("TRIAL_IDENTITY_KEY_FILE", "identity.key")

    def run(*words: str, code: int = 0) -> str:
        result = CliRunner().invoke(main, words)
        assert result.exit_code == code, result.output
        return str(result.output)

    one = ["--jobcentre", "0461", "--target-group", "dagpenge", "--birth-on", "1990-01-01"]
    on = ["--spell-start-on", "2021-03-22", "--on", "2021-04-02"]
    run("init", "digital-samtaler", "--mode", "test", "--on", "2021-01-01", "--key", "old.key")
    run("assign", "--participant", "SYN-1", *one, *on, "--key", "old.key")
    protocol = str(amended(tmp_path))
    change = ["amend", protocol, "--on", "2021-04-02", "--reason", "seen", "--key", "old.key", "--new-key", "new.key"]
    assert "Nothing was written" in run(*change, "--dry-run")
    run("assign", "--participant", "SYN-2", *one, *on, "--key", "old.key")
    assert "new.key" in run(*change)
    run("assign", "--participant", "SYN-3", *one, *on, "--key", "old.key", code=18)
    run("assign", "--participant", "SYN-3", *one, *on, "--key", "new.key")
    assert "--earlier-key" in run("verify", "--key", "new.key", code=18)
    both = ["--key", "new.key", "--earlier-key", "old.key"]
    assert "every arm drawn anew" in run("verify", *both)
    assert '"epoch": 1' in run("key", "reveal", "--epoch", "1", *both)
    run("rebuild", *both)
