"""What the gates look at: a panel, a comparison, and the proof that arms were drawn, each where there is one.

1. A comparison is always there when a treatment can be told at all; a panel only for spells by week.
2. A ledger proof says how it is known that arms were drawn: a ledger replayed, a ledger whose chain holds, a
   declaration by the study itself, or a simulation that drew them.
3. `probability` is the chance of treatment of each unit of the comparison at the moment of the draw. Whatever the
   procedure, treatment minus probability has mean zero given all that was known: every test of a design rests on it.
"""

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from analysis.identify.comparison import Comparison, Floats
from analysis.identify.panel import Panel

Basis = Literal["replayed", "chained", "stated", "simulated"]


@dataclass(frozen=True)
class LedgerProof:
    """How it is known that arms were drawn.

    problems: what did not hold, empty where all did. probability: (n,) of treatment, in the order of the comparison;
    None where nobody recorded it. received: (n,) treatment received, NaN where unknown. saturations: the shares of
    treatment drawn for whole clusters, where they were.
    """

    basis: Basis
    source: str
    problems: tuple[str, ...] = ()
    probability: Floats | None = None
    received: Floats | None = None
    saturations: tuple[float, ...] = ()
    entries: int = 0
    head: str = ""

    @property
    def holds(self) -> bool:
        """Whether nothing speaks against the proof."""
        return not self.problems


@dataclass(frozen=True)
class Evidence:
    """All there is to judge by. `later` are comparisons at further horizons, by week; `dropped` the spells that
    were censored before the first horizon and take no part."""

    panel: Panel | None = None
    comparison: Comparison | None = None
    ledger: LedgerProof | None = None
    later: dict[int, Comparison] = field(default_factory=dict)
    instruments: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    dropped: int = 0

    def with_ledger(self, ledger: LedgerProof) -> "Evidence":
        """Give the same evidence with a proof that arms were drawn."""
        return replace(self, ledger=ledger)
