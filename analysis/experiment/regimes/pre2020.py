"""Before 2020: everybody is called in early and in person.

1. The first conversation is held within a few weeks by nearly all; those who leave before it were never seen.
2. Statute says physical. The few by telephone are whom a caseworker expects to manage without: the form follows
   prospects that no register shows.
"""

from numpy.random import SeedSequence

from analysis.experiment.data import Simulated
from analysis.experiment.declare import Experiment
from analysis.experiment.regimes.policy import simulate_policy

NAME = "pre-2020"


def simulate(experiment: Experiment, seed: SeedSequence) -> Simulated:
    """Simulate the ordinary policy."""
    return simulate_policy(NAME, experiment, experiment.pre_2020, seed)
