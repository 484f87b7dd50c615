"""Monitoring: how a trial stands. Counts only; no draw to come can be told from them beyond what has happened.

1. Enrolment: arrivals, randomised, not randomised by reason; by day, the first and the last.
2. Balance: per arm, and the largest lead of an arm in any stratum of an epoch.
3. Pauses: how many, which are open, and how many citizens were assigned on a day that turned out to be paused.
4. Compliance: per arm, how conversations were held, and how many were overridden.
5. Corrections that stand, by kind, and how many citizens were erased.
6. Whoever is blinded gets no arm, no mode and no lead: conversations are counted together, as held or not. The rows
   of the ledger (`audit`) lose every field an arm could be read from: also hash and record id, for who knows all of
   a row but its arm could try both arms against its hash.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from trial import roles
from trial.ledger import schema
from trial.ledger.proof import stored
from trial.service import Trial
from trial.service.correcting import standing_corrections


@dataclass(frozen=True)
class Status:
    """How a trial stands."""

    trial_id: str
    mode: str
    procedure: str
    protocol_digest: str
    epoch: int
    dry_run_passed: bool
    ledger_length: int
    ledger_head: str
    last_entry_at: str
    arrivals: int
    randomised: int
    first_arrival_on: str | None
    last_arrival_on: str | None
    per_arm: dict[str, int] | None
    not_randomised: dict[str, int]
    strata: int
    largest_lead_in_a_stratum: int | None
    pauses: int
    open_pauses: tuple[str, ...]
    assigned_in_backdated_pause: int
    conversations: dict[str, Any]
    corrections: dict[str, int]
    erased: int

    def to_json(self) -> dict[str, Any]:
        """Give the status as plain data; what is withheld is left out."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def status(trial: Trial) -> Status:
    """Give how a trial stands now, as far as the role may see it."""
    trial.require("status")
    sees_arms = roles.sees_arms(trial.role)
    arms = [arm.name for arm in trial.protocol.arms]
    with trial.store.read() as transaction:
        answers = transaction.tally(schema.PARTICIPANTS, "arm", "reason")
        leads = transaction.tally(schema.PARTICIPANTS, "epoch", "scope", "arm")
        epochs = transaction.rows(schema.EPOCHS)
        first, last = transaction.extent(schema.PARTICIPANTS, "arrived_on")
        held = transaction.tally(schema.CONVERSATIONS, "assigned_mode", "held_mode", "override_reason")
        pauses = transaction.rows(schema.PAUSES)
        backdated = len(transaction.assigned_while_paused())
        head = transaction.head
        corrected = Counter(one["what"] for one in standing_corrections(transaction).values())
        erased = len(transaction.entries("erased@1"))
    per_arm = {arm: sum(n for (drawn, _), n in answers.items() if drawn == arm) for arm in arms}
    not_randomised = {str(reason): n for (arm, reason), n in answers.items() if arm is None}
    scopes = {(epoch, scope) for epoch, scope, arm in leads if arm is not None}
    return Status(
        trial.trial_id,
        trial.mode,
        trial.epoch.procedure_name,
        trial.epoch.digest,
        epochs[-1]["epoch"],
        epochs[-1]["dry_run_seq"] is not None,
        head.length,
        head.hash,
        head.at,
        sum(answers.values()),
        sum(per_arm.values()),
        first,
        last,
        per_arm if sees_arms else None,
        dict(sorted(not_randomised.items())),
        len(scopes),
        max((_lead([leads.get((*scope, arm), 0) for arm in arms]) for scope in scopes), default=0)
        if sees_arms
        else None,
        len(pauses),
        tuple(row["municipality_code"] for row in pauses if row["reopened_on"] is None),
        backdated,
        {arm: _conduct(held, arm) for arm in arms} if sees_arms else _conduct_blinded(held),
        dict(sorted(corrected.items())),
        erased,
    )


LONG = frozenset({"protocol_toml", "references"})
SHOWS_ARMS = frozenset(
    {
        "arm",
        "probabilities",
        "assigned_mode",
        "summoned_mode",
        "held_mode",
        "override_reason",
        "in_pause",
        "participant_id",
        "hash",
        "figures",
    }
)


def audit(trial: Trial, after: int = 0, kind: str | None = None) -> Iterator[dict[str, Any]]:
    """Give the rows of the ledger, as far as the role may see them: nobody by pseudonym."""
    trial.require("audit")
    hidden = LONG if roles.sees_arms(trial.role) else LONG | SHOWS_ARMS
    with trial.store.read() as transaction:
        for entry in stored(transaction):
            if entry.seq > after and kind in (None, entry.kind.partition("@")[0]):
                payload = orjson.loads(entry.payload)
                row = {"row": entry.seq, "at": entry.at, "kind": entry.kind, "hash": entry.hash, **payload}
                yield {name: value for name, value in row.items() if name not in hidden}


def _lead(counts: list[int]) -> int:
    return max(counts) - min(counts)


def _conduct(held: dict[tuple[Any, ...], int], arm: str) -> dict[str, int]:
    counted: Counter[str] = Counter()
    for (assigned, mode, reason), n in sorted(held.items(), key=str):
        if assigned == arm:
            counted[f"held-{mode}" if mode not in (None, "none") else "to-come" if mode is None else "not-held"] += n
            counted["overridden"] += n if reason is not None else 0
    return dict(counted)


def _conduct_blinded(held: dict[tuple[Any, ...], int]) -> dict[str, int]:
    """Count conversations as held, not held or to come, whatever the arm or the mode."""
    counted: Counter[str] = Counter()
    for (_, mode, _), n in sorted(held.items(), key=str):
        counted["to-come" if mode is None else "not-held" if mode == "none" else "held"] += n
    return dict(counted)
