"""The use cases of a trial, one transaction each: open, assign, pause, import, record."""

from trial.service.assigning import Outcome
from trial.service.pausing import Pause, PauseChange
from trial.service.trial import Trial

__all__ = ["Outcome", "Pause", "PauseChange", "Trial"]
