"""Words, numbers and dates in one language; a message that is not in the catalogue is an error, never a gap.

1. Danish writes 1.234,5 and 4. januar 2021, English 1,234.5 and 4 January 2021; both a true minus sign.
2. A hidden or missing number is a dash. Its meaning is said once, under the tables.
3. A p-value below 0.001 is written so; a percentage has a thin space before its sign in Danish.
"""

from collections.abc import Mapping
from datetime import date
from typing import Literal

from analysis.report.messages import MESSAGES
from analysis.report.reasons import in_danish

Lang = Literal["da", "en"]
LANGS: tuple[Lang, ...] = ("da", "en")
DASH = "–"
_MINUS = "−"
_INDEX = {"da": 0, "en": 1}
MONTHS = {
    "da": ("januar", "februar", "marts", "april", "maj", "juni", "juli", "august", "september", "oktober",
           "november", "december"),
    "en": ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December"),
}  # fmt: skip


class Words:
    """The words of one language."""

    def __init__(self, lang: Lang) -> None:
        self.lang = lang

    def __call__(self, key: str, **values: object) -> str:
        """Give a message, its blanks filled. Raises KeyError for a message or a blank that is not there."""
        return MESSAGES[key][_INDEX[self.lang]].format(**values)

    def known(self, key: str, otherwise: str) -> str:
        """Give a message, or a name as it stands where the catalogue has none (a name from data or a later room)."""
        return self(key) if key in MESSAGES else otherwise

    @staticmethod
    def capital(text: str) -> str:
        """Give a text with its first letter raised, as at the head of a row."""
        return text[:1].upper() + text[1:]

    def reason(self, text: str) -> str:
        """Give the reason an estimator stated, in this language."""
        return in_danish(text) if self.lang == "da" else text

    def label(self, text: Mapping[str, str]) -> str:
        """Give a declared label."""
        return text[self.lang]

    def number(self, value: float | None, decimals: int = 2) -> str:
        """Write a number with a fixed number of decimals."""
        if value is None:
            return DASH
        text = f"{abs(value):,.{decimals}f}"
        if self.lang == "da":
            text = text.translate(str.maketrans(",.", ".,"))
        return text if float(f"{value:.{decimals}f}") >= 0 else _MINUS + text

    def count(self, value: int | None) -> str:
        """Write a whole number."""
        return self.number(value, 0)

    def percent(self, share: float | None, decimals: int = 1) -> str:
        """Write a share as a percentage."""
        if share is None:
            return DASH
        return self.number(100 * share, decimals) + ("\N{NARROW NO-BREAK SPACE}%" if self.lang == "da" else "%")

    def p_value(self, p: float | None) -> str:
        """Write a p-value with three decimals, small ones as below 0.001."""
        if p is None:
            return DASH
        return "<" + self.number(0.001, 3) if p < 0.001 else self.number(p, 3)

    def day(self, day: date | None) -> str:
        """Write a date."""
        if day is None:
            return DASH
        return f"{day.day}{'.' if self.lang == 'da' else ''} {MONTHS[self.lang][day.month - 1]} {day.year}"

    def month(self, number: int) -> str:
        """Give the short name of a month: jan, feb; maj in Danish."""
        name = MONTHS[self.lang][number - 1][:3]
        return name if self.lang == "da" else name.capitalize()
