"""Epochs: which protocol and key are in force, and what must stand in the ledger before anybody is answered.

1. The newest epoch is in force. Another process may have begun it: every request looks before it draws.
2. The value of a declared beacon is entered once, before anybody of the epoch is answered.
3. In production a dry run of the protocol in force has passed, and stands in the ledger, before anybody is answered.
4. A key that is not the committed one is refused: it would draw other arms, or give a citizen a second pseudonym.
5. The key of an epoch is revealed when the epoch is over, never while it draws in production.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from trial.clock import utc_text
from trial.errors import KeyFileError, StateError
from trial.keys import EpochKey, Keys
from trial.ledger import schema
from trial.ledger.beacon import published_at, read_value
from trial.ledger.checkpoint import public_key
from trial.ledger.epoch import Epoch
from trial.ledger.projection import Row
from trial.ledger.proof import check_chain
from trial.ledger.replay import State, begun, has_passed
from trial.ledger.store import Transaction


def opened(transaction: Transaction, keys: Keys) -> tuple[Row, Epoch]:
    """Read the opening and give it with the epoch in force; raise LedgerError, or KeyFileError for another key.

    Who has the trial key may go on to draw: the whole chain is looked at first, a second or two for 100,000 rows.
    """
    entry = transaction.entry(1)
    if entry is None:
        raise StateError("the trial must be opened before it is used", mend="trial init FILE", code="trial-missing")
    state = State(keys.secrets)
    payload = state.apply(entry)
    check_modes(keys, payload["mode"])
    check_commitments(keys, payload)
    epoch = in_force(transaction, state.epoch, payload["mode"], keys)
    if keys.trial is not None:
        check_chain(transaction)
    return payload, epoch


def in_force(transaction: Transaction, epoch: Epoch, mode: str, keys: Keys) -> Epoch:
    """Give the epoch in force; the one given, with all it has worked out, where that is still it.

    Raises KeyFileError where a trial key is given that is not the one of the epoch.
    """
    row = transaction.newest_epoch()
    if row["epoch"] != epoch.number:
        epoch = read(transaction, row["seq"], keys.secrets)
    if keys.trial is not None and epoch.secret is None:
        raise KeyFileError(
            "the trial key must be the one of the epoch in force", found="another key",
            mend="name the right key file, the new one where keys were exchanged; a lost key cannot be replaced",
            code="key-wrong",
        )  # fmt: skip
    if epoch.awaits_beacon and row["beacon_value"] is not None:
        epoch = epoch.with_beacon(row["beacon_value"])
    awaits_dry_run = mode == "production" and row["dry_run_seq"] is None
    return epoch if awaits_dry_run == epoch.awaits_dry_run else epoch.locked(awaits_dry_run)


def read(transaction: Transaction, seq: int, secrets: Sequence[bytes]) -> Epoch:
    """Read the epoch that began with an entry."""
    entry = transaction.entry(seq)
    assert entry is not None  # noqa: S101 - the projection names it
    return begun(json.loads(entry.payload), secrets, seq)


def enter_beacon(transaction: Transaction, epoch: Epoch, mode: str, value: str) -> None:
    """Append the value of the declared beacon; raise StateError where there is none to enter or it stands already."""
    beacon = epoch.protocol.randomisation.beacon
    if beacon is None:
        raise StateError(
            "a beacon must be declared before its value is entered", found="no [randomisation.beacon]",
            mend="leave the value out, or open a trial that declares a beacon", code="beacon-undeclared",
        )  # fmt: skip
    payload = {"epoch": epoch.number, "name": beacon.name, "round": beacon.round, "value": read_value(value)}
    row = transaction.newest_epoch()
    if row["beacon_value"] is not None:
        raise StateError(
            "the value of a beacon must be entered once", found="a value entered before",
            mend="trial verify; a value that was entered is never replaced", code="beacon-known",
        )  # fmt: skip
    began = transaction.entry(row["seq"])
    began_at = transaction.at if began is None else began.at
    if mode == "production" and utc_text(published_at(beacon)) <= began_at:
        raise StateError(
            "in production the round of a beacon must come out after the epoch began", found=published_at(beacon),
            mend="declare a round that is still to come", code="beacon-early",
        )  # fmt: skip
    transaction.append("beacon@1", payload)
    transaction.replace(schema.EPOCHS, [{**row, "beacon_value": payload["value"]}])


def record_dry_run(transaction: Transaction, epoch: Epoch, found: Mapping[str, Any]) -> None:
    """Append what a dry run of the protocol in force found; the same dry run once."""
    if found["protocol"] != epoch.digest:
        raise StateError(
            "a dry run must try the protocol in force", found="a dry run of another protocol",
            mend="trial dry-run", code="dry-run-protocol",
        )  # fmt: skip
    if found["passed"] != has_passed(found):
        raise StateError(
            "a dry run passes exactly when it was large enough and every check holds", found="another verdict",
            mend="trial dry-run", code="dry-run-verdict",
        )  # fmt: skip
    payload = {**found, "epoch": epoch.number}
    if any(json.loads(entry.payload) == payload for entry in transaction.entries("dry-run@1")):
        return
    entry = transaction.append("dry-run@1", payload)
    row = transaction.newest_epoch()
    if found["passed"] and row["dry_run_seq"] is None:
        transaction.replace(schema.EPOCHS, [{**row, "dry_run_seq": entry.seq}])


def reveal(transaction: Transaction, epoch: Epoch, number: int, today: date, keys: Keys) -> EpochKey:
    """Give the key of an epoch, to be published; raise StateError for another, or one that draws in production.

    An epoch that an amendment has closed draws no more; the one in force until enrolment has ended.
    """
    known = transaction.rows(schema.EPOCHS, {"epoch": number})
    if not known:
        raise StateError(
            "an epoch must be one of the trial", found=number, mend=f"--epoch {epoch.number}", code="epoch-unknown"
        )
    last = epoch.protocol.trial.enrolment.to
    if number == epoch.number and keys.need("trial").mode == "production" and today <= last:
        raise StateError(
            "the key of an epoch must stay secret until nothing more is drawn", found=f"enrolment until {last}",
            mend=f"wait until {last} is past", code="epoch-open",
        )  # fmt: skip
    closed = epoch if number == epoch.number else read(transaction, known[0]["seq"], keys.secrets)
    if closed.secret is None:
        raise KeyFileError(
            "the trial key of the epoch must be given", found="one that took its place",
            mend="name the one before it too: --earlier-key FILE", code="key-missing",
        )  # fmt: skip
    return EpochKey(epoch.protocol.trial.id, number, closed.key)


def check_commitments(keys: Keys, payload: Mapping[str, str | None]) -> None:
    """Raise KeyFileError where a key is not the one the ledger committed to."""
    found = {
        "identity_commitment": keys.identity and keys.identity.commitment,
        "signing_public_key": keys.signing and public_key(keys.signing.secret),
    }
    for name, commitment in found.items():
        if commitment is not None and commitment != payload[name]:
            raise KeyFileError(
                "a key must be the one the trial was opened with", found=f"another {name.replace('_', ' ')}",
                mend="name the right key file; a lost key cannot be replaced", code="key-wrong",
            )  # fmt: skip


def check_modes(keys: Keys, mode: str) -> None:
    """Raise KeyFileError for a key of another mode than the trial's."""
    for key in (keys.trial, keys.identity, keys.signing):
        if key is not None:
            key.check_mode(mode)
