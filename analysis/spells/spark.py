"""The same kernel on Apache Spark: executors read the Parquet file and call it on Arrow batches (`mapInArrow`).

1. Spark divides the file and carries the batches; the kernel is the one of `persons`, so rows are the same, and they
   come back in the order of the file.
2. What executors make is staged in a folder they and the driver share, then read back: the driver holds one batch.
3. The master is that of SPARK_MASTER, else all processors of this machine; then nothing listens beyond 127.0.0.1, and
   no web page is served. Executors use the Python of the driver, where the product must be installed too.
4. PySpark is not installed with the product: the extra `cluster` brings it. It needs Java 17 or later.
"""

import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.registers.schema import DREAM
from analysis.registers.sources import open_source
from analysis.spells.engine import KeyOrder, check_persons
from analysis.spells.persons import SCHEMA, Task, persons_of
from trial.errors import RegisterError, StateError

ROWS = 65_536  # persons a batch
_LOCAL = "local"
_STRETCH = 64 * 2**20


def session() -> Any:
    """Give the Spark session, a new one where none runs; raises StateError without PySpark or Java."""
    _check_installed()
    from pyspark.sql import SparkSession  # noqa: PLC0415

    master = os.environ.get("SPARK_MASTER", "local[*]")
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
        # One stretch of the file a task, so that what a task writes is in the order of the file.
        "spark.sql.files.openCostInBytes": str(_STRETCH),
        "spark.sql.files.maxPartitionBytes": str(_STRETCH),
        "spark.sql.execution.arrow.maxRecordsPerBatch": str(ROWS),
        "spark.sql.codegen.maxFields": "20000",  # a register has more columns than Spark expects of a table
        "spark.sql.session.timeZone": "UTC",
    }
    if master.startswith(_LOCAL):
        settings |= {"spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1"}
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    builder = SparkSession.builder.appName("lodtraek").master(master)
    for name, value in settings.items():
        builder = builder.config(name, value)
    with _quiet():
        return builder.getOrCreate()


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep PySpark from telling every user that it has not been tried with this pandas: only Arrow passes here."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas")
        yield


def _check_installed() -> None:
    if find_spec("pyspark") is None:
        raise StateError(
            "the engine spark needs PySpark",
            found="it is not installed",
            mend="install the extra `cluster` (uv pip install -r lock/cluster.txt), or use --engine local",
            code="spark-missing",
        )
    java = Path(os.environ["JAVA_HOME"], "bin", "java") if os.environ.get("JAVA_HOME") else shutil.which("java")
    if java is None or not Path(java).exists():
        raise StateError(
            "the engine spark needs Java 17 or later",
            found="no java in JAVA_HOME or on the path",
            mend="install openjdk-17-jre-headless (scripts/install_java.sh does), or use --engine local",
            code="spark-java",
        )


def through(folder: Path, task: Task, stage: Path | None = None) -> Iterator[pa.RecordBatch]:
    """Give the kernel's rows of the DREAM file of a folder, in its order. stage: a folder executors can write to."""
    source = open_source(folder, DREAM)
    path = source.path
    if path.suffix != ".parquet":
        raise RegisterError(
            "the engine spark reads Parquet",
            found=path.name,
            where=str(path),
            mend="deliver the register as Parquet, or use --engine local",
            code="register-format",
        )
    spark = session()
    with tempfile.TemporaryDirectory(prefix=".spark-", dir=stage) as folder_of_parts:
        staged = Path(folder_of_parts).resolve() / "rows"
        with _quiet():
            _rows(spark, path.resolve(), task).write.parquet(str(staged))
        row, order = 0, KeyOrder()
        for part in sorted(map(pq.ParquetFile, staged.glob("part-*.parquet")), key=_first_row):
            for batch in part.iter_batches(ROWS):
                row = _check_order(batch, row)
                rows = _shaped(batch)
                order.see(rows.column("pnr"))
                yield rows
    if not order.rises:
        check_persons(source, task.layout)


def _first_row(part: Any) -> int:
    batch = next(part.iter_batches(1, columns=["row"]), None)
    return batch.column("row")[0].as_py() if batch is not None else -1


def _check_order(batch: pa.RecordBatch, row: int) -> int:
    """Raise RuntimeError unless the batch goes on at `row`; give the row after it."""
    rows = batch.column("row").to_numpy()
    if not np.array_equal(rows, np.arange(row, row + len(rows))):
        raise RuntimeError(f"Spark gave rows out of the order of the file, or lost some, after row {row}")
    return row + len(rows)


def _rows(spark: Any, path: Path, task: Task) -> Any:
    from pyspark.sql import functions as F  # noqa: N812, PLC0415

    names = [F.col(f"`{name}`") for name in task.layout.columns]
    frame = spark.read.parquet(str(path)).select(F.col("_metadata.row_index").alias("_row"), *names)
    return frame.mapInArrow(partial(_each, task), _SPARK_SCHEMA)


def _each(task: Task, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        if batch.num_rows:
            yield persons_of(batch.drop_columns(["_row"]), task, batch.column("_row")[0].as_py())


def _shaped(batch: pa.RecordBatch) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays(
        [batch.column(name).cast(SCHEMA.field(name).type) for name in SCHEMA.names], schema=SCHEMA
    )


def _ddl(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return f"array<{_ddl(kind.value_type)}>"
    if pa.types.is_struct(kind):
        return f"struct<{', '.join(f'`{field.name}`: {_ddl(field.type)}' for field in kind)}>"
    return {"int8": "tinyint", "int16": "smallint", "int64": "bigint", "bool": "boolean"}.get(str(kind), str(kind))


_SPARK_SCHEMA = ", ".join(f"`{field.name}` {_ddl(field.type)}" for field in SCHEMA)
