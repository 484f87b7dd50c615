"""Effects: one row an estimand x estimator x outcome x population, with curves, first stages and what was missing.

1. A row is `estimated` and has numbers, or `not-estimable` and has a reason. No row has both.
2. `role` is what the protocol declared (primary, secondary), `subgroup` or `exploratory`.
3. Subgroups, their interaction tests, looks and spillovers stand beside the rows where the protocol declares them.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path as Folder
from typing import Self

from analysis.estimate.kaplan_meier import Curve
from analysis.estimate.paths import Path
from analysis.estimate.result import NotEstimable, Result
from analysis.plan.files import write_effects
from analysis.plan.manifest import Sources

FORMAT = "lodtraek-effects/1"


@dataclass(frozen=True)
class Row:
    """One effect: what it is of, its numbers or its reason, and the statement against a declared margin."""

    estimand: str
    estimator: str
    outcome: str
    population: str
    role: str
    summary: str
    of: str
    against: str
    per: str  # "assignment", or "unit of share_physical": what one unit of the effect is the effect of
    label: Mapping[str, str]
    n: Mapping[str, int]
    missing: Mapping[str, int]
    pooled_strata: int
    status: str  # "estimated" or "not-estimable"
    reason: str | None = None
    estimate: float | None = None
    se: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    p: float | None = None
    p_adjusted: float | None = None
    adjusted_by: str | None = None  # "holm over 4 estimands"
    level: float | None = None
    df: float | None = None
    se_type: str | None = None
    margin: float | None = None
    bound: float | None = None
    bound_level: float | None = None
    conclusion: str | None = None
    higher_is_better: bool | None = None
    extra: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def told(self, result: Result) -> Self:
        """Give the row with the numbers of a result, or with its reason."""
        if isinstance(result, NotEstimable):
            return replace(self, status="not-estimable", reason=result.reason)
        return replace(
            self, status="estimated", estimate=result.value, se=result.se, ci_low=result.ci_low,
            ci_high=result.ci_high, p=result.p, level=result.level, df=result.df, se_type=result.se_type,
            extra=dict(result.extra), notes=result.notes,
        )  # fmt: skip


@dataclass(frozen=True)
class FirstStageRow:
    """What the arm does to the dose."""

    estimand: str
    dose: str
    of: str
    against: str
    status: str
    reason: str | None = None
    estimate: float | None = None
    se: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    f: float | None = None
    weak: bool | None = None


@dataclass(frozen=True)
class OutcomeCurve:
    """A survival curve of one arm for a declared time-to-exit outcome."""

    outcome: str
    curve: Curve


@dataclass(frozen=True)
class Missing:
    """Citizens of an arm whose outcome was not observed, by reason."""

    outcome: str
    arm: str
    reason: str
    n: int


@dataclass(frozen=True)
class Joined:
    """Small strata joined for an outcome."""

    outcome: str
    name: str
    members: tuple[str, ...]


@dataclass(frozen=True)
class BoundsRow:
    """What holds without a model of missing outcomes: the effect lies between low and high."""

    estimand: str
    outcome: str
    estimator: str
    status: str
    reason: str | None = None
    low: float | None = None
    high: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    level: float | None = None
    n: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class RegionRow:
    """An Anderson-Rubin set: kind `interval`, `rays` (all up to low, all from high) or `line`."""

    estimand: str
    status: str
    reason: str | None = None
    kind: str | None = None
    low: float | None = None
    high: float | None = None
    level: float | None = None
    se_type: str | None = None


@dataclass(frozen=True)
class ReplayRow:
    """A randomisation test by replay, with the interval of constant effects (None where draws bound no end)."""

    estimand: str
    status: str
    reason: str | None = None
    test: str | None = None
    procedure: str | None = None
    statistic: float | None = None
    p: float | None = None
    low: float | None = None
    high: float | None = None
    level: float | None = None
    draws: int | None = None
    seed: int | None = None


@dataclass(frozen=True)
class InteractionRow:
    """The test that the effects in all levels of a factor are equal."""

    estimand: str
    factor: str
    label: Mapping[str, str]
    status: str
    reason: str | None = None
    statistic: float | None = None
    df: float | None = None
    p: float | None = None


@dataclass(frozen=True)
class LookRow:
    """One planned look: the boundary for |z|, and at the look that is made what was found."""

    estimand: str
    look: int
    information: float
    boundary: float
    nominal_p: float
    spending: str
    status: str  # "planned", "estimated" or "not-estimable"
    reason: str | None = None
    z: float | None = None
    crossed: bool | None = None
    anytime_low: float | None = None
    anytime_high: float | None = None
    anytime_p: float | None = None
    level: float | None = None


@dataclass(frozen=True)
class SpilloverRow:
    """An effect at one share of the second arm: `direct`, `spillover`, `total` or `overall`."""

    estimand: str
    outcome: str
    saturation: float | None
    effect: str
    status: str
    reason: str | None = None
    estimate: float | None = None
    se: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    p: float | None = None
    df: float | None = None
    n: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class PathRow:
    """A difference week by week with its simultaneous band, exploratory."""

    outcome: str
    status: str
    reason: str | None = None
    path: Path | None = None


@dataclass(frozen=True)
class Effects:
    """Everything the plan gave."""

    trial: str
    rows: tuple[Row, ...]
    curves: tuple[OutcomeCurve, ...] = ()
    first_stage: tuple[FirstStageRow, ...] = ()
    missing: tuple[Missing, ...] = ()
    joined: tuple[Joined, ...] = ()
    bounds: tuple[BoundsRow, ...] = ()
    replays: tuple[ReplayRow, ...] = ()
    regions: tuple[RegionRow, ...] = ()
    subgroups: tuple[Row, ...] = ()
    interactions: tuple[InteractionRow, ...] = ()
    looks: tuple[LookRow, ...] = ()
    spillovers: tuple[SpilloverRow, ...] = ()
    paths: tuple[PathRow, ...] = ()

    def row(self, estimand: str, estimator: str, population: str = "randomised") -> Row:
        """Find a row; raises KeyError when the plan had no such row."""
        for row in self.rows:
            if (row.estimand, row.estimator, row.population) == (estimand, estimator, population):
                return row
        raise KeyError((estimand, estimator, population))

    def to_json(self) -> dict[str, object]:
        """Give the effects as plain data."""
        return {
            "format": FORMAT,
            "trial": self.trial,
            "effects": [asdict(row) for row in self.rows],
            "first_stage": [asdict(row) for row in self.first_stage],
            "curves": [{"outcome": item.outcome, **asdict(item.curve)} for item in self.curves],
            "missing": [asdict(item) for item in self.missing],
            "joined_strata": [asdict(item) for item in self.joined],
            "bounds": [asdict(item) for item in self.bounds],
            "randomisation_tests": [asdict(item) for item in self.replays],
            "anderson_rubin": [asdict(item) for item in self.regions],
            "subgroups": [asdict(item) for item in self.subgroups],
            "interactions": [asdict(item) for item in self.interactions],
            "looks": [asdict(item) for item in self.looks],
            "spillovers": [asdict(item) for item in self.spillovers],
            "paths": [asdict(item) for item in self.paths],
        }

    def table(self) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
        """Give the rows as a table for people: numbers to four significant digits, or the reason."""
        columns = ("estimand", "estimator", "role", "of", "against", "n", "estimate", "interval", "p", "p adjusted",
                   "statement")  # fmt: skip
        return columns, [_cells_of(row) for row in (*self.rows, *self.subgroups)]

    def write(self, out: Folder, sources: Sources) -> dict[str, object]:
        """Write effects.parquet, effects.json and manifest.json into a folder; give the manifest."""
        return write_effects((*self.rows, *self.subgroups), self.to_json(), out, sources)


def _cells_of(row: Row) -> tuple[object, ...]:
    n = " + ".join(str(row.n.get(arm, 0)) for arm in (row.of, row.against))
    where = "" if row.population == "randomised" else f" [{row.population}]"
    what = (row.estimand + where, row.estimator, row.role, row.of, row.against, n)
    if row.status != "estimated":
        return (*what, "", "", "", "", row.reason)
    interval = f"{row.ci_low:.4g} to {row.ci_high:.4g}"
    adjusted = "" if row.p_adjusted is None else f"{row.p_adjusted:.3g}"
    return (*what, f"{row.estimate:.4g}", interval, f"{row.p:.3g}", adjusted, row.conclusion or "")
