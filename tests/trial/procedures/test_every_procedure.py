"""What every procedure owes: the exact ratio at every position, no favoured label, a state that is plain JSON."""

import json
from fractions import Fraction
from types import SimpleNamespace

import pytest

from tests.trial.procedures.enumeration import arms_of, at_position, sequences
from trial.errors import ProtocolError
from trial.procedures import SHELF, Arms, Draws, Subject, build, choose, declared, epoch_key, next_arm

BLOCKS = {"1:1": [2, 4], "2:1": [3, 6], "3:1": [4], "2:2:1": [5], "1:1:1": [3, 6], "1:1:1:1": [4]}
STRATIFIED = [
    *(("simple@1", {}, ratio) for ratio in BLOCKS),
    *(("permuted-block@1", {"sizes": sizes}, ratio) for ratio, sizes in BLOCKS.items()),
    *(("complete@1", {"total": 7}, ratio) for ratio in BLOCKS),
    *(("big-stick@1", {"tolerance": 2}, ratio) for ratio in BLOCKS),
    *(("efron@1", {"probability": "2/3"}, ratio) for ratio in BLOCKS),
    *(("chen@1", {"tolerance": 2, "probability": 0.6}, ratio) for ratio in BLOCKS),
    *(("wei-urn@1", {"alpha": 0, "beta": 1}, ratio) for ratio in BLOCKS),
    *(("wei-urn@1", {"alpha": 2, "beta": 3}, ratio) for ratio in ("1:1", "2:1")),
    *(("maximal@1", {"tolerance": 2, "horizon": 5}, ratio) for ratio in BLOCKS),
]


def unit(number=0):
    return Subject(f"p{number}", {}, "s")


@pytest.mark.parametrize(("name", "parameters", "ratio"), STRATIFIED)
def test_the_probability_of_an_arm_is_its_ratio_at_every_position(name, parameters, ratio):
    """By enumerating every path, slots and block sizes included, with exact fractions."""
    arms = arms_of(ratio)
    length = 7 if arms.total == len(arms.names) == 2 else 5
    found = sequences(build(name, parameters, arms), length)
    assert sum(found.values()) == 1
    for position in range(length):
        assert at_position(found, position) == arms.target


@pytest.mark.parametrize(("name", "parameters", "ratio"), [one for one in STRATIFIED if one[2] in ("1:1", "1:1:1")])
def test_swapping_the_labels_swaps_the_arms(name, parameters, ratio):
    """The distribution is the same after any exchange of two labels."""
    found = sequences(build(name, parameters, arms_of(ratio)), 5)
    swap = {"A": "B", "B": "A", "C": "C"}
    assert {tuple(swap[arm] for arm in path): share for path, share in found.items()} == found


@pytest.mark.parametrize(("name", "parameters", "ratio"), STRATIFIED)
def test_the_state_survives_canonical_json(name, parameters, ratio):
    """Saved with sorted keys and restored at every step, the sequence goes on as it would have (bwd 0.1.7)."""
    arms = Arms(tuple("zyxw"[: len(arms_of(ratio).names)]), arms_of(ratio).ratio)  # not in alphabetical order
    procedure = build(name, parameters, arms)
    draws = Draws(epoch_key(bytes(32), "t", 1), "t", 1, "s")
    kept, restored = procedure.begin(), procedure.begin()
    for step in range(7 if name == "complete@1" else 60):
        one = next_arm(procedure, kept, unit(), draws, step)
        fresh = Draws(epoch_key(bytes(32), "t", 1), "t", 1, "s")
        two = next_arm(procedure, json.loads(json.dumps(restored, sort_keys=True)), unit(), fresh, step)
        assert (one.arm, one.probabilities) == (two.arm, two.probabilities)
        kept, restored = one.state, two.state


@pytest.mark.parametrize(("name", "parameters", "ratio"), STRATIFIED)
def test_advancing_leaves_the_state_given_as_it_was(name, parameters, ratio):
    procedure = build(name, parameters, arms_of(ratio))
    draws = Draws(epoch_key(bytes(32), "t", 1), "t", 1, "s")
    state = procedure.begin()
    before = json.dumps(state)
    next_arm(procedure, state, unit(), draws, 0)
    assert json.dumps(state) == before


