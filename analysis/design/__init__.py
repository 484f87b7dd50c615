"""Power of the declared design: citizens needed, effects that can be found, by formula."""

from analysis.design.assumed import Assumed, named_values
from analysis.design.declared import Line, lines
from analysis.design.pauses import share_lost
from analysis.design.power import (
    Question,
    cluster_factor,
    detectable,
    detectable_hazard_ratio,
    dilution_factor,
    exits_needed,
    loss_factor,
    needed,
    needed_for_shares,
    planning,
    power_for,
    share_variance,
    standard_error,
    strata_factor,
)

__all__ = [
    "Assumed",
    "Line",
    "Question",
    "cluster_factor",
    "detectable",
    "detectable_hazard_ratio",
    "dilution_factor",
    "exits_needed",
    "lines",
    "loss_factor",
    "named_values",
    "needed",
    "needed_for_shares",
    "planning",
    "power_for",
    "share_lost",
    "share_variance",
    "standard_error",
    "strata_factor",
]
