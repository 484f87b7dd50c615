"""Public randomness: a round nobody can foresee, mixed into an epoch's draws so that nobody can try out keys.

1. The protocol names the beacon and a round that is still to come; the opening locks both and commits to the keys.
2. When the round is out its value is entered, once, before anybody is answered. Nothing is fetched: whoever doubts
   the value compares it with what the beacon published.
3. Draws are keyed by HMAC-SHA256(epoch key, fields "lodtraek-beacon/1", name, round, value). The holder of the keys
   could not foresee the value, and nobody who knows the value can tell a draw without the key.
4. Round r of drand comes out at genesis + (r - 1) x period. In production it must come out after the opening; in test
   and training an old round will do.

The value is the round's `randomness`, 64 hex digits.
"""

import hmac
import re
from datetime import UTC, datetime, timedelta

from trial.errors import LedgerError
from trial.procedures.draws import field
from trial.protocol.model import Beacon

GENESIS = {  # first round and seconds between rounds, as each network publishes them
    "drand": (1_595_431_050, 30),
    "drand-quicknet": (1_692_803_367, 3),
}
_VALUE = re.compile(r"[0-9a-f]{64}", re.ASCII)


def published_at(beacon: Beacon) -> datetime:
    """Give the time at which a beacon's round comes out, UTC."""
    genesis, period = GENESIS[beacon.name]
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=genesis + (beacon.round - 1) * period)


def mixed(epoch_key: bytes, beacon: Beacon, value: str) -> bytes:
    """Give the key draws are made with: the epoch's key and the value of the round (rule 3)."""
    text = field("lodtraek-beacon/1") + field(beacon.name) + field(beacon.round) + field(value)
    return hmac.digest(epoch_key, text, "sha256")


def read_value(text: str) -> str:
    """Read a value as it was pasted; raise LedgerError where it is none."""
    value = text.strip().lower()
    if not _VALUE.fullmatch(value):
        raise LedgerError(
            "the value of a round must be its randomness, 64 hex digits", found=f"{len(value)} characters",
            mend="copy the randomness of the declared round", code="beacon-value",
        )  # fmt: skip
    return value
