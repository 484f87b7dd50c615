"""Inverse-probability weights from the design: exact, never estimated.

1. Each citizen is weighted by one over the probability of the arm they got; the difference of the two weighted means
   (Hajek) with the robust standard error of the weighted regression.
2. The probabilities are those of the design: the chance, before anything was drawn, that this citizen gets this arm.
   A procedure that keeps its ratio at every place has the declared share as that chance, whatever the coin was when
   the citizen's turn came.
3. Where everybody has the same chance the weights are one number an arm and leave every mean as it is: CR2, which
   takes no weights, is then that of the plain difference.
4. A citizen who was certain of the arm has no weight to be computed with: refused, and counted.
"""

import numpy as np
import numpy.typing as npt

from analysis.estimate.cells import tabulate
from analysis.estimate.linear import finite
from analysis.estimate.regression import fit_arm
from analysis.estimate.result import DegenerateError, Result, estimated, estimator
from analysis.estimate.robust import variance

NAME = "inverse-probability-weights"


@estimator(NAME)
def weighted_difference(
    y: npt.ArrayLike,
    treated: npt.ArrayLike,
    probability: npt.ArrayLike,
    *,
    se_type: str,
    level: float,
    cluster: npt.ArrayLike | None = None,
    arms: tuple[str, str] = ("control", "treated"),
) -> Result:
    """Estimate the difference of weighted means; `probability` is that of the second arm for each citizen."""
    taken, chance = np.asarray(treated, dtype=bool), finite(probability, "probability")
    own = np.where(taken, chance, 1 - chance)
    certain = int(((chance <= 0) | (chance >= 1)).sum())
    if certain:
        raise DegenerateError(f"{certain} citizens were certain of their arm: no weight exists for them")
    one = np.zeros(len(taken), dtype=np.int64)
    plain = se_type == "CR2" and len(np.unique(chance)) == 1
    cells = tabulate(y, taken, one, arms=arms, weight=None if plain else 1 / own, cluster=cluster)
    value, fit = fit_arm(cells)
    squared, df = variance(fit, se_type)
    return estimated(value, squared, level=level, n=cells.per_arm(), se_type=se_type, estimator=NAME, df=df)
