"""Amending: a later version of the protocol begins an epoch; what was answered before it stands as it was.

1. The entry holds the new protocol and its files word for word, its digest, the commitment of the new epoch's key,
   the day, the reason, and how many citizens every scope of the old epoch had. So every open block is closed, and
   said to be: nothing of the old epoch is drawn any more.
2. What an amendment may not change is refused by the names of the checks (`trial.protocol.amendment`), all at once.
3. The day is not before the last answer, nor to come. From then on nobody is answered for an earlier day.
4. Steps begin again at 0 under the new key, in every stratum: a draw of one epoch tells nothing of the next. Where
   the trial key is exchanged, whoever has the one before can tell no draw of the new epoch at all.
5. In production the new version needs a dry run of its own before anybody is answered.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path

from trial.errors import ProtocolError, StateError
from trial.keys import SecretKey
from trial.ledger import schema
from trial.ledger.epoch import Epoch
from trial.ledger.projection import Row, epoch_row
from trial.ledger.store import Transaction
from trial.protocol import Fault, Protocol, document, read_toml, unlawful_changes
from trial.protocol.source import dotted, toml_value
from trial.service.opening import declaration


@dataclass(frozen=True)
class Amendment:
    """What an amendment comes to: its epoch, the digests, what was closed, and what changed, key by key."""

    epoch: int
    amends: str
    protocol: str
    on: date
    closed_scopes: int
    closed_citizens: int
    changes: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Request:
    """A protocol file to go on with from a day, why, who decided it, and the trial key where it is exchanged."""

    protocol_file: Path
    on: date
    reason: str
    decided_by: tuple[str, ...] = ()
    new_key: SecretKey | None = None


def prepare(transaction: Transaction, epoch: Epoch, request: Request, today: date) -> tuple[Row, Amendment]:
    """Give the payload of an amendment and what it comes to; raise StateError or ProtocolError if unlawful."""
    after, declared = declaration(request.protocol_file)
    _check_day(transaction, epoch, request.on, today)
    assigned = any(arm is not None for (arm,) in transaction.tally(schema.PARTICIPANTS, "arm"))
    _check_changes(request, unlawful_changes(epoch.protocol, after, request.on, has_assigned=assigned))
    secret = epoch.secret if request.new_key is None else request.new_key.secret
    begins = Epoch(epoch.number + 1, after, declared["protocol"], secret)
    closed = {row["scope"]: row["steps"] for row in transaction.rows(schema.STRATA, {"epoch": epoch.number})}
    payload = {
        **declared,
        "epoch": begins.number,
        "on": request.on.isoformat(),
        "reason": request.reason,
        "decided_by": list(request.decided_by),
        "amends": epoch.digest,
        "epoch_key_commitment": begins.key_commitment,
        "closed": closed,
        "software": f"lodtraek {version('lodtraek')}",
    }
    amendment = Amendment(
        begins.number,
        epoch.digest,
        begins.digest,
        request.on,
        len(closed),
        sum(closed.values()),
        tuple(changes(epoch.protocol, after)),
    )
    return payload, amendment


def append(transaction: Transaction, payload: Row) -> None:
    """Append an amendment and begin its epoch."""
    entry = transaction.append("trial-amended@1", payload)
    transaction.insert(schema.EPOCHS, [epoch_row(entry.seq, payload)])


def changes(before: Protocol, after: Protocol) -> list[tuple[str, str, str]]:
    """Give every key that changes, with its value before and after."""
    was, now = _flat(document(before)), _flat(document(after))
    keys = [*was, *(key for key in now if key not in was)]
    return [(key, was.get(key, "-"), now.get(key, "-")) for key in keys if was.get(key) != now.get(key)]


def _flat(value: object, path: tuple[str | int, ...] = ()) -> dict[str, str]:
    if isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, (list, tuple)) and any(isinstance(one, dict) for one in value):
        inner = dict(enumerate(value)).items()
    else:
        return {dotted(path): toml_value(value)}
    return {key: text for name, one in inner for key, text in _flat(one, (*path, name)).items()}


def _check_day(transaction: Transaction, epoch: Epoch, on: date, today: date) -> None:
    last = transaction.extent(schema.PARTICIPANTS, "arrived_on")[1]
    earliest = max([date.fromisoformat(last)] if last else [], default=epoch.began_on)
    if epoch.began_on is not None and earliest is not None:
        earliest = max(earliest, epoch.began_on)
    if earliest is not None and on < earliest:
        raise StateError(
            "an amendment must not reach back behind the last answer or the last amendment", found=on,
            mend=f"--on {earliest} or later", code="amendment-day",
        )  # fmt: skip
    if on > today:
        raise StateError(
            "an amendment is in force as soon as it is recorded", found=f"{on}, a day to come",
            mend="record it on the day it begins", code="amendment-day",
        )  # fmt: skip


def _check_changes(request: Request, faults: Sequence[Fault]) -> None:
    if faults:
        raise ProtocolError.gather(read_toml(request.protocol_file).place(faults))
