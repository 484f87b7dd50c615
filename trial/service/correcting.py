"""Correcting: what turned out later about an assigned citizen is recorded beside the assignment, which stands.

1. Errors are documented, not undone: the arm and the stratum of the draw are history. Yelland et al. 2015 (Clinical
   Trials 12, 418): a wrong baseline value, an ineligible citizen, a duplicate all keep the arm they got.
2. Every correction says why, on which day, and who records it; it is about the assignment, or about an earlier
   correction, which it replaces or retracts.
3. A corrected level is one of the protocol's; an ineligible citizen meets a criterion of the protocol; a duplicate
   names the other citizen, who was answered as well; a withdrawal says from what: the trial's conversations, or
   follow-up as well.
4. What is told in words is sealed (`ledger.seal`): it can be erased. The same correction again changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any

import orjson

from trial.errors import IntakeError, StateError
from trial.intake import BUILT_IN_EXCLUSIONS
from trial.ledger import schema
from trial.ledger.corrections import Standing, take
from trial.ledger.projection import Row
from trial.ledger.store import Transaction
from trial.protocol import Protocol
from trial.service.citizens import Randomness, check_assigned, seal

DETAILS = {"level": ("field", "value"), "ineligible": ("criterion",), "duplicate": ("duplicate_of",)}
NO_DETAILS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Correction:
    """What turned out about a citizen.

    what: level, ineligible, duplicate, withdrawn or retracted. details: of a level its `field` and `value`, of an
    ineligible citizen the `criterion`, of a duplicate the pseudonym `duplicate_of`. scope: of a withdrawal.
    about: the row it corrects; the assignment where it is left out.
    """

    participant_id: str
    what: str
    on: date
    reason: str
    recorded_by: str
    details: Mapping[str, str] = field(default_factory=lambda: NO_DETAILS)
    scope: str | None = None
    about: int | None = None


def correct(
    transaction: Transaction, protocol: Protocol, correction: Correction, randomness: Randomness
) -> int | None:
    """Record a correction and give its row; None where it stands already. Raises IntakeError or StateError."""
    found = prepared(transaction, protocol, correction)
    if found is None:
        return None
    payload, content = found
    sealed = seal(transaction, payload["participant_id"], content, randomness)
    return transaction.append("corrected@1", {**payload, "sealed": sealed}).seq


def prepared(transaction: Transaction, protocol: Protocol, correction: Correction) -> tuple[Row, Row] | None:
    """Give what stands open of a correction, and what is sealed; None where it stands already."""
    answer = check_assigned(transaction, [correction.participant_id])[correction.participant_id]
    content = _content(transaction, protocol, correction, answer)
    standing = standing_corrections(transaction, answer)
    payload = {
        "participant_id": answer["participant_id"],
        "on": correction.on.isoformat(),
        "what": correction.what,
        "scope": correction.scope,
        "about": answer["seq"] if correction.about is None else correction.about,
        "recorded_by": correction.recorded_by,
    }
    if any(_same(transaction, one, payload, content) for one in standing.values()):
        return None
    problem = take(standing, answer, transaction.head.length + 1, payload)
    if problem is not None:
        raise StateError(
            problem, found=f"row {payload['about']}, {correction.what} on {correction.on}",
            where=correction.participant_id, mend="trial correct list, and name the row with --entry",
            code="correction",
        )  # fmt: skip
    return payload, content


def standing_corrections(transaction: Transaction, answer: Row | None = None) -> Standing:
    """Give the corrections that stand, by row: of one citizen by the answer, or of all."""
    found: Standing = {}
    answers = {row["participant_id"]: row for row in ([answer] if answer else transaction.rows(schema.PARTICIPANTS))}
    for entry in transaction.entries("corrected@1"):
        payload = orjson.loads(entry.payload)
        if payload["participant_id"] in answers:
            take(found, answers[payload["participant_id"]], entry.seq, payload)
    return found


def listed(transaction: Transaction) -> list[dict[str, Any]]:
    """Give the corrections that stand with what was sealed of them; of an erased citizen only what stands open."""
    names = {row["record"]: row["participant_id"] for row in transaction.rows(schema.CITIZENS)}
    contents = {row["seal"]: orjson.loads(row["content"]) for row in transaction.rows(schema.SEALED)}
    found = []
    for row in standing_corrections(transaction).values():
        content = contents.get(row["sealed"], {})
        if "duplicate_of" in content:
            content["duplicate_of"] = names.get(content["duplicate_of"], content["duplicate_of"])
        opened = {name: row[name] for name in ("seq", "on", "what", "scope", "about", "recorded_by")}
        found.append({"participant": names.get(row["participant_id"]), **opened, **content})
    return found


def _content(transaction: Transaction, protocol: Protocol, correction: Correction, answer: Row) -> Row:
    """Give what is sealed; raise IntakeError where it is not what the protocol and the ledger know."""
    wanted, details = DETAILS.get(correction.what, ()), dict(correction.details)
    if set(wanted) != set(details):
        raise IntakeError(
            f"a correction of kind {correction.what} must give {' and '.join(wanted) or 'nothing beside its reason'}",
            found=", ".join(details) or "nothing", mend="trial correct --help", code="correction-details",
        )  # fmt: skip
    if correction.what == "level":
        levels = {str(factor.factor): factor.levels for factor in protocol.stratification}
        _check_known("a corrected field must be a stratification factor", details["field"], levels)
        _check_known(f"{details['field']} must be a level", details["value"], levels[details["field"]])
    elif correction.what == "ineligible":
        declared = [exclusion.name for exclusion in protocol.population.exclusions]
        known = (*declared, *BUILT_IN_EXCLUSIONS)
        _check_known("who is ineligible must meet a criterion", details["criterion"], known)
    elif correction.what == "duplicate":
        other = transaction.answers([details["duplicate_of"]]).get(details["duplicate_of"])
        if other is None or other["seq"] == answer["seq"]:
            raise IntakeError(
                "a duplicate must name another citizen who was answered", found="the same citizen, or none",
                mend="name the other with --of", code="correction-duplicate",
            )  # fmt: skip
        details["duplicate_of"] = other["participant_id"]
    return {**details, "reason": correction.reason}


def _check_known(must: str, found: str, known: "Mapping[str, object] | tuple[str, ...]") -> None:
    if found not in known:
        names = list(known) if len(known) <= 12 else [*list(known)[:6], "..."]
        raise IntakeError(
            f"{must} of the protocol", found=ascii(found)[:60], mend="one of " + ", ".join(names),
            code="correction-details",
        )  # fmt: skip


def _same(transaction: Transaction, standing: Row, payload: Row, content: Row) -> bool:
    if any(standing[name] != payload[name] for name in ("on", "what", "scope", "recorded_by")):
        return False
    if payload["about"] not in (standing["about"], standing["seq"]):
        return False
    [row] = transaction.rows(schema.SEALED, {"seal": standing["sealed"]})
    return bool(orjson.loads(row["content"]) == content)
