"""Weekly register to spells and outcomes: beside the bare decoding of the same file, and beside three peers.

The file holds synthetic life courses (numbers, one row group of 131,072 persons after another). Ours finds spells
with gaps of four weeks, holidays passed over, causes and truncation, and follows every person from a week 0: weeks
out of unemployment and with benefit by week 13, 26, 52 and 104, the exit, and what ended the follow-up. The peers do
less: first and last week of each spell, and the weeks with benefit by the same four weeks.
"""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

from bench.harness import Row, Task, once, pair

UNEMPLOYED = (111, 130, 131, 211)
GAP = 4
HOLIDAY = 121
WEEK_0 = 52
HORIZONS = (13, 26, 52, 104)
BASE = 20_000


def measure() -> Iterator[Row]:
    """Measure a million persons over five years, and two hundred thousand over a third of a century."""
    folder = Path(tempfile.mkdtemp(prefix="bench-registers-"))
    try:
        yield from _measure(folder)
    finally:
        shutil.rmtree(folder)


def _measure(folder: Path) -> Iterator[Row]:
    _warm()
    for persons, weeks in ((1_000_000, 260), (200_000, 1_700)):
        here = folder / f"{persons}x{weeks}"
        once(lambda here=here, persons=persons, weeks=weeks: make(here, persons, weeks))
        size = persons * weeks
        name = f"register to spells, {weeks} weeks"
        own, peers = _timed(ours, here), {task: _timed(task, here) for task in (decode, duck, frames)}
        yield pair(name, size, own, peers[decode], "polars, decoding alone")
        yield pair(name, size, own, peers[duck], "DuckDB islands", 1)
        if weeks == 260:
            yield pair(name, size, own, peers[frames], "Polars islands", 3)
            yield _tenth(name, here, persons, weeks)


