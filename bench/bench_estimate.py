"""Estimators beside their peers, on a file of citizens in 400 strata: ours read the file, peers hold it in memory.

Peers in an environment of their own (pyfixest, sreg, lifelines, R's survival in Rust) are timed there, once it has
been made by `make oracle`, and left out where not.
Digits are compared before anything is timed: a fast wrong number is no result.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench import peers
from bench.harness import Row, once, pair

STRATA = 400


def measure() -> Iterator[Row]:
    """Measure at a million and at ten million citizens."""
    folder = Path(tempfile.mkdtemp(prefix="bench-estimate-"))
    try:
        for size in (1_000_000, 10_000_000):
            path = folder / f"{size}.parquet"
            once(lambda path=path, size=size: make(path, size))
            yield from linear(path, size)
            if size == 1_000_000:
                yield from durations(path, size)
                yield from replays(path, size)
    finally:
        shutil.rmtree(folder)


def make(path: Path, size: int) -> Path:
    """Write citizens: unequal strata, one-sided non-compliance, weeks with heavy ties, two covariates."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(size)
    strata = np.minimum(rng.gamma(2.0, STRATA / 6, size).astype(np.int16), STRATA - 1)
    z = rng.integers(0, 2, size, dtype=np.int8)
    d = (z & (rng.random(size) < 0.6)).astype(np.int8)
    age, prior = rng.integers(18, 65, size).astype(np.int16), rng.integers(0, 53, size).astype(np.int16)
    y = np.clip(40 + 0.3 * prior + 2 * d + rng.normal(0, 26, size), 0, 104).astype(np.int16)
    t = np.minimum(rng.geometric(np.where(z == 1, 0.026, 0.024)), 104).astype(np.int16)
    columns = {"strata": strata, "z": z, "d": d, "y": y, "t": t, "e": (t < 104).astype(np.int8), "age": age,
               "prior": prior}  # fmt: skip
    pq.write_table(pa.table(columns), path, row_group_size=1_000_000)
    return path


def linear(path: Path, size: int) -> Iterator[Row]:
    """Strata effects with HC1 and HC2, 2SLS, Lin."""
    import pandas as pd

    from analysis.estimate.scan import scan_cells

    columns, dosed = _columns(), _columns(dose="d")
    _warm()
    frame = pd.read_parquet(path)
    decode = lambda: __import__("polars").read_parquet(path, columns=["strata", "z", "y"])  # noqa: E731
    tasks: list[tuple[str, Callable[[], Any], str, str]] = [
        ("strata effects, HC1 and HC2, file read", lambda: _itt(scan_cells(path, "y", columns)), "ols", "pyfixest"),
        ("2SLS, file read", lambda: _dose(scan_cells(path, "y", dosed)), "2sls", "pyfixest"),
        ("Lin, two covariates", lambda: _lin(frame), "lin", "pyfixest"),
        ("Bugni-Canay-Shaikh, file read", lambda: _itt(scan_cells(path, "y", columns)), "sreg", "sreg"),
    ]
    for name, ours, task, peer in tasks:
        if peers.there() and not (task == "sreg" and size > 1_000_000):
            yield pair(name, size, ours, lambda task=task: peers.seconds(task, path), peer, 3)
    yield pair(tasks[0][0], size, tasks[0][1], decode, "polars, decoding three columns", 5)
    if size <= 1_000_000:
        yield pair(tasks[0][0], size, tasks[0][1], lambda: _absorbing(frame), "linearmodels AbsorbingLS", 3)


def durations(path: Path, size: int) -> Iterator[Row]:
    """Kaplan-Meier, both log-ranks, Cox with Efron's ties and the restricted mean, strata of 400."""
    import pandas as pd

    frame = pd.read_parquet(path, columns=["t", "e", "z", "strata"])
    name = "all durations, file read"
    yield pair(name, size, lambda: _durations(path), lambda: _survdiff(frame), "statsmodels stratified log-rank", 3)
    if peers.there():
        yield pair(name, size, lambda: _durations(path), lambda: peers.seconds("survival", path),
                   "survival (Rust) stratified Cox", 3)  # fmt: skip
        yield pair(name, size, lambda: _durations(path), lambda: peers.seconds("lifelines", path),
                   "lifelines stratified Cox, a tenth", 1)  # fmt: skip
    small = frame.head(100_000)
    row = pair(name, size, lambda: _durations(path), lambda: _phreg(small), "statsmodels PHReg, a tenth", 1)
    yield row


