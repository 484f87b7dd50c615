"""Design advice: what the declared randomisation lets staff guess and what balance it buys, before anybody is drawn.

1. Guess rates within the stratum are exact where the procedure counts within strata (`exact.py`), weighted by how
   many citizens each stratum is expected to get; everything else is simulated (`simulate.py`) and carries its
   error.
2. Predictability is the largest guess rate among those who can count: in the stratum, in the jobcentre, in the
   trial. In a cluster design it is that of someone who knows the clusters' arms. It is held against the protocol's
   budget.
3. A stratum number above arrivals / (2 x block) is warned of: then most blocks stay incomplete and strata stop
   balancing. For a tolerance the block is slots x tolerance, the run that an edge takes to be felt.
4. Power lost: a trial that perfect balance would give 80 or 90 % power at the 5 % level has this power instead.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any

from trial.design.compare import Alternative, alternatives, expected_over_strata, longest, most_in_a_stratum
from trial.design.exact import Position, positions
from trial.design.forecast import Forecast
from trial.design.simulate import KNOWS, Figure, simulate
from trial.procedures import Procedure, declared
from trial.protocol import Protocol

NORMAL = NormalDist()


@dataclass(frozen=True)
class Guess:
    """A guesser, what he knows, and how often he is right; se is 0 where the figure is exact."""

    guesser: str
    knows: str
    correct: float
    se: float
    method: str


@dataclass(frozen=True)
class Advice:
    """Everything `trial design` says."""

    trial: str
    procedure: str
    parameters: dict[str, Any]
    ratio: dict[str, int]
    arrivals: int
    basis: str
    runs: int
    seed: int
    strata: dict[str, float]
    guesses: tuple[Guess, ...]
    predictability: float
    budget: float
    imbalance: dict[str, Figure]
    power: dict[str, float]
    alternatives: tuple[Alternative, ...]
    by_position: tuple[Position, ...]
    warnings: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Give the advice as plain data."""
        data = asdict(self)
        data["by_position"] = [round(position.converges, 6) for position in self.by_position[:200]]
        return data


def advise(
    protocol: Protocol, forecast: Forecast, runs: int, seed: int, progress: Callable[[], None] = lambda: None
) -> Advice:
    """Work out the advice for a protocol and a forecast."""
    procedure = declared(protocol.randomisation, protocol.arms, protocol.stratification)
    figures = simulate(procedure, forecast, runs, seed, progress)
    in_strata = positions(procedure, longest(forecast))
    guesses = _guesses(procedure, forecast, figures, in_strata)
    predictability = _predictability(procedure, guesses)
    budget, lost = protocol.randomisation.predictability_budget, figures["lost"]
    strata = {
        "declared": float(len(forecast.shares)),
        "expected_empty": sum((1 - share) ** forecast.arrivals for share in forecast.shares.values()),
        "expected_one_armed": figures["strata one-armed"].mean,
        "arrivals_per_stratum": forecast.arrivals / len(forecast.shares),
    }
    return Advice(
        trial=protocol.trial.id,
        procedure=protocol.randomisation.procedure,
        parameters=protocol.randomisation.parameters,
        ratio=dict(zip(procedure.arms.names, procedure.arms.ratio, strict=True)),
        arrivals=forecast.arrivals,
        basis=forecast.basis,
        runs=runs,
        seed=seed,
        strata=strata,
        guesses=guesses,
        predictability=predictability,
        budget=budget,
        imbalance={
            name: figure for name, figure in figures.items() if not name.startswith(("guess", "lost", "strata"))
        },
        power={"lost_share": lost.mean, "lost_share_se": lost.se, "lost_citizens": lost.mean * forecast.arrivals}
        | {f"power_of_{size}": _power_left(size / 100, lost.mean) for size in (80, 90)},
        alternatives=alternatives(procedure, forecast, protocol.randomisation.procedure),
        by_position=tuple(in_strata),
        warnings=tuple(_warnings(procedure, forecast, predictability, budget, strata)),
    )


def _guesses(
    procedure: Procedure, forecast: Forecast, figures: dict[str, Figure], in_strata: list[Position]
) -> tuple[Guess, ...]:
    first = forecast.factors[0].name if forecast.factors else "trial"
    names = {"stratum": "own stratum", "first factor": f"own {first}", "trial": "whole trial"}
    found = []
    if in_strata:
        complete = len(in_strata) >= most_in_a_stratum(forecast)
        method = "exact" if complete else f"exact to citizen {len(in_strata)} of a stratum"
        for guesser, values in (
            ("converges", [position.converges for position in in_strata]),
            ("counts", [position.counts for position in in_strata]),
        ):
            rate = expected_over_strata(forecast, values)
            found.append(Guess(guesser, "own stratum", rate, 0.0, method))
    for knows in KNOWS:
        if not (in_strata and knows == "stratum"):
            figure = figures[f"guess {knows}"]
            found.append(Guess("converges", names[knows], figure.mean, figure.se, "monte-carlo"))
    if not procedure.together_in_batches:
        figure = figures["guess everything"]
        found.append(Guess("counts", "everything recorded", figure.mean, figure.se, "monte-carlo"))
    return tuple(found)


def _predictability(procedure: Procedure, guesses: tuple[Guess, ...]) -> float:
    all_known = procedure.name == "cluster"
    return max(guess.correct for guess in guesses if all_known or guess.knows != "everything recorded")


def _power_left(power: float, lost: float) -> float:
    """Give what is left of a planned power when a share of the information is lost (5 % level, two-sided)."""
    critical = NORMAL.inv_cdf(0.975)
    return NORMAL.cdf((critical + NORMAL.inv_cdf(power)) * (1 - lost) ** 0.5 - critical)


def block_of(procedure: Procedure) -> float | None:
    """Give the mean block, or what stands for it (rule 3); None where strata are not balanced each on its own."""
    if sizes := getattr(procedure, "sizes", None):
        return float(sum(sizes) / len(sizes))
    if tolerance := getattr(procedure, "tolerance", None):
        return float(procedure.arms.total * tolerance)
    return None


def _warnings(
    procedure: Procedure, forecast: Forecast, predictability: float, budget: float, strata: dict[str, float]
) -> list[str]:
    found = []
    block, most = block_of(procedure), forecast.arrivals
    if block and len(forecast.shares) > most / (2 * block):
        found.append(
            f"{len(forecast.shares)} strata are more than {most / (2 * block):.0f}, arrivals / (2 x block), "
            f"block {block:g}: balance within strata is lost; drop a factor, or declare pocock-simon@1 or hu-hu@1"
        )
    if predictability > budget:
        found.append(
            f"a guesser is right in {predictability:.3f} of all draws, the budget is {budget:.2f}: "
            "declare a wider tolerance, or simple@1"
        )
    if procedure.arms.total in getattr(procedure, "sizes", ()):
        found.append(f"in a block of {procedure.arms.total} the last arm is certain: declare larger sizes")
    if procedure.name == "cluster":
        found.append("who knows the arm of a cluster knows that of every later member")
    if strata["expected_empty"] > len(forecast.shares) / 10:
        found.append(f"{strata['expected_empty']:.0f} of {len(forecast.shares)} strata are expected to stay empty")
    return found
