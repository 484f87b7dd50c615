"""Opening a trial: the first entry locks the protocol and commits to the keys before anything is drawn.

1. The ledger holds the protocol and every file it refers to word for word, with the protocol's digest.
2. It holds the commitments of the trial key, of the epoch's key and of the identity key, and the public key that
   checkpoints are signed for.
3. Keys and trial are of one mode. Production needs a signing key: without checkpoints a cut tail is not seen.
4. A key that is not the committed one is refused: it would draw other arms, or give a citizen a second pseudonym.
5. The value of a declared beacon is entered once, before anybody is answered; until then every answer is refused.
"""

import json
from collections.abc import Mapping
from datetime import date
from importlib.metadata import version
from pathlib import Path

from trial.clock import utc_text
from trial.errors import KeyFileError, ProtocolError, StateError
from trial.infection import load_rule
from trial.keys import MODES, EpochKey, Keys
from trial.ledger.beacon import published_at, read_value
from trial.ledger.checkpoint import public_key
from trial.ledger.epoch import Epoch
from trial.ledger.projection import Row
from trial.ledger.replay import State
from trial.ledger.store import Transaction
from trial.procedures import declared
from trial.protocol import Protocol, digest, load_protocol, read_toml
from trial.protocol.references import code_file, references, rule_file
from trial.service.recording import record_imports

FIRST_EPOCH = 1


def opening(protocol_file: Path, keys: Keys, mode: str) -> Row:
    """Give the payload of the first entry; raise ProtocolError or KeyFileError where the trial may not be opened."""
    protocol = load_protocol(protocol_file)
    if mode not in MODES:
        raise StateError(f"the mode must be one of {', '.join(MODES)}", found=mode, mend="--mode test", code="mode")
    trial_key, identity_key = keys.need("trial"), keys.need("identity")
    epoch = Epoch(FIRST_EPOCH, protocol, digest(protocol), trial_key.secret)
    signing_key = keys.need("signing") if mode == "production" else keys.signing
    _check_modes(keys, mode)
    _check_procedure(protocol_file, protocol)
    folder = protocol_file.parent
    rule = f"rules/{protocol.infection.rule}.toml"
    files = {
        name: rule_file(protocol.infection.rule, folder) if name == rule else code_file(name, folder)
        for name in references(protocol, folder)
    }
    load_rule(files[rule] or protocol.infection.rule)
    return {
        "format": "lodtraek-ledger/1",
        "trial_id": protocol.trial.id,
        "mode": mode,
        "protocol": epoch.digest,
        "protocol_toml": protocol_file.read_bytes().decode(),
        "references": {name: path.read_bytes().decode() for name, path in files.items() if path is not None},
        "procedure": protocol.randomisation.procedure,
        "epoch": FIRST_EPOCH,
        "key_commitment": trial_key.commitment,
        "epoch_key_commitment": epoch.key_commitment,
        "identity_commitment": identity_key.commitment,
        "signing_public_key": None if signing_key is None else public_key(signing_key.secret),
        "software": f"lodtraek {version('lodtraek')}",
    }


def _check_procedure(protocol_file: Path, protocol: Protocol) -> None:
    """Raise what the procedure has against its declaration, at its line."""
    try:
        declared(protocol.randomisation, protocol.arms, protocol.stratification)
    except ProtocolError as error:
        source = read_toml(protocol_file)
        for problem in error.problems():
            key = tuple((problem.where or "").split("."))
            problem.where = source.where(key if key[0] in source.data else ("randomisation",))
        raise


def append_opening(transaction: Transaction, payload: Row, beacon_value: str | None = None) -> None:
    """Append the first entry, the value of the beacon where it is out already, and the files imported before."""
    state = State()
    state.apply(transaction.append("trial-opened@1", payload))
    if beacon_value is not None:
        state.apply(transaction.append("beacon@1", _beacon_payload(state.epoch, beacon_value)))
    record_imports(transaction)


