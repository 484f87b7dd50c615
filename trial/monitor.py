"""Monitoring: how a trial stands. Counts only; no draw to come can be told from them beyond what has happened.

1. Enrolment: arrivals, randomised, not randomised by reason; by day, the first and the last.
2. Balance: per arm, and the largest lead of an arm in any stratum.
3. Pauses: how many, which are open, and how many citizens were assigned on a day that turned out to be paused.
4. Compliance: per arm, how conversations were held, and how many were overridden.
"""

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

from trial.ledger import schema
from trial.service import Trial


@dataclass(frozen=True)
class Status:
    """How a trial stands."""

    trial_id: str
    mode: str
    procedure: str
    protocol_digest: str
    ledger_length: int
    ledger_head: str
    last_entry_at: str
    arrivals: int
    randomised: int
    first_arrival_on: str | None
    last_arrival_on: str | None
    per_arm: dict[str, int]
    not_randomised: dict[str, int]
    strata: int
    largest_lead_in_a_stratum: int
    pauses: int
    open_pauses: tuple[str, ...]
    assigned_in_backdated_pause: int
    conversations: dict[str, dict[str, int]]

    def to_json(self) -> dict[str, Any]:
        """Give the status as plain data."""
        return asdict(self)


def status(trial: Trial) -> Status:
    """Give how a trial stands now."""
    arms = [arm.name for arm in trial.protocol.arms]
    with trial.store.read() as transaction:
        answers = transaction.tally(schema.PARTICIPANTS, "arm", "reason")
        leads = transaction.tally(schema.PARTICIPANTS, "scope", "arm")
        first, last = transaction.extent(schema.PARTICIPANTS, "arrived_on")
        held = transaction.tally(schema.CONVERSATIONS, "assigned_mode", "held_mode", "override_reason")
        pauses = transaction.rows(schema.PAUSES)
        backdated = len(transaction.assigned_while_paused())
        head = transaction.head
    per_arm = {arm: sum(n for (drawn, _), n in answers.items() if drawn == arm) for arm in arms}
    not_randomised = {str(reason): n for (arm, reason), n in answers.items() if arm is None}
    scopes = {scope for scope, arm in leads if arm is not None}
    return Status(
        trial.trial_id,
        trial.mode,
        trial.epoch.procedure_name,
        trial.epoch.digest,
        head.length,
        head.hash,
        head.at,
        sum(answers.values()),
        sum(per_arm.values()),
        first,
        last,
        per_arm,
        dict(sorted(not_randomised.items())),
        len(scopes),
        max((_lead([leads.get((scope, arm), 0) for arm in arms]) for scope in scopes), default=0),
        len(pauses),
        tuple(row["municipality_code"] for row in pauses if row["reopened_on"] is None),
        backdated,
        {arm: _conduct(held, arm) for arm in arms},
    )


def _lead(counts: list[int]) -> int:
    return max(counts) - min(counts)


def _conduct(held: dict[tuple[Any, ...], int], arm: str) -> dict[str, int]:
    counted: Counter[str] = Counter()
    for (assigned, mode, reason), n in sorted(held.items(), key=str):
        if assigned == arm:
            counted[f"held-{mode}" if mode not in (None, "none") else "to-come" if mode is None else "not-held"] += n
            counted["overridden"] += n if reason is not None else 0
    return dict(counted)
