"""Difference-in-differences over a shutdown: two-way fixed effects on jobcentre x period cells.

1. Cells hold the mean outcome, the treatment (0/1, or the share treated) and the citizens; `cell_means` makes them
   from persons. The regression is weighted by citizens unless the cells say otherwise.
2. The effect is the coefficient of the treatment beside a dummy for every unit and every period; standard errors are
   clustered by unit (CR0, CR1, CR1-nested, CR1-groups: names and conventions of `robust`; in CR1-nested the unit
   dummies, nested in their clusters, are not counted).
3. It rests on parallel trends and on one effect for all: where effects differ between units or over time it can have
   any sign. `staggered` says what it averages here.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.estimate.cells import Floats, Ints, codes, sums
from analysis.estimate.dummies import project
from analysis.estimate.linear import Rows, finite, solve
from analysis.estimate.result import DegenerateError, Result, estimated, estimator
from analysis.estimate.robust import CR
from analysis.estimate.sandwich import combination_variance

TWO_WAY = "two-way-fixed-effects"
ARMS = ("untreated", "treated")


@dataclass(frozen=True)
class CellMeans:
    """Unit x period cells. outcome and treatment are means; citizens is the weight; unit and period are codes."""

    outcome: Floats
    treatment: Floats
    citizens: Floats
    unit: Ints
    period: Ints
    units: tuple[str, ...]
    periods: tuple[str, ...]

    def __len__(self) -> int:
        """Count cells."""
        return len(self.outcome)


def cell_means(
    outcome: npt.ArrayLike, treatment: npt.ArrayLike, unit: npt.ArrayLike, period: npt.ArrayLike
) -> CellMeans:
    """Average persons (or cells of weight one) by unit and period; cells without anybody do not exist."""
    y, d = finite(outcome, "outcome"), finite(treatment, "treatment")
    if not len(y):
        raise DegenerateError("no citizen has an observed outcome")
    (units, own), (periods, time) = codes(unit), codes(period)
    key = own * len(periods) + time
    present, place = np.unique(key, return_inverse=True)
    mass = np.bincount(place).astype(np.float64)
    return CellMeans(
        sums(place, y, len(present)) / mass, sums(place, d, len(present)) / mass, mass,
        present // len(periods), present % len(periods), units, periods,
    )  # fmt: skip


@estimator(TWO_WAY)
def two_way(
    cells: CellMeans,
    *,
    se_type: str,
    level: float,
    cluster: Sequence[int] | Ints | None = None,
    weighted: bool = True,
    arms: tuple[str, str] = ARMS,
) -> Result:
    """Estimate the two-way fixed effects coefficient of the treatment.

    se_type: CR0, CR1, CR1-nested or CR1-groups. cluster: a code for each unit (such as its region), the unit itself
    when None. weighted: by citizens, or every cell the same.
    """
    if se_type not in CR or se_type == "CR2":
        raise DegenerateError(
            f"no standard error of cells is called {se_type}: there are CR0, CR1, CR1-nested, CR1-groups"
        )
    weight = cells.citizens if weighted else np.ones(len(cells))
    fixed = project([cells.unit, cells.period], weight)
    moved = fixed.take_out(cells.treatment)
    groups = cells.unit if cluster is None else codes(np.asarray(cluster)[cells.unit])[1]
    rows = Rows(cells.outcome, cells.treatment[:, None], weight, groups, ("the treatment",))
    fit = solve(rows, fixed.take_out(cells.outcome), moved[:, None], absorbed=fixed.rank, base=None, strata=None)
    squared, df = combination_variance(fit, np.ones(1), "CR1" if se_type == "CR1-nested" else se_type)
    if se_type == "CR1-nested":
        left = len(cells) - fit.parameters
        squared *= left / (left + len(cells.units) - 1)
    n = _sizes(cells, arms)
    return estimated(float(fit.coefficients[0]), squared, level=level, n=n, se_type=se_type, estimator=TWO_WAY, df=df)


def _sizes(cells: CellMeans, arms: tuple[str, str]) -> dict[str, int]:
    treated = float(cells.citizens @ cells.treatment)
    return {arms[0]: round(float(cells.citizens.sum()) - treated), arms[1]: round(treated)}
