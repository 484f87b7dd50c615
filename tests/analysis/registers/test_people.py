"""Participants of synthetic registers, from assignments and doses."""

import pandas as pd
import pytest

from analysis.registers.people import age_bounds, participants
from trial.errors import RegisterError


def test_age_bounds():
    assert age_bounds("18-29") == (18.0, 30.0)
    assert age_bounds("50+") == (50.0, 67.0)
    assert age_bounds("70+") == (70.0, 71.0)
    assert age_bounds("adult") == (18.0, 67.0)


def test_order_follows_the_id_and_compliance_the_modes(assignments, protocol):
    people = participants(assignments[::-1], protocol.arms, None)
    assert list(people.ids) == sorted(assignments["participant_id"])
    assert people.dose["physical"].mean() == 1
    assert people.dose["digital"].mean() == 0


@pytest.mark.parametrize("dose", [1.5, -0.1, None])
def test_a_dose_beyond_one_or_absent_is_refused_with_a_count(assignments, protocol, dose):
    doses = pd.DataFrame({"participant_id": assignments["participant_id"]})
    doses["dose_physical_if_physical"] = 1.0
    doses["dose_physical_if_digital"] = 0.5
    doses.loc[:2, "dose_physical_if_digital"] = dose
    with pytest.raises(RegisterError, match="3 participants without a lawful dose"):
        participants(assignments, protocol.arms, doses)


def test_doses_need_a_column_an_arm(assignments, protocol):
    doses = pd.DataFrame({"participant_id": assignments["participant_id"], "dose_physical_if_physical": 1.0})
    with pytest.raises(RegisterError, match="dose_physical_if_digital"):
        participants(assignments, protocol.arms, doses)


def test_a_trial_without_participants_is_refused(assignments, protocol):
    with pytest.raises(RegisterError, match="needs participants"):
        participants(assignments[:0], protocol.arms, None)
