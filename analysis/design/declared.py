"""Power of a declared protocol: for every estimand the citizens needed and the smallest effect that can be found.

1. Level, sidedness, margin and arms are the protocol's; the rest stands in `Assumed` and is shown.
2. Superiority is two-sided at `inference.level`; non-inferiority one-sided at `non_inferiority_level`, the true
   effect being none. A margin that was only asked for is marked so.
3. An effect asked for is that of the conversations as held. Assignment shows it diluted by the uptake; a margin is
   one of assignment and is not diluted. The complier effect (`late`) is found undiluted, and needs an uptake.
4. A time to exit has a row more, the hazard ratio, when its share of exits is given; ratios are not diluted.
5. A needed number counts citizens to be randomised, those lost to follow-up among them. It is reached on the day on
   which even arrivals, less those lost to pauses, have brought as many.
6. A protocol that draws clusters has no power without their size and the correlation within them: both must be given.
   Variances are then those of whole clusters, and quantiles those of t on the clusters expected less two.
"""

import datetime as dt
import math
from dataclasses import asdict, dataclass
from typing import Any

from analysis.design import power as formula
from analysis.design.assumed import Assumed
from analysis.design.power import Question, Side, refused
from trial.protocol import Protocol
from trial.protocol.model import Estimand, OutcomePart

LEAST_CLUSTERS = 4


@dataclass(frozen=True)
class Line:
    """One question to one estimand. Numbers are None where an input is missing; `missing` says which."""

    estimand: str
    outcome: str
    scale: str  # "share", "mean" or "hazard ratio"
    question: str  # "superiority" or "non-inferiority"
    sided: Side
    level: float
    expected: dict[str, int]
    smallest: float | None = None
    asked: float | None = None
    declared: bool = False
    needed: int | None = None
    needed_exits: float | None = None
    needed_in_clusters: int | None = None
    power: float | None = None
    reached_on: dt.date | None = None
    missing: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Give the line as plain data."""
        return asdict(self)


@dataclass(frozen=True)
class _Sized:
    """An estimand with the arms' ratio, citizens expected and measured, and the variance of one (or what lacks)."""

    estimand: Estimand
    outcome: OutcomePart
    ratio: float
    expected: dict[str, int]
    measured: tuple[float, float]
    enrolment: tuple[dt.date, dt.date]
    variance: float | None
    missing: str | None
    in_clusters: bool

    @property
    def scale(self) -> str:
        """Shares or means."""
        return "share" if self.outcome.is_share else "mean"

    def standard_error(self, variance: float) -> float:
        """The standard error of the difference between the arms."""
        return formula.standard_error(variance, against=self.measured[0], of=self.measured[1])

    def line(self, question: Question, kind: str, scale: str, **more: Any) -> Line:
        """Make a line of this estimand."""
        names = (self.estimand.name, self.outcome.name)
        return Line(*names, scale, kind, question.sided, question.level, self.expected, **more)


def lines(protocol: Protocol, assumed: Assumed) -> list[Line]:
    """Answer every question the protocol asks, in its order."""
    outcomes = {outcome.name: outcome for outcome in protocol.outcomes}
    df = _degrees(protocol, assumed)
    superiority = Question(protocol.inference.level, protocol.inference.sidedness, assumed.power, df)
    no_worse = Question(protocol.inference.non_inferiority_level, "one-sided", assumed.power, df)
    found: list[Line] = []
    for estimand in protocol.estimands:
        sized = _sized(protocol, estimand, outcomes[estimand.outcome], assumed)
        found.append(_superiority(sized, superiority, assumed))
        margin = estimand.margin or assumed.margins.get(estimand.outcome)
        if margin is not None and estimand.summary != "late":
            found.append(_non_inferiority(sized, no_worse, assumed, margin))
        timed = estimand.summary == "restricted-mean-difference" and estimand.outcome in assumed.shares
        if timed and not sized.in_clusters:
            found.append(_hazards(sized, superiority, assumed))
    return found


def clusters_expected(assumed: Assumed) -> float | None:
    """Give how many clusters the citizens expected fill; None where no size is given."""
    if assumed.cluster_size is None:
        return None
    return assumed.arrivals * (1 - assumed.lost_to_pauses) / max(assumed.cluster_size, 1.0)


def _degrees(protocol: Protocol, assumed: Assumed) -> float | None:
    """Give the degrees of freedom of a comparison of clusters; None where citizens are drawn."""
    cluster = protocol.randomisation.cluster
    if cluster is None:
        return None
    number = clusters_expected(assumed)
    if number is None:
        must = f"arms are drawn by {cluster}: power needs the citizens of one and the correlation within it"
        raise refused(must, "neither", "--cluster-size 40 --icc 0.02")
    if (assumed.cluster_size or 0) < 1:
        raise refused("a cluster must have at least one citizen", assumed.cluster_size, "--cluster-size 40")
    if number < LEAST_CLUSTERS:
        raise refused(f"a comparison needs at least {LEAST_CLUSTERS} clusters", f"{number:.1f}", "a smaller size")
    known = next(len(one.levels) for one in protocol.stratification if one.factor == cluster)
    if number > known:
        least = assumed.arrivals * (1 - assumed.lost_to_pauses) / known
        must = f"the protocol has {known} of {cluster}: the citizens of one must be at least {least:.3g}"
        raise refused(must, f"{assumed.cluster_size:g}", f"--cluster-size {math.ceil(least)}")
    return number - 2


