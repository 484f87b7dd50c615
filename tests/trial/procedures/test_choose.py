"""From probabilities to an arm."""

from fractions import Fraction
from itertools import pairwise
from weakref import WeakSet

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trial.procedures.enumeration import outcomes
from trial.errors import IntakeError, StateError
from trial.procedures import Arms, Draws, Probabilities, Subject, batch_order, choose, epoch_key
from trial.procedures.permuted_block import PermutedBlock

weights = st.lists(st.integers(0, 6), min_size=2, max_size=4).filter(sum)


@given(weights)
def test_each_arm_is_chosen_with_exactly_its_probability(parts):
    probabilities = Probabilities({f"arm {k}": Fraction(part, sum(parts)) for k, part in enumerate(parts)})
    found = dict.fromkeys(probabilities, Fraction(0))
    for arm, share in outcomes(lambda draw: choose(probabilities, draw, 5).arm):
        found[arm] += share
    assert found == probabilities


@pytest.mark.parametrize("shares", [("1/2", "1/3"), ("3/2", "-1/2"), ("1", "1")])
def test_impossible_probabilities_are_refused_not_repaired(shares):
    draws = Draws(epoch_key(bytes(32), "t", 1), "t", 1, "")
    with pytest.raises(StateError) as refused:
        choose(Probabilities({f"arm {k}": Fraction(share) for k, share in enumerate(shares)}), draws, 0)
    assert refused.value.stable_code == "probabilities"


def test_labels_are_whole_labels():
    """urn-randomization: lstrip("balls_trt_") made "brief" into "ief" and "standard" lost its head."""
    names = ["brief", "standard", "balls_trt_", "lstrip"]
    even = Probabilities.fromkeys(names, Fraction(1, 4))
    found = {arm for arm, _ in outcomes(lambda draw: choose(even, draw, 0).arm)}
    assert found == set(names)


def test_a_batch_is_drawn_in_keyed_order_whatever_the_order_of_the_file():
    draws = Draws(epoch_key(bytes(32), "t", 1), "t", 1, "")
    ids = [f"p{k}" for k in range(50)]
    order = batch_order(ids, draws)
    assert order == batch_order(ids[::-1], draws) == batch_order(sorted(ids, key=hash), draws)
    assert sorted(order) == sorted(ids)
    assert order != ids
    # togglz 104: the same people were always first. Another epoch puts them in another order.
    assert order != batch_order(ids, Draws(epoch_key(bytes(32), "t", 2), "t", 2, ""))
    assert sum(later > earlier for earlier, later in pairwise(order)) not in (0, 49)


def test_a_participant_twice_in_a_batch_is_refused_and_not_named():
    draws = Draws(epoch_key(bytes(32), "t", 1), "t", 1, "")
    with pytest.raises(IntakeError) as refused:
        batch_order(["p-secret", "p2", "p-secret"], draws)
    assert refused.value.stable_code == "duplicate-participant"
    assert "p-secret" not in str(refused.value)


class _State(dict):
    """A state that can be told to be gone."""

    __hash__ = object.__hash__


alive: WeakSet[_State] = WeakSet()


class _Remembering(PermutedBlock):
    """A procedure whose states are counted while they live."""

    def advance(self, state, unit, arm, draw):
        after = _State(super().advance(state, unit, arm, draw), last=unit.participant_id)
        alive.add(after)
        return after


def test_of_a_batch_only_the_last_state_is_kept():
    """A state may be as large as the trial: one kept with every citizen would not fit into memory."""
    alive.clear()
    procedure = _Remembering(Arms(("a", "b"), (1, 1)), sizes=[2])
    units = [Subject(f"p{number}", {}, "") for number in range(50)]
    drawn, state = procedure.in_order(procedure.begin(), units, Draws(epoch_key(bytes(32), "t", 1), "t", 1, ""), 0)
    assert len(drawn) == 50 and state["last"] == "p49"
    assert [id(one) for one in alive] == [id(state)]
