"""Guess rates against what the field knows, and against enumeration of every path."""

from fractions import Fraction

import pytest

from tests.trial.procedures.enumeration import arms_of, sequences
from trial.design import positions
from trial.procedures import Factor, build


@pytest.mark.parametrize(
    ("name", "parameters", "published"),
    [
        ("simple@1", {}, 0.50),
        ("permuted-block@1", {"sizes": [2]}, 0.750),
        ("permuted-block@1", {"sizes": [4]}, 0.709),
        ("permuted-block@1", {"sizes": [6]}, 0.682),
        ("permuted-block@1", {"sizes": [8]}, 0.666),
        ("permuted-block@1", {"sizes": [2, 4]}, 0.722),
        ("permuted-block@1", {"sizes": [2, 4, 6]}, 0.702),
        ("permuted-block@1", {"sizes": [4, 6, 8]}, 0.680),
        ("efron@1", {"probability": "2/3"}, 0.624),
        ("wei-urn@1", {"alpha": 0, "beta": 1}, 0.531),
        ("big-stick@1", {"tolerance": 2}, 0.623),
        ("big-stick@1", {"tolerance": 3}, 0.582),
        ("big-stick@1", {"tolerance": 4}, 0.561),
        ("chen@1", {"tolerance": 3, "probability": 0.6}, 0.618),
        ("maximal@1", {"tolerance": 2, "horizon": 200}, 0.665),
        ("maximal@1", {"tolerance": 3, "horizon": 200}, 0.624),
        ("maximal@1", {"tolerance": 4, "horizon": 200}, 0.598),
    ],
)
def test_guess_rates_at_two_hundred_in_one_stratum(name, parameters, published):
    """The simulated rates of the field (2,000 runs each) within .01; ours are exact."""
    chain = positions(build(name, parameters, arms_of("1:1")), 200)
    assert len(chain) == 200
    assert sum(one.converges for one in chain) / 200 == pytest.approx(published, abs=0.01)


def test_known_limits():
    """Blocks of 4: 17/24. Efron in the long run: 1/2 + (p - 1/2)(1 - (r - 1) / 2r) = 5/8 with r = p / q = 2."""
    blocks = positions(build("permuted-block@1", {"sizes": [4]}, arms_of("1:1")), 4)
    assert sum(one.converges for one in blocks) / 4 == pytest.approx(17 / 24)
    efron = positions(build("efron@1", {"probability": "2/3"}, arms_of("1:1")), 400)
    assert sum(one.converges for one in efron[300:]) / 100 == pytest.approx(5 / 8, abs=1e-9)


@pytest.mark.parametrize(
    ("name", "parameters", "ratio"),
    [
        ("permuted-block@1", {"sizes": [2, 4]}, "1:1"),
        ("permuted-block@1", {"sizes": [3, 6]}, "2:1"),
        ("big-stick@1", {"tolerance": 1}, "2:1"),
        ("efron@1", {"probability": "2/3"}, "1:1:1"),
        ("efron@1", {"probability": "2/3"}, "2:1"),
        ("simple@1", {}, "2:1"),
        ("maximal@1", {"tolerance": 2, "horizon": 4}, "1:1"),
    ],
)
def test_every_position_equals_enumeration_of_all_paths(name, parameters, ratio):
    arms, length = arms_of(ratio), 6
    procedure = build(name, parameters, arms)
    chain = positions(procedure, length)
    paths = sequences(procedure, length)
    for n, position in enumerate(chain):
        seen = {}
        for path, share in paths.items():
            counts = tuple(path[:n].count(arm) for arm in arms.names)
            chances = seen.setdefault(counts, dict.fromkeys(arms.names, Fraction(0)))
            chances[path[n]] += share
        converges = counted = imbalance = Fraction(0)
        for counts, chances in seen.items():
            even = [Fraction(count, part) for count, part in zip(counts, arms.ratio, strict=True)]
            behind = [arm for arm, value in zip(arms.names, even, strict=True) if value == min(even)]
            converges += sum(chances[arm] for arm in behind) / len(behind)
            counted += max(chances.values())
            imbalance += (max(even) - min(even)) * sum(chances.values())
        assert position.converges == pytest.approx(float(converges))
        assert position.counts == pytest.approx(float(counted))
        assert position.imbalance == pytest.approx(float(imbalance))


def test_a_block_of_two_makes_every_second_draw_certain():
    """PhoenixCTMS: one permutation of the arms a block, the second of every two allocations is known."""
    chain = positions(build("permuted-block@1", {"sizes": [2]}, arms_of("1:1")), 6)
    assert [one.certain for one in chain] == [0, 1, 0, 1, 0, 1]


def test_a_procedure_for_the_whole_trial_has_no_chain():
    factors = (Factor("age", ("young", "old")),)
    assert positions(build("pocock-simon@1", {"probability": 0.8}, arms_of("1:1"), factors), 10) == []


def test_a_chain_that_grows_too_large_stops_and_says_nothing():
    chain = positions(build("efron@1", {"probability": "2/3"}, arms_of("2:2:1")), 200)
    assert 0 < len(chain) < 200
