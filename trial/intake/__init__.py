"""Intake: the daily file of a job centre system becomes arrivals under pseudonym, or is refused as a whole.

`trial.table` reads the file strictly, `rows` judges each citizen, `arrivals` answers for the whole file.
"""

from trial.intake.arrivals import Intake, Repeated, read_intake
from trial.intake.rows import BUILT_IN_EXCLUSIONS, Arrival, age_on, flag_columns, own_columns

__all__ = [
    "BUILT_IN_EXCLUSIONS",
    "Arrival",
    "Intake",
    "Repeated",
    "age_on",
    "flag_columns",
    "own_columns",
    "read_intake",
]
