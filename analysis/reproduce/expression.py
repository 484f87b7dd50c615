"""Derivations and filters: one SQL expression each, parsed and evaluated by polars.

1. The language is the scalar part of SQL: arithmetic, POW, LN, comparisons, AND/OR/NOT, IN, BETWEEN, IS NULL,
   CASE WHEN, COALESCE, LAG/LEAD ... OVER. Nobody has to learn it, and nothing in it reaches a file, a module or the
   network: the parser knows expressions over columns only (a query, a table function or a Python name is refused).
   pandas and formulaic hand such text to Python's own evaluation; polars does not.
2. Numbers are 64-bit floats before the first expression sees them. Data packages and Stata files carry 8-bit
   integers, in which age * age silently wraps around at 127.
3. A missing value makes the result missing; a filter keeps only rows where it is true.
4. A derived value must be finite: the logarithm of zero is an error of the file, never a number.
"""

import polars as pl
from polars.exceptions import PolarsError

from trial.errors import ReproductionError


def to_floats(frame: pl.DataFrame) -> pl.DataFrame:
    """Give every number and yes/no as a 64-bit float, every category as text."""
    return frame.with_columns(
        *(
            pl.col(name).cast(pl.Float64)
            for name, kind in frame.schema.items()
            if kind.is_numeric() or kind == pl.Boolean
        ),
        *(pl.col(name).cast(pl.String) for name, kind in frame.schema.items() if kind in (pl.Categorical, pl.Enum)),
    )


def derive(frame: pl.DataFrame, name: str, expression: str) -> pl.DataFrame:
    """Add a column, or replace one. Raises ReproductionError when the expression is refused or not finite."""
    try:
        derived = to_floats(frame.with_columns(pl.sql_expr(expression).alias(name)))
    except PolarsError as error:
        raise _refusal(name, expression, error) from error
    column = derived[name]
    if column.dtype == pl.Float64:
        column = column.fill_nan(None)
        if column.is_infinite().any():
            raise ReproductionError(
                f"the derivation of {name} must be finite",
                found=f"an infinite value from {expression!r}",
                mend="leave such rows out with CASE WHEN ... END, which gives a missing value elsewhere",
                code="replication-expression",
            )
    return derived.with_columns(column)


def keep(frame: pl.DataFrame, expression: str) -> pl.DataFrame:
    """Keep the rows for which the expression is true. Raises ReproductionError when it is refused or no condition."""
    try:
        return frame.filter(pl.sql_expr(expression))
    except PolarsError as error:
        raise _refusal("a filter", expression, error) from error


def _refusal(name: str, expression: str, error: PolarsError) -> ReproductionError:
    return ReproductionError(
        f"{name} must be one SQL expression over columns of its table",
        found=f"{expression!r}: {str(error).strip().splitlines()[0]}",
        mend="use POW(x, 2), LN(x), CASE WHEN ... THEN ... ELSE ... END, IN, BETWEEN, IS NULL",
        code="replication-expression",
    )
