"""Declared spillovers: effects at each share of the second arm, where jobcentres were drawn to different shares."""

import pandas as pd

from analysis.estimate.result import Estimate, NotEstimable, Result
from analysis.estimate.spillovers import saturation_effects
from analysis.plan.data import observe
from analysis.plan.effects import SpilloverRow
from trial.protocol.model import Estimand, Protocol

KINDS = ("direct", "spillover", "total", "overall")


def spillovers(protocol: Protocol, frame: pd.DataFrame) -> tuple[SpilloverRow, ...]:
    """Give the effects of every declared estimand at every share drawn."""
    if protocol.spillovers is None:
        return ()
    estimands = {estimand.name: estimand for estimand in protocol.estimands}
    return tuple(row for name in protocol.spillovers.estimands for row in _rows(protocol, estimands[name], frame))


def _rows(protocol: Protocol, estimand: Estimand, frame: pd.DataFrame) -> list[SpilloverRow]:
    market = str(protocol.randomisation.parameters["factor"])
    observed = observe(estimand, [estimand.outcome, "saturation"], frame)
    own = observed.frame
    found = saturation_effects(
        own[estimand.outcome].to_numpy(dtype=float), observed.treated, own[market].astype(str).to_numpy(dtype=object),
        own["saturation"].to_numpy(dtype=float), level=protocol.inference.level, arms=observed.arms,
    )  # fmt: skip
    if isinstance(found, NotEstimable):
        return [SpilloverRow(estimand.name, estimand.outcome, None, "overall", "not-estimable", found.reason)]
    return [_row(estimand, one.saturation, kind, getattr(one, kind)) for one in found for kind in KINDS]


def _row(estimand: Estimand, share: float, kind: str, result: Result) -> SpilloverRow:
    what = (estimand.name, estimand.outcome, share, kind)
    if not isinstance(result, Estimate):
        return SpilloverRow(*what, "not-estimable", result.reason)
    return SpilloverRow(
        *what, "estimated", None, result.value, result.se, result.ci_low, result.ci_high, result.p, result.df,
        dict(result.n),
    )  # fmt: skip
