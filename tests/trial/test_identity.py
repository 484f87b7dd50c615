"""CPR numbers: the century table, dates, the modulus 11 flag, pseudonyms, and that nothing is ever shown.

No plausible CPR number stands here: numbers are generated in code, of persons born before 1900 or on impossible
dates.
"""

import copy
import pickle
import traceback
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trial.errors import IdentityError, KeyFileError, withhold
from trial.identity import Cpr, Pseudonymiser, birth_year, is_own_id, is_participant_id, parse_cpr

KEY = bytes(range(32))
FIRST, LAST = date(1858, 1, 1), date(1899, 12, 31)
HISTORIC = f"{date(1870, 5, 17):%d%m%y}-{5}001"

CENTURY = """
    year digits   seventh digit   born
    00            0-3             1900
    36            0-3             1936
    99            0-3             1999
    00            4               2000
    36            4               2036
    37            4               1937
    99            4               1999
    00            5-8             2000
    57            5-8             2057
    58            5-8             1858
    99            5-8             1899
    00            9               2000
    36            9               2036
    37            9               1937
    99            9               1999
"""


def historic(born: date, seventh: int, serial: int) -> str:
    """A number of a person born 1858-1899: the seventh digit is 5-8."""
    return f"{born:%d%m%y}{seventh}{serial:03d}"


historic_numbers = st.builds(
    lambda days, seventh, serial: (FIRST + timedelta(days), seventh, serial),
    st.integers(0, (LAST - FIRST).days),
    st.integers(5, 8),
    st.integers(0, 999),
)


def test_the_seventh_digit_and_the_year_give_the_century():
    for row in CENTURY.strip().splitlines()[1:]:
        year_digits, seventh, born = row.split()
        low, high = int(seventh[0]), int(seventh[-1])
        for digit in range(low, high + 1):
            assert birth_year(int(year_digits), digit) == int(born), row


def test_every_year_and_digit_falls_in_a_declared_range():
    ranges = {0: (1900, 1999), 4: (1937, 2036), 5: (1858, 2057), 9: (1937, 2036)}
    for seventh in range(10):
        low, high = ranges[0 if seventh <= 3 else seventh if seventh in (4, 9) else 5]
        years = {birth_year(two, seventh) for two in range(100)}
        assert len(years) == 100
        assert min(years) == low
        assert max(years) == high
        assert {year % 100 for year in years} == set(range(100))


@given(historic_numbers, st.sampled_from(["", "-"]), st.integers(0, 3), st.integers(0, 3))
def test_a_number_gives_its_date_and_one_pseudonym_in_every_form(parts, hyphen, before, after):
    born, seventh, serial = parts
    digits = historic(born, seventh, serial)
    written = " " * before + digits[:6] + hyphen + digits[6:] + " " * after
    assert parse_cpr(written).birth_on == born
    pseudonymiser = Pseudonymiser(KEY)
    assert pseudonymiser.participant(written) == pseudonymiser.participant(digits)


@given(historic_numbers)
def test_nothing_shows_the_number(parts):
    digits = historic(*parts)
    cpr = parse_cpr(digits)
    for shown in (repr(cpr), str(cpr), f"{cpr}", repr([cpr]), repr({cpr: cpr}), repr(Pseudonymiser(KEY))):
        assert digits not in shown
        assert digits[-4:] not in shown
    with pytest.raises(TypeError) as caught:
        pickle.dumps(cpr)
    assert digits not in str(caught.value)
    with pytest.raises(TypeError):
        copy.deepcopy(cpr)
    assert not hasattr(cpr, "__dict__")


@given(
    st.one_of(
        st.builds("{:02d}{:02d}{:02d}{:04d}".format, st.integers(32, 99), st.integers(1, 12), st.integers(0, 99),
                  st.integers(0, 9999)),
        st.builds("{:02d}{:02d}{:02d}{:04d}".format, st.integers(1, 31), st.integers(13, 99), st.integers(0, 99),
                  st.integers(0, 9999)),
    )
)  # fmt: skip
def test_a_date_that_does_not_exist_is_refused_without_showing_it(digits):
    with pytest.raises(IdentityError) as caught:
        parse_cpr(digits)
    assert caught.value.stable_code == "cpr-date"
    assert caught.value.exit_status == 14
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + str(caught.value.to_json())
    assert digits not in told
    assert caught.value.__cause__ is None


