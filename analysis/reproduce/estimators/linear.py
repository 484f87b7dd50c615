"""Means, least squares and instruments, as published tables use them.

1. mean: the mean of the outcome; its standard error is s/sqrt(n) with n - 1 degrees of freedom.
2. least-squares: the treatment's coefficient beside covariates and the levels of factors, with the labels of `absorb`
   as fixed effects; without any the difference in means. Standard errors: classical, HC0 to HC3, every parameter
   counted.
3. two-stage-least-squares: the treatment instrumented (linearmodels; HC0 is its robust variance). wald: the
   instrument's coefficient on the outcome over that on the treatment.
4. mediation: Baron & Kenny's product. The effect through the mediator is the treatment's coefficient on the
   mediator times the mediator's on the outcome; the direct effect is the treatment's beside the mediator.
5. Least squares, fixed effects and standard errors are those of the trial's own analysis.
"""

import numpy as np
import polars as pl
from linearmodels.iv import IV2SLS
from scipy import stats

from analysis.estimate.linear import Fit, fit_rows
from analysis.estimate.result import DegenerateError
from analysis.estimate.sandwich import combination_variance
from analysis.reproduce.estimators.rows import NotComputable, Statistics, columns, needed, with_factors
from analysis.reproduce.study import Cell

SE_TYPES = ("classical", "HC0", "HC1", "HC2", "HC3")


def mean(frame: pl.DataFrame, cell: Cell) -> Statistics:
    """Give the mean, its standard error and n."""
    (values,) = columns(frame, needed(cell, "outcome"))
    if len(values) < 2:
        raise NotComputable("a standard error needs two rows")
    return {"estimate": values.mean(), "se": values.std(ddof=1) / np.sqrt(len(values)), "n": len(values)}


def ratio_of_means(frame: pl.DataFrame, cell: Cell) -> Statistics:
    """Give the outcome's mean among the treated over that among the others."""
    outcome, treated = columns(frame, needed(cell, "outcome"), needed(cell, "treatment"))
    first, second = outcome[treated == 0], outcome[treated == 1]
    if not (len(first) and len(second)) or first.mean() == 0:
        raise NotComputable("a ratio needs two arms and a mean that is not zero")
    return {"estimate": second.mean() / first.mean(), "n": len(outcome)}


def least_squares(frame: pl.DataFrame, cell: Cell) -> Statistics:
    """Give the treatment's coefficient, its standard error, t, p and n."""
    frame, covariates = with_factors(frame, cell)
    fit = _fit(frame, cell, needed(cell, "outcome"), [needed(cell, "treatment"), *covariates])
    df = fit.size - fit.parameters
    if df <= 0:
        raise NotComputable("as many parameters as rows")
    estimate, se = float(fit.coefficients[0]), _standard_error(fit, cell.se_type)
    if se == 0:
        raise NotComputable("the columns explain the outcome fully")
    t = estimate / se
    return {"estimate": estimate, "se": se, "t": t, "p": float(2 * stats.t.sf(abs(t), df)), "n": fit.size}


def _standard_error(fit: Fit, se_type: str | None) -> float:
    if se_type not in SE_TYPES:
        raise NotComputable(f"se_type must be one of {', '.join(SE_TYPES)}")
    first = np.zeros(len(fit.names))
    first[0] = 1.0
    try:
        squared, _ = combination_variance(fit, first, se_type)
    except DegenerateError as degenerate:
        raise NotComputable(degenerate.reason) from degenerate
    return float(np.sqrt(squared))


def _fit(frame: pl.DataFrame, cell: Cell, outcome: str, right: list[str]) -> Fit:
    """Fit the outcome on columns, an intercept or the absorbed labels beside them; the first column is reported."""
    labelled, label = _labelled(frame, cell)
    y, groups, *design = columns(labelled, outcome, label, *right)
    try:
        return fit_rows(y, np.column_stack(design), groups, names=right)
    except DegenerateError as degenerate:
        raise NotComputable(degenerate.reason) from degenerate


def _labelled(frame: pl.DataFrame, cell: Cell) -> tuple[pl.DataFrame, str]:
    """Number the combinations of the absorbed labels; without any, all rows have one."""
    if unknown := [name for name in cell.absorb if name not in frame.columns]:
        raise NotComputable(f"no column {', '.join(unknown)}")
    kept = frame.drop_nulls(list(cell.absorb)) if cell.absorb else frame
    label = pl.struct(cell.absorb).rank("dense").cast(pl.Float64) if cell.absorb else pl.lit(0.0)
    return kept.with_columns(label.alias("(label)")), "(label)"


def two_stage_least_squares(frame: pl.DataFrame, cell: Cell) -> Statistics:
    """Give the instrumented treatment's coefficient and its robust standard error."""
    names = [needed(cell, key) for key in ("outcome", "treatment", "instrument")]
    frame, covariates = with_factors(frame, cell)
    outcome, treatment, instrument, *others = columns(frame, *names, *covariates)
    exogenous = np.column_stack([np.ones(len(outcome)), *others])
    if cell.se_type != "HC0":
        raise NotComputable("se_type must be HC0")
    try:
        fit = IV2SLS(outcome, exogenous, treatment, instrument).fit(cov_type="robust", debiased=False)
    except (ValueError, np.linalg.LinAlgError) as error:
        raise NotComputable(str(error).splitlines()[0]) from error
    return {"estimate": fit.params.iloc[-1], "se": fit.std_errors.iloc[-1], "n": len(outcome)}


def wald(frame: pl.DataFrame, cell: Cell) -> Statistics:
    """Give the instrument's effect on the outcome over its effect on the treatment."""
    outcome, treatment, instrument = (needed(cell, key) for key in ("outcome", "treatment", "instrument"))
    frame, covariates = with_factors(frame, cell)
    right = [instrument, *covariates]
    on_outcome, on_treatment = (_slope(frame, cell, left, right) for left in (outcome, treatment))
    if on_treatment == 0:
        raise NotComputable("the instrument does not move the treatment")
    return {"estimate": on_outcome / on_treatment}


def mediated(frame: pl.DataFrame, cell: Cell) -> Statistics:
    """Give the effect through the mediator and the direct effect."""
    outcome, treatment, mediator = (needed(cell, key) for key in ("outcome", "treatment", "mediator"))
    frame, covariates = with_factors(frame, cell)
    to_mediator = _slope(frame, cell, mediator, [treatment, *covariates])
    onward = _slope(frame, cell, outcome, [mediator, treatment, *covariates])
    direct = _slope(frame, cell, outcome, [treatment, mediator, *covariates])
    return {"through": to_mediator * onward, "direct": direct}


def _slope(frame: pl.DataFrame, cell: Cell, outcome: str, right: list[str]) -> float:
    return float(_fit(frame, cell, outcome, right).coefficients[0])
