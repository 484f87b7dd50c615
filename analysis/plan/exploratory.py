"""What the protocol did not declare, labelled so: the same question asked in other ways of each primary estimand.

1. Cohorts whose municipality never paused between randomisation and the last due conversation, and the difference to
   the others. A pause follows the infection and the calendar, not the arm: the arms stay comparable within both.
2. Bounds for missing outcomes: Manski over the possible range, Lee by target group where there is one.
3. A randomisation test that replays the procedure that was run, with its constant-effect interval; of a dose the same
   for y minus the effect times the dose, which needs no strong instrument and no large numbers.
4. The Anderson-Rubin set of every estimand with a dose.
5. The difference of the medians, and of durations what `exploratory_times` says.

Nothing here takes part in the non-inferiority statement. Where clusters are drawn only 3 and 4 have numbers: the
others take citizens to be drawn one by one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from analysis.estimate.bounds import LEE, MANSKI, Bounds, lee, manski
from analysis.estimate.difference import stratified_difference
from analysis.estimate.dose_replay import NAME as DOSE_REPLAY
from analysis.estimate.dose_replay import ReplayedSet, replayed_anderson_rubin
from analysis.estimate.quantiles import quantile_difference
from analysis.estimate.randomisation import NAME, Randomisation, randomisation_test
from analysis.estimate.result import DegenerateError, NotEstimable, Result
from analysis.estimate.strata import labels_within
from analysis.estimate.subgroups import NAME as INTERACTION
from analysis.estimate.subgroups import difference_of_effects
from analysis.estimate.weak import NAME as SET
from analysis.estimate.weak import ConfidenceSet, anderson_rubin
from analysis.plan.data import Observed, observe, pool
from analysis.plan.effects import BoundsRow, Effects, RegionRow, ReplayRow, Row
from analysis.plan.exploratory_times import Weekly, paths, timed_rows
from analysis.plan.one_by_one import refusal
from analysis.plan.replays import AMENDED, compared_within, in_order, is_amended, replay_of
from analysis.plan.run import cells_of
from trial.protocol.model import Estimand, OutcomePart, Protocol

MEDIAN = "quantile-difference"
NEVER, EXPOSED = "never-exposed-to-pause", "exposed-to-pause"
LABELS = {
    NEVER: (", kommuner uden pause", ", municipalities without a pause"),
    EXPOSED: (", kommuner med pause", ", municipalities with a pause"),
    "difference": (", med pause minus uden pause", ", with a pause minus without"),
    "median": (", medianen", ", the median"),
}


@dataclass(frozen=True)
class Chance:
    """Seed and number of the draws of whatever is drawn."""

    seed: int
    draws: int


def explore(
    effects: Effects,
    protocol: Protocol,
    frame: pd.DataFrame,
    assignments: pd.DataFrame,
    chance: Chance,
    *,
    weekly: Weekly | None = None,
) -> Effects:
    """Add the exploratory rows to the declared ones; `weekly` are the weeks behind counts of weeks employed."""
    outcomes = {outcome.name: outcome for outcome in protocol.outcomes}
    rows, bounds, replays, regions = list(effects.rows), [], [], []
    for estimand in protocol.estimands:
        outcome = outcomes[estimand.outcome]
        if outcome.variable == "time-to-exit":
            rows += timed_rows(protocol, estimand, frame)
        elif estimand.dose:
            regions.append(_region(protocol, estimand, frame))
            replays.append(_replayed_dose(protocol, estimand, frame, assignments, chance))
        elif estimand.role == "primary":
            observed = observe(estimand, [outcome.name], frame)
            rows += _by_pause(protocol, estimand, observed)
            rows.append(_median(protocol, estimand, observed))
            bounds += _bounds(protocol, estimand, outcome, frame)
            replays.append(_replay(protocol, estimand, frame, assignments, chance))
    found = paths(protocol, frame, weekly or {}, chance.seed)
    return replace(
        effects, rows=tuple(rows), bounds=tuple(bounds), replays=tuple(replays), regions=tuple(regions), paths=found
    )


def _by_pause(protocol: Protocol, estimand: Estimand, observed: Observed) -> list[Row]:
    column = observed.frame.get("exposed_to_pause")
    if column is None or column.nunique() < 2:
        return []
    exposed = column.to_numpy(dtype=bool)
    results: dict[str, Result] = {}
    rows = []
    for name, kept in ((NEVER, ~exposed), (EXPOSED, exposed)):
        part = replace(observed, frame=observed.frame[kept], treated=observed.treated[kept], missing=())
        results[name], pooled = _difference(protocol, estimand, part)
        rows.append(_row(estimand, part, results[name], population=name, pooled=pooled))
    if refused := refusal(protocol, INTERACTION):
        return [*rows, _row(estimand, observed, refused, population="difference", pooled=0)]
    both = difference_of_effects(results, NEVER, EXPOSED, level=protocol.inference.level)
    return [*rows, _row(estimand, observed, both, population="difference", pooled=0)]


def _median(protocol: Protocol, estimand: Estimand, observed: Observed) -> Row:
    if refused := refusal(protocol, MEDIAN):
        return _row(estimand, observed, refused, population="median", pooled=0)
    try:
        labels = pool(observed, protocol).labels()
    except DegenerateError as degenerate:
        return _row(estimand, observed, NotEstimable(degenerate.reason, MEDIAN), population="median",
                    pooled=0)  # fmt: skip
    values = observed.frame[estimand.outcome].to_numpy(dtype=float)
    found = quantile_difference(
        values, observed.treated, labels, probability=0.5, level=protocol.inference.level, arms=observed.arms
    )
    return _row(estimand, observed, found, population="median", pooled=0)


def _difference(protocol: Protocol, estimand: Estimand, observed: Observed) -> tuple[Result, int]:
    if refused := refusal(protocol, "stratified-difference"):
        return refused, 0
    try:
        pooling = pool(observed, protocol)
        cells = cells_of(protocol, estimand, observed, pooling)
    except DegenerateError as degenerate:
        return NotEstimable(degenerate.reason, "stratified-difference"), 0
    members = sum(len(item.members) for item in pooling.joined)
    return stratified_difference(cells, level=protocol.inference.level), members


def _row(estimand: Estimand, observed: Observed, result: Result, *, population: str, pooled: int) -> Row:
    danish, english = LABELS[population]
    sizes = {arm: int((observed.treated == second).sum()) for second, arm in enumerate(observed.arms)}
    return Row(
        estimand=estimand.name, estimator=result.estimator, outcome=estimand.outcome, population=population,
        role="exploratory", summary=estimand.summary, of=estimand.treatment.of, against=estimand.treatment.against,
        per="assignment", label={"da": estimand.label.da + danish, "en": estimand.label.en + english}, n=sizes,
        missing=observed.missing_by_arm(), pooled_strata=pooled, status="not-estimable",
        higher_is_better=estimand.higher_is_better,
    ).told(result)  # fmt: skip


def _bounds(protocol: Protocol, estimand: Estimand, outcome: OutcomePart, frame: pd.DataFrame) -> list[BoundsRow]:
    if protocol.randomisation.cluster is not None:
        names = (MANSKI, LEE) if outcome.highest is not None else (LEE,)
        refused = [refusal(protocol, name) for name in names]
        return [_bounds_row(estimand, one) for one in refused if one is not None]
    arms = (estimand.treatment.against, estimand.treatment.of)
    both = frame[frame["arm"].isin(arms)]
    y, taken = both[outcome.name].to_numpy(dtype=float), (both["arm"] == arms[1]).to_numpy(dtype=bool)
    level = protocol.inference.level
    group = both["target_group"].astype(str).to_numpy(dtype=object) if "target_group" in both.columns else None
    found = [lee(y, taken, level=level, group=group, seed=1, arms=arms)]
    if (highest := outcome.highest) is not None:  # pay and paid hours have no highest value to bound them with
        coarse = _coarse(protocol, both)
        found.insert(0, manski(y, taken, coarse, lowest=0.0, highest=highest, level=level, arms=arms))
    return [_bounds_row(estimand, one) for one in found]


def _coarse(protocol: Protocol, frame: pd.DataFrame) -> Any:
    """The declared factors small strata are joined within: coarse enough for every citizen, missing or not."""
    named = ("epoch", *protocol.inference.small_strata.within)
    return labels_within(frame, [factor for factor in named if factor in frame.columns])


def _bounds_row(estimand: Estimand, found: Bounds | NotEstimable) -> BoundsRow:
    if isinstance(found, NotEstimable):
        return BoundsRow(estimand.name, estimand.outcome, found.estimator, "not-estimable", found.reason)
    return BoundsRow(
        estimand.name, estimand.outcome, found.estimator, "estimated", None, found.low, found.high, found.ci_low,
        found.ci_high, found.level, dict(found.n), found.notes,
    )  # fmt: skip


def _region(protocol: Protocol, estimand: Estimand, frame: pd.DataFrame) -> RegionRow:
    try:
        observed = observe(estimand, [estimand.outcome, str(estimand.dose)], frame)
        cells = cells_of(protocol, estimand, observed, pool(observed, protocol))
        found: ConfidenceSet | NotEstimable = anderson_rubin(
            cells, se_type=protocol.inference.se_type, level=protocol.inference.level
        )
    except DegenerateError as degenerate:
        found = NotEstimable(degenerate.reason, SET)
    if isinstance(found, NotEstimable):
        return RegionRow(estimand.name, "not-estimable", found.reason)
    return RegionRow(estimand.name, "estimated", None, found.kind, found.low, found.high, found.level, found.se_type)


class _NotReplayableError(Exception):
    """A replay has no answer; the message says why."""


def _replayed(
    protocol: Protocol, estimand: Estimand, frame: pd.DataFrame, assignments: pd.DataFrame, names: Sequence[str]
) -> tuple[list[Any], Any]:
    """Give what a replay rests on, in the order of the draws (columns, arm, procedure), and the strata compared."""
    if {arm.name for arm in protocol.arms} != {estimand.treatment.of, estimand.treatment.against}:
        raise _NotReplayableError("a replay compares the two arms of a trial with two arms")
    if is_amended(assignments):
        raise _NotReplayableError(AMENDED)
    order = in_order(assignments)
    rows = frame.set_index("participant_id").reindex(order["participant_id"])
    taken = (order["arm"] == estimand.treatment.of).to_numpy(dtype=bool)
    columns = [rows[name].to_numpy(dtype=float) for name in names]
    return [*columns, taken, replay_of(protocol, order, estimand.treatment.of)], compared_within(protocol, order)


def _replay(
    protocol: Protocol, estimand: Estimand, frame: pd.DataFrame, assignments: pd.DataFrame, chance: Chance
) -> ReplayRow:
    try:
        given, within = _replayed(protocol, estimand, frame, assignments, [estimand.outcome])
    except _NotReplayableError as error:
        return ReplayRow(estimand.name, "not-estimable", str(error))
    found = randomisation_test(
        *given, draws=chance.draws, seed=chance.seed, level=protocol.inference.level, stratum=within
    )
    if not isinstance(found, Randomisation):
        return ReplayRow(estimand.name, "not-estimable", found.reason)
    return ReplayRow(
        estimand.name, "estimated", None, NAME, found.procedure, found.test.statistic, found.test.p, found.low,
        found.high, found.level, found.draws, found.seed,
    )  # fmt: skip


def _replayed_dose(
    protocol: Protocol, estimand: Estimand, frame: pd.DataFrame, assignments: pd.DataFrame, chance: Chance
) -> ReplayRow:
    try:
        given, within = _replayed(protocol, estimand, frame, assignments, [estimand.outcome, str(estimand.dose)])
    except _NotReplayableError as error:
        return ReplayRow(estimand.name, "not-estimable", str(error))
    found = replayed_anderson_rubin(
        *given, draws=chance.draws, seed=chance.seed, level=protocol.inference.level, stratum=within
    )
    if not isinstance(found, ReplayedSet):
        return ReplayRow(estimand.name, "not-estimable", found.reason)
    if len(found.intervals) != 1:
        return ReplayRow(estimand.name, "not-estimable", "the effects not rejected are no interval")
    ((low, high),) = found.intervals
    return ReplayRow(
        estimand.name, "estimated", None, DOSE_REPLAY, found.procedure, None, found.p, low, high, found.level,
        found.draws, found.seed,
    )  # fmt: skip
