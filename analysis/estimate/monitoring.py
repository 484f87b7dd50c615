"""Many looks: group-sequential boundaries by alpha spending, and confidence sequences that hold at any time.

1. A spending function says how much of the error may be used up by each share of the information (Lan & DeMets 1983):
   O'Brien-Fleming type, 2 - 2 Phi(z/sqrt(t)) on each side, strict early; Pocock type alpha log(1 + (e-1) t), even.
2. Boundaries are found one look after the other by recursive numerical integration of the score process (Armitage,
   McPherson & Rowe 1969), two-sided and symmetric. The error spent is exact to 1e-6.
3. A confidence sequence holds at all looks together, planned or not, at the price of width: the normal mixture of
   Robbins (1970) in its asymptotic form (Waudby-Smith et al. 2024), tightest near a declared number of citizens.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from analysis.estimate.cells import Floats
from analysis.estimate.result import DegenerateError, quantile

OBRIEN_FLEMING, POCOCK = "obrien-fleming", "pocock"
_POINTS = 1001


@dataclass(frozen=True)
class Look:
    """One look: share of information, boundary for |z|, error spent so far, the nominal two-sided p it stands for."""

    information: float
    boundary: float
    spent: float
    nominal_p: float


def spend(kind: str, alpha: float, information: float) -> float:
    """Give the two-sided error that may be spent by a share of the information."""
    if kind == OBRIEN_FLEMING:
        return 4 - 4 * float(special.ndtr(quantile(1 - alpha / 4, None) / math.sqrt(information)))
    if kind == POCOCK:
        return alpha * math.log(1 + (math.e - 1) * information)
    raise DegenerateError(f"spending is {OBRIEN_FLEMING} or {POCOCK}, not {kind}")


def boundaries(information: Sequence[float], *, alpha: float, kind: str) -> tuple[Look, ...]:
    """Give the boundary of every look; `information` are increasing shares, the last at most 1."""
    shares = [float(share) for share in information]
    rising = all(one < other for one, other in itertools.pairwise(shares))
    if not shares or shares[0] <= 0 or shares[-1] > 1 or not rising:
        raise DegenerateError("shares of information must increase, from above 0 to at most 1")
    if not 0 < alpha < 1:
        raise DegenerateError("the error to be spent lies between 0 and 1")
    looks: list[Look] = []
    grid, density = np.zeros(1), np.ones(1)
    earlier, spent = 0.0, 0.0
    for share in shares:
        allowed = min(alpha, spend(kind, alpha, share))
        boundary = _boundary(grid, density, share - earlier, share, allowed - spent)
        grid, density = _advance(grid, density, share - earlier, min(boundary, 8.0) * math.sqrt(share))
        looks.append(Look(share, boundary, allowed, 2 * float(special.ndtr(-boundary))))
        earlier, spent = share, allowed
    return tuple(looks)


def _crossing(grid: Floats, density: Floats, step: float, limit: float) -> float:
    """Give the chance that the score, after a normal step, lies beyond plus or minus the limit."""
    root = math.sqrt(step)
    beyond = special.ndtr((-limit - grid) / root) + special.ndtr((grid - limit) / root)
    return float((density * beyond).sum())


def _boundary(grid: Floats, density: Floats, step: float, share: float, allowed: float) -> float:
    def excess(z: float) -> float:
        return _crossing(grid, density, step, z * math.sqrt(share)) - allowed

    if allowed <= 0 or excess(12.0) > 0:
        return 12.0
    return float(optimize.brentq(excess, 0.0, 12.0, xtol=1e-10))


def _advance(grid: Floats, density: Floats, step: float, limit: float) -> tuple[Floats, Floats]:
    """Give the mass of the score on a new grid between the limits (Simpson weights included)."""
    inside = np.linspace(-limit, limit, _POINTS)
    weights = np.full(_POINTS, 2.0)
    weights[1::2] = 4.0
    weights[0] = weights[-1] = 1.0
    weights *= (inside[1] - inside[0]) / 3
    root = math.sqrt(step)
    kernel = np.exp(-0.5 * ((inside[:, None] - grid) / root) ** 2) / (root * math.sqrt(2 * math.pi))
    return inside, weights * (kernel @ density)


@dataclass(frozen=True)
class AnytimeInterval:
    """An interval that holds at every look together, and the p-value that may be read at any time."""

    low: float
    high: float
    p: float
    level: float
    tuned_for: int


def confidence_sequence(value: float, se: float, *, size: int, tuned_for: int, level: float) -> AnytimeInterval:
    """Give the interval of the sequence at this look of `size` citizens; it is tightest at `tuned_for` of them."""
    if size < 1 or tuned_for < 1:
        raise DegenerateError("a confidence sequence needs citizens, and a number to be tuned for")
    rho = _rho(1 - level, tuned_for)
    spread = se * math.sqrt(size)  # one citizen's share of the standard error
    mixed = size * rho**2 + 1
    reach = spread * math.sqrt(2 * mixed / (size**2 * rho**2) * math.log(math.sqrt(mixed) / (1 - level)))
    z = value / se
    log_p = 0.5 * math.log(mixed) - 0.5 * z**2 * (mixed - 1) / mixed
    p = min(1.0, math.exp(min(0.0, log_p)))
    return AnytimeInterval(value - reach, value + reach, p, level, tuned_for)


def _rho(alpha: float, size: int) -> float:
    """Give the mixture's scale at which the interval is tightest after `size` citizens."""
    return math.sqrt((-2 * math.log(alpha) + math.log(-2 * math.log(alpha) + 1)) / size)
