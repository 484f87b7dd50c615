"""One pass over the rows: cells, counts, and the moments of Lin's regression. Compiled loops over a range of rows.

1. Columns keep the narrow types of the file; a value is widened before it is added or squared.
2. Whole-number sums are exact in any order. Sums of fractions are made by part and added in one order (`threads`).
"""

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def cell_sums(rows: Any, pair: Any, sizes: Any, span: Any) -> Any:
    """Add up n, y, y² and, when sizes[2] is 6, d, d², dy by (stratum, arm, cluster) over the rows of the span.

    rows: y, d, arm, stratum, cluster; pair: the values of the two arms; sizes: strata, clusters, width.
    """
    y, d, arm, stratum, cluster = rows
    against, of = pair
    groups, width = np.uint64(sizes[1]), sizes[2]
    out = np.zeros((sizes[0] * 2 * sizes[1], width), dtype=np.int64)
    for row in range(span[0], span[1]):
        own = arm[row]
        if (own != against) & (own != of):
            continue
        cell = np.uint64(stratum[row]) * np.uint64(2) + np.uint64(own == of)
        if groups > 1:
            cell = cell * groups + np.uint64(cluster[row])
        here, value = out[cell], np.int64(y[row])
        here[0] += 1
        here[1] += value
        here[2] += value * value
        if width > 3:
            dose = np.int64(d[row])
            here[3] += dose
            here[4] += dose * dose
            here[5] += dose * value
    return out


@njit(cache=True, nogil=True)
def duration_counts(rows: Any, pair: Any, shape: Any, span: Any) -> Any:
    """Count by stratum, arm, cause and week. rows: week, event, arm, stratum; shape: strata, causes, weeks."""
    week, event, arm, stratum = rows
    against, of = pair
    causes, weeks = np.uint64(shape[1]), np.uint64(shape[2])
    out = np.zeros(shape[0] * 2 * shape[1] * shape[2], dtype=np.int64)
    for row in range(span[0], span[1]):
        own = arm[row]
        if (own != against) & (own != of):
            continue
        cell = np.uint64(stratum[row]) * np.uint64(2) + np.uint64(own == of)
        out[(cell * causes + np.uint64(event[row])) * weeks + np.uint64(week[row])] += 1
    return out


@njit(cache=True, nogil=True)
def _fill(rows: Any, means: Any, row: Any, out: Any) -> None:
    """Fill one row of the design: arm, centred covariates, their products with the arm, and the outcome last."""
    y, taken, _, x = rows
    k = x.shape[1]
    arm = 1.0 if taken[row] else 0.0
    out[0] = arm
    for column in range(k):
        centred = x[row, column] - means[column]
        out[1 + column] = centred
        out[1 + k + column] = arm * centred
    out[1 + 2 * k] = y[row]


@njit(cache=True, nogil=True)
def lin_moments(rows: Any, means: Any, strata: Any, span: Any) -> Any:
    """Give the sums of the design by stratum (n last) and its cross products. rows: y, arm, stratum, covariates."""
    stratum = rows[2]
    width = 2 + 2 * rows[3].shape[1]
    sums, gram, own = np.zeros((strata, width + 1)), np.zeros((width, width)), np.zeros(width)
    for row in range(span[0], span[1]):
        _fill(rows, means, row, own)
        here = sums[stratum[row]]
        here[width] += 1.0
        for i in range(width):
            here[i] += own[i]
            for j in range(i + 1):
                gram[i, j] += own[i] * own[j]
    return sums, gram


@njit(cache=True, nogil=True)
def lin_meat(rows: Any, means: Any, fit: Any, span: Any) -> Any:
    """Add up (direction x residual)² over (1 - leverage)^power, and the residual squares.

    fit: stratum means of the design (n last), coefficients, direction, inverse cross products, power.
    """
    centres, coefficients, direction, bread, power = fit
    stratum, width = rows[2], len(coefficients)
    own = np.zeros(width + 1)
    meat, squares, nearest = 0.0, 0.0, 1.0
    for row in range(span[0], span[1]):
        _fill(rows, means, row, own)
        centre = centres[stratum[row]]
        residual, regressor = own[width] - centre[width], 0.0
        for i in range(width):
            own[i] -= centre[i]
            residual -= coefficients[i] * own[i]
            regressor += direction[i] * own[i]
        kept = 1.0
        if power > 0:
            leverage = 1.0 / centre[width + 1]
            for i in range(width):
                inner = 0.5 * bread[i, i] * own[i]
                for j in range(i):
                    inner += bread[i, j] * own[j]
                leverage += 2.0 * inner * own[i]
            # A citizen alone in the stratum has residual and regressor 0: nothing to correct.
            kept = 1.0 - leverage if regressor != 0.0 else 1.0
            nearest = min(nearest, kept)
        squares += residual * residual
        score = regressor * residual
        meat += score * score / (kept**power if kept > 0.0 else 1.0)
    return meat, squares, nearest
