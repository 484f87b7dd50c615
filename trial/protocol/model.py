"""The declared trial: one frozen model, attribute names as in the file (`from` is `from_`).

1. Every value has one description. It says what must hold, in the JSON Schema and in the error alike.
2. Nothing is converted: a number in quotes is a text and is refused. An unknown key is an error.
3. What stands in the model cannot be changed; lists are tuples, in the order of the file.
4. What no single value can tell (names that refer to names, dates within dates) is for `check`.
"""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict

from trial.protocol.analysis_model import (
    Covariate,
    Estimand,
    Inference,
    Monitoring,
    Multiplicity,
    OutcomePart,
    SeType,
    SmallStrata,
    Spillovers,
    Subgroup,
    Treatment,
)
from trial.protocol.values import (
    Column,
    Dates,
    Day,
    Estimator,
    Label,
    Level,
    Level95,
    Mode,
    Part,
    Role,
    Slug,
    Strategy,
    Week,
    Weeks,
    Words,
    declared_as,
)

__all__ = [
    "Arm",
    "Beacon",
    "Column",
    "Conversations",
    "Covariate",
    "Dates",
    "Day",
    "Estimand",
    "Estimator",
    "Exclusion",
    "Factor",
    "FollowUp",
    "InfectionPart",
    "Inference",
    "IntakePart",
    "Label",
    "Legal",
    "Level",
    "Level95",
    "Mode",
    "Monitoring",
    "Multiplicity",
    "OutcomePart",
    "Override",
    "Part",
    "Population",
    "Protocol",
    "Randomisation",
    "Role",
    "SeType",
    "Slug",
    "SmallStrata",
    "Spillovers",
    "Strategy",
    "Subgroup",
    "Summons",
    "TargetGroup",
    "Treatment",
    "TrialPart",
    "Week",
    "Weeks",
    "Words",
    "declared_as",
]


class TrialPart(Part):
    """What the trial is called, asks and randomises, and when."""

    id: Annotated[
        str,
        declared_as(
            'a name of at most 63 characters: a-z, 0-9 and "-", not starting with "-"',
            "digital-samtaler",
            pattern=r"^[a-z0-9][a-z0-9-]{0,62}$",
        ),
    ]
    version: Annotated[int, declared_as("a whole number of at least 1", 1, ge=1, le=1_000_000)]
    title: Label
    question: Label
    unit: Annotated[Literal["citizen"], declared_as('"citizen"', "citizen")]
    enrolment: Dates


class Arm(Part):
    """An arm; the first of the list is the comparison."""

    name: Annotated[
        str,
        declared_as(
            'a short name: a-z, 0-9 and "-", starting with a letter, at most 32 characters',
            "digital",
            pattern=r"^[a-z][a-z0-9-]{0,31}$",
        ),
    ]
    ratio: Annotated[int, declared_as("a whole number of at least 1", 1, ge=1, le=1000)]
    modes: Annotated[tuple[Mode, ...], declared_as("a list of at least one mode", ["physical"], min_length=1)]
    label: Label


class TargetGroup(Part):
    """A target group after LAB § 6."""

    name: Slug
    lab_6: Annotated[int, declared_as("a number of LAB § 6, from 1 to 13", 1, ge=1, le=13)]
    label: Label


class Exclusion(Part):
    """A reason not to randomise a citizen."""

    name: Slug
    when: Annotated[Column, declared_as("the name of a yes/no column of the intake file", "needs_interpreter")]
    source: Words
    label: Label


class Population(Part):
    """Whom the trial is about."""

    max_spell_weeks: Weeks
    target_groups: Annotated[
        tuple[TargetGroup, ...], declared_as("at least one [[population.target_groups]] table", [], min_length=1)
    ]
    exclusions: Annotated[tuple[Exclusion, ...], declared_as("a list of [[population.exclusions]] tables, or []", [])]


class IntakePart(Part):
    """What an intake file may contain."""

    duplicates: Annotated[
        Literal["refuse-file", "keep-first"], declared_as('"refuse-file" or "keep-first"', "refuse-file")
    ]
    unknown_jobcentre: Annotated[Literal["refuse-file"], declared_as('"refuse-file"', "refuse-file")]


class Factor(Part):
    """A stratification factor with its levels; `cut` are the ages at which the next level begins.

    The levels of caseworker are codes of posts, never of a person's identity.
    """

    factor: Annotated[
        Literal["jobcentre", "target_group", "age_group", "caseworker"],
        declared_as('"jobcentre", "target_group", "age_group" or "caseworker"', "age_group"),
    ]
    levels: Annotated[tuple[Level, ...], declared_as("a list of at least one level", ["18-29", "30+"], min_length=1)]
    levels_from: Annotated[
        str | None,
        declared_as(
            "the name of a code file whose first column holds the levels", "codes/municipalities.csv", min_length=1
        ),
    ] = None
    cut: Annotated[
        tuple[Annotated[int, declared_as("a whole number of years from 1 to 120", 30, ge=1, le=120)], ...] | None,
        declared_as("a list of whole years", [30, 50], min_length=1),
    ] = None


class Beacon(Part):
    """A future round of public randomness, mixed into the draws so that nobody can try out keys."""

    name: Annotated[
        Literal["drand", "drand-quicknet"], declared_as('a public beacon: "drand" or "drand-quicknet"', "drand")
    ]
    round: Annotated[
        int, declared_as("the number of a round, a whole number of at least 1", 474_000, ge=1, le=2**53 - 1)
    ]


