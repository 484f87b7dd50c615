"""A simulated trial: day by day through the real code, from the bytes of an intake file to the ledger.

1. Each day in this order: pauses as the rule decided them, then intake and draw. On Mondays the conversations of the
   week before are recorded. After the last arrivals the calendar goes on until the last conversation.
2. The clock is simulated too: what happens on a day is recorded at eight in the morning of that day, Danish time.
3. A canary is a citizen whose number must be found nowhere but in the intake files. One that cannot be a citizen
   (an impossible date) is sent once: that file is refused as a whole, kept beside the others, and sent again without.
4. Running again with the same seed changes nothing: every citizen has an answer, every conversation is settled.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from trial.clock import COPENHAGEN
from trial.conduct import NOT_HELD, Conversation
from trial.errors import IdentityError, IntakeError
from trial.identity import Pseudonymiser
from trial.infection import Closure
from trial.intake import Arrival, read_intake
from trial.service import Outcome, Pause, Trial
from trial.simulator.arrivals import DAY, Arrivals, IntakeFile
from trial.simulator.conversations import Conduct, dose, simulate_conduct

MONDAY = 0

Progress = Callable[[date], None]


class SimulatedClock:
    """A clock that stands at eight in the morning of the simulated day."""

    def __init__(self, on: date) -> None:
        self.on = on

    def __call__(self) -> datetime:
        """Give the simulated time, UTC."""
        return datetime.combine(self.on, time(8), COPENHAGEN).astimezone(UTC)


@dataclass
class Simulation:
    """What a simulated trial came to; `conduct` holds both doses of every randomised citizen."""

    from_on: date
    to_on: date
    rows: int = 0
    answered_before: int = 0
    per_arm: Counter[str] = field(default_factory=Counter)
    not_randomised: Counter[str] = field(default_factory=Counter)
    conversations: Counter[str] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)
    conduct: list[Conduct] = field(default_factory=list)

    def to_json(self) -> dict[str, object]:
        """Give the counts as plain data."""
        return {
            "from": self.from_on,
            "to": self.to_on,
            "rows": self.rows,
            "answered_before": self.answered_before,
            "randomised": self.per_arm.total(),
            "per_arm": dict(sorted(self.per_arm.items())),
            "not_randomised": dict(self.not_randomised.most_common()),
            "conversations": dict(sorted(self.conversations.items())),
            "refused": self.refused,
        }


def run_trial(
    trial: Trial,
    clock: SimulatedClock,
    pseudonymiser: Pseudonymiser,
    arrivals: Arrivals,
    *,
    closures: Sequence[Closure],
    intake_dir: Path,
    canary: str | None = None,
    progress: Progress = lambda _: None,
) -> Simulation:
    """Run the whole trial over the days of the arrivals; `clock` is the one the trial was opened with."""
    runner = _Runner(trial, clock, pseudonymiser, arrivals, closures)
    intake_dir.mkdir(parents=True, exist_ok=True)
    for on, file in runner.calendar(canary, intake_dir):
        clock.on = on
        runner.pause(on)
        if file is not None:
            runner.arrive(file, intake_dir)
        runner.converse(on)
        progress(on)
    return runner.simulation


class _Runner:
    """One day after the other; what is due later waits here."""

    def __init__(
        self,
        trial: Trial,
        clock: SimulatedClock,
        pseudonymiser: Pseudonymiser,
        arrivals: Arrivals,
        closures: Sequence[Closure],
    ) -> None:
        self.trial, self.clock, self.pseudonymiser = trial, clock, pseudonymiser
        self.arrivals, self.closures = arrivals, closures
        self.simulation = Simulation(arrivals.from_on, arrivals.to_on)
        self.news = {day for one in closures for day in (one.decided_on, one.reopened_on) if day is not None}
        self.paused = _paused_days(closures, trial)
        self.seen: set[str] = set()
        self.due: defaultdict[date, list[Conversation]] = defaultdict(list)

    def calendar(self, canary: str | None, intake_dir: Path) -> Iterator[tuple[date, IntakeFile | None]]:
        """Give every day with its intake file, and after the last of them the days until the last conversation."""
        files = {file.on: file for file in self.arrivals.files(self._extra(canary, intake_dir))}
        on = self.arrivals.from_on
        while on <= self.arrivals.to_on or self.due:
            yield on, files.get(on)
            on += DAY

    def pause(self, on: date) -> None:
        """Open and close pauses as the rule decided up to this day; nothing to do on a day without news."""
        if on == self.arrivals.from_on or on in self.news:
            self.trial.apply_closures(self.closures, on)

    def arrive(self, file: IntakeFile, intake_dir: Path) -> None:
        """Send a day's file, and foresee the conversations of who was randomised."""
        path = intake_dir / file.name
        path.write_bytes(file.content)
        intake = read_intake(path, self.trial.protocol, self.pseudonymiser, file.on)
        self.simulation.rows += file.rows
        for arrival, outcome in zip(intake.arrivals, self.trial.assign(intake, file.on), strict=True):
            self._count(outcome)
            if outcome.arm is not None and outcome.participant_id not in self.seen:
                self._foresee(arrival, outcome.arm, file.on)

    def converse(self, on: date) -> None:
        """On a Monday record the conversations of the week before."""
        if on.weekday() == MONDAY:
            week = [one for back in range(7, 0, -1) for one in self.due.pop(on - back * DAY, [])]
            if week:
                self.trial.record_conversations(week)
                self.simulation.conversations.update(_kinds(week))

    def _count(self, outcome: Outcome) -> None:
        if not outcome.new:
            self.simulation.answered_before += 1
        elif outcome.arm is not None:
            self.simulation.per_arm[outcome.arm] += 1
        else:
            self.simulation.not_randomised[(outcome.reason or "").split(":")[0]] += 1

    def _foresee(self, arrival: Arrival, arm: str, on: date) -> None:
        self.seen.add(arrival.participant_id)
        code = arrival.municipality_code
        doses = {}
        for name in (one.name for one in self.trial.protocol.arms):
            conversations = simulate_conduct(
                arrival.participant_id,
                name,
                on,
                lambda day: (code, day) in self.paused,
                protocol=self.trial.protocol,
                seed=self.arrivals.seed,
                known_on=lambda day: self.paused.get((code, day)),
            )
            doses[name] = dose(conversations)
            if name == arm:
                for one in conversations:
                    self.due[one.held_on or one.due_on].append(one)
        self.simulation.conduct.append(Conduct(arrival.participant_id, doses))

    def _extra(self, canary: str | None, intake_dir: Path) -> list[dict[str, str]]:
        """Give the canary's row if it can be a citizen; otherwise send it and see the file refused."""
        if canary is None:
            return []
        on = self.arrivals.days[0]
        row = {**self.arrivals.usual(on), "citizen": canary}
        try:
            self.pseudonymiser.participant(canary)
        except IdentityError:
            file = self.arrivals.file(on, [row], 0)
            path = intake_dir / f"refused-{file.name}"
            path.write_bytes(file.content)
            try:
                read_intake(path, self.trial.protocol, self.pseudonymiser, on)
            except IntakeError as error:
                self.simulation.refused.append(str(error))
            return []
        return [row]


def _kinds(conversations: Iterable[Conversation]) -> Iterator[str]:
    for one in conversations:
        yield "held" if one.held_mode != NOT_HELD else "not held"
        if one.override_reason is not None:
            yield "overridden"
        if one.in_pause:
            yield "in a pause"


def _paused_days(closures: Iterable[Closure], trial: Trial) -> dict[tuple[str, date], date]:
    """Give every paused municipality and day, with the day that was decided; without an end a year is taken."""
    known: list[Closure | Pause] = [*closures, *trial.pauses()]
    days: dict[tuple[str, date], date] = {}
    for one in known:
        end = one.reopened_on or one.closed_on + timedelta(days=365)
        for n in range((end - one.closed_on).days):
            place = one.municipality_code, one.closed_on + timedelta(days=n)
            days[place] = min(one.decided_on, days.get(place, one.decided_on))
    return days
