"""The likelihood of timing of events, its gradient and its Hessian, exact.

1. In a week a spell has the event of a process with probability 1 - exp(-rate), log rate = piece of weeks (+ effect
   of each talk had) + covariates + place of the spell's point: proportional hazards seen in weeks (complementary
   log-log; Prentice & Gloeckler 1978).
2. Points are the unobserved heterogeneity: a spell belongs to point k with probability p_k and has then place v[j, k]
   in process j. Given its point, exit and talks are independent. The places of the first point are zero: the pieces
   hold them. Probabilities are a multinomial logit with the first point as reference.
3. The Hessian is that of the mixture: complete-data Hessian plus the spread of the complete-data scores within a
   spell (Louis 1982). All sums run over distinct spells, in blocks of rows.
4. `At` is the likelihood at one value of the parameters; each part is computed when asked for, and once.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analysis.estimate.cells import Floats
from analysis.estimate.timing.spells import Prepared, Process

_BLOCK = 20_000


@dataclass(frozen=True)
class Layout:
    """Where the parameters stand: coefficients of each process, then its places, then the logits of the points."""

    own: tuple[slice, ...]  # pieces and effects of each process
    slopes: tuple[slice, ...]  # covariates
    places: tuple[slice, ...]  # places of points 2..K
    logits: slice
    points: int

    @property
    def size(self) -> int:
        """Count parameters."""
        return int(self.logits.stop)


def layout(data: Prepared, points: int) -> Layout:
    """Lay out the parameters of a model with this number of points."""
    own, slopes, places, at = [], [], [], 0
    for process in data.processes:
        width = process.design.shape[1]
        own.append(slice(at, at + width))
        slopes.append(slice(at + width, at + width + len(data.names)))
        at += width + len(data.names)
    for _ in data.processes:
        places.append(slice(at, at + points - 1))
        at += points - 1
    return Layout(tuple(own), tuple(slopes), tuple(places), slice(at, at + points - 1), points)


@dataclass(frozen=True)
class _Hazards:
    """One process under given parameters: rates by cell, and by row and point what derivatives need."""

    rate: Floats  # by cell
    scale: Floats  # rows x points: what covariates and place multiply the rate by
    score: Floats  # rows x points: derivative by the linear index
    pull: Floats  # rows x points: that of the event alone
    bend: Floats  # rows x points: second derivative of the event
    base: Floats  # rows: weeks survived at the rate of the cell
    logs: Floats  # rows x points: log-likelihood


def _hazards(process: Process, covariates: Floats, own: Floats, slopes: Floats, places: Floats) -> _Hazards:
    rate = np.exp(np.minimum(process.design @ own, 40))
    base = process.survived @ rate
    scale = np.exp(np.clip((covariates @ slopes)[:, None] + places[None, :], -60, 60))
    through = base[:, None] * scale
    at = np.flatnonzero(process.event >= 0)
    event = np.clip(rate[process.event[at], None] * scale[at], 1e-300, 700)
    pull, bend, odds = np.zeros_like(scale), np.zeros_like(scale), np.zeros_like(scale)
    pull[at] = np.where(event < 1e-8, 1 - event / 2, event / np.expm1(event))
    bend[at] = pull[at] * (1 - event - pull[at])
    odds[at] = np.log(-np.expm1(-event))
    return _Hazards(rate, scale, pull - through, pull, bend, base, odds - through)


def spell_logs(data: Prepared, value: Floats, places: Floats) -> Floats:
    """Give each row's log-likelihood if its point had these places (one a process)."""
    where = layout(data, 1)
    total = np.zeros(len(data.count))
    for index, process in enumerate(data.processes):
        own, slopes = value[where.own[index]], value[where.slopes[index]]
        total += _hazards(process, data.covariates, own, slopes, places[index : index + 1]).logs[:, 0]
    return total


