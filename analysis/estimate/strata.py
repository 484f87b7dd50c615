"""Small strata: joined exactly as the protocol declares, counted and named.

1. A stratum is small when either arm has fewer than the declared minimum of citizens with an observed outcome.
2. Small strata are joined into one for each combination of the declared factors (`within`).
3. A joined stratum that is still small also takes in the smallest full stratum of its combination.
4. When its combination has no full stratum, all that is still small in any combination is joined; when that too is
   small, the smallest full stratum of the trial joins it. Where nothing is left to join, nothing can be estimated.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.estimate.cells import Ints, codes
from analysis.estimate.result import DegenerateError


def labels_within(frame: pd.DataFrame, factors: Sequence[str]) -> npt.NDArray[np.object_]:
    """Give each citizen's combination of factors, the levels joined by "/"; "all" where there is none."""
    parts = [frame[factor].astype(str).to_numpy(dtype=object) for factor in factors]
    joined: npt.NDArray[np.object_] = parts[0] if parts else np.full(len(frame), "all", dtype=object)
    for part in parts[1:]:
        joined = joined + "/" + part
    return joined


@dataclass(frozen=True)
class Joined:
    """One stratum made of several: its name and theirs."""

    name: str
    members: tuple[str, ...]


@dataclass(frozen=True)
class Pooling:
    """The strata used for estimation: their names, each citizen's, and what was joined."""

    names: tuple[str, ...]
    codes: Ints
    joined: tuple[Joined, ...]

    def labels(self) -> npt.NDArray[np.object_]:
        """Give the name of each citizen's stratum."""
        return np.array(self.names, dtype=object)[self.codes]


def pool_small(stratum: npt.ArrayLike, treated: npt.ArrayLike, within: npt.ArrayLike, *, minimum: int) -> Pooling:
    """Join small strata. `within` gives each citizen's combination of the declared factors, as one text."""
    names, code = codes(stratum)
    if not names:
        raise DegenerateError("no citizen has an observed outcome")
    taken = np.asarray(treated, dtype=bool)
    combination = _combinations(names, code, np.asarray(within, dtype=object))
    counts = np.stack(
        [np.bincount(code[~taken], minlength=len(names)), np.bincount(code[taken], minlength=len(names))]
    )
    groups = _groups(combination, counts, minimum)
    joined = tuple(
        Joined(f"joined({label})", tuple(names[member] for member in sorted(members)))
        for label, members in groups
        if len(members) > 1
    )
    target = np.empty(len(names), dtype=object)
    for label, members in groups:
        target[members] = names[members[0]] if len(members) == 1 else f"joined({label})"
    pooled, position = codes(target)
    return Pooling(pooled, position[code], joined)


def _combinations(names: Sequence[str], code: Ints, within: npt.NDArray[np.object_]) -> list[str]:
    first = np.full(len(names), -1, dtype=np.int64)
    first[code[::-1]] = np.arange(len(code))[::-1]
    return [str(within[row]) for row in first]


Group = tuple[str, list[int]]


def _groups(combination: Sequence[str], counts: Ints, minimum: int) -> list[Group]:
    """Give the strata used, each as its name ("" for a full one) and its members."""

    def small(members: Sequence[int]) -> bool:
        return int(counts[:, list(members)].sum(axis=1).min()) < minimum

    used: list[Group] = [("", [index]) for index in range(len(combination)) if not small([index])]
    below: dict[str, list[int]] = {}
    for index in range(len(combination)):
        if small([index]):
            below.setdefault(combination[index], []).append(index)
    left: list[int] = []
    for label, members in sorted(below.items()):
        neighbours = [group for group in used if group[0] == "" and combination[group[1][0]] == label]
        if small(members) and not neighbours:
            left.extend(members)
            continue
        if small(members):
            members.extend(_take_smallest(used, neighbours, counts))
        used.append((label, members))
    if left and small(left):
        if not used:
            raise DegenerateError(f"one of the arms has fewer than {minimum} citizens")
        left.extend(_take_smallest(used, used, counts))
    return [*used, ("rest", left)] if left else used


def _take_smallest(used: list[Group], candidates: Sequence[Group], counts: Ints) -> list[int]:
    """Take the group with the fewest citizens out of those used; give its members."""
    smallest = min(candidates, key=lambda group: (int(counts[:, group[1]].sum()), group[1]))
    used.remove(smallest)
    return smallest[1]