def append_beacon(transaction: Transaction, payload: Row, value: str) -> None:
    """Append the value of the declared beacon; raise StateError where there is none to enter or it stands already."""
    opened = transaction.entry(1)
    assert opened is not None  # noqa: S101 - the trial is open
    state = State()
    state.apply(opened)
    entered = _beacon_payload(state.epoch, value)
    if transaction.entries("beacon@1"):
        raise StateError(
            "the value of a beacon must be entered once", found="a value entered before",
            mend="trial verify; a value that was entered is never replaced", code="beacon-known",
        )  # fmt: skip
    beacon = state.epoch.protocol.randomisation.beacon
    if payload["mode"] == "production" and beacon is not None and utc_text(published_at(beacon)) <= opened.at:
        raise StateError(
            "in production the round of a beacon must come out after the opening", found=published_at(beacon),
            mend="declare a round that is still to come, and open a new trial", code="beacon-early",
        )  # fmt: skip
    transaction.append("beacon@1", entered)


def _beacon_payload(epoch: Epoch, value: str) -> Row:
    beacon = epoch.protocol.randomisation.beacon
    if beacon is None:
        raise StateError(
            "a beacon must be declared before its value is entered", found="no [randomisation.beacon]",
            mend="leave the value out, or open a trial that declares a beacon", code="beacon-undeclared",
        )  # fmt: skip
    return {"epoch": epoch.number, "name": beacon.name, "round": beacon.round, "value": read_value(value)}


def reveal(epoch: Epoch, number: int, mode: str, today: date) -> EpochKey:
    """Give the key of an epoch, to be published; raise StateError for another, or one that draws in production."""
    if number != epoch.number:
        raise StateError(
            "an epoch must be one of the trial", found=number, mend=f"--epoch {epoch.number}", code="epoch-unknown"
        )
    last = epoch.protocol.trial.enrolment.to
    if mode == "production" and today <= last:
        raise StateError(
            "the key of an epoch must stay secret until nothing more is drawn", found=f"enrolment until {last}",
            mend=f"wait until {last} is past", code="epoch-open",
        )  # fmt: skip
    return EpochKey(epoch.protocol.trial.id, number, epoch.key)


def with_beacon(transaction: Transaction, epoch: Epoch) -> Epoch:
    """Give the epoch with the value of its beacon, where one is declared and the ledger has it."""
    if not epoch.awaits_beacon:
        return epoch
    entered = transaction.entries("beacon@1")
    return epoch.with_beacon(json.loads(entered[0].payload)["value"]) if entered else epoch


def epoch_of(transaction: Transaction, keys: Keys) -> tuple[Row, Epoch]:
    """Read the opening and give it with its epoch; raise LedgerError, or KeyFileError for a key not committed to."""
    entry = transaction.entry(1)
    if entry is None:
        raise StateError("the trial must be opened before it is used", mend="trial init FILE", code="trial-missing")
    state = State(None if keys.trial is None else keys.trial.secret)
    payload = state.apply(entry)
    _check_modes(keys, payload["mode"])
    check_commitments(keys, payload)
    return payload, with_beacon(transaction, state.epoch)


def check_commitments(keys: Keys, payload: Mapping[str, str | None]) -> None:
    """Raise KeyFileError where a key is not the one the ledger committed to."""
    found = {
        "key_commitment": keys.trial and keys.trial.commitment,
        "identity_commitment": keys.identity and keys.identity.commitment,
        "signing_public_key": keys.signing and public_key(keys.signing.secret),
    }
    for name, commitment in found.items():
        if commitment is not None and commitment != payload[name]:
            raise KeyFileError(
                "a key must be the one the trial was opened with", found=f"another {name.replace('_', ' ')}",
                mend="name the right key file; a lost key cannot be replaced", code="key-wrong",
            )  # fmt: skip


def _check_modes(keys: Keys, mode: str) -> None:
    for key in (keys.trial, keys.identity, keys.signing):
        if key is not None and key.mode != mode:
            raise KeyFileError(
                f"every key must be of the trial's mode, {mode}", found=f"a {key.purpose} key of mode {key.mode}",
                mend=f"trial key new FILE --purpose {key.purpose} --mode {mode}", code="key-mode",
            )  # fmt: skip