class At:
    """The likelihood of the data at one value of the parameters."""

    def __init__(self, data: Prepared, value: Floats, points: int) -> None:
        self.data, self.value, self.points = data, value, points
        self.where = layout(data, points)

    @cached_property
    def shares(self) -> Floats:
        """The probabilities of the points."""
        logits = np.concatenate([[0.0], self.value[self.where.logits]])
        raised = np.exp(logits - logits.max())
        found: Floats = raised / raised.sum()
        return found

    @property
    def places(self) -> list[Floats]:
        """The places of every point in each process; those of the first are zero."""
        return [np.concatenate([[0.0], self.value[own]]) for own in self.where.places]

    @cached_property
    def _each(self) -> list[_Hazards]:
        return [
            _hazards(process, self.data.covariates, self.value[own], self.value[slopes], places)
            for process, own, slopes, places in zip(
                self.data.processes, self.where.own, self.where.slopes, self.places, strict=True
            )
        ]

    @cached_property
    def _joint(self) -> tuple[Floats, Floats]:
        """Give the log-likelihood of each row, and its probability of each point given what happened."""
        with np.errstate(divide="ignore"):
            logs = np.log(self.shares) + sum(one.logs for one in self._each)
        top = logs.max(axis=1, keepdims=True)
        raised = np.exp(logs - top)
        total = raised.sum(axis=1, keepdims=True)
        return (top + np.log(total))[:, 0], raised / total

    @property
    def row_logs(self) -> Floats:
        """The log-likelihood of each distinct spell."""
        return self._joint[0]

    @cached_property
    def likelihood(self) -> float:
        """The log-likelihood."""
        return float(self.data.count @ self.row_logs)

    @cached_property
    def gradient(self) -> Floats:
        """The gradient of the log-likelihood."""
        where, data = self.where, self.data
        weight = self._joint[1] * data.count[:, None]
        slope = np.zeros(where.size)
        for index, (process, one) in enumerate(zip(data.processes, self._each, strict=True)):
            events = _by_cell(process, (weight * one.pull).sum(axis=1))
            through = one.rate * (process.survived.T @ (weight * one.scale).sum(axis=1))
            score = weight * one.score
            slope[where.own[index]] = process.design.T @ (events - through)
            slope[where.slopes[index]] = data.covariates.T @ score.sum(axis=1)
            slope[where.places[index]] = score.sum(axis=0)[1:]
        slope[where.logits] = (weight.sum(axis=0) - data.count.sum() * self.shares)[1:]
        return slope

    @cached_property
    def hessian(self) -> Floats:
        """The Hessian of the log-likelihood."""
        where, data, weight = self.where, self.data, self._joint[1]
        total = np.zeros((where.size, where.size))
        for point in range(self.points):
            for index in range(len(data.processes)):
                self._complete(total, index, point, weight[:, point] * data.count)
        chance = self.shares[1:]
        total[where.logits, where.logits] -= data.count.sum() * (np.diag(chance) - np.outer(chance, chance))
        for start in range(0, len(data.count), _BLOCK):
            rows = slice(start, start + _BLOCK)
            mean = np.zeros((len(data.count[rows]), where.size))
            for point in range(self.points):
                score = self._scores(point, rows)
                weighted = weight[rows, point, None] * score
                mean += weighted
                total += score.T @ (data.count[rows, None] * weighted)
            total -= mean.T @ (data.count[rows, None] * mean)
        return total

    def _complete(self, total: Floats, index: int, point: int, mass: Floats) -> None:
        """Add the complete-data Hessian of one process at one point."""
        process, x, one, where = self.data.processes[index], self.data.covariates, self._each[index], self.where
        through, bend = mass * one.scale[:, point], mass * one.bend[:, point]
        cells = _by_cell(process, bend) - one.rate * (process.survived.T @ through)
        curve = bend - through * one.base
        own, slopes = where.own[index], where.slopes[index]
        crossed = -one.rate[:, None] * (process.survived.T @ (through[:, None] * x))
        for place, column in enumerate(x.T):
            crossed[:, place] += _by_cell(process, bend * column)
        total[own, own] += process.design.T @ (cells[:, None] * process.design)
        total[slopes, slopes] += x.T @ (curve[:, None] * x)
        total[own, slopes] += process.design.T @ crossed
        total[slopes, own] += (process.design.T @ crossed).T
        if point:
            place = where.places[index].start + point - 1
            total[own, place] += process.design.T @ cells
            total[place, own] += process.design.T @ cells
            total[slopes, place] += x.T @ curve
            total[place, slopes] += x.T @ curve
            total[place, place] += curve.sum()

    def _scores(self, point: int, rows: slice) -> Floats:
        """Give the complete-data score of some rows at one point: rows x parameters."""
        where, data = self.where, self.data
        score = np.zeros((len(data.count[rows]), where.size))
        for index, (process, one) in enumerate(zip(data.processes, self._each, strict=True)):
            event = process.event[rows]
            through = (process.survived[rows] * one.rate) @ process.design
            own = -one.scale[rows, point, None] * through
            had = event >= 0
            own[had] += one.pull[rows, point, None][had] * process.design[event[had]]
            score[:, where.own[index]] = own
            score[:, where.slopes[index]] = one.score[rows, point, None] * data.covariates[rows]
            if point:
                score[:, where.places[index].start + point - 1] = one.score[rows, point]
        score[:, where.logits] = -self.shares[1:]
        if point:
            score[:, where.logits.start + point - 1] += 1
        return score


def _by_cell(process: Process, values: Floats) -> Floats:
    seen = process.event >= 0
    return np.bincount(process.event[seen], weights=values[seen], minlength=len(process.design)).astype(np.float64)
