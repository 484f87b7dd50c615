"""Roles: who may do what with a trial, in one table.

1. A right is what a use case needs; the table says which roles have it and which commands need it. The service checks
   it before anything is read or written; what is not in the table nobody may do.
2. Nobody has a right to an allocation to come: there is none to be seen or edited (`procedures`, `ledger.schema`).
3. Only the unblinded statistician sees arms beside one another. The intake client learns the arm of the citizens it
   sends, as it must. Everybody else gets counts without arms, and events without modes.
4. Whoever pauses the trial does not assign and sees no arm; whoever assigns does not pause. The key holder neither
   assigns nor analyses.
5. In production a role must be named. A trial of one person, in test or training, may go without: then every right
   is given and everything is seen.
6. A role is taken from --role, TRIAL_ROLE or `trial.toml`: it separates duties and keeps people from mistakes.
   Against one who has the database itself, the rights of the database must stand behind it (docs/roles.md).
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import wraps
from typing import Concatenate, NamedTuple, ParamSpec, Protocol, TypeVar

from trial.errors import RoleError


class Role(StrEnum):
    """Who somebody is to the trial."""

    DESIGNER = "designer"
    KEY_HOLDER = "key-holder"
    INTAKE = "intake"
    PAUSE_AUTHORITY = "pause-authority"
    MONITOR = "monitor"
    STATISTICIAN = "statistician"
    AUDITOR = "auditor"


class Right(NamedTuple):
    """Who has a right, which commands need it, and what it is to."""

    roles: frozenset[Role]
    commands: tuple[str, ...]
    words: str


def _to(*roles: Role, of: str = "", words: str) -> Right:
    return Right(frozenset(roles), tuple(name.strip() for name in of.split(",") if name), words)


D, K, I, P, M, S, A = Role  # noqa: E741 - the columns of the table
EVERYBODY = tuple(Role)
UNBLINDED = frozenset({S})

RIGHTS: Mapping[str, Right] = {
    "prepare": _to(*EVERYBODY, words="declare, check and compare designs; make keys: no trial is touched",
                   of="protocol check, protocol show, protocol digest, protocol schema, design, key new,"
                      " infection synthesise"),
    "figures": _to(*EVERYBODY, words="read published infection figures and replay rules on them",
                   of="infection replay, infection status, infection feasibility"),
    "open": _to(D, K, of="init", words="begin a trial"),
    "amend": _to(D, K, of="amend", words="begin an epoch under a later protocol"),
    "try": _to(D, K, of="dry-run", words="try the protocol on synthetic citizens"),
    "beacon": _to(D, K, of="beacon", words="enter the value of the declared beacon"),
    "simulate": _to(D, of="simulate", words="run a trial of simulated citizens, never in production"),
    "assign": _to(I, of="assign", words="ask for the arm of citizens who arrive"),
    "conduct": _to(I, of="conversation import", words="record conversations"),
    "correct": _to(D, I, words="record what turned out about a citizen",
                   of="correct level, correct ineligible, correct duplicate, correct withdrawn, correct retract"),
    "corrections": _to(D, I, M, S, A, of="correct list", words="see the corrections that stand"),
    "import": _to(D, P, of="infection import", words="keep published infection figures"),
    "pause": _to(P, of="pause open, pause close, pause correct, pause apply", words="pause municipalities"),
    "pauses": _to(*EVERYBODY, of="pause list", words="see the pauses"),
    "status": _to(*EVERYBODY, of="status", words="see how the trial stands; without arms, save who is unblinded"),
    "audit": _to(M, S, A, of="audit", words="see the rows of the ledger; without arms, save who is unblinded"),
    "export": _to(S, of="export", words="take the bundle with every arm"),
    "prove": _to(I, S, of="proof", words="prove one citizen's answer, which shows the arm"),
    "prove-growth": _to(K, I, S, A, of="proof", words="prove that the ledger only grew"),
    "verify": _to(*EVERYBODY, of="verify", words="check that everything holds"),
    "rebuild": _to(K, of="rebuild", words="make the tables anew from the ledger"),
    "reveal": _to(K, of="key reveal", words="publish the key of an epoch that is over"),
    "erase": _to(K, of="erase", words="erase a citizen"),
}  # fmt: skip


def role_of(name: str | None) -> Role | None:
    """Read the name of a role; raise RoleError for another."""
    if name is None:
        return None
    try:
        return Role(name)
    except ValueError:
        raise RoleError(
            "a role must be one of " + ", ".join(Role), found=ascii(name)[:40],
            mend="--role monitor, or TRIAL_ROLE=monitor", code="role-unknown",
        ) from None  # fmt: skip


def check(right: str, role: Role | None, mode: str) -> None:
    """Raise RoleError where a role lacks a right, or where production is asked without a role."""
    if role is None:
        if mode == "production":
            raise RoleError(
                "in production a role must be named", found="none",
                mend="--role, or TRIAL_ROLE: " + ", ".join(sorted(RIGHTS[right].roles)), code="role-missing",
            )  # fmt: skip
    elif role not in RIGHTS[right].roles:
        raise RoleError(
            f"only {' or '.join(sorted(RIGHTS[right].roles))} may {RIGHTS[right].words}", found=f"role {role}",
            mend="ask one who has that role; no right is given by the program", code="role-denied",
        )  # fmt: skip


def sees_arms(role: Role | None) -> bool:
    """Tell whether a role sees arms beside one another; without a role, a person alone sees everything."""
    return role is None or role in UNBLINDED


class _Guarded(Protocol):
    def require(self, right: str) -> None: ...


T = TypeVar("T", bound=_Guarded)
P_ = ParamSpec("P_")
R = TypeVar("R")


def needs(right: str) -> Callable[[Callable[Concatenate[T, P_], R]], Callable[Concatenate[T, P_], R]]:
    """Let a method be called by those who have a right only."""
    assert right in RIGHTS  # noqa: S101 - a right that no row declares is a bug

    def decorate(method: Callable[Concatenate[T, P_], R]) -> Callable[Concatenate[T, P_], R]:
        @wraps(method)
        def checked(self: T, /, *args: P_.args, **kwargs: P_.kwargs) -> R:
            self.require(right)
            return method(self, *args, **kwargs)

        checked.__dict__["right"] = right
        return checked

    return decorate


def rights_of(command: str) -> list[str]:
    """Give the rights a command needs one of; raise KeyError where no row names it."""
    found = [name for name, right in RIGHTS.items() if command in right.commands]
    if not found:
        raise KeyError(command)
    return found
