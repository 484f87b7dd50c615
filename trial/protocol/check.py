"""Cross-checks by name: what no single value of a protocol can tell.

1. Each `check_...` raises the problems it finds, all of them, and says nothing otherwise.
2. It declares the tables it reads; it runs when they are in order, whatever is wrong elsewhere.
3. It knows keys, not lines: the loader gives every problem its place.
"""

from collections.abc import Callable
from pathlib import Path

from trial.protocol import check_clusters as clusters
from trial.protocol import check_design as design
from trial.protocol import check_inference as inference
from trial.protocol import check_plan as plan
from trial.protocol import check_strata as strata
from trial.protocol.crosscheck import NEEDS
from trial.protocol.model import Protocol
from trial.protocol.regime import check_legal_regime, load_regime
from trial.protocol.source import Fault

CHECKS: tuple[Callable[..., None], ...] = (
    design.check_arm_names,
    design.check_population_names,
    design.check_enrolment_order,
    design.check_legal_order,
    design.check_enrolment_is_legal,
    design.check_legal_status,
    strata.check_factors,
    strata.check_target_group_levels,
    strata.check_jobcentres,
    strata.check_age_cut,
    design.check_rule_exists,
    design.check_due_weeks,
    design.check_due_weeks_within_follow_up,
    design.check_summons_notice,
    plan.check_outcome_names,
    plan.check_outcomes_within_follow_up,
    plan.check_outcome_definitions,
    plan.check_harms,
    plan.check_estimand_names,
    plan.check_one_primary,
    plan.check_estimand_outcomes,
    plan.check_estimand_arms,
    plan.check_estimators,
    plan.check_dose,
    plan.check_margins,
    plan.check_intercurrent_events,
    plan.check_dose_strategy,
    clusters.check_clusters,
    clusters.check_cluster_factor,
    clusters.check_cluster_design,
    clusters.check_cluster_estimators,
    clusters.check_cluster_subgroups,
    clusters.check_caseworkers,
    inference.check_inference_factors,
    inference.check_covariates,
    inference.check_adjustment,
    inference.check_subgroups,
    inference.check_multiplicity,
    inference.check_monitoring,
    inference.check_spillovers,
    check_legal_regime,
)


def run(protocol: Protocol, folder: Path) -> list[Fault]:
    """Run every check whose tables the protocol holds; give all problems. folder: where the protocol stands."""
    beside: dict[Callable[..., None], tuple[object, ...]] = {
        design.check_rule_exists: (folder,),
        check_legal_regime: (load_regime(),),
    }
    faults: list[Fault] = []
    for check in CHECKS:
        if NEEDS[check.__name__] <= protocol.model_fields_set:
            try:
                check(protocol, *beside.get(check, ()))
            except Fault as error:
                faults += [problem for problem in error.problems() if isinstance(problem, Fault)]
    return faults
