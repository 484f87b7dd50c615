"""Each declared estimator by its name: what it takes of an estimand, and the convention it is given.

1. Linear estimators work within the strata after small ones are joined, with the declared standard errors and
   clusters; those for a population of citizens have the convention in their name.
2. Covariates are those declared and named in inference; a missing one is filled with the mean of all citizens, both
   arms together, and counted. Factors are in the strata already.
3. Inverse-probability weights use the declared ratio: the chance of an arm before anything was drawn.
4. Without pauses: the citizens still followed stand for those paused within the month of randomisation.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from analysis.estimate.adaptive import anhecova, bugni_canay_shaikh, car_difference
from analysis.estimate.adjusted_logrank import adjusted_log_rank
from analysis.estimate.cells import Cells, Floats, tabulate
from analysis.estimate.counts import Counts, count
from analysis.estimate.covariates import adjusted_regression, lin
from analysis.estimate.cox import cox
from analysis.estimate.difference import stratified_difference
from analysis.estimate.doses import dose_effects
from analysis.estimate.hazards import grouped_hazards
from analysis.estimate.instrument import two_stage
from analysis.estimate.kaplan_meier import restricted_mean_difference
from analysis.estimate.logrank import stratified_log_rank
from analysis.estimate.pauses import restricted_mean_without_pauses
from analysis.estimate.regression import strata_regression
from analysis.estimate.result import DegenerateError, Estimate, HypothesisTest, NotEstimable, Result
from analysis.estimate.strata import Pooling
from analysis.estimate.weighting import weighted_difference
from analysis.plan.data import Observed
from trial.errors import PlanError
from trial.protocol.model import Estimand, Protocol

WITHOUT_PAUSES = "inverse-probability-of-pause"
PAUSE_DRAWS, PAUSE_SEED = 500, 1


@dataclass(frozen=True)
class Question:
    """What an estimator is asked: an estimand of a protocol, its citizens, and their strata after joining."""

    protocol: Protocol
    estimand: Estimand
    observed: Observed
    pooling: Pooling

    @property
    def outcome(self) -> Floats:
        """The outcome of each citizen."""
        return np.asarray(self.observed.frame[self.estimand.outcome], dtype=np.float64)

    @property
    def se_type(self) -> str:
        """The declared convention."""
        return self.protocol.inference.se_type

    @property
    def level(self) -> float:
        """The declared level."""
        return self.protocol.inference.level

    @property
    def cluster(self) -> npt.NDArray[np.object_] | None:
        """Each citizen's cluster, None where none is declared."""
        clusters = self.protocol.inference.clusters
        return None if clusters == "none" else np.asarray(self.observed.frame[clusters].astype(str), dtype=object)

    def cells(self) -> Cells:
        """Tabulate the citizens, with the dose where there is one."""
        return cells_of(self.protocol, self.estimand, self.observed, self.pooling)

    def counts(self, *, stratified: bool) -> Counts:
        """Count the citizens by week and exit."""
        week, event = _times(self)
        labels = self.pooling.labels() if stratified else None
        return count(week, event, self.observed.treated, labels, arms=self.observed.arms)


def estimate(question: Question, name: str) -> Result:
    """Ask an estimator; raises DegenerateError where the data cannot be put to it."""
    if question.estimand.dose is None and name.startswith("two-stage"):
        return NotEstimable(f"{name} needs a dose and the estimand declares none", name)
    return ESTIMATORS[name](question)


def cells_of(protocol: Protocol, estimand: Estimand, observed: Observed, pooling: Pooling) -> Cells:
    """Tabulate the citizens of an estimand, with its dose and the declared clusters."""
    frame, clusters = observed.frame, protocol.inference.clusters
    return tabulate(
        frame[estimand.outcome].to_numpy(dtype=float), observed.treated, pooling.labels(), arms=observed.arms,
        dose=None if estimand.dose is None else frame[estimand.dose].to_numpy(dtype=float),
        cluster=None if clusters == "none" else frame[clusters].astype(str).to_numpy(dtype=object),
    )  # fmt: skip


def covariates_of(protocol: Protocol, observed: Observed) -> tuple[dict[str, Floats], tuple[str, ...]]:
    """Give the declared covariates beyond the factors, holes filled with the mean, and what was filled."""
    names = [one.name for one in protocol.covariates if one.name in protocol.inference.covariates]
    found, notes = {}, []
    for name in names:
        if name not in observed.frame.columns:
            raise PlanError(
                f"the analysis set must have a column {name}", found=", ".join(map(str, observed.frame.columns)),
                where="covariates", mend="build the analysis set under this protocol", code="plan-column",
            )  # fmt: skip
        values = observed.frame[name].to_numpy(dtype=float)
        holes = np.isnan(values)
        if holes.all():
            raise DegenerateError(f"nobody has a known {name}")
        if holes.any():
            notes.append(f"{int(holes.sum())} missing values of {name} are filled with the mean of all citizens")
        found[name] = np.where(holes, values[~holes].mean(), values)
    if not found:
        raise DegenerateError("no covariate beyond the factors is declared in inference")
    return found, tuple(notes)


