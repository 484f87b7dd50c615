"""Small trials both environments can make: standard library only, so that no version of a package changes a row.

Strata of unequal size and share, clusters that are unions of strata, heavy ties in weeks, two causes of exit.
"""

from random import Random

Columns = dict[str, list[int]]
STRATA, WEEKS = 8, 26


def citizens(size: int = 640) -> Columns:
    """Outcome y, arm z, stratum s (from 1), cluster c, second set m, dose d, covariates age and prior, weight w."""
    rng = Random(20210301)
    rows: Columns = {name: [] for name in ("y", "z", "s", "c", "m", "d", "age", "prior", "w")}
    for _ in range(size):
        stratum = min(1 + int(STRATA * rng.random() ** 1.7), STRATA)
        arm = int(rng.random() < 0.35 + 0.04 * stratum)
        dose = int(rng.random() < 0.15 + 0.6 * arm)
        age, prior, month = 18 + int(47 * rng.random()), int(53 * rng.random() ** 2), int(5 * rng.random())
        noise = int(24 * (rng.random() + rng.random() - 1) * (1 + arm))
        outcome = max(0, 12 + 2 * stratum - 3 * dose + prior // 3 + month - age // 10 + noise)
        values = (outcome, arm, stratum, (stratum + 1) // 2, month, dose, age, prior, 1 + int(3 * rng.random()))
        for name, value in zip(rows, values, strict=True):
            rows[name].append(value)
    return rows


def durations(size: int = 640) -> Columns:
    """Week of exit or censoring, cause (0 censored, 1 work, 2 other), arm z, stratum s, cluster c."""
    rng = Random(20210601)
    rows: Columns = {name: [] for name in ("week", "cause", "z", "s", "c")}
    for _ in range(size):
        stratum = min(1 + int(STRATA * rng.random() ** 1.7), STRATA)
        arm = int(rng.random() < 0.5)
        week, cause, last = 0, 0, WEEKS if rng.random() < 0.7 else 1 + int(WEEKS * rng.random())
        while not cause and week < last:
            week += 1
            lot, work = rng.random(), 0.05 + 0.004 * stratum - 0.015 * arm
            cause = 1 if lot < work else 2 if lot < work + 0.02 else 0
        for name, value in zip(rows, (week, cause, arm, stratum, (stratum + 1) // 2), strict=True):
            rows[name].append(value)
    return rows


def attrition() -> dict[str, list[float]]:
    """Outcome y, arm z, observed r: 96 of 128 against 72 of 128, so that a whole number is trimmed."""
    rng = Random(20210901)
    seen = [1] * 96 + [0] * 32 + [1] * 72 + [0] * 56
    arm = [1] * 128 + [0] * 128
    return {"y": [10 * rng.random() + one for one in arm], "z": arm, "r": seen}


def family(tests: int = 6, draws: int = 400) -> tuple[list[float], list[list[float]]]:
    """Statistics of a family of tests and replays of them that hang together."""
    rng = Random(20211201)
    own = [3.1, 2.2, 0.4, 1.9, 2.6, 1.1][:tests]
    replays = []
    for _ in range(draws):
        shared = rng.gauss(0, 0.7)
        replays.append([shared + rng.gauss(0, 0.7) for _ in range(tests)])
    return own, replays
