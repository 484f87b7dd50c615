"""Cross-checks of inference: covariates, subgroups, corrections, looks and spillovers refer to what is declared."""

from collections.abc import Iterator, Mapping
from itertools import pairwise

from trial.protocol.check_plan import RESERVED
from trial.protocol.crosscheck import check, repeated, unknown_name
from trial.protocol.explain import nearest_of
from trial.protocol.lines import Key
from trial.protocol.model import Protocol
from trial.protocol.source import Fault, toml_value

NEED_COVARIATES = ("lin", "strata-regression-adjusted", "anhecova", "two-stage-least-squares-adjusted")
MOST_LEVELS = 20


@check("inference", "stratification")
def check_inference_factors(protocol: Protocol) -> Iterator[Fault]:
    """Covariates are declared factors or covariates; small strata are pooled within declared factors; each once."""
    factors = tuple(factor.factor for factor in protocol.stratification)
    inference = protocol.inference
    known = (*factors, *(covariate.name for covariate in protocol.covariates))
    lists: tuple[tuple[Key, tuple[str, ...], tuple[str, ...], str], ...] = (
        (("inference", "covariates"), inference.covariates, known, "a declared factor or covariate"),
        (("inference", "small_strata", "within"), inference.small_strata.within, factors, "a declared factor"),
    )
    for path, names, lawful, what in lists:
        for no, name in enumerate(names):
            if name not in lawful:
                yield unknown_name((*path, no), what, name, lawful, nearest_of(name, lawful))
        yield from repeated("names of a list", (((*path, no), name) for no, name in enumerate(names)))


@check("covariates", "outcomes")
def check_covariates(protocol: Protocol) -> Iterator[Fault]:
    """Covariates have names of their own; a count of weeks says how many, and nothing else does."""
    found = protocol.covariates
    yield from repeated("covariates", ((("covariates", no, "name"), one.name) for no, one in enumerate(found)))
    taken = (*RESERVED, *(outcome.name for outcome in protocol.outcomes))
    for no, one in enumerate(found):
        if one.name in taken or one.name.startswith("prob_"):
            must, mend = "must not be a column of the analysis set", f'for example: name = "{one.name}_before"'
            yield Fault(
                ("covariates", no, "name"), must, found=toml_value(one.name), mend=mend, code="protocol-reserved"
            )
        counts = one.variable.endswith("-before")
        if counts == (one.weeks is None):
            must = f"must {'stand' if counts else 'not stand'} with the variable {one.variable}"
            mend = "weeks = 52" if counts else "remove it"
            told = "no such key" if one.weeks is None else one.weeks
            yield Fault(("covariates", no, "weeks"), must, found=told, mend=mend, code="protocol-covariate")


@check("estimands", "inference")
def check_adjustment(protocol: Protocol) -> Iterator[Fault]:
    """An estimator that adjusts has covariates beyond the factors, which the strata absorb."""
    names = {covariate.name for covariate in protocol.covariates} & set(protocol.inference.covariates)
    for no, estimand in enumerate(protocol.estimands):
        for index, name in enumerate(estimand.estimators):
            if name in NEED_COVARIATES and not names:
                yield Fault(
                    ("estimands", no, "estimators", index),
                    "must have covariates beyond the factors: the strata absorb those",
                    found=f"{name} with inference.covariates = {toml_value(protocol.inference.covariates)}",
                    mend="declare [[covariates]] and name one in inference.covariates, or name another estimator",
                    code="protocol-adjustment",
                )


