"""A procedure's name and version stand for the same draws for ever (randomizr 73, growthbook-swift 75: not so)."""

import pytest

from tests.golden.corpus import DESIGNS, entry, frozen, of
from trial.procedures import SHELF


@pytest.mark.parametrize("one", frozen(), ids=lambda one: f"{one['procedure']}-{len(one['arms'])}-arms")
def test_the_draws_are_the_frozen_ones(one):
    assert entry(*of(one)) == one


def test_every_procedure_of_the_shelf_is_frozen():
    assert {one["procedure"] for one in frozen()} == set(SHELF)
    assert [of(one) for one in frozen()][: len(DESIGNS)] == DESIGNS
