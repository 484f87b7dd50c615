"""A regime without a lottery: the calendar says who decides the form, and whoever decides looks at the citizen."""

from datetime import timedelta

import numpy as np
from numpy.random import Generator, SeedSequence
from numpy.typing import NDArray

from analysis.experiment.calendar import Calendar, calendar
from analysis.experiment.data import (
    BETWEEN,
    Simulated,
    build_panel,
    first_contact,
    hazard_truth,
    landmark_truth,
    spoken,
)
from analysis.experiment.declare import Experiment, Policy
from analysis.experiment.life import Bools, Ints, draw_lives
from analysis.experiment.people import People, draw_people


def simulate_policy(name: str, experiment: Experiment, policy: Policy, seed: SeedSequence) -> Simulated:
    """Simulate citizens whose form of conversation follows policy."""
    random = np.random.default_rng(seed)
    period, weeks = policy.enrolment, experiment.size.weeks
    table = calendar(experiment, period.from_, period.to + timedelta(weeks=weeks), policy.closures)
    people = draw_people(experiment, period, random)
    week = (people.first_week - table.first)[:, None] + np.arange(weeks)
    talk_week = first_contact(_chance(experiment, table)[week], random)
    lives = draw_lives(experiment, people, table, talk_week, random=random)
    digital = _digital(experiment, people, table, talk_week, random)
    forms = spoken(digital, experiment.contact.video, random)
    closed = table.closed[people.place[:, None], week]
    panel = build_panel(people, lives, forms, {"closure": closed} if policy.closures else {})
    truth = landmark_truth(experiment, lives, panel) | hazard_truth(experiment, lives, panel)
    return Simulated(name, panel, truth)


def _chance(experiment: Experiment, table: Calendar) -> NDArray[np.float64]:
    """Give the chance of a first conversation in each calendar week."""
    contact = experiment.contact
    return np.array([contact.suspended if by == "nobody" else contact.ordinary for by in table.decided_by])


def _digital(experiment: Experiment, people: People, table: Calendar, talk_week: Ints, random: Generator) -> Bools:
    """Draw the form of each conversation by who decides in its week: log odds of the share, moved by selection."""
    number = np.arange(-(-experiment.size.weeks // BETWEEN))
    week = np.minimum((people.first_week - table.first + talk_week - 1)[:, None] + BETWEEN * number, len(table) - 1)
    share = np.array([getattr(experiment.share_digital, by) for by in table.decided_by])[week]
    share = np.where(table.closed[people.place[:, None], week], experiment.share_digital.closed, share)
    chosen = experiment.selection
    habit = random.normal(0, chosen.jobcentre_spread, len(table.closed))[people.place]
    moved = habit + chosen.prospects * people.prospects + chosen.education * (people.education - 0.5)
    odds = share / (1 - share) * np.exp(moved)[:, None]
    found: Bools = random.random(share.shape) < odds / (1 + odds)
    return found
