"""Values a declaration is made of: each says once what must hold of it.

1. The description of a value stands in the JSON Schema and in the error alike; its example is the mend.
2. Nothing is converted, and no key is allowed that is not declared.
"""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

MAX_WEEKS = 1040  # twenty years: beyond it a number of weeks is a typing error


def declared_as(description: str, example: Any, **limits: Any) -> Any:
    """Give a field what must hold of it, a lawful example, and its limits."""
    return Field(description=description, examples=[example], **limits)


Slug = Annotated[
    str,
    declared_as(
        'a short name: a-z, 0-9 and "-", starting with a letter', "digital", pattern=r"^[a-z][a-z0-9-]{0,62}$"
    ),
]
Column = Annotated[
    str,
    declared_as(
        'a column name: a-z, 0-9 and "_", starting with a letter', "exit_26", pattern=r"^[a-z][a-z0-9_]{0,62}$"
    ),
]
Level = Annotated[
    str, declared_as('a level: a-z, 0-9, "+" and "-", no blanks', "18-29", pattern=r"^[a-z0-9][a-z0-9+-]{0,62}$")
]
Words = Annotated[str, declared_as("a text that is not empty", "...", min_length=1, max_length=2000, pattern=r"\S")]
Day = Annotated[date, declared_as("a date without quotes, year-month-day", date(2021, 1, 4))]
Weeks = Annotated[int, declared_as(f"a whole number of weeks from 1 to {MAX_WEEKS}", 52, ge=1, le=MAX_WEEKS)]
Week = Annotated[int, declared_as(f"a whole number of weeks from 0 to {MAX_WEEKS}", 13, ge=0, le=MAX_WEEKS)]
Level95 = Annotated[float, declared_as("a number above 0.5 and below 1", 0.95, gt=0.5, lt=1, allow_inf_nan=False)]
Mode = Annotated[
    Literal["physical", "telephone", "video"], declared_as('"physical", "telephone" or "video"', "telephone")
]
Estimator = Annotated[
    Literal[
        "stratified-difference",
        "strata-regression",
        "bugni-canay-shaikh",
        "car-difference",
        "inverse-probability-weights",
        "lin",
        "strata-regression-adjusted",
        "anhecova",
        "kaplan-meier",
        "inverse-probability-of-pause",
        "cox",
        "grouped-hazards",
        "two-stage-least-squares",
        "two-stage-least-squares-adjusted",
    ],
    declared_as("an estimator: its name as in the glossary", "stratified-difference"),
]
Strategy = Annotated[
    Literal["treatment-policy", "hypothetical", "composite", "while-on-treatment", "principal-stratum", "dose"],
    declared_as(
        'a strategy of ICH E9(R1): "treatment-policy", "hypothetical", "composite", "while-on-treatment" or '
        '"principal-stratum"; or "dose", where the event is part of the dose',
        "treatment-policy",
    ),
]
Role = Annotated[Literal["primary", "secondary"], declared_as('"primary" or "secondary"', "secondary")]


class Part(BaseModel):
    """A table of the protocol: frozen, strict, without unknown keys."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", hide_input_in_errors=True)


class Text(Part):
    """The same words in Danish and English."""

    da: Words
    en: Words

    def get(self, lang: str) -> str:
        """Give the words in `da` or `en`."""
        return {"da": self.da, "en": self.en}[lang]


Label = Annotated[Text, declared_as("a table with the words in Danish and English", {"da": "...", "en": "..."})]


class Period(Part):
    """Days from the first to the last, both included."""

    from_: Annotated[Day, Field(alias="from")]
    to: Day

    def __contains__(self, day: date) -> bool:
        """Tell whether a day lies in the period."""
        return self.from_ <= day <= self.to


Dates = Annotated[
    Period, declared_as("a table with a first and a last day", {"from": date(2021, 1, 4), "to": date(2021, 12, 31)})
]
