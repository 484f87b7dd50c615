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

import tomllib
from collections import Counter
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from trial.errors import FileError, ReproductionError
from trial.protocol.lines import Key, line_map, line_of
from trial.protocol.source import dotted

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


class Unpivot(_Declared):
    """Columns `prefix1`, `prefix2`, ... become rows: `index` holds the number, `value` the content, `row` the row."""

    prefix: str
    index: str
    value: str


class Table(_Declared):
    """Rows to compute from: exactly one of `package` with `dataset`, `file` with `sha256`, or `stack`."""

    name: str
    package: str | None = None
    dataset: Dataset | None = None
    file: str | None = None
    sha256: Sha256 | None = None
    stack: tuple[str, ...] = ()
    unpivot: Unpivot | None = None
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
    factors: tuple[str, ...] = ()
    absorb: tuple[str, ...] = ()
    instrument: str | None = None
    mediator: str | None = None
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
        raise ReproductionError.gather([_problem(path, text, one) for one in error.errors()]) from error
    if problems := _check_names(path, text, study):
        raise ReproductionError.gather(problems)
    return study


def _problem(path: Path, text: str, error: ErrorDetails) -> ReproductionError:
    place = error["loc"]
    key = dotted(place) if place else "the file"
    found = None if error["type"] in {"missing", "value_error"} else error["input"]
    return ReproductionError(
        f"{key}: {error['msg']}",
        found=found,
        where=f"{path}:{line_of(line_map(text), place)}",
        mend=_MENDS.get(error["type"], "write the value the key asks for"),
        code="replication-key" if error["type"] in {"extra_forbidden", "missing"} else "replication-value",
    )


_MENDS = {
    "extra_forbidden": "remove the key, or spell it as the format does",
    "missing": "add the key",
    "string_type": "put the printed number in quotes: its digits are the claim",
}


def _check_names(path: Path, text: str, study: Study) -> list[ReproductionError]:
    """Check that names are unique and that what is named is declared above."""
    problems, lines = [], line_map(text)

    def refuse(must: str, found: object, place: Key, mend: str) -> None:
        where = f"{path}:{line_of(lines, place)}"
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
