"""Intake: the daily file of a job centre system becomes arrivals under pseudonym, or is refused as a whole.

`encoding` finds the text, `table` splits it strictly, `rows` judges each citizen, `problems` tells what is wrong.
"""

from trial.intake.arrivals import Intake, Repeated, read_intake
from trial.intake.rows import Arrival, age_on, flag_columns

__all__ = ["Arrival", "Intake", "Repeated", "age_on", "flag_columns", "read_intake"]
