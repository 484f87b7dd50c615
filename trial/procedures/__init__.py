"""Randomisation procedures: what has happened gives the exact probability of each arm; a keyed draw picks one.

procedure = declared(protocol.randomisation, protocol.arms, protocol.stratification)
draws = Draws(epoch_key(key, trial_id, epoch), trial_id, epoch, procedure.scope_of(unit))
drawn = next_arm(procedure, procedure.begin(), unit, draws, step=0)       # .arm, .probabilities, .state
"""

from trial.procedures.arms import Arms, Chosen, Factor, Probabilities, Subject, Unit, check_unit
from trial.procedures.choose import Drawn, batch_order, choose, next_arm
from trial.procedures.declare import SHELF, build, declared
from trial.procedures.draws import Draw, Draws, epoch_key
from trial.procedures.procedure import Procedure, State

__all__ = [
    "SHELF",
    "Arms",
    "Chosen",
    "Draw",
    "Drawn",
    "Draws",
    "Factor",
    "Probabilities",
    "Procedure",
    "State",
    "Subject",
    "Unit",
    "batch_order",
    "build",
    "check_unit",
    "choose",
    "declared",
    "epoch_key",
    "next_arm",
]