@check("subgroups", "estimands", "stratification")
def check_subgroups(protocol: Protocol) -> Iterator[Fault]:
    """A subgroup is a declared factor of few levels, asked of declared estimands that are means."""
    factors = {factor.factor: factor for factor in protocol.stratification}
    summaries = {estimand.name: estimand.summary for estimand in protocol.estimands}
    yield from repeated(
        "subgroups", ((("subgroups", no, "factor"), part.factor) for no, part in enumerate(protocol.subgroups))
    )
    for no, part in enumerate(protocol.subgroups):
        if part.factor not in factors:
            names = tuple(factors)
            yield unknown_name(("subgroups", no, "factor"), "a declared factor", part.factor, names, None)
        elif not 1 < len(factors[part.factor].levels) <= MOST_LEVELS:
            yield Fault(
                ("subgroups", no, "factor"),
                f"must have from 2 to {MOST_LEVELS} levels",
                found=f"{len(factors[part.factor].levels)} levels of {part.factor}",
                mend="name another factor",
                code="protocol-subgroup",
            )
        for index, name in enumerate(part.estimands):
            at: Key = ("subgroups", no, "estimands", index)
            yield from _named(at, name, summaries)
            if summaries.get(name) in {"restricted-mean-difference", "hazard-ratio", "late"}:
                must, mend = "must be a difference in means or of risks", "name another estimand"
                yield Fault(at, must, found=f"{name}, {summaries[name]}", mend=mend, code="protocol-subgroup")


@check("inference", "estimands")
def check_multiplicity(protocol: Protocol) -> Iterator[Fault]:
    """A family names secondary estimands once each; only replays have draws and a seed."""
    part = protocol.inference.multiplicity
    if part is None:
        return
    at: Key = ("inference", "multiplicity")
    roles = {estimand.name: estimand.role for estimand in protocol.estimands}
    yield from repeated("names of a family", (((*at, "family", no), name) for no, name in enumerate(part.family)))
    for no, name in enumerate(part.family):
        yield from _named((*at, "family", no), name, roles)
        if roles.get(name) == "primary":
            must, mend = "must be secondary: the primary estimand has the whole error to itself", "leave it out"
            yield Fault((*at, "family", no), must, found=f"{name}, primary", mend=mend, code="protocol-family")
    for key, value, example in (("draws", part.draws, 2000), ("seed", part.seed, 1)):
        replays = part.method == "romano-wolf"
        if replays == (value is None):
            must = f"must {'stand' if replays else 'not stand'} with method {part.method}"
            mend = f"{key} = {example}" if replays else "remove it"
            told = "no such key" if value is None else value
            yield Fault((*at, key), must, found=told, mend=mend, code="protocol-family")


@check("monitoring", "estimands")
def check_monitoring(protocol: Protocol) -> Iterator[Fault]:
    """Looks are at a declared estimand; their shares of the information rise to 1."""
    part = protocol.monitoring
    if part is None:
        return
    yield from _named(("monitoring", "estimand"), part.estimand, {one.name: one for one in protocol.estimands})
    shares = part.information
    if shares[-1] != 1 or any(later <= earlier for earlier, later in pairwise(shares)):
        must, mend = "must rise to 1.0", "information = [0.5, 1.0]"
        at: Key = ("monitoring", "information")
        yield Fault(at, must, found=toml_value(shares), mend=mend, code="protocol-monitoring")


@check("spillovers", "estimands", "randomisation")
def check_spillovers(protocol: Protocol) -> Iterator[Fault]:
    """Spillovers need jobcentres drawn to different shares, and estimands that are means."""
    part = protocol.spillovers
    if part is None:
        return
    summaries = {estimand.name: estimand.summary for estimand in protocol.estimands}
    if not protocol.randomisation.procedure.startswith("saturation@"):
        yield Fault(
            ("spillovers",),
            "must stand with two-stage saturation: individual randomisation alone cannot show displacement",
            found=f"procedure = {toml_value(protocol.randomisation.procedure)}",
            mend='procedure = "saturation@1", or remove the table',
            code="protocol-spillovers",
        )
    for no, name in enumerate(part.estimands):
        at: Key = ("spillovers", "estimands", no)
        yield from _named(at, name, summaries)
        if summaries.get(name) not in {None, "difference-in-means", "risk-difference"}:
            must, mend = "must be a difference in means or of risks", "name another estimand"
            yield Fault(at, must, found=f"{name}, {summaries[name]}", mend=mend, code="protocol-spillovers")


def _named(path: Key, name: str, known: Mapping[str, object]) -> Iterator[Fault]:
    if name not in known:
        yield unknown_name(path, "a declared estimand", name, tuple(known), nearest_of(name, tuple(known)))
