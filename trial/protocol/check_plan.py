"""Cross-checks of the plan: outcomes, estimands and inference fit each other and the design."""

from collections.abc import Iterator

from trial.protocol.crosscheck import check, repeated, unknown_name
from trial.protocol.explain import nearest_of
from trial.protocol.lines import Key
from trial.protocol.model import Protocol
from trial.protocol.source import Fault, toml_value

# Which summary measure fits which variable, and which estimator computes it.
AMOUNTS = ("weeks-employed", "benefit-weeks", "full-time-months", "earnings")
SHARES = ("exit-to-employment", "health-inflow")
FROM_PAY = {"full-time-months": "bc", "earnings": "bc"}  # definitions under which the income register must cover them
VARIABLES = {
    "difference-in-means": AMOUNTS,
    "risk-difference": SHARES,
    "restricted-mean-difference": ("time-to-exit",),
    "hazard-ratio": ("time-to-exit",),
    "late": (*AMOUNTS, *SHARES),
}
MEANS = (
    "stratified-difference",
    "strata-regression",
    "bugni-canay-shaikh",
    "car-difference",
    "inverse-probability-weights",
    "lin",
    "strata-regression-adjusted",
    "anhecova",
)
ESTIMATORS = {
    "difference-in-means": MEANS,
    "risk-difference": MEANS,
    "restricted-mean-difference": ("kaplan-meier", "inverse-probability-of-pause"),
    "hazard-ratio": ("cox", "grouped-hazards"),
    "late": ("two-stage-least-squares", "two-stage-least-squares-adjusted"),
}
EVENTS = ("override-to-physical", "pause", "withdrawal")
RESERVED = (  # columns of the analysis set that are not outcomes
    "participant_id",
    "arm",
    "stratum",
    "jobcentre",
    "target_group",
    "age_group",
    "caseworker",
    "assigned_on",
    "assigned_at",
    "calendar_block",
    "linked",
    "share_physical",
    "held",
    "exposed_to_pause",
    "paused_week",
    "saturation",
)


@check("outcomes")
def check_outcome_names(protocol: Protocol) -> Iterator[Fault]:
    """Outcomes have names of their own that are no column of the analysis set."""
    outcomes = protocol.outcomes
    yield from repeated("outcomes", ((("outcomes", no, "name"), part.name) for no, part in enumerate(outcomes)))
    for no, outcome in enumerate(outcomes):
        if outcome.name in RESERVED or outcome.name.startswith("prob_"):
            yield Fault(
                ("outcomes", no, "name"),
                "must not be a column of the analysis set",
                found=toml_value(outcome.name),
                mend=f'for example: name = "{outcome.name}_{outcome.by_week}"',
                code="protocol-reserved",
            )


@check("outcomes", "follow_up")
def check_outcomes_within_follow_up(protocol: Protocol) -> Iterator[Fault]:
    """No outcome looks beyond the follow-up."""
    last = protocol.follow_up.weeks
    for no, outcome in enumerate(protocol.outcomes):
        if outcome.by_week > last:
            yield Fault(
                ("outcomes", no, "by_week"),
                f"must lie within the follow-up of {last} weeks",
                found=outcome.by_week,
                mend=f"by_week = {last}, or raise follow_up.weeks",
                code="protocol-beyond-follow-up",
            )


@check("outcomes")
def check_outcome_definitions(protocol: Protocol) -> Iterator[Fault]:
    """What comes from the income register is measured under a definition that looks at it."""
    for no, outcome in enumerate(protocol.outcomes):
        if outcome.definition not in FROM_PAY.get(outcome.variable, outcome.definition):
            yield Fault(
                ("outcomes", no, "definition"),
                f'must be "b" or "c" for {outcome.variable}: the income register must cover the weeks',
                found=toml_value(outcome.definition),
                mend='definition = "b"',
                code="protocol-definition",
            )


