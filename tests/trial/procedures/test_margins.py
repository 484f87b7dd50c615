"""Minimisation, Hu-Hu and the balancing walk against second definitions, and what they refuse."""

import json
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trial.procedures.enumeration import arms_of, at_position, sequences
from trial.errors import IntakeError, ProtocolError
from trial.procedures import Arms, Draws, Factor, Subject, build, epoch_key, next_arm

FACTORS = (Factor("jobcentre", ("north", "south")), Factor("age", ("young", "middle", "old")))
PEOPLE = [("north", "young"), ("south", "young"), ("north", "old"), ("north", "young"), ("south", "old")]
MINIMISING = [
    ("pocock-simon@1", {"probability": 0.8}),
    ("pocock-simon@1", {"probability": 0.9, "weights": {"age": 2}}),
    ("hu-hu@1", {"probability": 0.85, "overall": 0.2, "margin": 0.3, "stratum": 0.5}),
]
WALK = ("balancing-walk@1", {"alpha": 6, "phi": "1/2"})


def unit(jobcentre, age, number=0):
    return Subject(f"p{number}", {"jobcentre": jobcentre, "age": age}, f"{jobcentre}/{age}")


UNITS = [unit(*person, number) for number, person in enumerate(PEOPLE)]
person = st.tuples(st.sampled_from(FACTORS[0].levels), st.sampled_from(FACTORS[1].levels))
history = st.lists(st.tuples(person, st.sampled_from("AB")), max_size=25)


def played(procedure, past):
    state = procedure.begin()
    for who, arm in past:
        state = procedure.advance(state, unit(*who), arm, None)
    return state


def lead(past, alike):
    return sum((1 if arm == "A" else -1) for who, arm in past if alike(who))


@settings(max_examples=60)
@given(history, person)
def test_pocock_simon_equals_its_definition(past, who):
    """Two arms: the range of a level is |lead|; compare the sums with A and with B added."""
    procedure = build("pocock-simon@1", {"probability": 0.8, "weights": {"age": 2}}, arms_of("1:1"), FACTORS)
    scores = {
        arm: sum(
            weight * abs(lead(past, lambda other, k=k: other[k] == who[k]) + sign) for k, weight in ((0, 1), (1, 2))
        )
        for arm, sign in (("A", 1), ("B", -1))
    }
    expected = Fraction(1, 2) if scores["A"] == scores["B"] else Fraction(4 if scores["A"] < scores["B"] else 1, 5)
    assert procedure.probabilities(played(procedure, past), unit(*who), None)["A"] == expected


@settings(max_examples=60)
@given(history, person)
def test_hu_hu_equals_its_definition(past, who):
    """Two arms: weighted squared leads over everybody, each margin and the stratum, with A and with B added."""
    parameters = {"probability": 0.85, "overall": 0.2, "margin": 0.3, "stratum": 0.5}
    procedure = build("hu-hu@1", parameters, arms_of("1:1"), FACTORS)
    parts = [
        (Fraction(1, 5), lambda _: True),
        (Fraction(3, 10), lambda other: other[0] == who[0]),
        (Fraction(3, 10), lambda other: other[1] == who[1]),
        (Fraction(1, 2), lambda other: other == who),
    ]
    with_a, with_b = (sum(w * (lead(past, alike) + sign) ** 2 for w, alike in parts) for sign in (1, -1))
    expected = Fraction(1, 2) if with_a == with_b else Fraction(17 if with_a < with_b else 3, 20)
    assert procedure.probabilities(played(procedure, past), unit(*who), None)["A"] == expected


