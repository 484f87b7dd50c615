"""Proof files, and the key of an epoch: checkable by a stranger, worthless for anything else."""

import hashlib
import hmac
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.bundles import ANY_RATIO, WITNESS, bundle, verifier
from tests.opened import (
    DAY,
    KEYS,
    PRODUCTION,
    PROTOCOL,
    TickingClock,
    arrival,
    arrivals,
    full_trial,
    open_trial,
    record_of,
    url,
)
from trial.cli import main
from trial.errors import IntakeError, KeyFileError, LedgerError, StateError
from trial.identity import Pseudonymiser
from trial.keys import Keys, SecretKey
from trial.ledger.checkpoint import read_checkpoint
from trial.ledger.inclusion import check_proof
from trial.procedures import epoch_key
from trial.roles import Role
from trial.service import Trial


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("proof")
    full_trial(folder, checkpoint_dir=folder / "checkpoints").close()
    return folder


@pytest.fixture
def trial(folder: Path) -> Trial:
    return Trial.open(url(folder), KEYS, TickingClock(), folder / "checkpoints")


def alone(folder: Path, proof: dict[str, Any]) -> tuple[int, str]:
    path = folder / "a-proof.json"
    path.write_text(json.dumps(proof), encoding="utf-8")
    done = verifier(path, program=WITNESS)
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_every_citizens_answer_is_proved_against_one_signed_root(folder: Path, trial: Trial) -> None:
    for number in range(6):
        proof = trial.prove(arrival(number).participant_id)
        found = check_proof(json.dumps(proof).encode(), "proof")
        assert found.entry is not None and json.loads(found.entry.payload) == proof["entry"]["payload"]
        assert found.participant_id == proof["citizen"]["participant_id"] == arrival(number).participant_id
        assert proof["entry"]["payload"]["participant_id"] == record_of(trial, arrival(number).participant_id)
        assert found.checkpoint == trial.checkpoint()
        others = [one.participant_id for one in arrivals(range(6)) if one != arrival(number)]
        assert not any(other in json.dumps(proof) for other in others)
    code, words = alone(folder, proof)
    assert code == 0 and "signature was not checked" in words and proof["checkpoint"]["root"] in words


def changed(proof: dict[str, Any]) -> list[dict[str, Any]]:
    """Every value of a proof changed, one at a time."""
    found = []
    for name in ("seq", "kind", "at", "prev", "hash"):
        value = proof["entry"][name]
        found.append(proof | {"entry": proof["entry"] | {name: value + 1 if name == "seq" else value[::-1]}})
    payload = proof["entry"]["payload"]
    arm = "digital" if payload["arm"] == "physical" else "physical"
    found.append(proof | {"entry": proof["entry"] | {"payload": payload | {"arm": arm}}})
    path = proof["path"]
    for at, step in enumerate(path):
        [(side, part)] = step.items()
        other_side = {"left": "right", "right": "left"}[side]
        for other in ({other_side: part}, {side: part[::-1]}):
            found.append(proof | {"path": [*path[:at], other, *path[at + 1 :]]})
    found += [proof | {"path": path[:-1]}, proof | {"path": [*path, path[0]]}, proof | {"path": path[::-1]}]
    return found


def test_whatever_is_changed_in_a_proof_is_refused_by_both(folder: Path, trial: Trial) -> None:
    proof = trial.prove(arrival(2).participant_id)
    for number, other in enumerate(changed(proof)):
        with pytest.raises(LedgerError):
            check_proof(json.dumps(other).encode(), "proof")
        if number % 4 == 0:
            code, words = alone(folder, other)
            assert code == 1 and words.startswith("It does not hold")
    for name in ("root", "head", "length", "trial_id", "at"):
        value = proof["checkpoint"][name]
        other = proof["checkpoint"] | {name: value + 1 if name == "length" else value[::-1]}
        with pytest.raises(LedgerError, match="signature"):
            check_proof(json.dumps(proof | {"checkpoint": other}).encode(), "proof")


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", "null", '{"format":"lodtraek-proof/1"}', '{"format":"x"}', "\x00"]
)
def test_what_is_no_proof_is_refused(content: str) -> None:
    with pytest.raises(LedgerError):
        check_proof(content.encode(), "proof")


def test_a_ledger_that_grew_is_proved_to_have_only_grown(folder: Path, trial: Trial) -> None:
    kept = sorted((folder / "checkpoints").iterdir())
    for path in kept:
        proof = trial.prove_growth(read_checkpoint(path))
        found = check_proof(json.dumps(proof).encode(), "proof")
        assert found.earlier == read_checkpoint(path) and found.checkpoint.length == trial.head.length
    proof = trial.prove_growth(read_checkpoint(kept[2]))
    for wrong in (proof["path"][:-1], proof["path"][::-1], []):
        with pytest.raises(LedgerError, match="must begin with the earlier one"):
            check_proof(json.dumps(proof | {"path": wrong}).encode(), "proof")


def test_a_ledger_written_anew_has_no_such_proof(folder: Path, tmp_path: Path) -> None:
    other = open_trial(tmp_path)
    other.assign(arrivals(range(20)), DAY)
    with pytest.raises(LedgerError, match="must begin with that of the earlier checkpoint"):
        other.prove_growth(read_checkpoint(sorted((folder / "checkpoints").iterdir())[1]))


