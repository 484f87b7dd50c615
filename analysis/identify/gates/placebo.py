"""Placebo: a difference where there can be none shows that the groups differed from the start.

1. Each declared placebo (an outcome before the treatment, a negative control) is regressed on treatment within strata
   and calendar weeks, given the other covariates; a covariate of the placebo's own name is left out.
2. The difference is in standard deviations of the placebo. The worst of all is judged, with intervals at a level that
   allows for their number.
3. Its error is robust; clustered where arms were not drawn one by one, by the lots where there are any.
4. It passes only where the whole interval lies inside the threshold: a small sample that sees nothing shows nothing.
"""

from dataclasses import dataclass

import numpy as np

from analysis.identify.comparison import Codes, Comparison
from analysis.identify.evidence import Evidence
from analysis.identify.finding import STATUSES, Detail, Finding, Status, found, not_assessed
from analysis.identify.partial import Bools, Floats, partial, slope, standardise
from analysis.identify.plan import IdentificationPlan
from analysis.identify.words import number, within

GATE = "placebo"


@dataclass(frozen=True)
class Difference:
    """A placebo's standardised difference with its interval, and its status."""

    name: str
    value: float
    low: float
    high: float
    raw: float
    status: Status


def assess(evidence: Evidence, plan: IdentificationPlan) -> Finding:
    """Judge the worst placebo."""
    declared, units = plan.thresholds.placebo, evidence.comparison
    if declared is None or units is None or not units.placebo or len(np.unique(units.treatment)) < 2:
        return not_assessed(
            GATE, da="Der er intet tidligere udfald at prøve sammenligningen på.",
            en="There is no earlier outcome to try the comparison on.",
        )  # fmt: skip
    level = 1 - (1 - plan.inference.level) / len(units.placebo)
    differences = [difference(units, name, level, declared.most_difference) for name in sorted(units.placebo)]
    worst = max(differences, key=lambda one: (STATUSES.index(one.status), abs(one.value), one.name))
    details: dict[str, Detail] = {
        "placebo": [one.name for one in differences], "difference": [one.value for one in differences],
        "low": [one.low for one in differences], "high": [one.high for one in differences],
        "unadjusted": [one.raw for one in differences], "status": [one.status for one in differences], "level": level,
    }  # fmt: skip
    tail = {
        "passes": ("Det er for lidt til at betyde noget.", "That is too little to matter."),
        "warns": ("Data er for få til at udelukke en forskel.", "The data are too few to rule a difference out."),
        "fails": ("Grupperne var forskellige fra starten.", "The groups differed from the start."),
    }[worst.status]
    return found(
        GATE, worst.status, abs(worst.value), declared.most_difference, details=details,
        da=f"Før behandlingen skilte {worst.name} grupperne {number(abs(worst.raw), 'da')} standardafvigelser, og "
        f"{number(abs(worst.value), 'da')} blandt dem, der ellers ligner hinanden. {tail[0]}",
        en=f"Before any treatment {worst.name} set the groups apart by {number(abs(worst.raw), 'en')} standard "
        f"deviations, and by {number(abs(worst.value), 'en')} among those otherwise alike. {tail[1]}",
    )  # fmt: skip


def difference(units: Comparison, name: str, level: float, threshold: float) -> Difference:
    """Give the standardised difference of one placebo within cells, given the other covariates."""
    placebo = np.asarray(units.placebo[name], dtype=np.float64)
    seen = np.isfinite(placebo)
    others = np.array([own != name for own in units.names], dtype=np.bool_)
    covariates = units.covariates[:, others] if len(units.names) else units.covariates
    part = partial([_rows(units.stratum, seen), _rows(units.period, seen)], covariates[seen])
    treatment, values = units.treatment[seen].astype(np.float64), placebo[seen]
    scale = standardise(values)
    cluster = _rows(units.counted_together, seen)
    found_slope = slope(part(values), part(treatment), part.free, cluster) if scale > 0 else None
    raw = _raw(values, treatment, scale)
    if found_slope is None:  # nothing varies within cells: nothing can be shown
        return Difference(name, raw, -np.inf, np.inf, raw, "warns")
    low, high = (end / scale for end in found_slope.interval(level))
    value = found_slope.value / scale
    return Difference(name, value, low, high, raw, within(low, high, value, threshold))


def _rows(codes: Codes | None, seen: Bools) -> Codes | None:
    return None if codes is None else codes[seen]


def _raw(values: Floats, treatment: Floats, scale: float) -> float:
    taken = treatment == 1
    if scale == 0 or not taken.any() or taken.all():
        return 0.0
    return float(values[taken].mean() - values[~taken].mean()) / scale
