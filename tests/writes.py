"""Everything that changes a trial, each as one request to a small trial that has lived a little."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from tests.amended import AMENDED_ON, BLOCKS, amended
from tests.opened import BY, DAY, arrival, arrivals, conversation, dry_run, published, withdrawal
from trial.service import Request, Trial

Act = Callable[[Trial, Path], Any]
ONE, END, OTHER_END = arrival(0).participant_id, date(2021, 3, 8), date(2021, 3, 9)
READS = {"preview", "pauses", "is_paused", "corrections", "erasable", "prove", "prove_growth", "reveal"}
WRITES: dict[str, Act] = {
    "amend": lambda trial, folder: trial.amend(Request(amended(folder, BLOCKS), AMENDED_ON, "a test")),
    "apply_closures": lambda trial, _: trial.apply_closures([], DAY),
    "assign": lambda trial, _: [one.new for one in trial.assign(arrivals([7]), DAY)],
    "close_pause": lambda trial, _: trial.close_pause("0101", END, BY),
    "correct": lambda trial, _: trial.correct(withdrawal(ONE)),
    "correct_pause": lambda trial, _: trial.correct_pause("0151", DAY, OTHER_END, BY),
    "decide_pauses": lambda trial, _: trial.decide_pauses(DAY),
    "enter_beacon": lambda trial, _: trial.enter_beacon("ab" * 32),
    "erase": lambda trial, _: trial.erase(
        ONE, DAY, reason="objection", recorded_by="office", code=trial.erasable(ONE).code
    ),
    "import_infection": lambda trial, _: trial.import_infection(one for one in [published()]),
    "open_pause": lambda trial, _: trial.open_pause("0461", DAY, BY, decided_on=DAY),
    "record_conversations": lambda trial, _: trial.record_conversations(
        [conversation(trial.preview(arrivals([0]), DAY)[0])]
    ),
    "record_dry_run": lambda trial, _: trial.record_dry_run(dry_run(trial, seed=2)),
}


def lived(trial: Trial) -> Trial:
    """Let a trial have a citizen, a pause, and a pause that is over: a row for each write to be about."""
    trial.open_pause("0101", DAY, BY, decided_on=DAY)
    trial.open_pause("0151", DAY, BY, decided_on=DAY)
    trial.close_pause("0151", END, BY)
    trial.assign(arrivals([0]), DAY)
    return trial
