"""Design advice: predictability, imbalance, empty strata and lost power of a declared trial, before go-live."""

from trial.design.advice import Advice, advise
from trial.design.compare import Alternative
from trial.design.exact import Position, positions
from trial.design.forecast import Forecast, read_forecast, spread
from trial.design.guesses import Guess, exceeds, in_one_place, in_the_field, less, simulated
from trial.design.markets import positions_in_market
from trial.design.simulate import Figure, simulate

__all__ = [
    "Advice",
    "Alternative",
    "Figure",
    "Forecast",
    "Guess",
    "Position",
    "advise",
    "exceeds",
    "in_one_place",
    "in_the_field",
    "less",
    "positions",
    "positions_in_market",
    "read_forecast",
    "simulate",
    "simulated",
    "spread",
]
