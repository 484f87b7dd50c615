"""CPR numbers and what stands for a citizen instead: read once, turned into a keyed pseudonym, never shown.

1. A CPR number is written `ddmmyy-xxxx` or `ddmmyyxxxx`; blanks around it are trimmed, digits are ASCII.
2. The seventh digit and the year give the century (table below); the date must exist. Numbers without modulus 11
   are issued since 2007, so that check is a flag and never a refusal.
3. A pseudonym is `p` and 26 base32 characters of HMAC-SHA256 under a key kept apart from the trial key and the
   database. A plain hash would be no pseudonym: all possible numbers are tried in a minute.
4. Persons without a CPR number (synthetic ones above all) have an own id such as `SYN-000123`; the two kinds are
   hashed under labels of their own, so that no text of one kind can meet a text of the other.
5. `repr`, `str`, errors and pickles of a CPR number show nothing of it.

Seventh digit: 0-3 1900-1999; 4 and 9 2000-2036 or 1937-1999; 5-8 2000-2057 or 1858-1899 (cpr.dk).
"""

import hmac
import re
from datetime import date
from typing import Never

from trial.errors import IdentityError, KeyFileError

KEY_BYTES = 32
_CPR = re.compile(r"[0-9]{6}-?[0-9]{4}")
_OWN_ID = re.compile(r"[A-Z]{2,5}-[0-9]{1,12}")
_PARTICIPANT = re.compile(r"p[a-z2-7]{26}")
_WEIGHTS = (4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"  # base32, RFC 4648
_PAIRS = [first + second for first in _LETTERS for second in _LETTERS]
_CPR_LABEL = b"lodtraek/participant/cpr/1\x00"
_OWN_ID_LABEL = b"lodtraek/participant/own-id/1\x00"


class Cpr:
    """A CPR number that nobody can print: `birth_on` and `modulus_11_ok` are all it tells."""

    __slots__ = ("__digits", "birth_on", "modulus_11_ok")

    def __init__(self, digits: str, birth_on: date) -> None:
        self.__digits = digits
        self.birth_on = birth_on
        self.modulus_11_ok = sum(w * int(d) for w, d in zip(_WEIGHTS, digits, strict=True)) % 11 == 0

    def digits(self) -> str:
        """Give the ten digits; for the pseudonymiser alone."""
        return self.__digits

    def __repr__(self) -> str:
        return "Cpr(withheld)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Cpr) and self.__digits == other.__digits

    def __hash__(self) -> int:
        return hash(self.__digits)

    def __reduce__(self) -> Never:
        raise TypeError("a CPR number is not written anywhere")


def birth_year(year_digits: int, seventh: int) -> int:
    """Give the year of birth from the two year digits (0-99) and the seventh digit (0-9) of a CPR number."""
    if seventh <= 3:
        return 1900 + year_digits
    if seventh in (4, 9):
        return 2000 + year_digits if year_digits <= 36 else 1900 + year_digits
    return 2000 + year_digits if year_digits <= 57 else 1800 + year_digits


def parse_cpr(text: str) -> Cpr:
    """Read a CPR number. Raises IdentityError when the form is another or the date does not exist."""
    trimmed = text.strip(" ")
    if not _CPR.fullmatch(trimmed):
        raise IdentityError(
            "a CPR number must be ten digits, ddmmyy-xxxx or ddmmyyxxxx",
            found=f"a text of {len(trimmed)} characters in another form",
            mend="write ten digits, with or without the hyphen; keep the leading zero (import the column as text)",
            code="cpr-form",
        )
    digits = trimmed[:6] + trimmed[-4:]
    day, month, year = int(digits[:2]), int(digits[2:4]), birth_year(int(digits[4:6]), int(digits[6]))
    try:
        birth_on = date(year, month, day)
    except ValueError:
        raise IdentityError(
            "the date in a CPR number must exist",
            found="a date that no calendar has",
            mend="correct the first six digits; give a person without a CPR number an own id such as SYN-000123",
            code="cpr-date",
        ) from None
    return Cpr(digits, birth_on)


def is_own_id(text: str) -> bool:
    """Tell whether a text is an own id: two to five capitals, a hyphen, one to twelve digits."""
    return _OWN_ID.fullmatch(text) is not None


def is_participant_id(text: str) -> bool:
    """Tell whether a text has the form of a pseudonym."""
    return _PARTICIPANT.fullmatch(text) is not None


class Pseudonymiser:
    """Gives each citizen one participant id under a secret key of 32 bytes; the same key gives the same id."""

    __slots__ = ("__key",)

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise KeyFileError(
                f"an identity key must be {KEY_BYTES} bytes",
                found=f"{len(key)} bytes",
                mend="trial key new FILE --purpose identity --mode test",
                code="key-length",
            )
        self.__key = key

    def participant(self, cpr_or_own_id: str) -> str:
        """Give the participant id of a citizen named by CPR number or own id.

        Raises IdentityError when the text is neither; the text itself is in no message.
        """
        return self.identify(cpr_or_own_id)[0]

    def identify(self, cpr_or_own_id: str) -> tuple[str, Cpr | None]:
        """Give the participant id and, for a CPR number, the number as read (its date of birth, its warning)."""
        text = cpr_or_own_id.strip(" ")
        if is_own_id(text):
            return self._pseudonym(_OWN_ID_LABEL, text), None
        cpr = parse_cpr(text)
        return self._pseudonym(_CPR_LABEL, cpr.digits()), cpr

    def _pseudonym(self, label: bytes, text: str) -> str:
        mac = hmac.digest(self.__key, label + text.encode("ascii"), "sha256")
        bits = int.from_bytes(mac[:17], "big") >> 6  # 130 of 136 bits: 26 letters of 5
        return "p" + "".join([_PAIRS[bits >> shift & 1023] for shift in range(120, -1, -10)])

    def __repr__(self) -> str:
        return "Pseudonymiser(key withheld)"

    def __reduce__(self) -> Never:
        raise TypeError("an identity key is not written anywhere")
