"""Big stick against its theory: all 2^12 paths with exact fractions."""

from fractions import Fraction

import pytest

from tests.trial.procedures.enumeration import sequences
from trial.procedures import Subject, build

HALF = Fraction(1, 2)


def leads(path):
    lead, found = 0, [0]
    for arm in path:
        lead += 1 if arm == "physical" else -1
        found.append(lead)
    return found


@pytest.mark.parametrize("tolerance", [1, 2, 3])
def test_every_path_has_the_probability_of_its_free_steps(two, tolerance):
    """A path within the tolerance has probability 1/2 for every step that did not start at the edge; others none."""
    found = sequences(build("big-stick@1", {"tolerance": tolerance}, two), 12)
    for path, share in found.items():
        walk = leads(path)
        assert max(map(abs, walk)) <= tolerance
        assert share == HALF ** sum(abs(lead) < tolerance for lead in walk[:-1])
    assert sum(found.values()) == 1


def test_a_corrected_record_beyond_the_edge_is_drawn_back(two):
    procedure = build("big-stick@1", {"tolerance": 2}, two)
    chances = procedure.probabilities({"physical": 9, "digital": 4}, Subject("p", {}, "s"), None)
    assert chances == {"physical": 0, "digital": 1}
