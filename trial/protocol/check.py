"""Cross-checks by name: what no single value of a protocol can tell.

1. Each `check_...` raises the problems it finds, all of them, and says nothing otherwise.
2. It declares the tables it reads; it runs when they are in order, whatever is wrong elsewhere.
3. It knows keys, not lines: the loader gives every problem its place.
"""

from collections.abc import Callable
from pathlib import Path

from trial.protocol.model import Protocol
from trial.protocol.source import Fault

Check = Callable[[Protocol, Path], None]
CHECKS: list[tuple[frozenset[str], Check]] = []


def run(protocol: Protocol, folder: Path) -> list[Fault]:
    """Run every check whose tables the protocol holds; give all problems."""
    return []
