"""Instruments: municipal closures, or whatever the plan declares to move the mode from outside.

1. An instrument moves whole clusters. How many are ever moved is what counts, not how many citizens live in them.
2. The effective F is that of Montiel Olea & Pflueger (2013): clustered, after strata, calendar weeks (added, not
   crossed: a closure is a municipality in a week) and covariates are taken out. With one instrument it equals the
   clustered F; several are weighed by their true variance.
3. With few clusters no formula for a standard error is believed: the clusters' histories are permuted among them, all
   ways where there are few, else drawn ways with the declared seed. p = share of ways moving the treatment as much.
4. Strength shows only that the mode moves. That nothing else moves with it is an assumption, and stays one.
"""

import math
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from analysis.estimate.dummies import project
from analysis.identify.comparison import Comparison
from analysis.identify.evidence import Evidence
from analysis.identify.finding import Detail, Finding, found, not_assessed
from analysis.identify.partial import Floats, Ints, compress
from analysis.identify.plan import IdentificationPlan
from analysis.identify.words import figure, number

GATE = "instruments"
MOVES_ALL = 1e12  # the effective F where the instruments fix the treatment
ALL_WAYS = 8  # clusters: beyond it their permutations are drawn
MAX_CLUSTERS = 3000


@dataclass(frozen=True)
class Strength:
    """How instruments move the treatment: effective F, treated clusters, clusters, permutation p and its ways."""

    effective_f: float
    treated: int
    clusters: int
    p: float
    ways: int


def assess(evidence: Evidence, plan: IdentificationPlan) -> Finding:
    """Judge the declared instruments together: effective F and treated clusters."""
    declared, units = plan.thresholds.instruments, evidence.comparison
    names = [one.name for one in plan.instruments if one.name in evidence.instruments]
    if declared is None or units is None or not names or not len(units):
        return not_assessed(GATE, da="Der er intet instrument angivet.", en="No instrument is declared.")
    columns = np.column_stack([evidence.instruments[name] for name in names])
    made = strength(units, columns, declared.draws, plan.inference.seed)
    enough = made.effective_f >= declared.least_effective_f and made.treated >= declared.least_clusters
    details: dict[str, Detail] = {
        "instruments": [*names], "effective_f": made.effective_f, "treated_clusters": float(made.treated),
        "clusters": float(made.clusters), "least_clusters": float(declared.least_clusters),
        "permutation_p": made.p, "permutations": float(made.ways),
    }  # fmt: skip
    return found(
        GATE, "passes" if enough else "fails", made.effective_f, declared.least_effective_f, details=details,
        assumption="exclusion",
        da=f"Instrumentet rammer {made.treated} af {made.clusters} kommuner og har effektiv F "
        f"{figure(made.effective_f, 'da')}; ombytning af kommunerne giver p {number(made.p, 'da', 3)}.",
        en=f"The instrument reaches {made.treated} of {made.clusters} clusters with an effective F of "
        f"{figure(made.effective_f, 'en')}; permuting the clusters gives p {number(made.p, 'en', 3)}.",
    )  # fmt: skip


def strength(units: Comparison, columns: Floats, draws: int, seed: int) -> Strength:
    """Measure how the instruments move the treatment, by clusters (each unit its own where none are given)."""
    cluster, size = compress(np.arange(len(units)) if units.cluster is None else units.cluster)
    treatment, moved, free = taken_out(units, columns)
    own = effective_f(treatment, moved, cluster, size, free)
    ever = np.bincount(cluster, weights=(columns != 0).any(axis=1).astype(np.float64), minlength=size) > 0
    p, ways = permutation_p(units, columns, treatment, draws, seed)
    return Strength(own, int(ever.sum()), size, p, ways)


def taken_out(units: Comparison, columns: Floats) -> tuple[Floats, Floats, int]:
    """Take strata, calendar weeks and covariates out of treatment and instruments; give the degrees of freedom."""
    sets = [code for code in (units.stratum, units.period) if code is not None]
    out = project(sets, np.ones(len(units)))
    covariates = np.column_stack([np.zeros((len(units), 0)), *(out.take_out(one) for one in units.covariates.T)])
    basis, rank = _basis(covariates)

    def left(column: Floats) -> Floats:
        own = out.take_out(column.astype(np.float64))
        rest: Floats = own - basis @ (basis.T @ own)
        return rest

    moved = np.column_stack([left(column) for column in columns.T])
    return left(units.treatment.astype(np.float64)), moved, len(units) - out.rank - rank


def _basis(columns: Floats) -> tuple[Floats, int]:
    gram = columns.T @ columns
    value, vector = np.linalg.eigh(gram) if len(gram) else (np.zeros(0), np.zeros((0, 0)))
    kept = value > 1e-10 * max(float(value.max(initial=0.0)), 1e-300)
    return columns @ (vector[:, kept] / np.sqrt(value[kept])), int(kept.sum())


def effective_f(treatment: Floats, moved: Floats, cluster: Ints, size: int, free: int) -> float:
    """Give the effective F of instruments on a treatment, both partialled out; 0 where they move nothing."""
    gram = moved.T @ moved
    if float(np.trace(gram)) <= 1e-10 * len(treatment) or size < 2 or free <= moved.shape[1]:
        return 0.0
    inverse = np.linalg.pinv(gram, rcond=1e-10, hermitian=True)
    cross = moved.T @ treatment
    residual = treatment - moved @ (inverse @ cross)
    scores = np.column_stack([np.bincount(cluster, weights=one * residual, minlength=size) for one in moved.T])
    factor = size / (size - 1) * (len(treatment) - 1) / (free - moved.shape[1])
    noise = float(np.trace(inverse @ (scores.T @ scores))) * factor
    strong = float(cross @ inverse @ cross)
    if strong <= 1e-12 * float(treatment @ treatment):
        return 0.0
    return strong / noise if noise > 0 else MOVES_ALL


def permutation_p(
    units: Comparison, columns: Floats, treatment: Floats, draws: int, seed: int
) -> tuple[float, int]:  # fmt: skip
    """Permute the clusters' histories; give the share of ways that move the treatment as much, and the ways."""
    cluster, size = compress(np.arange(len(units)) if units.cluster is None else units.cluster)
    period, periods = compress(np.zeros(len(units), dtype=np.int32) if units.period is None else units.period)
    if not 2 <= size <= MAX_CLUSTERS:
        return 1.0, 0
    cell, cells = cluster * periods + period, size * periods
    count = np.maximum(np.bincount(cell, minlength=cells), 1)
    left = np.bincount(cell, weights=treatment, minlength=cells).reshape(size, periods)
    ways = _ways(size, draws, seed)
    own = np.arange(size)
    moves = []
    for column in columns.T:
        history = (np.bincount(cell, weights=column, minlength=cells) / count).reshape(size, periods)
        match = history @ left.T  # what the history of one cluster would move in another
        moved = match[ways, own].sum(axis=1)
        moves.append(moved / max(float(moved.std()), 1e-300))
    total = np.sum(np.square(moves), axis=0)
    return float((total >= total[0] * (1 - 1e-9)).mean()), len(ways)


def _ways(size: int, draws: int, seed: int) -> Ints:
    """Give permutations of the clusters, the one that was seen first: all of them, or so many drawn ones more."""
    if size <= ALL_WAYS and math.factorial(size) <= draws:
        return np.array(list(permutations(range(size))))
    rng = np.random.default_rng(seed)
    return np.stack([np.arange(size), *(rng.permutation(size) for _ in range(draws))])
