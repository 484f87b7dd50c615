"""Timing of events: the effect of a talk on the hazard of exit, with unobserved heterogeneity in both.

Abbring & van den Berg (2003), Econometrica 71, 1491-1517. The effect is identified, without an instrument, by what
happens right after a talk beside what happens without, provided that

1. nobody foresees the week of the talk and acts on it (no anticipation);
2. hazards are proportional in covariates, talk and unobserved heterogeneity, and the heterogeneity is fixed at the
   start of the spell;
3. given covariates and heterogeneity the week of a talk is chance. A calendar that sets talks and moves exits is not.

None of this shows in the numbers: where it fails the estimate is precise and wrong. The number of points is chosen by
the declared criterion, growing from one; the standard errors are those of the observed information at that number. A
number of points that the criterion prefers but that has no finite place gives NotEstimable, never the next best.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from analysis.estimate.cells import Floats
from analysis.estimate.result import DegenerateError, Estimate, estimated, estimator
from analysis.estimate.timing.maximise import Fitted, one_more, one_point
from analysis.estimate.timing.spells import NEVER, Prepared, Spells, Works, prepare

NAME = "timing-of-events"
Criterion = Literal["aic", "bic", "hannan-quinn"]


@dataclass(frozen=True)
class Point:
    """A point of the heterogeneity: its share of spells, and its log hazard in each process beside the first's."""

    share: float
    places: Mapping[str, float]


@dataclass(frozen=True)
class Considered:
    """A number of points tried: log-likelihood, criterion (lower is better), and why it could not be used."""

    points: int
    log_likelihood: float
    criterion: float
    problem: str | None


@dataclass(frozen=True)
class Timing:
    """The fitted model. `effects` holds the log hazard ratio of exit after a talk of each kind."""

    effects: Mapping[str, Estimate]
    points: tuple[Point, ...]
    parameters: Mapping[str, float]
    standard_errors: Mapping[str, float]
    covariance: Floats  # in the order of `parameters`
    log_likelihood: float
    considered: tuple[Considered, ...]
    level: float

    def contrast(self, of: str, against: str) -> Estimate:
        """Give the log hazard ratio of one kind of talk against another."""
        names = list(self.parameters)
        direction = np.zeros(len(names))
        direction[names.index(f"effect of a {of} talk")] = 1
        direction[names.index(f"effect of a {against} talk")] = -1
        value = float(direction @ np.array(list(self.parameters.values())))
        variance = float(direction @ self.covariance @ direction)
        one = self.effects[of]
        return estimated(
            value, variance, level=self.level, n=one.n, se_type=one.se_type, estimator=NAME, notes=one.notes
        )


@estimator(NAME)
def timing_of_events(
    spells: Spells,
    *,
    pieces: Sequence[int],
    talk_pieces: Sequence[int],
    works: Works,
    max_points: int,
    criterion: Criterion,
    level: float,
) -> Timing:
    """Fit the model; gives Timing, or NotEstimable with its reason.

    spells: from `spells_of_panel`, or made directly. pieces, talk_pieces: first weeks of the pieces of constant
    hazard of exit and of talks, beginning with 1. works: "same-week" or "next-week". max_points, criterion: how many
    points are tried at most, and "aic", "bic" (n = spells) or "hannan-quinn", which chooses among them.
    """
    if not spells.first:
        raise DegenerateError("no kind of talk is given: there is no effect to estimate")
    if max_points < 1:
        raise DegenerateError("at least one point is needed")
    data = prepare(spells, pieces=pieces, talk_pieces=talk_pieces, works=works)
    chosen, considered = _choose(data, max_points, criterion)
    if chosen.problem:
        raise DegenerateError(f"{chosen.at.points} points fit best ({criterion}), but {chosen.problem}")
    return _timing(spells, chosen, considered, criterion, level)


def _choose(data: Prepared, most: int, criterion: Criterion) -> tuple[Fitted, list[Considered]]:
    """Grow points while the criterion falls."""
    price = _price(criterion, data.spells)
    best = one_point(data)
    considered = [_considered(best, price)]
    while best.at.points < most and best.problem is None:
        more = one_more(data, best, price)
        if more is None:
            break
        considered.append(_considered(more, price))
        if considered[-1].criterion >= considered[-2].criterion:
            break
        best = more
    return best, considered


def _price(criterion: Criterion, spells: int) -> float:
    """Give what a parameter costs, in twice the log-likelihood."""
    if criterion == "aic":
        return 2.0
    if criterion == "bic":
        return math.log(spells)
    if criterion == "hannan-quinn":
        return 2 * math.log(math.log(max(spells, 3)))
    raise DegenerateError(f"no criterion is called {criterion}: there are aic, bic and hannan-quinn")


def _considered(fitted: Fitted, price: float) -> Considered:
    value = -2 * fitted.at.likelihood + price * len(fitted.at.value)
    return Considered(fitted.at.points, fitted.at.likelihood, value, fitted.problem)


def _timing(spells: Spells, fitted: Fitted, considered: list[Considered], criterion: str, level: float) -> Timing:
    data = fitted.at.data
    names = parameter_names(data, fitted.at.points)
    values = dict(zip(names, fitted.at.value.tolist(), strict=True))
    points = tuple(
        Point(
            float(share),
            {process.name: float(at[k]) for process, at in zip(data.processes, fitted.at.places, strict=True)},
        )
        for k, share in enumerate(fitted.at.shares)
    )
    notes = (
        f"log hazard ratio; {len(points)} points of unobserved heterogeneity, chosen by {criterion}",
        "holds without anticipation, with proportional hazards and heterogeneity fixed at the start of the spell",
    )
    variances = np.diag(fitted.covariance)
    effects: dict[str, Estimate] = {}
    for kind, first in spells.first.items():
        at = names.index(f"effect of a {kind} talk")
        n = {f"no {kind} talk": int((first == NEVER).sum()), f"{kind} talk": int((first != NEVER).sum())}
        effects[kind] = estimated(
            values[names[at]], float(variances[at]), level=level, n=n, se_type="observed information",
            estimator=NAME, notes=notes, extra={"points": float(len(points))},
        )  # fmt: skip
    errors = dict(zip(names, np.sqrt(variances).tolist(), strict=True))
    return Timing(effects, points, values, errors, fitted.covariance, fitted.at.likelihood, tuple(considered), level)


def parameter_names(data: Prepared, points: int) -> list[str]:
    """Name every parameter, in their order."""
    names: list[str] = []
    for process in data.processes:
        names += [*process.labels, *(f"{process.name}: {name}" for name in data.names)]
    for process in data.processes:
        names += [f"{process.name}: place of point {k}" for k in range(2, points + 1)]
    return [*names, *(f"logit of point {k}" for k in range(2, points + 1))]
