"""What the gates look at: a panel, a comparison, and the proof that arms were drawn, each where there is one.

1. A comparison is always there when a treatment can be told at all; a panel only for spells by week.
2. A ledger proof says how it is known that arms were drawn: a ledger replayed, a ledger whose chain holds, a
   declaration by the study itself, or a simulation that drew them.
3. `probability` is the chance of treatment of everybody drawn, at the moment of the draw. Whatever the procedure,
   treatment minus probability has mean zero given all that was known: every test of a design rests on it.
4. Who was drawn and has no observed outcome is among those drawn, with the outcome NaN; the comparison holds those
   with an outcome.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from analysis.identify.comparison import Codes, Comparison, Floats
from analysis.identify.panel import Panel

Basis = Literal["replayed", "chained", "stated", "simulated"]


@dataclass(frozen=True)
class LedgerProof:
    """How it is known that arms were drawn.

    problems: what did not hold, empty where all did. probability: (n,) of treatment, in the order of those drawn,
    None where nobody recorded it. received: (n,) treatment received, NaN where unknown. lots: (n,) codes of those who
    share one draw, as the members of a cluster. saturations: the shares of treatment drawn for whole clusters.
    """

    basis: Basis
    source: str
    problems: tuple[str, ...] = ()
    probability: Floats | None = None
    received: Floats | None = None
    lots: Codes | None = None
    saturations: tuple[float, ...] = ()
    entries: int = 0
    head: str = ""

    @property
    def holds(self) -> bool:
        """Whether nothing speaks against the proof."""
        return not self.problems


@dataclass(frozen=True)
class Evidence:
    """All there is to judge by.

    drawn: everybody with an arm, outcome NaN where it was not observed. later: comparisons at further horizons, by
    week. instruments: (n,) of each, in the order of the comparison.
    """

    panel: Panel | None = None
    comparison: Comparison | None = None
    ledger: LedgerProof | None = None
    drawn: Comparison | None = None
    later: Mapping[int, Comparison] = field(default_factory=dict)
    instruments: Mapping[str, Floats] = field(default_factory=dict)
