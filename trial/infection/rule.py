"""A closure rule as data: which indicator, which thresholds from which day, when to reopen, what to do without news.

1. Everything dated begins on a day and holds until the next entry of its list begins: truncation, test adjustment,
   population, thresholds. Entries stand in the order of their days.
2. An area meets the rule on a day when **every** threshold in force that day is reached: "at least", not "above".
3. `reopening.thresholds`, where given, make a hysteresis pair: a closed area counts towards reopening only on days
   when these lower ones are not all reached.
4. `retroactive` thresholds hold for the days before them too when the days of a closed area are counted.
5. `parish` makes a closed parish count for every municipality it lies in.
6. `orders` are closures no threshold decided: by an authority, with its source, or by hand, by two persons with a
   reason. They begin and end on declared days.
7. `stale`: after so many days without a publication, `hold` what was last decided, `pause` everything, or `go-on` as
   if the last values were published again.
8. Every number carries a status: "verified" (read in the named source), "computed" (from data), "remembered",
   "unknown" or "declared" (a choice of the trial).
"""

from datetime import date
from typing import Annotated, Literal, TypeVar

from pydantic import Field

from trial.protocol.values import Dates, Day, Label, Part, Slug, Words, declared_as

FORMAT = "lodtraek-rule/1"

Measure = Literal["adjusted_incidence", "incidence", "cases", "positivity"]
MEASURES: tuple[Measure, ...] = ("adjusted_incidence", "incidence", "cases", "positivity")


Status = Annotated[
    Literal["verified", "computed", "remembered", "unknown", "declared"],
    declared_as('"verified", "computed", "remembered", "unknown" or "declared"', "verified"),
]
Rate = Annotated[float, declared_as("a number above 0", 200.0, gt=0, le=100_000, allow_inf_nan=False)]
Wait = Annotated[int, declared_as("a whole number of days from 0 to 31", 1, ge=0, le=31)]


class Dated(Part):
    """An entry that holds from a day until the next one begins."""

    from_: Annotated[Day, Field(alias="from")]
    status: Status
    source: Words


class Truncation(Dated):
    """How many of the newest days are left out."""

    days: Wait


class Adjustment(Dated):
    """The parameters of the test adjustment."""

    beta: Annotated[float, declared_as("a number from 0 to 1", 0.56, ge=0, le=1, allow_inf_nan=False)]
    r: Annotated[float, declared_as("a share of the population tested a day, above 0, at most 1", 0.0174, gt=0, le=1)]


class PopulationBasis(Dated):
    """Whose population: that of the first quarter of 2020, or that of the newest published file."""

    basis: Annotated[Literal["2020Q1", "published"], declared_as('"2020Q1" or "published"', "2020Q1")]


class Thresholds(Dated):
    """What an area must reach, everything on one and the same day."""

    adjusted_incidence: Rate | None = None
    incidence: Rate | None = None
    cases: Annotated[int, declared_as("a whole number of at least 1", 20, ge=1, le=1_000_000)] | None = None
    positivity: Rate | None = None
    retroactive: Annotated[bool, declared_as("true or false", False)] = False

    def declared(self) -> dict[Measure, float]:
        """Give the thresholds that are set, in the order of the measures."""
        values = {measure: getattr(self, measure) for measure in MEASURES}
        return {measure: float(value) for measure, value in values.items() if value is not None}


Entry = TypeVar("Entry", bound=Dated)


class IndicatorPart(Part):
    """How the numbers are made."""

    window_days: Annotated[int, declared_as("a whole number of days from 1 to 28", 7, ge=1, le=28)]
    truncation: Annotated[tuple[Truncation, ...], declared_as("a list of dated tables", [], min_length=1)]
    adjustment: Annotated[tuple[Adjustment, ...], declared_as("a list of dated tables", [], min_length=1)]
    population: Annotated[tuple[PopulationBasis, ...], declared_as("a list of dated tables", [], min_length=1)]

    def truncation_on(self, day: date) -> int:
        """Give the days left out on a day."""
        return in_force(self.truncation, day).days

    def adjustment_on(self, day: date) -> Adjustment:
        """Give the parameters in force on a day."""
        return in_force(self.adjustment, day)

    def basis_on(self, day: date) -> str:
        """Give the population basis in force on a day."""
        return in_force(self.population, day).basis


class Closing(Part):
    """When a closure begins."""

    delay_days: Wait


class Reopening(Part):
    """When a closure ends."""

    days: Annotated[int, declared_as("a whole number of days from 1 to 60", 7, ge=1, le=60)]
    delay_days: Wait
    thresholds: Annotated[tuple[Thresholds, ...], declared_as("a list of [[reopening.thresholds]] tables", [])] = ()


class ParishPart(Part):
    """Whether a closed parish counts for its municipalities, and when a parish closes."""

    counts_for_municipality: Annotated[bool, declared_as("true or false", False)]
    thresholds: Annotated[tuple[Thresholds, ...], declared_as("a list of dated tables", [], min_length=1)]


class Stale(Part):
    """What to do when no publication comes."""

    max_age_days: Annotated[int, declared_as("a whole number of days from 1 to 365", 3, ge=1, le=365)]
    then: Annotated[Literal["hold", "pause", "go-on"], declared_as('"hold", "pause" or "go-on"', "hold")]


class StatusBands(Part):
    """The texts of the published status column."""

    high_from: Rate


class Order(Part):
    """A closure that no threshold decided."""

    area: Annotated[
        str,
        declared_as(
            'a municipality code such as "0183", a region code such as "1084", or "DK"',
            "0183",
            pattern=r"^([0-9]{4}|DK)$",
        ),
    ]
    decided_on: Day
    closed_on: Day
    reopened_on: Day | None = None
    reason: Words
    source: Words | None = None
    decided_by: Annotated[tuple[Words, ...], declared_as("two different persons", ["A. Jensen", "B. Hansen"])] = ()


class Rule(Part):
    """A closure rule. What no single value can tell is checked by `load_rule`."""

    format: Annotated[Literal["lodtraek-rule/1"], declared_as(f'"{FORMAT}"', FORMAT)]
    name: Slug
    title: Label
    in_force: Dates
    start: Annotated[Literal["open", "official-status"], declared_as('"open" or "official-status"', "open")]
    indicator: Annotated[IndicatorPart, declared_as("an [indicator] table", {})]
    thresholds: Annotated[tuple[Thresholds, ...], declared_as("a list of dated tables", [], min_length=1)]
    closing: Annotated[Closing, declared_as("a [closing] table", {})]
    reopening: Annotated[Reopening, declared_as("a [reopening] table", {})]
    stale: Annotated[Stale, declared_as("a [stale] table", {})]
    status: Annotated[StatusBands | None, declared_as("a [status] table", {})] = None
    parish: Annotated[ParishPart | None, declared_as("a [parish] table", {})] = None
    orders: Annotated[tuple[Order, ...], declared_as("a list of [[orders]] tables", [])] = ()


def in_force(entries: tuple[Entry, ...], day: date) -> Entry:
    """Give the entry that holds on a day: the last that began by then, else the first."""
    return next((entry for entry in reversed(entries) if entry.from_ <= day), entries[0])
