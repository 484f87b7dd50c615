"""Grouped-time proportional hazards: complementary log-log on weekly counts, an effect for each interval of weeks.

1. A citizen at risk in a week exits with probability h, log(-log(1-h)) = level of the week (+ stratum) + effect of
   the arm: exactly the proportional hazards model seen in weeks (Prentice & Gloeckler 1978). Ties need no
   correction.
2. Effects may differ by interval of spell weeks; one interval is the proportional model. The value is a log hazard
   ratio.
3. Weeks and strata without exits say nothing and are left out. An interval in which an arm has no exit has no
   finite effect: NotEstimable, while the other intervals keep theirs.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from analysis.estimate.cells import Bools, Floats, Ints
from analysis.estimate.counts import Counts
from analysis.estimate.result import DegenerateError, NotEstimable, Result, estimated

NAME = "grouped-hazards"
MAX_PARAMETERS = 3000


@dataclass(frozen=True)
class IntervalEffect:
    """The log hazard ratio in spell weeks first..last."""

    first: int
    last: int
    result: Result


@dataclass(frozen=True)
class _Cells:
    risk: Floats
    exits: Floats
    arm: Ints
    week: Ints
    stratum: Ints


def grouped_hazards(
    counts: Counts, *, level: float, intervals: Sequence[tuple[int, int]] | None = None, stratified: bool = False
) -> tuple[IntervalEffect, ...]:
    """Estimate the log hazard ratio in each interval of weeks, both ends included (all weeks when none is given)."""
    chosen = tuple(intervals) if intervals else ((1, counts.weeks),)
    try:
        cells = _cells(counts, chosen, stratified)
        kept, refused = _split(cells, chosen, counts)
        fitted = _fit(cells, kept, counts, level) if kept else {}
    except DegenerateError as degenerate:
        return tuple(IntervalEffect(*interval, NotEstimable(degenerate.reason, NAME)) for interval in chosen)
    results = {**refused, **fitted}
    return tuple(IntervalEffect(*interval, results[interval]) for interval in chosen)


def _cells(counts: Counts, intervals: Sequence[tuple[int, int]], stratified: bool) -> _Cells:
    ordered = sorted(intervals)
    if any(first > last for first, last in ordered) or any(a[1] >= b[0] for a, b in itertools.pairwise(ordered)):
        raise DegenerateError("intervals of weeks must not overlap and must end after they begin")
    risk, exits = counts.at_risk(), counts.exits()
    if not stratified:
        risk, exits = risk.sum(axis=1, keepdims=True), exits.sum(axis=1, keepdims=True)
    weeks = np.arange(counts.weeks + 1)
    inside = np.zeros(counts.weeks + 1, dtype=bool)
    for first, last in ordered:
        inside |= (weeks >= first) & (weeks <= last)
    keep = _informative((risk > 0) & inside, risk, exits)
    arm, stratum, week = np.nonzero(keep)
    if not len(arm):
        raise DegenerateError("nobody exits in these weeks")
    return _Cells(risk[keep].astype(np.float64), exits[keep].astype(np.float64), arm, week, stratum)


def _informative(keep: Bools, risk: Ints, exits: Ints) -> Bools:
    """Leave out weeks and strata in which nobody or everybody exits, until each one left tells something."""
    while True:
        before = int(keep.sum())
        for axes in ((0, 1), (0, 2)):
            out, all_of_it = (exits * keep).sum(axis=axes), (risk * keep).sum(axis=axes)
            telling = (out > 0) & (out < all_of_it)
            keep = keep & (telling[None, None, :] if axes == (0, 1) else telling[None, :, None])
        if int(keep.sum()) == before:
            return keep


Interval = tuple[int, int]
Kept = list[Interval]


def _split(
    cells: _Cells, intervals: Sequence[tuple[int, int]], counts: Counts
) -> tuple[Kept, dict[Interval, Result]]:
    kept: Kept = []
    refused: dict[Interval, Result] = {}
    for first, last in intervals:
        inside = (cells.week >= first) & (cells.week <= last)
        without = [name for arm, name in enumerate(counts.arms) if not cells.exits[inside & (cells.arm == arm)].sum()]
        if without:
            reason = f"nobody in arm {without[0]} exits in weeks {first}-{last}: no finite hazard ratio"
            refused[(first, last)] = NotEstimable(reason, NAME)
        else:
            kept.append((first, last))
    return kept, refused


def _fit(cells: _Cells, kept: Kept, counts: Counts, level: float) -> dict[Interval, Result]:
    inside = np.zeros(len(cells.week), dtype=bool)
    for first, last in kept:
        inside |= (cells.week >= first) & (cells.week <= last)
    own = _Cells(
        cells.risk[inside], cells.exits[inside], cells.arm[inside], cells.week[inside], cells.stratum[inside]
    )
    design = _design(own, kept)
    start = np.zeros(design.shape[1])
    start[len(kept) :] = np.log(-np.log1p(-own.exits.sum() / own.risk.sum()))
    start[len(kept) + len(np.unique(own.week)) :] = 0
    coefficients, covariance = _scoring(design, own, start)
    return {
        interval: estimated(
            float(coefficients[index]), float(covariance[index, index]), level=level, n=counts.per_arm(),
            se_type="expected information", estimator=NAME,
        )
        for index, interval in enumerate(kept)
    }  # fmt: skip


def _design(cells: _Cells, kept: Kept) -> sparse.csr_array:
    effects = [((cells.week >= first) & (cells.week <= last)) * cells.arm for first, last in kept]
    weeks, strata = _dummies(cells.week), _dummies(cells.stratum)[:, 1:]
    design = sparse.hstack([sparse.csr_array(np.column_stack(effects).astype(np.float64)), weeks, strata])
    if design.shape[1] > MAX_PARAMETERS:
        raise DegenerateError(f"weeks and strata make more than {MAX_PARAMETERS} parameters; add strata up")
    return sparse.csr_array(design)


def _dummies(values: Ints) -> sparse.csc_array:
    names, position = np.unique(values, return_inverse=True)
    ones, rows = np.ones(len(values)), np.arange(len(values))
    return sparse.csc_array((ones, (rows, position)), shape=(len(values), len(names)))


def _scoring(design: sparse.csr_array, cells: _Cells, start: Floats) -> tuple[Floats, Floats]:
    """Fisher scoring; halves the step when the likelihood would fall."""
    value, likelihood = start, _likelihood(design @ start, cells)
    for _ in range(100):
        linear = np.clip(design @ value, -30, 4)
        cumulative = np.exp(linear)
        hazard = -np.expm1(-cumulative)
        pull = cumulative / hazard
        weight = cells.risk * cumulative * np.exp(-cumulative) * pull
        gradient = design.T @ ((cells.exits - cells.risk * hazard) * pull)
        information = (design.T @ (sparse.diags_array(weight) @ design)).toarray()
        if np.linalg.cond(information) > 1e14:
            raise DegenerateError(
                "the weeks and strata do not tell the effects apart, or a hazard grows without bound"
            )
        step = np.linalg.solve(information, gradient)
        size = 1.0
        while _likelihood(design @ (value + size * step), cells) < likelihood - 1e-9 and size > 1e-6:
            size /= 2
        value = value + size * step
        likelihood = _likelihood(design @ value, cells)
        if np.abs(size * step).max() < 1e-10:
            return value, np.linalg.inv(information).astype(np.float64)
    raise DegenerateError("a hazard grows without bound in some week: the fit does not settle")


def _likelihood(linear: Floats, cells: _Cells) -> float:
    cumulative = np.exp(np.clip(linear, -30, 4))
    exited = cells.exits * np.log(-np.expm1(-cumulative))
    return float((exited - (cells.risk - cells.exits) * cumulative).sum())
