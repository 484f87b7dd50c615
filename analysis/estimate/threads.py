"""Work cut into a fixed number of parts and spread over threads; results come back in the order of the parts.

The parts do not depend on the number of threads, so what is added up from them has the same bits on any machine.
Kernels release the interpreter's lock; they are plain loops, so that nothing but this module knows of threads.
"""

import itertools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

PARTS = 16
T = TypeVar("T")


def over_parts(
    work: Callable[[int, int], T], size: int, *, parts: int = PARTS, threads: int | None = None
) -> list[T]:
    """Call `work(first, last)` for each part of range(size); give the results in order."""
    edges = [part * size // parts for part in range(parts + 1)]
    ranges = [(first, last) for first, last in itertools.pairwise(edges) if first < last]
    workers = min(threads or os.cpu_count() or 1, len(ranges))
    if workers <= 1:
        return [work(first, last) for first, last in ranges]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(lambda pair: work(*pair), ranges))
