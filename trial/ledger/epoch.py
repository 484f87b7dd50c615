"""An epoch: the time in which one protocol and one key are in force. Draws and replays go through here only.

1. The epoch's key is derived from the trial key, so that one epoch can be revealed without the next. The value of a
   declared beacon is mixed into it before anything is drawn.
2. A scope is what a procedure keeps one state for: a stratum, or the whole trial (the empty text).
3. The step of an assignment is how many citizens its scope had before it: 0, 1, 2 ... The draws are keyed by it.
4. Without the key nothing can be drawn. A probability that rests on counts alone can still be told; one that needs a
   keyed draw (the size of a block) cannot, and from there on its scope is unknown.
5. The ledger holds the protocol and the files it refers to word for word: what is installed later changes nothing.
"""

import hashlib
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, Self

from trial.errors import KeyFileError, LedgerError, StateError
from trial.ledger.beacon import mixed
from trial.procedures import (
    Chosen,
    Draw,
    Drawn,
    Draws,
    Probabilities,
    Procedure,
    Unit,
    batch_order,
    declared,
    epoch_key,
    next_arm,
)
from trial.protocol import Protocol, load_protocol

BATCH = ""


class _UnknownError(Exception):
    """A draw was needed and the key is not there."""


class _NoDraws:
    """What a procedure is given when the key is not known: whatever it asks is unknown."""

    def __init__(self) -> None:
        self.memo: dict[str, Any] = {}

    def below(self, n: int, step: int, purpose: str) -> int:  # noqa: ARG002
        raise _UnknownError


@dataclass(frozen=True)
class Epoch:
    """One protocol, its digest, its procedure and, where they are known, the trial key and the beacon's value.

    began_on: the day of the amendment that began it; None for the first.
    texts: the protocol and the files it refers to, word for word as the ledger holds them, by their names.
    """

    number: int
    protocol: Protocol
    digest: str
    secret: bytes | None = field(default=None, repr=False)
    beacon_value: str | None = None
    awaits_dry_run: bool = False
    began_on: date | None = None
    texts: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def procedure(self) -> Procedure:
        """Give the declared procedure."""
        return declared(self.protocol.randomisation, self.protocol.arms, self.protocol.stratification)

    @cached_property
    def procedure_name(self) -> str:
        """Give the procedure with its version, as the protocol names it."""
        return self.protocol.randomisation.procedure

    @cached_property
    def levels(self) -> dict[str, frozenset[str]]:
        """Give the levels of every stratification factor, in the order of the protocol."""
        return {factor.factor: frozenset(factor.levels) for factor in self.protocol.stratification}

    @property
    def awaits_beacon(self) -> bool:
        """Tell whether a beacon is declared whose value is not known yet: until then nothing can be drawn."""
        return self.protocol.randomisation.beacon is not None and self.beacon_value is None

    def check_drawable(self) -> None:
        """Raise StateError while the value of the declared beacon, or in production a dry run, is awaited."""
        if self.awaits_dry_run:
            raise StateError(
                "in production a dry run of the protocol must have passed before anybody is answered",
                found="none that has passed in the ledger",
                mend="trial dry-run; where it does not pass it names the check and what to do",
                code="dry-run-missing",
            )  # fmt: skip
        beacon = self.protocol.randomisation.beacon
        if beacon is not None and self.awaits_beacon:
            raise StateError(
                "the value of the declared beacon must be in the ledger before anybody is answered",
                found=f"none of {beacon.name} round {beacon.round}",
                mend="when the round is out: trial beacon VALUE", code="beacon-missing",
            )  # fmt: skip

    def with_beacon(self, value: str) -> Self:
        """Give the epoch with the value of its beacon."""
        return replace(self, beacon_value=value)

    def locked(self, awaits_dry_run: bool) -> Self:
        """Give the epoch as one that may, or may not yet, answer anybody."""
        return replace(self, awaits_dry_run=awaits_dry_run)

    @cached_property
    def key(self) -> bytes:
        """Give the epoch's key, which can be revealed when the epoch is over; needs the trial key."""
        if self.secret is None:
            raise KeyFileError("the trial key must be given to draw", mend="name it: --key FILE", code="key-missing")
        return epoch_key(self.secret, self.protocol.trial.id, self.number)

    @property
    def key_commitment(self) -> str:
        """Give what the ledger commits to: SHA-256 of the epoch's key."""
        return hashlib.sha256(self.key).hexdigest()

    @cached_property
    def _drawing_key(self) -> bytes:
        self.check_drawable()
        beacon = self.protocol.randomisation.beacon
        if beacon is None or self.beacon_value is None:
            return self.key
        return mixed(self.key, beacon, self.beacon_value)

    @cached_property
    def _draws(self) -> dict[str, Draws]:
        return {BATCH: Draws(self._drawing_key, self.protocol.trial.id, self.number, BATCH)}

    def draws(self, scope: str) -> Draws:
        """Give the keyed draws of a scope; needs the key."""
        known = self._draws
        if scope not in known:
            known[scope] = known[BATCH].beside(scope)
        return known[scope]

    def seal(self, scope: str, steps: int, state: str) -> str:
        """Give what shows that a scope's state was written with the key: who may change the table cannot make it."""
        return self.draws(scope).marks("state", [f"{steps} {state}"])[0].hex()

    def draw(self, scope: str, state: Any, unit: Unit, step: int) -> Drawn:
        """Draw the arm of the next citizen of a scope."""
        return next_arm(self.procedure, state, unit, self.draws(scope), step)

    def draw_all(self, scope: str, state: Any, units: Sequence[Unit], step: int) -> tuple[list[Chosen], Any]:
        """Draw the arms of the next citizens of a scope, who stand in keyed order; give its state afterwards."""
        return self.procedure.in_order(state, units, self.draws(scope), step)

    def follow(self, state: Any, unit: Unit, arm: str) -> tuple[Probabilities | None, Any]:
        """Without the key: the probabilities before and the state after a citizen got an arm; None where unknown.

        A state of None stands for one that is unknown.
        """
        if state is None:
            return None, None
        draw: Draw = _NoDraws()
        try:
            probabilities = self.procedure.probabilities(state, unit, draw)
        except _UnknownError:
            probabilities = None
        try:
            return probabilities, self.procedure.advance(state, unit, arm, draw)
        except _UnknownError:
            return probabilities, None

    def in_order(self, participant_ids: Iterable[str]) -> list[str]:
        """Give the order in which a batch is drawn: keyed, so that sorting a file moves nobody to another arm."""
        return batch_order(participant_ids, self.draws(BATCH))


def protocol_of(text: str, references: Mapping[str, str]) -> Protocol:
    """Read a protocol from its text and the texts of the files it refers to, by their names."""
    with tempfile.TemporaryDirectory(prefix="lodtraek-") as folder:
        root = Path(folder)
        for name, content in {"protocol.toml": text, **references}.items():
            path = root / inside(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode())
        return load_protocol(root / "protocol.toml")


def inside(name: str) -> PurePosixPath:
    """Give a file name that cannot lead out of the folder it is put in; raise LedgerError for another."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in name:
        raise LedgerError("a file of the trial must lie in its folder", found=ascii(name), mend="trial verify")
    return path
