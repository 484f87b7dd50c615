"""Write docs/coverage.md: every interval and test under every design, simulated anew (some minutes)."""

import sys
import types
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Print the note."""
    # A package of the environment installs a module of the name tests: ours is named before it is looked for.
    tests = types.ModuleType("tests")
    tests.__path__ = [str(ROOT / "tests")]
    sys.modules["tests"] = tests
    from tests.analysis.coverage.table import note  # noqa: PLC0415

    print(note())


if __name__ == "__main__":
    main()
