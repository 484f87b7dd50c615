"""What a two-way fixed effects coefficient averages, and with which weights: two decompositions of a known bias.

1. `effect_weights` (de Chaisemartin & D'Haultfoeuille 2020, AER 110, 2964-2996): under parallel trends the
   coefficient is a weighted sum of the effects in the treated cells; weights sum to one and may be negative, so that
   all effects can be of one sign and the coefficient of the other. It applies to treatments that switch on and off.
2. Two numbers say how much effects must differ for that: the smallest standard deviation of effects over treated
   cells with which their mean can be zero, and with which all can have the sign opposite to the coefficient.
3. `two_by_twos` (Goodman-Bacon 2021, Journal of Econometrics 225, 254-277): in a balanced panel with a treatment that
   stays, every comparison of a group that changes with one that does not, with its weight. Later against earlier
   takes those already treated as controls: where effects grow, it subtracts them.
"""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from analysis.estimate.cells import Floats, Ints
from analysis.estimate.differences import CellMeans
from analysis.estimate.dummies import project
from analysis.estimate.result import ROUNDING, DegenerateError, estimator

WEIGHTS = "effect-weights"
TWO_BY_TWOS = "two-by-twos"
Kind = Literal["earlier against later", "later against earlier", "against never treated", "against always treated"]


@dataclass(frozen=True)
class EffectWeights:
    """The weight of each treated cell's effect (they sum to one) and what follows; cells by row of CellMeans."""

    coefficient: float
    cell: Ints
    weight: Floats
    negative: int
    negative_sum: float
    deviation_for_none: float
    deviation_for_opposite: float | None  # None where no weight is negative: the sign cannot turn so

    @property
    def share_negative(self) -> float:
        """The share of treated cells whose effect counts negatively."""
        return self.negative / len(self.cell)


@dataclass(frozen=True)
class TwoByTwo:
    """One comparison: units first treated in `treated` against those of `control`; its estimate and weight."""

    kind: Kind
    treated: str
    control: str
    estimate: float
    weight: float


@dataclass(frozen=True)
class Decomposition:
    """All comparisons; weights sum to one, weighted estimates to the coefficient of cells counted the same."""

    comparisons: tuple[TwoByTwo, ...]

    @property
    def coefficient(self) -> float:
        """The two-way fixed effects coefficient."""
        return sum(one.weight * one.estimate for one in self.comparisons)

    def by_kind(self) -> Mapping[Kind, tuple[float, float]]:
        """Give the weight of each kind and its average estimate."""
        found: dict[Kind, tuple[float, float]] = {}
        for one in self.comparisons:
            weight, total = found.get(one.kind, (0.0, 0.0))
            found[one.kind] = (weight + one.weight, total + one.weight * one.estimate)
        return {kind: (weight, total / weight) for kind, (weight, total) in found.items()}


@estimator(WEIGHTS)
def effect_weights(cells: CellMeans, *, weighted: bool = True) -> EffectWeights:
    """Give the weights with which the coefficient of `two_way` adds up the effects in treated cells."""
    weight = cells.citizens if weighted else np.ones(len(cells))
    moved = project([cells.unit, cells.period], weight).take_out(cells.treatment)
    own = weight * cells.treatment * moved
    total = float(own.sum())
    if total <= ROUNDING * float((weight * cells.treatment**2).sum()):
        raise DegenerateError("units and periods explain the treatment: there is no coefficient")
    treated = np.flatnonzero(cells.treatment > 0)
    share = own[treated] / total
    mass = (weight * cells.treatment)[treated]
    mass = mass / mass.sum()
    coefficient = float((weight * moved) @ cells.outcome) / total
    noise = 1e-9 * float(np.abs(share).max())
    below = share < -noise
    spread = float(np.sqrt((share**2 / mass).sum() - 1)) if len(share) > 1 else 0.0
    if spread <= 1e-9:
        raise DegenerateError(
            "every treated cell has the same weight: effects that differ cannot bias the coefficient"
        )
    return EffectWeights(
        coefficient, treated, share, int(below.sum()), float(share[below].sum()), abs(coefficient) / spread,
        _for_opposite(coefficient, share, mass) if below.any() else None,
    )  # fmt: skip