def _times(question: Question) -> tuple[Floats, Floats]:
    name, frame = question.estimand.outcome, question.observed.frame
    return frame[f"{name}_week"].to_numpy(dtype=float), frame[f"{name}_event"].to_numpy(dtype=float)


def _strata(question: Question) -> Result:
    return strata_regression(question.cells(), se_type=question.se_type, level=question.level)


def _weighted(question: Question) -> Result:
    ratio = {arm.name: arm.ratio for arm in question.protocol.arms}
    against, of = question.observed.arms
    chance = np.full(len(question.outcome), ratio[of] / (ratio[of] + ratio[against]))
    return weighted_difference(
        question.outcome, question.observed.treated, chance, se_type=question.se_type, level=question.level,
        cluster=question.cluster, arms=question.observed.arms,
    )  # fmt: skip


def _adjusted(estimator: Callable[..., Result]) -> Callable[[Question], Result]:
    def ask(question: Question) -> Result:
        found, notes = covariates_of(question.protocol, question.observed)
        own = {} if estimator is anhecova else {"se_type": question.se_type, "cluster": question.cluster}
        values = np.column_stack([*found.values()])
        result = estimator(
            question.outcome, question.observed.treated, question.pooling.labels(), values, names=tuple(found),
            level=question.level, arms=question.observed.arms, **own,
        )  # fmt: skip
        return _noted(result, notes)

    return ask


def _adjusted_dose(question: Question) -> Result:
    dose = str(question.estimand.dose)
    found, notes = covariates_of(question.protocol, question.observed)
    treated, frame = question.observed.treated, question.observed.frame
    sizes = dict(zip(question.observed.arms, (int((~treated).sum()), int(treated.sum())), strict=True))
    results = dose_effects(
        question.outcome, {dose: frame[dose].to_numpy(dtype=float)}, {"the arm": treated.astype(float)},
        question.pooling.labels(), se_type=question.se_type, level=question.level, n=sizes, covariates=found,
        cluster=question.cluster,
    )  # fmt: skip
    return _noted(results[dose], notes)


def _noted(result: Result, notes: tuple[str, ...]) -> Result:
    return replace(result, notes=(*result.notes, *notes)) if isinstance(result, Estimate) else result


def _restricted_mean(question: Question) -> Result:
    week = by_week(question)
    return restricted_mean_difference(question.counts(stratified=False), week=week, level=question.level)


def by_week(question: Question) -> int:
    """Give the week an outcome looks to."""
    return next(one.by_week for one in question.protocol.outcomes if one.name == question.estimand.outcome)


def _without_pauses(question: Question) -> Result:
    week, event = _times(question)
    frame = question.observed.frame
    return restricted_mean_without_pauses(
        week, event, frame["paused_week"].to_numpy(dtype=float), question.observed.treated,
        frame["calendar_block"].astype(str).to_numpy(dtype=object), by_week=by_week(question), level=question.level,
        seed=PAUSE_SEED, draws=PAUSE_DRAWS, arms=question.observed.arms,
    )  # fmt: skip


def _cox(question: Question) -> Result:
    counts = question.counts(stratified=True)
    result, test = cox(counts, level=question.level), stratified_log_rank(counts)
    if not isinstance(result, Estimate) or not isinstance(test, HypothesisTest):
        return result
    extra = {"stratified_log_rank": test.statistic, "log_rank_p": test.p, **_adjusted_test(question)}
    return replace(result, extra={**result.extra, **extra})


def _adjusted_test(question: Question) -> dict[str, float]:
    """The log-rank test adjusted for the declared covariates, where there are any."""
    try:
        found, _ = covariates_of(question.protocol, question.observed)
    except DegenerateError:
        return {}
    week, event = _times(question)
    values = np.column_stack([*found.values()])
    test = adjusted_log_rank(
        week, event, question.observed.treated, values, question.pooling.labels(), names=tuple(found)
    )
    if not isinstance(test, HypothesisTest):
        return {}
    return {"adjusted_log_rank": test.statistic, "adjusted_log_rank_p": test.p}


def _grouped(question: Question) -> Result:
    (interval,) = grouped_hazards(question.counts(stratified=True), level=question.level, stratified=True)
    return interval.result


ESTIMATORS: Mapping[str, Callable[[Question], Result]] = {
    "stratified-difference": lambda asked: stratified_difference(asked.cells(), level=asked.level),
    "strata-regression": _strata,
    "bugni-canay-shaikh": lambda asked: bugni_canay_shaikh(asked.cells(), level=asked.level, adjusted=True),
    "car-difference": lambda asked: car_difference(asked.cells(), level=asked.level),
    "inverse-probability-weights": _weighted,
    "lin": _adjusted(lin),
    "strata-regression-adjusted": _adjusted(adjusted_regression),
    "anhecova": _adjusted(anhecova),
    "kaplan-meier": _restricted_mean,
    WITHOUT_PAUSES: _without_pauses,
    "cox": _cox,
    "grouped-hazards": _grouped,
    "two-stage-least-squares": lambda asked: two_stage(asked.cells(), se_type=asked.se_type, level=asked.level),
    "two-stage-least-squares-adjusted": _adjusted_dose,
}
