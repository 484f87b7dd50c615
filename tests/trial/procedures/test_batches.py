"""Designs on a batch: matched pairs and sequential rerandomisation; and every other procedure drawn in batches."""

from collections import Counter, defaultdict
from fractions import Fraction

import pytest

from tests.trial.procedures.enumeration import arms_of, outcomes
from trial.errors import IntakeError, StateError
from trial.procedures import Draws, Factor, Subject, build, epoch_key

FACTORS = (Factor("jobcentre", ("north", "south")), Factor("age", ("young", "middle", "old")))


def people(*levels):
    return [
        Subject(f"p{number}", {"jobcentre": jobcentre, "age": age}, f"{jobcentre}/{age}")
        for number, (jobcentre, age) in enumerate(levels)
    ]


GIVEN = {"matched-pairs@1": {}, "rerandomisation@2": {"candidates": 3, "probability": 0.8}}
GIVEN_TWO = {"candidates": 2, "probability": 0.8}
THREE = people(("north", "young"), ("north", "young"), ("south", "old"))


def keyed(epoch=1):
    return Draws(epoch_key(bytes(32), "t", epoch), "t", epoch, "")


def shares(procedure, batch):
    """Give the exact probability of each arm for each unit of a batch."""
    found = defaultdict(lambda: defaultdict(Fraction))
    for assigned, share in outcomes(lambda draw: procedure.assign(procedure.begin(), batch, draw, 0)):
        for who, drawn in assigned.drawn.items():
            found[who][drawn.arm] += share
    return {who: dict(arms) for who, arms in found.items()}


@pytest.mark.parametrize("ratio", ["1:1", "2:1", "3:1", "2:2:1", "1:1:1"])
def test_matched_pairs_keep_every_ratio_also_for_who_is_left_over(ratio):
    procedure = build("matched-pairs@1", {}, arms_of(ratio), FACTORS)
    assert shares(procedure, THREE) == {unit.participant_id: arms_of(ratio).target for unit in THREE}


@pytest.mark.parametrize("ratio", ["1:1", "1:1:1"])
def test_rerandomisation_keeps_its_ratio_exactly(ratio):
    procedure = build("rerandomisation@2", GIVEN_TWO, arms_of(ratio), FACTORS)
    batch = THREE if ratio == "1:1" else THREE[:2]
    assert shares(procedure, batch) == {unit.participant_id: arms_of(ratio).target for unit in batch}


def joint(procedure, *batches):
    """Give the exact distribution of the arms of batches drawn one after the other."""

    def run(draw):
        state, step, arms = procedure.begin(), 0, ()
        for batch in batches:
            assigned = procedure.assign(state, batch, draw, step)
            state, step = assigned.state, step + len(batch)
            arms += tuple(assigned.drawn[unit.participant_id].arm for unit in batch)
        return arms

    found = defaultdict(Fraction)
    for arms, share in outcomes(run):
        found[arms] += share
    assert sum(found.values()) == 1
    return dict(found)


SECOND = people(("north", "old"), ("south", "old"))


@pytest.mark.parametrize(
    ("name", "parameters", "ratio", "batches"),
    [
        ("matched-pairs@1", {}, "1:1", [THREE, SECOND]),
        ("matched-pairs@1", {}, "1:1:1", [THREE, SECOND]),
        ("rerandomisation@2", GIVEN_TWO, "1:1", [THREE]),
        ("rerandomisation@2", GIVEN_TWO, "1:1", [THREE[1:], SECOND]),
        ("rerandomisation@2", GIVEN_TWO, "1:1:1", [THREE[:2]]),
    ],
)
def test_swapping_the_labels_swaps_the_arms(name, parameters, ratio, batches):
    """Exactly, over one batch and over two: every allocation is as likely as the one with two labels exchanged."""
    found = joint(build(name, parameters, arms_of(ratio), FACTORS), *batches)
    swap = {"A": "B", "B": "A", "C": "C"}
    assert len(found) > 2 and {tuple(swap[arm] for arm in arms): share for arms, share in found.items()} == found


def test_a_later_batch_of_rerandomisation_keeps_the_ratio_exactly():
    """What the second batch mends depends on the first; over both, every citizen has a half."""
    found = joint(build("rerandomisation@2", GIVEN_TWO, arms_of("1:1"), FACTORS), THREE[1:], SECOND)
    for position in range(4):
        assert sum(share for arms, share in found.items() if arms[position] == "A") == Fraction(1, 2)
    first, second = (found_of(found, slice(0, 2)), found_of(found, slice(2, 4)))
    assert any(found.get(one + two, 0) != p * q for one, p in first.items() for two, q in second.items())


def found_of(found, part):
    shares = defaultdict(Fraction)
    for arms, share in found.items():
        shares[arms[part]] += share
    return dict(shares)


