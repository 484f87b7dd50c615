"""One number a citizen for a time to exit, whose difference between arms is what a curve or a rank test compares.

1. The restricted mean score is the citizen's influence on the restricted mean of all citizens together: its mean is 0
   and the difference of its arm means is, to first order, the difference of the restricted means.
2. The log-rank score is the citizen's exit minus the hazard gathered until then, all citizens together: its sum over
   an arm is observed minus expected exits.
3. Both are functions of week and exit alone. Under no effect for anybody they are fixed numbers, so a replay of the
   design gives the exact distribution of any statistic made of them.
"""

import numpy as np
import numpy.typing as npt

from analysis.estimate.cells import Floats
from analysis.estimate.counts import whole
from analysis.estimate.kaplan_meier import survival
from analysis.estimate.result import DegenerateError


def restricted_mean_scores(week: npt.ArrayLike, event: npt.ArrayLike, *, by_week: int) -> Floats:
    """Give each citizen's influence on the restricted mean weeks before exit."""
    weeks, exited, at_risk, out = _together(week, event)
    if by_week > at_risk.size:
        at_risk, out = (np.pad(values, (0, by_week - at_risk.size)) for values in (at_risk, out))
    at_risk, out = at_risk[:by_week], out[:by_week]
    curve, _ = survival(at_risk, out)
    area = curve[::-1].cumsum()[::-1]
    staying = np.maximum(at_risk - out, 0).astype(np.float64)
    # Weeks in which everybody left have no area after them: nothing is divided there.
    weight = np.divide(area * len(weeks), staying, out=np.zeros(by_week), where=staying > 0)
    hazard = out / np.maximum(at_risk, 1)
    gathered = np.cumsum(weight * hazard)
    last = np.minimum(weeks, by_week - 1)
    own = np.where(exited & (weeks < by_week), weight[last], 0.0)
    return np.asarray(gathered[last] - own, dtype=np.float64)


def log_rank_scores(week: npt.ArrayLike, event: npt.ArrayLike) -> Floats:
    """Give each citizen's exit minus the hazard gathered until then."""
    weeks, exited, at_risk, out = _together(week, event)
    gathered = np.cumsum(out / np.maximum(at_risk, 1))
    return np.asarray(exited - gathered[weeks], dtype=np.float64)


def _together(
    week: npt.ArrayLike, event: npt.ArrayLike
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    weeks, exited = whole(week, "week of exit or censoring"), whole(event, "cause of exit") == 1
    if not len(weeks):
        raise DegenerateError("no citizen has an observed duration")
    leaving, out = np.bincount(weeks), np.bincount(weeks[exited], minlength=int(weeks.max()) + 1)
    return weeks, exited, leaving[::-1].cumsum()[::-1], out
