"""Peers in an environment of their own (.venv-oracle, made by `make oracle`): run as a script there, seconds printed.

1. A peer holds the data in memory before its clock starts; imports and a first call on a few rows come before too.
2. Here only `seconds` is used: it starts the script in that environment and gives what it printed.
"""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PYTHON = Path(__file__).resolve().parents[1] / ".venv-oracle" / "bin" / "python"
FORMULAS = {"ols": "y ~ z | strata", "2sls": "y ~ 1 | strata | d ~ z",
            "lin": "y ~ z + age + prior + z:age + z:prior | strata"}  # fmt: skip


def seconds(task: str, path: Path) -> float:
    """Time a peer's task on a file in its own environment."""
    made = subprocess.run([PYTHON, __file__, task, path], check=True, capture_output=True, text=True)
    return float(made.stdout.split()[-1])


def there() -> bool:
    """Tell whether the peers' environment has been made."""
    return PYTHON.exists()


def _pyfixest(formula: str) -> Callable[[Any], object]:
    import pyfixest

    return lambda frame: pyfixest.feols(formula, frame, vcov="HC1")


def _sreg(frame: Any) -> object:
    from sreg import sreg

    return sreg(Y=frame["y"].astype(float), S=frame["strata"].astype(int) + 1, D=frame["z"].astype(int))


def _survival(frame: Any) -> object:
    import survival

    return survival.coxph("Surv(t, e) ~ z + strata(strata)", data=frame, ties="efron")


def _lifelines(frame: Any) -> object:
    from lifelines import CoxPHFitter

    return CoxPHFitter().fit(frame[["t", "e", "z", "strata"]], "t", "e", strata=["strata"])


def _main(task: str, path: str) -> None:
    import pandas as pd

    frame = pd.read_parquet(path)
    run = _pyfixest(FORMULAS[task]) if task in FORMULAS else {
        "sreg": _sreg, "survival": _survival, "lifelines": _lifelines}[task]  # fmt: skip
    if task == "lifelines":
        frame = frame.head(len(frame) // 10)
    run(frame.head(20_000))
    start = time.perf_counter()
    run(frame)
    print(time.perf_counter() - start)


if __name__ == "__main__":
    _main(*sys.argv[1:3])