def test_later_batches_of_rerandomisation_keep_the_ratio_in_monte_carlo():
    """1,200 keys, four batches of five, four candidates: every share within 4 standard errors, 5.8 percentage points.

    The keys are fixed, so that nothing is left to chance from run to run.
    """
    procedure = build("rerandomisation@2", {"candidates": 4, "probability": 0.8}, arms_of("1:1"), FACTORS)
    kinds = [(jobcentre, age) for jobcentre in FACTORS[0].levels for age in FACTORS[1].levels]
    batches = [people(*(kinds[(k * k + day) % 6] for k in range(5))) for day in range(4)]
    runs, first = 1_200, Counter()
    for epoch in range(runs):
        state, draws = procedure.begin(), keyed(epoch)
        for day, batch in enumerate(batches):
            assigned = procedure.assign(state, batch, draws, 5 * day)
            state = assigned.state
            first.update((day, who) for who, drawn in assigned.drawn.items() if drawn.arm == "A")
    assert len(first) == 20
    assert all(abs(count - runs / 2) < 4 * (runs / 4) ** 0.5 for count in first.values())


def test_pairs_are_the_nearest():
    """Four alike in pairs of two strata: each stratum has one of each arm, whatever is drawn."""
    batch = people(("north", "young"), ("south", "old"), ("north", "young"), ("south", "old"))
    procedure = build("matched-pairs@1", {}, arms_of("1:1"), FACTORS)
    for assigned, _ in outcomes(lambda draw: procedure.assign({}, batch, draw, 0)):
        arms = {who: drawn.arm for who, drawn in assigned.drawn.items()}
        assert arms["p0"] != arms["p2"]
        assert arms["p1"] != arms["p3"]


def test_who_is_left_over_is_paired_with_those_who_agree_on_the_earlier_factors():
    batch = people(("north", "young"), ("north", "young"), ("north", "young"), ("south", "old"), ("north", "old"))
    groups = build("matched-pairs@1", {}, arms_of("1:1"), FACTORS).groups(batch)
    assert groups == [[0, 1], [2, 4], [3]]


@pytest.mark.parametrize(
    ("name", "ratio", "batches"),
    [
        ("matched-pairs@1", "1:1", [THREE, SECOND]),
        ("matched-pairs@1", "2:1", [THREE[:2], SECOND]),
        ("rerandomisation@2", "1:1", [THREE]),
        ("rerandomisation@2", "1:1", [THREE[:1], SECOND[:1], THREE[:1]]),
        ("rerandomisation@2", "1:1", [THREE[1:], SECOND]),
        ("rerandomisation@2", "1:1:1", [THREE[:1], SECOND[:1]]),
    ],
)
def test_what_is_recorded_is_the_probability_given_everything_before(name, ratio, batches):
    """Exactly, by every path: given the arms of the batches before, a citizen gets an arm as often as recorded."""
    procedure = build(name, GIVEN_TWO if GIVEN[name] else {}, arms_of(ratio), FACTORS)

    def run(draw):
        state, step, past, found = procedure.begin(), 0, (), []
        for batch in batches:
            assigned = procedure.assign(state, batch, draw, step)
            drawn = [assigned.drawn[unit.participant_id] for unit in batch]
            found += [(past, place, one) for place, one in enumerate(drawn)]
            state, step, past = assigned.state, step + len(batch), (*past, *(one.arm for one in drawn))
        return found

    came, told = defaultdict(Fraction), defaultdict(Fraction)
    for found, share in outcomes(run):
        for past, place, one in found:
            for arm, chance in one.probabilities.items():
                came[past, place, arm] += share * (one.arm == arm)
                told[past, place, arm] += share * chance
                assert 0 < chance < 1
    assert came == told


def test_a_batch_of_one_is_a_biased_coin_towards_balance():
    """After one A in its levels, the next alone gets B with the declared probability: it was recorded as a half."""
    procedure = build("rerandomisation@2", GIVEN_TWO, arms_of("1:1"), FACTORS)
    state = procedure.advance(procedure.begin(), THREE[0], "A", keyed())
    for assigned, _ in outcomes(lambda draw: procedure.assign(state, THREE[:1], draw, 1)):
        assert assigned.drawn["p0"].probabilities == {"A": Fraction(1, 5), "B": Fraction(4, 5)}


def by_hand(units, past, turns, p):
    """Weigh the turns of a division, by Pearson's chi-square of arm by level computed from the raw list."""
    distances = []
    for arms in turns:
        total = Fraction(0)
        for name in ("jobcentre", "age"):
            table = Counter((unit.levels[name], arm) for unit, arm in [*past, *zip(units, arms, strict=True)])
            for level in {level for level, _ in table}:
                n = sum(table[level, arm] for arm in "ABC")
                total += sum(Fraction((3 * table[level, arm] - n) ** 2, 3 * n) for arm in "ABC")
        distances.append(total)
    least = [one == min(distances) for one in distances]
    odds = [Fraction(1) if all(least) or not one else 2 * p / (1 - p) for one in least]
    chances = [one / sum(odds) for one in odds]
    return sum(chance * one for chance, one in zip(chances, distances, strict=True)), chances