def _for_opposite(coefficient: float, share: Floats, mass: Floats) -> float:
    """Corollary 1 (ii): the cells with the most negative weights carry all of the effect, the others none."""
    order = np.argsort(-share / mass, kind="stable")
    ratio, own = (share / mass)[order], mass[order]
    below = np.cumsum(own[::-1])[::-1]
    first = np.cumsum((own * ratio)[::-1])[::-1]
    second = np.cumsum((own * ratio**2)[::-1])[::-1]
    free = 1 - below
    with np.errstate(divide="ignore", invalid="ignore"):
        start = int(np.flatnonzero(ratio < -first / free)[0])
    return float(abs(coefficient) / np.sqrt(second[start] + first[start] ** 2 / free[start]))


@estimator(TWO_BY_TWOS)
def two_by_twos(cells: CellMeans) -> Decomposition:
    """Decompose the coefficient of `two_way(cells, weighted=False)` into its two-by-two comparisons."""
    outcome, treated = _balanced(cells)
    periods = treated.shape[1]
    start = np.where(treated.any(axis=1), treated.argmax(axis=1), periods)
    groups = {int(first): np.flatnonzero(start == first) for first in np.unique(start)}
    names = {
        first: cells.periods[first] if 0 < first < periods else ("always", "never")[first > 0] for first in groups
    }
    found: list[TwoByTwo] = []
    for early, late in itertools.combinations(sorted(groups), 2):
        pair = (outcome[groups[early]], outcome[groups[late]])
        label = (names[early], names[late])
        if late == periods and early > 0:
            found.append(_compare("against never treated", pair, label, early, (0, periods)))
        elif early == 0 and late < periods:
            found.append(_compare("against always treated", pair[::-1], label[::-1], late, (0, periods)))
        elif early > 0:
            found.append(_compare("earlier against later", pair, label, early, (0, late)))
            found.append(_compare("later against earlier", pair[::-1], label[::-1], late, (early, periods)))
    if not found:
        raise DegenerateError("no unit changes its treatment while another does not")
    total = sum(one.weight for one in found)
    return Decomposition(
        tuple(TwoByTwo(one.kind, one.treated, one.control, one.estimate, one.weight / total) for one in found)
    )


def _balanced(cells: CellMeans) -> tuple[Floats, Ints]:
    """Give outcome and treatment as units x periods, or say why the decomposition does not apply."""
    shape = (len(cells.units), len(cells.periods))
    if len(cells) != shape[0] * shape[1]:
        missing = shape[0] * shape[1] - len(cells)
        raise DegenerateError(f"the panel is not balanced: {missing} unit x period cells have nobody")
    if not np.isin(cells.treatment, (0.0, 1.0)).all():
        raise DegenerateError("a unit is treated in part: the decomposition takes 0 and 1 only")
    order = np.lexsort((cells.period, cells.unit))
    treated = cells.treatment[order].reshape(shape).astype(np.int64)
    if (np.diff(treated, axis=1) < 0).any():
        raise DegenerateError("the treatment ends again somewhere: the decomposition needs one that stays")
    return cells.outcome[order].reshape(shape), treated


def _compare(
    kind: Kind, pair: tuple[Floats, Floats], names: tuple[str, str], change: int, window: tuple[int, int]
) -> TwoByTwo:
    """Compare the first rows, which change at `change`, with the second, which do not within the window."""
    first, last = window
    gains = [rows[:, change:last].mean() - rows[:, first:change].mean() for rows in pair]
    sizes = [len(rows) for rows in pair]
    length, after = last - first, last - change
    # units x periods of the comparison, times the variance of the treatment within it (up to a common factor)
    share = sizes[0] / sum(sizes)
    within = share * (1 - share) * (after / length) * (1 - after / length)
    weight = (sum(sizes) * length) ** 2 * within
    return TwoByTwo(kind, names[0], names[1], float(gains[0] - gains[1]), float(weight))
