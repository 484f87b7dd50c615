"""The declared analysis: outcomes, estimands and inference, as in the file.

1. What is measured (outcomes), what is asked of it (estimands after ICH E9(R1)), and how it is answered (inference).
2. Inference has no defaults: what is not declared is not computed.
3. Beside them may stand: covariates from before randomisation, subgroups with their interaction test, one correction
   for many questions, planned looks, and spillovers under two-stage saturation. Each is absent or whole.
"""

from typing import Annotated, Literal

from trial.protocol.values import Column, Estimator, Label, Level95, Part, Role, Slug, Strategy, Weeks, declared_as

SeType = Annotated[
    Literal["HC0", "HC1", "HC2", "HC3", "CR0", "CR1", "CR1-nested", "CR1-groups", "CR2"],
    declared_as(
        'a robust convention: "HC0", "HC1", "HC2" or "HC3"; with clusters "CR0", "CR1", "CR1-nested", "CR1-groups" '
        'or "CR2"',
        "HC2",
    ),
]


class OutcomePart(Part):
    """An outcome: what is measured, by which week, after which definition of exit; a harm is better the lower."""

    name: Column
    variable: Annotated[
        Literal[
            "weeks-employed",
            "exit-to-employment",
            "time-to-exit",
            "benefit-weeks",
            "health-inflow",
            "full-time-months",
            "earnings",
        ],
        declared_as(
            '"weeks-employed", "exit-to-employment", "time-to-exit", "benefit-weeks", "health-inflow", '
            '"full-time-months" or "earnings"',
            "weeks-employed",
        ),
    ]
    by_week: Weeks
    definition: Annotated[Literal["a", "b", "c", "d"], declared_as('a definition of exit: "a", "b", "c" or "d"', "b")]
    role: Annotated[
        Literal["primary", "secondary", "harm"], declared_as('"primary", "secondary" or "harm"', "secondary")
    ]
    label: Label

    @property
    def highest(self) -> float | None:
        """Give the largest value of a citizen, None where there is none: pay and paid hours have no bound."""
        if self.variable in ("weeks-employed", "benefit-weeks", "time-to-exit"):
            return float(self.by_week)
        return 1.0 if self.is_share else None

    @property
    def is_share(self) -> bool:
        """Say whether a citizen has 0 or 1, so that a mean is a share."""
        return self.variable in ("exit-to-employment", "health-inflow")


class Treatment(Part):
    """Which arm is compared with which."""

    of: Slug
    against: Slug


class Estimand(Part):
    """An estimand after ICH E9(R1), and the estimators that compute it."""

    name: Slug
    role: Role
    population: Annotated[Literal["randomised"], declared_as('"randomised"', "randomised")]
    treatment: Annotated[Treatment, declared_as("a table with two arms", {"of": "digital", "against": "physical"})]
    outcome: Annotated[Column, declared_as("the name of a declared outcome", "exit_26")]
    summary: Annotated[
        Literal["difference-in-means", "risk-difference", "restricted-mean-difference", "hazard-ratio", "late"],
        declared_as(
            '"difference-in-means", "risk-difference", "restricted-mean-difference", "hazard-ratio" or "late"',
            "difference-in-means",
        ),
    ]
    dose: Annotated[Literal["share_physical"] | None, declared_as('"share_physical"', "share_physical")] = None
    estimators: Annotated[
        tuple[Estimator, ...],
        declared_as("a list of at least one estimator", ["stratified-difference"], min_length=1),
    ]
    margin: Annotated[
        float | None,
        declared_as(
            "a number above 0 in units of the outcome: the largest loss that still counts as no worse",
            1.5,
            gt=0,
            allow_inf_nan=False,
        ),
    ] = None
    higher_is_better: Annotated[bool | None, declared_as("true or false, without quotes", True)] = None
    label: Label
    intercurrent: Annotated[
        dict[str, Strategy],
        declared_as("a table of intercurrent events and their strategies", {"pause": "treatment-policy"}),
    ]


