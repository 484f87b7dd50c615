"""Run the experiment: data sets of every regime, every tool on each, the verdict on each, spread over processes.

1. Every data set has a seed of its own, spawned from the declared one by regime, world and number: the same results
   whatever the number of processes, and the first hundred of a long run are those of a short one.
2. Two worlds: with the planted effect (bias, coverage, verdict) and without any (size of the test of no effect).
3. A replication gives numbers only; what they add up to is the business of `table`.
"""

import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product

from numpy.random import SeedSequence

from analysis.estimate.result import Estimate
from analysis.experiment.declare import Experiment
from analysis.experiment.judge import judged
from analysis.experiment.regimes import REGIMES
from analysis.experiment.tools import Seen, tools_for

THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
PLANTED, NONE = "planted", "none"
WORLDS = (PLANTED, NONE)


@dataclass(frozen=True)
class Said:
    """What a tool said of one data set; value None where it gave no number."""

    tool: str
    truth: float
    value: float | None = None
    se: float = 0.0
    low: float = 0.0
    high: float = 0.0
    p: float = 1.0

    @property
    def covers(self) -> bool:
        """Whether the interval holds the truth."""
        return self.low <= self.truth <= self.high


@dataclass(frozen=True)
class Replication:
    """One data set: what the tools said and what the verdict was, where it was asked."""

    regime: str
    world: str
    said: tuple[Said, ...]
    verdict: str | None = None
    route: str | None = None
    reasons: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Task:
    """A data set to be made, from a seed of its own."""

    experiment: Experiment
    regime: str
    world: str
    number: int
    judged: bool

    def seed(self) -> SeedSequence:
        """Give the seed: a place in a tree, not in a queue."""
        branch = (list(REGIMES).index(self.regime), WORLDS.index(self.world), self.number)
        return SeedSequence(self.experiment.size.seed, spawn_key=branch)


def replicate(task: Task) -> Replication:
    """Make one data set and ask everybody."""
    experiment = task.experiment if task.world == PLANTED else task.experiment.without_effect()
    seen = Seen(REGIMES[task.regime](experiment, task.seed()), experiment.size)
    said = []
    for tool in tools_for(seen.simulated):
        if task.number % tool.every:
            continue
        truth, result = seen.simulated.truth[tool.target], tool.run(seen)
        if isinstance(result, Estimate):
            said.append(Said(tool.name, truth, result.value, result.se, result.ci_low, result.ci_high, result.p))
        else:
            said.append(Said(tool.name, truth))
    if not task.judged:
        return Replication(task.regime, task.world, tuple(said))
    verdict = judged(experiment, seen.simulated).verdict
    reasons = tuple(reason.gate for reason in verdict.reasons)
    return Replication(task.regime, task.world, tuple(said), verdict.slug, verdict.route, reasons)


def tasks(experiment: Experiment, replications: int, *, judged: int) -> Iterator[Task]:
    """Give all tasks; the first `judged` of the planted world are judged as well."""
    for regime, world, number in product(REGIMES, WORLDS, range(replications)):
        yield Task(experiment, regime, world, number, judged=world == PLANTED and number < judged)


def run(
    experiment: Experiment,
    replications: int,
    *,
    judged: int | None = None,
    jobs: int | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> list[Replication]:
    """Run all tasks.

    judged: how many of each regime are judged, by default all. jobs: processes; None runs in this one. progress: told
    how many are done.
    """
    todo = list(tasks(experiment, replications, judged=replications if judged is None else judged))
    found: list[Replication] = []
    for one in _spread(todo, jobs):
        found.append(one)
        progress(len(found))
    return found


def _spread(todo: list[Task], jobs: int | None) -> Iterator[Replication]:
    if jobs is None:
        yield from map(replicate, todo)
        return
    # Fresh processes: a forked one would inherit threads of numeric libraries in the middle of their work.
    with _one_thread_each(), ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(replicate, todo, chunksize=max(1, min(8, len(todo) // (16 * jobs))))


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Tell the processes to come to compute with one thread: matrices are small, and threads fight over the cores."""
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ |= dict.fromkeys(THREADS, "1")
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
