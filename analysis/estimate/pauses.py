"""The hypothetical estimand without pauses: follow-up ends at the first pause, others stand for those paused.

1. A citizen whose municipality pauses in week p is followed through week p - 1. Whoever is still followed in a week
   is weighted by one over the chance of not having been paused until then, among citizens of the same arm and
   group.
2. The weights are right when pauses fall independently of the exit among citizens of one group: the group should
   hold what decides a pause and is tied to work (region, season). Without any variation of pauses within a group
   there is nobody left to stand for others: NotEstimable, by name.
3. Curves and restricted means follow from weighted counts; standard errors from a seeded bootstrap of citizens
   within arm and group, the weights estimated anew in each draw.
"""

import numpy as np
import numpy.typing as npt

from analysis.estimate.cells import Floats, Ints, codes
from analysis.estimate.result import DegenerateError, Result, estimated, estimator

NAME = "inverse-probability-of-pause"


@estimator(NAME)
def restricted_mean_without_pauses(
    week: npt.ArrayLike,
    event: npt.ArrayLike,
    paused_week: npt.ArrayLike,
    treated: npt.ArrayLike,
    group: npt.ArrayLike,
    *,
    by_week: int,
    level: float,
    seed: int,
    draws: int = 500,
    arms: tuple[str, str] = ("control", "treated"),
) -> Result:
    """Estimate the difference in restricted mean weeks before exit had there been no pause.

    paused_week: the first week in which the citizen's municipality paused, NaN where none did.
    """
    names, groups = codes(group)
    kind, last = _kinds(week, event, paused_week, by_week)
    shape = (2, len(names), 3, by_week + 1)
    flat = np.ravel_multi_index((np.asarray(treated, dtype=np.int64), groups, kind, last), shape)
    table = np.bincount(flat, minlength=int(np.prod(shape))).reshape(shape)
    if not (table.sum(axis=(1, 2, 3)) > 0).all():
        raise DegenerateError("one of the arms has no citizen")
    value = _difference(table.astype(np.float64), names)
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(draws):
        try:
            found.append(_difference(_resampled(table, rng), names))
        except DegenerateError:
            continue
    if len(found) < max(2, draws / 2):
        raise DegenerateError("the groups are too small for a bootstrap: most draws leave nobody followed")
    sizes = {arm: int(table[index].sum()) for index, arm in enumerate(arms)}
    paused = int(table[:, :, 2].sum())
    return estimated(
        value, float(np.var(found, ddof=1)), level=level, n=sizes, se_type="bootstrap", estimator=NAME,
        notes=(f"{paused} citizens followed until their first pause", f"{draws} bootstrap draws, seed {seed}"),
    )  # fmt: skip


def _kinds(week: npt.ArrayLike, event: npt.ArrayLike, paused_week: npt.ArrayLike, by_week: int) -> tuple[Ints, Ints]:
    """Give the kind of each end (0 other, 1 exit, 2 pause) and the last week followed."""
    weeks, events = np.asarray(week, dtype=np.float64), np.asarray(event, dtype=np.float64)
    if not len(weeks) or np.isnan(weeks).any() or np.isnan(events).any():
        raise DegenerateError("every citizen needs a week of exit or censoring")
    paused = np.asarray(paused_week, dtype=np.float64)
    cut = np.where(np.isnan(paused), np.inf, paused) <= np.minimum(weeks, by_week)
    last = np.where(cut, paused - 1, np.minimum(weeks, by_week)).astype(np.int64)
    if (last < 0).any():
        raise DegenerateError("a week lies before randomisation")
    return np.where(cut, 2, np.where((events == 1) & (weeks <= by_week), 1, 0)), last


def _difference(table: Floats, groups: tuple[str, ...]) -> float:
    means = [_restricted(table[arm], groups) for arm in (0, 1)]
    return means[1] - means[0]


def _restricted(table: Floats, groups: tuple[str, ...]) -> float:
    """Give the restricted mean of one arm from its table group x kind x week."""
    leaving = table.sum(axis=1)
    at_risk = leaving[:, ::-1].cumsum(axis=1)[:, ::-1]
    exits, pauses = table[:, 1], table[:, 2]
    # Exits come before pauses of the same week: who exits is not at risk of being paused.
    staying = at_risk - exits
    stayed = np.cumprod(1 - np.divide(pauses, staying, out=np.zeros_like(staying), where=staying > 0), axis=1)
    chance = np.concatenate([np.ones((len(table), 1)), stayed[:, :-1]], axis=1)
    if (chance[:, 1:] <= 0).any():
        name = groups[int(np.flatnonzero((chance[:, 1:] <= 0).any(axis=1))[0])]
        raise DegenerateError(f"everybody still followed in group {name} was paused: nobody stands for them")
    risk, out = (at_risk / chance).sum(axis=0), (exits / chance).sum(axis=0)
    if (risk[1:] <= 0).any() and not _everybody_left(risk, out):
        raise DegenerateError("nobody is followed to the last week")
    hazard = np.divide(out, risk, out=np.zeros_like(risk), where=risk > 0)
    return float(np.cumprod(1 - hazard)[:-1].sum())


def _everybody_left(risk: Floats, out: Floats) -> bool:
    last = int(np.flatnonzero(risk > 0)[-1])
    return bool(out[last] >= risk[last] * (1 - 1e-12))


def _resampled(table: Ints, rng: np.random.Generator) -> Floats:
    """Draw citizens anew within each arm and group: multinomial counts over their cells."""
    drawn = np.zeros(table.shape)
    for arm in range(table.shape[0]):
        for group in range(table.shape[1]):
            own = table[arm, group]
            if own.sum():
                drawn[arm, group] = rng.multinomial(own.sum(), own.ravel() / own.sum()).reshape(own.shape)
    return drawn
