"""From probabilities and a uniform to an arm: the one place where chance enters.

1. The probabilities are brought to their least common denominator d. The arm is the one in whose stretch the keyed
   draw below d with purpose "arm" falls, the arms laid end to end in the protocol's order.
2. Probabilities that are negative or do not add up to one are refused, not repaired.
3. A batch is taken in the order of a keyed mark of the participant ids: sorting a file moves nobody to another arm,
   and nobody is always first. A participant twice in a batch is refused.
"""

from bisect import bisect_right
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from trial.errors import IntakeError, StateError
from trial.procedures.arms import Chosen, Probabilities, Unit
from trial.procedures.draws import Draw, Ordering

if TYPE_CHECKING:
    from trial.procedures.procedure import Procedure, State


class Drawn(NamedTuple):
    """An arm with the exact probability every arm had when it was drawn, and the state afterwards."""

    arm: str
    probabilities: Probabilities
    state: "State"


def choose(probabilities: Probabilities, draws: Draw, step: int) -> Chosen:
    """Draw an arm with exactly these probabilities (rule 1)."""
    ends = probabilities.ends
    return probabilities.chosen[bisect_right(ends, draws.below(ends[-1], step, "arm"))]


def batch_order(participant_ids: Iterable[str], draws: Ordering) -> list[str]:
    """Give the order in which a batch is drawn: by keyed mark, whatever the order of the file (rule 3)."""
    ids = list(participant_ids)
    marks = dict(zip(ids, draws.marks("batch-order", ids), strict=True))
    if len(marks) < len(ids):
        raise IntakeError(
            "a participant must occur once in a batch",
            found=f"{len(ids) - len(marks)} repeated",
            mend="remove the repeated rows",
            code="duplicate-participant",
        )
    return sorted(ids, key=marks.__getitem__)


def next_arm(procedure: "Procedure", state: "State", unit: Unit, draws: Draw, step: int) -> Drawn:
    """Draw the arm of the next unit of a scope. step: how many the scope has had in this epoch."""
    if procedure.together_in_batches:
        raise StateError(
            f"{procedure.name}@{procedure.version} must be drawn a batch at a time",
            found="one citizen alone",
            where="randomisation.procedure",
            mend="draw the day's batch together, or declare a procedure for single arrivals",
            code="batch-only",
        )
    [chosen], state = procedure.in_order(state, [unit], draws, step)
    return Drawn(chosen.arm, chosen.probabilities, state)
