"""Covariates from before randomisation against a plain count of the register files; pauses and shares by hand."""

from datetime import date, timedelta
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from analysis.outcomes import shipped_codes
from analysis.outcomes.assemble import paused_week, saturation
from analysis.outcomes.history import history
from analysis.registers.codes import State, look_up
from trial.errors import RegisterError

TABLE = look_up(shipped_codes())


def covariate(name, variable, weeks=None):
    return SimpleNamespace(name=name, variable=variable, weeks=weeks)


ALL = [
    covariate("worked", "weeks-employed-before", 26), covariate("benefit", "benefit-weeks-before", 52),
    covariate("age", "age"), covariate("woman", "sex"),
]  # fmt: skip


def test_they_are_what_the_files_say(assignments, registers):
    rows = assignments.sort_values("participant_id", ignore_index=True)
    found = pd.DataFrame(history(ALL, rows, registers, TABLE))
    link = pd.read_parquet(registers / "link.parquet")
    single = link.groupby("participant_id").filter(lambda own: len(own) == 1).set_index("participant_id")["pnr"]
    dream = pd.read_parquet(registers / "dream.parquet").set_index("pnr")
    pay = pd.read_parquet(registers / "bfl.parquet")
    pay = pay[pay["AJO_LOENTIMER"] > 0]
    months = set(zip(pay["pnr"], pd.to_datetime(pay["AJO_JOB_START_DATO"]).dt.strftime("%Y-%m"), strict=True))
    people = pd.read_parquet(registers / "background.parquet").set_index("pnr")
    looked_at = 0
    for row in range(0, len(rows), 37):
        pnr = single.get(rows["participant_id"][row])
        if pnr is None or pnr not in dream.index:
            continue
        looked_at += 1
        on = rows["assigned_on"][row]
        worked = benefit = 0
        for back in range(1, 53):
            monday = on - timedelta(days=on.weekday()) - timedelta(weeks=back)
            year, week, _ = monday.isocalendar()
            code = dream.loc[pnr, f"y_{year % 100:02d}{week:02d}"]
            state = State(TABLE[0 if pd.isna(code) else int(code)])
            benefit += state not in (State.FREE, State.NEUTRAL)
            paid = (pnr, (monday + timedelta(days=3)).strftime("%Y-%m")) in months
            worked += back <= 26 and state == State.FREE and paid
        assert (found["worked"][row], found["benefit"][row]) == (worked, benefit)
        assert found["age"][row] == on.year - people.loc[pnr, "birth_year"]
        assert found["woman"][row] == (people.loc[pnr, "sex"] == 2)
    assert looked_at > 40
    absent = ~rows["participant_id"].isin(link["participant_id"])
    assert found[absent.to_numpy()].isna().all().all()


def test_registers_that_do_not_reach_back_are_refused(assignments, registers):
    with pytest.raises(RegisterError) as caught:
        history([covariate("long", "benefit-weeks-before", 260)], assignments, registers, TABLE)
    assert caught.value.stable_code == "register-coverage"


def test_the_first_week_in_a_pause():
    march = date(2021, 3, 1)
    on = [march, date(2021, 3, 17), march, date(2021, 5, 3)]
    rows = pd.DataFrame({"municipality_code": ["0101", "0101", "0461", "0101"], "assigned_on": on})
    closed, reopened = [date(2021, 3, 15), date(2021, 4, 12)], [date(2021, 3, 17), date(2021, 4, 20)]
    pauses = pd.DataFrame({"municipality_code": "0101", "closed_on": closed, "reopened_on": reopened})
    assert paused_week(rows, pauses).tolist()[:2] == [2, 4]
    assert np.isnan(paused_week(rows, pauses)[2:]).all()


def test_the_share_of_a_market_is_what_its_first_citizen_was_offered():
    rows = pd.DataFrame({"jobcentre": ["a", "b", "a", "b"], "assigned_at": [4, 3, 2, 1], "step": [3, 2, 1, 0],
                         "prob_digital": [0.5, 1.0, 0.25, 0.75]})  # fmt: skip
    protocol = SimpleNamespace(
        randomisation=SimpleNamespace(parameters={"factor": "jobcentre"}),
        arms=(SimpleNamespace(name="physical"), SimpleNamespace(name="digital")),
    )
    assert saturation(rows, protocol).tolist() == [0.25, 0.75, 0.25, 0.75]
