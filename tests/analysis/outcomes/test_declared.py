"""Every declarable outcome under every definition, from a protocol through register files to its planted truth."""

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from analysis.outcomes import analysis_set, measure_codes, shipped_codes
from analysis.registers.people import participants
from analysis.registers.planted import planted_truth
from analysis.registers.read import read_pay
from analysis.registers.scenario import Scenario
from trial.errors import RegisterError
from trial.protocol.load import load_protocol
from trial.protocol.shipped import shipped

DECLARED = [
    *(("weeks-employed", definition) for definition in "abcd"),
    *(("exit-to-employment", definition) for definition in "abcd"),
    *(("time-to-exit", definition) for definition in "cd"),
    *(("benefit-weeks", definition) for definition in "ab"),
    ("health-inflow", "a"),
    ("full-time-months", "b"),
    *(("earnings", definition) for definition in "bc"),
]
NOBODY = pd.DataFrame({"participant_id": [], "held_mode": []}).astype(str)


def name_of(variable, definition):
    return f"{variable.replace('-', '_')}_{definition}"


@pytest.fixture(scope="module")
def declared(tmp_path_factory):
    """The shipped protocol with every outcome declared beside its own."""
    tables = "".join(
        f"""
[[outcomes]]
name = "{name_of(variable, definition)}"
variable = "{variable}"
by_week = {26 if variable == "time-to-exit" else 52}
definition = "{definition}"
role = "{"harm" if variable == "health-inflow" else "secondary"}"
label = {{ da = "Udfald", en = "Outcome" }}
"""
        for variable, definition in DECLARED
    )
    text = shipped("digital-samtaler.toml").read_text(encoding="utf-8")
    path = tmp_path_factory.mktemp("protocol") / "declared.toml"
    path.write_text(text.replace("# Estimands after", f"{tables}\n# Estimands after", 1), encoding="utf-8")
    return load_protocol(path)


@pytest.fixture(scope="module")
def frame(declared, assignments, registers):
    return analysis_set(assignments, NOBODY, registers, declared).frame


@pytest.fixture(scope="module")
def truth(declared, assignments):
    people = participants(assignments, declared.arms, None)
    measure = measure_codes(shipped_codes())
    found = planted_truth(people, declared.outcomes, measure, planted=Scenario(), seed=5, replicates=3)
    return {one.outcome: one.mean for one in found}


@pytest.mark.parametrize(("variable", "definition"), DECLARED)
def test_the_mean_in_each_arm_is_the_planted_one(frame, truth, variable, definition):
    if variable == "time-to-exit":
        week, event = (frame[f"{name_of(variable, definition)}_{part}"].dropna() for part in ("week", "event"))
        assert week.between(1, 26).all()
        assert 0.2 < event.mean() < 0.9
        return
    for arm, mean in truth[name_of(variable, definition)].items():
        seen = frame[frame["arm"] == arm][name_of(variable, definition)].dropna()
        assert len(seen) > 900
        assert abs(seen.mean() - mean) < 4 * seen.std() / np.sqrt(len(seen))


def test_definitions_differ_as_they_should(frame):
    exits = {definition: frame[name_of("exit-to-employment", definition)] for definition in "abcd"}
    both = exits["a"].notna() & exits["b"].notna()
    assert (exits["b"][both] <= exits["a"][both]).all()
    assert exits["d"].mean() > exits["a"].mean() > exits["b"].mean()
    assert not exits["c"].equals(exits["b"])


def test_earnings_follow_the_hours(frame):
    both = frame[["full_time_months_b", "earnings_b"]].dropna()
    paid = both[both["full_time_months_b"] > 0]
    hourly = paid["earnings_b"] / (160.33 * paid["full_time_months_b"])
    assert hourly.between(125, 400).all()
    assert (both["earnings_b"][both["full_time_months_b"] == 0] == 0).all()


def test_earnings_need_the_pay_to_be_delivered(declared, assignments, registers, tmp_path):
    for path in registers.glob("*.parquet"):
        table = pq.read_table(path)
        pq.write_table(
            table.drop_columns(["AJO_SMALT_LOENBELOEB"]) if path.stem == "bfl" else table, tmp_path / path.name
        )
    with pytest.raises(RegisterError, match="earnings need the column AJO_SMALT_LOENBELOEB"):
        analysis_set(assignments, NOBODY, tmp_path, declared)
    assert read_pay(tmp_path, np.array(["R000000001"], dtype=object)).earnings is None
