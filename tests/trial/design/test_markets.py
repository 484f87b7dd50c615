"""What a market's past lets guess under two-stage saturation, against closed forms and enumeration of every path."""

from fractions import Fraction
from math import comb

import pytest

from tests.trial.procedures.enumeration import arms_of, sequences
from trial.design import in_one_place, positions, positions_in_market
from trial.procedures import Factor, Subject, build

FACTORS = (Factor("jobcentre", ("n", "s", "e", "w")),)
SIMPLE = {"procedure": "simple@1"}


def saturated(shares, within=SIMPLE):
    return build("saturation@1", {"factor": "jobcentre", "shares": shares, "within": within}, arms_of("1:1"), FACTORS)


def test_after_the_first_citizen_of_a_pure_market_nothing_is_left_to_guess():
    chain = positions_in_market(saturated([0, 1]), 200)
    assert [one.counts for one in chain] == [0.5, *[1.0] * 199]
    assert [one.certain for one in chain] == [0, *[1.0] * 199]
    assert [one.converges for one in chain] == [0.5, *[0.0] * 199]


@pytest.mark.parametrize("shares", [["1/10", "9/10"], ["1/4", "1/2", "3/4"], [0, "1/3", "2/3", 1]])
def test_with_coins_within_it_is_bayes_over_a_mixture_of_binomials(shares):
    """After k of n citizens in the second arm a share s has weight s^k (1 - s)^(n - k): exact fractions."""
    chain = positions_in_market(saturated(shares), 40)
    levels = [Fraction(share) for share in shares]
    for n, position in enumerate(chain):
        right = Fraction(0)
        for k in range(n + 1):
            seen = [comb(n, k) * s**k * (1 - s) ** (n - k) / len(levels) for s in levels]
            second = sum(weight * s for weight, s in zip(seen, levels, strict=True))
            right += max(second, sum(seen) - second)
        assert position.counts == pytest.approx(float(right), abs=1e-12)


@pytest.mark.parametrize(
    "within",
    [
        SIMPLE,
        {"procedure": "big-stick@1", "tolerance": 1},
        {"procedure": "efron@1", "probability": "2/3"},
        {"procedure": "permuted-block@1", "sizes": [3]},
    ],
)
@pytest.mark.parametrize("shares", [["1/3", "2/3"], [0, "1/3", "2/3", 1]])
def test_every_position_of_a_market_equals_enumeration_of_all_paths(within, shares):
    procedure, length = saturated(shares, within), 5
    units = [Subject(f"p{k}", {"jobcentre": "n"}, "n") for k in range(length)]
    paths = sequences(procedure, units)
    for n, position in enumerate(positions_in_market(procedure, length)):
        seen = {}
        for path, share in paths.items():
            chances = seen.setdefault(path[:n].count("B"), {"A": Fraction(0), "B": Fraction(0)})
            chances[path[n]] += share
        behind = {k: "AB" if 2 * k == n else "B" if 2 * k < n else "A" for k in seen}
        converges = sum(sum(seen[k][arm] for arm in arms) / len(arms) for k, arms in behind.items())
        assert position.counts == pytest.approx(float(sum(max(chances.values()) for chances in seen.values())))
        assert position.converges == pytest.approx(float(converges))


@pytest.mark.parametrize(
    ("shares", "told"),
    [
        ([0, 1], 0.9975),
        (["1/10", "9/10"], 0.897),
        (["1/4", "3/4"], 0.745),
        (["1/4", "1/2", "3/4"], 0.663),
        (["2/5", "3/5"], 0.588),
    ],
)
def test_the_figures_the_documentation_tells(shares, told):
    """docs/design.md, one jobcentre of 200; what decides is who counts there."""
    best = max(in_one_place(saturated(shares), 200), key=lambda guess: guess.correct)
    assert best.words == "counts, own jobcentre" and best.method == "exact"
    assert best.correct == pytest.approx(told, abs=0.0006)


def test_a_market_without_a_chain_and_a_procedure_without_markets_have_none():
    assert positions_in_market(saturated(["1/4", "3/4"], {"procedure": "complete@1", "total": 400}), 10) == []
    assert positions_in_market(build("simple@1", {}, arms_of("1:1")), 10) == []
    assert positions(saturated([0, 1]), 10) == []
