"""The maximal procedure: every sequence whose lead stays within the tolerance is equally likely.

1. Of all sequences of `horizon` units in which no slot ever leads another by more than the tolerance, each is
   equally likely. The probability of a slot is therefore the share of the lawful continuations that begin with it.
2. The number of continuations depends on the leads over the rarest slot and on how many units are left; it is
   counted once, from the end.
3. Unit horizon + 1 begins a new window from the lead the last one left: the tolerance holds throughout, and nobody
   has to know how many citizens a stratum will have.

A lead beyond the tolerance (a corrected record) is drawn back. Any number of arms; with an unequal ratio the leads
are those of slots. Berger, Ivanova & Knoll (2003), Statistics in Medicine 22, 3017-3028 (here without terminal
balance).
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations_with_replacement
from typing import ClassVar

from trial.procedures.parameters import parameter, whole
from trial.procedures.procedure import Counting

Leads = tuple[int, ...]


def leads_of(counts: tuple[int, ...]) -> Leads:
    """Give how far each slot leads the rarest."""
    least = min(counts)
    return tuple(count - least for count in counts)


def one_more(leads: Leads, slot: int) -> Leads:
    """Give the leads after one more of a slot."""
    return leads_of((*leads[:slot], leads[slot] + 1, *leads[slot + 1 :]))


@lru_cache(maxsize=32)
def continuations(slots: int, tolerance: int, horizon: int) -> tuple[dict[Leads, int], ...]:
    """Count the lawful continuations of 0, 1, ... horizon units, by the sorted leads they start from (rule 2)."""
    starts = [leads for leads in combinations_with_replacement(range(tolerance + 1), slots) if leads[0] == 0]
    after = {
        leads: [key for slot in range(slots) if (key := tuple(sorted(one_more(leads, slot))))[-1] <= tolerance]
        for leads in starts
    }
    table = [dict.fromkeys(starts, 1)]
    for _ in range(horizon):
        table.append({leads: sum(table[-1][key] for key in keys) for leads, keys in after.items()})
    return tuple(table)


@dataclass(frozen=True)
class Maximal(Counting):
    """All sequences within the tolerance, equally likely."""

    name: ClassVar[str] = "maximal"
    tolerance: int = parameter(whole(at_least=1))
    horizon: int = parameter(whole(at_least=1))

    def weights(self, counts: tuple[int, ...]) -> tuple[int, ...]:
        """Count the lawful continuations that begin with each slot."""
        leads = leads_of(counts)
        if max(leads) > self.tolerance:
            return tuple(int(lead == 0) for lead in leads)
        left = self.horizon - sum(counts) % self.horizon
        ways = continuations(len(counts), self.tolerance, self.horizon)[left - 1]
        return tuple(ways.get(tuple(sorted(one_more(leads, slot))), 0) for slot in range(len(counts)))
