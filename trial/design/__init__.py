"""Design advice: predictability, imbalance, empty strata and lost power of a declared trial, before go-live."""

from trial.design.advice import Advice, Guess, advise
from trial.design.compare import Alternative
from trial.design.exact import Position, positions
from trial.design.forecast import Forecast, read_forecast, spread
from trial.design.simulate import Figure

__all__ = [
    "Advice",
    "Alternative",
    "Figure",
    "Forecast",
    "Guess",
    "Position",
    "advise",
    "positions",
    "read_forecast",
    "spread",
]
