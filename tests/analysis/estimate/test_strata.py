"""Small strata are joined as declared: whom with whom, how many, under which name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.estimate.result import DegenerateError
from analysis.estimate.strata import Joined, Pooling, pool_small


def pooled(text: str, minimum: int = 2) -> Pooling:
    """A table: stratum, combination, citizens in the first and the second arm."""
    rows = [line.split() for line in text.strip().splitlines()]
    citizens = [
        (stratum, within, arm)
        for stratum, within, first, second in rows
        for arm, number in ((False, first), (True, second))
        for _ in range(int(number))
    ]
    stratum, within, treated = zip(*citizens, strict=True)
    return pool_small(stratum, treated, within, minimum=minimum)


def test_strata_with_enough_in_both_arms_stay_as_they_are() -> None:
    result = pooled("""
        0101/a  a  2 2
        0147/a  a  3 2
    """)
    assert result.names == ("0101/a", "0147/a")
    assert result.joined == ()


def test_small_strata_of_one_combination_are_joined() -> None:
    result = pooled("""
        0101/a  a  5 5
        0147/a  a  1 3
        0151/a  a  2 0
        0101/b  b  1 1
        0147/b  b  1 1
    """)
    assert result.joined == (Joined("joined(a)", ("0147/a", "0151/a")), Joined("joined(b)", ("0101/b", "0147/b")))
    assert result.names == ("0101/a", "joined(a)", "joined(b)")


def test_what_is_still_small_takes_in_the_smallest_full_stratum_of_its_combination() -> None:
    result = pooled("""
        0101/a  a  9 9
        0147/a  a  4 4
        0151/a  a  1 0
    """)
    assert result.joined == (Joined("joined(a)", ("0147/a", "0151/a")),)


def test_a_combination_without_full_strata_goes_to_the_rest() -> None:
    result = pooled("""
        0101/a  a  9 9
        0101/b  b  1 0
        0147/b  b  0 1
        0101/c  c  1 1
    """)
    assert result.joined == (Joined("joined(rest)", ("0101/b", "0101/c", "0147/b")),)
    alone = pooled("""
        0101/a  a  9 9
        0147/a  a  8 9
        0101/b  b  1 0
    """)
    assert alone.joined == (Joined("joined(rest)", ("0101/b", "0147/a")),)


def test_nothing_is_left_to_join() -> None:
    with pytest.raises(DegenerateError, match="fewer than 2"):
        pooled("0101/a  a  1 5")


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=12))
def test_every_citizen_keeps_a_place_and_every_stratum_its_minimum(rows: list[tuple[str, int, int]]) -> None:
    rows = [row for row in rows if row[1] + row[2]]
    text = "\n".join(f"{index}/{within} {within} {n0} {n1}" for index, (within, n0, n1) in enumerate(rows))
    if not rows or min(sum(row[1] for row in rows), sum(row[2] for row in rows)) < 2:
        return
    result = pooled(text)
    arms = [arm for _, first, second in rows for arm in [False] * first + [True] * second]
    assert len(result.codes) == len(arms)
    for code in range(len(result.names)):
        members = [arm for arm, own in zip(arms, result.codes, strict=True) if own == code]
        assert sum(members) >= 2
        assert len(members) - sum(members) >= 2
