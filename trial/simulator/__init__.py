"""Simulator: seeded arrivals, conduct and calendar, sent through the real code."""

from trial.simulator.arrivals import Arrivals, IntakeFile
from trial.simulator.conversations import Conduct, dose, simulate_conduct
from trial.simulator.dry_run import DryRun, dry_run
from trial.simulator.pauses import Vintage, decided
from trial.simulator.run import SimulatedClock, Simulation, run_trial

__all__ = [
    "Arrivals",
    "Conduct",
    "DryRun",
    "IntakeFile",
    "SimulatedClock",
    "Simulation",
    "Vintage",
    "decided",
    "dose",
    "dry_run",
    "run_trial",
    "simulate_conduct",
]
