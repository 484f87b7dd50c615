"""The replication file: a published table as a declaration. Reading it computes nothing.

1. A table is where the rows come from (a data package, a file of one's own with its SHA-256, or other tables
   stacked), then derived columns in their order, then a filter, then the number of rows that must be left.
2. A cell is one line of a published table: estimator, columns, and each published statistic AS PRINTED, as text,
   for its digits are the claim. One line may hold several statistics (an estimate and its standard error).
3. `expected` says what the comparison gives today. A known miss is a fact about the paper and keeps its row.
4. `seen` says who saw the published value: P in the paper or the authors' own table, S in a secondary document,
   M from memory.
5. An unknown key, a name declared twice and a name declared nowhere are errors, each with its line.
"""

import re
import tomllib
from collections import Counter
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from trial.errors import FileError, ReproductionError

Status = Literal["reproduced", "within-tolerance", "differs", "inputs-missing"]
Rounding = Literal["half-unit", "truncated"]


def _printed(text: str) -> str:
    try:
        finite = Decimal(text).is_finite()
    except InvalidOperation:
        finite = False
    if not finite:
        raise ValueError('must be a number as printed, in quotes, such as "1794" or "-0.37942"')
    return text


Printed = Annotated[str, AfterValidator(_printed)]
Dataset = Annotated[str, Field(pattern=r"^[A-Za-z][\w.]*(::[A-Za-z][\w.]*)?$")]  # a name, never a path
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class _Declared(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


class Table(_Declared):
    """Rows to compute from: exactly one of `package` with `dataset`, `file` with `sha256`, or `stack`."""

    name: str
    package: str | None = None
    dataset: Dataset | None = None
    file: str | None = None
    sha256: Sha256 | None = None
    stack: tuple[str, ...] = ()
    derive: dict[str, str] = {}
    where: str | None = None
    rows: int | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if sum([self.package is not None, self.file is not None, bool(self.stack)]) != 1:
            raise ValueError("must have exactly one of package, file and stack")
        if (self.package is None) != (self.dataset is None):
            raise ValueError("must name package and dataset together")
        if (self.file is None) != (self.sha256 is None):
            raise ValueError("must give file and sha256 together")
        return self


class Cell(_Declared):
    """One published line: what is estimated, from which columns, and what was printed."""

    name: str
    table: str
    estimator: str
    published: Annotated[dict[str, Printed], Field(min_length=1)]
    outcome: str | None = None
    treatment: str | None = None
    covariates: tuple[str, ...] = ()
    absorb: tuple[str, ...] = ()
    instrument: str | None = None
    event: str | None = None
    entry: str | None = None
    ties: Literal["efron", "breslow"] | None = None
    where: str | None = None
    se_type: str | None = None
    rounding: Rounding = "half-unit"
    tolerance: dict[str, Printed] = {}
    expected: dict[str, Status] = {}
    seen: Literal["P", "S", "M"]
    note: str = ""

    @model_validator(mode="after")
    def _published_statistics_only(self) -> Self:
        for key, named in (("tolerance", self.tolerance), ("expected", self.expected)):
            if unknown := sorted(set(named) - set(self.published)):
                raise ValueError(f"{key} must name a published statistic; {', '.join(unknown)} is none")
        return self

    def expected_status(self, statistic: str) -> Status:
        """Give the declared status of a statistic; `reproduced` unless the file says otherwise."""
        return self.expected.get(statistic, "reproduced")


class Study(_Declared):
    """A replication file: tables to compute from and cells to compare with."""

    format: Literal["lodtraek-replication/1"]
    id: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9-]*$")]
    title: str
    published_in: str
    terms: str
    note: str = ""
    tables: tuple[Table, ...]
    cells: tuple[Cell, ...]

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if not (self.tables and self.cells):
            raise ValueError("must have at least one table and one cell")
        return self


def load_study(path: Path) -> Study:
    """Read a replication file. Raises ReproductionError with every problem of the file, each with its line."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(
            "a replication file must be readable UTF-8",
            found=error,
            where=str(path),
            mend="name an existing TOML file",
        ) from error
    try:
        study = Study.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ReproductionError(
            "a replication file must be TOML",
            found=error,
            where=str(path),
            mend="correct the syntax at that line",
            code="replication-syntax",
        ) from error
    except ValidationError as error:
        raise ReproductionError.gather([_problem(path, text, dict(one)) for one in error.errors()]) from error
    if problems := _check_names(path, text, study):
        raise ReproductionError.gather(problems)
    return study


def _problem(path: Path, text: str, error: dict[str, object]) -> ReproductionError:
    place = error["loc"]
    assert isinstance(place, tuple)  # noqa: S101 - pydantic gives a tuple
    key = ".".join(str(part) for part in place) or "the file"
    found = None if error["type"] in {"missing", "value_error"} else error["input"]
    return ReproductionError(
        f"{key}: {error['msg']}",
        found=found,
        where=f"{path}:{_line(text, place)}",
        mend=_MENDS.get(str(error["type"]), "write the value the key asks for"),
        code="replication-key" if error["type"] in {"extra_forbidden", "missing"} else "replication-value",
    )


_MENDS = {
    "extra_forbidden": "remove the key, or spell it as the format does",
    "missing": "add the key",
    "string_type": "put the printed number in quotes: its digits are the claim",
}


def _line(text: str, place: tuple[object, ...]) -> int:
    """Find the line of a key: the n-th header of its array of tables, then the first line with the key."""
    lines = text.splitlines()
    start = 0
    if len(place) > 1 and isinstance(place[1], int):
        headers = [number for number, line in enumerate(lines) if line.strip() == f"[[{place[0]}]]"]
        start = headers[place[1]] if place[1] < len(headers) else 0
        place = place[2:]
    if place:
        begins = re.compile(rf"\s*{re.escape(str(place[0]))}\s*=")
        for number in range(start, len(lines)):
            if begins.match(lines[number]):
                return number + 1
    return start + 1


def _check_names(path: Path, text: str, study: Study) -> list[ReproductionError]:
    """Check that names are unique and that what is named is declared above."""
    problems = []

    def refuse(must: str, found: object, place: tuple[object, ...], mend: str) -> None:
        where = f"{path}:{_line(text, place)}"
        problems.append(ReproductionError(must, found=found, where=where, mend=mend, code="replication-name"))

    for kind, names in (("tables", [t.name for t in study.tables]), ("cells", [c.name for c in study.cells])):
        for name, times in Counter(names).items():
            if times > 1:
                refuse(f"{kind} must have names of their own", name, (kind, names.index(name), "name"), "rename one")
    known: set[str] = set()
    for index, table in enumerate(study.tables):
        for name in table.stack:
            if name not in known:
                refuse("stack must name tables declared above", name, ("tables", index, "stack"), "declare it above")
        known.add(table.name)
    for index, cell in enumerate(study.cells):
        if cell.table not in known:
            refuse("a cell must name a declared table", cell.table, ("cells", index, "table"), "declare the table")
    return problems