@settings(max_examples=60)
@given(history, person)
def test_the_balancing_walk_equals_its_definition(past, who):
    """With vectors: x of 1 and indicators, w the running sum with the sign of the arm, restarted beyond alpha."""
    procedure = build("balancing-walk@1", {"alpha": 6, "phi": 0.5}, arms_of("1:1"), FACTORS)
    names = [*FACTORS[0].levels, *FACTORS[1].levels]

    def x(one):
        return [1, *(int(name in one) for name in names)]

    walk = [0] * 6
    for one, arm in past:
        if abs(sum(a * b for a, b in zip(x(one), walk, strict=True))) > 6:
            walk = [0] * 6
        walk = [a + b * (1 if arm == "A" else -1) for a, b in zip(walk, x(one), strict=True)]
    along = sum(a * b for a, b in zip(x(who), walk, strict=True))
    expected = Fraction(1, 2) if abs(along) > 6 else (1 - Fraction(along, 12)) / 2
    assert procedure.probabilities(played(procedure, past), unit(*who), None)["A"] == expected


@pytest.mark.parametrize(("name", "parameters"), MINIMISING)
@pytest.mark.parametrize("ratio", ["1:1", "2:1", "3:1", "2:2:1", "1:1:1"])
def test_the_probability_of_an_arm_is_its_ratio_at_every_position(name, parameters, ratio):
    """unbiased ignores the ratio among ties (and 106 asks for proof): here every path, slots included, exactly."""
    length = {"1:1": 5, "2:1": 5, "2:2:1": 3}.get(ratio, 4)
    found = sequences(build(name, parameters, arms_of(ratio), FACTORS), UNITS[:length])
    for position in range(length):
        assert at_position(found, position) == arms_of(ratio).target


def test_the_balancing_walk_keeps_its_ratio_at_every_position():
    found = sequences(build(*WALK, arms_of("1:1"), FACTORS), UNITS * 2)
    for position in range(10):
        assert at_position(found, position) == arms_of("1:1").target


@pytest.mark.parametrize(("name", "parameters"), [*MINIMISING, WALK])
def test_swapping_the_labels_swaps_the_arms(name, parameters):
    found = sequences(build(name, parameters, arms_of("1:1"), FACTORS), UNITS)
    swap = {"A": "B", "B": "A"}
    assert {tuple(swap[arm] for arm in path): share for path, share in found.items()} == found


CODES = [("0", "1"), ("1", "0"), ("1", "2"), ("2", "1"), ("b", "a"), ("10", "9"), ("arm", "arm 2")]


@pytest.mark.parametrize("names", CODES)
@pytest.mark.parametrize(
    ("name", "parameters", "ratio"),
    [(*one, ratio) for one in MINIMISING for ratio in ("1:1", "2:1")] + [(*WALK, "1:1")],
)
def test_no_code_of_an_arm_changes_the_draw(name, parameters, ratio, names):
    """Minirand 2020-01-22 indexes by value: with arms coded 0 and 1, 1000 of 1000 assignments were certain.

    Every path of four citizens, slots included, is exactly as likely as with arms named A and B.
    """
    plain = arms_of(ratio)
    found = sequences(build(name, parameters, Arms(names, plain.ratio), FACTORS), UNITS[:4])
    expected = sequences(build(name, parameters, plain, FACTORS), UNITS[:4])
    coded = dict(zip(plain.names, names, strict=True))
    assert found == {tuple(coded[arm] for arm in path): share for path, share in expected.items()}


@pytest.mark.parametrize("names", CODES)
@pytest.mark.parametrize(("name", "parameters"), MINIMISING)
def test_no_code_of_an_arm_makes_the_draw_certain(name, parameters, names):
    """After one citizen the arm that lags has the declared probability, and the other one the rest."""
    procedure = build(name, parameters, Arms(names, (1, 1)), FACTORS)
    p = Fraction(str(parameters["probability"]))
    for got, lags in (names, names[::-1]):
        chances = procedure.probabilities(played(procedure, [(PEOPLE[0], got)]), UNITS[0], None)
        assert chances == {lags: p, got: 1 - p}


