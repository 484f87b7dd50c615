"""What a regime gives: the panel an analyst would see, and the truth that nobody sees.

1. Conversations follow the first one every four weeks; the form of each is given, only the first one's has an effect.
2. The truth is about the citizens in the panel: the mean of their own effects, from exact probabilities.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.experiment.calendar import jobcentres
from analysis.experiment.declare import Experiment
from analysis.experiment.life import NEVER, OTHER, Bools, Ints, Lives
from analysis.experiment.lots import Lots
from analysis.experiment.people import TARGET_GROUPS, People
from analysis.identify.panel import EMPLOYMENT, NONE, PHYSICAL, TELEPHONE, UNSEEN, VIDEO, Panel

BETWEEN = 4  # weeks from one conversation to the next


@dataclass(frozen=True)
class Simulated:
    """A panel with its truth. truth: effects by name. lots: of a trial."""

    regime: str
    panel: Panel
    truth: Mapping[str, float]
    lots: Lots | None = None
    saturation: NDArray[np.float64] | None = None  # of each citizen's jobcentre, in the two-stage trial


def build_panel(
    people: People,
    lives: Lives,
    forms: NDArray[np.int8],
    instruments: Mapping[str, Bools],
    arm: NDArray[np.int8] | None = None,
) -> Panel:
    """Put together what an analyst sees. forms: (spells, conversations) form of the first and each following one."""
    last, cause = lives.exits(forms[:, 0] > PHYSICAL)
    codes, _ = jobcentres()
    place = people.place.astype(np.int32)
    return Panel(
        talk=_talk(lives, forms, last), first_week=people.first_week.astype(np.int32),
        last_week=last.astype(np.int32), cause=cause, jobcentre=place, municipality=place,
        target_group=(~people.insured).astype(np.int32),
        labels={"jobcentre": codes, "municipality": codes, "target_group": TARGET_GROUPS},
        causes={EMPLOYMENT: "employment", OTHER: "other"}, covariates=people.covariates, past=people.past,
        instruments=instruments, arm=arm,
    )  # fmt: skip


def _talk(lives: Lives, forms: NDArray[np.int8], last: Ints) -> NDArray[np.int8]:
    """Lay the conversations out by week; what lies after the last week at risk is not seen."""
    n, weeks = lives.physical.hazard.shape
    talk = np.zeros((n, weeks + 1), dtype=np.int8)  # the last column takes what falls outside
    row = np.arange(n)
    for number in range(forms.shape[1]):
        week = lives.talk_week + BETWEEN * number
        talk[row, np.minimum(week, weeks + 1) - 1] = forms[:, number]
    talk = talk[:, :weeks]
    talk[np.arange(1, weeks + 1) > last[:, None]] = UNSEEN
    return talk


def spoken(digital: Bools, video: float, random: np.random.Generator) -> NDArray[np.int8]:
    """Give the form of conversations, of which the digital ones are held by telephone or video."""
    by_video = random.random(digital.shape) < video
    return np.where(digital, np.where(by_video, VIDEO, TELEPHONE), PHYSICAL).astype(np.int8)


def landmark_truth(experiment: Experiment, lives: Lives, panel: Panel) -> dict[str, float]:
    """Give the effect among those whose first conversation was held by the landmark week while they were at risk."""
    size = experiment.size
    met = (lives.talk_week <= size.landmark_week) & (lives.talk_week <= panel.last_week)
    gain = lives.gain_when_met(size.horizon)[met]
    treated = first_form(lives, panel)[met] > PHYSICAL
    effects = {"landmark": float(gain.mean()) if len(gain) else 0.0}
    if treated.any():
        effects["landmark-treated"] = float(gain[treated].mean())
    return effects


def hazard_truth(experiment: Experiment, lives: Lives, panel: Panel) -> dict[str, float]:
    """Give the effects on the log hazard: of a first conversation as they were held, and of its form."""
    form, effect = first_form(lives, panel), experiment.effect
    share = float((form[form > NONE] > PHYSICAL).mean())
    return {"conversation-hazard": effect.conversation + share * effect.digital, "form-hazard": effect.digital}


def first_form(lives: Lives, panel: Panel) -> NDArray[np.int8]:
    """Give the form of the first conversation, NONE where it was not seen."""
    seen = lives.talk_week <= panel.last_week
    week = np.minimum(lives.talk_week, panel.weeks) - 1
    return np.where(seen, panel.talk[np.arange(len(panel)), week], NONE).astype(np.int8)


def first_contact(chance: NDArray[np.float64], random: np.random.Generator) -> Ints:
    """Draw the week of the first conversation: (spells, weeks) chance of it in each week until it is held."""
    held = random.random(chance.shape) < chance
    return np.where(held.any(axis=1), held.argmax(axis=1) + 1, NEVER).astype(np.int64)
