"""Runs of weeks, the one idea beneath every definition: how long a thing lasts when some weeks do not count.

1. A week weighs nothing (it ends the run), one (an ordinary week of it) or a whole run (a state nobody leaves).
2. A neutral week is passed over: it neither cuts nor lengthens a run, and never belongs to one.
"""

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


def runs(weight: NDArray[np.uint8], neutral: Bools, gap: int) -> Bools:
    """Mark the weeks (persons x weeks) of runs that weigh at least `gap`."""
    persons, weeks = weight.shape
    weight, neutral = np.asfortranarray(weight), np.asfortranarray(neutral)  # a week's persons lie together
    length = np.zeros((persons, weeks + 1), dtype=np.int16, order="F")
    for week in range(weeks):
        before, own = length[:, week], weight[:, week]
        length[:, week + 1] = np.where(neutral[:, week], before, np.where(own > 0, before + own, 0))
    whole = np.zeros(persons, dtype=np.int16)  # what the run of this week weighs, seen from its end
    marked = np.zeros((persons, weeks), dtype=np.bool_, order="F")
    for week in reversed(range(weeks)):
        inside = weight[:, week] > 0
        longest = np.where(inside, np.maximum(whole, length[:, week + 1]), 0)
        whole = np.where(neutral[:, week], whole, longest)
        marked[:, week] = inside & ~neutral[:, week] & (whole >= gap)
    return marked


def first(marked: Bools) -> Ints:
    """Give the first marked week of each person, counted from 1; 0 if there is none."""
    return np.where(marked.any(axis=1), marked.argmax(axis=1) + 1, 0)


def nth_last(counted: Bools, gap: int) -> Ints:
    """Give the gap-th last counted week of each person, counted from 1; 0 if there are fewer."""
    from_behind = counted[:, ::-1].cumsum(axis=1, dtype=np.int16)[:, ::-1]
    enough = (from_behind >= gap) & counted
    return np.where(enough.any(axis=1), counted.shape[1] - enough[:, ::-1].argmax(axis=1), 0)
