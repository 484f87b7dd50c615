"""The individual trial with its pauses: a lottery decides the form, and nothing else does.

1. Citizens are randomised in the week their spell begins, by the procedure, strata and key of the declared protocol.
2. Who arrives while the municipality is paused is not drawn, consumes no step, and is called by telephone.
3. A conversation is due in the protocol's weeks; the first one held is the one that matters. In a pause it is held by
   telephone, in both arms alike. A citizen may demand a physical one, most often one with poor prospects.
4. Truth: the effect of assignment (of the citizens randomised), and of the form among those whom the arm moves.
"""

from datetime import timedelta
from functools import cache

import numpy as np
from numpy.random import Generator, SeedSequence

from analysis.experiment.calendar import Calendar, calendar, jobcentres
from analysis.experiment.data import BETWEEN, Simulated, build_panel, landmark_truth, spoken
from analysis.experiment.declare import Experiment
from analysis.experiment.life import NEVER, Bools, Ints, Lives, draw_lives
from analysis.experiment.lots import draw_lots
from analysis.experiment.people import AGE_GROUPS, TARGET_GROUPS, People, draw_people
from trial.procedures import Subject, Unit, declared
from trial.protocol import Protocol, find_protocol, load_protocol

NAME = "trial"


def simulate(experiment: Experiment, seed: SeedSequence) -> Simulated:
    """Simulate the individual trial."""
    random = np.random.default_rng(seed)
    protocol = protocol_of(experiment.trial.protocol)
    period, weeks = protocol.trial.enrolment, experiment.size.weeks
    table = calendar(experiment, period.from_, period.to + timedelta(weeks=weeks), protocol.infection.rule)
    people = draw_people(experiment, period, random)
    procedure = declared(protocol.randomisation, protocol.arms, protocol.stratification)
    lots = draw_lots(procedure, _units(people, table.days[people.place, people.start]), random.bytes(32))
    talk_week = due(experiment, protocol, len(people), random)
    lives = draw_lives(experiment, people, table, talk_week, random=random)
    held = potential(experiment, people, _paused(people, table, talk_week), random)
    arm = lots.arms()
    digital = np.where(arm == 1, held[1], np.where(arm == 0, held[0], True))
    forms = spoken(np.repeat(digital[:, None], -(-weeks // BETWEEN), axis=1), experiment.contact.video, random)
    closed = table.closed[people.place[:, None], (people.first_week - table.first)[:, None] + np.arange(weeks)]
    panel = build_panel(people, lives, forms, {"pause": closed}, arm)
    truth = assignment_truth(experiment, lives, held, arm >= 0) | landmark_truth(experiment, lives, panel)
    return Simulated(NAME, panel, truth, lots)


@cache
def protocol_of(name: str) -> Protocol:
    """Read a shipped protocol once."""
    return load_protocol(find_protocol(name))


def due(experiment: Experiment, protocol: Protocol, number: int, random: Generator) -> Ints:
    """Draw the week of the first conversation held: the spell's first week is that of randomisation, week 0."""
    weeks = np.array([1 + week for week in protocol.conversations.due_weeks])
    held = random.random((number, len(weeks))) < experiment.trial.held
    return np.where(held.any(axis=1), weeks[held.argmax(axis=1)], NEVER)


def potential(experiment: Experiment, people: People, paused: Bools, random: Generator) -> tuple[Bools, Bools]:
    """Give whether the first conversation is digital, under the first and under the second arm."""
    lottery = experiment.trial
    odds = lottery.override / (1 - lottery.override) * np.exp(lottery.override_prospects * people.prospects)
    demands = random.random(len(people)) < odds / (1 + odds)
    return paused, paused | ~demands


def assignment_truth(
    experiment: Experiment, lives: Lives, held: tuple[Bools, Bools], randomised: Bools
) -> dict[str, float]:
    """Give the effect of assignment, of the form among those it moves, and how many of those at risk it moves."""
    moved = (held[1] & ~held[0])[randomised]
    gain = lives.gain(experiment.size.horizon)[randomised]
    seen = np.minimum(lives.talk_week, experiment.size.weeks) - 1
    reached = np.where(
        lives.talk_week <= experiment.size.weeks, lives.physical.staying[np.arange(len(lives.talk_week)), seen], 0.0
    )[randomised]
    itt, stage = float((gain * moved).mean()), float((reached * moved).mean())
    return {"itt": itt, "first-stage": stage, "late": itt / stage}


def _paused(people: People, table: Calendar, talk_week: Ints) -> Bools:
    week = np.minimum(people.first_week - table.first + talk_week - 1, len(table) - 1)
    found: Bools = table.closed[people.place, week]
    return found


def _units(people: People, paused: Bools) -> list[Unit | None]:
    """Give the citizens as the procedure sees them, None for who arrives in a pause."""
    codes, _ = jobcentres()
    found: list[Unit | None] = []
    for number, (place, group, age, stop) in enumerate(
        zip(
            people.place.tolist(), (~people.insured).tolist(), people.age_group.tolist(), paused.tolist(), strict=True
        )
    ):
        levels = {"jobcentre": codes[place], "target_group": TARGET_GROUPS[group], "age_group": AGE_GROUPS[age]}
        found.append(None if stop else Subject(f"SYN-{number:06d}", levels, "/".join(levels.values())))
    return found
