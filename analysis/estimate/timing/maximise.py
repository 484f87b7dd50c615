"""Maximum likelihood by Newton steps with the exact Hessian, and the growing of points.

1. A step goes uphill: curvatures that are not negative are turned so, and a step is halved until the likelihood
   rises. It has converged when a full step would raise the log-likelihood by less than 1e-9.
2. One point is two ordinary complementary log-log regressions: concave, started anywhere. A model with K + 1 points
   is started from that with K: a new point is put where a spell or two moved there would raise the likelihood most
   (the directional derivative of the nonparametric likelihood; Lindsay 1983, Heckman & Singer 1984), in the best
   places of different direction. Where it would raise it nowhere, K points are all there are.
3. A climb with a point more is given up when, after PATIENCE steps, HOPE more of its present gain would not lift it
   to where the criterion prefers it: a point too many is climbed towards for ever along a ridge.
4. A fit is degenerate when a place runs away (its process never happens to those spells, or at once), when a point
   holds fewer than two spells, or when two points fall together: no standard error exists there.
"""

import itertools
from dataclasses import dataclass

import numpy as np

from analysis.estimate.cells import Floats
from analysis.estimate.result import DegenerateError
from analysis.estimate.timing.likelihood import At, layout, spell_logs
from analysis.estimate.timing.spells import Prepared

FAR = 8.0  # on the scale of log hazards: 3,000 times the hazard of others, or none
PATIENCE, HOPE = 15, 20
GIVEN_UP = "given up: the criterion could not prefer it"
_STEPS = 200
_GRID = (-4.0, -3.0, -2.0, -1.25, -0.6, 0.6, 1.25, 2.0, 3.0)
STARTS = 2


@dataclass(frozen=True)
class Fitted:
    """A maximum: where it is, the covariance of the parameters, and why it cannot be used (None where it can)."""

    at: At
    covariance: Floats
    problem: str | None


def maximise(data: Prepared, start: Floats, points: int, *, worth: float = -np.inf) -> Fitted:
    """Climb to a maximum from a start; `worth` is the log-likelihood below which it is of no use."""
    at, gain = At(data, start, points), np.inf
    for taken in range(_STEPS):
        curve, axes = np.linalg.eigh(-at.hessian)
        bound = np.maximum(np.abs(curve), 1e-7 * np.abs(curve).max())
        step = axes @ ((axes.T @ at.gradient) / bound)
        gain = float(at.gradient @ step)
        if gain < 2e-9:
            break
        if taken > PATIENCE and at.likelihood + HOPE * gain < worth:
            return Fitted(at, np.zeros((len(start), len(start))), GIVEN_UP)
        shrunk = min(1.0, 4.0 / float(np.abs(step).max()))
        after = _up(at, shrunk * step, shrunk * gain)
        if after is None:
            break
        at = after
        if _runaway(at):
            break
    return _judged(at, gain)


def _up(at: At, step: Floats, gain: float) -> At | None:
    """Take the step, halved until the likelihood rises enough; None where it rises nowhere."""
    size = 1.0
    while size > 1e-9:
        after = At(at.data, at.value + size * step, at.points)
        if after.likelihood >= at.likelihood + 1e-4 * size * gain:
            return after
        size /= 2
    return None


def _runaway(at: At) -> bool:
    return max(np.abs(places).max() for places in at.places) > FAR or float(at.shares.min()) < 1e-7


def _judged(at: At, gain: float) -> Fitted:
    information = -at.hessian
    scale = np.sqrt(np.maximum(np.diag(information), 1e-300))
    unit = information / np.outer(scale, scale)
    problem = _problem(at)
    if problem is None and np.linalg.eigvalsh(unit)[0] < 1e-10:
        problem = "the information is singular: some parameters cannot be told apart"
    if problem is None and not gain < 1e-6:
        problem = "the likelihood did not settle"
    covariance = np.linalg.pinv(unit) / np.outer(scale, scale)
    return Fitted(at, covariance.astype(np.float64), problem)


def _problem(at: At) -> str | None:
    for process, places in zip(at.data.processes, at.places, strict=True):
        if np.abs(places).max() > FAR:
            return f"a point has no finite place in the hazard of {process.name}: to some spells it never happens"
    if at.shares.min() * at.data.spells < 2:
        return f"a point holds {at.shares.min():.1e} of the spells"
    spots = np.column_stack(at.places)
    for one, other in itertools.combinations(spots, 2):
        if np.abs(one - other).max() < 1e-3:
            return "two points fall together"
    return None


def one_point(data: Prepared) -> Fitted:
    """Fit without unobserved heterogeneity."""
    where = layout(data, 1)
    start = np.zeros(where.size)
    for process, own in zip(data.processes, where.own, strict=True):
        parts = process.design.shape[1] - _effects(process.labels)
        risk = float(data.count @ process.survived.sum(axis=1))
        start[own][:parts] = np.log(float(data.count @ (process.event >= 0)) / max(risk, 1.0))
    fitted = maximise(data, start, 1)
    if fitted.problem:
        raise DegenerateError(fitted.problem)
    return fitted


def _effects(labels: tuple[str, ...]) -> int:
    return sum(label.startswith("effect of") for label in labels)


def one_more(data: Prepared, fitted: Fitted, price: float) -> Fitted | None:
    """Fit with a point more than `fitted`; None where another point raises the likelihood nowhere.

    price: what the criterion asks of twice the log-likelihood for a parameter.
    """
    points = fitted.at.points + 1
    worth = fitted.at.likelihood + price * (layout(data, points).size - fitted.at.where.size) / 2
    found = [maximise(data, _started(fitted.at, places), points, worth=worth) for places in _new_places(fitted.at)]
    if not found:
        return None
    best = max(found, key=lambda one: one.at.likelihood)
    sound = [one for one in found if one.problem is None and one.at.likelihood > best.at.likelihood - 1e-4]
    return sound[0] if sound else best


def _new_places(at: At) -> list[Floats]:
    """Give the best new places of different direction, the best first."""
    plain = at.value[: at.where.places[0].start]
    middle = np.array([at.shares @ places for places in at.places])
    best: dict[tuple[bool, ...], tuple[float, Floats]] = {}
    for offset in itertools.product(_GRID, repeat=len(middle)):
        places = middle + np.array(offset)
        logs = spell_logs(at.data, plain, places)
        rise = float(at.data.count @ np.expm1(np.clip(logs - at.row_logs, -50, 50)))
        direction = tuple(one > 0 for one in offset)
        if rise > 1e-3 and rise > best.get(direction, (0.0, places))[0]:
            best[direction] = (rise, places)
    return [places for _, places in sorted(best.values(), key=lambda one: -one[0])[:STARTS]]


def _started(at: At, places: Floats) -> Floats:
    new = layout(at.data, at.points + 1)
    start = np.zeros(new.size)
    start[: new.places[0].start] = at.value[: at.where.places[0].start]
    for index, (before, after) in enumerate(zip(at.where.places, new.places, strict=True)):
        start[after] = [*at.value[before], places[index]]
    chance = np.append(at.shares * 0.9, 0.1)
    start[new.logits] = np.log(chance[1:] / chance[0])
    return start
