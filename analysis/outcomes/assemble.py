"""The analysis set: one row a randomised citizen, and the flow that counts everybody from arrival to outcome.

1. A row is never dropped: who cannot be measured has missing values and, in `<outcome>_missing_reason`, why.
2. The dose is the share of held conversations held physically, 0 where none was held.
3. A protocol that was amended has several epochs: strata are those of an epoch, for another ratio or procedure may
   have been in force; the epoch is a column.
4. Exposed to a pause is whose municipality was paused between randomisation and the last due conversation;
   `paused_week` is the first week after randomisation in which it was, missing where it never was.
5. Declared covariates are what the registers knew before randomisation; `saturation` is the share of the second arm
   drawn for the citizen's market where the trial draws shares.
6. `weekly` keeps the weeks behind an outcome that counts weeks employed: citizens x weeks.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from analysis.cohort import FlowStep, flow_of_cohort, link_cohort, step
from analysis.outcomes.corrected import note_corrections
from analysis.outcomes.history import history
from analysis.outcomes.measure import Measured, check_measurable, measure, shipped_codes
from analysis.registers.codes import look_up
from analysis.registers.files import Writers, write_text
from analysis.registers.weeks import week_of


@dataclass(frozen=True)
class AnalysisSet:
    """One row a randomised citizen, with outcomes, exposure and dose; and the flow from arrival to outcome."""

    frame: pd.DataFrame
    flow: list[FlowStep]
    weekly: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)

    def write(self, out: Path) -> None:
        """Write analysis_set.parquet and flow.json into a folder."""
        with Writers(out) as writers:
            writers.write({"analysis_set": pa.Table.from_pandas(self.frame, preserve_index=False)})
        write_text(out / "flow.json", json.dumps([asdict(one) for one in self.flow], indent=2) + "\n")


def build_analysis_set(
    bundle: Any, registers: Path, protocol: Any, table: NDArray[np.uint8] | None = None
) -> AnalysisSet:
    """Join a bundle to the registers: it has assignments, conversations, pauses, not_randomised, perhaps events."""
    events = getattr(bundle, "events", None)
    return analysis_set(
        _frame(bundle.assignments), _frame(bundle.conversations), registers, protocol,
        pauses=_frame(bundle.pauses), not_randomised=_frame(bundle.not_randomised), table=table,
        events=None if events is None else _frame(events),
    )  # fmt: skip


def analysis_set(
    assignments: pd.DataFrame,
    conversations: pd.DataFrame,
    registers: Path,
    protocol: Any,
    *,
    pauses: pd.DataFrame | None = None,
    not_randomised: pd.DataFrame | None = None,
    table: NDArray[np.uint8] | None = None,
    events: pd.DataFrame | None = None,
) -> AnalysisSet:
    """Make the analysis set from plain tables; `table` gives the state of each code, the shipped one if not said."""
    for outcome in protocol.outcomes:
        check_measurable(outcome)
    rows = assignments.sort_values("participant_id", ignore_index=True)
    earnings = any(outcome.variable == "earnings" for outcome in protocol.outcomes)
    cohort = link_cohort(rows, registers, look_up(shipped_codes()) if table is None else table, earnings)
    factors = [factor.factor for factor in protocol.stratification]
    arms = [f"prob_{arm.name}" for arm in protocol.arms]
    frame = rows[["participant_id", "arm", "stratum", *factors, "assigned_on", *arms, "calendar_block"]].copy()
    by_epoch(frame, rows)
    frame["linked"] = cohort.lost == None  # noqa: E711 - elementwise
    frame["lost_reason"] = pd.Series(cohort.lost, index=frame.index, dtype="object")
    flow = [*flow_of_arrivals(not_randomised, len(rows)), *flow_of_cohort(rows["arm"], cohort)]
    if events is not None:
        flow += note_corrections(frame, rows, events)
    weekly: dict[str, NDArray[np.bool_]] = {}
    for outcome in protocol.outcomes:
        measured = measure(outcome, cohort.follow_up)
        reason = np.where(frame["linked"], measured.reason, cohort.lost)
        flow += _write(frame, outcome, measured, reason)
        if measured.weekly is not None:
            weekly[outcome.name] = measured.weekly
    _write_dose(frame, conversations)
    frame["exposed_to_pause"] = exposed_to_pause(rows, pauses, max(protocol.conversations.due_weeks))
    frame["paused_week"] = paused_week(rows, pauses)
    if protocol.covariates:
        codes = look_up(shipped_codes()) if table is None else table
        for name, values in history(protocol.covariates, rows, registers, codes).items():
            frame[name] = values
    if protocol.randomisation.procedure.startswith("saturation@"):
        frame["saturation"] = saturation(rows, protocol)
    return AnalysisSet(frame, flow, weekly)


def by_epoch(frame: pd.DataFrame, rows: pd.DataFrame) -> None:
    """Write the epoch of each citizen; where the protocol was amended, a stratum is one of an epoch: "2:0461/..."."""
    if "epoch" not in rows.columns:
        return
    frame["epoch"] = rows["epoch"]
    if rows["epoch"].nunique() > 1:
        frame["stratum"] = rows["epoch"].astype(str) + ":" + rows["stratum"]


def _frame(table: Any) -> pd.DataFrame:
    return table if isinstance(table, pd.DataFrame) else table.to_pandas()


def flow_of_arrivals(not_randomised: pd.DataFrame | None, randomised: int) -> list[FlowStep]:
    """Count the arrivals and, reason by reason, who was not randomised."""
    if not_randomised is None:
        return []
    counts = not_randomised["reason"].astype(str).str.split(":").str[:2].str.join(":").value_counts().sort_index()
    paused = int(counts[counts.index.str.startswith("paused")].sum())
    steps = [FlowStep("arrived", randomised + len(not_randomised), {}, "intake files")]
    others = counts[~counts.index.str.startswith("paused")]
    steps += [FlowStep("not-randomised", int(n), {}, str(reason)) for reason, n in others.items()]
    return [*steps, FlowStep("not-randomised", paused, {}, "paused")] if paused else steps


def _write(frame: pd.DataFrame, outcome: Any, measured: Measured, reason: NDArray[Any]) -> list[FlowStep]:
    missing = np.array([why is not None for why in reason], dtype=np.bool_)
    value = pd.Series(np.where(missing, np.nan, measured.value), index=frame.index)
    if measured.event is None:
        frame[outcome.name] = value
    else:
        frame[f"{outcome.name}_week"] = value.astype("Int64")
        frame[f"{outcome.name}_event"] = pd.Series(measured.event, index=frame.index).mask(missing).astype("Int8")
    frame[f"{outcome.name}_missing_reason"] = pd.Series(reason, index=frame.index, dtype="object")
    steps = [step("analysed", frame["arm"], ~missing, outcome.name)]
    for why in sorted({str(why) for why in reason if why is not None}):
        steps.append(step("missing", frame["arm"], reason == why, f"{outcome.name}: {why}"))
    return steps


def _write_dose(frame: pd.DataFrame, conversations: pd.DataFrame) -> None:
    held = conversations[conversations["held_mode"].notna() & (conversations["held_mode"] != "none")]
    physical = held[held["held_mode"] == "physical"]
    ids = frame["participant_id"]
    frame["held"] = ids.map(held["participant_id"].value_counts()).fillna(0).astype("int64")
    n_physical = ids.map(physical["participant_id"].value_counts()).fillna(0)
    frame["share_physical"] = (n_physical / frame["held"].where(frame["held"] > 0, 1)).astype("float64")


def exposed_to_pause(rows: pd.DataFrame, pauses: pd.DataFrame | None, weeks: int) -> NDArray[np.bool_]:
    """Say who had a pause of the own municipality between randomisation and the last due conversation."""
    exposed = np.zeros(len(rows), dtype=np.bool_)
    if pauses is None or pauses.empty:
        return exposed
    start = pd.to_datetime(rows["assigned_on"])
    stop = start + timedelta(weeks=weeks)
    closed_on, reopened_on = pd.to_datetime(pauses["closed_on"]), pd.to_datetime(pauses["reopened_on"])
    for code, closed, reopened in zip(pauses["municipality_code"], closed_on, reopened_on, strict=True):
        overlap = (closed <= stop) & (pd.isna(reopened) | (reopened > start))
        exposed |= ((rows["municipality_code"] == code) & overlap).to_numpy()
    return exposed


def paused_week(rows: pd.DataFrame, pauses: pd.DataFrame | None) -> NDArray[np.float64]:
    """Give the first week after randomisation in which the own municipality was paused, NaN where none was."""
    first = np.full(len(rows), np.nan)
    if pauses is None or pauses.empty:
        return first
    monday = pd.to_datetime([week_of(day) for day in pd.to_datetime(rows["assigned_on"]).dt.date])
    start = pd.to_datetime(rows["assigned_on"])
    closed_on, reopened_on = pd.to_datetime(pauses["closed_on"]), pd.to_datetime(pauses["reopened_on"])
    for code, closed, reopened in zip(pauses["municipality_code"], closed_on, reopened_on, strict=True):
        hit = (rows["municipality_code"] == code) & (pd.isna(reopened) | (reopened > start))
        week = np.maximum((closed - monday).days // 7, 1).to_numpy(dtype=np.float64)
        first = np.where(hit, np.fmin(first, week), first)
    return first


def saturation(rows: pd.DataFrame, protocol: Any) -> NDArray[np.float64]:
    """Give the share of the second arm drawn for each citizen's market: what its first citizen was offered."""
    market = str(protocol.randomisation.parameters["factor"])
    second = f"prob_{protocol.arms[1].name}"
    order = rows.sort_values(["assigned_at", "step"] if "step" in rows else "assigned_on", kind="stable")
    shares: pd.Series[float] = order.groupby(market, observed=True)[second].first()
    return np.asarray(rows[market].map(shares), dtype=np.float64)
