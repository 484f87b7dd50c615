"""A small simulated trial through the real code: counts, pauses, truth, repetition, and the canary."""

import sqlite3
from collections import Counter, defaultdict
from datetime import date, timedelta
from pathlib import Path

import pytest

from trial.identity import Pseudonymiser
from trial.infection import Closure
from trial.keys import Keys, new_key_file
from trial.protocol import shipped
from trial.service import Trial
from trial.simulator import Arrivals, SimulatedClock, Simulation, dose, run_trial, simulate_conduct

FROM, TO = date(2021, 3, 1), date(2021, 4, 16)
CANARY = "311399" + "-" + "4321"
HISTORIC = f"{date(1870, 5, 17):%d%m%y}-{5}001"  # a person born in 1870: nobody's number any more
CLOSURES = [
    Closure("0101", "København", date(2021, 3, 9), date(2021, 3, 10), date(2021, 3, 24), 312.0, 900),
    Closure("0751", "Aarhus", date(2021, 4, 1), date(2021, 4, 2), None, 301.0, 400),
]


def is_closed(code: str, day: date) -> bool:
    """Brute force over the closures; the one without an end lasts beyond the last conversation."""
    return any(
        one.municipality_code == code and one.closed_on <= day < (one.reopened_on or one.closed_on + timedelta(365))
        for one in CLOSURES
    )


