"""A trial's bundle and registers as evidence: everybody drawn, compared by arm.

1. Spell week w of a citizen is the w-th ISO week after the week of randomisation; at risk until the exit to
   employment by definition (b), or until nothing more is known.
2. Who has no follow-up stays among those drawn, with no outcome.
3. Balance is tried on what the registers knew before: age and sex, and as placebos the weeks employed and with
   benefit in the year before, as far as the registers reach back. What is not known counts as the mean, and not
   knowing it as a variable.
4. Where clusters were drawn, units are compared within the declared factors that small strata are joined within, and
   their errors are counted by cluster. A caseworker's code is no number: it is no covariate.
5. Received is the share of held conversations that were digital.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from analysis.cohort import link_cohort
from analysis.estimate.strata import labels_within
from analysis.identify.comparison import Codes, Comparison, Floats
from analysis.identify.evidence import Evidence, LedgerProof
from analysis.identify.ledger import lots_of, probability_of
from analysis.identify.panel import CENSORED, EMPLOYMENT, PHYSICAL, TELEPHONE, VIDEO, Bytes, Panel, placed
from analysis.outcomes.history import history
from analysis.outcomes.measure import measure, shipped_codes
from analysis.registers.codes import look_up
from trial.bundle import Bundle
from trial.errors import PlanError, RegisterError
from trial.protocol import Protocol

MODES = {"physical": PHYSICAL, "telephone": TELEPHONE, "video": VIDEO}
BACKGROUND = (("age", None), ("sex", None))
COMPARED_WITHIN = {"jobcentre", "target_group", "caseworker"}
YEAR_BEFORE = (("weeks-employed-before", 52), ("benefit-weeks-before", 52))


def arms_of(protocol: Protocol) -> tuple[str, str]:
    """Give the comparison and the treatment: those of the first primary estimand, or the first two arms."""
    for estimand in protocol.estimands:
        if estimand.role == "primary":
            return estimand.treatment.against, estimand.treatment.of
    return protocol.arms[0].name, protocol.arms[1].name


def panel_of_trial(bundle: Bundle, registers: Path, weeks: int) -> Panel:
    """Make the panel of everybody drawn into the two arms, in the order of the participants' identifiers."""
    rows = rows_of_trial(bundle)
    table = look_up(shipped_codes())
    cohort = link_cohort(rows, registers, table)
    asked = SimpleNamespace(name="exit", variable="time-to-exit", by_week=weeks, definition="b")
    exits = measure(asked, cohort.follow_up)
    known = np.array([why is None for why in cohort.lost]) & np.isfinite(exits.value)
    last = np.where(known, np.clip(np.nan_to_num(exits.value, nan=1), 1, weeks), 1).astype(np.int32)
    event = np.zeros(len(rows), dtype=np.bool_) if exits.event is None else exits.event == 1
    cause = np.where(known & event, EMPLOYMENT, CENSORED).astype(np.int8)
    columns = {name: coded(rows[name]) for name in ("jobcentre", "municipality_code", "target_group")}
    against, of = arms_of(bundle.protocol)
    arm = np.select([rows["arm"] == of, rows["arm"] == against], [1, 0], -1).astype(np.int8)
    start = week_number(rows["assigned_on"]) + 1
    return Panel(
        talks_of(bundle, rows, last, weeks), start, last, cause, columns["jobcentre"][0],
        columns["municipality_code"][0], columns["target_group"][0],
        {name.removesuffix("_code"): labels for name, (_, labels) in columns.items()}, {1: "employment"},
        *background_of(rows, registers, bundle.protocol), arm=arm,
    )  # fmt: skip


def rows_of_trial(bundle: Bundle) -> pd.DataFrame:
    """Give the assignments in the order of the participants' identifiers."""
    rows: pd.DataFrame = bundle.assignments.to_pandas().sort_values(
        "participant_id", ignore_index=True, kind="stable"
    )
    return rows


