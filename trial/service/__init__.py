"""The use cases of a trial, one transaction each: open, amend, assign, pause, import, record."""

from trial.service.amending import Amendment, Request
from trial.service.assigning import Outcome
from trial.service.correcting import Correction
from trial.service.pausing import Pause, PauseChange
from trial.service.trial import Trial

__all__ = ["Amendment", "Correction", "Outcome", "Pause", "PauseChange", "Request", "Trial"]
