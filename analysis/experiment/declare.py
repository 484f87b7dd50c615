"""The declaration of the experiment: `protocols/experiments/*.toml`, every planted number with its status.

1. Nothing planted stands in code: life courses, labour market, selection and regimes are read from the file.
2. Problems of the file are told together, each at its line.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from analysis.identify.assumptions import AssumptionName
from trial.protocol import shipped
from trial.protocol.declared import read_as
from trial.protocol.source import Fault
from trial.protocol.values import Dates, Day, Label, Part, Slug, Week, Weeks, declared_as

Status = Annotated[Literal["verified", "assumed"], declared_as('"verified" or "assumed"', "assumed")]
Number = Annotated[float, declared_as("a number", 0.1, allow_inf_nan=False)]
Share = Annotated[float, declared_as("a share from 0 to 1", 0.5, ge=0, le=1)]
Positive = Annotated[float, declared_as("a number above 0", 0.1, gt=0, allow_inf_nan=False)]
Step = tuple[Week, Number]
Count = Annotated[int, declared_as("a whole number of at least 1", 8000, ge=1)]


class Size(Part):
    """How much is simulated, and what is compared."""

    spells: Count
    weeks: Weeks
    landmark_week: Weeks
    horizon: Weeks
    biased_from: Positive
    seed: Annotated[int, declared_as("a whole number of at least 0", 1, ge=0)]


class Judges(Part):
    """The plans the verdict is asked by, and what is assumed beside them."""

    registers: Slug
    trial: Slug
    assumed: tuple[AssumptionName, ...]
    permutations: Count


class Prospects(Part):
    """What no register shows: kinds of citizens, by shift of the log hazard."""

    values: tuple[Number, ...]
    shares: tuple[Share, ...]


class Background(Part):
    """What a register shows, with its coefficients on the log hazard."""

    age: Number
    education: Number
    female: Number


class Season(Part):
    """A wave over the year."""

    amplitude: Number
    best_week: Week


class Life(Part):
    """Life courses without any effect of conversations."""

    level: Positive
    competing: Positive
    duration: tuple[Step, ...]
    prospects: Prospects
    background: Background
    season: Season
    local_spread: Number
    past_signal: Number
    status: Status


class Effect(Part):
    """Planted effects on the log hazard."""

    conversation: Number
    digital: Number
    displacement: Number
    status: Status


class Shift(Part):
    """The labour market from a day on."""

    from_: Annotated[Day, Field(alias="from")]
    shift: Number
    status: Status


class Selection(Part):
    """Who gets which form where somebody chooses: log odds of digital."""

    prospects: Number
    education: Number
    jobcentre_spread: Number
    status: Status


class Contact(Part):
    """Chance a week of the first conversation, and video's share of the digital ones."""

    ordinary: Share
    suspended: Share
    video: Share
    status: Status


class ShareDigital(Part):
    """Share of digital by who decides."""

    statute: Share
    nobody: Share
    authority: Share
    closed: Share
    status: Status


class Policy(Part):
    """A regime that follows policy: when spells begin, and which closures are in force."""

    enrolment: Dates
    closures: Slug | None = None


class Lottery(Part):
    """The individual trial: its protocol and its compliance."""

    protocol: Slug
    held: Share
    override: Share
    override_prospects: Number
    status: Status


class Markets(Part):
    """The two-stage trial."""

    shares: tuple[str, ...]
    within: dict[str, Any]


class Expectation(Part):
    """What must be shown: a figure of a tool, or of the verdict, between a least and a most."""

    regime: Slug
    tool: Slug | None = None
    figure: Annotated[
        Literal["bias", "coverage", "size", "printed", "let-through", "identified-by-design",
                "identified-under-assumptions", "bounds-only", "not-identified"],
        declared_as("a figure of the table", "coverage"),
    ]  # fmt: skip
    least: Number | None = None
    most: Number | None = None


class Experiment(Part):
    """The whole declaration."""

    format: Annotated[
        Literal["lodtraek-experiment/1"], declared_as('"lodtraek-experiment/1"', "lodtraek-experiment/1")
    ]
    name: Slug
    title: Label
    titles: dict[str, Label]
    size: Size
    judged: Judges
    life: Life
    effect: Effect
    labour_market: tuple[Shift, ...]
    selection: Selection
    contact: Contact
    share_digital: ShareDigital
    pre_2020: Annotated[Policy, Field(alias="pre-2020")]
    calendar: Annotated[Policy, Field(alias="calendar-2020-21")]
    trial: Lottery
    two_stage: Annotated[Markets, Field(alias="two-stage")]
    expectations: tuple[Expectation, ...] = ()

    def without_effect(self) -> "Experiment":
        """Give the same world in which the form of a conversation changes nothing: for the size of a test."""
        return self.model_copy(
            update={"effect": self.effect.model_copy(update={"digital": 0.0, "displacement": 0.0})}
        )

    def sized(self, spells: int) -> "Experiment":
        """Give the same experiment with another number of spells."""
        return self.model_copy(update={"size": self.size.model_copy(update={"spells": spells})})


def load_experiment(path: Path | None = None) -> Experiment:
    """Read a declaration, by default the shipped one. Raises ProtocolError with every problem at its line."""
    return _shipped() if path is None else read_as(Experiment, path, _misfits)


@cache
def _shipped() -> Experiment:
    return read_as(Experiment, shipped("experiments/conversation-mode.toml"), _misfits)


def _misfits(experiment: Experiment) -> Iterator[Fault]:
    """Find kinds without shares, shares that do not add up to 1, and comparisons beyond the weeks followed."""
    kinds, size = experiment.life.prospects, experiment.size
    if len(kinds.values) != len(kinds.shares) or abs(sum(kinds.shares) - 1) > 1e-9:
        yield Fault(
            ("life", "prospects"),
            "must have one share a value, and the shares must add up to 1",
            found=f"{len(kinds.values)} values, shares {list(kinds.shares)}",
            mend="prospects = { values = [-1.0, 0.45], shares = [0.4, 0.6] }",
            code="protocol-value",
        )
    if not size.landmark_week <= size.horizon <= size.weeks:
        yield Fault(
            ("size", "horizon"),
            "must lie between landmark_week and weeks",
            found=size.horizon,
            mend="horizon = 26",
            code="protocol-order",
        )
