"""The analysts' usual tools on a comparison: what would have been printed, whatever the verdict says.

Calendar time and stratum are given to every tool that can take them: none is made weak on purpose.
"""

from collections.abc import Iterator
from dataclasses import replace

from analysis.estimate.observational import Absorbed, covariate_regression, naive_difference
from analysis.estimate.result import Result
from analysis.estimate.reweighting import doubly_robust, propensity_weighted
from analysis.identify.comparison import Comparison

NAMES = ("naive-difference", "covariate-regression", "propensity-weights", "doubly-robust")


def usual_tools(units: Comparison, *, level: float) -> Iterator[tuple[str, Result]]:
    """Give each tool's name and result."""
    for name in NAMES:
        yield name, usual_tool(name, units, level=level)


def usual_tool(name: str, units: Comparison, *, level: float) -> Result:
    """Give one tool's result: naive, within stratum and calendar time, weighted, or doubly robust."""
    absorb: tuple[Absorbed, ...] = ("stratum",) if units.period is None else ("stratum", "period")
    if name == "naive-difference":
        return naive_difference(replace(units, cluster=None), se_type="HC2", level=level)
    clustered = units.cluster is not None
    if name == "covariate-regression":
        return covariate_regression(units, absorb=absorb, se_type="CR1" if clustered else "HC1", level=level)
    weighted = {"propensity-weights": propensity_weighted, "doubly-robust": doubly_robust}[name]
    return weighted(
        units, target="ATE", absorb=() if units.period is None else ("period",), one_sided="leave-out",
        se_type="influence-function-clustered" if clustered else "influence-function", level=level,
    )  # fmt: skip
