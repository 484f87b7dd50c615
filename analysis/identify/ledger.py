"""The proof of a trial's bundle: that its arms are those of its ledger, and its ledger what it was.

1. Chain: every row of the ledger holds the hash of the row before and of its own content; the last is the one the
   manifest gives. Every arm and probability of the assignments stands in the ledger, and no other.
2. Replay: the whole ledger is followed by the rules, and every table of the bundle made from it again. It takes as
   long as `trial verify --bundle`, and finds a row that is well chained but against the rules.
3. Reading the bundle has compared every file with its hash before.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import orjson

from analysis.identify.comparison import Codes
from analysis.identify.evidence import LedgerProof
from analysis.identify.partial import Floats
from trial.bundle import Bundle, verify_bundle
from trial.protocol import Protocol

_HASH = re.compile(r'"hash":"([0-9a-f]{64})",')
_PREV = re.compile(r'"prev":"([0-9a-f]{64})","seq":(\d+)\}$')
_ASSIGNED = '"kind":"assigned@'
FIRST = "0" * 64


def prove(bundle: Bundle, arms: tuple[str, str], *, replay: bool) -> LedgerProof:
    """Prove a bundle: arms are (comparison, treatment). Arrays are in the order of the participants' identifiers."""
    manifest = bundle.manifest
    lines = list(bundle.ledger())
    chain = check_chain(lines, str(manifest.get("ledger_head")), manifest.get("ledger_length"))
    problems = [*chain, *check_assignments(bundle, lines)]
    if replay and not problems:
        problems += [f"{one.where}: {one.problem}" for one in verify_bundle(bundle.folder).findings]
    rows = bundle.assignments.to_pandas().sort_values("participant_id", ignore_index=True, kind="stable")
    return LedgerProof(
        "replayed" if replay else "chained", f"the ledger of {bundle.protocol.trial.id}", tuple(problems),
        probability_of(rows, arms), None, lots_of(rows, bundle.protocol), saturations_of(bundle.protocol),
        int(manifest.get("ledger_length") or 0), str(manifest.get("ledger_head") or ""),
    )  # fmt: skip


def check_chain(lines: Iterable[str], head: str, length: int | None) -> list[str]:
    """Follow the hashes from row to row; give the first that does not hold."""
    before, number = FIRST, 0
    for number, line in enumerate(lines, start=1):
        own, prev = _HASH.search(line), _PREV.search(line)
        if own is None or prev is None or int(prev[2]) != number:
            return [f"ledger row {number} is no row of a ledger"]
        content = line[: own.start()] + line[own.end() :]
        if prev[1] != before or hashlib.sha256(content.encode()).hexdigest() != own[1]:
            return [f"ledger row {number} does not follow from the row before"]
        before = own[1]
    if before != head or number != length:
        return ["the ledger does not end where the manifest says"]
    return []


def check_assignments(bundle: Bundle, lines: Iterable[str]) -> list[str]:
    """Compare arms and probabilities with those the ledger holds, in its order; who they are it need not tell."""
    arms = [arm.name for arm in bundle.protocol.arms]
    told = list(_assigned(lines, arms))
    names = ["arm", "stratum", "step", *(f"prob_{arm}_exact" for arm in arms)]
    shown = list(zip(*(bundle.assignments[name].to_pylist() for name in names), strict=True))
    if len(told) != len(shown):
        return [f"the ledger holds {len(told)} assignments, the table {len(shown)}"]
    different = sum(one != other for one, other in zip(told, shown, strict=True))
    return [f"{different} assignments are not what the ledger holds"] if different else []


def _assigned(lines: Iterable[str], arms: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    for line in lines:
        if _ASSIGNED in line:
            payload = orjson.loads(line)["payload"]
            chances = payload["probabilities"]
            yield (payload["arm"], payload["stratum"], payload["step"], *(chances[arm] for arm in arms))


def probability_of(rows: Any, arms: tuple[str, str]) -> Floats:
    """Give everybody's recorded chance of the treatment arm among the two arms."""
    against, of = (rows[f"prob_{arm}"].to_numpy(dtype=np.float64) for arm in arms)
    both = np.where(against + of > 0, against + of, 1.0)
    chance: Floats = of / both
    return chance


def lots_of(rows: Any, protocol: Protocol) -> Codes | None:
    """Give the clusters that share a draw, those of an epoch apart; None where everybody has a draw of their own."""
    if (factor := protocol.randomisation.cluster) is None:
        return None
    epoch = rows["epoch"].astype(str) if "epoch" in rows else ""
    _, codes = np.unique(epoch + ":" + rows[factor].astype(str), return_inverse=True)
    return codes.astype(np.int32)


def saturations_of(protocol: Protocol) -> tuple[float, ...]:
    """Give the shares of treatment that were drawn for whole markets; none where citizens alone were drawn."""
    randomisation = protocol.randomisation
    if not randomisation.procedure.startswith("saturation@"):
        return ()
    return tuple(float(Fraction(str(share))) for share in randomisation.parameters["shares"])
