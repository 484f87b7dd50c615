"""Planned looks: the boundary of every look by error spending, and at the look that is made what was found.

1. The error spent is one minus the declared level, two-sided. Boundaries follow from the declared shares of the
   information alone, whatever was seen.
2. At the look that is made, z of the estimand's first estimator is held against its boundary; the anytime interval
   beside it holds at every look together, planned or not.
3. Where clusters are drawn z is the normal quantile of the row's p, which has the few clusters' degrees of freedom;
   there is no anytime interval, for it counts citizens as drawn one by one.
4. After looks, the plain interval of the last one is not of its stated level; the boundary is what counts.
"""

import math
from dataclasses import replace

from analysis.estimate.monitoring import boundaries, confidence_sequence
from analysis.estimate.result import DegenerateError, quantile
from analysis.plan.effects import LookRow, Row
from trial.errors import PlanError
from trial.protocol.model import Monitoring, Protocol

SMALLEST_P = 1e-15  # beyond it one minus half of it is one


def look_at(protocol: Protocol, rows: tuple[Row, ...], look: int | None = None) -> tuple[LookRow, ...]:
    """Give the declared looks, and what was found at number `look` (the last when not given)."""
    part = protocol.monitoring
    if part is None:
        if look is not None:
            raise PlanError("a look needs [monitoring]", found="none declared", mend="declare it", code="plan-look")
        return ()
    number = len(part.information) if look is None else look
    if not 1 <= number <= len(part.information):
        raise PlanError(
            f"a look is a number from 1 to {len(part.information)}", found=number, mend="as declared in [monitoring]",
            code="plan-look",
        )  # fmt: skip
    alpha = 1 - protocol.inference.level
    planned = [
        LookRow(part.estimand, no, one.information, one.boundary, one.nominal_p, part.spending, "planned")
        for no, one in enumerate(boundaries(part.information, alpha=alpha, kind=part.spending), start=1)
    ]
    row = next(row for row in rows if row.estimand == part.estimand)
    made = _made if protocol.randomisation.cluster is None else _made_of_clusters
    planned[number - 1] = made(planned[number - 1], row, part)
    return tuple(planned)


def _made_of_clusters(planned: LookRow, row: Row, part: Monitoring) -> LookRow:
    del part
    if row.estimate is None or row.p is None or row.level is None:
        return replace(planned, status="not-estimable", reason=row.reason)
    z = math.copysign(quantile(1 - max(row.p, SMALLEST_P) / 2, None), row.estimate)
    return replace(planned, status="estimated", z=z, crossed=abs(z) >= planned.boundary, level=row.level)


def _made(planned: LookRow, row: Row, part: Monitoring) -> LookRow:
    if row.estimate is None or row.se is None or row.level is None:
        return replace(planned, status="not-estimable", reason=row.reason)
    z = row.estimate / row.se
    try:
        anytime = confidence_sequence(
            row.estimate, row.se, size=sum(row.n.values()), tuned_for=part.tuned_for, level=row.level
        )
    except DegenerateError as degenerate:
        return replace(planned, status="not-estimable", reason=degenerate.reason)
    return replace(
        planned, status="estimated", z=z, crossed=abs(z) >= planned.boundary, anytime_low=anytime.low,
        anytime_high=anytime.high, anytime_p=anytime.p, level=row.level,
    )  # fmt: skip
