"""The table of faults names tests that exist: a row that shows nothing is no row."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
ROWS = re.findall(
    r"^\| (\d+) \|.*\| (.*) \|$", (ROOT / "docs" / "faults.md").read_text(encoding="utf-8"), re.MULTILINE
)


def test_every_fault_has_a_test_and_every_test_exists() -> None:
    assert [int(number) for number, _ in ROWS] == list(range(1, 22))
    for number, shown in ROWS:
        file = ""
        named = re.findall(r"`([^`]+)`", shown)
        assert named, number
        for one in named:
            path, _, name = one.partition("::")
            file = path or file
            text = (ROOT / "tests" / file).read_text(encoding="utf-8")
            assert not name or f"def {name}(" in text, one
