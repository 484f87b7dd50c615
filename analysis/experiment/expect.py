"""What the experiment must show, as declared, held against what it showed.

1. An expectation has a least and a most; a figure contradicts it when it lies outside by more than two errors, the
   error being that at the bound. At a bound of 0 or 1 nothing is allowed for.
2. The table published is held against a table computed anew in the same way: two figures contradict each other when
   they lie more than so many of their joint errors apart. What a short run has too little for is left out.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from analysis.experiment.declare import Expectation, Experiment
from analysis.experiment.table import Figure, Table

ERRORS = 2.0


@dataclass(frozen=True)
class Shown:
    """An expectation beside its figure."""

    expectation: Expectation
    figure: Figure
    holds: bool

    @property
    def name(self) -> str:
        """Say what is expected of what."""
        one = self.expectation
        return " ".join(part for part in (one.regime, one.tool or "verdict", one.figure) if part)

    def to_json(self) -> dict[str, object]:
        """Give it as plain data."""
        one = self.expectation
        return {
            "regime": one.regime, "tool": one.tool, "figure": one.figure, "least": one.least, "most": one.most,
            "value": self.figure.value, "error": self.figure.error, "replications": self.figure.replications,
            "holds": self.holds,
        }  # fmt: skip


def check_expectations(experiment: Experiment, table: Table) -> list[Shown]:
    """Hold every expectation against the table; one whose figure is not there is left out."""
    found = []
    for one in experiment.expectations:
        figure = _figure(table, one)
        if figure is not None:
            found.append(Shown(one, figure, _holds(one, figure)))
    return found


def _figure(table: Table, one: Expectation) -> Figure | None:
    if one.tool is not None:
        rows = [row for row in table.tools if (row.regime, row.tool) == (one.regime, one.tool)]
        if not rows:
            return None
        row = rows[0]
        return {"bias": row.bias, "coverage": row.coverage, "size": row.size, "printed": row.printed}[one.figure]
    judged = [row for row in table.verdicts if row.regime == one.regime]
    if not judged:
        return None
    return judged[0].let_through if one.figure == "let-through" else judged[0].shares[one.figure]


def _holds(one: Expectation, figure: Figure) -> bool:
    def room(bound: float) -> float:
        error = figure.error if one.figure == "bias" else math.sqrt(bound * (1 - bound) / figure.replications)
        return ERRORS * error

    above = one.least is None or figure.value >= one.least - room(one.least)
    return above and (one.most is None or figure.value <= one.most + room(one.most))


def contradictions(published: Table, computed: Table, errors: float) -> Iterator[str]:
    """Name every figure of the second table that lies too far from the first's."""
    for row in computed.tools:
        first = published.tool(row.regime, row.tool)
        for name in ("bias", "coverage", "size", "printed"):
            yield from _apart(f"{row.regime} {row.tool} {name}", getattr(first, name), getattr(row, name), errors)
    for one in computed.verdicts:
        shares = published.verdict(one.regime).shares
        for slug, figure in one.shares.items():
            yield from _apart(f"{one.regime} {slug}", shares[slug], figure, errors)


def _apart(what: str, first: Figure | None, second: Figure | None, errors: float) -> Iterator[str]:
    if second is None:
        return
    if first is None:
        yield f"{what}: there is no published figure"
    elif abs(first.value - second.value) > errors * math.hypot(first.error, second.error):
        yield f"{what}: published {first.value:.4f}, computed {second.value:.4f}"
