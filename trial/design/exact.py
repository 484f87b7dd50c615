"""What someone who counts can guess in one stratum, exactly: dynamic programming over what has happened.

1. A chain carries the probability of every hidden state of a stratum: the counts of slots, or the place in a block.
   What a guesser sees of it are the counts of the arms; hidden states that look alike are weighed together.
2. The guesser who converges (Blackwell & Hodges) names the arm furthest behind its share; the guesser who counts
   names the arm that is most probable given the counts and the declared procedure. Between equals both toss a coin.
3. The imbalance of counts is the largest difference between arms in units of the ratio: |n1 - n2| for 1:1.
4. A chain of more than 20,000 hidden states is not followed further; what lies beyond is said to be unknown.
5. The slots of an arm are alike to every procedure: a hidden state holds their counts in order of size.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from trial.procedures import Arms, Procedure
from trial.procedures.permuted_block import PermutedBlock
from trial.procedures.procedure import Counting
from trial.procedures.simple import Simple

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


class Chain(Protocol):
    """What can have happened: hidden states with where they begin, what follows them, and what is seen of them."""

    first: Mapping[Hidden, float]

    def steps(self, hidden: Hidden) -> Iterator[Step]:
        """Give every possible step from a hidden state; one step may be given in parts."""
        ...

    def visible(self, hidden: Hidden, n: int) -> tuple[int, ...]:
        """Give the counts of the arms in a hidden state n citizens on."""
        ...


def positions(procedure: Procedure, length: int) -> list[Position]:
    """Give positions 0 .. length - 1 of a stratum; fewer where the chain grows too large, none where it has none."""
    chain = chain_of(procedure)
    return list(follow(chain, procedure.arms, length)) if chain else []


def chain_of(procedure: Procedure) -> Chain | None:
    """Give the chain of a procedure that counts within its scope, None for another."""
    if isinstance(procedure, PermutedBlock):
        return _Blocks(procedure)
    if isinstance(procedure, Simple):
        return Coins(procedure.arms.target.values())
    return _Slots(procedure) if isinstance(procedure, Counting) else None


def spread_of(counts: Sequence[float], ratio: Sequence[int]) -> float:
    """Give the imbalance of counts (rule 3)."""
    even = [count / part for count, part in zip(counts, ratio, strict=True)]
    return max(even) - min(even)


def furthest_behind(counts: Sequence[float], ratio: Sequence[int]) -> list[int]:
    """Give the arms furthest behind their share."""
    even = [count / part for count, part in zip(counts, ratio, strict=True)]
    least = min(even)
    return [index for index, value in enumerate(even) if value == least]


def most_often(counts: Sequence[int]) -> list[int]:
    """Give the arms that came most often."""
    most = max(counts)
    return [index for index, count in enumerate(counts) if count == most]


class Coins:
    """The chain of independent coins, at the share of each arm: nothing but the counts of the arms."""

    def __init__(self, shares: Iterable[Fraction]) -> None:
        self.shares = [float(share) for share in shares]
        self.first: Mapping[Hidden, float] = {(0,) * len(self.shares): 1.0}

    def steps(self, hidden: Hidden) -> Iterator[Step]:
        for arm, share in enumerate(self.shares):
            if share:
                yield arm, share, (*hidden[:arm], hidden[arm] + 1, *hidden[arm + 1 :])

    def visible(self, hidden: Hidden, n: int) -> tuple[int, ...]:  # noqa: ARG002 - blocks need it
        return hidden


class _Slots:
    """The chain of a procedure that counts slots (rule 5)."""

    def __init__(self, procedure: Counting) -> None:
        self.procedure = procedure
        ends = [sum(procedure.arms.ratio[: arm + 1]) for arm in range(len(procedure.arms.ratio))]
        self.slots = [slice(end - part, end) for end, part in zip(ends, procedure.arms.ratio, strict=True)]
        self.first: Mapping[Hidden, float] = {(0,) * procedure.arms.total: 1.0}

    def steps(self, hidden: Hidden) -> Iterator[Step]:
        weights = self.procedure.weights(hidden)
        total = sum(weights)
        for arm, slots in enumerate(self.slots):
            for slot in range(slots.start, slots.stop):
                if weights[slot]:
                    own = sorted((*hidden[slots.start : slot], hidden[slot] + 1, *hidden[slot + 1 : slots.stop]))
                    yield arm, weights[slot] / total, (*hidden[: slots.start], *own, *hidden[slots.stop :])

    def visible(self, hidden: Hidden, n: int) -> tuple[int, ...]:  # noqa: ARG002 - blocks need it
        return tuple(sum(hidden[slots]) for slots in self.slots)


class _Blocks:
    """The chain of permuted blocks: the size of the present block, and how often each arm was drawn in it."""

    def __init__(self, procedure: PermutedBlock) -> None:
        self.sizes, self.arms = procedure.sizes, procedure.arms
        none = (0,) * len(self.arms.names)
        self.first: Mapping[Hidden, float] = {(size, *none): 1 / len(self.sizes) for size in self.sizes}

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


def follow(chain: Chain, arms: Arms, length: int) -> Iterator[Position]:
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
