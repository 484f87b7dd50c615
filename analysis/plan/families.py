"""One correction for many questions: the declared family of estimands, each by the p-value of its first estimator.

1. An estimand without an estimate has no p-value and leaves the family; the row says how large the family was.
2. `holm` and `benjamini-hochberg` use the p-values of the rows. `romano-wolf` replays the design that was run, the
   same draws for all, with the studentised difference of each outcome; of a time to exit it compares the citizens'
   scores (influence on the restricted mean, log-rank), of a dose the outcome itself, as Anderson and Rubin do.
3. Citizens without an observed outcome are drawn, and not compared in that question.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.estimate.cells import Floats
from analysis.estimate.multiplicity import benjamini_hochberg, holm, romano_wolf
from analysis.estimate.randomisation import replayed_statistics
from analysis.estimate.result import DegenerateError
from analysis.estimate.scores import log_rank_scores, restricted_mean_scores
from analysis.plan.effects import Row
from analysis.plan.replays import compared_within, in_order, replay_of
from trial.errors import PlanError
from trial.protocol.model import Estimand, Multiplicity, Protocol


def correct(
    protocol: Protocol, frame: pd.DataFrame, rows: tuple[Row, ...], assignments: pd.DataFrame | None
) -> tuple[Row, ...]:
    """Give the rows with the adjusted p-values of the declared family, if there is one."""
    part = protocol.inference.multiplicity
    if part is None:
        return rows
    first = {row.estimand: row for row in reversed(rows) if row.estimand in part.family}
    asked = [first[name] for name in part.family if name in first and first[name].p is not None]
    if not asked:
        return rows
    try:
        adjusted = _adjust(protocol, part, frame, asked, assignments)
    except DegenerateError as degenerate:
        reason = f"{part.method}: {degenerate.reason}"
        return tuple(replace(row, notes=(*row.notes, reason)) if row in asked else row for row in rows)
    said = f"{part.method} over {len(asked)} estimands"
    found = {row.estimand: (row.estimator, float(p)) for row, p in zip(asked, adjusted, strict=True)}
    return tuple(
        replace(row, p_adjusted=found[row.estimand][1], adjusted_by=said)
        if row.estimand in found and row.estimator == found[row.estimand][0]
        else row
        for row in rows
    )


def _adjust(
    protocol: Protocol, part: Multiplicity, frame: pd.DataFrame, asked: Sequence[Row],
    assignments: pd.DataFrame | None,
) -> Floats:  # fmt: skip
    p = [float(row.p or 0.0) for row in asked]
    if part.method == "holm":
        return holm(p)
    if part.method == "benjamini-hochberg":
        return benjamini_hochberg(p)
    if assignments is None:
        raise PlanError(
            "romano-wolf replays the design and needs the assignments", found="none",
            mend="run_plan(protocol, frame, assignments)", code="plan-assignments",
        )  # fmt: skip
    estimands = {estimand.name: estimand for estimand in protocol.estimands}
    return _replayed(protocol, part, frame, [estimands[row.estimand] for row in asked], assignments)


def _replayed(
    protocol: Protocol, part: Multiplicity, frame: pd.DataFrame, asked: Sequence[Estimand], assignments: pd.DataFrame
) -> Floats:
    pairs = {(one.treatment.of, one.treatment.against) for one in asked}
    if len(pairs) > 1 or set(next(iter(pairs))) != {arm.name for arm in protocol.arms}:
        raise DegenerateError("a replay compares the two arms of a trial with two arms")
    of = asked[0].treatment.of
    order = in_order(assignments)
    rows = frame.set_index("participant_id").reindex(order["participant_id"])
    by_week = {outcome.name: outcome.by_week for outcome in protocol.outcomes}
    values = [_values(one, rows, by_week) for one in asked]
    treated = (order["arm"] == of).to_numpy(dtype=bool)
    draws, seed = int(part.draws or 0), int(part.seed or 0)
    own, drawn = replayed_statistics(
        values, treated, replay_of(protocol, order, of), draws=draws, seed=seed,
        stratum=compared_within(protocol, order),
    )  # fmt: skip
    return romano_wolf(own.tolist(), drawn)


def _values(estimand: Estimand, rows: pd.DataFrame, by_week: Mapping[str, int]) -> Floats:
    if estimand.summary not in {"restricted-mean-difference", "hazard-ratio"}:
        return np.asarray(rows[estimand.outcome], dtype=np.float64)
    week, event = (rows[f"{estimand.outcome}_{part}"].to_numpy(dtype=float) for part in ("week", "event"))
    seen = ~(np.isnan(week) | np.isnan(event))
    values = np.full(len(rows), np.nan)
    if estimand.summary == "hazard-ratio":
        values[seen] = log_rank_scores(week[seen], event[seen])
    else:
        values[seen] = restricted_mean_scores(week[seen], event[seen], by_week=by_week[estimand.outcome])
    return values