class Covariate(Part):
    """Something the registers know of a citizen from before randomisation."""

    name: Column
    variable: Annotated[
        Literal["weeks-employed-before", "benefit-weeks-before", "age", "sex"],
        declared_as('"weeks-employed-before", "benefit-weeks-before", "age" or "sex"', "weeks-employed-before"),
    ]
    weeks: Annotated[
        int | None,
        declared_as("a whole number of weeks before randomisation, 4 to 260", 52, ge=4, le=260),
    ] = None
    label: Label


class Subgroup(Part):
    """A declared factor whose levels may have different effects, and the estimands that are asked of it."""

    factor: Annotated[
        Literal["jobcentre", "target_group", "age_group"],
        declared_as("a declared factor with at most 20 levels", "target_group"),
    ]
    estimands: Annotated[
        tuple[Slug, ...], declared_as("a list of at least one declared estimand", ["itt-exit-26"], min_length=1)
    ]
    label: Label


class Multiplicity(Part):
    """One correction of p-values over a family of estimands, each by its first estimator."""

    method: Annotated[
        Literal["holm", "benjamini-hochberg", "romano-wolf"],
        declared_as('"holm", "benjamini-hochberg" or "romano-wolf"', "holm"),
    ]
    family: Annotated[
        tuple[Slug, ...],
        declared_as("a list of at least two declared estimands", ["itt-exit-26", "rmst-time-to-exit"], min_length=2),
    ]
    draws: Annotated[
        int | None, declared_as("a whole number of replays from 100 to 100000", 2000, ge=100, le=100_000)
    ] = None
    seed: Annotated[int | None, declared_as("a whole number of at least 0", 1, ge=0, le=2**31)] = None


class Monitoring(Part):
    """Planned looks at one estimand: boundaries by error spending, and an interval that holds at any look."""

    estimand: Annotated[Slug, declared_as("the name of a declared estimand", "itt-weeks-employed")]
    information: Annotated[
        tuple[Annotated[float, declared_as("a share above 0 and at most 1", 0.5, gt=0, le=1)], ...],
        declared_as("a list of rising shares of the information, the last 1.0", [0.5, 1.0], min_length=2),
    ]
    spending: Annotated[
        Literal["obrien-fleming", "pocock"], declared_as('"obrien-fleming" or "pocock"', "obrien-fleming")
    ]
    tuned_for: Annotated[
        int, declared_as("the citizens at which the anytime interval is tightest", 10_000, ge=10, le=100_000_000)
    ]


class Spillovers(Part):
    """Direct, spillover, total and overall effects where jobcentres were drawn to different shares."""

    estimands: Annotated[
        tuple[Slug, ...], declared_as("a list of at least one declared estimand", ["itt-exit-26"], min_length=1)
    ]


class SmallStrata(Part):
    """What becomes of a stratum with too few citizens in an arm."""

    rule: Annotated[Literal["pool"], declared_as('"pool"', "pool")]
    minimum_per_arm: Annotated[int, declared_as("a whole number of at least 2", 2, ge=2, le=1_000_000)]
    within: Annotated[tuple[Column, ...], declared_as("a list of declared factors", ["target_group"])]


class Inference(Part):
    """Standard errors, levels and adjustment; nothing here has a default."""

    se_type: SeType
    level: Level95
    sidedness: Annotated[Literal["two-sided"], declared_as('"two-sided"', "two-sided")]
    non_inferiority_level: Level95
    clusters: Annotated[
        Literal["none", "jobcentre", "caseworker"], declared_as('"none", "jobcentre" or "caseworker"', "none")
    ]
    covariates: Annotated[tuple[Column, ...], declared_as("a list of declared factors and covariates, or []", [])]
    small_strata: Annotated[
        SmallStrata,
        declared_as(
            "a table with rule, minimum_per_arm and within", {"rule": "pool", "minimum_per_arm": 2, "within": []}
        ),
    ]
    multiplicity: Annotated[
        Multiplicity | None,
        declared_as("a table with method and family", {"method": "holm", "family": ["itt-exit-26", "itt-exit-52"]}),
    ] = None