@pytest.mark.parametrize(("name", "parameters", "ratio"), STRATIFIED)
def test_many_at_once_are_drawn_as_one_after_the_other(name, parameters, ratio):
    """What a procedure does for a batch of its own gives the arms, chances and state of the plain rule."""
    procedure = build(name, parameters, arms_of(ratio))
    draws, count = Draws(epoch_key(bytes(32), "t", 1), "t", 1, "s"), 7 if name == "complete@1" else 60
    many, after = procedure.in_order(procedure.begin(), [unit(number) for number in range(count)], draws, 0)
    state, before = procedure.begin(), json.dumps(procedure.begin())
    assert len(many) == count
    for step, drawn in enumerate(many):
        probabilities = procedure.probabilities(state, unit(step), draws)
        assert (drawn.arm, drawn.probabilities) == (choose(probabilities, draws, step).arm, probabilities)
        state = procedure.advance(state, unit(step), drawn.arm, draws)
    assert after == state
    assert json.dumps(procedure.begin()) == before


def test_nothing_about_the_rest_of_a_block_is_in_the_state():
    """PhoenixCTMS and others keep the list, or a position in it; here a state is what has happened and no more."""
    procedure = build("permuted-block@1", {"sizes": [2, 4, 6]}, arms_of("1:1"))
    draws = Draws(epoch_key(bytes(32), "t", 1), "t", 1, "s")
    state, drawn = procedure.begin(), []
    for step in range(50):
        one = next_arm(procedure, state, unit(), draws, step)
        state, drawn = one.state, [*drawn, one.arm]
        assert state == {arm: drawn.count(arm) for arm in ("A", "B")}


def declaration(procedure, **parameters):
    return SimpleNamespace(procedure=procedure, parameters=parameters)


def arm(name, ratio=1):
    return SimpleNamespace(name=name, ratio=ratio)


ARMS = [arm("physical"), arm("digital")]


@pytest.mark.parametrize(
    ("declaration", "arms", "code"),
    [
        (declaration("big-stik@1", tolerance=3), ARMS, "protocol-procedure"),
        (declaration("big-stick", tolerance=3), ARMS, "protocol-procedure"),
        (declaration("big-stick@99", tolerance=3), ARMS, "protocol-procedure"),
        (declaration("big-stick@1"), ARMS, "protocol-parameter"),
        (declaration("big-stick@1", tolerance=3, seed=1), ARMS, "protocol-parameter"),
        (declaration("big-stick@1", tolerance="three"), ARMS, "protocol-value"),
        (declaration("big-stick@1", tolerance=True), ARMS, "protocol-value"),
        (declaration("big-stick@1", tolerance=0), ARMS, "protocol-value"),
        (declaration("permuted-block@1", sizes=[3]), ARMS, "protocol-value"),
        (declaration("permuted-block@1", sizes=[4, 4]), ARMS, "protocol-value"),
        (declaration("permuted-block@1", sizes=[]), ARMS, "protocol-value"),
        (declaration("permuted-block@1", sizes=4), ARMS, "protocol-value"),
        (declaration("simple@1"), [arm("a"), arm("a")], "protocol-arms"),
        (declaration("simple@1"), [arm("a"), arm("b", 0)], "protocol-arms"),
        (declaration("simple@1"), [arm("a"), arm("b", 1.5)], "protocol-arms"),
        (declaration("simple@1"), [arm("a"), arm("")], "protocol-arms"),
        (declaration("simple@1"), [arm("a")], "protocol-arms"),
    ],
)
def test_what_is_not_lawful_is_refused(declaration, arms, code):
    """Never a silent fallback (randomizr 92, 26); an arm of probability 0 is refused (randomizr 35)."""
    with pytest.raises(ProtocolError) as refused:
        declared(declaration, arms)
    assert refused.value.stable_code == code
    assert refused.value.mend


def test_the_declared_trial_is_built():
    procedure = declared(declaration("big-stick@1", tolerance=3), ARMS)
    assert f"{procedure.name}@{procedure.version}" in SHELF
    assert procedure.begin() == {"physical": 0, "digital": 0}
    assert procedure.scope_of(Subject("p", {}, "0461/dagpenge/18-29")) == "0461/dagpenge/18-29"


def test_ratios_are_reduced():
    assert Arms(("a", "b"), (4, 2)) == Arms(("a", "b"), (2, 1))
    assert Arms(("a", "b"), (2, 1)).target == {"a": Fraction(2, 3), "b": Fraction(1, 3)}
    assert Arms(("a", "b"), (2, 1)).slot_names == ("a/1", "a/2", "b")
