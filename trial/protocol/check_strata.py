"""Cross-checks of the strata: every level is somebody's, no level stands twice, ages agree with their cut."""

import re
from collections.abc import Iterator
from itertools import pairwise

from trial.protocol.crosscheck import check, repeated, unknown_name
from trial.protocol.explain import nearest_of
from trial.protocol.lines import Key
from trial.protocol.model import Factor, Protocol
from trial.protocol.shipped import load_municipalities
from trial.protocol.source import Fault, toml_value

ADULT = 18
_AGES = re.compile(r"\d+(-\d+|\+)\Z")


@check("stratification")
def check_factors(protocol: Protocol) -> Iterator[Fault]:
    """A factor stands once, and so does each of its levels."""
    factors = protocol.stratification
    yield from repeated(
        "factors", ((("stratification", no, "factor"), part.factor) for no, part in enumerate(factors))
    )
    for no, part in enumerate(factors):
        at: Key = ("stratification", no, "levels")
        yield from repeated("levels of a factor", (((*at, index), level) for index, level in enumerate(part.levels)))


@check("stratification", "population")
def check_target_group_levels(protocol: Protocol) -> Iterator[Fault]:
    """The levels of target_group are the population's target groups, all of them."""
    groups = tuple(group.name for group in protocol.population.target_groups)
    for no, factor in _factors(protocol, "target_group"):
        at: Key = ("stratification", no, "levels")
        for index, level in enumerate(factor.levels):
            if level not in groups:
                yield unknown_name((*at, index), "a target group", level, groups, nearest_of(level, groups))
        for group in groups:
            if group not in factor.levels:
                yield Fault(
                    at,
                    "must hold every target group of the population",
                    found=f"no {toml_value(group)}",
                    mend=f"add {toml_value(group)}",
                    code="protocol-reference",
                )


@check("stratification")
def check_jobcentres(protocol: Protocol) -> Iterator[Fault]:
    """The levels of jobcentre are codes of municipalities."""
    known = {municipality.code for municipality in load_municipalities()}
    for no, factor in _factors(protocol, "jobcentre"):
        for index, level in enumerate(factor.levels):
            if level not in known:
                yield Fault(
                    ("stratification", no, "levels", index),
                    "must be the four-digit code of a municipality",
                    found=toml_value(level),
                    mend='for example "0101"; the codes stand in protocols/codes/municipalities.csv',
                    code="protocol-reference",
                )


@check("stratification")
def check_age_cut(protocol: Protocol) -> Iterator[Fault]:
    """Only age_group has a cut: ages that rise, one fewer than levels, the same as the levels say."""
    for no, factor in enumerate(protocol.stratification):
        at: Key = ("stratification", no, "cut")
        if factor.factor != "age_group":
            if factor.cut is not None:
                yield _fault(at, "must stand only with age_group", toml_value(factor.cut), "remove it")
        elif factor.cut is None:
            yield _fault(at, "must be given: the ages at which a level begins", "no such key", "cut = [30, 50]")
        elif any(later <= earlier for earlier, later in pairwise((ADULT, *factor.cut))):
            mend = "give the ages in their order, each above 18"
            yield _fault(at, "must rise from above 18", toml_value(factor.cut), mend)
        elif len(factor.cut) != len(factor.levels) - 1:
            must = f"must hold one age fewer than there are levels: {len(factor.levels) - 1}"
            yield _fault(at, must, toml_value(factor.cut), "give each level after the first its first age")
        else:
            yield from _contradictions(no, factor)


def _contradictions(no: int, factor: Factor) -> Iterator[Fault]:
    starts = (ADULT, *(factor.cut or ()))
    meant = (*(f"{start}-{later - 1}" for start, later in pairwise(starts)), f"{starts[-1]}+")
    for index, (level, ages) in enumerate(zip(factor.levels, meant, strict=True)):
        if _AGES.match(level) and level != ages:
            path: Key = ("stratification", no, "levels", index)
            mend = f"write {toml_value(ages)}, or change cut"
            yield _fault(path, f"must say the ages of its cut, {ages}", toml_value(level), mend)


def _factors(protocol: Protocol, name: str) -> list[tuple[int, Factor]]:
    return [(no, factor) for no, factor in enumerate(protocol.stratification) if factor.factor == name]


def _fault(path: Key, must: str, found: object, mend: str) -> Fault:
    return Fault(path, must, found=found, mend=mend, code="protocol-cut")
