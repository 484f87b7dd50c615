"""Every procedure with a theory equals it: a second definition of each, enumerated with exact fractions."""

from fractions import Fraction
from itertools import permutations, product
from math import comb

import pytest

from tests.trial.procedures.enumeration import arms_of, at_position, sequences
from trial.errors import ProtocolError, StateError
from trial.procedures import Subject, build

HALF = Fraction(1, 2)
UNIT = Subject("p", {}, "s")


def paths(length, chance):
    """Give the distribution over all paths where chance(lead, drawn) is the probability of A."""
    found = {}
    for path in product("AB", repeat=length):
        share, lead = Fraction(1), 0
        for drawn, arm in enumerate(path):
            p = chance(lead, drawn)
            share *= p if arm == "A" else 1 - p
            lead += 1 if arm == "A" else -1
        if share:
            found[path] = share
    return found


def test_efron_equals_its_definition():
    p = Fraction(2, 3)
    expected = paths(10, lambda lead, _: HALF if lead == 0 else (p if lead < 0 else 1 - p))
    assert sequences(build("efron@1", {"probability": "2/3"}, arms_of("1:1")), 10) == expected


def test_chen_equals_its_definition():
    p = Fraction(3, 5)

    def chance(lead, _):
        if abs(lead) == 2:
            return Fraction(int(lead < 0))
        return HALF if lead == 0 else (p if lead < 0 else 1 - p)

    found = sequences(build("chen@1", {"tolerance": 2, "probability": 0.6}, arms_of("1:1")), 10)
    assert found == paths(10, chance)


def test_wei_urn_equals_counting_its_balls():
    """The urn as a list of balls: alpha of each arm, and beta of the other arm after every draw."""
    found = sequences(build("wei-urn@1", {"alpha": 1, "beta": 2}, arms_of("1:1")), 8)
    expected = {}
    for path in product("AB", repeat=8):
        balls, share = ["A", "B"], Fraction(1)
        for arm in path:
            share *= Fraction(balls.count(arm), len(balls))
            balls += ["B" if arm == "A" else "A"] * 2
        expected[path] = share
    assert found == expected


@pytest.mark.parametrize(
    ("ratio", "tolerance", "horizon"), [("1:1", 2, 10), ("1:1", 1, 7), ("2:1", 1, 5), ("1:1:1", 2, 5)]
)
def test_maximal_makes_every_lawful_sequence_equally_likely(ratio, tolerance, horizon):
    """All sequences of slots within the tolerance, listed one by one."""
    arms = arms_of(ratio)
    lawful = []
    for path in product(range(arms.total), repeat=horizon):
        counts, inside = [0] * arms.total, True
        for slot in path:
            counts[slot] += 1
            inside = inside and max(counts) - min(counts) <= tolerance
        if inside:
            lawful.append(path)
    arm_of = [arm for arm, part in zip(arms.names, arms.ratio, strict=True) for _ in range(part)]
    expected: dict[tuple[str, ...], Fraction] = {}
    for path in lawful:
        names = tuple(arm_of[slot] for slot in path)
        expected[names] = expected.get(names, Fraction(0)) + Fraction(1, len(lawful))
    parameters = {"tolerance": tolerance, "horizon": horizon}
    assert sequences(build("maximal@1", parameters, arms), horizon) == expected


def test_maximal_goes_on_in_windows_and_keeps_its_tolerance():
    procedure = build("maximal@1", {"tolerance": 2, "horizon": 4}, arms_of("1:1"))
    for path, share in sequences(procedure, 10).items():
        lead, largest = 0, 0
        for arm in path:
            lead += 1 if arm == "A" else -1
            largest = max(largest, abs(lead))
        assert largest <= 2
        assert share > 0
    assert procedure.probabilities({"A": 9, "B": 4}, UNIT, None) == {"A": 0, "B": 1}


def test_complete_makes_every_allocation_of_the_total_equally_likely():
    found = sequences(build("complete@1", {"total": 8}, arms_of("1:1")), 8)
    assert found == dict.fromkeys(set(permutations("AAAABBBB")), Fraction(1, comb(8, 4)))


def test_complete_draws_what_does_not_divide_so_that_shares_are_exact():
    """Seven at 2:1 is 4 2/3 and 2 1/3: B gets 2 or 3 with exactly the mean."""
    found = sequences(build("complete@1", {"total": 7}, arms_of("2:1")), 7)
    numbers = {path.count("B") for path in found}
    assert numbers == {2, 3}
    assert sum(share * path.count("B") for path, share in found.items()) == Fraction(7, 3)


def test_complete_ends_with_its_total():
    """PhoenixCTMS begins its list again from the top, alfred aborts with places left: here the end is said."""
    procedure = build("complete@1", {"total": 4}, arms_of("1:1"))
    with pytest.raises(StateError) as refused:
        procedure.probabilities({"A": 2, "B": 2}, UNIT, None)
    assert refused.value.stable_code == "allocation-exhausted"


@pytest.mark.parametrize("name", ["efron@1", "chen@1"])
@pytest.mark.parametrize("probability", [0, 1, 0.5, "1/3", 1.2, "two thirds", True, "1/0"])
def test_a_coin_that_does_not_favour_balance_is_refused(name, probability):
    parameters = {"probability": probability} | ({"tolerance": 3} if name == "chen@1" else {})
    with pytest.raises(ProtocolError):
        build(name, parameters, arms_of("1:1"))


@pytest.mark.parametrize("procedure", ["efron@1", "chen@1", "big-stick@1", "maximal@1", "wei-urn@1"])
def test_no_code_of_an_arm_makes_the_draw_certain(procedure):
    """Minirand 2020-01-22 indexed arms by value: coded 0 and 1, 1000 of 1000 assignments were deterministic."""
    parameters = {
        "efron@1": {"probability": 0.8},
        "chen@1": {"probability": 0.8, "tolerance": 3},
        "big-stick@1": {"tolerance": 3},
        "maximal@1": {"tolerance": 3, "horizon": 20},
        "wei-urn@1": {"alpha": 1, "beta": 1},
    }[procedure]
    for names in (("0", "1"), ("1", "0"), ("1", "2")):
        arms = type(arms_of("1:1"))(names, (1, 1))
        for state in ({names[0]: 1, names[1]: 0}, {names[0]: 0, names[1]: 1}):
            chances = build(procedure, parameters, arms).probabilities(state, UNIT, None)
            assert all(0 < share < 1 for share in chances.values())


def test_shares_at_positions_do_not_wander_at_unequal_ratio():
    """The Minirand/unbiased rule let P(arm 1) at 2:1 wander between .58 and .68; here it is 2/3 at each position."""
    found = sequences(build("efron@1", {"probability": 0.85}, arms_of("2:1")), 6)
    assert {at_position(found, position)["A"] for position in range(6)} == {Fraction(2, 3)}
