"""Rounding to the printed digit, as a table."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.reproduce.compare import compare, decimals, rounded

TABLE = """
    published   computed      rounding   tolerance  | status
    1794        1794.342      half-unit  -          | reproduced
    1794        1794.5        half-unit  -          | reproduced        (a tie: papers round it either way)
    1794        1793.5        half-unit  -          | reproduced
    1794        1794.51       half-unit  -          | differs
    1794        1794.51       half-unit  0.6        | within-tolerance
    1794        1795.51       half-unit  0.6        | differs
    -8498       -8497.516     half-unit  -          | reproduced
    0.10        0.10769       half-unit  -          | differs
    0.10        0.10769       truncated  -          | reproduced
    0.10        0.0999        truncated  -          | differs
    -0.10       -0.109        truncated  -          | reproduced
    0.10        0.11          truncated  0.01       | within-tolerance
    0.1         0.10769       half-unit  -          | reproduced        (fewer digits claim less)
    0.15        0.145         half-unit  -          | reproduced        (0.145 is binary 0.14499999999999999)
    2.675       2.6745        half-unit  -          | reproduced
    1.5e3       1540          half-unit  -          | differs           (an exponent adds no tolerance)
"""


@pytest.mark.parametrize("line", [line for line in TABLE.splitlines() if "|" in line][1:])
def test_table(line):
    claim, status = line.split("|")
    published, computed, rounding, tolerance = claim.split()
    found = compare(float(computed), published, rounding, None if tolerance == "-" else tolerance)
    assert found == status.split()[0]


def test_digits_are_those_printed():
    assert [decimals(text) for text in ("1794", "0.10", "-15204.78", "1e3")] == [0, 2, 2, 0]
    assert rounded(0.0964, "0.10") == "0.10"
    assert rounded(-0.001, "0.00") == "0.00"


@given(st.floats(-1e6, 1e6), st.integers(0, 5))
def test_whatever_is_printed_from_a_number_is_reproduced_and_two_units_off_is_not(number, digits):
    printed = f"{number:.{digits}f}"
    off = str(Decimal(printed) + 2 * Decimal(1).scaleb(-digits))
    assert compare(number, printed, "half-unit", None) == "reproduced"
    assert compare(number, off, "half-unit", None) == "differs"