@check("outcomes", "estimands")
def check_harms(protocol: Protocol) -> Iterator[Fault]:
    """An estimand of a harm does not say that higher is better."""
    harms = [outcome.name for outcome in protocol.outcomes if outcome.role == "harm"]
    for no, estimand in enumerate(protocol.estimands):
        if estimand.outcome in harms and estimand.higher_is_better:
            yield Fault(
                ("estimands", no, "higher_is_better"),
                "must not be true: the outcome is a harm",
                found=f"true, of {toml_value(estimand.outcome)}",
                mend="higher_is_better = false, or another role of the outcome",
                code="protocol-harm",
            )


@check("estimands")
def check_estimand_names(protocol: Protocol) -> Iterator[Fault]:
    """Estimands have names of their own and name each estimator once."""
    estimands = protocol.estimands
    yield from repeated("estimands", ((("estimands", no, "name"), part.name) for no, part in enumerate(estimands)))
    for no, part in enumerate(estimands):
        at: Key = ("estimands", no, "estimators")
        yield from repeated("estimators of an estimand", (((*at, i), name) for i, name in enumerate(part.estimators)))


@check("estimands")
def check_one_primary(protocol: Protocol) -> Iterator[Fault]:
    """One estimand is primary: it alone answers the trial's question."""
    primary = [no for no, estimand in enumerate(protocol.estimands) if estimand.role == "primary"]
    if len(primary) != 1:
        yield Fault(
            ("estimands", primary[1], "role") if primary else ("estimands",),
            "must be primary for exactly one estimand" if primary else "must hold exactly one primary estimand",
            found=f"{len(primary)} primary estimands",
            mend='role = "primary" for the one that answers the question, "secondary" for the others',
            code="protocol-primary",
        )


@check("estimands", "outcomes")
def check_estimand_outcomes(protocol: Protocol) -> Iterator[Fault]:
    """An estimand names a declared outcome that its summary fits; the primary estimand a primary one."""
    outcomes = {outcome.name: outcome for outcome in protocol.outcomes}
    for no, estimand in enumerate(protocol.estimands):
        path: Key = ("estimands", no, "outcome")
        outcome = outcomes.get(estimand.outcome)
        if outcome is None:
            guess = nearest_of(estimand.outcome, tuple(outcomes))
            yield unknown_name(path, "a declared outcome", estimand.outcome, tuple(outcomes), guess)
            continue
        found = toml_value(outcome.name)
        if outcome.variable not in VARIABLES[estimand.summary]:
            lawful = " or ".join(VARIABLES[estimand.summary])
            must = f"must be an outcome of variable {lawful} for the summary {estimand.summary}"
            mend, code = "name another outcome, or another summary", "protocol-summary"
            yield Fault(path, must, found=f"{found}, of variable {outcome.variable}", mend=mend, code=code)
        if estimand.role == "primary" and outcome.role != "primary":
            must = "must be a primary outcome: the estimand is primary"
            mend, code = 'name the primary outcome, or write role = "primary" for this one', "protocol-primary"
            yield Fault(path, must, found=f"{found}, {outcome.role}", mend=mend, code=code)


@check("estimands", "arms")
def check_estimand_arms(protocol: Protocol) -> Iterator[Fault]:
    """An estimand compares two declared arms that are not the same."""
    arms = tuple(arm.name for arm in protocol.arms)
    for no, estimand in enumerate(protocol.estimands):
        treatment = estimand.treatment
        path: Key = ("estimands", no, "treatment")
        for key, name in (("of", treatment.of), ("against", treatment.against)):
            if name not in arms:
                yield unknown_name((*path, key), "a declared arm", name, arms, nearest_of(name, arms))
        if treatment.of == treatment.against:
            must, mend = "must be another arm than treatment.of", "name the arm it is compared with"
            found = toml_value(treatment.against)
            yield Fault((*path, "against"), must, found=found, mend=mend, code="protocol-reference")


