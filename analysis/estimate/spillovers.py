"""Spillovers under two-stage saturation: jobcentres drawn to a share of digital, then citizens within each.

1. `direct` compares the arms at one saturation; `spillover` compares the untreated there with those where nobody is
   treated; `total` is the treated there against the same; `overall` is everybody there against the same.
2. Means are over citizens; uncertainty is between jobcentres of one saturation (linearised, with k/(k-1)), because
   the jobcentre was drawn. Both arms of a jobcentre move together, and the variance of `direct` uses that.
3. Degrees of freedom are Satterthwaite's from the jobcentres of the saturations involved.
4. Individual randomisation alone has one saturation: it cannot show displacement, whatever its size. Hudgens &
   Halloran (2008); Baird, Bohren, McIntosh & Ozler (2018).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.estimate.cells import Floats, codes, sums
from analysis.estimate.linear import finite
from analysis.estimate.result import DegenerateError, NotEstimable, Result, estimated, estimator

NAME = "saturation"
SE_TYPE = "between jobcentres"
CANNOT_SHOW = "individual randomisation alone cannot show displacement: it needs jobcentres drawn to different shares"


@dataclass(frozen=True)
class SaturationEffects:
    """The effects at one share of digital, against jobcentres where nobody is."""

    saturation: float
    direct: Result
    spillover: Result
    total: Result
    overall: Result


@dataclass(frozen=True)
class _Group:
    """The jobcentres of one saturation: sums and numbers by jobcentre, of each arm."""

    sums: Floats  # arm x jobcentre
    numbers: Floats

    @property
    def centres(self) -> int:
        """The number of jobcentres."""
        return int(self.numbers.shape[1])

    def mean(self, arms: tuple[int, ...]) -> tuple[float, Floats, int]:
        """Give the mean over citizens of the arms, each jobcentre's part of its error, and the citizens."""
        total, number = self.sums[list(arms)].sum(axis=0), self.numbers[list(arms)].sum(axis=0)
        if number.sum() < 1:
            raise DegenerateError("nobody is in this arm at this saturation")
        value = float(total.sum() / number.sum())
        return value, (total - number * value) / number.sum(), int(number.sum())


def saturation_effects(
    y: npt.ArrayLike,
    treated: npt.ArrayLike,
    jobcentre: npt.ArrayLike,
    saturation: npt.ArrayLike,
    *,
    level: float,
    arms: tuple[str, str] = ("control", "treated"),
) -> tuple[SaturationEffects, ...] | NotEstimable:
    """Estimate direct, spillover, total and overall effects at every saturation above 0."""
    try:
        groups = _groups(y, treated, jobcentre, saturation)
    except DegenerateError as degenerate:
        return NotEstimable(degenerate.reason, NAME)
    none, found = groups.get(0.0), []
    for share in sorted(share for share in groups if share > 0):
        own = groups[share]
        found.append(SaturationEffects(
            share,
            _within(own, level=level, arms=arms),
            _between(own, (0,), none, level=level, arms=arms),
            _between(own, (1,), none, level=level, arms=arms),
            _between(own, (0, 1), none, level=level, arms=arms),
        ))  # fmt: skip
    return tuple(found)


def _groups(
    y: npt.ArrayLike, treated: npt.ArrayLike, jobcentre: npt.ArrayLike, saturation: npt.ArrayLike
) -> dict[float, _Group]:
    outcome, taken = finite(y, "outcome"), np.asarray(treated, dtype=bool)
    share, (names, centres) = finite(saturation, "saturation"), codes(jobcentre)
    own = np.full(len(names), np.nan)
    own[centres] = share
    if (own[centres] != share).any():
        raise DegenerateError("a jobcentre has more than one saturation")
    if len(set(own.tolist())) < 2:
        raise DegenerateError(CANNOT_SHOW)
    counted = [np.bincount(centres[taken == arm], minlength=len(names)) for arm in (False, True)]
    summed = [sums(centres[taken == arm], outcome[taken == arm], len(names)) for arm in (False, True)]
    return {
        float(level): _Group(np.stack(summed)[:, own == level], np.stack(counted)[:, own == level].astype(np.float64))
        for level in set(own.tolist())
    }


@estimator(NAME)
def _within(group: _Group, *, level: float, arms: tuple[str, str]) -> Result:
    """Second arm minus first at one saturation; both arms of a jobcentre are drawn together."""
    (against, error_against, n_against), (of, error_of, n_of) = group.mean((0,)), group.mean((1,))
    variance = _variance(error_of - error_against)
    return estimated(
        of - against, variance, level=level, n={arms[0]: n_against, arms[1]: n_of}, se_type=SE_TYPE, estimator=NAME,
        df=float(group.centres - 1),
    )  # fmt: skip


@estimator(NAME)
def _between(
    group: _Group, chosen: tuple[int, ...], none: _Group | None, *, level: float, arms: tuple[str, str]
) -> Result:
    """Some arms at one saturation minus everybody where nobody is treated."""
    if none is None:
        raise DegenerateError("no jobcentre has saturation 0: there is nobody to compare with who is not exposed")
    (value, error, n), (base, error_base, n_base) = group.mean(chosen), none.mean((0, 1))
    parts = [(_variance(error), group.centres - 1), (_variance(error_base), none.centres - 1)]
    total = sum(part for part, _ in parts)
    if total <= 0:
        raise DegenerateError("the jobcentres do not differ: no standard error exists")
    df = total**2 / sum(part**2 / left for part, left in parts)
    return estimated(
        value - base, total, level=level, n={arms[0]: n_base, arms[1]: n}, se_type=SE_TYPE, estimator=NAME, df=df
    )


def _variance(error: Floats) -> float:
    if len(error) < 2:
        raise DegenerateError("a saturation has fewer than 2 jobcentres: no uncertainty between them can be seen")
    return float((error**2).sum() * len(error) / (len(error) - 1))
