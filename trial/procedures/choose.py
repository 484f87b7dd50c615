"""From probabilities and a uniform to an arm: the one place where chance enters.

1. The probabilities are brought to their least common denominator d. The arm is the one in whose stretch the keyed
   draw below d with purpose "arm" falls, the arms laid end to end in the protocol's order.
2. Probabilities that are negative or do not add up to one are refused, not repaired.
3. A batch is taken in the order of a keyed mark of the participant ids: sorting a file moves nobody to another arm,
   and nobody is always first. A participant twice in a batch is refused.
"""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from trial.errors import IntakeError, StateError
from trial.procedures.arms import Probabilities, Unit
from trial.procedures.draws import Draw, Draws

if TYPE_CHECKING:
    from trial.procedures.procedure import Procedure, State


class Chosen(NamedTuple):
    """An arm with the exact probability every arm had when it was drawn."""

    arm: str
    probabilities: Probabilities


class Drawn(NamedTuple):
    """An arm with the exact probability every arm had when it was drawn, and the state afterwards."""

    arm: str
    probabilities: Probabilities
    state: "State"


def pick(weights: Sequence[int], number: int) -> int:
    """Give the index in whose stretch the number falls; the weights are laid end to end."""
    for index, weight in enumerate(weights):
        if number < weight:
            return index
        number -= weight
    raise AssertionError("the number lies beyond the weights")


def choose(probabilities: Probabilities, draws: Draw, step: int) -> str:
    """Draw an arm with exactly these probabilities (rule 1)."""
    weights, shared = probabilities.stretches
    return probabilities.arms[pick(weights, draws.below(shared, step, "arm"))]


def batch_order(participant_ids: Iterable[str], draws: Draws) -> list[str]:
    """Give the order in which a batch is drawn: by keyed mark, whatever the order of the file (rule 3)."""
    ids = list(participant_ids)
    if len(set(ids)) < len(ids):
        raise IntakeError(
            "a participant must occur once in a batch",
            found=f"{len(ids) - len(set(ids))} repeated",
            mend="remove the repeated rows",
            code="duplicate-participant",
        )
    return sorted(ids, key=partial(draws.mark, "batch-order"))


def chosen_arm(procedure: "Procedure", state: "State", unit: Unit, draws: Draws, step: int) -> Chosen:
    """Choose the arm of the next unit of a scope. step: how many the scope has had in this epoch."""
    if procedure.together_in_batches:
        raise StateError(
            f"{procedure.name}@{procedure.version} must be drawn a batch at a time",
            found="one citizen alone",
            where="randomisation.procedure",
            mend="draw the day's batch together, or declare a procedure for single arrivals",
            code="batch-only",
        )
    probabilities = procedure.probabilities(state, unit, draws)
    return Chosen(procedure.settled(state, unit) or choose(probabilities, draws, step), probabilities)


def next_arm(procedure: "Procedure", state: "State", unit: Unit, draws: Draws, step: int) -> Drawn:
    """Draw the arm of the next unit of a scope, and take the state further."""
    arm, probabilities = chosen_arm(procedure, state, unit, draws, step)
    return Drawn(arm, probabilities, procedure.advance(state, unit, arm, draws))
