"""Design: whoever says that arms were drawn must prove it.

1. The ledger holds: files, chain, and replay where it was replayed. A study without a ledger states who drew and
   where that is written; it then meets the same tests.
2. Ratio. Treatment minus its recorded probability has mean zero given everything before it, whatever the procedure:
   their sum over its standard deviation is a chi-square with one degree of freedom. Where the probability is one
   constant of a plain draw the test is the exact binomial. Who shares a draw, as a cluster does, counts as one.
3. Balance. The same differences times each covariate and earlier outcome (in deviations from its stratum) are a
   vector with known covariance: one omnibus chi-square, valid for every sequential procedure. For a stated draw the
   covariance is that of permuting within strata (Hansen & Bowers 2008).
4. Compliance. The share received in the one arm less that in the other lies above the threshold with its whole
   interval, which is as wide as the lots differ where lots are shared. Where nobody recorded it the effect is that of
   being assigned.
5. The figure is the smallest p-value, against a threshold that honest draws seldom cross.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from analysis.estimate.result import quantile
from analysis.identify.comparison import Codes, Comparison
from analysis.identify.evidence import Evidence, LedgerProof
from analysis.identify.finding import Detail, Finding, found, not_assessed
from analysis.identify.partial import Floats, Ints, compress, demeaned
from analysis.identify.plan import IdentificationPlan
from analysis.identify.thresholds import DesignThreshold
from analysis.identify.words import number, share

GATE = "design"


@dataclass(frozen=True)
class Compliance:
    """The difference in treatment received between arms with its interval; what was received by arm."""

    value: float
    low: float
    high: float
    treated: float
    untreated: float


def assess(evidence: Evidence, plan: IdentificationPlan) -> Finding:
    """Judge the proof that arms were drawn."""
    declared, proof, drawn = plan.thresholds.design, evidence.ledger, evidence.drawn
    if not plan.claims_randomised:
        return not_assessed(
            GATE, da="Ingen har trukket lod om formen: den blev valgt.",
            en="Nobody drew lots for the mode: it was chosen.",
        )  # fmt: skip
    if declared is None or proof is None or drawn is None or not len(drawn):
        return found(
            GATE, "fails", None, None if declared is None else declared.least_p,
            da="Lodtrækningen er påstået, men der er intet bevis for den.",
            en="A draw is claimed, but there is no proof of it.",
        )  # fmt: skip
    ratio, balanced, rank = ratio_p(drawn, proof), *balance_p(drawn, proof)
    received = compliance(drawn, proof, plan.inference.level)
    problems = list(proof.problems) + _problems(declared, ratio, balanced, received)
    tested = [p for p in (ratio, balanced) if p is not None]
    details: dict[str, Detail] = {
        "basis": proof.basis, "source": proof.source, "entries": float(proof.entries), "head": proof.head,
        "n": float(len(drawn)), "treated": float(drawn.treatment.sum()), "problems": [*problems],
        "balance_variables": float(rank),
    }  # fmt: skip
    details |= {} if ratio is None else {"ratio_p": ratio, "expected": _expected(drawn, proof)}
    details |= {} if balanced is None else {"balance_p": balanced}
    if received is not None:
        details |= {
            "compliance": received.value, "compliance_low": received.low, "compliance_high": received.high,
            "received_in_treated": received.treated, "received_in_untreated": received.untreated,
        }  # fmt: skip
    danish, english = _sentence(proof, problems, ratio, balanced, received)
    return found(
        GATE, "fails" if problems else "passes", min(tested, default=None), declared.least_p, details=details,
        da=danish, en=english,
    )  # fmt: skip


def ratio_p(drawn: Comparison, proof: LedgerProof) -> float | None:
    """Give the p-value of the arms against their recorded probabilities; None where none was recorded."""
    chance = proof.probability
    if chance is None:
        return None
    treated = drawn.treatment.astype(np.float64)
    variance = chance * (1 - chance)
    if (treated[variance <= 0] != chance[variance <= 0]).any():
        return 0.0
    if proof.basis == "stated" and float(chance.min()) == float(chance.max()):
        return binomial_p(int(treated.sum()), len(treated), float(chance[0]))
    if proof.lots is not None:
        size, first = lots_of(proof)
        apart, variance = (treated - chance)[first] * size, variance[first] * size * size
    else:
        apart = treated - chance
    spread = math.sqrt(float(variance.sum()))
    return float(2 * special.ndtr(-abs(float(apart.sum())) / spread)) if spread > 0 else 1.0


def lots_of(proof: LedgerProof) -> tuple[Floats, Ints]:
    """Give how many share each draw, and the first of them."""
    _, first, count = np.unique(np.asarray(proof.lots), return_index=True, return_counts=True)
    return count.astype(np.float64), first.astype(np.int64)


def binomial_p(count: int, n: int, chance: float) -> float:
    """Give the exact two-sided p-value of a count: the chance of every count no likelier than it."""
    every = np.arange(n + 1)
    logs = (
        special.gammaln(n + 1) - special.gammaln(every + 1) - special.gammaln(n - every + 1)
        + every * math.log(chance) + (n - every) * math.log1p(-chance)
    )  # fmt: skip
    return min(1.0, float(np.exp(logs[logs <= logs[count] + 1e-7]).sum()))


def balance_p(drawn: Comparison, proof: LedgerProof) -> tuple[float | None, int]:
    """Give the omnibus p-value of balance within strata, and how many independent variables it tests."""
    one_draw_each = proof.lots is None  # where lots are drawn, members share their stratum with their lot
    stratum, size = compress(drawn.stratum if one_draw_each else np.zeros(len(drawn), dtype=np.int32))
    earlier = [np.asarray(drawn.placebo[name], dtype=np.float64) for name in sorted(drawn.placebo)]
    columns = [*(column for column in drawn.covariates.T), *(one for one in earlier if np.isfinite(one).all())]
    left = [demeaned(column.astype(np.float64), stratum, size) for column in columns]
    scales = [math.sqrt(float(column @ column)) for column in left]
    own = [column / scale for column, scale in zip(left, scales, strict=True) if scale > 1e-9]
    if not own:
        return None, 0
    values = np.column_stack(own)
    treated = drawn.treatment.astype(np.float64)
    if proof.probability is not None and proof.basis != "stated":
        error, variance = treated - proof.probability, proof.probability * (1 - proof.probability)
        if not one_draw_each:
            _, first = lots_of(proof)
            lot, lots = compress(np.asarray(proof.lots))
            values = np.column_stack([np.bincount(lot, weights=column, minlength=lots) for column in values.T])
            error, variance = error[first], variance[first]
        total, covariance = values.T @ error, values.T @ (variance[:, None] * values)
    else:
        total, covariance = _permuted(values, treated, stratum, size)
    inverse = np.linalg.pinv(covariance, rcond=1e-9, hermitian=True)
    rank = int(np.linalg.matrix_rank(covariance, rtol=1e-9, hermitian=True))
    if rank == 0:
        return None, 0
    return float(special.chdtrc(rank, float(total @ inverse @ total))), rank


def _permuted(values: Floats, treated: Floats, stratum: Ints, size: int) -> tuple[Floats, Floats]:
    """Give the sums over the treated and their covariance when treatment is permuted within strata."""
    count = np.bincount(stratum, minlength=size).astype(np.float64)
    taken = np.bincount(stratum, weights=treated, minlength=size)
    factor = np.where(count > 1, taken * (count - taken) / np.maximum(count * (count - 1), 1), 0.0)
    return values.T @ treated, values.T @ (factor[stratum][:, None] * values)


def compliance(drawn: Comparison, proof: LedgerProof, level: float) -> Compliance | None:
    """Give the difference in what was received; None where nobody recorded it in both arms."""
    if proof.received is None:
        return None
    known = np.isfinite(proof.received)
    rows = [known & (drawn.treatment == arm) for arm in (1, 0)]
    if min(int(own.sum()) for own in rows) < 2:
        return None
    arms = [proof.received[own] for own in rows]
    means = [float(one.mean()) for one in arms]
    value = means[0] - means[1]
    if proof.lots is None:
        half = quantile(0.5 + level / 2, None) * math.sqrt(sum(float(one.var(ddof=1)) / len(one) for one in arms))
    else:
        half = _half_of_lots(arms, [proof.lots[own] for own in rows], level)
    return Compliance(value, value - half, value + half, means[0], means[1])


def _half_of_lots(arms: list[Floats], lots: list[Codes], level: float) -> float:
    """Give half the interval of a difference of means by lots; the whole range where an arm has one lot alone."""
    variance, groups = 0.0, 0
    for values, own in zip(arms, lots, strict=True):
        lot, size = compress(own)
        if size < 2:
            return 2.0
        apart = np.bincount(lot, weights=values - values.mean(), minlength=size)
        variance += size / (size - 1) * float(apart @ apart) / len(values) ** 2
        groups += size
    return quantile(0.5 + level / 2, float(groups - 2)) * math.sqrt(variance)


def _expected(drawn: Comparison, proof: LedgerProof) -> float:
    return float(proof.probability.sum()) if proof.probability is not None else float(drawn.treatment.sum())


def _problems(
    declared: DesignThreshold, ratio: float | None, balanced: float | None, received: Compliance | None
) -> list[str]:
    problems = []
    if ratio is not None and ratio < declared.least_p:
        problems.append(f"arms do not have the recorded ratio (p = {ratio:.2g})")
    if balanced is not None and balanced < declared.least_p:
        problems.append(f"arms are not balanced (p = {balanced:.2g})")
    if received is not None and received.low <= declared.least_compliance:
        problems.append(f"compliance is {received.value:.2g}, not surely above {declared.least_compliance:g}")
    return problems


def _sentence(
    proof: LedgerProof, problems: list[str], ratio: float | None, balanced: float | None, received: Compliance | None
) -> tuple[str, str]:
    if problems:
        return (
            f"Lodtrækningen er ikke bevist: {'; '.join(problems)}.",
            f"The draw is not proved: {'; '.join(problems)}.",
        )
    da = {
        "replayed": "Hovedbogen holder, afspillet fra ende til anden", "chained": "Hovedbogens kæde holder",
        "stated": "Lodtrækningen er oplyst af undersøgelsen", "simulated": "Armene er trukket i simulationen",
    }[proof.basis]  # fmt: skip
    en = {
        "replayed": "The ledger holds, replayed from end to end", "chained": "The ledger's chain holds",
        "stated": "The draw is stated by the study", "simulated": "The arms were drawn in the simulation",
    }[proof.basis]  # fmt: skip
    for p, what in ((ratio, ("forholdet", "the ratio")), (balanced, ("balancen", "the balance"))):
        if p is not None:
            da, en = f"{da}; {what[0]} har p {number(p, 'da')}", f"{en}; {what[1]} has p {number(p, 'en')}"
    if received is not None:
        da = f"{da}; {share(received.value, 'da')} fulgte lodtrækningen"
        en = f"{en}; {share(received.value, 'en')} complied"
    return f"{da}.", f"{en}."
