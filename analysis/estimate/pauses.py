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

from analysis.estimate.cells import Bools, Floats, Ints, codes
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
    (value,), reasons = _differences(table[None].astype(np.float64), names)
    if reasons:
        raise DegenerateError(reasons[0])
    found, _ = _differences(_resampled(table, draws, np.random.default_rng(seed)), names)
    if len(found) < max(2, draws / 2):
        raise DegenerateError("the groups are too small for a bootstrap: most draws leave nobody followed")
    sizes = {arm: int(table[index].sum()) for index, arm in enumerate(arms)}
    paused = int(table[:, :, 2].sum())
    return estimated(
        float(value), float(np.var(found, ddof=1)), level=level, n=sizes, se_type="bootstrap", estimator=NAME,
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


def _differences(tables: Floats, groups: tuple[str, ...]) -> tuple[Floats, list[str]]:
    """Give the difference of each table (draws x arm x group x kind x week) that has one; why others have none."""
    means, reasons = np.zeros((2, len(tables))), []
    bad = np.zeros(len(tables), dtype=bool)
    for arm in (0, 1):
        means[arm], alone, nobody = _restricted(tables[:, arm])
        if alone.any():
            name = groups[int(np.flatnonzero(alone.any(axis=0))[0])]
            reasons.append(f"everybody still followed in group {name} was paused: nobody stands for them")
        if nobody.any():
            reasons.append("nobody is followed to the last week")
        bad |= alone.any(axis=1) | nobody
    values: Floats = means[1] - means[0]
    return (values if len(tables) == 1 else values[~bad]), reasons


def _restricted(table: Floats) -> tuple[Floats, Bools, Bools]:
    """Give the restricted means of one arm from tables draws x group x kind x week, and where there is none.

    The second part tells the groups in which nobody stands for those paused, the third whether all are lost early.
    """
    leaving = table.sum(axis=2)
    at_risk = leaving[..., ::-1].cumsum(axis=-1)[..., ::-1]
    exits, pauses = table[:, :, 1], table[:, :, 2]
    # Exits come before pauses of the same week: who exits is not at risk of being paused.
    staying = at_risk - exits
    stayed = np.cumprod(1 - np.divide(pauses, staying, out=np.zeros_like(staying), where=staying > 0), axis=-1)
    chance = np.concatenate([np.ones((*stayed.shape[:-1], 1)), stayed[..., :-1]], axis=-1)
    alone: Bools = np.asarray((chance[..., 1:] <= 0).any(axis=-1), dtype=np.bool_)
    chance = np.where(chance > 0, chance, 1.0)
    risk, out = (at_risk / chance).sum(axis=1), (exits / chance).sum(axis=1)
    last = risk.shape[1] - 1 - np.argmax(risk[:, ::-1] > 0, axis=1)
    rows = np.arange(len(risk))
    everybody_left = out[rows, last] >= risk[rows, last] * (1 - 1e-12)
    nobody = (risk[:, 1:] <= 0).any(axis=1) & ~everybody_left
    hazard = np.divide(out, risk, out=np.zeros_like(risk), where=risk > 0)
    return np.cumprod(1 - hazard, axis=1)[:, :-1].sum(axis=1), alone, nobody


def _resampled(table: Ints, draws: int, rng: np.random.Generator) -> Floats:
    """Draw citizens anew within each arm and group: multinomial counts over their cells."""
    drawn = np.zeros((draws, *table.shape))
    for arm in range(table.shape[0]):
        for group in range(table.shape[1]):
            own = table[arm, group]
            if own.sum():
                counts = rng.multinomial(own.sum(), own.ravel() / own.sum(), size=draws)
                drawn[:, arm, group] = counts.reshape(draws, *own.shape)
    return drawn
