"""The only exit: no number leaves that tells of fewer than a declared number of persons.

1. A count of 1 up to one below the threshold is hidden. Zero is shown: it tells of nobody.
2. Hidden counts must not come back by subtraction. Who knows every shown number and how they add up must not be able
   to place a hidden small count within a range narrower than the threshold; further counts are hidden until that
   holds, the smallest first and totals last. One mark serves both kinds: which count was small is not told.
3. A curve shows a step only when enough citizens have left since the last one shown, and ends while enough are at
   risk. It is never drawn through a single citizen's week.
4. An effect is shown when each of its arms has enough citizens, or none: then there is only a reason to show.
5. A text that leaves is searched for what looks like a CPR number or a participant's id, and refused when it has one.

The threshold is 5 unless declared; below 3 none is accepted (the Danish authorities' rules lie between the two).
"""

import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from scipy.optimize import linprog

from analysis.estimate.kaplan_meier import Curve, Point
from analysis.plan.effects import Effects, OutcomeCurve, Row
from trial.errors import DisclosureError

Key = TypeVar("Key", bound=Hashable)

DEFAULT_THRESHOLD = 5
LOWEST_THRESHOLD = 3
WITHHELD = "withheld"

_LEAKS = (
    (re.compile(r"(?<![\w.,-])\d{6}[- ]?\d{4}(?![\w.,-])"), "what looks like a CPR number"),
    (re.compile(r"(?<![\w-])p[a-z2-7]{26}(?![\w-])"), "a participant's id"),
    (re.compile(r"(?<![\w-])SYN-\d{1,12}(?![\w-])"), "a synthetic participant's id"),
)


@dataclass(frozen=True)
class Sum:
    """Numbers that add up: the total is the sum of its parts, and a reader knows it."""

    total: Hashable
    parts: tuple[Hashable, ...]

    @property
    def members(self) -> tuple[Hashable, ...]:
        """Name the total and its parts."""
        return (self.total, *self.parts)


def check_threshold(threshold: int) -> int:
    """Give the threshold back; raises DisclosureError below the lowest lawful one."""
    if threshold < LOWEST_THRESHOLD:
        raise DisclosureError(
            f"the threshold for small counts must be at least {LOWEST_THRESHOLD}",
            found=threshold,
            mend=f"declare {DEFAULT_THRESHOLD}",
            code="disclosure-threshold",
        )
    return threshold


def release(
    counts: Mapping[Key, int], sums: Sequence[Sum] = (), threshold: int = DEFAULT_THRESHOLD
) -> dict[Key, int | None]:
    """Give the counts that may be shown; a hidden one is None. `sums` say how they add up."""
    check_threshold(threshold)
    small = {key for key, count in counts.items() if 0 < count < threshold}
    hidden: set[Hashable] = set(small)
    while exposed := next((key for key in small if _width(key, hidden, counts, sums) < threshold), None):
        hidden.add(_next_to_hide(exposed, hidden, counts, sums))
    return {key: None if key in hidden else count for key, count in counts.items()}


def _next_to_hide(
    exposed: Hashable, hidden: set[Hashable], counts: Mapping[Key, int], sums: Sequence[Sum]
) -> Hashable:
    """Choose the count whose hiding costs least: near the exposed one, not zero, not a total, the smallest."""
    near = {key for one in sums if exposed in one.members for key in one.members}
    totals = {one.total for one in sums}
    shown = [key for key in counts if key not in hidden]
    return min(shown, key=lambda key: (key not in near, counts[key] == 0, key in totals, counts[key]))


def _width(key: Hashable, hidden: set[Hashable], counts: Mapping[Key, int], sums: Sequence[Sum]) -> float:
    """Tell how wide the range is in which the shown numbers place a hidden count."""
    if len(hidden) == len(counts):
        return np.inf
    order = sorted(hidden, key=str)
    column = {name: index for index, name in enumerate(order)}
    rows, right = [], []
    known = {name: count for name, count in counts.items() if name not in column}
    for one in sums:
        row, value = np.zeros(len(order)), 0.0
        for name, sign in ((one.total, 1.0), *((part, -1.0) for part in one.parts)):
            if name in column:
                row[column[name]] += sign
            else:
                value -= sign * known[name]  # type: ignore[index]
        if row.any():
            rows.append(row)
            right.append(value)
    if not rows:
        return np.inf
    objective = np.zeros(len(order))
    objective[column[key]] = 1.0
    matrix, equal = np.array(rows), np.array(right)
    low, high = (linprog(sign * objective, A_eq=matrix, b_eq=equal, bounds=(0, None)) for sign in (1.0, -1.0))
    if high.status == 3:  # unbounded: no shown number limits it from above
        return np.inf
    return float(np.floor(-high.fun + 1e-6) - np.ceil(low.fun - 1e-6))


def release_curve(curve: Curve, threshold: int = DEFAULT_THRESHOLD) -> Curve:
    """Give the curve with steps of at least `threshold` exits, ended while at least as many are at risk."""
    check_threshold(threshold)
    shown: list[Point] = []
    exits = censored = 0
    for point in curve.points:
        if point.at_risk < threshold:
            break
        exits, censored = exits + point.exits, censored + point.censored
        if not shown or exits >= threshold:
            shown.append(replace(point, exits=exits, censored=censored))
            exits = censored = 0
    return replace(curve, points=tuple(shown))


@dataclass(frozen=True)
class ReleasedEffects:
    """Effects that may be shown, and the citizens at risk by outcome and arm as (week, count or None)."""

    effects: Effects
    at_risk: Mapping[tuple[str, str], tuple[tuple[int, int | None], ...]]