class Run:
    """A trial in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.keys = Keys(
            trial=new_key_file(folder / "trial.key", "trial", "test", lambda size: b"t" * size),
            identity=new_key_file(folder / "identity.key", "identity", "test", lambda size: b"i" * size),
        )
        self.clock = SimulatedClock(FROM)
        url = f"sqlite:///{folder}/trial.db"
        self.trial = Trial.init(url, shipped("digital-samtaler.toml"), self.keys, mode="test", clock=self.clock)
        self.pseudonymiser = Pseudonymiser(self.keys.need("identity").secret)

    def go(self, canary: str | None = None) -> Simulation:
        arrivals = Arrivals(self.trial.protocol, 300, 11, from_on=FROM, to_on=TO)
        return run_trial(
            self.trial, self.clock, self.pseudonymiser, arrivals,
            closures=CLOSURES, intake_dir=self.folder / "intake", canary=canary,
        )  # fmt: skip

    def rows(self, sql: str) -> list[sqlite3.Row]:
        with sqlite3.connect(self.folder / "trial.db") as connection:
            connection.row_factory = sqlite3.Row
            found = connection.execute(sql).fetchall()
        connection.close()
        return found


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    run = Run(tmp_path_factory.mktemp("simulated"))
    run.simulation = run.go(CANARY)
    return run


def test_the_counts_add_up(run):
    simulation = run.simulation
    people = run.rows("SELECT arm, reason FROM participants")
    assert len(people) == 300
    assert simulation.per_arm == Counter(row["arm"] for row in people if row["arm"])
    assert simulation.per_arm.total() + simulation.not_randomised.total() == 300
    assert simulation.rows == 300 + simulation.answered_before
    assert set(simulation.not_randomised) == {"excluded", "paused"}
    files = sorted(path.name for path in (run.folder / "intake").glob("intake-*.csv"))
    assert files[0] >= "intake-2021-03-01.csv"
    assert files[-1] <= "intake-2021-04-16.csv"


def test_nobody_is_assigned_in_a_pause(run):
    for row in run.rows("SELECT municipality_code, arrived_on, arm, reason FROM participants"):
        on = date.fromisoformat(row["arrived_on"])
        paused = is_closed(row["municipality_code"], on)
        if paused:
            assert row["arm"] is None
        else:
            assert not (row["reason"] or "").startswith("paused")


CITIZENS = (
    "SELECT citizens.participant_id AS citizen, participants.* FROM participants JOIN citizens"
    " ON citizens.record = participants.participant_id"
)


def test_the_truth_is_what_was_recorded_under_the_own_arm(run):
    arms = {row["citizen"]: row["arm"] for row in run.rows(CITIZENS) if row["arm"]}
    held = defaultdict(list)
    for row in run.rows("SELECT citizens.participant_id AS citizen, held_mode FROM conversations JOIN citizens"
                        " ON citizens.record = conversations.participant_id"):  # fmt: skip
        if row["held_mode"] != "none":
            held[row["citizen"]].append(row["held_mode"] == "physical")
    assert {one.participant_id for one in run.simulation.conduct} == set(arms)
    for one in run.simulation.conduct:
        modes = held[one.participant_id]
        assert one.doses[arms[one.participant_id]] == (sum(modes) / len(modes) if modes else 0)
        assert set(one.doses) == {"physical", "digital"}


def test_the_other_dose_is_of_the_same_citizen_under_the_other_arm(run):
    person = next(row for row in run.rows(CITIZENS) if row["arm"] == "physical")
    assigned_on = date.fromisoformat(person["arrived_on"])
    other = simulate_conduct(
        person["citizen"],
        "digital",
        assigned_on,
        lambda day: is_closed(person["municipality_code"], day),
        protocol=run.trial.protocol,
        seed=11,
    )
    doses = {one.participant_id: one.doses for one in run.simulation.conduct}
    assert doses[person["citizen"]]["digital"] == dose(other)


def test_six_conversations_each_some_overridden_some_in_a_pause(run):
    rows = run.rows("SELECT * FROM conversations")
    assert len(rows) == 6 * run.simulation.per_arm.total()
    assert run.simulation.conversations["held"] + run.simulation.conversations["not held"] == len(rows)
    overridden = [row for row in rows if row["override_reason"]]
    assert len(overridden) == run.simulation.conversations["overridden"] > 0
    assert {row["assigned_mode"] for row in overridden} == {"digital"}
    in_pause = [row for row in rows if row["in_pause"]]
    assert len(in_pause) == run.simulation.conversations["in a pause"] > 0
    assert "physical" not in {row["held_mode"] for row in in_pause}


def test_a_canary_that_cannot_be_a_citizen_is_refused_and_shown_nowhere(run):
    (told,) = run.simulation.refused
    assert "refused-intake-2021-03-01.csv:2" in told
    assert CANARY in (run.folder / "intake" / "refused-intake-2021-03-01.csv").read_text()
    assert_nowhere_else(run, CANARY, "refused-intake-2021-03-01.csv")
    assert CANARY not in str(run.simulation.to_json())
    assert CANARY.replace("-", "") not in str(run.simulation)


def assert_nowhere_else(run, canary, name):
    for path in run.folder.rglob("*"):
        if path.is_file():
            found = any(form.encode() in path.read_bytes() for form in (canary, canary.replace("-", "")))
            assert found is (path.name == name), path


def test_running_again_changes_nothing(run):
    head = run.trial.head
    again = run.go(CANARY)
    assert run.trial.head == head
    assert again.conduct == run.simulation.conduct
    assert again.answered_before == run.simulation.rows
    assert again.per_arm.total() == 0


def test_a_canary_that_can_be_a_citizen_goes_all_the_way_and_is_shown_nowhere(tmp_path):
    run = Run(tmp_path)
    simulation = run.go(HISTORIC)
    people = {row["citizen"] for row in run.rows(CITIZENS)}
    assert run.pseudonymiser.participant(HISTORIC) in people
    assert len(people) == 301
    assert simulation.refused == []
    assert_nowhere_else(run, HISTORIC, min(path.name for path in (tmp_path / "intake").iterdir()))


def test_the_clock_stands_at_eight_in_the_morning_in_denmark():
    clock = SimulatedClock(date(2021, 3, 26))
    assert clock().isoformat() == "2021-03-26T07:00:00+00:00"
    clock.on = date(2021, 3, 29)
    assert clock().isoformat() == "2021-03-29T06:00:00+00:00"
