"""Permuted blocks against their theory."""

from fractions import Fraction
from itertools import permutations, product

import pytest

from tests.trial.procedures.enumeration import arms_of, sequences
from trial.procedures import Draws, Subject, build, epoch_key, next_arm

UNIT = Subject("p", {}, "s")


def test_every_order_of_a_block_is_equally_likely():
    found = sequences(build("permuted-block@1", {"sizes": [6]}, arms_of("2:1")), 6)
    assert found == dict.fromkeys(set(permutations("AAAABB")), Fraction(1, 15))


def test_random_sizes_are_the_mixture_of_their_blocks():
    """Sizes 2 and 4, four units: half the time one block of 4, a quarter 2+2, a quarter 2 and half of a 4."""
    found = sequences(build("permuted-block@1", {"sizes": [2, 4]}, arms_of("1:1")), 4)
    of_two = dict.fromkeys(permutations("AB"), Fraction(1, 2))
    of_four = dict.fromkeys(set(permutations("AABB")), Fraction(1, 6))
    half_of_four: dict[tuple[str, ...], Fraction] = {}
    for path, share in of_four.items():
        half_of_four[path[:2]] = half_of_four.get(path[:2], 0) + share
    expected = {path: share / 2 for path, share in of_four.items()}
    for second, weight in ((of_two, Fraction(1, 4)), (half_of_four, Fraction(1, 4))):
        for (a, p), (b, q) in product(of_two.items(), second.items()):
            expected[a + b] = expected.get(a + b, 0) + weight * p * q
    assert found == expected


@pytest.mark.parametrize("sizes", [[4], [2, 4, 6]])
def test_no_wrap_around_and_no_repeated_list(sizes):
    """PhoenixCTMS takes the position modulo the length of its list: the sequence repeats. Blocks never do."""
    procedure = build("permuted-block@1", {"sizes": sizes}, arms_of("1:1"))
    draws, state, drawn = Draws(epoch_key(bytes(32), "t", 1), "t", 1, "s"), procedure.begin(), ""
    for step in range(1200):
        one = next_arm(procedure, state, UNIT, draws, step)
        state, drawn = one.state, drawn + one.arm
        assert abs(state["A"] - state["B"]) <= max(sizes) // 2
    assert all(drawn[:300] != drawn[shift : shift + 300] for shift in range(1, 900))


def test_a_partial_block_is_resumed_not_discarded():
    """Discarding the rest of a block at a pause raised mean imbalance from .71 to 3.45; here the counts just wait."""
    procedure = build("permuted-block@1", {"sizes": [4]}, arms_of("1:1"))
    state, arms = procedure.begin(), []
    for step in range(40):  # each step is a new day, a new process, a new Draws: only counts are carried
        draws = Draws(epoch_key(bytes(32), "t", 1), "t", 1, "s")
        one = next_arm(procedure, dict(state), UNIT, draws, step)
        state, arms = one.state, [*arms, one.arm]
    assert all(sorted(arms[k : k + 4]) == list("AABB") for k in range(0, 40, 4))


@pytest.mark.parametrize(("ratio", "sizes"), [("1:1", [2, 4, 6, 8]), ("2:1", [3, 6, 9])])
def test_who_reads_the_probabilities_knows_the_open_block_from_its_second_draw(ratio: str, sizes: list[int]) -> None:
    """Sizes are drawn with a key and stored nowhere; what is recorded for the verifier tells them all the same."""
    arms = arms_of(ratio)
    procedure = build("permuted-block@1", {"sizes": sizes}, arms)
    draws, state, step = Draws(epoch_key(bytes(32), "t", 1), "t", 1, "s"), procedure.begin(), 0
    shares = dict(zip(arms.names, (Fraction(one, arms.total) for one in arms.ratio), strict=True))
    for _ in range(200):
        read = []  # what a reader has of the block: arm and probabilities
        size = None
        while size is None or len(read) < size:
            one = next_arm(procedure, state, UNIT, draws, step)
            if size is not None and len(read) == size - 1:
                quota = {arm: share * size for arm, share in shares.items()}
                [last] = [arm for arm in quota if quota[arm] > sum(told == arm for told, _ in read)]
                assert one.probabilities[last] == 1 and one.arm == last
            read.append((one.arm, one.probabilities))
            if len(read) == 2:
                first = read[0][0]
                [size] = [b for b in sizes if (b * shares[first] - 1) / (b - 1) == read[1][1][first]]
            state, step = one.state, step + 1
        assert read[0][1] == shares  # the first draw tells nothing
