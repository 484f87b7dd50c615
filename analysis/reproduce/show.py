"""How reproduced cells are shown: a table, Markdown, one sentence. Nothing is computed here."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from analysis.reproduce.run import CellResult
from trial.protocol.shipped import shipped

COLUMNS = ("study", "cell", "statistic", "published", "computed", "status", "expected", "seen", "reason")


def shipped_files() -> list[Path]:
    """Name every replication file of the product, in order of name."""
    return sorted(shipped("replications").glob("*.toml"))


def find_file(name: str) -> Path:
    """Find a replication file: a path, or the name of a shipped one such as `nsw-dehejia-wahba`."""
    by_name = {path.stem: path for path in shipped_files()}
    return Path(name) if Path(name).exists() else by_name.get(name, Path(name))


def row(result: CellResult) -> tuple[str, ...]:
    """Give a result as a row of COLUMNS; the expected status is shown where it is not what was found."""
    expected = "" if result.as_expected else result.expected_status
    text = result.rounded or "-"
    return (
        result.study, result.cell, result.statistic, result.published, text, result.status, expected, result.seen,
        result.reason,
    )  # fmt: skip


def summary(results: Sequence[CellResult]) -> str:
    """Say in one line how many cells have which status, and how many are not as expected."""
    counts = Counter(result.status for result in results)
    said = ", ".join(f"{number} {status}" for status, number in counts.most_common())
    news = sum(not result.as_expected for result in results)
    return f"{len(results)} published values: {said}; " + (f"{news} not as expected" if news else "all as expected")


def to_markdown(results: Sequence[CellResult]) -> str:
    """Write the results as a Markdown table under the summary."""
    head = ["| " + " | ".join(COLUMNS) + " |", "|" + " --- |" * len(COLUMNS)]
    body = ["| " + " | ".join(text.replace("|", "\\|") for text in row(result)) + " |" for result in results]
    return "\n".join([summary(results) + ".", "", *head, *body, ""])
