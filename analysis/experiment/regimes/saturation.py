"""The two-stage trial: jobcentres are drawn to a share of digital, citizens within them; displacement is planted.

1. Who is not digital loses jobs to the others' competition or wins them: the planted displacement, in proportion to
   the share of digital in the jobcentre.
2. There are no pauses here and everybody complies: what the table shows is displacement, nothing else.
3. Truth: `direct`, the effect of assignment where both arms exist, at each citizen's own share; for every share above
   0 the effect on the untreated and on everybody, against the same citizens where nobody is digital.
"""

from datetime import timedelta
from fractions import Fraction

import numpy as np
from numpy.random import SeedSequence
from numpy.typing import NDArray

from analysis.experiment.calendar import calendar, jobcentres
from analysis.experiment.data import BETWEEN, Simulated, build_panel, spoken
from analysis.experiment.declare import Experiment
from analysis.experiment.life import Lives, draw_lives
from analysis.experiment.lots import Lots, draw_lots
from analysis.experiment.people import People, draw_people
from analysis.experiment.regimes.trial import due, protocol_of
from trial.procedures import Arms, Factor, Subject, build

NAME = "two-stage"


def simulate(experiment: Experiment, seed: SeedSequence) -> Simulated:
    """Simulate the two-stage trial."""
    random = np.random.default_rng(seed)
    protocol = protocol_of(experiment.trial.protocol)
    period, weeks = protocol.trial.enrolment, experiment.size.weeks
    table = calendar(experiment, period.from_, period.to + timedelta(weeks=weeks), None)
    people = draw_people(experiment, period, random)
    lots = _lots(experiment, people, random.bytes(32), Arms.of(protocol.arms))
    share = _shares(people, lots)
    talk_week = due(experiment, protocol, len(people), random)
    lives = draw_lives(experiment, people, table, talk_week, random=random, share_digital=share)
    arm = lots.arms()
    digital = np.repeat((arm == 1)[:, None], -(-weeks // BETWEEN), axis=1)
    panel = build_panel(people, lives, spoken(digital, experiment.contact.video, random), {}, arm)
    return Simulated(NAME, panel, _truth(experiment, lives, share), lots, share)


def _lots(experiment: Experiment, people: People, key: bytes, arms: Arms) -> Lots:
    codes, _ = jobcentres()
    declared = experiment.two_stage
    parameters = {"factor": "jobcentre", "shares": declared.shares, "within": declared.within}
    procedure = build("saturation@1", parameters, arms, (Factor("jobcentre", codes),))
    levels = [({"jobcentre": code}, code) for code in codes]
    units = [Subject(f"SYN-{number:06d}", *levels[place]) for number, place in enumerate(people.place.tolist())]
    return draw_lots(procedure, units, key)


def _shares(people: People, lots: Lots) -> NDArray[np.float64]:
    """Read each jobcentre's drawn share from the state the lots leave behind."""
    codes, _ = jobcentres()
    drawn = {code: float(Fraction(share)) for code, share in lots.states[""]["shares"].items()}
    return np.array([drawn.get(code, 0.0) for code in codes])[people.place]


def _truth(experiment: Experiment, lives: Lives, share: NDArray[np.float64]) -> dict[str, float]:
    """Give direct effects where both arms exist, and spill-over by share."""
    horizon = experiment.size.horizon
    alone = lives.alone.incidence[:, horizon - 1]
    untreated, treated = (one.incidence[:, horizon - 1] for one in (lives.physical, lives.digital))
    both = (share > 0) & (share < 1)
    effects = {"itt": float((treated - untreated)[both].mean())}
    for one in sorted(set(share[share > 0].tolist())):
        at = share == one
        here = one * treated + (1 - one) * untreated
        effects[f"spillover@{one:g}"] = float((untreated - alone)[at].mean())
        effects[f"total@{one:g}"] = float((treated - alone)[at].mean())
        effects[f"overall@{one:g}"] = float((here - alone)[at].mean())
    return effects
