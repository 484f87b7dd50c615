"""The coverage table of docs/coverage.md: computed, written and read again."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.analysis.coverage.questions import CONDITIONS, Condition
from tests.analysis.coverage.trials import DESIGNS, stream

RUNS, EACH = 2000, 8  # outcomes drawn for each stream of citizens with its arms
DOCUMENT = Path(__file__).parents[3] / "docs" / "coverage.md"
KINDS = ("intervals", "tests")


@dataclass(frozen=True)
class Cell:
    """How often the answer was yes, of how many; the others could not be estimated."""

    yes: int
    asked: int
    runs: int

    @property
    def share(self) -> float:
        """The share of yes among those that could be estimated, in per cent."""
        return 100 * self.yes / max(self.asked, 1)


def compute(condition: Condition, design: str, kind: str, runs: int = RUNS) -> dict[str, Cell]:
    """Ask every question of one kind in one condition under one design."""
    ask = condition.intervals if kind == "intervals" else condition.tests
    yes: dict[str, int] = {}
    asked: dict[str, int] = {}
    place = CONDITIONS.index(condition)
    for run in range(runs):
        if run % EACH == 0:
            own = stream(design, run // EACH)
        rng = np.random.default_rng([place, KINDS.index(kind), list(DESIGNS).index(design), run])
        for name, answer in ask(own, rng, design):
            yes[name] = yes.get(name, 0) + bool(answer)
            asked[name] = asked.get(name, 0) + (answer is not None)
    return {name: Cell(yes[name], asked[name], runs) for name in asked}


def document(cells: Mapping[tuple[str, str, str], Mapping[str, Cell]]) -> Iterator[str]:
    """Give the lines of the note; cells by condition, design and kind."""
    yield from HEAD
    for condition in CONDITIONS:
        yield f"## {condition.name[0].upper()}{condition.name[1:]}"
        for kind, title in (("intervals", "Intervals that hold the effect, %"), ("tests", "Tests that reject, %")):
            by_design = {design: cells[condition.name, design, kind] for design in DESIGNS}
            names = dict.fromkeys(name for found in by_design.values() for name in found)
            yield f"| {title} | {' | '.join(DESIGNS)} |"
            yield "|---|" + "---:|" * len(DESIGNS)
            for name in names:
                yield f"| {name} | {' | '.join(_written(found.get(name)) for found in by_design.values())} |"
            yield ""


def _written(cell: Cell | None) -> str:
    if cell is None or not cell.asked:
        return "-"
    left = cell.runs - cell.asked
    return f"{cell.share:.1f}" + (f" ({left} not estimable)" if left else "")


def read(path: Path = DOCUMENT) -> dict[tuple[str, str, str], dict[str, float]]:
    """Read the shares of the committed note, by condition, design and kind."""
    found: dict[tuple[str, str, str], dict[str, float]] = {}
    condition = kind = ""
    names = {f"{one.name[0].upper()}{one.name[1:]}": one.name for one in CONDITIONS}
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("## "):
            condition = names.get(line[3:], "")
        elif line.startswith("| ") and condition:
            name, *shares = (cell.strip() for cell in line.strip("|").split("|"))
            if name.startswith(("Intervals that", "Tests that")):
                kind = "intervals" if name.startswith("Intervals") else "tests"
                continue
            for design, share in zip(DESIGNS, shares, strict=True):
                if share != "-":
                    found.setdefault((condition, design, kind), {})[name] = float(share.split()[0])
    return found


HEAD = (
    "# Coverage and size",
    "",
    "How often the intervals hold a planted effect, and how often tests reject where there is none, when citizens",
    "are randomised by the procedures themselves: permuted blocks of 2 and 4, big stick with tolerance 3,",
    "minimisation (Pocock & Simon, probability 0.8, over jobcentre and age). About 570 citizens a trial in nine",
    "strata of unequal size arrive over a year; each municipality pauses for five weeks, in which nobody is",
    "randomised and whoever was talks by telephone in either arm; one in five overrides to physical.",
    "",
    f"{RUNS:,} trials a cell. Monte-Carlo error of a share: 0.5 points at 95 % and at 5 % (one standard error). The",
    "level is 95 %: an interval should hold in 94 to 96 %, a test reject in 4 to 6 %, but for that error. What is",
    "marked `at least`, or leaves the strata out, promises no less, and may hold more often. An event of 3 % has 17",
    "citizens in such a trial: there large-sample inference errs a little, and the table says by how much.",
    "",
    "Made by `python scripts/coverage_note.py > docs/coverage.md`; `make test` and `make test-slow` compute parts of",
    "it again.",
    "",
)


def note() -> str:
    """Compute everything and give the note."""
    cells = {
        (condition.name, design, kind): compute(condition, design, kind)
        for condition in CONDITIONS
        for design in DESIGNS
        for kind in KINDS
    }
    return "\n".join(document(cells))
