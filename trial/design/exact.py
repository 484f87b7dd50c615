"""What someone who counts can guess in one stratum, exactly: dynamic programming over what has happened.

1. A chain carries the probability of every hidden state of a stratum: the counts of slots, or the place in a block.
   What a guesser sees of it are the counts of the arms; hidden states that look alike are weighed together.
2. The guesser who converges (Blackwell & Hodges) names the arm furthest behind its share; the guesser who counts
   names the arm that is most probable given the counts and the declared procedure. Between equals both toss a coin.
3. The imbalance of counts is the largest difference between arms in units of the ratio: |n1 - n2| for 1:1.
4. A chain of more than 20,000 hidden states is not followed further; what lies beyond is said to be unknown.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from trial.procedures import Arms, Procedure
from trial.procedures.permuted_block import PermutedBlock
from trial.procedures.procedure import Counting

LARGEST = 20_000
Hidden = tuple[int, ...]
Step = tuple[int, float, Hidden]  # which arm, how probable, what follows


@dataclass(frozen=True)
class Position:
    """What is true of the next citizen of a stratum, n citizens into it."""

    converges: float
    counts: float
    certain: float
    imbalance: float


def positions(procedure: Procedure, length: int) -> list[Position]:
    """Give positions 0 .. length - 1 of a stratum; fewer where the chain grows too large, none where it has none."""
    if isinstance(procedure, PermutedBlock):
        return list(_follow(_Blocks(procedure), procedure.arms, length))
    if isinstance(procedure, Counting):
        return list(_follow(_Slots(procedure), procedure.arms, length))
    return []


def spread_of(counts: Sequence[float], ratio: Sequence[int]) -> float:
    """Give the imbalance of counts (rule 3)."""
    even = [count / part for count, part in zip(counts, ratio, strict=True)]
    return max(even) - min(even)


def furthest_behind(counts: Sequence[float], ratio: Sequence[int]) -> list[int]:
    """Give the arms furthest behind their share."""
    even = [count / part for count, part in zip(counts, ratio, strict=True)]
    least = min(even)
    return [index for index, value in enumerate(even) if value == least]


class _Slots:
    """The chain of a procedure that counts slots."""

    def __init__(self, procedure: Counting) -> None:
        self.procedure = procedure
        self.arm_of = [index for index, part in enumerate(procedure.arms.ratio) for _ in range(part)]
        self.first: dict[Hidden, float] = {(0,) * procedure.arms.total: 1.0}

    def steps(self, hidden: Hidden) -> Iterator[Step]:
        weights = self.procedure.weights(hidden)
        total = sum(weights)
        for slot, weight in enumerate(weights):
            if weight:
                yield self.arm_of[slot], weight / total, (*hidden[:slot], hidden[slot] + 1, *hidden[slot + 1 :])

    def visible(self, hidden: Hidden, n: int) -> tuple[int, ...]:  # noqa: ARG002 - blocks need it
        counts = [0] * len(self.procedure.arms.names)
        for slot, count in enumerate(hidden):
            counts[self.arm_of[slot]] += count
        return tuple(counts)


class _Blocks:
    """The chain of permuted blocks: the size of the present block, and how often each arm was drawn in it."""

    def __init__(self, procedure: PermutedBlock) -> None:
        self.sizes, self.arms = procedure.sizes, procedure.arms
        none = (0,) * len(self.arms.names)
        self.first: dict[Hidden, float] = {(size, *none): 1 / len(self.sizes) for size in self.sizes}

    def steps(self, hidden: Hidden) -> Iterator[Step]:
        size, *drawn = hidden
        left = size - sum(drawn)
        for arm, part in enumerate(self.arms.ratio):
            p = (size * part // self.arms.total - drawn[arm]) / left
            if p and left > 1:
                yield arm, p, (size, *drawn[:arm], drawn[arm] + 1, *drawn[arm + 1 :])
            elif p:
                for fresh, share in self.first.items():
                    yield arm, p * share, fresh

    def visible(self, hidden: Hidden, n: int) -> tuple[int, ...]:
        _, *drawn = hidden
        before = n - sum(drawn)
        return tuple(before * part // self.arms.total + own for part, own in zip(self.arms.ratio, drawn, strict=True))


def _follow(chain: _Slots | _Blocks, arms: Arms, length: int) -> Iterator[Position]:
    """Follow a chain from position to position."""
    level = chain.first
    for n in range(length):
        if len(level) > LARGEST:
            return
        following: dict[Hidden, float] = defaultdict(float)
        seen: dict[tuple[int, ...], list[float]] = defaultdict(lambda: [0.0] * len(arms.names))
        for hidden, mass in level.items():
            chances = seen[chain.visible(hidden, n)]
            for arm, p, after in chain.steps(hidden):
                chances[arm] += mass * p
                following[after] += mass * p
        yield _position(seen, arms)
        level = following


def _position(seen: dict[tuple[int, ...], list[float]], arms: Arms) -> Position:
    converges = counts = certain = imbalance = 0.0
    for visible, chances in seen.items():
        behind = furthest_behind(visible, arms.ratio)
        converges += sum(chances[arm] for arm in behind) / len(behind)
        counts += max(chances)
        certain += sum(chances) if max(chances) >= sum(chances) * (1 - 1e-12) else 0.0
        imbalance += sum(chances) * spread_of(visible, arms.ratio)
    return Position(converges, counts, certain, imbalance)
