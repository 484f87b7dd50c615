"""Cross-checks of clusters: whose arms are drawn together are counted together.

Citizens who share a draw tell little that one of them did not tell. Estimators that take citizens to be drawn one by
one would print intervals that are far too narrow: they are refused, not corrected.
"""

import re
from collections.abc import Iterator

from trial.protocol.crosscheck import check
from trial.protocol.lines import Key
from trial.protocol.model import Protocol
from trial.protocol.source import Fault, toml_value

# Estimators whose standard error adds up within clusters.
CLUSTERED = (
    "strata-regression",
    "inverse-probability-weights",
    "lin",
    "strata-regression-adjusted",
    "two-stage-least-squares",
    "two-stage-least-squares-adjusted",
)
_CPR = re.compile(r"[0-9]{6}-?[0-9]{4}")


@check("inference")
def check_clusters(protocol: Protocol) -> Iterator[Fault]:
    """A cluster-robust standard error has clusters, another has none."""
    inference = protocol.inference
    if (inference.clusters == "none") == inference.se_type.startswith("CR"):
        yield _fault(
            ("inference", "se_type"),
            'must begin with CR where there are clusters, with HC where clusters = "none"',
            f"{inference.se_type} with clusters = {toml_value(inference.clusters)}",
            'se_type = "HC2" and clusters = "none", or se_type = "CR1" and clusters = "jobcentre"',
        )


@check("inference", "stratification")
def check_cluster_factor(protocol: Protocol) -> Iterator[Fault]:
    """Clusters are the levels of a declared factor: others are no column of the analysis set."""
    factors, clusters = [factor.factor for factor in protocol.stratification], protocol.inference.clusters
    if clusters not in {"none", *factors}:
        mend = f'declare a [[stratification]] factor "{clusters}", or other clusters'
        yield _fault(("inference", "clusters"), "must be a declared factor", toml_value(clusters), mend)


@check("inference", "randomisation")
def check_cluster_design(protocol: Protocol) -> Iterator[Fault]:
    """What is drawn as one is a cluster of inference, and strata are joined without regard to it."""
    factor, inference = protocol.randomisation.cluster, protocol.inference
    if factor is None:
        return
    if inference.clusters != factor:
        must = f"must be the factor whose levels are drawn as one, {toml_value(factor)}"
        lawful = factor in {"jobcentre", "caseworker"}
        mend = f"clusters = {toml_value(factor)}" if lawful else "draw the arms of jobcentres or caseworkers"
        yield _fault(("inference", "clusters"), must, toml_value(inference.clusters), mend)
    for no, name in enumerate(inference.small_strata.within):
        if name == factor:
            must = "must not hold the factor whose levels are drawn as one: within a level there is one arm"
            yield _fault(("inference", "small_strata", "within", no), must, toml_value(name), "remove it")


@check("estimands", "randomisation")
def check_cluster_estimators(protocol: Protocol) -> Iterator[Fault]:
    """Where clusters are drawn, every estimator adds up within them."""
    if protocol.randomisation.cluster is None:
        return
    for no, estimand in enumerate(protocol.estimands):
        for index, name in enumerate(estimand.estimators):
            if name not in CLUSTERED:
                yield _fault(
                    ("estimands", no, "estimators", index),
                    f"must be one that knows clusters where clusters are drawn: {', '.join(CLUSTERED)}",
                    toml_value(name),
                    'estimators = ["strata-regression"]; an outcome in time is asked as a risk by a week',
                )


@check("subgroups", "randomisation")
def check_cluster_subgroups(protocol: Protocol) -> Iterator[Fault]:
    """No subgroup is a cluster that is drawn: within it there is one arm."""
    for no, part in enumerate(protocol.subgroups):
        if part.factor == protocol.randomisation.cluster:
            must = "must not be the factor whose levels are drawn as one: within a level there is one arm"
            yield _fault(("subgroups", no, "factor"), must, toml_value(part.factor), "name another factor")


@check("stratification")
def check_caseworkers(protocol: Protocol) -> Iterator[Fault]:
    """The levels of caseworker are codes, none of which could be a CPR number."""
    for no, factor in enumerate(protocol.stratification):
        for index, level in enumerate(factor.levels if factor.factor == "caseworker" else ()):
            if _CPR.fullmatch(level):
                must, mend = "must be the code of a post, never a CPR number", 'for example "0101-07"'
                yield _fault(("stratification", no, "levels", index), must, "ten digits", mend)


def _fault(path: Key, must: str, found: str, mend: str) -> Fault:
    return Fault(path, must, found=found, mend=mend, code="protocol-clusters")
