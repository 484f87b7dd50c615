"""Clusters and markets: two stages, each draw exact and replayed from the state."""

import json
from collections import defaultdict
from fractions import Fraction

import pytest

from tests.trial.procedures.enumeration import arms_of, at_position, sequences
from trial.errors import ProtocolError
from trial.procedures import Arms, Draws, Factor, Subject, build, epoch_key, next_arm

FACTORS = (Factor("jobcentre", ("n", "s", "e", "w")), Factor("age", ("young", "old")))
BLOCKS = {"procedure": "permuted-block@1", "sizes": [2]}
CLUSTER = {"factor": "jobcentre", "among": {"procedure": "big-stick@1", "tolerance": 1}}
MARKETS = {
    "factor": "jobcentre",
    "shares": ["1/4", "1/2", "3/4"],
    "within": {"procedure": "big-stick@1", "tolerance": 2},
}


def units(jobcentres):
    return [Subject(f"p{k}", {"jobcentre": one, "age": "old"}, f"{one}/old") for k, one in enumerate(jobcentres)]


@pytest.mark.parametrize("ratio", ["1:1", "2:1", "3:1", "2:2:1"])
def test_a_cluster_shares_its_arm_and_the_ratio_is_kept_at_every_position(ratio):
    found = sequences(build("cluster@1", CLUSTER, arms_of(ratio), FACTORS), units("nsnesn"))
    for path in found:
        assert path[0] == path[2] == path[5]
        assert path[1] == path[4]
    for position in range(6):
        assert at_position(found, position) == arms_of(ratio).target


def exchanged(found, swap):
    return {tuple(swap.get(arm, arm) for arm in path): share for path, share in found.items()}


@pytest.mark.parametrize(
    "among",
    [
        {"procedure": "big-stick@1", "tolerance": 1},
        {"procedure": "efron@1", "probability": "2/3"},
        {"procedure": "permuted-block@1", "sizes": [6]},
        {"procedure": "complete@1", "total": 5},
    ],
)
@pytest.mark.parametrize("ratio", ["1:1", "1:1:1"])
def test_swapping_the_labels_swaps_the_arms_of_clusters(among, ratio):
    """Exactly: every path of six citizens in four clusters is as likely as the one with two labels exchanged."""
    found = sequences(build("cluster@1", {**CLUSTER, "among": among}, arms_of(ratio), FACTORS), units("nsnesw"))
    assert len(found) > 2 and exchanged(found, {"A": "B", "B": "A"}) == found


WITHIN = [{"procedure": "big-stick@1", "tolerance": 1}, {"procedure": "efron@1", "probability": "9/10"}]
SHARES = [("1:1", ["1/4", "1/2", "3/4"]), ("2:1", ["1/6", "1/2"]), ("3:1", ["1/6", "1/3"]), ("3:1", [0, "1/2"])]


@pytest.mark.parametrize("within", WITHIN)
@pytest.mark.parametrize(("ratio", "shares"), SHARES)
def test_markets_keep_the_ratio_at_every_position(ratio, shares, within):
    """Over shares, slots and arms, exactly, also where a market's second citizen comes after another market's."""
    procedure = build("saturation@1", {**MARKETS, "shares": shares, "within": within}, arms_of(ratio), FACTORS)
    found = sequences(procedure, units("nsne"))
    for position in range(4):
        assert at_position(found, position) == arms_of(ratio).target


@pytest.mark.parametrize("within", WITHIN)
@pytest.mark.parametrize(("ratio", "shares"), SHARES)
def test_swapping_the_labels_swaps_the_arms_of_markets(ratio, shares, within):
    """Exactly: declared the other way round, with the shares of the other arm, every path is as likely as before.

    With equal ratios and shares that lie evenly about a half that is the same declaration.
    """
    names, parts = arms_of(ratio).names, arms_of(ratio).ratio
    other = [str(1 - Fraction(one)) for one in shares]
    one = build("saturation@1", {**MARKETS, "shares": shares, "within": within}, Arms(names, parts), FACTORS)
    two = {**MARKETS, "shares": other, "within": within}
    found = sequences(one, units("nsne"))
    assert sequences(build("saturation@1", two, Arms(names[::-1], parts[::-1]), FACTORS), units("nsne")) == found
    if ratio == "1:1":
        assert exchanged(found, {"A": "B", "B": "A"}) == found


@pytest.mark.parametrize(
    ("ratio", "shares"),
    [("1:1:1", ["1/4", "1/2"]), ("2:2:1", ["1/5"]), ("2:1", ["1/4", "1/2", "3/4"]), ("1:2", ["1/6", "1/2"])],
)
def test_markets_are_refused_where_their_shares_do_not_keep_the_ratio(ratio, shares):
    with pytest.raises(ProtocolError) as refused:
        build("saturation@1", {**MARKETS, "shares": shares}, arms_of(ratio), FACTORS)
    assert refused.value.stable_code == "protocol-value" and "mean" in str(refused.value)


