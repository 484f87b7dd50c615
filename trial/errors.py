"""The error tree of both packages: what must hold, what was found, where, and how to mend it.

    LodtraekError                      10
      FileError                        11   a file is missing, empty, unreadable or in the wrong encoding
      ProtocolError                    12   a protocol or rule file is not lawful
      IntakeError                      13   an intake or conversation file is not lawful
      IdentityError                    14   a CPR number or participant id is not lawful
      InfectionError                   15   infection data fit no layout, or contradict themselves
      LedgerError                      16   the ledger does not verify, or an entry is refused
      StateError                       17   the trial is not in a state that allows this
      KeyFileError                     18   a secret key is missing, wrong or of the wrong mode
      RoleError                        19   the role may not do this
      DatabaseError                    20   the database is unreachable, busy, full or unsafe
      RegisterError                    30   register data contradict their declaration
      PlanError                        31   the analysis plan asks for what cannot be computed
      ReproductionError                32   a replication file is not lawful
      DisclosureError                  33   an output would disclose a person

1. Every error says what must hold, what was found, where (file:line or row) and how to mend it.
2. `code` is stable: tests, scripts and users may hold on to it. The exit status belongs to the class, and so does the
   HTTP status, but for a full disk.
3. No message carries a CPR number: whatever looks like one is withheld when the message is written.

Exit 0 means done, 1 that the answer is no (a check failed, a table differs), 2 wrong usage.
"""

import re
from collections.abc import Sequence
from typing import ClassVar, Self

HTTP_STATUS_OF = {"database-full": 507}  # codes that have one of their own; the others have their class's

_CPR_LIKE = re.compile(r"(?<!\d)\d{6}[- ]?\d{4}(?!\d)")


def withhold(text: str) -> str:
    """Replace whatever looks like a CPR number by a mark: six digits, perhaps a hyphen or blank, four digits."""
    return _CPR_LIKE.sub("[CPR withheld]", text)


class LodtraekError(Exception):
    """An error a user can act on; the root of the tree.

    must: what must hold. found: what was found instead. where: `file:line`, a row or a key.
    mend: how to mend it. code: stable name, the class's own unless given.
    """

    code: ClassVar[str] = "error"
    exit_status: ClassVar[int] = 10
    http_status: int = 500

    def __init__(
        self, must: str, *, found: object = None, where: str | None = None, mend: str, code: str | None = None
    ) -> None:
        super().__init__(must)
        self.must = must
        self.found = found
        self.where = where
        self.mend = mend
        self.stable_code = code or self.code
        self.http_status = HTTP_STATUS_OF.get(self.stable_code, self.http_status)
        self.also: tuple[LodtraekError, ...] = ()

    @classmethod
    def gather(cls, errors: Sequence[Self]) -> Self:
        """Join the errors of one file into one error that lists them all, in their order."""
        first, *rest = errors
        first.also = tuple(rest)
        return first

    def problems(self) -> "list[LodtraekError]":
        """Give this error and those found beside it, each on its own."""
        return [self, *self.also]

    def to_json(self) -> dict[str, object]:
        """Give the error as plain data, for `--json` and HTTP."""
        found = None if self.found is None else withhold(str(self.found))
        return {
            "code": self.stable_code,
            "exit_status": self.exit_status,
            "where": self.where and withhold(self.where),
            "must": withhold(self.must),
            "found": found,
            "mend": withhold(self.mend),
        }

    def _one(self) -> str:
        where = f"{self.where}: " if self.where else ""
        found = "" if self.found is None else f"; found {self.found}"
        return f"{where}{self.must}{found}.\n  Mend: {self.mend}\n  ({self.stable_code}, exit {self.exit_status})"

    def __str__(self) -> str:
        return withhold("\n".join(problem._one() for problem in self.problems()))


class FileError(LodtraekError):
    """A file is missing, empty, unreadable or in the wrong encoding."""

    code = "file"
    exit_status = 11
    http_status = 400


class ProtocolError(LodtraekError):
    """A protocol or rule file is not lawful."""

    code = "protocol-value"
    exit_status = 12
    http_status = 422


class IntakeError(LodtraekError):
    """An intake or conversation file is not lawful."""

    code = "intake-value"
    exit_status = 13
    http_status = 422


class IdentityError(LodtraekError):
    """A CPR number or participant id is not lawful."""

    code = "identity"
    exit_status = 14
    http_status = 422


class InfectionError(LodtraekError):
    """Infection data fit no layout, or contradict themselves."""

    code = "infection-data"
    exit_status = 15
    http_status = 422


class LedgerError(LodtraekError):
    """The ledger does not verify, or an entry is refused."""

    code = "ledger"
    exit_status = 16
    http_status = 409


class StateError(LodtraekError):
    """The trial is not in a state that allows this."""

    code = "state"
    exit_status = 17
    http_status = 409


class KeyFileError(LodtraekError):
    """A secret key is missing, wrong or of the wrong mode."""

    code = "key"
    exit_status = 18
    http_status = 403


class RoleError(LodtraekError):
    """The role may not do this."""

    code = "role"
    exit_status = 19
    http_status = 403


class DatabaseError(LodtraekError):
    """The database is unreachable, busy, full or unsafe."""

    code = "database"
    exit_status = 20
    http_status = 503


class RegisterError(LodtraekError):
    """Register data contradict their declaration."""

    code = "register-data"
    exit_status = 30
    http_status = 422


class PlanError(LodtraekError):
    """The analysis plan asks for what cannot be computed."""

    code = "plan"
    exit_status = 31
    http_status = 422


class ReproductionError(LodtraekError):
    """A replication file is not lawful."""

    code = "replication"
    exit_status = 32
    http_status = 422


class DisclosureError(LodtraekError):
    """An output would disclose a person."""

    code = "disclosure"
    exit_status = 33
    http_status = 403