@pytest.mark.parametrize(("name", "parameters"), [*MINIMISING, WALK])
def test_the_state_is_complete(name, parameters):
    """bwd 0.1.7: its state omits alpha, so a restored walk had other probabilities (19.81 became 22.58)."""
    draws = Draws(epoch_key(bytes(32), "t", 1), "t", 1, "")
    kept = build(name, parameters, arms_of("1:1"), FACTORS)
    one, two = kept.begin(), kept.begin()
    for step in range(200):
        who = UNITS[step % 5]
        first = next_arm(kept, one, who, draws, step)
        restored = build(name, parameters, arms_of("1:1"), FACTORS)
        second = next_arm(restored, json.loads(json.dumps(two, sort_keys=True)), who, draws, step)
        assert (first.arm, first.probabilities) == (second.arm, second.probabilities)
        one, two = first.state, second.state
    assert one == two


def test_the_walk_restarts_beyond_alpha_and_says_so():
    procedure = build("balancing-walk@1", {"alpha": 2, "phi": 1}, arms_of("1:1"), FACTORS)
    state = played(procedure, [(PEOPLE[0], "A")])  # the next one of the same kind sees x w = 3
    assert procedure.probabilities(state, UNITS[0], None)["A"] == Fraction(1, 2)
    after = procedure.advance(state, UNITS[0], "B", None)
    assert after["restarts"] == 1
    assert after["walk"]["age"] == {"young": -1}


@pytest.mark.parametrize(("name", "parameters"), [*MINIMISING, WALK])
@pytest.mark.parametrize(
    ("levels", "code"),
    [({"jobcentre": "north"}, "missing-factor"), ({"jobcentre": "north", "age": ""}, "missing-factor"),
     ({"jobcentre": "north", "age": "ancient"}, "unknown-level")],
)  # fmt: skip
def test_a_unit_that_does_not_fit_is_refused_never_put_elsewhere(name, parameters, levels, code):
    """unbiased takes any covariate the client sends; randomizr 92 ignored blocks silently."""
    procedure = build(name, parameters, arms_of("1:1"), FACTORS)
    with pytest.raises(IntakeError) as refused:
        procedure.probabilities(procedure.begin(), Subject("p-secret", levels, "s"), None)
    assert refused.value.stable_code == code
    assert "p-secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "parameters", "ratio", "factors", "code"),
    [
        ("pocock-simon@1", {"probability": 1}, "1:1", FACTORS, "protocol-value"),
        ("pocock-simon@1", {"probability": 0.8}, "1:1", (), "protocol-factors"),
        ("pocock-simon@1", {"probability": 0.8, "weights": {"sex": 1}}, "1:1", FACTORS, "protocol-value"),
        ("pocock-simon@1", {"probability": 0.8, "weights": {"age": 0}}, "1:1", FACTORS, "protocol-value"),
        ("hu-hu@1", {"probability": 0.8, "overall": -1, "margin": 1, "stratum": 1}, "1:1", FACTORS, "protocol-value"),
        ("balancing-walk@1", {"alpha": 6, "phi": 1.5}, "1:1", FACTORS, "protocol-value"),
        ("balancing-walk@1", {"alpha": 6, "phi": 1}, "2:1", FACTORS, "protocol-ratio"),
        ("balancing-walk@1", {"alpha": 6, "phi": 1}, "1:1:1", FACTORS, "protocol-ratio"),
        ("rerandomisation@2", {"candidates": 9, "probability": 0.8}, "2:1", FACTORS, "protocol-ratio"),
        ("rerandomisation@2", {"candidates": 9, "probability": 0.5}, "1:1", FACTORS, "protocol-value"),
        ("rerandomisation@1", {"candidates": 9}, "1:1", FACTORS, "protocol-procedure"),
    ],
)
def test_what_cannot_be_kept_is_refused(name, parameters, ratio, factors, code):
    with pytest.raises(ProtocolError) as refused:
        build(name, parameters, arms_of(ratio), factors)
    assert refused.value.stable_code == code


def test_levels_of_one_name_are_refused():
    for levels in (("a", "a"), ("a",), ()):
        with pytest.raises(ProtocolError) as refused:
            Factor("age", levels)
        assert refused.value.stable_code == "protocol-levels"