def test_who_was_never_answered_has_no_proof_and_a_proof_needs_a_checkpoint(folder: Path, tmp_path: Path) -> None:
    unsigned = Keys(KEYS.trial, KEYS.identity)
    kept = Trial.open(url(folder), unsigned, TickingClock(), folder / "checkpoints")
    assert check_proof(json.dumps(kept.prove(arrival(1).participant_id)).encode(), "").entry is not None
    with pytest.raises(IntakeError, match="must have been answered"):
        kept.prove(arrival(99).participant_id)
    with pytest.raises(StateError, match="needs a signed checkpoint"):
        Trial.open(url(folder), unsigned, TickingClock()).prove(arrival(1).participant_id)


def test_a_revealed_key_verifies_its_epoch_and_tells_no_other(tmp_path: Path) -> None:
    folder = bundle(tmp_path, ANY_RATIO["blocks"])
    trial = Trial.open(url(tmp_path), KEYS, TickingClock())
    revealed = trial.reveal(1)
    record = json.loads(revealed.line())
    assert record["key"] not in repr(revealed) and (b"T" * 32).hex() not in revealed.line()
    assert hashlib.sha256(revealed.secret).hexdigest() == trial.opened["epoch_key_commitment"]
    (tmp_path / "epoch-1.key").write_text(revealed.line())
    done = verifier(folder, "--key", tmp_path / "epoch-1.key")
    assert done.returncode == 0 and "112 of 112 arms drawn anew" in done.stdout
    # Nothing that is made from this key alone, the way keys are made, is the key of another epoch or the trial's.
    trial_id, secret = trial.trial_id, b"T" * 32
    others = {epoch_key(secret, trial_id, number) for number in range(2, 50)} | {secret}
    made = {epoch_key(revealed.secret, trial_id, number) for number in range(50)}
    made |= {hmac.digest(revealed.secret, text, "sha256") for text in (b"", trial_id.encode(), b"lodtraek-epoch/1")}
    assert not others & made
    for number in (2, 3):
        wrong = json.dumps(record | {"key": epoch_key(secret, trial_id, number).hex()})
        (tmp_path / "epoch-1.key").write_text(wrong)
        assert (
            "it must commit to the key that was given" in verifier(folder, "--key", tmp_path / "epoch-1.key").stdout
        )


def test_no_key_is_revealed_while_it_still_draws(tmp_path: Path) -> None:
    trial = open_trial(tmp_path)
    with pytest.raises(StateError, match="must be one of the trial"):
        trial.reveal(2)
    folder = tmp_path / "production"
    folder.mkdir()
    trial = Trial.init(
        url(folder),
        PROTOCOL,
        PRODUCTION,
        "production",
        clock=TickingClock(),
        checkpoint_dir=folder / "kept",
        role=Role.KEY_HOLDER,
    )
    with pytest.raises(StateError) as caught:
        trial.reveal(1)
    assert caught.value.stable_code == "epoch-open"
    over = Trial.open(url(folder), PRODUCTION, TickingClock(datetime(2022, 1, 2, tzinfo=UTC)), role=Role.KEY_HOLDER)
    assert over.reveal(1).epoch == 1
    with pytest.raises(KeyFileError):
        Trial.open(url(folder), Keys(), TickingClock(), role=Role.KEY_HOLDER).reveal(1)


def test_the_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run = CliRunner().invoke
    for purpose in ("trial", "identity", "signing"):
        args = ["key", "new", f"{purpose}.key", "--purpose", purpose, "--mode", "test"]
        assert run(main, args).exit_code == 0
        name = "TRIAL_KEY_FILE" if purpose == "trial" else f"TRIAL_{purpose.upper()}_KEY_FILE"
        monkeypatch.setenv(name, f"{purpose}.key")
    assert run(main, ["init", "digital-samtaler", "--mode", "test"]).exit_code == 0
    person = ["--jobcentre", "0461", "--target-group", "dagpenge", "--spell-start-on", "2021-02-20"]
    person += ["--birth-on", "1990-01-01", "--on", "2021-03-01"]
    assert run(main, ["assign", "--participant", "SYN-000123", *person]).exit_code == 0
    done = run(main, ["proof", "--participant", "SYN-000123", "--out", "proof.json"])
    assert done.exit_code == 0, done.output
    done = run(main, ["verify", "--proof", "proof.json", "--json"])
    secret = bytes.fromhex(json.loads(Path("identity.key").read_text())["key"])
    shown = json.loads(done.stdout)
    assert shown["participant_id"] == Pseudonymiser(secret).participant("SYN-000123") and shown["row"] == 2
    assert shown["arm"] in {"physical", "digital"} and SecretKey("identity", "test", secret).commitment
    assert verifier(tmp_path / "proof.json", program=WITNESS).returncode == 0
    Path("citizen.txt").write_text("SYN-000123\n")
    assert run(main, ["proof", "--citizen-file", "citizen.txt", "--out", "again.json"]).exit_code == 0
    assert Path("again.json").read_bytes() == Path("proof.json").read_bytes()
    assert run(main, ["proof", "--out", "no.json"]).exit_code == 2
    assert run(main, ["proof", "--participant", "3113", "--out", "no.json"]).exit_code == 2
    Path("proof.json").write_text(Path("proof.json").read_text().replace('"on": "2021', '"on": "2020'))
    assert run(main, ["verify", "--proof", "proof.json"]).exit_code == 1
    done = run(main, ["key", "reveal", "--epoch", "1"])
    assert done.exit_code == 0 and json.loads(done.stdout)["format"] == "lodtraek-epoch-key/1"
    assert run(main, ["beacon", "ab" * 32]).exit_code == 17
