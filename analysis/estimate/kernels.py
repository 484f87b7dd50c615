"""Kernels: assignments drawn again, summed on the spot. Compiled; the same bits on one thread or many.

1. Columns are sorted by stratum. For every draw and stratum of a span a kernel gives the sums of the columns over
   the second arm; nothing else of a draw is kept, so memory does not grow with the citizens.
2. Every stratum has a generator of its own (xoroshiro128+, seeded by splitmix64 from seed and stratum): threads
   divide strata, and the order in which they finish changes nothing.
3. A number below n takes the upper 32 bits by multiplication with rejection (Lemire 2019): exactly uniform.
"""

from typing import Any

import numpy as np
from numba import njit, uint64

_MASK = np.uint64(0xFFFFFFFF)


@njit(cache=True, nogil=True)
def _next(state: Any) -> Any:
    first, second = state[0], state[1]
    result = first + second
    second ^= first
    state[0] = ((first << uint64(24)) | (first >> uint64(40))) ^ second ^ (second << uint64(16))
    state[1] = (second << uint64(37)) | (second >> uint64(27))
    return result


@njit(cache=True, nogil=True)
def _seed(state: Any, seed: Any, stream: Any) -> None:
    mixed = uint64(seed) * uint64(0x9E3779B97F4A7C15) + uint64(stream) * uint64(0xD1342543DE82EF95)
    for index in range(2):
        mixed += uint64(0x9E3779B97F4A7C15)
        z = mixed
        z = (z ^ (z >> uint64(30))) * uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> uint64(27))) * uint64(0x94D049BB133111EB)
        state[index] = z ^ (z >> uint64(31))
    for _ in range(8):
        _next(state)


@njit(cache=True, nogil=True)
def _below(state: Any, n: Any) -> Any:
    size = uint64(n)
    product = (_next(state) >> uint64(32)) * size
    low = product & _MASK
    if low < size:
        limit = (uint64(1) << uint64(32)) % size
        while low < limit:
            product = (_next(state) >> uint64(32)) * size
            low = product & _MASK
    return product >> uint64(32)


@njit(cache=True, nogil=True)
def _partial(own: Any, few: Any, state: Any) -> Any:
    """Shuffle the first `few` places of one column and add them up."""
    size, total = len(own), 0.0
    for place in range(few):
        other = place + np.int64(_below(state, size - place))
        value = own[other]
        own[other] = own[place]
        own[place] = value
        total += value
    return total


@njit(cache=True, nogil=True)
def complete_sums(columns: Any, starts: Any, treated: Any, drawn: Any, span: Any) -> Any:
    """Draw `treated[s]` of each stratum without replacement; give sums draws x strata x columns."""
    draws, seed = drawn
    width = columns.shape[0]
    out = np.zeros((draws, span[1] - span[0], width))
    for s in range(span[0], span[1]):
        at = s - span[0]
        low, size = starts[s], starts[s + 1] - starts[s]
        few = min(treated[s], size - treated[s])
        flip = few != treated[s]
        own = columns[:, low : low + size].T.copy()
        only = columns[0, low : low + size].copy()
        total = np.zeros(width)
        for row in range(size):
            for column in range(width):
                total[column] += own[row, column]
        state = np.zeros(2, dtype=np.uint64)
        _seed(state, seed, s)
        for draw in range(draws):
            if width == 1:
                out[draw, at, 0] = _partial(only, few, state)
            for place in range(few if width > 1 else 0):
                other = place + np.int64(_below(state, size - place))
                for column in range(width):
                    value = own[other, column]
                    own[other, column] = own[place, column]
                    own[place, column] = value
                    out[draw, at, column] += value
            if flip:
                for column in range(width):
                    out[draw, at, column] = total[column] - out[draw, at, column]
    return out


@njit(cache=True, nogil=True)
def chain_sums(columns: Any, starts: Any, chance: Any, drawn: Any, span: Any) -> Any:
    """Draw in sequence; `chance[lead + reach]` is 2^32 times the chance of the second arm at that lead of it."""
    draws, seed = drawn
    width, reach = columns.shape[0], len(chance) // 2
    out = np.zeros((draws, span[1] - span[0], width))
    for s in range(span[0], span[1]):
        at = s - span[0]
        low, high = starts[s], starts[s + 1]
        own = columns[:, low:high].T.copy()
        state = np.zeros(2, dtype=np.uint64)
        _seed(state, seed, s)
        for draw in range(draws):
            lead = 0
            for row in range(high - low):
                number = _next(state) >> uint64(32)
                if number < chance[lead + reach]:
                    for column in range(width):
                        out[draw, at, column] += own[row, column]
                    lead = min(lead + 1, reach)
                else:
                    lead = max(lead - 1, -reach)
    return out


@njit(cache=True, nogil=True)
def block_sums(columns: Any, starts: Any, sizes: Any, drawn: Any, span: Any) -> Any:
    """Draw in permuted blocks of two equal arms, block sizes equally likely."""
    draws, seed = drawn
    width = columns.shape[0]
    out = np.zeros((draws, span[1] - span[0], width))
    for s in range(span[0], span[1]):
        at = s - span[0]
        low, high = starts[s], starts[s + 1]
        own = columns[:, low:high].T.copy()
        state = np.zeros(2, dtype=np.uint64)
        _seed(state, seed, s)
        for draw in range(draws):
            left, second = 0, 0
            for row in range(high - low):
                if left == 0:
                    left = sizes[np.int64(_below(state, len(sizes)))]
                    second = left // 2
                if np.int64(_below(state, left)) < second:
                    for column in range(width):
                        out[draw, at, column] += own[row, column]
                    second -= 1
                left -= 1
    return out
