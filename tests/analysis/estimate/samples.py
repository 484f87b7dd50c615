"""The least that has the shape of a comparison."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Sample:
    """Arrays of a comparison, a citizen a row."""

    treatment: NDArray[np.int8]
    outcome: NDArray[np.float64]
    covariates: NDArray[np.float64]
    names: tuple[str, ...]
    stratum: NDArray[np.int32]
    period: NDArray[np.int32] | None = None
    cluster: NDArray[np.int32] | None = None
