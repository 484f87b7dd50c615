"""Simulator: seeded arrivals, conduct and calendar, sent through the real code."""

from trial.simulator.arrivals import Arrivals, IntakeFile
from trial.simulator.conversations import Conduct, dose, simulate_conduct
from trial.simulator.pauses import Vintage, decided
from trial.simulator.run import SimulatedClock, Simulation, run_trial

__all__ = [
    "Arrivals",
    "Conduct",
    "IntakeFile",
    "SimulatedClock",
    "Simulation",
    "Vintage",
    "decided",
    "dose",
    "run_trial",
    "simulate_conduct",
]
