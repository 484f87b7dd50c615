"""A comparison: one treatment and one outcome a unit, the cross-section to which every gate and estimator applies.

A panel gives one by a declared landmark; a published study gives one as it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.int32]


@dataclass(frozen=True)
class Comparison:
    """Units with a binary treatment.

    treatment: (n,) int8, 1 treated (digital) and 0 not. outcome: (n,). covariates: (n, k), `names` their names.
    stratum, period, cluster: (n,) codes; period is calendar time where there is one. placebo: name to (n,), earlier
    outcomes or negative controls that the treatment cannot have moved. randomised: whether a ledger proves it.
    dropped: units left out because their outcome was not observed. lots: (n,) codes of those who share one draw, None
    where everybody has a draw of their own; strata then are such as lots do not decide.
    """

    treatment: NDArray[np.int8]
    outcome: Floats
    covariates: Floats
    names: tuple[str, ...]
    stratum: Codes
    period: Codes | None = None
    cluster: Codes | None = None
    placebo: Mapping[str, Floats] = field(default_factory=dict)
    randomised: bool = False
    dropped: int = 0
    lots: Codes | None = None

    @property
    def counted_together(self) -> Codes | None:
        """Give the units whose errors add up: those of a lot where arms were drawn, of a cluster elsewhere."""
        return self.lots if self.randomised else self.cluster

    def __len__(self) -> int:
        """Count units."""
        return len(self.treatment)
