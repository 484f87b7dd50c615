"""The dry run: a thousand synthetic citizens through the real code under throw-away keys, before the first real one.

1. The protocol in force, word for word as the ledger holds it, becomes a trial of its own in a folder that is removed
   at the end. Its keys follow from protocol and seed: whoever repeats the dry run gets the same ledger, and the keys
   draw nothing real.
2. The citizens arrive fifty a day on the first weekdays of enrolment, as the bytes of intake files. On the second day
   one municipality is paused; on the last the first file comes again.
3. What must hold, each a check of its own:
   ratio            no arm is drawn oftener or rarer than the recorded probabilities allow (5 standard errors; of a
                    cluster the first citizen counts, the others draw nothing)
   bounds           no stratum's lead exceeds what the tolerance or the block declares
   imbalance        the trial's lead is within what independent coins would give (5 standard errors); not asked of
                    clusters and markets, whose sizes decide it
   predictability   nobody in the field guesses right oftener than the budget allows (`trial/design/guesses.py`):
                    exactly, in one stratum or market of 200, where that can be told, and simulated, 3 standard errors
                    allowed
   answers          a repeated file gets the first answers and adds nothing
   pause            nobody of the paused municipality got an arm that day, everybody else was answered as ever
   verification     ledger and bundle hold, every arm drawn anew
4. It has passed when every check holds. In production nobody is answered before that stands in the ledger.
"""

import hashlib
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from importlib.metadata import version
from itertools import combinations
from pathlib import Path
from random import Random

from trial.bundle import export_bundle, verify_bundle
from trial.design import Guess, exceeds, in_one_place, in_the_field, less, simulate, simulated, spread
from trial.errors import StateError
from trial.identity import Pseudonymiser
from trial.infection import ByHand
from trial.intake import read_intake
from trial.keys import KEY_BYTES, PURPOSES, Keys, SecretKey
from trial.ledger.projection import Row
from trial.ledger.proof import verify_store
from trial.ledger.replay import TRIED_ON, has_passed
from trial.procedures import Procedure
from trial.service import Outcome, Trial
from trial.simulator.arrivals import Arrivals, IntakeFile
from trial.simulator.run import SimulatedClock

DAYS = 20
IN_ONE_PLACE = 200
RUNS = 10
SIZES_DECIDE = ("cluster", "saturation")
BY = ByHand("dry run", "seed", "part of the dry run")

Progress = Callable[[str], None]


@dataclass(frozen=True)
class DryRun:
    """What a dry run found: the checks by name, the figures behind them, and the end of its ledger.

    mends: what to do about a check that does not hold, where the protocol can be mended. It is told, not recorded.
    """

    protocol: str
    seed: int
    arrivals: int
    checks: dict[str, bool]
    figures: dict[str, str]
    head: str
    mends: dict[str, str]

    def payload(self) -> Row:
        """Give what the ledger records of it, save the epoch."""
        found = {
            "protocol": self.protocol,
            "seed": self.seed,
            "arrivals": self.arrivals,
            "checks": self.checks,
            "figures": self.figures,
            "head": self.head,
            "software": f"lodtraek {version('lodtraek')}",
        }
        return {**found, "passed": has_passed(found)}


def dry_run(trial: Trial, seed: int, progress: Progress = lambda _: None) -> DryRun:
    """Try the protocol a trial has in force; nothing of the trial itself is touched."""
    with tempfile.TemporaryDirectory(prefix="lodtraek-dry-run-") as folder:
        rehearsal = _Rehearsal(trial, seed, Path(folder))
        try:
            return rehearsal.run(progress)
        finally:
            rehearsal.trial.close()


