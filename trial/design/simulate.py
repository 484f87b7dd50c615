"""The declared trial, drawn many times with keys made for the purpose: what no exact calculation reaches.

1. A run draws the forecast's arrivals, independently of each other, and randomises them with the product's own
   procedures and keyed draws under a key that belongs to run and seed. Nothing here is an approximation but the
   number of runs; every figure carries its standard error over runs.
2. In a batch design the citizens of a run come in as many equal batches as a year has working days (250).
3. Two guessers know the counts of their own stratum, of their own place (`own_place`: the jobcentre) or of the whole
   trial. One converges (`exact.py`), the other repeats: he names the arm that came most often there. One more knows
   everything that was ever recorded, and the procedure.
4. Lost to imbalance is what an analysis within strata loses against the same citizens in perfect balance: the share
   of the sum of n_a n_b / (n_a + n_b) over the strata, a the comparison arm, b the other arm for which most is
   lost. Where clusters are drawn strata have one arm and are joined: then it is the loss of one stratum of all.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import sqrt
from random import Random
from typing import Any

from trial.design.exact import furthest_behind, most_often, spread_of
from trial.design.forecast import Forecast
from trial.procedures import Draws, Factor, Procedure, Subject, Unit, epoch_key, next_arm

WORKING_DAYS = 250
KNOWS = ("stratum", "place", "trial")
Counts = dict[Any, list[int]]


@dataclass(frozen=True)
class Figure:
    """A mean over runs with its standard error, and the largest value met."""

    mean: float
    se: float
    largest: float

    @classmethod
    def of(cls, values: list[float]) -> "Figure":
        """Take the figures of the runs together."""
        mean = sum(values) / len(values)
        spread = sum((value - mean) ** 2 for value in values) / max(len(values) - 1, 1)
        return cls(mean, sqrt(spread / len(values)), max(values))


@dataclass
class Run:
    """One simulated trial: counts by cell, and the guesses that came true."""

    arms: int
    cells: dict[str, Counts] = field(default_factory=lambda: defaultdict(dict))
    right: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    def cell(self, kind: str, level: Any) -> list[int]:
        """Give the counts of a cell."""
        return self.cells[kind].setdefault(level, [0] * self.arms)


def own_place(procedure: Procedure, forecast: Forecast) -> Factor | None:
    """Give the factor whose level is where a guesser works and knows the past.

    That of the procedure's clusters or markets, else the jobcentre, else the first; None without factors.
    """
    named = {factor.name: factor for factor in forecast.factors}
    own = named.get(getattr(procedure, "factor", "jobcentre"))
    return own or next(iter(forecast.factors), None)


def simulate(
    procedure: Procedure, forecast: Forecast, runs: int, seed: int, progress: Callable[[], None]
) -> dict[str, Figure]:
    """Run the trial many times; give the figures by name."""
    found: dict[str, list[float]] = defaultdict(list)
    for number in range(runs):
        for name, value in _figures(_run(procedure, forecast, f"{seed}/{number}"), procedure, forecast).items():
            found[name].append(value)
        progress()
    return {name: Figure.of(values) for name, values in found.items()}


def _run(procedure: Procedure, forecast: Forecast, name: str) -> Run:
    """Randomise one year's arrivals."""
    kinds = forecast.units()
    weights = [forecast.shares[tuple(unit.levels.values())] for unit in kinds]
    drawn = Random(name).choices(kinds, weights, k=forecast.arrivals)  # noqa: S311 - arrivals, not arms
    run = Run(len(procedure.arms.names))
    ratio, place = procedure.arms.ratio, own_place(procedure, forecast)
    for unit, arm, chances in _randomised(procedure, drawn, hashlib.sha256(name.encode()).digest()):
        here = unit.levels[place.name] if place else ""
        known = [run.cell("stratum", unit.stratum), run.cell("place", here), run.cell("trial", "")]
        index = procedure.arms.names.index(arm)
        for knows, counts in zip(KNOWS, known, strict=True):
            for guesser, named in (("converges", furthest_behind(counts, ratio)), ("repeats", most_often(counts))):
                run.right[f"{guesser} {knows}"] += (index in named) / len(named)
            counts[index] += 1
        for factor, level in unit.levels.items():
            run.cell(f"factor {factor}", level)[index] += 1
        run.right["everything"] += max(chances)
    return run


def _randomised(procedure: Procedure, units: list[Unit], key: bytes) -> Iterator[tuple[Unit, str, list[float]]]:
    """Give each citizen's arm with the probabilities it was drawn with; certainty where a cluster had it."""
    whole = Draws(epoch_key(key, "design", 1), "design", 1, "")
    draws: dict[str, Draws] = {}
    states: dict[str, Any] = {}
    steps: dict[str, int] = defaultdict(int)
    if procedure.together_in_batches:
        yield from _in_batches(procedure, units, whole)
        return
    for unit in units:
        scope = procedure.scope_of(unit)
        if scope not in draws:
            draws[scope], states[scope] = whole.beside(scope), procedure.begin()
        known = procedure.settled(states[scope], unit) is not None
        one = next_arm(procedure, states[scope], unit, draws[scope], steps[scope])
        states[scope] = one.state
        steps[scope] += 1
        yield unit, one.arm, [1.0] if known else [float(share) for share in one.probabilities.values()]


def _in_batches(procedure: Procedure, units: list[Unit], draws: Draws) -> Iterator[tuple[Unit, str, list[float]]]:
    size, state = max(1, round(len(units) / WORKING_DAYS)), procedure.begin()
    for start in range(0, len(units), size):
        batch = [
            Subject(f"p{start + index}", unit.levels, unit.stratum)
            for index, unit in enumerate(units[start : start + size])
        ]
        assigned = procedure.assign(state, batch, draws, start)
        state = assigned.state
        for unit in batch:
            one = assigned.drawn[unit.participant_id]
            yield unit, one.arm, [float(share) for share in one.probabilities.values()]


def _figures(run: Run, procedure: Procedure, forecast: Forecast) -> dict[str, float]:
    """Give the figures of one run."""
    ratio, n = procedure.arms.ratio, forecast.arrivals
    strata = run.cells["stratum"].values()
    leads = [spread_of(counts, ratio) for counts in strata]
    found = {f"guess {knows}": right / n for knows, right in run.right.items()}
    found["overall"] = spread_of(run.cell("trial", ""), ratio)
    found["stratum mean"] = sum(leads) / max(len(forecast.shares), 1)
    found["stratum largest"] = max(leads)
    found["strata empty"] = len(forecast.shares) - len(leads)
    found["strata one-armed"] = sum(min(counts) == 0 for counts in strata)
    for factor in forecast.factors:
        margins = [spread_of(counts, ratio) for counts in run.cells[f"factor {factor.name}"].values()]
        found[f"margin mean {factor.name}"] = sum(margins) / len(factor.levels)
        found[f"margin largest {factor.name}"] = max(margins)
    compared = [run.cell("trial", "")] if procedure.name == "cluster" else [*strata]
    found["lost"] = max(_lost(compared, ratio, arm) for arm in range(1, len(ratio)))
    return found


def _lost(strata: list[list[int]], ratio: tuple[int, ...], arm: int) -> float:
    """Give the share of information on one arm against the comparison that imbalance within strata costs (rule 4)."""
    has = sum(counts[0] * counts[arm] / (counts[0] + counts[arm]) for counts in strata if counts[0] + counts[arm])
    balanced = ratio[0] * ratio[arm] / (ratio[0] + ratio[arm]) / sum(ratio)
    return 1 - has / (balanced * sum(sum(counts) for counts in strata))
