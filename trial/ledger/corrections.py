"""Corrections as the ledger tells them: what was found out later, beside what was recorded and never in its place.

1. A correction is of one citizen who was assigned, and names the row it is about: the assignment, or an earlier
   correction, which from then on does not stand any more.
2. What it can be: another `level` of a factor; the citizen was `ineligible`; is a `duplicate` of another; has
   `withdrawn`, and from what; or an earlier correction is `retracted`.
3. Arm, stratum and levels of the assignment stay what the draw was made with. Which of the two an analysis uses is
   the protocol's to say.
4. Scope and day stand open in the ledger, as analyses count them; what was told in words is sealed (`seal`).
"""

from typing import Any

Row = dict[str, Any]
Standing = dict[int, Row]

WHAT = ("level", "ineligible", "duplicate", "withdrawn", "retracted")
SCOPES = ("conversations", "follow-up")


def take(standing: Standing, answer: Row | None, seq: int, payload: Row) -> str | None:
    """Take the correction of row `seq`; say what must hold where it may not follow.

    standing: the corrections that stand, by row. answer: the citizen's, as far as there is one.
    """
    if answer is None or answer["arm"] is None:
        return "its citizen must have been assigned"
    about = standing.get(payload["about"])
    of_citizen = about is not None and about["participant_id"] == payload["participant_id"]
    if not of_citizen and (payload["what"] == "retracted" or payload["about"] != answer["seq"]):
        return "a correction must be about the citizen's assignment, or about a correction of it that stands"
    if (payload["what"] == "withdrawn") != (payload["scope"] is not None):
        return "a withdrawal, and nothing else, must say from what"
    if payload["what"] == "withdrawn" and payload["on"] < answer["arrived_on"]:
        return "a citizen must not withdraw before the assignment"
    if of_citizen:
        del standing[payload["about"]]
    if payload["what"] != "retracted":
        standing[seq] = {**payload, "seq": seq}
    return None