def replays(path: Path, size: int) -> Iterator[Row]:
    """Stratified re-randomisation: ours 10,000 times, shuffling within strata 20 times, scaled."""
    import numpy as np
    import pandas as pd

    frame = pd.read_parquet(path, columns=["y", "z", "strata"]).sort_values("strata", ignore_index=True)
    y, z, strata = frame["y"].to_numpy(), frame["z"].to_numpy() == 1, frame["strata"].to_numpy()
    for name, outcome in (("10,000 replays", y), ("10,000 replays, binary", (y > 52).astype(np.int16))):
        row = pair(name, size, lambda own=outcome: _replay(own, z, strata, 10_000),
                   lambda own=outcome: _shuffle(own, z, strata, 20), "numpy, shuffle within strata", 1)  # fmt: skip
        scaled = row.peer_s * 500
        yield Row(row.name, size, row.ours_s, row.ours_mb, row.peer, scaled, row.peer_mb, row.ours_s / scaled)


def _columns(dose: str | None = None) -> Any:
    from analysis.estimate.scan import Columns

    return Columns("z", "strata", dose=dose)


def _warm() -> None:
    """Import and compile before anything is timed, without a reader: its threads would not survive a fork."""
    import linearmodels.iv  # noqa: F401
    import numpy as np
    import pandas as pd
    import statsmodels.duration.hazard_regression  # noqa: F401

    from analysis.estimate import adaptive, cox, instrument, kaplan_meier, logrank, regression, scan  # noqa: F401
    from analysis.estimate.passes import cell_sums, duration_counts

    rng = np.random.default_rng(1)
    short, tiny = rng.integers(0, 3, 300).astype(np.int16), rng.integers(0, 2, 300).astype(np.int8)
    for column in (short, tiny):
        column.flags.writeable = False
    cell_sums((short, short, tiny, short, short), (0, 1), (3, 1, 3), (0, 300))
    cell_sums((short, tiny, tiny, short, short), (0, 1), (3, 1, 6), (0, 300))
    duration_counts((short, tiny, tiny, short), (0, 1), (3, 2, 3), (0, 300))
    age, y = rng.integers(18, 65, 300).astype(np.int16), rng.integers(0, 99, 300).astype(np.int16)
    frame = pd.DataFrame({"y": y, "z": tiny, "strata": short, "age": age, "prior": y[::-1] % 53})
    _lin(frame)
    _replay(short, tiny == 1, np.sort(short), 2)


def _itt(cells: Any) -> None:
    from analysis.estimate.adaptive import bugni_canay_shaikh
    from analysis.estimate.regression import strata_regression

    for se_type in ("HC1", "HC2"):
        strata_regression(cells, se_type=se_type, level=0.95)
    bugni_canay_shaikh(cells, level=0.95)


def _dose(cells: Any) -> None:
    from analysis.estimate.instrument import two_stage

    two_stage(cells, se_type="HC1", level=0.95)


def _lin(frame: Any) -> None:
    from analysis.estimate.covariates import lin

    lin(frame["y"], frame["z"], frame["strata"], frame[["age", "prior"]], names=["age", "prior"], se_type="HC1",
        level=0.95)  # fmt: skip


def _durations(path: Path) -> None:
    from analysis.estimate.cox import cox
    from analysis.estimate.kaplan_meier import kaplan_meier, restricted_mean_difference
    from analysis.estimate.logrank import log_rank, stratified_log_rank
    from analysis.estimate.scan import scan_counts

    counts = scan_counts(path, "t", "e", _columns())
    kaplan_meier(counts, level=0.95)
    log_rank(counts)
    stratified_log_rank(counts)
    cox(counts, level=0.95)
    restricted_mean_difference(counts, week=52, level=0.95)


def _replay(y: Any, z: Any, strata: Any, draws: int) -> None:
    from analysis.estimate.randomisation import randomisation_test
    from analysis.estimate.replay import replay_complete

    randomisation_test(y, z, replay_complete(strata, z), draws=draws, seed=1, level=0.95, interval=False)


def _shuffle(y: Any, z: Any, strata: Any, draws: int) -> None:
    """The straightforward way: shuffle the arm within every stratum, strata already in order."""
    import numpy as np

    rng, edges = np.random.default_rng(1), np.flatnonzero(np.diff(strata)) + 1
    for _ in range(draws):
        arm = z.copy()
        for part in np.split(arm, edges):
            rng.shuffle(part)
        np.bincount(strata, weights=y * arm)


def _absorbing(frame: Any) -> None:
    import pandas as pd
    from linearmodels.iv import AbsorbingLS

    absorb = pd.DataFrame({"strata": pd.Categorical(frame["strata"])})
    AbsorbingLS(frame["y"], frame[["z"]].astype(float), absorb=absorb).fit(cov_type="robust", debiased=True)


def _survdiff(frame: Any) -> None:
    from statsmodels.duration.survfunc import survdiff

    survdiff(frame["t"], frame["e"], frame["z"], strata=frame["strata"])


def _phreg(frame: Any) -> None:
    from statsmodels.duration.hazard_regression import PHReg

    PHReg(frame["t"], frame[["z"]].astype(float), frame["e"], strata=frame["strata"], ties="efron").fit()
