"""The design that was run, ready to be drawn again: assignments in the order they were made, and their replay.

1. One protocol is replayed. A trial that was amended ran several: it is told so, not replayed under the last alone.
2. Where clusters are drawn a stratum within one has one arm. Citizens are then compared within the declared factors
   that small strata are joined within, none of which is the one drawn.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.estimate.replay import Replay, replay_procedure
from analysis.estimate.result import DegenerateError
from analysis.estimate.strata import labels_within
from trial.procedures import Subject, declared
from trial.protocol.model import Protocol

AMENDED = "the protocol was amended: no one design was run that could be replayed"


def in_order(assignments: pd.DataFrame) -> pd.DataFrame:
    """Give the assignments in the order they were made."""
    return assignments.sort_values(["epoch", "assigned_at", "step", "participant_id"], ignore_index=True)


def compared_within(protocol: Protocol, order: pd.DataFrame) -> npt.NDArray[np.object_] | None:
    """Give the strata a replay compares within; None for those of the design."""
    if protocol.randomisation.cluster is None:
        return None
    return labels_within(order, protocol.inference.small_strata.within)


def is_amended(assignments: pd.DataFrame) -> bool:
    """Tell whether citizens were assigned in several epochs."""
    return bool(assignments["epoch"].nunique() > 1)


def replay_of(protocol: Protocol, order: pd.DataFrame, arm: str) -> Replay:
    """Give the replay of the declared procedure for the assignments in the order they were made.

    Raises DegenerateError where they were made under several protocols.
    """
    if is_amended(order):
        raise DegenerateError(AMENDED)
    procedure = declared(protocol.randomisation, protocol.arms, protocol.stratification)
    factors = [factor.factor for factor in protocol.stratification]
    units = [
        Subject(str(row["participant_id"]), {factor: str(row[factor]) for factor in factors}, str(row["stratum"]))
        for row in order.to_dict("records")
    ]
    batches = pd.factorize(order["assigned_at"])[0].tolist() if procedure.together_in_batches else None
    return replay_procedure(procedure, units, arm, batches)
