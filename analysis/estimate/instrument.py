"""Non-compliance: two-stage least squares with the arm as instrument for the dose, strata absorbed, from cells.

1. The estimate is the effect of one unit of dose among those whose dose the arm moves (Imbens & Angrist 1994; with a
   dose in several steps a weighted average of unit effects, Angrist & Imbens 1995).
2. With the dose `share_physical` a positive effect means that physical conversations raise the outcome. The arm
   `digital` lowers the dose: the effect of assignment and the effect of the dose then have opposite signs.
3. Residuals use the dose itself, scores the instrument, leverage the first-stage fit; conventions as in `robust`.
4. The first stage is reported with the same kind of standard error; its F is the square of t, with one instrument
   also the effective F of Montiel Olea & Pflueger (2013). An arm that moves no dose gives NotEstimable.
"""

from dataclasses import dataclass

import numpy as np

from analysis.estimate.cells import Cells, Floats
from analysis.estimate.difference import check_varies
from analysis.estimate.regression import parameters, residualised_arm, strata_means
from analysis.estimate.result import ROUNDING, DegenerateError, Estimate, NotEstimable, Result, estimated, estimator
from analysis.estimate.robust import Fit, variance

NAME = "two-stage-least-squares"
FIRST_STAGE = "first-stage"
WEAK_F = 10.0


@dataclass(frozen=True)
class FirstStage:
    """The effect of the arm on the dose, and the F of the instrument."""

    effect: Estimate
    f: float

    @property
    def weak(self) -> bool:
        """Tell whether the instrument is weak by the usual yardstick (F below 10)."""
        return self.f < WEAK_F


@estimator(NAME)
def two_stage(cells: Cells, *, se_type: str, level: float) -> Result:
    """Estimate the effect of one unit of dose; `cells` must have been tabulated with the dose."""
    mass, arm = residualised_arm(cells)
    y_means, d_means = strata_means(cells, cells.y, mass), strata_means(cells, cells.d, mass)
    scale = float((cells.weight * arm * (cells.d - cells.n * d_means[cells.stratum])).sum())
    _check_moves(cells, scale, mass)
    effect = float((cells.weight * arm * (cells.y - cells.n * y_means[cells.stratum])).sum()) / scale
    level_of = (y_means - effect * d_means)[cells.stratum]
    residual = cells.y - effect * cells.d - cells.n * level_of
    squares = _residual_squares(cells, effect, level_of)
    check_varies(float((cells.weight * squares).sum()), cells)
    squared, df = variance(Fit(cells, arm, residual, squares, scale, mass, parameters(cells)), se_type)
    stage = first_stage(cells, se_type=se_type, level=level)
    f = {"first_stage_f": stage.f} if isinstance(stage, FirstStage) else {}
    notes = (f"weak instrument: F {f['first_stage_f']:.1f}",) if f and f["first_stage_f"] < WEAK_F else ()
    return estimated(
        effect, squared, level=level, n=cells.per_arm(), se_type=se_type, estimator=NAME, df=df, notes=notes, extra=f
    )


@estimator(FIRST_STAGE)
def first_stage(cells: Cells, *, se_type: str, level: float) -> FirstStage | NotEstimable:
    """Estimate the effect of the arm on the dose."""
    mass, arm = residualised_arm(cells)
    means = strata_means(cells, cells.d, mass)
    scale = float((cells.weight * cells.n * arm**2).sum())
    moved = float((cells.weight * arm * (cells.d - cells.n * means[cells.stratum])).sum())
    _check_moves(cells, moved, mass)
    fitted = means[cells.stratum] + moved / scale * arm
    squares = np.maximum(cells.dd - 2 * fitted * cells.d + cells.n * fitted**2, 0)
    if (cells.weight * squares).sum() <= ROUNDING * (cells.weight * cells.dd).sum():
        raise DegenerateError("everybody complied: the arm decides the dose, and no standard error exists")
    fit = Fit(cells, arm, cells.d - cells.n * fitted, squares, scale, mass, parameters(cells))
    squared, df = variance(fit, se_type)
    effect = estimated(
        moved / scale, squared, level=level, n=cells.per_arm(), se_type=se_type, estimator=FIRST_STAGE, df=df
    )
    return FirstStage(effect, (effect.value / effect.se) ** 2)


def _check_moves(cells: Cells, moved: float, mass: Floats) -> None:
    spread = float((cells.weight * cells.dd).sum()) * float(mass.sum())
    if moved**2 <= ROUNDING**2 * spread:
        raise DegenerateError("the arm does not move the dose: nothing can be said of the dose's effect")


def _residual_squares(cells: Cells, effect: float, level_of: Floats) -> Floats:
    squares = (
        cells.yy + effect**2 * cells.dd + cells.n * level_of**2
        - 2 * effect * cells.dy - 2 * level_of * cells.y + 2 * effect * level_of * cells.d
    )  # fmt: skip
    return np.maximum(squares, 0)