def release_effects(effects: Effects, threshold: int = DEFAULT_THRESHOLD, every: int = 13) -> ReleasedEffects:
    """Give the effects with rows of too small arms withheld, sizes that tell of few missing hidden, curves coarsened.

    every: the weeks between two numbers at risk.
    """
    check_threshold(threshold)
    rows = tuple(_release_row(row, threshold) for row in effects.rows)
    rows = _release_sizes(rows, threshold)
    shown = [row for row in rows if row.status != WITHHELD]
    first = tuple(stage for stage in effects.first_stage if stage.estimand in {row.estimand for row in shown})
    open_curves = [item for item in effects.curves if item.outcome in {row.outcome for row in shown}]
    sizes = {(row.outcome, arm) for row in shown for arm in row.n}
    at_risk = {
        (item.outcome, item.curve.arm): tuple(
            _release_at_risk(item.curve, threshold, every, (item.outcome, item.curve.arm) in sizes)
        )
        for item in open_curves
    }
    curves = tuple(OutcomeCurve(item.outcome, release_curve(item.curve, threshold)) for item in open_curves)
    open_estimands = {row.estimand for row in shown if row.population == "randomised"}
    bounds = tuple(
        replace(row, n={}, notes=())
        for row in effects.bounds
        if row.estimand in open_estimands and all(count == 0 or count >= threshold for count in row.n.values())
    )
    released = replace(
        effects, rows=rows, first_stage=first, curves=curves, missing=(), joined=(), bounds=bounds,
        replays=tuple(row for row in effects.replays if row.estimand in open_estimands),
        regions=tuple(row for row in effects.regions if row.estimand in open_estimands),
        looks=tuple(row for row in effects.looks if row.estimand in open_estimands), paths=(),
    )  # fmt: skip
    released = _release_parts(released, threshold)
    return ReleasedEffects(released, at_risk)


def _release_parts(effects: Effects, threshold: int) -> Effects:
    """Withhold subgroups and spillovers of few citizens, and every test that one of them enters."""
    own = tuple(replace(_release_row(row, threshold), n={}, missing={}) for row in effects.subgroups)
    few = {(row.estimand, row.population.partition("=")[0]) for row in own if row.status == WITHHELD}
    tests = tuple(
        replace(one, status=WITHHELD, reason=None, statistic=None, df=None, p=None)
        if (one.estimand, one.factor) in few
        else replace(one, reason=one.reason and _without_few(one.reason, threshold))
        for one in effects.interactions
    )
    spread = tuple(
        replace(row, n={})
        if all(count == 0 or count >= threshold for count in row.n.values())
        else replace(row, n={}, status=WITHHELD, estimate=None, se=None, ci_low=None, ci_high=None, p=None, df=None)
        for row in effects.spillovers
    )
    return replace(effects, subgroups=own, interactions=tests, spillovers=spread)


def _release_row(row: Row, threshold: int) -> Row:
    if all(count == 0 or count >= threshold for count in row.n.values()):
        return replace(row, reason=row.reason and _without_few(row.reason, threshold))
    return replace(
        row, n={}, missing={}, pooled_strata=0, status=WITHHELD, reason=None, estimate=None, se=None, ci_low=None,
        ci_high=None, p=None, p_adjusted=None, df=None, bound=None, conclusion=None, extra={}, notes=(),
    )  # fmt: skip


def _without_few(reason: str, threshold: int) -> str:
    """Say "fewer than 5 citizens" where a reason tells of 1 to 4."""

    def blur(found: re.Match[str]) -> str:
        few = 0 < int(found[1]) < threshold
        return f"fewer than {threshold} citizens" if few else found[0]

    return re.sub(r"(?<![\w.])(?<!than )(\d+) citizens?\b", blur, reason)


def _release_sizes(rows: tuple[Row, ...], threshold: int) -> tuple[Row, ...]:
    """Hide the size of an arm where it tells, beside the arm's size elsewhere, that few citizens are missing.

    The size of an arm within a part of the randomised is always hidden: tables beside it count the same part.
    """
    shown: dict[str, set[int]] = {}
    whole = [row for row in rows if row.population == "randomised"]
    for row in sorted(whole, key=lambda row: sum(row.missing.values())):
        for arm, count in row.missing.items():
            known = shown.setdefault(arm, {0})
            if all(count == other or abs(count - other) >= threshold for other in known):
                known.add(count)

    def sizes(row: Row) -> dict[str, int]:
        if row.population != "randomised":
            return {}
        return {arm: n for arm, n in row.n.items() if row.missing.get(arm, 0) in shown.get(arm, {0})}

    return tuple(replace(row, n=sizes(row), missing={}) for row in rows)


def _release_at_risk(curve: Curve, threshold: int, every: int, size_shown: bool) -> Iterator[tuple[int, int | None]]:
    """Give the citizens at risk every so many weeks; one that tells of few who left since the last is hidden."""
    by_week = {point.week: point.at_risk for point in curve.points}
    last: int | None = None
    for week in range(0, max(by_week, default=-1) + 1, every):
        number = by_week.get(week, 0)
        hide = number < threshold or (week == 0 and not size_shown)
        if not hide and last is not None:
            hide = 0 < last - number < threshold
        if not hide:
            last = number
        yield week, None if hide else number


def check_text(text: str, where: str) -> None:
    """Raise DisclosureError when a text that leaves holds what identifies a person."""
    for pattern, what in _LEAKS:
        if pattern.search(text):
            raise DisclosureError(
                f"{where} must not hold {what}",
                found="one (withheld)",
                mend="report it as a fault: no such text should have come this far",
                code="disclosure-identifier",
            )
