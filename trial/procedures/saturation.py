"""Two-stage saturation: each market (a jobcentre) draws the share of its citizens that get the second arm.

1. The market is the level of one declared factor. Its share is drawn when its first unit arrives: the shares
   declared are dealt out in rounds, each share once a round; the draw below (shares left in the round) at step
   (markets so far) with purpose "saturation" takes one of those left, in their declared order.
2. Within the market the units are drawn by a procedure of its own at that share; whatever that procedure draws
   beside arms has the market's name before its purpose, "0461:slot".
3. A share of 0 or 1 makes a market in which everybody has the same arm: pure controls tell spill-over from effect.
4. The mean of the declared shares is the second arm's share of the ratio, else the trial's ratio would not be kept:
   refused. Before its market is drawn every citizen has exactly the declared probability of each arm.
5. Recorded are the probabilities given the market's share; the share is part of the state, replayed like any other
   draw.

Two arms. Crépon et al. (2013), QJE 128, 531-580; Baird et al. (2018), REStat 100, 844-860.
"""

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar

from trial.procedures.arms import Arms, Factor, Probabilities, Unit, check_unit
from trial.procedures.draws import Draw, Named
from trial.procedures.inner import check_factor, inner
from trial.procedures.parameters import exact, listed, parameter, refuse, text
from trial.procedures.procedure import Procedure, Scope, State


def share(name: str, value: object) -> Fraction:
    """Read a share from 0 to 1."""
    number = exact(value)
    if number is None or not 0 <= number <= 1:
        raise refuse(name, "shares from 0 to 1", value, f'{name} = ["1/4", "1/2", "3/4"]')
    return number


@dataclass(frozen=True)
class Saturation(Procedure):
    """A drawn share a market, then citizens at that share."""

    name: ClassVar[str] = "saturation"
    scope: ClassVar[Scope] = "trial"
    factors: tuple[Factor, ...]
    factor: str = parameter(text)
    shares: tuple[Fraction, ...] = parameter(listed(share, "shares"))
    within: Any = parameter(inner)

    def check(self) -> None:
        """Refuse shares that do not keep the ratio, and build the procedure of each share."""
        check_factor(self.factor, self.factors)
        if len(self.arms.names) != 2 or sum(self.shares) / len(self.shares) != self.arms.target[self.arms.names[1]]:
            must = f"shares of the second of two arms whose mean is its share {self.arms.target[self.arms.names[1]]}"
            raise refuse("shares", must, [str(one) for one in self.shares], 'shares = ["1/4", "1/2", "3/4"] for 1:1')
        _ = self.procedures  # builds the procedure of every share, or refuses it

    @cached_property
    def procedures(self) -> dict[Fraction, Procedure | None]:
        """The procedure within a market of each share; None where everybody has the same arm."""
        return {
            one: self.within(Arms(self.arms.names, (one.denominator - one.numerator, one.numerator)))
            if 0 < one < 1
            else None
            for one in self.shares
        }

    def begin(self) -> State:
        """Start with no market."""
        return {"shares": {}, "within": {}}

    def probabilities(self, state: State, unit: Unit, draw: Draw) -> Probabilities:
        """Give the probabilities within the unit's market, at its share."""
        market, drawn = self._market(state, unit, draw)
        procedure = self.procedures[drawn]
        if procedure is None:
            return Probabilities({self.arms.names[0]: 1 - drawn, self.arms.names[1]: drawn})
        return procedure.probabilities(self._within(state, market, procedure), unit, Named(draw, market))

    def advance(self, state: State, unit: Unit, arm: str, draw: Draw) -> State:
        """Keep the market's share, and what has happened within it."""
        market, drawn = self._market(state, unit, draw)
        procedure, after = self.procedures[drawn], state
        if market not in state["shares"]:
            after = {**state, "shares": {**state["shares"], market: str(drawn)}}
        if procedure is None:
            return after
        before = self._within(state, market, procedure)
        now = procedure.advance(before, unit, arm, Named(draw, market))
        return {**after, "within": {**after["within"], market: now}}

    def _market(self, state: State, unit: Unit, draw: Draw) -> tuple[str, Fraction]:
        """Give the unit's market and its share, drawn where the market is new."""
        check_unit(unit, self.factors)
        market, drawn = unit.levels[self.factor], state["shares"]
        if market in drawn:
            return market, Fraction(drawn[market])
        dealt = Counter(Fraction(one) for one in drawn.values())
        least = min(dealt[one] for one in self.shares)
        left = [one for one in self.shares if dealt[one] == least]
        return market, left[draw.below(len(left), len(drawn), "saturation")]

    def _within(self, state: State, market: str, procedure: Procedure) -> State:
        found: State = state["within"].get(market) or procedure.begin()
        return found
