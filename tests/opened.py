"""An opened trial for tests: fixed keys, a clock that ticks, arrivals made by hand."""

import hashlib
import json
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

from trial.conduct import Conversation
from trial.infection import ByHand
from trial.infection.publication import Publication, kept
from trial.intake import Arrival
from trial.keys import Keys, SecretKey, new_key_file
from trial.ledger import schema
from trial.ledger.replay import TRIED, TRIED_ON
from trial.protocol import load_municipalities, shipped
from trial.roles import Role
from trial.service import Correction, Outcome, Request, Trial

PROTOCOL = shipped("digital-samtaler.toml")
KEYS = Keys(
    trial=SecretKey("trial", "test", b"T" * 32),
    identity=SecretKey("identity", "test", b"I" * 32),
    signing=SecretKey("signing", "test", b"S" * 32),
)
PRODUCTION = Keys(*(replace(one, mode="production") for one in (KEYS.trial, KEYS.identity, KEYS.signing) if one))
DAY = date(2021, 3, 1)
BY = ByHand("head of the pause authority", "trial physician", "outbreak")
CODES = tuple(town.code for town in load_municipalities())


class TickingClock:
    """A second later at every look; `now` can be set back."""

    def __init__(self, now: datetime = datetime(2021, 3, 1, 8, tzinfo=UTC)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


class EveryRole(Trial):
    """A trial on which one person plays every role, also in production: for tests of something else."""

    def require(self, right: str) -> None:
        """Give every right."""


def url(folder: Path | str) -> str:
    return folder if isinstance(folder, str) else f"sqlite:///{folder / 'trial.db'}"


def open_trial(
    folder: Path | str,
    keys: Keys = KEYS,
    clock: TickingClock | None = None,
    checkpoint_dir: Path | None = None,
    *,
    any_clock: bool = False,
) -> Trial:
    """Open a trial in a folder, or in the database of a URL; any_clock: as for `Trial.open`."""
    trial = Trial.init(
        url(folder),
        PROTOCOL,
        keys,
        "test",
        clock=clock or TickingClock(),
        checkpoint_dir=checkpoint_dir,
        randomness=Random(1).randbytes,
    )
    trial.store._any_clock = any_clock
    return trial


def in_production(folder: Path | str, kept: Path, clock: TickingClock | None = None) -> Trial:
    """Open a production trial, which keeps its checkpoints in a folder; whoever holds it may do everything."""
    return EveryRole.init(
        url(folder),
        PROTOCOL,
        PRODUCTION,
        "production",
        clock=clock or TickingClock(),
        checkpoint_dir=kept,
        role=Role.DESIGNER,
    )


def keys_here(mode: str) -> None:
    """Write new keys of a mode into the working folder, and settings that name them and a folder of checkpoints."""
    settings = {"key_file": "trial", "identity_key_file": "identity", "signing_key_file": "signing"}
    for purpose in settings.values():
        new_key_file(Path(f"{purpose}.key"), purpose, mode)
    lines = [f'{name} = "{purpose}.key"\n' for name, purpose in settings.items()]
    Path("trial.toml").write_text("".join([*lines, 'checkpoint_dir = "checkpoints"\n']))


def arrival(number: int, code: str = "0461", age_group: str = "18-29", exclusion: str | None = None) -> Arrival:
    levels = {"jobcentre": code, "target_group": "dagpenge", "age_group": age_group}
    return Arrival(
        f"p{number:026d}", code, code, levels, "/".join(levels.values()), date(2021, 1, 4), 25, exclusion, number + 2
    )


def arrivals(numbers: Sequence[int], code: str = "0461") -> list[Arrival]:
    return [arrival(number, code) for number in numbers]


def day_file(number: int, size: int) -> list[Arrival]:
    """The file of a day: citizens of two towns, who stand in no other file."""
    return [arrival(number * size + place, ("0101", "0461")[place % 2]) for place in range(size)]


def arms(outcomes: Sequence[Outcome]) -> dict[str, str | None]:
    return {outcome.participant_id: outcome.arm for outcome in outcomes}


def conversation(outcome: Outcome, number: int = 1, held: bool = True, assigned_on: date = DAY) -> Conversation:
    assert outcome.arm is not None
    due_on = assigned_on + timedelta(weeks=(1, 5, 9, 13, 17, 22)[number - 1])
    mode = "physical" if outcome.arm == "physical" else "video"
    return Conversation(
        outcome.participant_id, number, due_on, outcome.arm, mode, mode if held else None, due_on if held else None
    )


def withdrawal(participant: str, on: date = date(2021, 3, 9), scope: str = "conversations") -> Correction:
    return Correction(participant, "withdrawn", on, "moved", "trial office", scope=scope)


def level(participant: str, value: str = "50+", on: date = date(2021, 3, 9), about: int | None = None) -> Correction:
    details = {"field": "age_group", "value": value}
    return Correction(participant, "level", on, "wrong date of birth", "trial office", details, about=about)


def record_of(trial: Trial, participant: str) -> str:
    """Give the record id that stands for a citizen in the ledger."""
    with trial.store.read() as transaction:
        return str(transaction.answers([participant])[participant]["participant_id"])


def payloads(trial: Trial, kind: str) -> list[dict[str, object]]:
    """Give what the ledger's entries of a kind say, in their order."""
    with trial.store.read() as transaction:
        return [json.loads(entry.payload) for entry in transaction.entries(kind)]


def pseudonyms(trial: Trial) -> dict[str, str]:
    """Give who stands behind each record id."""
    with trial.store.read() as transaction:
        return {row["record"]: row["participant_id"] for row in transaction.rows(schema.CITIZENS)}


def full_trial(folder: Path | str, checkpoint_dir: Path | None = None, clock: TickingClock | None = None) -> Trial:
    """A small trial with a row of every kind that a plain trial has."""
    trial = open_trial(folder, clock=clock, checkpoint_dir=checkpoint_dir)
    trial.open_pause("0101", DAY, BY, ("decision.txt", b"the decision"), decided_on=DAY)
    outcomes = trial.assign([*arrivals(range(4)), arrival(4, "0101"), arrival(5, exclusion="interpreter")], DAY)
    trial.import_infection([published()])
    trial.record_conversations([conversation(outcomes[0]), conversation(outcomes[1], held=False)])
    trial.close_pause("0101", date(2021, 3, 8), BY)
    trial.correct_pause("0101", DAY, date(2021, 3, 9), BY)
    trial.correct(withdrawal(outcomes[0].participant_id))
    trial.correct(level(outcomes[1].participant_id, value="30-49"))
    return trial


def trial_of_every_kind(folder: Path | str, checkpoint_dir: Path | None = None) -> Trial:
    """A small trial with a row of every kind, save beacons: amended to draw batches as one."""
    clock = TickingClock()
    trial = full_trial(folder, checkpoint_dir, clock)
    erase(trial, arrival(5).participant_id)
    trial.record_dry_run(dry_run(trial))
    clock.now = datetime(2021, 4, 1, 8, tzinfo=UTC)
    text = PROTOCOL.read_text(encoding="utf-8").replace('"big-stick@1"\ntolerance = 3', '"matched-pairs@1"')
    with tempfile.TemporaryDirectory() as beside:
        path = Path(beside) / "protocol.toml"
        path.write_text(text.replace("\nversion = 1\n", "\nversion = 2\n"), encoding="utf-8")
        trial.amend(Request(path, date(2021, 4, 1), "days are drawn as one"))
    trial.assign(arrivals(range(10, 15)), date(2021, 4, 1))
    return trial


def dry_run(trial: Trial, **changed: object) -> dict[str, object]:
    """Give what a passed dry run of a trial would record, without running it."""
    found = {
        "protocol": trial.epoch.digest,
        "seed": 1,
        "arrivals": TRIED_ON,
        "passed": True,
        "checks": dict.fromkeys(sorted(TRIED), True),
        "figures": {"randomised": "900"},
        "head": "0" * 64,
        "software": "none",
    }
    return {**found, **changed}


def erase(trial: Trial, participant: str) -> None:
    code = trial.erasable(participant).code
    trial.erase(participant, date(2021, 3, 10), reason="objection", recorded_by="key holder", code=code)


def published(content: bytes = b"published", vintage_on: date = DAY) -> tuple[Publication, bytes]:
    """Give what the ledger needs of a publication; its bytes need not be figures."""
    at = datetime(vintage_on.year, vintage_on.month, vintage_on.day, 13, tzinfo=UTC)
    return kept("cases-series", "cases.csv", hashlib.sha256(content).hexdigest(), at, content), content