def test_rerandomisation_takes_the_division_a_second_computation_takes():
    """Twelve days, three arms; divisions are the product's, everything after them is computed by hand."""
    p = Fraction(3, 4)
    procedure = build("rerandomisation@2", {"candidates": 20, "probability": "3/4"}, arms_of("1:1:1"), FACTORS)
    kinds = [(jobcentre, age) for jobcentre in FACTORS[0].levels for age in FACTORS[1].levels]
    state, step, past, draws, turned = procedure.begin(), 0, [], keyed(), set()
    for day in range(12):
        batch = {
            f"d{day}p{k}": Subject(
                f"d{day}p{k}", dict(zip(("jobcentre", "age"), kinds[(k * k + day) % 6], strict=True)), "s"
            )
            for k in range(7)
        }
        assigned = procedure.assign(state, [*batch.values()], draws, step)
        units = [batch[who] for who in assigned.drawn]
        divisions = [procedure._division(state, units, c, draws, step).turns for c in range(20)]
        for turns in divisions:
            assert all(len(set(arms)) == 3 for arms in zip(*turns, strict=True))
            assert all({2, 3} == set(Counter(arms).values()) for arms in turns)
        weighed = [by_hand(units, past, turns, p) for turns in divisions]
        best = min(range(20), key=lambda c: (weighed[c][0], c))
        arms = [drawn.arm for drawn in assigned.drawn.values()]
        turned.add(weighed[best][1][divisions[best].index(arms)])
        for place, drawn in enumerate(assigned.drawn.values()):
            expected = zip((turn[place] for turn in divisions[best]), weighed[best][1], strict=True)
            assert drawn.probabilities == dict(expected)
        past += list(zip(units, arms, strict=True))
        state, step = assigned.state, step + len(batch)
    assert min(turned) < Fraction(1, 3) < max(turned)  # a favoured turn was drawn, and one that was not favoured


def test_todays_batch_mends_what_yesterdays_left():
    """Fresh complete randomisation a day drifts; sequential rerandomisation over 200 days does not."""
    procedure = build("rerandomisation@2", {"candidates": 10, "probability": 0.8}, arms_of("1:1"), FACTORS)
    state, step, draws = procedure.begin(), 0, keyed()
    for day in range(200):
        batch = [
            Subject(
                f"d{day}p{k}", {"jobcentre": "north" if k % 3 else "south", "age": "young" if k % 2 else "old"}, "s"
            )
            for k in range(5)
        ]
        assigned = procedure.assign(state, batch, draws, step)
        state, step = assigned.state, step + 5
    assert all(abs(a - b) <= 8 for levels in state.values() for a, b in levels.values())


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("matched-pairs@1", {}),
        ("rerandomisation@2", {"candidates": 3, "probability": 0.8}),
        ("pocock-simon@1", {"probability": 0.8}),
        ("big-stick@1", {"tolerance": 2}),
        ("permuted-block@1", {"sizes": [2, 4]}),
    ],
)
def test_permuting_the_rows_of_a_batch_changes_no_arm(name, parameters):
    """Sorting a file lets nobody choose an arm."""
    batch = [
        Subject(f"p{k}", {"jobcentre": "north" if k % 3 else "south", "age": "young" if k % 2 else "old"}, "s")
        for k in range(30)
    ]
    procedure = build(name, parameters, arms_of("1:1"), FACTORS)
    expected = procedure.assign(procedure.begin(), batch, keyed(), 0)
    for order in (batch[::-1], batch[10:] + batch[:10], sorted(batch, key=lambda unit: unit.levels["age"])):
        assert procedure.assign(procedure.begin(), order, keyed(), 0) == expected


@pytest.mark.parametrize("name", ["matched-pairs@1", "rerandomisation@2"])
def test_a_batch_design_says_that_it_needs_a_batch(name):
    from trial.procedures import next_arm

    procedure = build(name, GIVEN[name], arms_of("1:1"), FACTORS)
    with pytest.raises(StateError) as refused:
        next_arm(procedure, procedure.begin(), THREE[0], keyed(), 0)
    assert refused.value.stable_code == "batch-only"


@pytest.mark.parametrize("name", ["matched-pairs@1", "rerandomisation@2"])
def test_what_does_not_fit_is_refused(name):
    procedure = build(name, GIVEN[name], arms_of("1:1"), FACTORS)
    for batch, code in (
        ([*THREE, THREE[0]], "duplicate-participant"),
        ([*THREE, Subject("p9", {"jobcentre": "west", "age": "old"}, "s")], "unknown-level"),
        ([*THREE, Subject("p9", {"jobcentre": "north"}, "s")], "missing-factor"),
    ):
        with pytest.raises(IntakeError) as refused:
            procedure.assign(procedure.begin(), batch, keyed(), 0)
        assert refused.value.stable_code == code


@pytest.mark.slow
def test_monte_carlo_of_rerandomisation_within_four_standard_errors():
    """100,000 batches of the design: each unit's share of the first arm, and exchangeable labels."""
    procedure = build("rerandomisation@2", {"candidates": 3, "probability": 0.8}, arms_of("1:1"), FACTORS)
    runs, first = 100_000, Counter()
    for epoch in range(runs):
        for who, drawn in procedure.assign({}, THREE, keyed(epoch), 0).drawn.items():
            first[who] += drawn.arm == "A"
    assert all(abs(count - runs / 2) < 4 * (runs / 4) ** 0.5 for count in first.values())
