"""Four ways of deciding the form of a conversation, one file each; a regime gives a panel and its truth.

`simulate(experiment, seed)` of every regime is a pure function: the same seed gives the same data.
"""

from collections.abc import Callable, Mapping

from numpy.random import SeedSequence

from analysis.experiment.data import Simulated
from analysis.experiment.declare import Experiment
from analysis.experiment.regimes import covid, pre2020, saturation, trial

Regime = Callable[[Experiment, SeedSequence], Simulated]
REGIMES: Mapping[str, Regime] = {
    pre2020.NAME: pre2020.simulate,
    covid.NAME: covid.simulate,
    trial.NAME: trial.simulate,
    saturation.NAME: saturation.simulate,
}

__all__ = ["REGIMES", "Regime"]