def test_clusters_are_counted_not_citizens():
    """Tolerance 1 among clusters: of every two clusters one goes each way, however many citizens they have."""
    found = sequences(build("cluster@1", CLUSTER, arms_of("1:1"), FACTORS), units("nnnnsew"))
    assert all((path[0] != path[4]) and (path[5] != path[6]) for path in found)


def test_every_member_is_recorded_with_the_probabilities_its_cluster_was_drawn_with():
    procedure = build(
        "cluster@1", {**CLUSTER, "among": {"procedure": "efron@1", "probability": 0.7}}, arms_of("1:1"), FACTORS
    )
    draws, state, seen = Draws(epoch_key(bytes(32), "t", 1), "t", 1, ""), procedure.begin(), defaultdict(set)
    for step, unit in enumerate(units("nsnewsnwe" * 5)):
        drawn = next_arm(procedure, json.loads(json.dumps(state, sort_keys=True)), unit, draws, step)
        seen[unit.levels["jobcentre"]].add((drawn.arm, tuple(drawn.probabilities.items())))
        state = drawn.state
    assert all(len(one) == 1 for one in seen.values())
    assert any(Fraction(7, 10) in dict(chances).values() for one in seen.values() for _, chances in one)


def test_the_shares_of_markets_are_dealt_in_rounds_and_keep_the_ratio():
    procedure = build("saturation@1", MARKETS, arms_of("1:1"), FACTORS)
    found = sequences(procedure, units("nsne"))
    for position in range(4):
        assert at_position(found, position) == arms_of("1:1").target
    draws, state = Draws(epoch_key(bytes(32), "t", 1), "t", 1, ""), procedure.begin()
    for step, unit in enumerate(units("nsew" * 50)):
        state = next_arm(procedure, state, unit, draws, step).state
    assert sorted(list(state["shares"].values())[:3]) == ["1/2", "1/4", "3/4"]
    for market, drawn in state["shares"].items():
        counts = state["within"][market]
        digital = sum(count for slot, count in counts.items() if slot.startswith("B"))
        assert abs(Fraction(digital, 50) - Fraction(drawn)) < Fraction(1, 10)


def test_citizens_of_a_market_have_its_share_at_every_position():
    procedure = build("saturation@1", MARKETS, arms_of("1:1"), FACTORS)
    share, state = "1/4", {"shares": {"n": "1/4"}, "within": {}}
    object.__setattr__(procedure, "begin", lambda: state)  # the market's share is drawn already
    found = sequences(procedure, units("nnnn"))
    for position in range(4):
        assert at_position(found, position)["B"] == Fraction(share)


def test_a_market_of_share_nought_or_one_has_one_arm():
    pure = {**MARKETS, "shares": [0, 1]}
    found = sequences(build("saturation@1", pure, arms_of("1:1"), FACTORS), units("nnss"))
    half = Fraction(1, 2)
    assert found == {tuple("AABB"): half, tuple("BBAA"): half}


def test_markets_do_not_share_draws():
    """Two markets at the same step of their own draw apart: the purpose carries the market's name."""
    procedure = build("saturation@1", {**MARKETS, "shares": ["1/3", "2/3"]}, arms_of("1:1"), FACTORS)
    asked = []

    class Watched(Draws):
        def below(self, n, step, purpose):
            asked.append((step, purpose))
            return super().below(n, step, purpose)

    draws, state = Watched(epoch_key(bytes(32), "t", 1), "t", 1, ""), procedure.begin()
    for step, unit in enumerate(units("nsew" * 10)):
        state = next_arm(procedure, state, unit, draws, step).state
    slots = {(step, purpose) for step, purpose in asked if purpose.endswith("slot")}
    assert {purpose.split(":")[0] for _, purpose in slots} == {"n", "s", "e", "w"}


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("cluster@1", {**CLUSTER, "factor": "caseworker"}),
        ("cluster@1", {**CLUSTER, "among": "simple@1"}),
        ("cluster@1", {**CLUSTER, "among": {"procedure": "pocock-simon@1", "probability": 0.8}}),
        ("cluster@1", {**CLUSTER, "among": {"procedure": "big-stick@1"}}),
        ("saturation@1", {**MARKETS, "shares": ["1/4", "1/2"]}),
        ("saturation@1", {**MARKETS, "shares": ["1/2", 0.5]}),
        ("saturation@1", {**MARKETS, "shares": ["-1/2", "3/2"]}),
        ("saturation@1", {**MARKETS, "within": {"procedure": "permuted-block@1", "sizes": [6]}}),
    ],
)
def test_what_does_not_fit_is_refused(name, parameters):
    with pytest.raises(ProtocolError):
        build(name, parameters, arms_of("1:1"), FACTORS)