@check("estimands")
def check_estimators(protocol: Protocol) -> Iterator[Fault]:
    """Every estimator computes the summary of its estimand."""
    for no, estimand in enumerate(protocol.estimands):
        lawful = ESTIMATORS[estimand.summary]
        for index, estimator in enumerate(estimand.estimators):
            if estimator not in lawful:
                yield Fault(
                    ("estimands", no, "estimators", index),
                    f"must be an estimator of {estimand.summary}: {' or '.join(lawful)}",
                    found=toml_value(estimator),
                    mend=f"estimators = {toml_value(lawful)}",
                    code="protocol-estimator",
                )


@check("estimands")
def check_dose(protocol: Protocol) -> Iterator[Fault]:
    """A dose stands with the summary `late`, and only there."""
    for no, estimand in enumerate(protocol.estimands):
        path: Key = ("estimands", no, "dose")
        found = f"summary = {toml_value(estimand.summary)}"
        if estimand.summary == "late" and estimand.dose is None:
            must, mend = 'must stand with summary = "late"', 'dose = "share_physical"'
            yield Fault(path, must, found=f"{found} and no dose", mend=mend, code="protocol-dose")
        if estimand.summary != "late" and estimand.dose is not None:
            must, mend = 'must stand only with summary = "late"', 'remove it, or write summary = "late"'
            yield Fault(path, must, found=found, mend=mend, code="protocol-dose")


@check("estimands")
def check_margins(protocol: Protocol) -> Iterator[Fault]:
    """A margin says its direction; a margin of a share is a share."""
    for no, estimand in enumerate(protocol.estimands):
        path: Key = ("estimands", no, "margin")
        if estimand.margin is not None and estimand.higher_is_better is None:
            must, mend = "must stand with higher_is_better: a margin has a direction", "higher_is_better = true"
            yield Fault(path, must, found="no higher_is_better", mend=mend, code="protocol-margin")
        if estimand.margin is None and estimand.higher_is_better is not None:
            must, mend = "must stand with a margin: it is its direction", "margin = 1.5, or remove higher_is_better"
            yield Fault((*path[:-1], "higher_is_better"), must, found="no margin", mend=mend, code="protocol-margin")
        if estimand.margin is not None and estimand.summary == "risk-difference" and estimand.margin >= 1:
            must, mend = "must be below 1: it is a difference of shares", "margin = 0.02 for two percentage points"
            yield Fault(path, must, found=estimand.margin, mend=mend, code="protocol-margin")


@check("estimands")
def check_intercurrent_events(protocol: Protocol) -> Iterator[Fault]:
    """Every known intercurrent event has its strategy, and no other is named."""
    for no, estimand in enumerate(protocol.estimands):
        path: Key = ("estimands", no, "intercurrent")
        meant = set()
        for event in estimand.intercurrent:
            if event not in EVENTS:
                guess = nearest_of(event, EVENTS)
                meant.add(guess)
                yield unknown_name((*path, event), "an intercurrent event", event, EVENTS, guess)
        for event in EVENTS:
            if event not in estimand.intercurrent and event not in meant:
                must, mend = "must give a strategy for every intercurrent event", f'{event} = "treatment-policy"'
                yield Fault(path, must, found=f"none for {event}", mend=mend, code="protocol-missing-key")


@check("estimands")
def check_dose_strategy(protocol: Protocol) -> Iterator[Fault]:
    """`dose` is a strategy of the summary `late` only: there the event is part of the dose."""
    for no, estimand in enumerate(protocol.estimands):
        for event, strategy in estimand.intercurrent.items():
            if strategy == "dose" and estimand.summary != "late":
                must = 'must be a strategy of ICH E9(R1); "dose" is for summary = "late"'
                path: Key = ("estimands", no, "intercurrent", event)
                mend = f'{event} = "treatment-policy"'
                yield Fault(path, must, found='"dose"', mend=mend, code="protocol-strategy")
