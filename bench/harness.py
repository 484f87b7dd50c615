"""Time ours and a named peer in the same run: alternating pairs, each in a process of its own, the median reported.

1. A ratio means something only when both sides ran on the same machine within the same minute.
2. Each repetition runs in a forked child, so that memory is the child's own peak and no cache is shared.
3. A task that must prepare before it starts returns its own seconds, as a float.
"""

import multiprocessing
import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

Task = Callable[[], object]


@dataclass(frozen=True)
class Row:
    """One line of `bench/results.json`; seconds and mebibytes, ratio = ours_s / peer_s."""

    name: str
    size: int
    ours_s: float
    ours_mb: float
    peer: str
    peer_s: float
    peer_mb: float
    ratio: float

    def to_json(self) -> dict[str, object]:
        """Give the row as plain data."""
        return asdict(self)


def _child(task: Task, pipe: "multiprocessing.connection.Connection") -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    told = task()
    seconds = told if isinstance(told, float) else time.perf_counter() - start
    own, others = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    pipe.send((seconds, max(own - before, others) / 1024))  # a peer in another environment is a child of the child


def once(task: Task) -> tuple[float, float]:
    """Run a task in a forked child and give (seconds, mebibytes of peak memory above the start)."""
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(task, there))
    process.start()
    there.close()
    try:
        return here.recv()
    finally:
        process.join()


def pair(name: str, size: int, ours: Task, peer: Task, peer_name: str, repeats: int = 5) -> Row:
    """Time ours and the peer alternately and give the medians."""
    runs = [(once(ours), once(peer)) for _ in range(repeats)]
    ours_s, ours_mb, peer_s, peer_mb = (
        statistics.median(run[side][figure] for run in runs) for side in (0, 1) for figure in (0, 1)
    )
    return Row(name, size, ours_s, ours_mb, peer_name, peer_s, peer_mb, ours_s / peer_s)
