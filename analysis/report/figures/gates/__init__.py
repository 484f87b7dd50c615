"""One plot a gate, drawn from the details of its finding; a gate without details shows its figure and threshold."""

from collections.abc import Callable, Mapping

from analysis.identify.finding import Finding
from analysis.report.figures.gates.comparing import draw_covariates_balance, draw_overlap, draw_placebo
from analysis.report.figures.gates.gauge import draw_gauge, draw_instruments
from analysis.report.figures.gates.proof import draw_anticipation, draw_bounds, draw_design, draw_displacement
from analysis.report.figures.gates.timing import draw_mode, draw_survivorship, draw_talk
from analysis.report.figures.picture import Picture
from analysis.report.words import Words

Draw = Callable[[Finding, Words], Picture]

# Drawn where every detail named is there; else the gauge.
PLOTS: Mapping[str, tuple[Draw, tuple[str, ...]]] = {
    "talk": (draw_talk, ("weeks", "shares")),
    "mode": (draw_mode, ("period", "period_digital", "period_weight", "period_n")),
    "overlap": (draw_overlap, ("bins", "untreated_by_bin", "treated_by_bin")),
    "placebo": (draw_placebo, ("placebo", "difference", "low", "high")),
    "survivorship": (draw_survivorship, ("exits_ahead", "waiting_digital", "waiting_physical", "horizon")),
    "anticipation": (draw_anticipation, ("low", "high", "change")),
    "instruments": (draw_instruments, ("treated_clusters", "least_clusters")),
    "design": (draw_design, ("balance_p",)),
    "displacement": (draw_displacement, ("share_treated_by_cluster",)),
    "bounds": (draw_bounds, ("lowest", "highest")),
}


def draw_gate(finding: Finding, words: Words) -> Picture | None:
    """Draw a finding; None where the gate had nothing to look at."""
    draw, needed = PLOTS.get(finding.gate, (draw_gauge, ()))
    if not all(name in finding.details for name in needed):
        draw = draw_gauge
    if draw in {draw_gauge, draw_instruments} and (finding.figure is None or finding.threshold is None):
        return None
    return draw(finding, words)


__all__ = ["draw_covariates_balance", "draw_gate"]
