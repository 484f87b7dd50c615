"""Displacement: whether the design can see what happens to those who are not treated.

1. If a digital talk gives one citizen a job that another would have had, comparing the two counts it twice. Citizens
   drawn one by one within a labour market cannot show it: every market has the same share treated.
2. Markets must differ in the share treated, by a draw: at least the declared number of levels of saturation.
3. Shares that differ without a draw are no levels: they may differ for the very reasons that outcomes do.
"""

import numpy as np

from analysis.identify.comparison import Codes
from analysis.identify.evidence import Evidence
from analysis.identify.finding import Detail, Finding, found, not_assessed
from analysis.identify.partial import Floats, compress
from analysis.identify.plan import IdentificationPlan
from analysis.identify.words import number

GATE = "displacement"


def assess(evidence: Evidence, plan: IdentificationPlan) -> Finding:
    """Judge the number of drawn levels of saturation."""
    declared, units = plan.thresholds.displacement, evidence.comparison
    if declared is None:
        return not_assessed(
            GATE, da="Fortrængning er ikke undersøgt.", en="Displacement was not looked at.",
            assumption="no-displacement",
        )  # fmt: skip
    drawn = evidence.ledger.saturations if evidence.ledger is not None and evidence.ledger.holds else ()
    levels = len(set(drawn))
    details: dict[str, Detail] = {"levels": [*sorted(set(drawn))]}
    if units is not None and units.cluster is not None:
        details["share_treated_by_cluster"] = shares(units.treatment.astype(np.float64), units.cluster).tolist()
    enough = levels >= declared.least_levels
    return found(
        GATE, "passes" if enough else "warns", float(levels), float(declared.least_levels), details=details,
        assumption=None if enough else "no-displacement",
        da=f"Andelen af behandlede er trukket i {number(levels, 'da', 0)} niveauer: virkningen på de ubehandlede kan "
        + ("måles." if enough else "ikke ses."),
        en=f"The share treated was drawn at {levels} levels: what happens to the untreated can"
        + (" be measured." if enough else "not be seen."),
    )  # fmt: skip


def shares(treated: Floats, cluster: Codes) -> Floats:
    """Give the share treated of each cluster."""
    code, size = compress(cluster)
    return np.bincount(code, weights=treated, minlength=size) / np.bincount(code, minlength=size)
