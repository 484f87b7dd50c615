"""What turned out later about randomised citizens: counted in the flow, shown beside the row, and nobody left out.

1. Who withdrew, was ineligible, is a duplicate, had a wrong level or was erased stays in the analysis set: the
   population of an estimand is who was randomised. What an estimand does about a withdrawal is its declared strategy.
2. Only corrections that stand count: one that was itself corrected or retracted does not.
3. Who was erased has no link to the registers any more, and is counted there as not linked.
"""

import json
from collections.abc import Iterator

import pandas as pd

from analysis.cohort import FlowStep, step

STEPS = {
    "withdrawal": ("withdrew", "kept: the estimand declares what a withdrawal means"),
    "ineligible": ("found-ineligible", "kept: found out after randomisation"),
    "duplicate": ("found-duplicate", "kept: the same person was randomised before"),
    "correction": ("level-corrected", "kept in the stratum of the draw; the right level stands beside it"),
    "erasure": ("erased", "kept without a name: nothing links to the registers any more"),
}


def note_corrections(frame: pd.DataFrame, assignments: pd.DataFrame, events: pd.DataFrame) -> list[FlowStep]:
    """Add the columns of what turned out to the analysis set, and give the steps of the flow.

    frame, assignments: a row a citizen, in the same order.
    """
    told = pd.DataFrame(list(_standing(events)), columns=["participant_id", "kind", "detail"])
    withdrawn, ineligible = _by_citizen(told, "withdrawal"), _by_citizen(told, "ineligible")
    ids = frame["participant_id"]
    frame["withdrawn_on"] = [withdrawn[one]["on"] if one in withdrawn else None for one in ids]
    frame["withdrawn_from"] = [withdrawn[one]["scope"] if one in withdrawn else None for one in ids]
    frame["ineligible"] = [ineligible[one].get("criterion", "") if one in ineligible else None for one in ids]
    frame["duplicate"] = ids.isin(told["participant_id"][told["kind"] == "duplicate"])
    for name in assignments.columns:
        if name.endswith("_corrected"):
            frame[name] = assignments[name].to_numpy()
    steps = []
    for kind, (name, reason) in STEPS.items():
        rows = ids.isin(told["participant_id"][told["kind"] == kind]).to_numpy()
        if rows.any():
            steps.append(step(name, frame["arm"], rows, reason))
    return steps


def _standing(events: pd.DataFrame) -> Iterator[tuple[str, str, dict[str, str]]]:
    for participant, kind, text in zip(events["participant_id"], events["kind"], events["detail"], strict=True):
        if kind in STEPS:
            detail = json.loads(text)
            if detail.get("stands", True):
                yield participant, kind, detail


def _by_citizen(told: pd.DataFrame, kind: str) -> dict[str, dict[str, str]]:
    """Give the detail of a citizen's first event of a kind."""
    rows = told[told["kind"] == kind].drop_duplicates("participant_id")
    return dict(zip(rows["participant_id"], rows["detail"], strict=True))
