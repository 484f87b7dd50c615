"""Design advice: what the declared randomisation lets staff guess and what balance it buys, before anybody is drawn.

1. Guess rates within the stratum are exact where the procedure counts within strata (`exact.py`), weighted by how
   many citizens each stratum is expected to get; everything else is simulated (`simulate.py`) and carries its
   error.
2. Predictability is the largest guess rate among those in the field (`guesses.py`): who know the past of the own
   stratum or jobcentre, or the trial's totals. It is held against the protocol's budget, and whose it is is said.
3. A stratum number above arrivals / (2 x block) is warned of: then most blocks stay incomplete and strata stop
   balancing. For a tolerance the block is slots x tolerance, the run that an edge takes to be felt.
4. Power lost: a trial that perfect balance would give 80 or 90 % power at the 5 % level has this power instead.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any

from trial.design.compare import Alternative, alternatives, longest
from trial.design.exact import Position, positions
from trial.design.forecast import Forecast
from trial.design.guesses import Guess, exceeds, guesses, in_the_field, less
from trial.design.simulate import Figure, simulate
from trial.procedures import Procedure, declared
from trial.protocol import Protocol

NORMAL = NormalDist()


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
    decisive: Guess
    budget: float
    imbalance: dict[str, Figure]
    power: dict[str, float]
    alternatives: tuple[Alternative, ...]
    by_position: tuple[Position, ...]
    warnings: tuple[str, ...]

    @property
    def predictability(self) -> float:
        """The guess rate that is held against the budget: the decisive guesser's."""
        return self.decisive.correct

    def to_json(self) -> dict[str, Any]:
        """Give the advice as plain data."""
        data = {**asdict(self), "predictability": self.predictability}
        data["by_position"] = [round(position.converges, 6) for position in self.by_position[:200]]
        return data


def advise(
    protocol: Protocol, forecast: Forecast, runs: int, seed: int, progress: Callable[[], None] = lambda: None
) -> Advice:
    """Work out the advice for a protocol and a forecast."""
    procedure = declared(protocol.randomisation, protocol.arms, protocol.stratification)
    figures = simulate(procedure, forecast, runs, seed, progress)
    in_strata = positions(procedure, longest(forecast))
    known = guesses(procedure, forecast, figures, in_strata)
    decisive = max(in_the_field(procedure, forecast, known), key=lambda guess: guess.correct)
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
        guesses=known,
        decisive=decisive,
        budget=budget,
        imbalance={
            name: figure for name, figure in figures.items() if not name.startswith(("guess", "lost", "strata"))
        },
        power={"lost_share": lost.mean, "lost_share_se": lost.se, "lost_citizens": lost.mean * forecast.arrivals}
        | {f"power_of_{size}": _power_left(size / 100, lost.mean) for size in (80, 90)},
        alternatives=alternatives(procedure, forecast, protocol.randomisation.procedure),
        by_position=tuple(in_strata),
        warnings=tuple(_warnings(procedure, forecast, decisive, budget, strata)),
    )


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
    procedure: Procedure, forecast: Forecast, decisive: Guess, budget: float, strata: dict[str, float]
) -> list[str]:
    found = []
    block, most = block_of(procedure), forecast.arrivals
    if block and len(forecast.shares) > most / (2 * block):
        found.append(
            f"{len(forecast.shares)} strata are more than {most / (2 * block):.0f}, arrivals / (2 x block), "
            f"block {block:g}: balance within strata is lost; drop a factor, or declare pocock-simon@1 or hu-hu@1"
        )
    if exceeds(decisive.correct, budget):
        found.append(
            f"a guesser ({decisive.words}) is right in {decisive.correct:.3f} of all draws, "
            f"the budget is {budget:.2f}: {less(procedure)}"
        )
    if procedure.arms.total in getattr(procedure, "sizes", ()):
        found.append(f"in a block of {procedure.arms.total} the last arm is certain: declare larger sizes")
    if procedure.name == "cluster":
        found.append("who knows the arm of a cluster knows that of every later member")
        found.append("power lost leaves out that members are alike: give analysis power their number and correlation")
    if strata["expected_empty"] > len(forecast.shares) / 10:
        found.append(f"{strata['expected_empty']:.0f} of {len(forecast.shares)} strata are expected to stay empty")
    return found