def test_29_february_exists_in_leap_years_only():
    assert parse_cpr(historic(date(1896, 2, 29), 5, 1)).birth_on == date(1896, 2, 29)
    with pytest.raises(IdentityError, match="must exist"):
        parse_cpr("290298" + "5001")  # 1898
    with pytest.raises(IdentityError, match="must exist"):
        parse_cpr("290200" + "0001")  # 1900 was no leap year


HOSTILE = [
    "", " ", "-", "3113", "311321-000", "311321-00000", "31132-10000", "311321--0000", "311321_0000", "311321 0000",
    "+311321000", "3113210000\n", "3113210000\x00", "\t3113210000", "٣١١٣٢١٠٠٠٠", "３１１３２１００００",
    "31132100OO",
    "0x31132100", "3.11321e9", "\u202e3113210000", "3113210000\ud800", "NaN", "=3113210000", "SYN-", "syn-1",
    "SYN-1\n",
    "SYNTHE-1", "SYN-1234567890123", "SYN 1", "S-1", "SYN-١",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_other_texts_are_refused_and_not_echoed(text):
    with pytest.raises(IdentityError) as caught:
        Pseudonymiser(KEY).participant(text)
    assert caught.value.stable_code == "cpr-form"
    digits = "".join(letter for letter in text if letter.isdigit())
    assert len(digits) < 6 or digits not in str(caught.value)


def test_modulus_11_is_a_flag_and_never_a_refusal():
    flags = {parse_cpr(historic(date(1870, 5, 17), 5, serial)).modulus_11_ok for serial in range(1000)}
    assert flags == {True, False}
    # The textbook rule: ten weighted digits sum to a multiple of eleven.
    for serial in range(50):
        digits = historic(date(1870, 5, 17), 6, serial)
        weighted = sum(int(d) * int(w) for d, w in zip(digits, "4327654321", strict=True))
        assert parse_cpr(digits).modulus_11_ok is (weighted % 11 == 0)


def test_pseudonyms_are_frozen():
    """The same key gives the same id for ever. The value was computed with `openssl dgst -mac HMAC` and `base32`."""
    assert Pseudonymiser(KEY).participant("SYN-000123") == "puuoa32dpinmg23ahvy6kjfm34j"


@given(st.integers(0, 10**12 - 1))
def test_pseudonyms_are_base32(number):
    import base64
    import hmac

    mac = hmac.digest(KEY, f"lodtraek/participant/own-id/1\0AB-{number}".encode(), "sha256")
    assert Pseudonymiser(KEY).participant(f"AB-{number}") == "p" + base64.b32encode(mac).decode().lower()[:26]


def test_pseudonyms_are_one_to_one_and_keyed():
    ids = [f"SYN-{number}" for number in range(20_000)]
    one, other = Pseudonymiser(KEY), Pseudonymiser(bytes(32))
    given_ids = {one.participant(text) for text in ids}
    assert len(given_ids) == len(ids)
    assert all(is_participant_id(pid) for pid in given_ids)
    assert not given_ids & {other.participant(text) for text in ids}
    assert all(withhold(pid) == pid for pid in given_ids)


def test_leading_zeros_make_another_person():
    assert Pseudonymiser(KEY).participant("SYN-0001") != Pseudonymiser(KEY).participant("SYN-1")


@pytest.mark.parametrize("length", [0, 16, 31, 33, 64])
def test_a_key_of_another_length_is_refused(length):
    with pytest.raises(KeyFileError) as caught:
        Pseudonymiser(b"k" * length)
    assert caught.value.stable_code == "key-length"
    assert "kk" not in str(caught.value)


def test_equality_is_by_number():
    assert parse_cpr(HISTORIC) == parse_cpr(HISTORIC.replace("-", ""))
    assert len({parse_cpr(HISTORIC), parse_cpr(f" {HISTORIC} ")}) == 1
    assert parse_cpr(HISTORIC) != HISTORIC.replace("-", "")
    assert is_own_id("SYN-000123")
    assert isinstance(parse_cpr(HISTORIC), Cpr)
