"""Biased coins: what leads to balance is favoured by fixed odds.

1. One favoured slot among K has the declared probability p: its odds against each other slot are (K - 1) p / (1 -
   p).
2. Several favoured slots share those odds each; when all are favoured, all are equally likely. What is favoured is
   therefore never less likely than what is not, however many there are.
3. p lies above 1 / K (below, balance would be hindered) and below 1 (at 1 the next arm would be certain).
"""

from fractions import Fraction
from functools import lru_cache
from typing import Any

from trial.procedures.arms import Arms
from trial.procedures.parameters import between, parameter, refuse


def coin() -> Any:
    """Declare the parameter p of a biased coin."""
    return parameter(between(0, 1))


def check_probability(arms: Arms, p: Fraction) -> None:
    """Refuse a coin that does not favour (rule 3)."""
    if p * arms.total <= 1:
        must = f"above 1/{arms.total}, with {arms.total} slots"
        raise refuse("probability", must, str(p), "probability = 0.8")


@lru_cache(maxsize=1 << 10)
def favour(favoured: tuple[bool, ...], p: Fraction) -> tuple[int, ...]:
    """Weigh the slots by rule 1, in whole numbers."""
    if all(favoured):
        return (1,) * len(favoured)
    odds = (len(favoured) - 1) * p / (1 - p)
    return tuple(odds.numerator if one else odds.denominator for one in favoured)
