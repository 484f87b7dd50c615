"""2020-21: the form goes by the calendar, and the labour market with it.

1. Until 11 March 2020 physical by statute; then nobody has to come and nearly all contact is by telephone; then the
   job centre chooses; from August 2021 physical again. The days are those of `protocols/rules/regime.toml`.
2. A closed municipality holds its conversations by telephone. Two were closed, as the official rule on the real
   series says: the panel has them as an instrument.
3. The labour market falls and recovers in the same weeks. What an analyst sees is the sum.
4. Where the job centre chooses, it calls those who will manage and sees the others.
"""

from numpy.random import SeedSequence

from analysis.experiment.data import Simulated
from analysis.experiment.declare import Experiment
from analysis.experiment.regimes.policy import simulate_policy

NAME = "calendar-2020-21"


def simulate(experiment: Experiment, seed: SeedSequence) -> Simulated:
    """Simulate the calendar regime."""
    return simulate_policy(NAME, experiment, experiment.calendar, seed)