def _tenth(name: str, here: Path, persons: int, weeks: int) -> Row:
    small = here.parent / "tenth"
    once(lambda: make(small, persons // 10, weeks))
    row = pair(name, persons * weeks, _timed(ours, here), _timed(melted, small), "pandas melt, a tenth, times ten", 1)
    seconds = row.peer_s * 10
    return Row(row.name, row.size, row.ours_s, row.ours_mb, row.peer, seconds, row.peer_mb * 10, row.ours_s / seconds)


def _timed(task: Callable[[Path], object], folder: Path) -> Task:
    """Time a task on a folder, its libraries loaded before: they would be a third of the shortest task."""

    def run() -> float:
        import duckdb  # noqa: F401
        import pandas as pd  # noqa: F401
        import polars as pl
        import pyarrow.parquet  # noqa: F401

        pl.thread_pool_size()  # starts its threads
        start = time.perf_counter()
        task(folder)
        return time.perf_counter() - start

    return run


def _warm() -> None:
    import numpy as np

    from analysis.outcomes import shipped_codes
    from analysis.registers.codes import look_up
    from analysis.spells.changes import runs_of
    from analysis.spells.follow import follow
    from analysis.spells.table import spells_of

    runs = runs_of([np.zeros(8, dtype=np.int16), np.full(8, 111, dtype=np.int16)])
    spells_of(runs, look_up(shipped_codes()))
    follow(runs, look_up(shipped_codes()), np.zeros(8, dtype=np.int32))


def make(folder: Path, persons: int, weeks: int) -> None:
    """Write life courses: twenty thousand made, drawn again and again with keys of their own."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    from analysis.registers import life as lives
    from analysis.registers.weeks import column_of

    folder.mkdir(parents=True)
    mondays = [date(1991, 7, 1) + timedelta(weeks=week) for week in range(weeks)]
    rng = np.random.default_rng(1)
    traits = lives.draw_traits(rng, rng.random(BASE) < 0.7, rng.uniform(18, 66, BASE), rng.uniform(18, 66, BASE))
    life, since = (
        rng.choice(6, BASE, p=[0.77, 0.06, 0.08, 0.03, 0.05, 0.01]).astype(np.int8),
        np.zeros(BASE, np.int16),
    )
    cells = np.empty((weeks, BASE), dtype=np.int16)
    for week, monday in enumerate(mondays):
        number = monday.isocalendar().week
        life, since = lives.advance(life, since, traits, effect=np.ones(BASE), week=number, u=rng.random(BASE))
        cells[week] = lives.code(life, since, traits, number, rng.random(BASE))
    names = [column_of(monday) for monday in mondays]
    schema = pa.schema([("pnr", pa.string()), *((name, pa.int16()) for name in names)])
    with pq.ParquetWriter(folder / "dream.parquet", schema, compression="zstd") as writer:
        for start in range(0, persons, 131_072):
            rows = rng.integers(0, BASE, min(131_072, persons - start))
            keys = pa.array([f"R{start + row:09d}" for row in range(len(rows))])
            drawn = [cells[week, rows] for week in range(weeks)]
            columns = [keys, *(pa.array(column, mask=column == 0) for column in drawn)]
            writer.write_table(pa.table(columns, schema=schema), row_group_size=131_072)


def ours(folder: Path) -> int:
    """Spells and outcomes of every person."""
    import numpy as np

    from analysis.outcomes import shipped_codes
    from analysis.registers.codes import look_up
    from analysis.spells.engine import Block, through
    from analysis.spells.follow import follow
    from analysis.spells.table import spells_of

    table = look_up(shipped_codes())

    def work(block: Block) -> int:
        follow(block.runs, table, np.full(len(block.pnr), WEEK_0, dtype=np.int32))
        return len(spells_of(block.runs, table, block.pay))

    return sum(through(folder, work))


def _weeks(folder: Path) -> list[str]:
    import pyarrow.parquet as pq

    return [name for name in pq.read_schema(folder / "dream.parquet").names if name != "pnr"]


def decode(folder: Path) -> None:
    """Decode the weekly columns, and nothing else."""
    import polars as pl

    pl.read_parquet(folder / "dream.parquet", columns=_weeks(folder))


def duck(folder: Path) -> int:
    """Gaps and islands in SQL, unemployed weeks filtered first; weeks with benefit by a sum over columns."""
    import duckdb

    weeks = _weeks(folder)
    file = f"read_parquet('{folder / 'dream.parquet'}')"
    renamed = ", ".join(f'{name} AS "{at}"' for at, name in enumerate(weeks))
    numbered = ", ".join(f'"{at}"' for at in range(len(weeks)))
    query = f"""
        WITH wide AS (SELECT pnr, {renamed} FROM {file}),
        long AS (SELECT pnr, week::INT AS week FROM (UNPIVOT wide ON {numbered} INTO NAME week VALUE code)
                 WHERE code IN {UNEMPLOYED}),
        marked AS (SELECT pnr, week, week - lag(week, 1, -99) OVER (PARTITION BY pnr ORDER BY week) > {GAP} AS new
                   FROM long),
        islands AS (SELECT pnr, week, sum(new::INT) OVER (PARTITION BY pnr ORDER BY week) AS spell FROM marked)
        SELECT pnr, spell, min(week), max(week) FROM islands GROUP BY pnr, spell"""
    spells = duckdb.sql(query).fetch_arrow_table()
    sums = ", ".join(
        " + ".join(f"coalesce(({name} <> {HOLIDAY})::INT, 0)" for name in weeks[WEEK_0 + 1 : WEEK_0 + 1 + horizon])
        + f" AS benefit_{horizon}"
        for horizon in HORIZONS
    )
    outcomes = duckdb.sql(f"SELECT pnr, {sums} FROM {file}").fetch_arrow_table()
    return len(spells) + len(outcomes)


def frames(folder: Path) -> int:
    """The same in Polars: filter week by week, then islands."""
    import polars as pl

    weeks = _weeks(folder)
    scan = pl.scan_parquet(folder / "dream.parquet").with_row_index("row")
    parts = [
        scan.filter(pl.col(name).is_in(UNEMPLOYED)).select("row", week=pl.lit(at, pl.Int16))
        for at, name in enumerate(weeks)
    ]
    long = pl.concat(pl.collect_all(parts)).sort("row", "week")
    new = (pl.col("row").diff().fill_null(1) != 0) | (pl.col("week").diff().fill_null(0) > GAP)
    ends = (pl.first("row"), pl.min("week").alias("first"), pl.max("week").alias("last"))
    spells = long.with_columns(spell=new.cum_sum()).group_by("spell").agg(*ends)
    benefit = [(pl.col(name) != HOLIDAY).cast(pl.Int16) for name in weeks[WEEK_0 + 1 :]]
    sums = [pl.sum_horizontal(benefit[:horizon]).alias(f"benefit_{horizon}") for horizon in HORIZONS]
    outcomes = scan.select("pnr", *sums).collect()
    return spells.height + outcomes.height


def melted(folder: Path) -> int:
    """The same in pandas: melt, sort, group."""
    import pandas as pd

    wide = pd.read_parquet(folder / "dream.parquet")
    wide.columns = ["pnr", *range(wide.shape[1] - 1)]
    benefit = wide.drop(columns="pnr").notna() & (wide.drop(columns="pnr") != HOLIDAY)
    outcomes = [benefit.iloc[:, WEEK_0 + 1 : WEEK_0 + 1 + horizon].sum(axis=1) for horizon in HORIZONS]
    long = wide.melt(id_vars="pnr", var_name="week", value_name="code").dropna()
    long = long[long["code"].isin(UNEMPLOYED)].astype({"week": "int16"}).sort_values(["pnr", "week"])
    new = (long["pnr"] != long["pnr"].shift()) | (long["week"].diff() > GAP)
    return len(long.groupby(new.cumsum())["week"].agg(["min", "max"])) + len(outcomes)
