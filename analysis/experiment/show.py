"""How the experiment is shown: a table on the screen, the published table in Markdown. Nothing is computed here."""

from collections.abc import Sequence
from pathlib import Path

from analysis.experiment.expect import Shown
from analysis.experiment.table import SLUGS, Figure, Table

BEGIN, END = "<!-- table: analysis experiment --markdown -->", "<!-- end of table -->"
COLUMNS = ("regime", "tool", "truth", "bias", "spread", "mean se", "coverage", "size", "printed", "no number")
VERDICTS = ("regime", *SLUGS, "biased number let through", "reasons against, or for")


def rows(table: Table) -> list[tuple[str, ...]]:
    """Give the tools' rows as text of COLUMNS; effects in percentage points, errors in brackets."""
    return [
        (
            row.regime, row.tool, _points(row.truth), _error(row.bias, points=True), _points(row.spread),
            _points(row.stated), _error(row.coverage), _error(row.size), _error(row.printed), str(row.refused),
        )
        for row in table.tools
    ]  # fmt: skip


def verdict_rows(table: Table) -> list[tuple[str, ...]]:
    """Give the verdicts' rows as text of VERDICTS."""
    return [
        (
            row.regime, *(_error(row.shares[slug]) for slug in SLUGS), _error(row.let_through),
            ", ".join(f"{gate} {share:.0%}" for gate, share in row.reasons.items()),
        )
        for row in table.verdicts
    ]  # fmt: skip


def summary(shown: Sequence[Shown]) -> str:
    """Say in one line how many expectations hold, and name those that do not."""
    failed = [f"{one.name} is {one.figure.value:.4f}" for one in shown if not one.holds]
    held = f"{len(shown) - len(failed)} of {len(shown)} expectations hold"
    return "; ".join([held, *failed])


def to_markdown(table: Table) -> str:
    """Write both tables as Markdown."""
    counted = max((row.bias.replications for row in table.tools if row.bias), default=0)
    judged = max((row.let_through.replications for row in table.verdicts), default=0)
    said = (
        f"Up to {counted} data sets of {table.spells} spells a regime and world; {judged} are judged; "
        f"seed {table.seed}. Effects in percentage points; Monte-Carlo errors in brackets."
    )
    return "\n".join([said, "", *_markdown(VERDICTS, verdict_rows(table)), "", *_markdown(COLUMNS, rows(table)), ""])


def write_between_marks(path: Path, text: str) -> None:
    """Write a text between the marks of a file that has them, else as the whole file."""
    before, mark, rest = path.read_text(encoding="utf-8").partition(BEGIN) if path.exists() else ("", "", "")
    after = rest.partition(END)[2]
    whole = f"{before}{BEGIN}\n{text}{END}{after}" if mark else text
    path.write_text(whole, encoding="utf-8")


def _markdown(columns: Sequence[str], body: Sequence[Sequence[str]]) -> list[str]:
    head = ["| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns)]
    return [*head, *("| " + " | ".join(row) + " |" for row in body)]


def _points(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.2f}"


def _error(figure: Figure | None, *, points: bool = False) -> str:
    if figure is None:
        return "-"
    if points:
        return f"{100 * figure.value:+.2f} ({100 * figure.error:.2f})"
    return f"{100 * figure.value:.1f}% ({100 * figure.error:.1f})"
