"""From delivered cells to declared types: keys as text, codes as numbers, dates, hours with comma or point.

1. A key is trimmed text; a leading zero stays. A code is one to three digits, an empty cell is 0.
2. A number written as text may have a decimal comma; thousands separators are not guessed, they are refused.
3. A date written as text is ISO (2021-03-01) or Danish (01-03-2021, 01.03.2021, 01/03/2021).
4. What does not fit is counted and refused with its column; no cell is ever shown.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from trial.errors import RegisterError

_DATES = (
    (r"^\d{4}-\d{2}-\d{2}$", "%Y-%m-%d"),
    (r"^\d{2}[-./]\d{2}[-./]\d{4}$", "%d-%m-%Y"),
    (r"^\d{8}$", "%Y%m%d"),
)


def is_text(cells: pa.ChunkedArray) -> bool:
    """Say whether a column holds texts."""
    return bool(pa.types.is_string(cells.type) or pa.types.is_large_string(cells.type))


def as_keys(cells: pa.ChunkedArray, where: str) -> pa.ChunkedArray:
    """Give a key column as trimmed texts; an empty key is refused."""
    if pa.types.is_floating(cells.type):
        cells = cells.cast(pa.int64())
    keys = pc.utf8_trim_whitespace(cells.cast(pa.string()))
    empty = len(keys) - (pc.sum(pc.fill_null(pc.not_equal(keys, ""), False)).as_py() or 0)
    if empty:
        raise _misfit("every row must name its person", f"{empty} rows without a key", where)
    return keys


def as_codes(cells: pa.ChunkedArray, where: str) -> NDArray[np.int16]:
    """Give a weekly column as numbers, 0 where it is empty; letters and fractions are refused."""
    if is_text(cells):
        cells = _trimmed(cells)
        bad = pc.sum(pc.invert(pc.match_substring_regex(cells, r"^\d{1,3}$"))).as_py() or 0
        if bad:
            raise _misfit("a code has one to three digits", f"{bad} cells with something else", where)
    elif pa.types.is_floating(cells.type):
        cells = pc.if_else(pc.is_nan(cells), None, cells)
    try:
        return np.asarray(pc.fill_null(cells.cast(pa.int16()), 0).to_numpy())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise _misfit("a code is a whole number of at most three digits", str(cells.type), where) from None


def as_numbers(cells: pa.ChunkedArray, where: str) -> NDArray[np.float64]:
    """Give a number column, not-a-number where it is empty; text may have a decimal comma."""
    if is_text(cells):
        cells = _trimmed(cells)
        bad = pc.sum(pc.invert(pc.match_substring_regex(cells, r"^-?\d+([.,]\d+)?$"))).as_py() or 0
        if bad:
            raise _misfit("a number has digits and at most one comma or point", f"{bad} cells that do not", where)
        cells = pc.replace_substring(cells, ",", ".")
    return np.asarray(cells.cast(pa.float64()).to_numpy(zero_copy_only=False))


def as_dates(cells: pa.ChunkedArray, where: str) -> pa.ChunkedArray:
    """Give a date column; an empty or unreadable date is refused."""
    if is_text(cells):
        cells = pc.replace_substring_regex(_trimmed(cells), r"[./]", "-")
        parsed = pa.nulls(len(cells), pa.timestamp("s"))
        for pattern, form in _DATES:
            fits = pc.match_substring_regex(cells, pattern)
            text = pc.if_else(fits, cells, None)
            dates = pc.strptime(text, form, "s", error_is_null=True)
            real = pc.equal(pc.strftime(dates, form), text)  # 31 February is read as 3 March
            parsed = pc.coalesce(parsed, pc.if_else(real, dates, None))
        cells = parsed
    dates = cells.cast(pa.date32(), safe=False)
    bad = dates.null_count
    if bad:
        raise _misfit("a date is written 2021-03-01 or 01-03-2021", f"{bad} cells that are not", where)
    return dates


def _trimmed(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    cells = pc.utf8_trim_whitespace(cells)
    return pc.if_else(pc.equal(cells, ""), None, cells)


def _misfit(must: str, found: str, where: str) -> RegisterError:
    return RegisterError(
        must, found=found, where=where, mend="check how the column was exported", code="register-cell"
    )
