"""Exact figures over all strata, for the declared procedure and the usual ones beside it.

1. Every stratum gets a binomial number of the arrivals. A figure by position (`exact.py`) is weighted by how
   probable it is that the stratum reaches the position; positions after the last one followed are taken to be like
   the hundred before it, or the later half of what was followed where that is shorter. The same of the levels of one
   factor.
2. The alternatives are the usual procedures with the same arms and forecast, so that the declared one can be seen
   between them: guess rate and mean imbalance of a stratum.
"""

from dataclasses import dataclass
from typing import Any

from scipy.stats import binom

from trial.design.exact import positions
from trial.design.forecast import Forecast
from trial.procedures import Arms, Procedure, build

FOLLOWED = 1000


@dataclass(frozen=True)
class Alternative:
    """A procedure with its exact guess rate and mean imbalance of a stratum."""

    procedure: str
    correct: float
    imbalance: float
    declared: bool


def longest(forecast: Forecast) -> int:
    """Give how many citizens a stratum can be expected to have at most, within what is followed."""
    return min(FOLLOWED, most_in_a_stratum(forecast))


def most_in_a_stratum(forecast: Forecast) -> int:
    """Give a number of citizens that hardly any stratum exceeds (probability 1e-9 for the largest)."""
    return int(binom.ppf(1 - 1e-9, forecast.arrivals, max(forecast.shares.values()))) or 1


def expected_over_strata(forecast: Forecast, values: list[float]) -> float:
    """Give the mean over citizens of a figure that depends on their position in the stratum.

    Position k of a stratum is reached when the stratum has more than k of the arrivals: binomial.
    """
    followed = _followed(values, most_in_a_stratum(forecast))
    total = weight = 0.0
    for share in forecast.shares.values():
        reached = binom.sf(range(len(followed)), forecast.arrivals, share)
        total += float(reached @ followed)
        weight += float(reached.sum())
    return total / weight


def imbalance_over_strata(forecast: Forecast, values: list[float]) -> float:
    """Give the mean imbalance of a stratum, by the imbalance after k citizens and how many it gets: binomial."""
    followed = _followed(values, most_in_a_stratum(forecast) + 1)
    means = (
        float(binom.pmf(range(len(followed)), forecast.arrivals, share) @ followed)
        for share in forecast.shares.values()
    )
    return sum(means) / len(forecast.shares)


def _followed(values: list[float], length: int) -> list[float]:
    """Give the figure of every position, where those that were not followed are like the last that were (rule 1)."""
    last = values[-min(100, (len(values) + 1) // 2) :]
    return [*values, *[sum(last) / len(last)] * (length - len(values))]


def usual(arms: Arms) -> list[tuple[str, str, dict[str, Any]]]:
    """Give the usual procedures for these arms: label, name, parameters."""
    s = arms.total
    return [
        ("simple", "simple@1", {}),
        *((f"big stick {t}", "big-stick@1", {"tolerance": t}) for t in (2, 3, 4)),
        (f"blocks of {2 * s}", "permuted-block@1", {"sizes": [2 * s]}),
        (f"blocks of {s}, {2 * s}, {3 * s}", "permuted-block@1", {"sizes": [s, 2 * s, 3 * s]}),
        ("Efron 2/3", "efron@1", {"probability": "2/3"}),
        ("Wei urn 0, 1", "wei-urn@1", {"alpha": 0, "beta": 1}),
        ("Chen 3, .6", "chen@1", {"tolerance": 3, "probability": "3/5"}),
        ("maximal 3", "maximal@1", {"tolerance": 3, "horizon": 200}),
    ]


def alternatives(procedure: Procedure, forecast: Forecast, name: str) -> tuple[Alternative, ...]:
    """Give the usual procedures and the declared one, as far as they can be followed exactly."""
    length, found = min(longest(forecast), 400), []
    others = [(label, build(kind, parameters, procedure.arms)) for label, kind, parameters in usual(procedure.arms)]
    for label, one in [(f"{name} (declared)", procedure), *others]:
        chain = positions(one, length + 1)
        if chain and not (one == procedure and one is not procedure):
            rate = expected_over_strata(forecast, [position.converges for position in chain])
            left = imbalance_over_strata(forecast, [position.imbalance for position in chain])
            found.append(Alternative(label, rate, left, one is procedure))
    return tuple(found)
