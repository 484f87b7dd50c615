"""The keyed draws, computed a second time from the prose of the module, with another part of the standard library."""

import hashlib
import hmac
import random
from collections import Counter
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trial.errors import KeyFileError, StateError
from trial.procedures import Draws, epoch_key
from trial.procedures.draws import accepted, field

KEY = bytes(range(32))


def again(key, *fields):
    """HMAC over netstrings, the long way round."""
    mac = hmac.new(key, digestmod=hashlib.sha256)
    for one in fields:
        data = str(one).encode("utf-8")
        for part in (str(len(data)).encode("ascii"), b":", data, b","):
            mac.update(part)
    return mac.hexdigest()


def test_a_draw_is_the_hmac_that_the_prose_says():
    key = bytes.fromhex(again(KEY, "lodtraek-epoch/1", "digital-samtaler", 2))
    assert epoch_key(KEY, "digital-samtaler", 2) == key
    draws = Draws(key, "digital-samtaler", 2, "0461/dagpenge/18-29")
    for step in (0, 7, 123456):
        word = int(again(key, "lodtraek-draw/1", "digital-samtaler", 2, "0461/dagpenge/18-29", step, "arm", 0), 16)
        assert draws.below(6, step, "arm") == word % 6
        assert draws.below(2**256, step, "arm") == word


def test_a_mark_is_the_hmac_that_the_prose_says():
    key = epoch_key(KEY, "t", 1)
    expected = again(key, "lodtraek-mark/1", "t", 1, "", "batch-order", "pæø")
    assert [one.hex() for one in Draws(key, "t", 1, "").marks("batch-order", ["pæø"])] == [expected]


def test_a_rejected_word_is_followed_by_the_next_counter():
    """n just above 2^255: about half of all words are rejected, so the counter is really used."""
    key, n, rejected = epoch_key(KEY, "t", 1), 2**255 + 1, 0
    draws = Draws(key, "t", 1, "s")
    for step in range(200):
        counter = 0
        while (word := int(again(key, "lodtraek-draw/1", "t", 1, "s", step, "x", counter), 16)) >= n:
            counter += 1
        rejected += counter
        assert draws.below(n, step, "x") == word
    assert rejected > 100


def test_more_than_one_word_where_one_is_too_short():
    key, n = epoch_key(KEY, "t", 1), 2**511 + 3
    draws = Draws(key, "t", 1, "s")
    for step in range(50):
        counter = 0
        while True:
            high, low = (again(key, "lodtraek-draw/1", "t", 1, "s", step, "x", counter + k) for k in (0, 1))
            if (value := int(high + low, 16)) < n:
                break
            counter += 2
        assert draws.below(n, step, "x") == value


@pytest.mark.parametrize(("span", "n"), [(16, n) for n in range(1, 17)] + [(64, 7), (64, 63), (256, 100)])
def test_rejection_leaves_every_outcome_exactly_as_often(span, n):
    counts = Counter(accepted(value, span, n) for value in range(span))
    refused = counts.pop(None, 0)
    assert refused == span % n
    assert set(counts.values()) == {span // n}
    assert set(counts) == set(range(n))


def test_uniform_over_a_hundred_thousand_draws():
    """Pearson's chi-square over six outcomes, seeded: 5 degrees of freedom, 20.5 is the .999 quantile."""
    draws = Draws(epoch_key(KEY, "t", 1), "t", 1, "s")
    counts = Counter(draws.below(6, step, "arm") for step in range(60_000))
    assert sum((count - 10_000) ** 2 / 10_000 for count in counts.values()) < 20.5


@given(st.lists(st.text(max_size=4), max_size=4), st.lists(st.text(max_size=4), max_size=4))
def test_fields_can_be_read_back_in_one_way_only(first, second):
    """No two different lists of fields give the same bytes ("a","bc" is not "ab","c"; nor a stratum with a slash)."""
    joined = [b"".join(field(one) for one in fields) for fields in (first, second)]
    assert (joined[0] == joined[1]) == (first == second)


def test_every_part_of_the_place_matters():
    seen = set()
    for trial, epoch, stratum, step, purpose in product("tu", (1, 11), ("s", "s/1"), (0, 1), ("arm", "slot")):
        draws = Draws(epoch_key(KEY, trial, epoch), trial, epoch, stratum)
        seen.add(draws.below(2**256, step, purpose))
    assert len(seen) == 32


def test_separate_purposes_are_uncorrelated():
    """Unleash go-sdk 145: one hash for inclusion and for arm made arms skewed. Here each purpose has its own draw."""
    draws = Draws(epoch_key(KEY, "t", 1), "t", 1, "s")
    both = sum(draws.below(2, step, "arm") == draws.below(2, step, "slot") for step in range(10_000))
    assert abs(both - 5_000) < 4 * 50


def test_an_epoch_key_reveals_no_other_epoch():
    keys = {epoch_key(KEY, "t", epoch) for epoch in range(50)} | {epoch_key(KEY, "u", 0)}
    assert len(keys) == 51
    assert KEY not in keys


def test_a_draw_asked_for_again_is_the_same_and_order_does_not_matter():
    """urn-randomization used every number twice under two processes; here a draw belongs to its place."""
    draws = Draws(epoch_key(KEY, "t", 1), "t", 1, "s")
    forward = [draws.below(1000, step, "arm") for step in range(100)]
    assert [draws.below(1000, step, "arm") for step in reversed(range(100))] == forward[::-1]


def test_the_key_stands_in_no_representation():
    draws = Draws(epoch_key(KEY, "t", 1), "t", 1, "s")
    assert repr(draws) == "Draws(stratum='s')"


def test_refusals():
    draws = Draws(epoch_key(KEY, "t", 1), "t", 1, "s")
    for n, step in ((0, 0), (-1, 0), (2, -1)):
        with pytest.raises(StateError) as refused:
            draws.below(n, step, "arm")
        assert refused.value.stable_code == "draw-impossible"
    with pytest.raises(KeyFileError):
        epoch_key(b"short", "t", 1)
    assert draws.below(1, 0, "arm") == 0


def test_fractions_of_the_uniform_are_exact():
    """Over all values of a small word the share of each outcome is exactly 1/n."""
    for n in (2, 3, 5, 6):
        kept = [value for value in (accepted(word, 2**8, n) for word in range(2**8)) if value is not None]
        assert all(Fraction(kept.count(k), len(kept)) == Fraction(1, n) for k in range(n))


def test_without_the_key_no_draw_can_be_computed():
    """PlanOut hashes with a public salt: anyone could compute an assignment. Two keys agree as two coins do."""
    one, two = (Draws(epoch_key(key, "t", 1), "t", 1, "s") for key in (KEY, KEY[::-1]))
    same = sum(one.below(2, step, "arm") == two.below(2, step, "arm") for step in range(10_000))
    assert abs(same - 5_000) < 4 * 50


def test_no_generator_of_the_process_is_used():
    """bwd draws from the global generator of numpy: whoever seeds it, or draws from it, changes the arms."""
    draws = Draws(epoch_key(KEY, "t", 1), "t", 1, "s")
    random.seed(1)
    before, state = [draws.below(10, step, "arm") for step in range(50)], random.getstate()
    random.seed(2)
    assert [draws.below(10, step, "arm") for step in range(50)] == before
    random.seed(1)
    assert random.getstate() == state
