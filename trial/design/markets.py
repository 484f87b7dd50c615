"""What someone who knows the past of the own market can guess under two-stage saturation, exactly.

1. A market's share is hidden: before its first citizen each declared share is equally likely. What has been seen of
   the market, its counts of the arms, makes one share likelier than another, and soon all but certain: then the arm
   of the larger share is the better guess for every later citizen. A share of 0 or 1 shows with the first one.
2. The chain (`exact.py`) carries share and hidden state within the market; the guesser who counts weighs both by
   what is seen (Bayes over the declared shares). The guesser who converges knows nothing of shares: he names the arm
   furthest behind, which is here the arm that comes seldom.
3. Other markets are not known to this guesser, nor the order of the past. Who knew the others' shares would know
   more of a new market's, since shares are dealt out in rounds; who remembers the order can tell shares apart a
   little sooner where blocks are drawn within.
"""

from collections.abc import Iterator, Mapping, Sequence

from trial.design.exact import Chain, Coins, Hidden, Position, Step, chain_of, follow
from trial.procedures import Procedure
from trial.procedures.saturation import Saturation


def positions_in_market(procedure: Procedure, length: int) -> list[Position]:
    """Give positions 0 .. length - 1 of a market.

    Fewer where the chain grows too large; none for a procedure without markets, or whose procedure within a market
    has no chain (complete randomisation).
    """
    if not isinstance(procedure, Saturation):
        return []
    within: list[Chain] = []
    for share in procedure.shares:
        inner = procedure.procedures[share]
        chain = chain_of(inner) if inner else Coins((1 - share, share))
        if chain is None:
            return []
        within.append(chain)
    return list(follow(_Market(within), procedure.arms, length))


class _Market:
    """The chain of a market whose share is hidden: which share, then the hidden state at that share."""

    def __init__(self, chains: Sequence[Chain]) -> None:
        self.chains = chains
        self.first: Mapping[Hidden, float] = {
            (which, *hidden): mass / len(chains)
            for which, chain in enumerate(chains)
            for hidden, mass in chain.first.items()
        }

    def steps(self, hidden: Hidden) -> Iterator[Step]:
        which, *inner = hidden
        for arm, p, after in self.chains[which].steps(tuple(inner)):
            yield arm, p, (which, *after)

    def visible(self, hidden: Hidden, n: int) -> tuple[int, ...]:
        which, *inner = hidden
        return self.chains[which].visible(tuple(inner), n)
