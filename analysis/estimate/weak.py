"""Anderson-Rubin: a confidence set for the effect of the dose that holds however weak the instrument is.

1. An effect b is in the set when the arm does not move y - b d: a test of a difference, of the right size whatever
   the first stage, with robust errors of the declared kind (Anderson & Rubin 1949; Andrews, Stock & Sun 2019).
2. The set solves a quadratic inequality: an interval, two rays (everything but an interval), or the whole line. The
   last two mean that the data do not bound the effect; the set is reported as it is, never cut to an interval.
"""

import math
from dataclasses import dataclass, replace

from analysis.estimate.cells import Cells
from analysis.estimate.regression import fit_arm
from analysis.estimate.result import DegenerateError, NotEstimable, estimator, quantile
from analysis.estimate.robust import variance

NAME = "anderson-rubin"


@dataclass(frozen=True)
class ConfidenceSet:
    """kind `interval`: from low to high. `rays`: all up to low and all from high. `line`: every number."""

    kind: str
    low: float | None
    high: float | None
    level: float
    se_type: str

    def __contains__(self, effect: float) -> bool:
        """Tell whether an effect is in the set."""
        if self.low is None or self.high is None:
            return True
        return self.low <= effect <= self.high if self.kind == "interval" else not self.low < effect < self.high


@estimator(NAME)
def anderson_rubin(cells: Cells, *, se_type: str, level: float) -> ConfidenceSet | NotEstimable:
    """Give the set of effects of one unit of dose that the data do not reject."""
    if not cells.dd.sum() > 0:
        raise DegenerateError("nobody has any dose")
    # The dose is brought to the outcome's scale, so that sums and differences of the two keep their digits.
    scale = math.sqrt(cells.total_squares() / float((cells.weight * cells.dd).sum()))
    if not scale > 0:
        raise DegenerateError("every citizen has the same outcome")
    (y, var_y, df), (minus, var_minus, _), (_, var_plus, _) = (
        _slope(subtract(cells, effect * scale), se_type) for effect in (0.0, 1.0, -1.0)
    )
    d, var_d, cov = y - minus, (var_minus + var_plus) / 2 - var_y, (var_plus - var_minus) / 4
    critical = quantile(0.5 + level / 2, df) ** 2
    # (y - b d)² <= critical (var_y - 2 b cov + b² var_d), as a b² + 2 h b + c <= 0
    a, h, c = d**2 - critical * var_d, critical * cov - y * d, y**2 - critical * var_y
    return _region(a, h, c, scale, level=level, se_type=se_type)


def subtract(cells: Cells, effect: float) -> Cells:
    """Give the cells of y minus the effect times the dose."""
    return replace(cells, y=cells.y - effect * cells.d, yy=cells.yy - 2 * effect * cells.dy + effect**2 * cells.dd)


def _slope(cells: Cells, se_type: str) -> tuple[float, float, float]:
    slope, fit = fit_arm(cells)
    return slope, *variance(fit, se_type)


def _region(a: float, h: float, c: float, scale: float, *, level: float, se_type: str) -> ConfidenceSet:
    discriminant = h**2 - a * c
    if a == 0 or discriminant <= 0:
        return ConfidenceSet("line", None, None, level, se_type)
    root = math.sqrt(discriminant)
    # The root that does not cancel first; the other from the product of the two.
    first = (-h - math.copysign(root, h)) / a
    second = c / (a * first) if first else 0.0
    low, high = sorted((first * scale, second * scale))
    return ConfidenceSet("interval" if a > 0 else "rays", low, high, level, se_type)