class _Rehearsal:
    """The throw-away trial and what is found on it."""

    def __init__(self, trial: Trial, seed: int, folder: Path) -> None:
        self.folder, self.seed, self.digest = folder, seed, trial.epoch.digest
        enrolment = trial.protocol.trial.enrolment
        last = min(enrolment.to, enrolment.from_ + timedelta(days=DAYS // 5 * 7 - 1))
        arrivals = Arrivals(trial.protocol, TRIED_ON, seed, from_on=enrolment.from_, to_on=last)
        self.files = list(arrivals.files())
        if not self.files:
            raise StateError(
                "enrolment must hold a weekday for a dry run", found=f"{enrolment.from_} to {enrolment.to}",
                mend="declare a longer enrolment", code="dry-run-days",
            )  # fmt: skip
        self.town = arrivals.jobcentres.values[0]
        for name, text in trial.epoch.texts.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
        self.clock = SimulatedClock(self.files[0].on)
        self.keys = Keys(**{purpose: _key(purpose, self.digest, seed) for purpose in PURPOSES})
        beacon = hashlib.sha256(str(seed).encode()).hexdigest() if trial.protocol.randomisation.beacon else None
        url = f"sqlite:///{folder / 'dry-run.db'}"
        salts = Random(seed).randbytes  # noqa: S311 - of nobody: a dry run can be repeated to the last hash
        self.trial = Trial.init(
            url,
            folder / "protocol.toml",
            self.keys,
            "test",
            clock=self.clock,
            beacon_value=beacon,
            randomness=salts,
        )
        self.pseudonymiser = Pseudonymiser(self.keys.need("identity").secret)

    def run(self, progress: Progress) -> DryRun:
        """Draw everybody and judge what was drawn."""
        progress("draws")
        answers = [self._day(number, file) for number, file in enumerate(self.files)]
        head = self.trial.head
        again = self._assign(self.files[0])
        rows = self._assigned()
        checks, figures = _judge(self.trial, rows)
        progress("predictability")
        guess = _decisive(self.trial, self.seed)
        budget = self.trial.protocol.randomisation.predictability_budget
        progress("verification")
        checks |= {
            "predictability": not exceeds(_at_least(guess), budget),
            "answers": _same(again, answers[0]) and self.trial.head == head,
            "pause": self._pause_held(answers, rows),
            "verification": self._verified(),
        }
        figures |= {"correct guesses": f"{guess.correct:.4f}", "guesser": guess.words, "budget": f"{budget:.4f}"}
        mends = {} if checks["predictability"] else {"predictability": less(self.trial.epoch.procedure)}
        arrived = sum(file.rows for file in self.files)
        return DryRun(self.digest, self.seed, arrived, dict(sorted(checks.items())), figures, head.hash, mends)

    def _day(self, number: int, file: IntakeFile) -> list[Outcome]:
        self.clock.on = file.on
        if number == 1:
            self.trial.open_pause(self.town, file.on, BY, decided_on=file.on)
        elif number == 2:
            self.trial.close_pause(self.town, file.on, BY)
        return self._assign(file)

    def _assign(self, file: IntakeFile) -> list[Outcome]:
        return self.trial.assign(read_intake(file.content, self.trial.protocol, self.pseudonymiser, file.on), file.on)

    def _assigned(self) -> list[Row]:
        with self.trial.store.read() as transaction:
            return [row for row in transaction.answer_payloads() if row["arm"] is not None]

    def _pause_held(self, answers: list[list[Outcome]], rows: list[Row]) -> bool:
        second = self.files[1].on.isoformat() if len(self.files) > 1 else ""
        slipped = any((row["on"], row["municipality_code"]) == (second, self.town) for row in rows)
        reason = f"paused:{self.town}"
        others = [one for day in (*answers[:1], *answers[2:]) for one in day if one.reason == reason]
        return not slipped and not others

    def _verified(self) -> bool:
        key, folder = self.keys.trial, self.folder / "bundle"
        export_bundle(self.trial, folder)
        return verify_store(self.trial.store, key).holds and verify_bundle(folder, key).holds


def bound_of(procedure: Procedure) -> Fraction | None:
    """Give the largest lead a stratum may have, in units of the ratio; None where the procedure declares none."""
    if procedure.scope != "stratum":
        return None
    if tolerance := getattr(procedure, "tolerance", None):
        return Fraction(tolerance)
    sizes = getattr(procedure, "sizes", None)
    return Fraction(max(sizes), procedure.arms.total) if sizes else None


def is_drawn_as_told(drawn: list[tuple[str, dict[str, Fraction]]], arms: tuple[str, ...]) -> bool:
    """Tell whether each arm came as often as its probabilities allow: 5 standard errors, exactly."""
    for arm in arms:
        chances = [shares[arm] for _, shares in drawn]
        surplus = sum(one == arm for one, _ in drawn) - sum(chances)
        if surplus**2 > 25 * sum(chance * (1 - chance) for chance in chances):
            return False
    return True


def _judge(trial: Trial, rows: list[Row]) -> tuple[dict[str, bool], dict[str, str]]:
    """Check ratio, bounds and imbalance of what was drawn."""
    procedure = trial.epoch.procedure
    arms = procedure.arms
    strata: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        strata[row["stratum"]][row["arm"]] += 1
    leads = {name: _lead([counts[arm] for arm in arms.names], arms.ratio) for name, counts in strata.items()}
    whole = Counter(row["arm"] for row in rows)
    overall, largest = _lead([whole[arm] for arm in arms.names], arms.ratio), max(leads.values())
    bound = bound_of(procedure)
    checks = {
        "ratio": is_drawn_as_told(list(_own_draws(procedure, rows)), arms.names),
        "bounds": bound is None or largest <= bound,
        "imbalance": procedure.name in SIZES_DECIDE or overall**2 <= 25 * _spread_of_coins(len(rows), arms.ratio),
    }
    figures = {
        "randomised": str(len(rows)),
        **{f"arm {arm}": str(whole[arm]) for arm in arms.names},
        "strata": str(len(strata)),
        "lead overall": str(overall),
        "largest lead in a stratum": str(largest),
        "bound of a stratum": "none" if bound is None else str(bound),
    }
    return checks, figures


def _lead(counts: list[int], ratio: tuple[int, ...]) -> Fraction:
    """Give the largest difference between arms, in units of the ratio."""
    even = [Fraction(count, part) for count, part in zip(counts, ratio, strict=True)]
    return max(even) - min(even)


def _spread_of_coins(n: int, ratio: tuple[int, ...]) -> Fraction:
    """Give the variance of the lead of independent coins, of the two arms that vary most."""
    worst = max(Fraction(1, one) + Fraction(1, other) for one, other in combinations(ratio, 2))
    return Fraction(n, sum(ratio)) * worst


def _own_draws(procedure: Procedure, rows: list[Row]) -> Iterator[tuple[str, dict[str, Fraction]]]:
    """Give arm and probabilities of everybody who was drawn; of a cluster the first."""
    seen: set[str] = set()
    for row in rows:
        if procedure.name == "cluster":
            cluster = row["levels"][getattr(procedure, "factor")]  # noqa: B009 - a cluster has one
            if cluster in seen:
                continue
            seen.add(cluster)
        yield row["arm"], {arm: Fraction(share) for arm, share in row["probabilities"].items()}


def _decisive(trial: Trial, seed: int) -> Guess:
    """Give the guesser in the field who is right most often, chance taken off."""
    procedure, forecast = trial.epoch.procedure, spread(trial.protocol, TRIED_ON)
    exact = in_one_place(procedure, IN_ONE_PLACE)
    figures = simulate(procedure, forecast, RUNS, seed, lambda: None)
    known = (*exact, *simulated(procedure, forecast, figures))
    return max(in_the_field(procedure, forecast, known), key=_at_least)


def _at_least(guess: Guess) -> float:
    """Give a guess rate less what of it chance may have added."""
    return guess.correct - 3 * guess.se


def _same(again: list[Outcome], before: list[Outcome]) -> bool:
    told = [[(one.participant_id, one.arm, one.reason) for one in answers] for answers in (again, before)]
    return told[0] == told[1] and not any(one.new for one in again)


def _key(purpose: str, digest: str, seed: int) -> SecretKey:
    text = f"lodtraek dry run/{purpose}/{digest}/{seed}".encode()
    return SecretKey(purpose, "test", hashlib.sha256(text).digest()[:KEY_BYTES])
