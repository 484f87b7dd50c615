"""What the replications add up to: bias, coverage, size, how often the verdict lets print; each with its error.

1. The Monte-Carlo error of a mean is its standard deviation over the root of the replications; of a share, that of
   Wilson's interval at one standard error, which is not zero at 0 or 1.
2. A tool is `printed` where the verdict identifies by the route that carries the tool. A verdict lets a biased number
   through where it identifies by a route whose tools are biased in that regime, or that no tool follows.
3. Biased is a mean error beyond the declared `biased_from` by more than two Monte-Carlo errors. An analyst cannot see
   it; this table can.
"""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from analysis.experiment.declare import Experiment
from analysis.experiment.run import NONE, PLANTED, Replication, Said
from analysis.experiment.tools import TOOLS

ROUTES = {tool.name: tool.route for tool in TOOLS}
SIGNIFICANT = 0.05
ZERO = 1e-12
BY_DESIGN = "identified-by-design"
SLUGS = (BY_DESIGN, "identified-under-assumptions", "bounds-only", "not-identified")


@dataclass(frozen=True)
class Figure:
    """A figure with its Monte-Carlo error, from so many replications."""

    value: float
    error: float
    replications: int


@dataclass(frozen=True)
class ToolRow:
    """A tool in a regime. None: nothing to count from."""

    regime: str
    tool: str
    truth: float | None
    bias: Figure | None
    coverage: Figure | None
    size: Figure | None
    spread: float | None  # standard deviation of the estimates
    stated: float | None  # mean standard error
    printed: Figure | None
    refused: int  # replications without a number


@dataclass(frozen=True)
class VerdictRow:
    """The verdicts in a regime: the share of each, and how often a biased number went through."""

    regime: str
    shares: dict[str, Figure]
    let_through: Figure
    reasons: dict[str, float]  # how often each gate was given as a reason


@dataclass(frozen=True)
class Table:
    """The whole table."""

    spells: int
    seed: int
    tools: tuple[ToolRow, ...]
    verdicts: tuple[VerdictRow, ...]

    def tool(self, regime: str, name: str) -> ToolRow:
        """Give a row by name."""
        return next(row for row in self.tools if (row.regime, row.tool) == (regime, name))

    def verdict(self, regime: str) -> VerdictRow:
        """Give a regime's verdicts."""
        return next(row for row in self.verdicts if row.regime == regime)

    def to_json(self) -> dict[str, object]:
        """Give the table as plain data."""
        return asdict(self)


def summarise(experiment: Experiment, replications: Sequence[Replication]) -> Table:
    """Add the replications up."""
    regimes = list(dict.fromkeys(one.regime for one in replications))
    tools: list[ToolRow] = []
    verdicts: list[VerdictRow] = []
    for regime in regimes:
        here = [one for one in replications if one.regime == regime]
        rows = [_tool_row(regime, name, here) for name in _names(here)]
        tools += rows
        judged = [one for one in here if one.verdict is not None]
        if judged:
            verdicts.append(_verdict_row(regime, judged, rows, experiment.size.biased_from))
    return Table(experiment.size.spells, experiment.size.seed, tuple(tools), tuple(verdicts))


def _names(replications: Iterable[Replication]) -> list[str]:
    return list(dict.fromkeys(said.tool for one in replications for said in one.said))


def _tool_row(regime: str, name: str, replications: Sequence[Replication]) -> ToolRow:
    told = [(one, said) for one in replications for said in one.said if said.tool == name]
    planted = [said for one, said in told if one.world == PLANTED and said.value is not None]
    none = [said for one, said in told if one.world == NONE and said.value is not None and abs(said.truth) < ZERO]
    judged = [one for one, _ in told if one.verdict is not None]
    values = np.array([said.value for said in planted], dtype=np.float64)
    return ToolRow(
        regime, name,
        truth=float(np.mean([said.truth for said in planted])) if planted else None,
        bias=_mean(values - np.array([said.truth for said in planted])) if len(planted) > 1 else None,
        coverage=_share([said.covers for said in planted]),
        size=_share([said.p < SIGNIFICANT for said in none]),
        spread=float(values.std(ddof=1)) if len(planted) > 1 else None,
        stated=float(np.mean([said.se for said in planted])) if planted else None,
        printed=_share([_identified(one) and one.route == ROUTES[name] for one in judged]),
        refused=sum(said.value is None for _, said in told),
    )  # fmt: skip


def _verdict_row(
    regime: str, judged: Sequence[Replication], rows: Sequence[ToolRow], biased_from: float
) -> VerdictRow:
    sound = {ROUTES[row.tool] for row in rows} - {
        ROUTES[row.tool] for row in rows if row.bias is None or abs(row.bias.value) - 2 * row.bias.error > biased_from
    }
    found = _share([_identified(one) and one.route not in sound for one in judged])
    assert found is not None  # noqa: S101 - somebody was judged
    shares = {slug: _share([one.verdict == slug for one in judged]) or found for slug in SLUGS}
    gates = dict.fromkeys(gate for one in judged for gate in one.reasons)
    reasons = {gate: sum(gate in one.reasons for one in judged) / len(judged) for gate in gates}
    return VerdictRow(regime, shares, found, dict(sorted(reasons.items(), key=lambda item: (-item[1], item[0]))))


def _identified(one: Replication) -> bool:
    return one.verdict in SLUGS[:2]


def _mean(values: np.ndarray) -> Figure:
    return Figure(float(values.mean()), float(values.std(ddof=1) / math.sqrt(len(values))), len(values))


def _share(true: Sequence[bool]) -> Figure | None:
    if not true:
        return None
    n, share = len(true), sum(true) / len(true)
    error = math.sqrt(share * (1 - share) / n + 1 / (4 * n**2)) / (1 + 1 / n)
    return Figure(share, error, n)


def read_table(path: Path) -> Table:
    """Read a table that was written as JSON."""
    data = json.loads(path.read_text(encoding="utf-8"))

    def figure(one: dict[str, float] | None) -> Figure | None:
        return None if one is None else Figure(one["value"], one["error"], int(one["replications"]))

    def exact(one: dict[str, float]) -> Figure:
        return Figure(one["value"], one["error"], int(one["replications"]))

    tools = tuple(
        ToolRow(**{**row, **{key: figure(row[key]) for key in ("bias", "coverage", "size", "printed")}})
        for row in data["tools"]
    )
    verdicts = tuple(
        VerdictRow(
            row["regime"], {slug: exact(one) for slug, one in row["shares"].items()}, exact(row["let_through"]),
            row["reasons"],
        )
        for row in data["verdicts"]
    )  # fmt: skip
    return Table(data["spells"], data["seed"], tools, verdicts)


__all__ = ["SLUGS", "Figure", "Said", "Table", "ToolRow", "VerdictRow", "read_table", "summarise"]
