"""Who could guess the next arm, how often each would be right, and who of them is decisive.

1. Each guesser knows the past of some place and names an arm. He converges: names the arm furthest behind its share;
   counts: names the arm most probable given the counts there and the declared procedure; or repeats: names the arm
   that came most often. Between equals he tosses a coin.
2. In the field are those who know the past of their own stratum or their own jobcentre (the place a procedure deals
   clusters or markets to, where it does), and the trial's totals. Predictability is the rate of the best of them: the
   decisive guesser, whose rate is held against the protocol's budget, by the advice and by the dry run alike.
3. Who holds everything recorded, of every jobcentre, is nobody in the field and is shown beside. He is decisive in
   two cases: in a cluster design, where knowing the clusters' arms takes no record; and where all arrivals come to
   one place and the procedure sees the whole trial, for then that place's past is everything.
4. Within strata and markets rates are exact where the procedure has a chain (`exact.py`, `markets.py`), else
   simulated (`simulate.py`). Who counts is at least as good as who converges or repeats: where his rate is exact
   theirs is not simulated beside it, unless the chain had to be cut.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from trial.design.compare import expected_over_strata, longest, most_in_a_stratum
from trial.design.exact import Position, positions
from trial.design.forecast import Forecast
from trial.design.markets import positions_in_market
from trial.design.simulate import KNOWS, Figure, own_place
from trial.procedures import Procedure

EVERYTHING = "everything recorded"
IN_MARKET = 400  # citizens of a market followed: by then its share is known, or too near the others to matter


@dataclass(frozen=True)
class Guess:
    """A guesser, what he knows, and how often he is right; se is 0 where the figure is exact."""

    guesser: str
    knows: str
    correct: float
    se: float
    method: str

    @property
    def words(self) -> str:
        """Who it is: `counts, own jobcentre`."""
        return f"{self.guesser}, {self.knows}"


def guesses(
    procedure: Procedure, forecast: Forecast, figures: dict[str, Figure], in_strata: Sequence[Position]
) -> tuple[Guess, ...]:
    """Give every guesser with his rate under a forecast.

    figures: of `simulate`. in_strata: the stratum's positions as far as they are followed, none without a chain.
    """
    found, told = _exact(forecast, in_strata, "stratum"), {"stratum"} if in_strata else set()
    if place := own_place(procedure, forecast):
        markets = forecast.by(place)
        length = min(longest(markets), IN_MARKET)
        chain = positions_in_market(procedure, length)
        found += _exact(markets, chain, place.name)
        told |= {"place"} if len(chain) == length else set()
    return (*found, *simulated(procedure, forecast, figures, told))


def simulated(
    procedure: Procedure, forecast: Forecast, figures: dict[str, Figure], told: Collection[str] = ()
) -> tuple[Guess, ...]:
    """Give the guessers of the simulation, save those of places of which the exact rate is told."""
    place = own_place(procedure, forecast)
    names = {"stratum": "own stratum", "place": f"own {place.name if place else 'place'}", "trial": "whole trial"}
    found = [
        _simulated(guesser, names[knows], figures[f"guess {guesser} {knows}"])
        for knows in KNOWS
        for guesser in ("converges", "repeats")
        if (guesser, knows) != ("repeats", "trial") and knows not in told
    ]
    if not procedure.together_in_batches:
        found.append(_simulated("counts", EVERYTHING, figures["guess everything"]))
    return tuple(found)


def in_one_place(procedure: Procedure, length: int) -> tuple[Guess, ...]:
    """Give the exact guessers of one stratum, or one market, of so many citizens; none without a chain."""
    strata, markets = positions(procedure, length), positions_in_market(procedure, length)
    factor = str(getattr(procedure, "factor", "stratum"))
    return tuple(
        Guess(guesser, f"own {place}", sum(rates) / len(rates), 0.0, _method(len(rates), length, place))
        for place, chain in (("stratum", strata), (factor, markets))
        for guesser, rates in _rates(chain)
    )


def in_the_field(procedure: Procedure, forecast: Forecast, known: Sequence[Guess]) -> list[Guess]:
    """Give the guessers one of whom is decisive (rules 2 and 3)."""
    place = own_place(procedure, forecast)
    places = sum(share > 0 for share in forecast.by(place).shares.values()) if place else 1
    one_office = procedure.scope == "trial" and procedure.name != "saturation" and places == 1
    holds_all = procedure.name == "cluster" or one_office
    return [guess for guess in known if holds_all or guess.knows != EVERYTHING]


def exceeds(rate: float, budget: float) -> bool:
    """Tell whether a guess rate is above the budget, by more than the rounding of a mean."""
    return rate > budget + 1e-9


def less(procedure: Procedure) -> str:
    """Say how a design becomes less predictable, or how the protocol allows what it is."""
    deliberately = "raise randomisation.predictability_budget deliberately"
    if procedure.name == "saturation":
        return f"choose less extreme shares (nearer to each other), or {deliberately}: markets show their share"
    if procedure.name == "cluster":
        return f"{deliberately}, or declare a procedure that draws every citizen"
    if not procedure.arms.equal:
        most = max(procedure.arms.target.values())
        return f"{deliberately}: who always names the larger arm is right in {float(most):.3f}"
    return f"declare a wider tolerance or a smaller probability, or simple@1; or {deliberately}"


def _exact(forecast: Forecast, chain: Sequence[Position], place: str) -> list[Guess]:
    method = _method(len(chain), most_in_a_stratum(forecast), place)
    return [
        Guess(guesser, f"own {place}", expected_over_strata(forecast, rates), 0.0, method)
        for guesser, rates in _rates(chain)
    ]


def _rates(chain: Sequence[Position]) -> list[tuple[str, list[float]]]:
    if not chain:
        return []
    return [("converges", [one.converges for one in chain]), ("counts", [one.counts for one in chain])]


def _method(followed: int, length: int, place: str) -> str:
    return "exact" if followed >= length else f"exact to citizen {followed} of a {place}"


def _simulated(guesser: str, knows: str, figure: Figure) -> Guess:
    return Guess(guesser, knows, figure.mean, figure.se, "monte-carlo")
