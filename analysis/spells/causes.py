"""Why a spell of unemployment ended, and the rule that tells it from the first four weeks after.

1. A spell is weeks of unemployment with gaps of fewer than four weeks between them. Holiday benefit is passed over.
2. It ends with the first gap of four weeks, or with a state nobody leaves (emigration, pension, death) inside a gap.
3. The cause is the state nobody leaves, or else what fills most of those four weeks, the earliest on a tie.
   A week without benefit is employment with paid hours in its month, self-support without, and only `benefit-free`
   where no income register tells.
4. A spell still running when the register ends is censored. One before which the register has fewer than four
   counted weeks may have begun earlier: it is marked as left-truncated.
"""

from enum import IntEnum

from analysis.registers.codes import State


class Cause(IntEnum):
    """What ended a spell; from EDUCATION on the numbers are those of `State`."""

    CENSORED = 0
    EMPLOYMENT = 1
    SELF_SUPPORT = 2
    EDUCATION = State.EDUCATION
    HEALTH = State.HEALTH
    LEAVE = State.LEAVE
    RETIREMENT = State.RETIREMENT
    SUPPORTED = State.SUPPORTED
    DISABILITY = State.DISABILITY
    EMIGRATED = State.EMIGRATED
    PENSION = State.PENSION
    DEAD = State.DEAD
    BENEFIT_FREE = 12


UNPAID, PAID, PAY_UNKNOWN = 0, 1, 2
"""What the income register says of a person and month."""
