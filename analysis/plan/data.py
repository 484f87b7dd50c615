"""What an estimand needs of the analysis set: its two arms, the citizens observed, and the strata after joining.

1. Only citizens of the two arms take part; nobody is left out silently: who has no observed outcome is counted by
   arm and reason.
2. Small strata are joined on the citizens observed, as the protocol declares. Those of an epoch are joined with each
   other; only where an epoch is too small to have any of its own is it joined like a small stratum.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.estimate.cells import Bools, codes
from analysis.estimate.result import DegenerateError
from analysis.estimate.strata import Joined, Pooling, labels_within, pool_small
from analysis.plan.effects import Missing
from trial.errors import PlanError
from trial.protocol.model import Estimand, Protocol

UNKNOWN = "unknown"


@dataclass(frozen=True)
class Observed:
    """The citizens of an estimand with an observed outcome; `treated` is true in the second arm."""

    frame: pd.DataFrame
    treated: Bools
    arms: tuple[str, str]
    missing: tuple[Missing, ...]

    def missing_by_arm(self) -> dict[str, int]:
        """Count those without an observed outcome."""
        return {arm: sum(item.n for item in self.missing if item.arm == arm) for arm in self.arms}


def observe(estimand: Estimand, outcome: Sequence[str], frame: pd.DataFrame) -> Observed:
    """Take the two arms of an estimand and the citizens whose outcome columns are all observed."""
    arms = (estimand.treatment.against, estimand.treatment.of)
    for column in ("arm", "stratum", *outcome):
        if column not in frame.columns:
            raise PlanError(
                f"the analysis set must have a column {column}", found=", ".join(map(str, frame.columns)),
                where=f"estimand {estimand.name}", mend="build the analysis set under this protocol",
                code="plan-column",
            )  # fmt: skip
    both = frame[frame["arm"].isin(arms)]
    seen = both[list(outcome)].notna().all(axis=1)
    kept = both[seen]
    treated = (kept["arm"] == arms[1]).to_numpy(dtype=bool)
    return Observed(kept, treated, arms, _missing(estimand.outcome, both[~seen]))


def _missing(outcome: str, absent: pd.DataFrame) -> tuple[Missing, ...]:
    reason = f"{outcome}_missing_reason"
    reasons = absent[reason].fillna(UNKNOWN) if reason in absent.columns else pd.Series(UNKNOWN, index=absent.index)
    table = absent.assign(_reason=reasons.astype(str)).groupby(["arm", "_reason"], observed=True).size()
    return tuple(Missing(outcome, str(arm), str(why), int(n)) for (arm, why), n in sorted(table.items()) if n)


def pool(observed: Observed, protocol: Protocol) -> Pooling:
    """Join small strata as the protocol declares."""
    rule = protocol.inference.small_strata
    frame = observed.frame
    if not len(frame):
        raise DegenerateError("no citizen has an observed outcome")
    within = labels_within(frame, rule.within)
    stratum = frame["stratum"].astype(str).to_numpy(dtype=object)
    epoch = frame["epoch"].to_numpy() if "epoch" in frame.columns else np.zeros(len(frame))
    rows_of = [epoch == one for one in np.unique(epoch)]
    try:
        found = [
            pool_small(stratum[rows], observed.treated[rows], within[rows], minimum=rule.minimum_per_arm)
            for rows in rows_of
        ]
    except DegenerateError:
        return pool_small(stratum, observed.treated, within, minimum=rule.minimum_per_arm)
    return found[0] if len(found) == 1 else _together(found, rows_of)


def _together(found: Sequence[Pooling], rows_of: Sequence[Bools]) -> Pooling:
    """Put the strata of several epochs beside each other; what was joined is named by its epoch."""
    labels = np.empty(len(rows_of[0]), dtype=object)
    joined: list[Joined] = []
    for number, (pooling, rows) in enumerate(zip(found, rows_of, strict=True), start=1):
        new = {one.name: f"{number}:{one.name}" for one in pooling.joined}
        labels[rows] = [new.get(name, name) for name in pooling.labels()]
        joined += [Joined(new[one.name], one.members) for one in pooling.joined]
    names, codes_of = codes(labels)
    return Pooling(names, codes_of, tuple(joined))