def week_number(days: "pd.Series[Any]") -> Codes:
    """Count whole ISO weeks from that of 1970-01-01."""
    day = pd.to_datetime(days).to_numpy().astype("datetime64[D]").astype(np.int64)
    return np.asarray((day + 3) // 7, dtype=np.int32)  # 1970-01-01 was a Thursday


def coded(values: "pd.Series[Any]") -> tuple[Codes, tuple[str, ...]]:
    """Give the codes of labels, and the labels in order."""
    labels, codes = np.unique(values.astype(str).to_numpy(dtype=str), return_inverse=True)
    return codes.astype(np.int32), tuple(str(label) for label in labels)


def talks_of(bundle: Bundle, rows: pd.DataFrame, last: Codes, weeks: int) -> Bytes:
    """Place every held conversation in its week after randomisation, while at risk."""
    held = bundle.conversations.to_pandas()
    held = held[held["held_mode"].isin(MODES) & held["held_on"].notna()]
    row = pd.Index(rows["participant_id"]).get_indexer(held["participant_id"])
    known = row >= 0
    week = week_number(held["held_on"]) - week_number(rows["assigned_on"])[row]
    mode = held["held_mode"].map(MODES).to_numpy(dtype=np.int8)
    return placed(row[known], np.maximum(week, 1)[known], mode[known], last, weeks)


def background_of(
    rows: pd.DataFrame, registers: Path, protocol: Protocol
) -> tuple[Mapping[str, Floats], Mapping[str, Floats]]:  # fmt: skip
    """Give covariates and earlier outcomes that the registers knew before the draw, as far as they reach back."""
    asked = [SimpleNamespace(name=name, variable=name, weeks=weeks) for name, weeks in (*BACKGROUND, *YEAR_BEFORE)]
    table = look_up(shipped_codes())
    try:
        found = history(asked, rows, registers, table)
    except RegisterError as error:
        if error.stable_code != "register-coverage":
            raise
        found = history(asked[: len(BACKGROUND)], rows, registers, table)
    factors = [one.factor for one in protocol.stratification if one.factor not in COMPARED_WITHIN]
    levels = {str(name): coded(rows[name])[0].astype(np.float64) for name in factors}
    known = {name: found[name] for name, _ in BACKGROUND}
    past = {name.replace("-", "_"): found[name] for name, _ in YEAR_BEFORE if name in found}
    return complete({**known, **levels}), complete(past)


def complete(columns: Mapping[str, Floats]) -> Mapping[str, Floats]:
    """Fill what is not known with the mean, and make not knowing a variable of its own."""
    filled: dict[str, Floats] = {}
    for name, values in columns.items():
        known = np.isfinite(values)
        if not known.any():
            continue
        filled[name] = np.where(known, values, float(values[known].mean()))
        if not known.all():
            filled[f"{name}_unknown"] = (~known).astype(np.float64)
    return filled


def evidence_of_frame(
    frame: pd.DataFrame, protocol: Protocol, proof: LedgerProof, covariates: Mapping[str, Floats] | None = None
) -> Evidence:
    """Gather the evidence of an analysis set and its proof; the set's probabilities are those the proof was of."""
    against, of = arms_of(protocol)
    outcome = next((one for one in protocol.estimands if one.role == "primary"), protocol.estimands[0]).outcome
    name = outcome if outcome in frame.columns else f"{outcome}_week"
    values = frame[name].astype("float64").to_numpy(dtype=np.float64)
    both = frame["arm"].isin([against, of]).to_numpy()
    columns = complete(covariates or {})
    names, lots = tuple(columns), lots_of(frame, protocol)
    whole = Comparison(
        (frame["arm"] == of).to_numpy(dtype=np.int8), values,
        np.column_stack([columns[one] for one in names]) if names else np.zeros((len(frame), 0)), names,
        strata_of(frame, protocol), cluster=coded(frame["jobcentre"])[0] if "jobcentre" in frame else None,
        randomised=True, lots=lots,
    )  # fmt: skip
    drawn, known = part(whole, both), part(whole, both & np.isfinite(values))
    chance = probability_of(frame, (against, of))
    ledger = replace(
        proof, probability=chance[both], received=received_of(frame)[both], lots=None if lots is None else lots[both]
    )
    return Evidence(None, replace(known, dropped=len(drawn) - len(known)), ledger, drawn)


def strata_of(frame: pd.DataFrame, protocol: Protocol) -> Codes:
    """Give the strata to compare within: those of the draw, or where clusters were drawn such as cut across them."""
    if protocol.randomisation.cluster is None:
        return coded(frame["stratum"])[0]
    within = [*(["epoch"] if "epoch" in frame else []), *protocol.inference.small_strata.within]
    return coded(pd.Series(labels_within(frame, within)))[0]


def received_of(frame: pd.DataFrame) -> Floats:
    """Give the share of held conversations that were digital; NaN where none was held."""
    if "share_physical" not in frame.columns:
        raise PlanError(
            "the analysis set must have the share of conversations held physically", found="no such column",
            mend="build it with `analysis registers build`", code="plan-column",
        )  # fmt: skip
    digital: Floats = 1 - frame["share_physical"].to_numpy(dtype=np.float64)
    if "held" not in frame.columns:
        return digital
    received: Floats = np.where(frame["held"].to_numpy() > 0, digital, np.nan)
    return received


def part(units: Comparison, rows: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> Comparison:
    """Keep some units."""
    return replace(
        units, treatment=units.treatment[rows], outcome=units.outcome[rows], covariates=units.covariates[rows],
        stratum=units.stratum[rows], period=None if units.period is None else units.period[rows],
        cluster=None if units.cluster is None else units.cluster[rows],
        lots=None if units.lots is None else units.lots[rows],
        placebo={name: past[rows] for name, past in units.placebo.items()},
    )  # fmt: skip
