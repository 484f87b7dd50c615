"""Instrumental variables for rows: covariates, and several doses with as many instruments; strata absorbed.

1. Outcome, doses and instruments are residualised on strata and covariates; the just-identified estimate solves Z'D
   b = Z'y, with robust errors as in `robust` (HC0, HC1, HC2, HC3, classical, CR0, CR1).
2. Telephone and video apart are two doses: they need two instruments, for instance two digital arms. One arm moves
   both together and cannot tell their effects apart: NotEstimable.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from analysis.estimate.cells import Floats
from analysis.estimate.linear import Fit, fit_rows
from analysis.estimate.result import DegenerateError, NotEstimable, Result, estimated
from analysis.estimate.sandwich import combination_variance

NAME = "two-stage-least-squares"


def dose_effects(
    y: npt.ArrayLike,
    doses: Mapping[str, npt.ArrayLike],
    instruments: Mapping[str, npt.ArrayLike],
    stratum: npt.ArrayLike,
    *,
    se_type: str,
    level: float,
    n: Mapping[str, int],
    covariates: Mapping[str, npt.ArrayLike] | None = None,
    cluster: npt.ArrayLike | None = None,
) -> dict[str, Result]:
    """Estimate the effect of one unit of each dose; `n` are the citizens by arm."""
    try:
        columns = {**instruments, **(covariates or {})}
        fit, roots = _fit(y, doses, columns, stratum, size=len(instruments), cluster=cluster)
        results: dict[str, Result] = {}
        for index, name in enumerate(doses):
            combination = np.zeros(len(fit.names))
            combination[: len(doses)] = roots[index]
            squared, df = combination_variance(fit, combination, se_type)
            value = float(fit.coefficients[index])
            results[name] = estimated(value, squared, level=level, n=n, se_type=se_type, estimator=NAME, df=df)
    except DegenerateError as degenerate:
        return {name: NotEstimable(degenerate.reason, NAME) for name in doses}
    return results


def _fit(
    y: npt.ArrayLike,
    doses: Mapping[str, npt.ArrayLike],
    columns: Mapping[str, npt.ArrayLike],
    stratum: npt.ArrayLike,
    *,
    size: int,
    cluster: npt.ArrayLike | None,
) -> tuple[Fit, Floats]:
    """Fit the reduced form (the first `size` columns are instruments) and put the structural residuals in it.

    The reduced form's coefficients on the instruments are P b for the doses' first stage P; so the effects are
    inverse(P) times them, and their sandwich is that of the reduced form with the structural residuals.
    """
    if size != len(doses):
        raise DegenerateError(f"{size} instruments cannot tell the effects of {len(doses)} doses apart")
    design = np.column_stack([np.asarray(values, dtype=np.float64) for values in columns.values()])
    reduced, *stages = (
        fit_rows(values, design, stratum, names=tuple(columns), cluster=cluster) for values in (y, *doses.values())
    )
    first = np.column_stack([stage.coefficients[:size] for stage in stages])
    if np.linalg.matrix_rank(first / np.abs(first).max(), tol=1e-8) < size:
        raise DegenerateError("the instruments do not move the doses apart")
    effects = np.linalg.solve(first, reduced.coefficients[:size])
    residual = reduced.residual - sum(effect * stage.residual for effect, stage in zip(effects, stages, strict=True))
    coefficients = np.concatenate([effects, reduced.coefficients[size:]])
    return replace(reduced, residual=residual, coefficients=coefficients), np.linalg.inv(first).astype(np.float64)