class Randomisation(Part):
    """The procedure, its parameters (every further key of the table) and the guess rate it may not exceed.

    Where no budget is written it is 0.60: the best guesser in the field is right in at most three of five draws. The
    digest is that of what is written; a protocol that writes 0.60 has another than one that is silent.
    """

    model_config = ConfigDict(extra="allow")

    procedure: Annotated[
        str,
        declared_as(
            'a procedure with its version, "name@number"', "big-stick@1", pattern=r"^[a-z][a-z-]*@[1-9][0-9]*$"
        ),
    ]
    predictability_budget: Annotated[
        float,
        declared_as(
            "a guess rate from 0.5 to 1; 0.60 where none is written", 0.60, ge=0.5, le=1, allow_inf_nan=False
        ),
    ] = 0.60
    beacon: Annotated[
        Beacon | None,
        declared_as("a table with the name and the round of a public beacon", {"name": "drand", "round": 1}),
    ] = None

    @property
    def parameters(self) -> dict[str, Any]:
        """Give the procedure's own parameters by name."""
        return dict(self.model_extra or {})

    @property
    def cluster(self) -> str | None:
        """Give the factor whose level (a jobcentre, a caseworker) is drawn as one; None where citizens are drawn."""
        factor = self.parameters.get("factor")
        return factor if self.procedure.startswith("cluster@") and isinstance(factor, str) else None


class InfectionPart(Part):
    """The pause rule by name, and what a pause means."""

    rule: Annotated[Slug, declared_as("the name of a rule file in protocols/rules", "trial-pause-2021")]
    arrivals_in_pause: Annotated[Literal["not-randomised"], declared_as('"not-randomised"', "not-randomised")]
    conversations_in_pause: Annotated[Literal["telephone"], declared_as('"telephone"', "telephone")]


class Override(Part):
    """The one way a mode may be changed for a single conversation, and the lawful reasons."""

    to: Annotated[Literal["physical"], declared_as('"physical": an override goes one way', "physical")]
    reasons: Annotated[
        tuple[Slug, ...], declared_as("a list of at least one reason", ["citizen-demands"], min_length=1)
    ]


class Summons(Part):
    """What becomes of a conversation whose day turns out to lie in a pause, or in one no more."""

    notice_days: Annotated[
        int, declared_as("the notice of a summons: a whole number of days from 0 to 60", 8, ge=0, le=60)
    ]
    short_notice: Annotated[
        Literal["telephone", "not-held"],
        declared_as('what a pause makes of it at shorter notice: "telephone" or "not-held"', "telephone"),
    ]
    transition_days: Annotated[
        int,
        declared_as(
            "a whole number of days from 0 to 365 after reopening in which a summons given before still holds",
            31,
            ge=0,
            le=365,
        ),
    ]


class Conversations(Part):
    """When conversations are due, in weeks after randomisation."""

    due_weeks: Annotated[tuple[Week, ...], declared_as("a list of at least one week", [1, 5, 9], min_length=1)]
    override: Annotated[
        Override, declared_as("a table with `to` and `reasons`", {"to": "physical", "reasons": ["citizen-demands"]})
    ]
    summons: Annotated[Summons, declared_as("a [conversations.summons] table", {})]


class FollowUp(Part):
    """How long a citizen is followed."""

    weeks: Weeks


class Legal(Part):
    """The order that makes the trial lawful; `example` where a real one would stand."""

    status: Annotated[Literal["example", "order"], declared_as('"example" or "order"', "order")]
    order: Words
    derogates: Annotated[
        tuple[Words, ...], declared_as("a list of the provisions derogated from, or []", ["LAB § 33"])
    ]
    period: Dates


class Protocol(Part):
    """The whole declaration. Everything the platform does is a function of it."""

    format: Annotated[Literal["lodtraek-protocol/1"], declared_as('"lodtraek-protocol/1"', "lodtraek-protocol/1")]
    trial: Annotated[TrialPart, declared_as("a [trial] table", {})]
    arms: Annotated[tuple[Arm, ...], declared_as("at least two [[arms]] tables", [], min_length=2)]
    population: Annotated[Population, declared_as("a [population] table", {})]
    intake: Annotated[IntakePart, declared_as("an [intake] table", {})]
    stratification: Annotated[
        tuple[Factor, ...], declared_as("at least one [[stratification]] table", [], min_length=1)
    ]
    randomisation: Annotated[Randomisation, declared_as("a [randomisation] table", {})]
    infection: Annotated[InfectionPart, declared_as("an [infection] table", {})]
    conversations: Annotated[Conversations, declared_as("a [conversations] table", {})]
    follow_up: Annotated[FollowUp, declared_as("a [follow_up] table", {})]
    outcomes: Annotated[tuple[OutcomePart, ...], declared_as("at least one [[outcomes]] table", [], min_length=1)]
    estimands: Annotated[tuple[Estimand, ...], declared_as("at least one [[estimands]] table", [], min_length=1)]
    covariates: Annotated[tuple[Covariate, ...], declared_as("a list of [[covariates]] tables", [])] = ()
    subgroups: Annotated[tuple[Subgroup, ...], declared_as("a list of [[subgroups]] tables", [])] = ()
    monitoring: Annotated[Monitoring | None, declared_as("a [monitoring] table", {})] = None
    spillovers: Annotated[Spillovers | None, declared_as("a [spillovers] table", {})] = None
    inference: Annotated[Inference, declared_as("an [inference] table", {})]
    legal: Annotated[Legal, declared_as("a [legal] table", {})]

    @property
    def comparison(self) -> Arm:
        """Give the arm the others are compared with: the first."""
        return self.arms[0]
