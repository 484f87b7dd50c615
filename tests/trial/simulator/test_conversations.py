"""Simulated conduct: lawful under both arms, each citizen for themselves, and both arms by one chance."""

from collections import Counter
from datetime import date, timedelta

import pytest

from trial.conduct import check_conversation
from trial.protocol import load_protocol, shipped
from trial.simulator import dose, simulate_conduct

ON = date(2021, 3, 1)
PEOPLE = [f"p{number:026d}" for number in range(4000)]


@pytest.fixture(scope="module")
def protocol():
    return load_protocol(shipped("digital-samtaler.toml"))


def never(_):
    return False


def always(_):
    return True


def some(day):
    return date(2021, 4, 1) <= day < date(2021, 5, 15)


def both(protocol, person, is_paused, seed=1):
    return [
        simulate_conduct(person, arm, ON, is_paused, protocol=protocol, seed=seed) for arm in ("physical", "digital")
    ]


@pytest.mark.parametrize("is_paused", [never, some, always])
def test_every_conversation_is_lawful(protocol, is_paused):
    for person in PEOPLE[:600]:
        for arm, conversations in zip(("physical", "digital"), both(protocol, person, is_paused), strict=True):
            assert [one.number for one in conversations] == [1, 2, 3, 4, 5, 6]
            for one in conversations:
                check_conversation(one, protocol, arm, ON)
                assert one.in_pause == is_paused(one.held_on or one.due_on)


def test_both_arms_share_their_chance(protocol):
    for person in PEOPLE[:300]:
        physical, digital = both(protocol, person, some)
        assert [one.held_on for one in physical] == [one.held_on for one in digital]


def test_a_citizen_does_not_depend_on_others(protocol):
    one = both(protocol, PEOPLE[0], some)
    for person in PEOPLE[1:50]:
        both(protocol, person, some)
    assert both(protocol, PEOPLE[0], some) == one
    by_seed = [[both(protocol, person, some, seed=seed) for person in PEOPLE[:20]] for seed in (1, 2)]
    assert by_seed[0] != by_seed[1]


def test_doses_without_and_with_a_pause(protocol):
    for person in PEOPLE[:300]:
        physical, digital = both(protocol, person, never)
        held = [one for one in physical if one.held_on]
        assert dose(physical) == (1.0 if held else 0.0)
        assert 0 <= dose(digital) <= 1
        assert [dose(conversations) for conversations in both(protocol, person, always)] == [0, 0]
    assert dose([]) == 0


def test_the_dose_is_the_share_of_held_conversations(protocol):
    """Counted apart, conversation after conversation."""
    shares = Counter()
    for person in PEOPLE[:500]:
        _, digital = both(protocol, person, some)
        held = physical = 0
        for one in digital:
            if one.held_mode in ("physical", "telephone", "video"):
                held += 1
                physical += one.held_mode == "physical"
        assert dose(digital) == (physical / held if held else 0)
        shares[dose(digital) > 0] += 1
    assert shares[True] > 50


def test_rates(protocol):
    """Within four standard deviations of what the docstring of the simulator says; the seed is fixed."""
    digital = [simulate_conduct(person, "digital", ON, never, protocol=protocol, seed=5) for person in PEOPLE]
    conversations = [one for series in digital for one in series]
    held = sum(one.held_on is not None for one in conversations) / len(conversations)
    assert abs(held - 0.93) < 4 * (0.93 * 0.07 / len(conversations)) ** 0.5
    demanding = sum(any(one.override_reason == "citizen-demands" for one in series) for series in digital)
    assert abs(demanding / len(PEOPLE) - 0.08) < 4 * (0.08 * 0.92 / len(PEOPLE)) ** 0.5
    late = sum(one.held_on == one.due_on + timedelta(weeks=1) for one in conversations if one.held_on)
    assert 0.08 < late / len(conversations) < 0.11
    reasons = Counter(one.override_reason for one in conversations)
    assert set(reasons) == {None, "citizen-demands", "caseworker-demands", "technical-failure"}


def test_reasons_of_another_protocol(protocol):
    override = protocol.conversations.override.model_copy(update={"reasons": ("on-demand",)})
    rules = protocol.conversations.model_copy(update={"override": override})
    other = protocol.model_copy(update={"conversations": rules})
    reasons = {
        one.override_reason
        for person in PEOPLE[:300]
        for one in simulate_conduct(person, "digital", ON, never, protocol=other, seed=1)
    }
    assert reasons == {None, "on-demand"}


def test_a_pause_known_in_time_is_summoned_for_and_one_known_late_is_telephoned(protocol):
    """Known on the day of assignment: every summons is for the telephone. Known on the day itself: none is."""
    for known_on, summoned in ((lambda day: ON, "telephone"), (lambda day: day, "physical")):
        for person in PEOPLE[:200]:
            for one in simulate_conduct(person, "physical", ON, always, protocol=protocol, seed=1, known_on=known_on):
                check_conversation(one, protocol, "physical", ON)
                assert one.held_mode in ("telephone", "none")
                if (one.held_on or one.due_on) - ON >= timedelta(days=8):
                    assert one.summoned_mode == summoned


def test_a_protocol_may_let_conversations_fall_away_at_short_notice(protocol):
    summons = protocol.conversations.summons.model_copy(update={"short_notice": "not-held"})
    rules = protocol.conversations.model_copy(update={"summons": summons})
    other = protocol.model_copy(update={"conversations": rules})
    for person in PEOPLE[:100]:
        for one in simulate_conduct(person, "physical", ON, always, protocol=other, seed=1):
            check_conversation(one, other, "physical", ON)
            assert (one.held_mode, one.held_on) == ("none", None)
