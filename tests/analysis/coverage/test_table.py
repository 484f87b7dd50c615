"""The committed note on coverage: what it says is right, and is what is computed.

1. Every share of the note is the level it should be, 94 to 96 and 4 to 6 %, give or take one Monte-Carlo error.
2. `make test` computes a few trials of every cell anew, `make test-slow` the first 500 of its 2,000: the note must
   lie where chance puts it (4.5 errors, for there are some hundred shares).
"""

import math

import pytest

from tests.analysis.coverage.questions import CONDITIONS
from tests.analysis.coverage.table import KINDS, RUNS, Cell, compute, document, read
from tests.analysis.coverage.trials import DESIGNS

CELLS = [(condition, design, kind) for condition in CONDITIONS for design in DESIGNS for kind in KINDS]
NAMES = [f"{CONDITIONS.index(condition)}-{design}-{kind}" for condition, design, kind in CELLS]
NOTE = read()


@pytest.mark.parametrize(("condition", "design", "kind"), CELLS, ids=NAMES)
def test_the_note_states_the_level(condition, design, kind) -> None:
    for name, share in NOTE[condition.name, design, kind].items():
        nominal = 95.0 if kind == "intervals" else 5.0
        if "at least" in name and share > nominal:
            continue
        assert abs(share - nominal) <= 1.5, (name, share)


def check(condition, design, kind, runs: int) -> None:
    said, found = NOTE[condition.name, design, kind], compute(condition, design, kind, runs)
    assert set(found) == set(said)
    for name, cell in found.items():
        assert cell.asked >= 0.98 * runs - 1
        p = min(max(said[name] / 100, 0.01), 0.99)
        error = math.sqrt(p * (1 - p) * (1 / cell.asked - 1 / RUNS))
        assert abs(cell.share - said[name]) <= 100 * (4.5 * error + 0.002), name


@pytest.mark.parametrize("design", DESIGNS)
def test_a_few_trials_agree_with_the_note(design) -> None:
    for condition in CONDITIONS:
        for kind in KINDS:
            check(condition, design, kind, 16)


@pytest.mark.slow
@pytest.mark.parametrize(("condition", "design", "kind"), CELLS, ids=NAMES)
def test_many_trials_agree_with_the_note(condition, design, kind) -> None:
    check(condition, design, kind, 500)


def test_the_note_reads_as_it_is_written(tmp_path) -> None:
    cells = {(condition.name, design, kind): {"one": Cell(19, 20, 21)} for condition, design, kind in CELLS}
    path = tmp_path / "coverage.md"
    path.write_text("\n".join(document(cells)), "utf-8")
    assert read(path) == {key: {"one": 95.0} for key in cells}
    assert "95.0 (1 not estimable)" in path.read_text("utf-8")