def _sized(protocol: Protocol, estimand: Estimand, outcome: OutcomePart, assumed: Assumed) -> _Sized:
    shares = {arm.name: arm.ratio / sum(other.ratio for other in protocol.arms) for arm in protocol.arms}
    against, of = estimand.treatment.against, estimand.treatment.of
    randomised = {name: assumed.arrivals * (1 - assumed.lost_to_pauses) * shares[name] for name in (against, of)}
    measured = [number * (1 - assumed.lost_to_follow_up) for number in randomised.values()]
    expected = {name: int(number) for name, number in randomised.items()}
    period = (protocol.trial.enrolment.from_, protocol.trial.enrolment.to)
    variance, missing = _variance(estimand, outcome, assumed)
    in_clusters = protocol.randomisation.cluster is not None
    if in_clusters and variance is not None:
        variance *= formula.cluster_factor(assumed.cluster_size or 1, assumed.icc or 0)
    return _Sized(
        estimand,
        outcome,
        shares[of] / shares[against],
        expected,
        (measured[0], measured[1]),
        period,
        variance,
        missing,
        in_clusters,
    )


def _variance(estimand: Estimand, outcome: OutcomePart, assumed: Assumed) -> tuple[float | None, str | None]:
    """Give the variance of a citizen's outcome within strata, or say which option would give it."""
    name = outcome.name
    if estimand.summary == "late" and "uptake" not in assumed.given:
        return None, "--uptake DIFFERENCE"
    if outcome.is_share:
        if name not in assumed.shares:
            return None, f"--share {name}=SHARE"
        return formula.share_variance(assumed.shares[name]) * formula.strata_factor(assumed.explained), None
    if name not in assumed.deviations:
        return None, f"--deviation {name}=WEEKS"
    return assumed.deviations[name] ** 2 * formula.strata_factor(assumed.explained), None


def _superiority(sized: _Sized, question: Question, assumed: Assumed) -> Line:
    kind = "superiority"
    if sized.variance is None:
        return sized.line(question, kind, sized.scale, missing=sized.missing)
    undiluted = sized.estimand.summary == "late"
    se = sized.standard_error(sized.variance) / (assumed.uptake if undiluted else 1.0)
    asked = assumed.effects.get(sized.outcome.name)
    if asked is None:
        return sized.line(question, kind, sized.scale, smallest=question.reach * se)
    number = formula.needed(asked, sized.variance, question, ratio=sized.ratio)
    counts = _counts(sized, number * formula.dilution_factor(assumed.uptake), assumed)
    shown = asked if undiluted else asked * assumed.uptake
    power = formula.power_for(shown, se, question)
    return sized.line(question, kind, sized.scale, smallest=question.reach * se, asked=shown, power=power, **counts)


def _non_inferiority(sized: _Sized, question: Question, assumed: Assumed, margin: float) -> Line:
    kind, own = "non-inferiority", {"asked": margin, "declared": sized.estimand.margin is not None}
    if sized.variance is None:
        return sized.line(question, kind, sized.scale, missing=sized.missing, **own)
    se = sized.standard_error(sized.variance)
    counts = _counts(sized, formula.needed(margin, sized.variance, question, ratio=sized.ratio), assumed)
    power = formula.power_for(margin, se, question)
    return sized.line(question, kind, sized.scale, smallest=question.reach * se, power=power, **own, **counts)


def _hazards(sized: _Sized, question: Question, assumed: Assumed) -> Line:
    share = assumed.shares[sized.outcome.name]
    exits = sum(sized.measured) * share
    smallest = formula.detectable_hazard_ratio(exits, question, ratio=sized.ratio)
    asked = assumed.hazard_ratios.get(sized.outcome.name)
    if asked is None:
        return sized.line(question, "superiority", "hazard ratio", smallest=smallest)
    number = formula.exits_needed(asked, question, ratio=sized.ratio)
    counts = _counts(sized, number / share / (1 + sized.ratio), assumed)
    se = math.log(smallest) / question.reach
    return sized.line(
        question, "superiority", "hazard ratio", smallest=smallest, asked=asked, needed_exits=number,
        power=formula.power_for(math.log(asked), se, question), **counts,
    )  # fmt: skip


def _counts(sized: _Sized, number: float, assumed: Assumed) -> dict[str, Any]:
    """Give the citizens of the comparison arm to randomise, as drawn one by one and in clusters, and the day."""
    randomised = number * formula.loss_factor(assumed.lost_to_follow_up)
    first, last = sized.enrolment
    days = (last - first).days + 1
    share = randomised / (sized.measured[0] / (1 - assumed.lost_to_follow_up))
    clusters: int | None = None
    if assumed.cluster_size is not None and assumed.icc is not None and not sized.in_clusters:
        clusters = formula.citizens(randomised * formula.cluster_factor(assumed.cluster_size, assumed.icc))
    return {
        "needed": formula.citizens(randomised),
        "needed_in_clusters": clusters,
        "reached_on": first + dt.timedelta(days=int(share * days)) if share < 1 else None,
    }
