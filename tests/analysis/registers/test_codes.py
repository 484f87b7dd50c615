"""The code file: every code has one state, and what nobody declared is counted and refused."""

import numpy as np
import pytest

from analysis.outcomes import shipped_codes
from analysis.registers.codes import COLUMNS, State, check_known, look_up, read_codes
from trial.errors import RegisterError

HEAD = ",".join(COLUMNS)


def write(path, *lines):
    path.write_text("\n".join([HEAD, *lines]) + "\n", encoding="utf-8")
    return path


def test_shipped_codes_tell_how_sure_they_are():
    codes = {code.code: code for code in shipped_codes()}
    assert codes[111].status == "remembered"
    assert codes[651].status == codes[890].status == codes[997].status == "group-verified"
    assert all(code.source and code.label_da and code.label_en for code in codes.values())


@pytest.mark.parametrize(
    ("code", "state"),
    [
        (0, State.FREE),
        (111, State.UNEMPLOYED),
        (130, State.UNEMPLOYED),
        (211, State.UNEMPLOYED),
        (121, State.NEUTRAL),
        (651, State.EDUCATION),
        (652, State.EDUCATION),
        (881, State.LEAVE),
        (621, State.RETIREMENT),
        (783, State.DISABILITY),
        (890, State.HEALTH),
        (997, State.EMIGRATED),
        (998, State.PENSION),
        (999, State.DEAD),
        (555, State.UNKNOWN),
    ],
)
def test_code_to_state(code, state):
    assert look_up(shipped_codes())[code] == state


def test_published_grouping_holds():
    """BMC Public Health 2023 23:224, table 2: health benefits, and codes that are no benefit there."""
    table = look_up(shipped_codes())
    health = [750, *range(753, 759), 760, *range(763, 769), 771, 775, 781, 783, 785, 810, *range(813, 819), 890, 893]
    assert set(table[health]) <= {State.HEALTH, State.SUPPORTED, State.DISABILITY}
    assert set(table[[881, 651, 652, 661, 121]]) <= {State.LEAVE, State.EDUCATION, State.NEUTRAL}


def test_unknown_codes_are_counted():
    cells = np.array([[111, 555, 0], [555, 556, 111]], dtype=np.int16)
    with pytest.raises(RegisterError) as caught:
        check_known(cells, look_up(shipped_codes()), "dream.parquet")
    assert "555 (2 cells), 556 (1 cells)" in str(caught.value)
    assert caught.value.stable_code == "register-unknown-code"


@pytest.mark.parametrize("code", [-1, 1000, 1111])
def test_a_code_of_four_digits_or_below_zero_is_refused(code):
    with pytest.raises(RegisterError, match="three digits"):
        check_known(np.array([[code]], dtype=np.int16), look_up(shipped_codes()), "dream.parquet")


def test_every_faulty_line_is_reported(tmp_path):
    path = write(
        tmp_path / "codes.csv",
        "111,a,b,unemployed-insured,declared,x",
        "11x,a,b,unemployed-insured,declared,x",
        "112,a,b,nowhere,declared,x",
        "113,a,b,sickness,guessed,x",
        "111,a,b,sickness,declared,x",
    )
    with pytest.raises(RegisterError) as caught:
        read_codes(path)
    lines = [problem.where.rsplit(":", 1)[1] for problem in caught.value.problems()]
    assert sorted(lines) == ["3", "4", "5", "6"]


def test_wrong_columns_are_named(tmp_path):
    path = tmp_path / "codes.csv"
    path.write_text("code;label\n111;x\n")
    with pytest.raises(RegisterError, match="a code file has the columns"):
        read_codes(path)


def test_a_code_file_of_ones_own(tmp_path):
    path = write(tmp_path / "codes.csv", "555,Ny ydelse,New benefit,unemployed-uninsured,declared,own")
    assert look_up(read_codes(path))[555] == State.UNEMPLOYED
