"""Permuted blocks: balanced blocks, each in random order; a block is drawing without replacement.

1. A block of size b holds every arm in its ratio. Within a block the probability of an arm is its remainder over
   the remainder of the block: every order of the block is equally likely.
2. With several sizes the size of each block is drawn, all sizes equally likely: block number k (from 0) takes the
   draw below the number of sizes at step k with purpose "block-size", and that size of the declared list.
3. The state is the count of each arm and nothing else. Which block one stands in, and how much of it is left,
   follows from the counts and the keyed sizes; it is computed when asked for and stored nowhere.

Any number of arms; a size is a multiple of the sum of the (reduced) ratio. Blocks of {2, 4, 6} hardly hinder
someone who counts (.70 against .71 for blocks of 4): see `trial design`. Zelen (1974), Journal of Chronic Diseases
27, 365-375; Rosenberger & Lachin (2002).
"""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from operator import itemgetter, sub
from typing import ClassVar

from trial.procedures.arms import Probabilities, Unit
from trial.procedures.draws import Draw
from trial.procedures.parameters import listed, parameter, refuse, whole
from trial.procedures.procedure import Procedure, State, counted


@dataclass(frozen=True)
class PermutedBlock(Procedure):
    """Balanced blocks, each in random order."""

    name: ClassVar[str] = "permuted-block"
    sizes: tuple[int, ...] = parameter(listed(whole(at_least=2), "block sizes"))

    def check(self) -> None:
        """Refuse a size in which the ratio has no place."""
        for size in self.sizes:
            if size % self.arms.total:
                must = f"multiples of {self.arms.total}, the sum of the ratio"
                raise refuse("sizes", must, size, f"sizes = [{2 * self.arms.total}]")

    def begin(self) -> State:
        """Start with every arm at 0."""
        return dict.fromkeys(self.arms.names, 0)

    def probabilities(self, state: State, unit: Unit, draw: Draw) -> Probabilities:
        """Give each arm its remainder in the present block."""
        counts = self._counts(state)
        return self.arms.weighed(tuple(map(sub, self._quotas(self._end(sum(counts), draw)), counts)))

    def advance(self, state: State, unit: Unit, arm: str, draw: Draw) -> State:
        """Count the arm."""
        return counted(state, arm)

    def _end(self, done: int, draw: Draw) -> int:
        """Give where the present block ends, counted in units of the scope."""
        if len(self.sizes) == 1:
            return done - done % self.sizes[0] + self.sizes[0]
        ends: list[int] = draw.memo.setdefault(self._memo, [0])
        while ends[-1] <= done:
            ends.append(ends[-1] + self.sizes[draw.below(len(self.sizes), len(ends) - 1, "block-size")])
        return ends[bisect_right(ends, done)]

    @cached_property
    def _memo(self) -> str:
        return f"block-ends {self.sizes}"

    @cached_property
    def _counts(self) -> Callable[[State], tuple[int, ...]]:
        """Gives the counts in the arms' order, whatever the order of the state."""
        return itemgetter(*self.arms.names)

    @cached_property
    def _quotas(self) -> Callable[[int], tuple[int, ...]]:
        """Gives how many of each arm there are when so many units are done and the block is full."""
        return lru_cache(maxsize=1 << 14)(lambda end: tuple(end * one // self.arms.total for one in self.arms.ratio))
