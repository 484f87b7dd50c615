"""Effects by pre-specified subgroup, and the test that they are equal.

1. A subgroup is a union of strata by level of something known before randomisation; each has its stratified
   difference.
2. The claim that an effect differs rests on the interaction test, never on one subgroup being significant and
   another not: a Wald test that all subgroup effects are equal, from independent subgroups.
3. With two subgroups the difference of their effects is an estimate of its own (pause exposure: exposed minus never
   exposed).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from analysis.estimate.cells import codes, tabulate
from analysis.estimate.difference import stratified_difference
from analysis.estimate.result import (
    DegenerateError,
    Estimate,
    HypothesisTest,
    NotEstimable,
    Result,
    estimated,
    estimator,
)

NAME = "subgroup-interaction"


@dataclass(frozen=True)
class Subgroups:
    """The effect in each level, and the test that they are equal."""

    effects: dict[str, Result]
    equality: HypothesisTest | NotEstimable


def subgroup_effects(
    y: npt.ArrayLike,
    treated: npt.ArrayLike,
    stratum: npt.ArrayLike,
    group: npt.ArrayLike,
    *,
    level: float,
    arms: tuple[str, str] = ("control", "treated"),
) -> Subgroups:
    """Estimate the effect in each level of a group, and test that all are equal."""
    outcome, taken, strata = np.asarray(y, dtype=np.float64), np.asarray(treated, dtype=bool), np.asarray(stratum)
    names, levels = codes(group)
    effects: dict[str, Result] = {}
    for code, name in enumerate(names):
        own = levels == code
        try:
            cells = tabulate(outcome[own], taken[own], strata[own], arms=arms)
            effects[name] = stratified_difference(cells, level=level)
        except DegenerateError as degenerate:
            effects[name] = NotEstimable(degenerate.reason, NAME)
    return Subgroups(effects, equality(effects))


@estimator(NAME)
def equality(effects: dict[str, Result]) -> HypothesisTest | NotEstimable:
    """Test that independent effects are equal (Cochran's Q)."""
    known = _all_known(effects)
    weights = np.array([1 / effect.se**2 for effect in known])
    values = np.array([effect.value for effect in known])
    common = float((weights * values).sum() / weights.sum())
    statistic, df = float((weights * (values - common) ** 2).sum()), len(known) - 1
    sizes = {arm: sum(effect.n[arm] for effect in known) for arm in known[0].n}
    return HypothesisTest(statistic, float(special.chdtrc(df, statistic)), NAME, sizes, df=df)


@estimator(NAME)
def difference_of_effects(effects: dict[str, Result], first: str, second: str, *, level: float) -> Result:
    """Estimate the effect in `second` minus the effect in `first`."""
    one, other = _all_known({name: effects[name] for name in (first, second)})
    sizes = {arm: one.n[arm] + other.n[arm] for arm in one.n}
    return estimated(
        other.value - one.value, one.se**2 + other.se**2, level=level, n=sizes, se_type=one.se_type, estimator=NAME
    )


def _all_known(effects: dict[str, Result]) -> list[Estimate]:
    if len(effects) < 2:
        raise DegenerateError("an interaction needs at least two subgroups")
    for name, effect in effects.items():
        if isinstance(effect, NotEstimable):
            raise DegenerateError(f"subgroup {name} has no estimate: {effect.reason}")
    return [effect for effect in effects.values() if isinstance(effect, Estimate)]
