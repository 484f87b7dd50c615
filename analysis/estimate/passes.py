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
def arm_moments(rows: Any, shifts: Any, strata: Any, span: Any) -> Any:
    """Give sums of 1, shifted covariates and y by stratum and arm, and their cross products by arm (lower half).

    rows: y, arm, stratum, covariates; shifts: of the covariates, then of y; cell 2 s + arm belongs to stratum s.
    """
    y, taken, stratum, x = rows
    k = len(shifts) - 1
    sums, gram, own = np.zeros((strata * 2, k + 2)), np.zeros((2, k + 1, k + 1)), np.zeros(k + 1)
    for row in range(span[0], span[1]):
        arm = np.uint64(taken[row])
        here, products = sums[np.uint64(stratum[row]) * np.uint64(2) + arm], gram[arm]
        here[0] += 1.0
        for i in range(k):
            own[i] = x[row, i] - shifts[i]
            here[1 + i] += own[i]
        own[k] = y[row] - shifts[k]
        here[k + 1] += own[k]
        for i in range(k + 1):
            for j in range(i + 1):
                products[i, j] += own[i] * own[j]
    return sums, gram


@njit(cache=True, nogil=True)
def arm_meat(rows: Any, shifts: Any, lines: Any, power: int, span: Any) -> Any:
    """Add up (regressor x residual)² over (1 - leverage)^power, the residual squares, and the least 1 - leverage.

    In a stratum and arm all three are polynomials of the covariates: constants by cell (residual, regressor,
    leverage), slopes by arm (residual, regressor), slopes of the leverage by cell, its squares by arm.
    """
    y, taken, stratum, x = rows
    constants, residual_slopes, regressor_slopes, leverage_slopes, squares_of = lines
    k = len(shifts) - 1
    own = np.zeros(k)
    meat, squares, least = 0.0, 0.0, 1.0
    for row in range(span[0], span[1]):
        arm = np.uint64(taken[row])
        cell = np.uint64(stratum[row]) * np.uint64(2) + arm
        residual, regressor, leverage = (
            y[row] - shifts[k] + constants[cell, 0],
            constants[cell, 1],
            constants[cell, 2],
        )
        for i in range(k):
            own[i] = x[row, i] - shifts[i]
            residual += residual_slopes[arm, i] * own[i]
            regressor += regressor_slopes[arm, i] * own[i]
        kept = 1.0
        if power > 0:
            for i in range(k):
                inner = leverage_slopes[cell, i]
                for j in range(k):
                    inner += squares_of[arm, i, j] * own[j]
                leverage += inner * own[i]
            # A citizen alone in the stratum has residual and regressor 0: nothing to correct.
            kept = 1.0 - leverage if abs(regressor) > 1e-12 * constants[cell, 3] else 1.0
            least = min(least, kept)
        squares += residual * residual
        score = regressor * residual
        meat += score * score / (kept**power if kept > 0.0 else 1.0)
    return meat, squares, least
